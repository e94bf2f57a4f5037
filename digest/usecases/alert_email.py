"""The channel of alerts by email. It has its own transports, so that alerts arrive when the main one is down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from html import escape
from typing import TYPE_CHECKING

from digest.deliver.direct import send_direct
from digest.deliver.ports import Transport
from digest.deliver.shutdown import time_limit
from digest.errors import ConfigurationError, DigestError
from digest.mail.message import Outgoing, recipient
from digest.models import RenderedEmail
from digest.notify.alert import Failure, Message
from digest.notify.formats import plain_text, subject_of

if TYPE_CHECKING:
    from digest.mail.message import Sender, Sign

# Seconds for one transport. SMTP alone would wait ten minutes for the last answer.
_TIMEOUT = 30.0
_HTML = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '</head><body style="margin:0;padding:16px;font-family:system-ui,sans-serif;font-size:16px;line-height:1.5">{}'
    "</body></html>"
)
_TITLE = '<h1 style="font-size:20px;margin:0 0 12px">{}</h1><p>{}</p>'


@dataclass(frozen=True)
class EmailChannel:
    """Sends to one admin: each report in a separate email, other messages together.

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

    def send(self, messages: Sequence[Message]) -> Mapping[str, Failure]:
        groups = [[message] for message in messages if message.html]
        groups += [others] if (others := [message for message in messages if not message.html]) else []
        failures: dict[str, Failure] = {}
        for group in groups:
            problem = self._send(group)
            if problem is not None:
                failures |= {message.id: Failure(problem) for message in group}
        return failures

    def _send(self, messages: Sequence[Message]) -> str | None:
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

    def _outgoing(self, messages: Sequence[Message]) -> Outgoing:
        first = messages[0]
        texts = [plain_text(message, self.zone) for message in messages]
        html = first.html or _HTML.format("<hr>".join(_paragraphs(text) for text in texts))
        # No address of our pages: admins unsubscribe in the settings.
        to = recipient(0, self.address, replace(self.sender, base_url=""), self.sign)
        email = RenderedEmail("html", subject_of(messages), html, "\n\n---\n\n".join(texts) + "\n")
        # The Message-ID derives from this name, so mailboxes hide a repeated email.
        return Outgoing(f"alert-{first.id}", "alert", "alert", email, to.sender, (to,))


def _paragraphs(text: str) -> str:
    title, _, rest = text.partition("\n")
    return _TITLE.format(escape(title), "<br>".join(escape(line) for line in rest.strip().split("\n")))
