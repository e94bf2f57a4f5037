"""Alert the admins to a condition: once when it begins and once when it ends, by every channel.

The channel by email has its own transports, so that alerts arrive when the main one is down.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from html import escape
from typing import TYPE_CHECKING, Any

from digest.deliver.direct import send_direct
from digest.deliver.ports import Transport
from digest.deliver.shutdown import time_limit
from digest.errors import ConfigurationError, DigestError
from digest.mail.message import Outgoing, recipient
from digest.models import RenderedEmail
from digest.notify.alert import AdminMessage, Alert, Channel, Failure, Mail, MessageType, redact_alert, without_code
from digest.notify.formats import plain_text, subject_of

if TYPE_CHECKING:
    from digest.mail.message import Sender, Sign
    from digest.store.alerts import AlertStore

log = logging.getLogger(__name__)
# Seconds for one transport. SMTP alone would wait ten minutes for the last answer.
_TIMEOUT = 30.0
_NO_MAIL = Mail("", "", "")
_HTML = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '</head><body style="margin:0;padding:16px;font-family:system-ui,sans-serif;font-size:16px;line-height:1.5">{}'
    "</body></html>"
)
# In escaped text, without the full stop after it.
_URL = re.compile(r"https?://[^\s<>`]*[^\s<>`.,;:)]")
_TITLE = '<h1 style="font-size:20px;margin:0 0 12px">{}</h1><p>{}</p>'


@dataclass(frozen=True)
class Alerts:
    """Raises and clears alerts, and delivers the messages about them. Threads and processes may share a store."""

    store: AlertStore
    channels: Sequence[Channel]
    # The newsletter's name.
    sender: str
    now: Callable[[], datetime]
    # Makes the email for editors. Without it, the admins get the alert in English.
    mail_of: Callable[[MessageType, Alert], Mail | None] = lambda _type, _item: None
    # The address of the person whose decision ended an alert; None if nobody's did. They get no message that says so.
    decided_by: Callable[[Alert], str | None] = lambda _item: None

    def raise_alert(self, alert: Alert) -> bool:
        """Raise an alert, and return whether it is sent.

        Call this whenever the condition is seen: the alert is sent once until `clear`. An alert about a file or a
        server is sent again when its cause changes, once for each cause.
        """
        return self._raise(redact_alert(alert), self.now())

    def clear(self, kind: str, subject: str, text: str = "") -> bool:
        """End an alert, with a message. False if it is not open."""
        now = self.now()
        found = next((each for each in self.store.open() if each.key == (kind, subject)), None)
        return found is not None and self._resolve(found, text, now)

    def update(
        self, found: Sequence[Alert], kinds: Collection[str], ending: Callable[[Alert], str] = lambda _alert: ""
    ) -> list[Alert]:
        """Make `found` the open alerts of these kinds: raise the new ones and clear the others.

        `ending` gives the text for an alert that ends. Alerts of any kind that have reached their `until` end silently.
        Returns the new alerts.
        """
        now = self.now()
        held = {each.key: each for each in self.store.open()}
        wanted = {each.key: redact_alert(each) for each in found}
        for key, item in held.items():
            if key in wanted:
                continue
            if item.until is not None and item.until <= now:
                self.store.close(key, None, (), now)
            elif item.kind in kinds:
                self._resolve(item, ending(item), now)
        changed = [item for key, item in wanted.items() if key not in held or _differs(item, held[key])]
        return [item for item in changed if self._raise(item, now)]

    def send(
        self,
        type: MessageType,
        title: str,
        text: str,
        *,
        id: str = "",
        mail: Mail = _NO_MAIL,
        data: Mapping[str, Any] = {},
    ) -> bool:
        """Queue a separate message. False if one with this id was queued before."""
        now = self.now()
        message = _with_mail(AdminMessage(id or _new_id(), type, now, self.sender, title, text, data=data), mail)
        return self.store.add(message, self._names, now)

    def deliver(self) -> list[str]:
        """Send the messages that are due.

        Returns a sentence for each failure; failed messages are tried again later.
        """
        problems: list[str] = []
        for channel in self.channels:
            messages = self.store.claim_messages(channel.name, self.now())
            if not messages:
                continue
            failures = channel.send(messages)
            now = self.now()
            self.store.sent(channel.name, [message.id for message in messages if message.id not in failures], now)
            for id, failure in failures.items():
                again = self.store.failed(
                    channel.name, id, failure.reason, now, after=failure.retry_after, permanent=failure.permanent
                )
                then = "It is tried again." if again else "It is given up."
                problems.append(f"An alert could not be sent by {channel.name}: {failure.reason}. {then}")
        self.store.prune(self.now())
        return list(dict.fromkeys(problems))

    def send_at_once(self, type: MessageType, kind: str, title: str, text: str, action: str) -> None:
        """Send a message by every channel, once, without retries and without the store. Used when the store fails."""
        message = AdminMessage(_new_id(), type, self.now(), self.sender, title, text, action=action, kind=kind)
        for channel in self.channels:
            for failure in channel.send([message]).values():
                log.error("an alert could not be sent by %s: %s", channel.name, failure.reason)

    @property
    def _names(self) -> list[str]:
        return [channel.name for channel in self.channels]

    def _raise(self, item: Alert, now: datetime) -> bool:
        message = self._message(MessageType.RAISED, item, item.text, item.action, now)
        if not self.store.raise_(item, message, self._names, now):
            return False
        log.warning("alert: %s. %s %s", item.title, message.text, without_code(item.action))
        return True

    def _resolve(self, item: Alert, text: str, now: datetime) -> bool:
        message = self._message(MessageType.RESOLVED, item, text or "The condition has ended.", "", now)
        decider = self.decided_by(item)
        own = f"email:{decider}".casefold() if decider else None
        closed = self.store.close(item.key, message, [each for each in self._names if each.casefold() != own], now)
        if closed:
            log.warning("alert resolved: %s", item.title)
        return closed

    def _message(self, type: MessageType, item: Alert, text: str, action: str, now: datetime) -> AdminMessage:
        message = AdminMessage(_new_id(), type, now, self.sender, item.title, text, action=action, since=item.since)
        message = replace(message, kind=item.kind, subject=item.subject)
        return _with_mail(message, self.mail_of(type, item) or _NO_MAIL)


def _with_mail(message: AdminMessage, mail: Mail) -> AdminMessage:
    return replace(message, html=mail.html, mail_subject=mail.subject, mail_text=mail.text)


def _differs(item: Alert, held: Alert) -> bool:
    """Whether the texts of an open alert have changed. The time at which it began does not count."""
    return replace(item, since=held.since) != held


def _new_id() -> str:
    return secrets.token_hex(16)


@dataclass(frozen=True)
class EmailChannel:
    """Sends emails to one admin. A message with HTML has an email of its own; all others go into one.

    Uses the first transport that works.
    """

    address: str
    # Name → factory. A transport is built for one email and then closed.
    transports: Mapping[str, Callable[[], Transport]]
    sender: Sender
    sign: Sign
    zone: tzinfo

    @property
    def name(self) -> str:
        return f"email:{self.address}"

    def send(self, messages: Sequence[AdminMessage]) -> Mapping[str, Failure]:
        groups = [[message] for message in messages if message.html]
        groups += [others] if (others := [message for message in messages if not message.html]) else []
        failures: dict[str, Failure] = {}
        for group in groups:
            problem = self._send(group)
            if problem is not None:
                failures |= {message.id: Failure(problem) for message in group}
        return failures

    def _send(self, messages: Sequence[AdminMessage]) -> str | None:
        """Send one email. Return the problem, None if a transport accepted it."""
        outgoing = self._outgoing(messages)
        problems: list[str] = []
        for name, build in self.transports.items():
            try:
                transport = build()
            except ConfigurationError as error:
                problems.append(f"{name}: {error.problems[0].message}")
                continue
            try:
                with time_limit(transport, _TIMEOUT):
                    found = send_direct(transport, [outgoing])
            except DigestError as error:
                found = [str(error)]
            finally:
                transport.close()
            if not found:
                return None
            problems += [problem.removeprefix(f"{self.address}: ") for problem in found]
        return "; ".join(dict.fromkeys(problems))

    def _outgoing(self, messages: Sequence[AdminMessage]) -> Outgoing:
        first = messages[0]
        texts = [message.mail_text or plain_text(message, self.zone) for message in messages]
        html = first.html or _HTML.format("<hr>".join(_paragraphs(text) for text in texts))
        # No address of our pages: admins unsubscribe in the settings.
        to = recipient(0, self.address, replace(self.sender, base_url=""), self.sign)
        email = RenderedEmail(
            "html", first.mail_subject or subject_of(messages), html, "\n\n---\n\n".join(texts) + "\n"
        )
        # The Message-ID derives from this name, so mailboxes hide a repeated email.
        return Outgoing(f"alert-{first.id}", "alert", "alert", email, to.sender, (to,))


def _paragraphs(text: str) -> str:
    title, _, rest = text.partition("\n")
    lines = (_URL.sub(r'<a href="\g<0>">\g<0></a>', escape(line)) for line in rest.strip().split("\n"))
    return _TITLE.format(escape(title), "<br>".join(lines))
