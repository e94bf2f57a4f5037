"""Notify subscribers of changes by a link of an email, with a button to undo them.

A forwarded email contains its links. A login would prevent many from unsubscribing, so unsubscribing, a pause and fewer
emails take effect at once, and the mailbox gets a notice. If the browser is known as theirs, it gets none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from fastapi import Request

from digest.feedback.rules import UNSUBSCRIBED
from digest.hindi import dates
from digest.i18n import translator
from digest.mail.message import Outgoing
from digest.store.people.preferences import ConsentContext, StoredSubscriber
from digest.store.people.requests import PersonRequest, RequestKind, RequestStore
from digest.web.dependencies import Context
from digest.web.known_browser import knows
from digest.web.outbound_mail import OutboundMail
from digest.web.own_data_emails import OwnDataEmails, Words

# Changes of one subscriber in a day: each sends an email.
_MAX_CHANGES = 10


class Change(StrEnum):
    """Changes that a link can make."""

    LEFT = "left"
    BACK = "back"
    PAUSED = "paused"
    LESS = "less"


@dataclass(frozen=True)
class ChangeNotices:
    """Makes the changes of links, and queues the emails about them."""

    context: Context
    requests: RequestStore
    emails: OwnDataEmails
    outbound: OutboundMail

    def change(
        self,
        request: Request,
        subscriber: StoredSubscriber,
        change: Change,
        make: Callable[[], object],
        *,
        columns: Collection[str] = (),
        left: bool | None = None,
        until: datetime | None = None,
    ) -> bool:
        """Make a change and store its undo in one transaction, and notify the subscriber. A known browser only changes.

        `columns` are the preferences that change, and `left` says whether the subscriber had left, if that changes.
        `until` is the end of a pause. Returns false if there were too many changes today: then nothing has changed.
        Unsubscribing always works.
        """
        if knows(self.context, request, subscriber):
            make()
            return True
        now = self.context.now()
        with self.requests.database.transaction():
            most = None if change == Change.LEFT else _MAX_CHANGES
            undo = self._present(subscriber, columns) | ({} if left is None else {"left": left})
            opened = self.requests.open_undo(subscriber.id, undo, now=now, most=most)
            if opened is None:
                return False
            make()
        # No notice goes to an address that bounced, or whose owner reported us as spam.
        if subscriber.suppressed in (None, UNSUBSCRIBED) and subscriber.listed:
            language = self.context.pages.language(request)
            self.outbound.build_and_send(lambda: self._email(subscriber, change, opened, language, until))
        return True

    def ask_to_come_back(self, request: Request, subscriber: StoredSubscriber) -> bool:
        """Send a link to subscribe again to somebody who left long ago. False if there were too many today."""
        now = self.context.now()
        opened = self.requests.open_undo(subscriber.id, {"left": False}, now=now, most=_MAX_CHANGES)
        if opened is None:
            return False
        language = self.context.pages.language(request)
        self.outbound.build_and_send(lambda: self._email(subscriber, None, opened, language, None))
        return True

    def undo(self, found: PersonRequest, context: ConsentContext) -> bool:
        """Undo a change, once. False if that was done before."""
        now, preferences = self.context.now(), self.context.preferences
        columns = {name: value for name, value in (found.undo or {}).items() if name != "left"}
        if until := columns.get("paused_until"):
            columns["paused_until"] = datetime.fromisoformat(until)
        with self.requests.database.transaction():
            if not self.requests.finish(found.id, now):
                return False
            # Somebody else may have a mailed link to the preferences.
            self.requests.withdraw(found.subscriber, RequestKind.CHOOSE)
            if columns:
                preferences.set(found.subscriber, columns, context, now=now)
            left = (found.undo or {}).get("left")
            if left is True:
                preferences.unsubscribe(found.subscriber, context, now=now)
            elif left is False:
                preferences.resubscribe(found.subscriber, context, now=now)
        return True

    def _present(self, subscriber: StoredSubscriber, columns: Collection[str]) -> dict[str, Any]:
        """Return the present values of these columns of preferences, in the form of `undo`."""
        if not columns:
            return {}
        own = self.context.preferences.chosen_by(subscriber.id)
        until = subscriber.paused_until
        own["paused_until"] = until.isoformat() if until else None
        return {name: own.get(name) for name in columns}

    def _email(
        self,
        subscriber: StoredSubscriber,
        change: Change | None,
        opened: PersonRequest,
        language: str,
        until: datetime | None,
    ) -> Outgoing:
        words = _words(change, self.context.pages.branding.name, language, until)
        return self.emails.build_for(subscriber, words, opened, language)


def _words(change: Change | None, newsletter: str, language: str, until: datetime | None) -> Words:
    """Return the text of the email about a change; without a change, of the question whether to subscribe again."""
    _ = translator(language).gettext
    name = {"name": newsletter}
    nothing = _("Was it you? Then you do not need to do anything.")
    if change is None:
        return Words(
            _("Get %(name)s again?") % name,
            _("Get %(name)s again?") % name,
            (_("Somebody, hopefully you, wants %(name)s to come to this address again.") % name,),
            _("Yes, I want it"),
            _("Not you? Then do nothing, and nothing happens."),
        )
    if change == Change.LEFT:
        return Words(
            _("You have unsubscribed from %(name)s") % name,
            _("You have unsubscribed"),
            (_("Somebody, hopefully you, pressed “Unsubscribe” in one of our emails. No more come."),),
            _("Not you? Subscribe again"),
            nothing,
        )
    if change == Change.BACK:
        return Words(
            _("You get %(name)s again") % name,
            _("Welcome back"),
            (_("Somebody, hopefully you, subscribed to %(name)s again with a link of an earlier email.") % name,),
            _("Not you? Unsubscribe"),
            nothing,
        )
    if change == Change.PAUSED and until is not None:
        day = dates.day(until.date(), language)
        return Words(
            _("%(name)s is paused") % name,
            _("Paused until %(day)s") % {"day": day},
            (_("Somebody, hopefully you, paused the newsletter with a link of one of our emails."),),
            _("Not you? Resume"),
            nothing,
        )
    return Words(
        _("Your preferences for %(name)s have changed") % name,
        _("Your preferences have changed"),
        (_("Somebody, hopefully you, changed with a link of one of our emails what you get and when."),),
        _("Not you? Put it back"),
        nothing,
    )
