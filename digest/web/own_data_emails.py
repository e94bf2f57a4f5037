"""The emails that ask for a confirmation: the preferences, a change of address, a copy of the data, an erasure.

Each has one link, to the page with the confirming button. `change_notices` sends other texts in the same way.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime

from digest.i18n import translator
from digest.mail.message import Outgoing, Sender, recipient
from digest.models import PLACEHOLDERS, RenderedEmail
from digest.store.people.preferences import StoredSubscriber
from digest.store.people.requests import MailboxSide, PersonRequest, RequestKind
from digest.subscribers.tokens import TokenSigner
from digest.web.pages import Pages

# How many rendered emails are kept.
_MOST_MADE = 64


@dataclass(frozen=True, slots=True)
class EmailTexts:
    """The translated texts of an email; `button` labels its link."""

    subject: str
    heading: str
    lines: tuple[str, ...]
    button: str
    otherwise: str


@dataclass(frozen=True, slots=True)
class RequestLink:
    """The link by which the owner of a mailbox answers a request."""

    request: PersonRequest
    side: MailboxSide = MailboxSide.PRESENT
    # The id of the part of the page that it opens.
    part: str = ""


@dataclass(frozen=True)
class OwnDataEmails:
    """Builds the emails of requests."""

    pages: Pages
    sender: Sender
    signer: TokenSigner
    _made: dict[tuple[EmailTexts, str, str, datetime, str], RenderedEmail] = field(default_factory=dict, repr=False)

    def build(self, link: RequestLink, to: str, language: str) -> Outgoing:
        """Return the email for one mailbox."""
        words = self._words(link.request.kind, link.side, link.request.email, language)
        return self._build(words, link, to, language)

    def nomination(self, subscriber: StoredSubscriber, named: str, opened: PersonRequest, language: str) -> Outgoing:
        """Return the email that names the subscriber's nominee; '' for nobody.

        Its link opens the preferences.
        """
        _ = translator(language).gettext
        name = {"name": self.pages.branding.name, "who": named}
        subject = _("Your nomination at %(name)s") if named else _("Your nomination at %(name)s is withdrawn")
        words = EmailTexts(
            subject % name,
            _("Your nomination is stored") if named else _("Your nomination is withdrawn"),
            (
                _("You nominate: %(who)s") % name if named else _("You nominate nobody now."),
                _("Please do not forward this email: its link shows your preferences and can change them."),
            ),
            _("Open my preferences"),
            _("Was it not you? Then open your preferences and nominate somebody else or nobody, or write to us."),
        )
        return self.build_for(subscriber, words, opened, language)

    def build_for(
        self, subscriber: StoredSubscriber, words: EmailTexts, opened: PersonRequest, language: str
    ) -> Outgoing:
        """Build an email to the subscriber's present address, with the link of a request."""
        return self._build(words, RequestLink(opened), subscriber.email, language)

    def _build(self, words: EmailTexts, link: RequestLink, to: str, language: str) -> Outgoing:
        request, side = link.request, link.side
        # The new mailbox does not belong to a subscriber yet, so it gets no link to unsubscribe.
        sender = replace(self.sender, base_url=None) if side == MailboxSide.NEW else self.sender
        person = 0 if side == MailboxSide.NEW else request.subscriber
        recipient_ = recipient(person, to, sender, self.signer.sign_email)
        email = self._render(words, path_of(request.kind, side), language, request.until, link.part)
        # The Message-ID derives from the recipient's id. A mailbox may hide a message whose Message-ID repeats.
        token = self.signer.sign(purpose_of(request.kind, side), request.id)
        unique = recipient_._replace(id=secrets.randbits(62), view_token=token)
        return Outgoing("own", "own", "own", email, recipient_.sender, (unique,))

    def _render(self, words: EmailTexts, path: str, language: str, until: datetime, part: str) -> RenderedEmail:
        """Return the email with a placeholder for the token of its link.

        Emails of the same minute are rendered and encoded once.
        """
        # The email says until which minute its link works.
        until = until.replace(second=0, microsecond=0)
        key = words, path, language, until, part
        if key not in self._made:
            # An email of this kind has no link to view it, so the placeholder of that token is free.
            link = self.pages.absolute_url(path + PLACEHOLDERS["view"], language) + (part and f"#{part}")
            values = {"kind": "ask", "words": words, "until": until, "link": link, "subject": words.subject}
            if len(self._made) >= _MOST_MADE:
                self._made.clear()
            html = self.pages.render("mail.html.j2", language, **values)
            text = self.pages.render("mail.txt.j2", language, **values)
            self._made[key] = RenderedEmail("html", words.subject, html, text)
        return self._made[key]

    def _words(self, kind: RequestKind, side: MailboxSide, new: str, language: str) -> EmailTexts:
        _ = translator(language).gettext
        name = {"name": self.pages.branding.name}
        nothing = _("Not you? Then do nothing, and nothing happens.")
        if kind == RequestKind.ERASE:
            return EmailTexts(
                _("Erase your data at %(name)s?") % name,
                _("Erase everything?"),
                (
                    _("Somebody, hopefully you, asked us to erase everything that %(name)s holds about you.") % name,
                    _("The newsletter stops then. This cannot be undone."),
                ),
                _("Go on to erase"),
                nothing,
            )
        if kind == RequestKind.NOMINEE:
            return EmailTexts(
                _("Whom do you nominate at %(name)s?") % name,
                _("Nominate somebody"),
                (_("Somebody, hopefully you, wants to name a person who may use your rights at %(name)s.") % name,),
                _("Go on to the form"),
                nothing,
            )
        if kind == RequestKind.DATA:
            return EmailTexts(
                _("Your data at %(name)s") % name,
                _("Your copy is ready"),
                (_("Somebody, hopefully you, asked for a copy of everything that %(name)s holds about you.") % name,),
                _("Get the file"),
                nothing,
            )
        if kind == RequestKind.CHOOSE:
            return EmailTexts(
                _("Your link to change or leave %(name)s") % name,
                _("Choose what you get, or leave"),
                (
                    _("Somebody, hopefully you, asked for the link to your preferences for %(name)s.") % name,
                    _("There you choose topics, days and time, take a break, or unsubscribe with one button."),
                    _("Please do not forward this email: its link shows your preferences and can change them."),
                ),
                _("Open my preferences"),
                nothing,
            )
        if side == MailboxSide.NEW:
            return EmailTexts(
                _("Confirm your new address for %(name)s") % name,
                _("Is this your new address?"),
                (_("Somebody, hopefully you, wants to get %(name)s at this address from now on.") % name,),
                _("Yes, this is my address"),
                nothing,
            )
        return EmailTexts(
            _("A new address for %(name)s?") % name,
            _("Change your address?"),
            (
                _("Somebody, hopefully you, wants to get %(name)s at %(email)s from now on.") % {**name, "email": new},
                _("We have written to that address too. The change needs a yes from both."),
            ),
            _("Yes, change it"),
            nothing,
        )


def path_of(kind: RequestKind, side: MailboxSide) -> str:
    """Return the path of the page that a request's link opens, without its token."""
    return f"/address/{side}/" if kind == RequestKind.ADDRESS else f"/{kind}/"


def purpose_of(kind: RequestKind, side: MailboxSide) -> str:
    """Return the purpose for which a link's token is signed."""
    return f"own-{kind}-{side}" if kind == RequestKind.ADDRESS else f"own-{kind}"
