"""Notify subscribers who left or came back by a link of an email, with a button to undo it.

A forwarded email contains its links. A login would prevent many from unsubscribing, so unsubscribing takes effect at
once, and the mailbox gets a notice. If the browser is known as theirs, it gets none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from fastapi import Request

from digest.feedback.rules import UNSUBSCRIBED
from digest.i18n import translator
from digest.mail.message import Outgoing
from digest.store.people.preferences import ConsentContext, StoredSubscriber
from digest.store.people.requests import PersonRequest, RequestKind, RequestStore
from digest.web.dependencies import Context
from digest.web.known_browser import is_known_browser
from digest.web.outbound_mail import OutboundMail
from digest.web.own_data_emails import EmailTexts, OwnDataEmails

# Changes of one subscriber in a day: each sends an email.
_MAX_CHANGES = 10


class Change(StrEnum):
    """Changes that a link can make."""

    LEFT = "left"
    BACK = "back"


@dataclass(frozen=True)
class ChangeNotices:
    """Makes the changes of links, and queues the emails about them."""

    context: Context
    requests: RequestStore
    emails: OwnDataEmails
    outbound: OutboundMail

    def change(
        self, request: Request, subscriber: StoredSubscriber, change: Change, make: Callable[[], object]
    ) -> bool:
        """Make a change and store its undo in one transaction, and notify the subscriber. A known browser only changes.

        Returns false if there were too many changes today: then nothing has changed. Unsubscribing always works.
        """
        if is_known_browser(self.context, request, subscriber):
            make()
            return True
        now = self.context.now()
        with self.requests.database.transaction():
            most = None if change == Change.LEFT else _MAX_CHANGES
            undo = {"left": change == Change.BACK}
            opened = self.requests.open_undo(subscriber.id, undo, now=now, most=most)
            if opened is None:
                return False
            make()
        # No notice goes to an address that bounced, or whose owner reported us as spam.
        if subscriber.suppressed in (None, UNSUBSCRIBED) and subscriber.listed:
            language = self.context.pages.language(request)
            self.outbound.build_and_send(lambda: self._email(subscriber, change, opened, language))
        return True

    def ask_to_come_back(self, request: Request, subscriber: StoredSubscriber) -> bool:
        """Send a link to subscribe again to somebody who left long ago. False if there were too many today."""
        now = self.context.now()
        opened = self.requests.open_undo(subscriber.id, {"left": False}, now=now, most=_MAX_CHANGES)
        if opened is None:
            return False
        language = self.context.pages.language(request)
        self.outbound.build_and_send(lambda: self._email(subscriber, None, opened, language))
        return True

    def undo(self, found: PersonRequest, context: ConsentContext) -> bool:
        """Undo a change, once. False if that was done before."""
        now, preferences = self.context.now(), self.context.preferences
        with self.requests.database.transaction():
            if not self.requests.finish(found.id, now):
                return False
            # Somebody other than the subscriber may have a mailed link to the preferences.
            self.requests.withdraw(found.subscriber, RequestKind.CHOOSE)
            if had_left(found):
                preferences.unsubscribe(found.subscriber, context, now=now)
            else:
                preferences.resubscribe(found.subscriber, context, now=now)
        return True

    def _email(
        self, subscriber: StoredSubscriber, change: Change | None, opened: PersonRequest, language: str
    ) -> Outgoing:
        words = _words(change, self.context.pages.branding.name, language)
        return self.emails.build_for(subscriber, words, opened, language)


def had_left(found: PersonRequest) -> bool:
    """Whether the subscriber had left before the change that this request undoes."""
    return bool((found.undo or {}).get("left"))


def _words(change: Change | None, newsletter: str, language: str) -> EmailTexts:
    """Return the text of the email about a change; without a change, of the question whether to subscribe again."""
    _ = translator(language).gettext
    name = {"name": newsletter}
    nothing = _("Was it you? Then you do not need to do anything.")
    if change is None:
        return EmailTexts(
            _("Get %(name)s again?") % name,
            _("Get %(name)s again?") % name,
            (_("Somebody, hopefully you, wants %(name)s to come to this address again.") % name,),
            _("Yes, I want it"),
            _("Not you? Then do nothing, and nothing happens."),
        )
    if change == Change.LEFT:
        return EmailTexts(
            _("You have unsubscribed from %(name)s") % name,
            _("You have unsubscribed from %(name)s") % name,
            (
                _("Somebody, hopefully you, pressed “Unsubscribe” in one of our emails. No more come."),
                _("If they gave a reason, we delete it when you subscribe again."),
            ),
            _("Not you? Subscribe again"),
            nothing,
        )
    return EmailTexts(
        _("You get %(name)s again") % name,
        _("Welcome back"),
        (_("Somebody, hopefully you, subscribed to %(name)s again with a link of an earlier email.") % name,),
        _("Not you? Unsubscribe"),
        nothing,
    )
