"""The emails of a sign-up: the link to confirm, a welcome, and an answer to somebody who is a subscriber already.

The welcome has news and may be forwarded, so its links are those of every edition. The browser that confirmed is known.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from digest.hindi import dates
from digest.i18n import translator
from digest.mail.message import Outgoing, Recipient, Sender, recipient
from digest.models import RenderedEmail
from digest.store.people.preferences import StoredSubscriber
from digest.store.people.requests import RequestKind, RequestStore
from digest.subscribers.tokens import TokenSigner
from digest.web.editions import NextEdition, ShowcaseEdition
from digest.web.own_data_emails import EmailTexts, OwnDataEmails
from digest.web.pages import Pages


@dataclass(frozen=True)
class SignupEmails:
    """Builds the emails of a sign-up. The first ones contain no news, only a link, because anyone can ask for them."""

    pages: Pages
    sender: Sender
    signer: TokenSigner
    next_edition: NextEdition
    requests: RequestStore
    own: OwnDataEmails

    def confirmation(self, signup: int, email: str, token: str, language: str, *, until: datetime) -> Outgoing:
        """Return the email that asks the owner of an address to confirm the sign-up."""
        subject = translator(language).gettext("Confirm your subscription to %(name)s")
        # The address has no subscriber yet, so List-Unsubscribe offers mailto instead of a link.
        sender = replace(self.sender, base_url=None)
        to = recipient(0, email, sender, self.signer.sign_email)
        # The Message-ID derives from the recipient's id. A mailbox may hide a message whose Message-ID repeats.
        values = {"kind": "confirm", "until": until, "next_due": self.next_edition.due()}
        return self._build(to._replace(id=signup), subject, language, f"/confirm/{token}", **values)

    def welcome(
        self, subscriber: StoredSubscriber, language: str, shown: ShowcaseEdition, next_due: datetime | None
    ) -> Outgoing:
        """Return the email for a new subscriber, with the headlines of the newest edition."""
        subject = translator(language).gettext("Welcome to %(name)s")
        to = recipient(subscriber.id, subscriber.email, self.sender, self.signer.sign_email)
        values = {"kind": "welcome", "shown": shown, "next_due": next_due}
        values["edition_link"] = self.pages.absolute_url(f"/archive/{shown.edition.key}", language)
        token = self.signer.sign("preferences", subscriber.id)
        values["leave_link"] = self.pages.absolute_url(f"/leave/{token}", language)
        return self._build(to._replace(id=secrets.randbits(62)), subject, language, f"/preferences/{token}", **values)

    def reminder(self, subscriber: StoredSubscriber, language: str, now: datetime) -> Outgoing:
        """Return the email for a subscriber whose address was entered again. Its link opens the preferences."""
        _ = translator(language).gettext
        name = {"name": self.pages.branding.name}
        lines = [_("Somebody, hopefully you, asked for %(name)s at this address. You already get it.") % name]
        if subscriber.paused_until and subscriber.paused_until > now:
            day = dates.day(subscriber.paused_until.astimezone(self.pages.zone).date(), language)
            lines.append(_("Your email is paused until %(day)s.") % {"day": day})
        lines.append(_("Please do not forward this email: its link shows your preferences and can change them."))
        words = EmailTexts(
            _("You already get %(name)s") % name,
            _("You already get it"),
            tuple(lines),
            _("Open my preferences"),
            _("Not you? Then do nothing, and nothing happens."),
        )
        opened = self.requests.open(subscriber.id, RequestKind.CHOOSE, now=now)
        return self.own.build_for(subscriber, words, opened, language)

    def _build(self, to: Recipient, subject: str, language: str, place: str, **values: Any) -> Outgoing:
        """Render an email whose button leads to `place`."""
        subject %= {"name": self.pages.branding.name}
        values |= {"subject": subject, "email": to.email, "link": self.pages.absolute_url(place, language)}
        html = self.pages.render("mail.html.j2", language, **values)
        text = self.pages.render("mail.txt.j2", language, **values)
        return Outgoing("join", "join", "join", RenderedEmail("html", subject, html, text), to.sender, (to,))
