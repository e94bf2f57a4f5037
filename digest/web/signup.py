"""Sign-up with double opt-in: a form, an email with a link, and a page whose button confirms.

Nothing reveals whether an address is known. The page gives the same answer for every address, at once, and only the
owner of the address gets an email. Link scanners change nothing, because they do not POST.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import partial
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from digest.hindi import dates
from digest.hindi.numbers import group
from digest.i18n import translator
from digest.mail.message import Outgoing, Recipient, Sender, recipient
from digest.models import RenderedEmail
from digest.render.themes import Branding
from digest.store.people.preferences import StoredSubscriber
from digest.store.people.requests import RequestKind, RequestStore
from digest.store.people.signups import JOINED, PENDING, SignupStore
from digest.store.rate_limits import Quota
from digest.subscribers import typos
from digest.subscribers.address import normalise, refuse_tags
from digest.subscribers.tokens import TokenSigner
from digest.utils.timed_cache import TimedCache
from digest.web.archive.metadata import home_metadata
from digest.web.consent import CONSENT_VERSION
from digest.web.dependencies import Context, client_address
from digest.web.editions import LatestEdition, NextEdition, Showcase, TopicRates
from digest.web.email_limits import mailbox_quotas, network_quotas
from digest.web.known_browser import is_known_browser, remember
from digest.web.outbound_mail import OutboundMail
from digest.web.own_data_emails import EmailTexts, OwnDataEmails
from digest.web.pages import MAY_GO_BACK, REDIRECTS, Done, Pages, page_routes, redirect
from digest.web.privacy import CurrentNotice
from digest.web.welcome import WelcomeEmails

log = logging.getLogger(__name__)

_PURPOSE = "confirm"
_HOUR = timedelta(hours=1)
_DOWNLOAD = {"content-disposition": 'attachment; filename="contact.vcf"', "cache-control": "public, max-age=86400"}
_VCARD: dict[int | str, dict[str, Any]] = {200: {"description": "A vCard.", "content": {"text/vcard": {}}}}


@dataclass(frozen=True)
class Offer:
    """What a new subscriber gets. The sign-up page promises only what holds under the settings."""

    showcase: Showcase
    rates: TopicRates
    latest: LatestEdition
    next_edition: NextEdition
    # The hour of the first edition of a day.
    send_at: time
    # The number of sources.
    sources: int
    # Whether reading is private: nobody sees who reads which story.
    untracked: bool
    # Whether an edition is sent on every day of the week.
    is_daily: bool
    # Whether an editor reads each edition before it is sent.
    is_approved: bool
    # Counts the subscribers who get the newsletter, and from how many on the page says so; 0 is never.
    count: TimedCache[int]
    show_readers_from: int
    # The topics that a subscriber may choose.
    topics: tuple[str, ...] = ()

    @property
    def readers(self) -> str:
        """A round number; there are more subscribers than that. '' if the page does not say it."""
        number = self.count.get() if self.show_readers_from else 0
        return group(round_down(number - 1)) if number > 1 and number >= self.show_readers_from > 0 else ""


@dataclass(frozen=True)
class Signup:
    """Sign-up for one newsletter: its pages, its limits and its emails."""

    context: Context
    signups: SignupStore
    emails: SignupEmails
    outbound: OutboundMail
    notice: CurrentNotice
    offer: Offer
    emails_per_hour: int
    # Builds the email that follows the confirmation; None for no such email.
    welcomes: WelcomeEmails | None = None
    # Whether a domain surely receives no email.
    receives_none: Callable[[str], bool] = lambda _domain: False
    # Whether the newest edition has a card for link previews, by its subject.
    can_draw: Callable[[str], bool] = lambda _subject: False

    def form(self, request: Request, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Respond with the sign-up form."""
        pages = self.context.pages
        values = {"wrong": "", "notice": "", "question": "", "suggested": "", "domain": "", "typed": "", **values}
        consent = pages.agreement(pages.language(request))
        shown = self.offer.showcase.newest()
        newest = self.offer.latest.of_all()
        rates = self.offer.rates.of(newest.key if newest else None, self.context.now())
        public = pages.branding.archive
        card_of = shown.edition.key if shown and public and self.can_draw(shown.edition.title) else None
        values |= {"offer": self.offer, "shown": shown, "rates": rates or {}, "topics": self.offer.topics}
        values |= {"agreement": consent, "meta": home_metadata(pages, request, card_of=card_of)}
        response = pages.response(request, "join.html.j2", "/join", status=status, personal=False, **values)
        if status == 200:
            # Search engines may index this page.
            response.headers["x-robots-tag"] = "all"
            response.headers["cache-control"] = "public, max-age=300"
        return response

    def overloaded(self, request: Request, typed: str) -> HTMLResponse:
        """Respond that no email can be sent at the moment."""
        catalogue = self.context.pages.catalogue(request)
        wrong = catalogue.gettext("Very many people are signing up right now. Please try again in an hour.")
        response = self.form(request, status=503, notice=wrong, typed=typed)
        response.headers["retry-after"] = str(int(_HOUR.total_seconds()))
        return response

    def confirmation_page(self, request: Request, token: str, state: str, **values: Any) -> HTMLResponse:
        """Respond with the page of a confirmation link."""
        pages = self.context.pages
        values = {"email": "", "preferences": "", "next_due": None, "pausing": None, "until": None, **values}
        values.setdefault("welcomed", False)
        language = pages.language(request)
        invitation = pages.catalogue(request).gettext("%(name)s: the day's news that matters, free by email. %(url)s")
        text = invitation % {"name": pages.branding.name, "url": pages.absolute_url("/", language)}
        is_linked = pages.branding.archive and state in ("done", "active")
        values["shown"] = self.offer.showcase.newest() if is_linked else None
        values["whatsapp"] = f"https://wa.me/?text={quote(text, safe='')}"
        status = 410 if state == "late" else 200
        consent = pages.agreement(language)
        place = f"/confirm/{token}"
        return pages.response(
            request, "confirm.html.j2", place, status=status, state=state, token=token, agreement=consent, **values
        )

    def next_due(self, subscriber: StoredSubscriber | None) -> datetime | None:
        """Return when the subscriber gets the next edition; None if they get none."""
        return self.offer.next_edition.of(subscriber) if subscriber else None

    def total_quota(self) -> Quota:
        """Return the limit for all visitors together, so that a botnet cannot use us to send unlimited email."""
        return Quota("join", self.emails_per_hour, _HOUR)

    def build_email(self, address: str, typed: str, language: str, client: str) -> Outgoing | None:
        """Return the email that fits the address, or None if a limit is reached. The visitor never learns which."""
        now = self.context.now()
        if not self.context.quotas.take([*mailbox_quotas(address), self.total_quota()], now):
            return None
        email = typed.strip() if typed.isascii() else address
        subscriber = self.context.preferences.find(address)
        # Anyone can enter an address here, so a person who reported us as spam gets nothing.
        if subscriber and subscriber.suppressed == "complained":
            return None
        if subscriber and subscriber.listed and subscriber.status == "active" and not subscriber.suppressed:
            return self.emails.reminder(subscriber, language, now)
        detail = f"text {CONSENT_VERSION}, {language}; asked at {now:%Y-%m-%d %H:%M:%S %z} from {client}"
        # The notice that the form linked to when the person agreed.
        notice = self.notice.keep(language, now)
        id = self.signups.request(
            address, email, wording=self.context.pages.agreement(language), detail=detail, now=now, notice=notice.hash
        )
        token = self.context.signer.sign(_PURPOSE, id)
        return self.emails.confirmation(id, email, token, language, until=now + PENDING)

    def welcome(self, subscriber: StoredSubscriber, language: str) -> bool:
        """Queue the email that welcomes a new subscriber. Return whether it will come."""
        newest = self.welcomes.newest(subscriber) if self.welcomes else None
        if self.welcomes is None or newest is None:
            return False
        build = partial(self.welcomes.build, subscriber, newest, language, self.next_due(subscriber))
        return self.outbound.build_and_send(build)


def router(signup: Signup) -> APIRouter:
    """Serve `/join` (also shown at `/`) and `/confirm/TOKEN`."""
    context = signup.context
    pages = context.pages
    routes = page_routes("join")

    @routes.get("/join", summary="The sign-up form")
    def form(request: Request) -> HTMLResponse:
        return signup.form(request)

    @routes.post("/join", summary="Sign up; an email with a link follows")
    def sign_up(
        request: Request,
        email: Annotated[str, Form(max_length=320)] = "",
        website: Annotated[str, Form(max_length=1000, description="A honeypot: people do not see this field")] = "",
        sure: Annotated[str, Form(max_length=320, description="An odd address that was asked about before")] = "",
        meant: Annotated[str, Form(max_length=320, description="The suggested address, by its button")] = "",
    ) -> HTMLResponse:
        email = meant or email
        try:
            address = normalise(email)
        except ValueError:
            wrong = pages.catalogue(request).gettext("Enter an address such as %(example)s.")
            return signup.form(request, status=400, wrong=wrong % {"example": "asha@example.com"}, typed=email)
        try:
            refuse_tags(address)
        except ValueError:
            wrong = pages.catalogue(request).gettext("We cannot send email to an address with these characters.")
            return signup.form(request, status=400, wrong=wrong, typed=email)
        if sure != address and (question := _ask_about(signup, request, address, email)):
            return question
        if not website and (refusal := _request_email(signup, request, address, email)):
            return refusal
        values: dict[str, Any] = {"typed": email.strip()[:254], "until": context.now() + PENDING}
        values["mailbox"] = mailbox_of(address, pages.branding.sender_email)
        response = pages.response(request, "asked.html.j2", "/join", **values)
        # A redirect would write the address into the history.
        response.headers["cache-control"] = MAY_GO_BACK
        return response

    @routes.get("/confirm/{token}", summary="Ask for confirmation, with one button")
    def ask(request: Request, token: str, done: Done = "") -> HTMLResponse:
        id = context.require_id(request, _PURPOSE, token)
        pending = signup.signups.pending(id, context.now())
        if pending is not None:
            return signup.confirmation_page(request, token, "ask", email=pending.email, until=pending.until)
        return _respond_used(signup, request, token, signup.signups.subscriber(id), done)

    @routes.post("/confirm/{token}", summary="Confirm the sign-up", **REDIRECTS)
    def confirm(request: Request, token: str) -> Response:
        id = context.require_id(request, _PURPOSE, token)
        now = context.now()
        detail = f"confirmed at {now:%Y-%m-%d %H:%M:%S %z} from {client_address(request)}"
        timezone = pages.branding.timezone
        language = pages.language(request)
        confirmed = signup.signups.confirm(
            id,
            timezone=timezone,
            source=JOINED,
            detail=detail,
            now=now,
            wording=pages.agreement(language),
            notice=signup.notice.keep(language, now).hash,
        )
        place = f"/confirm/{token}"
        subscriber = context.subscriber(confirmed.subscriber) if confirmed and confirmed.first_time else None
        if subscriber is None:
            return redirect(pages, request, place)
        welcomed = signup.welcome(subscriber, language)
        response = redirect(pages, request, place, done="welcomed" if welcomed else "joined")
        remember(context, request, response, subscriber)
        return response

    @routes.get("/contact.vcf", response_class=Response, summary="The sender for the address book", responses=_VCARD)
    def contact() -> Response:
        return Response(vcard(pages.branding), media_type="text/vcard; charset=utf-8", headers=_DOWNLOAD)

    return routes


def _respond_used(signup: Signup, request: Request, token: str, id: int | None, done: str) -> HTMLResponse:
    """Respond to a link that was used or has expired. `id` is the subscriber whom it confirmed."""
    subscriber = signup.context.subscriber(id) if id is not None else None
    if subscriber is None or not subscriber.listed or subscriber.suppressed:
        return signup.confirmation_page(request, token, "late")
    # Only the browser that confirmed, or another that is known, gets a link to the preferences.
    is_known = is_known_browser(signup.context, request, subscriber)
    return signup.confirmation_page(
        request,
        token,
        "done" if done in ("joined", "welcomed") else "active",
        preferences=signup.context.signer.sign("preferences", subscriber.id) if is_known else "",
        # Others may have the email: they do not see whether, and until when, the mail is paused.
        next_due=signup.next_due(subscriber) if is_known else None,
        pausing=signup.context.paused_until(subscriber) if is_known else None,
        welcomed=done == "welcomed",
    )


def _ask_about(signup: Signup, request: Request, address: str, typed: str) -> HTMLResponse | None:
    """Respond with a question about an odd address; None for a usual one. No address is refused."""
    oddity = typos.find_oddity(address, signup.receives_none)
    if oddity is None:
        return None
    suggested, domain = typos.suggest(address) or "", address.rpartition("@")[2]
    return signup.form(
        request, status=400, question=oddity, suggested=suggested, domain=domain, typed=typed, asked=address
    )


def round_down(number: int) -> int:
    """Round down to two digits that are not 0: 48312 → 48000."""
    unit = int("1".ljust(len(str(number)) - 1, "0"))
    return number // unit * unit


def vcard(branding: Branding) -> str:
    """Return the newsletter's sender as a vCard 3.0 (RFC 2426), which address books of all phones import."""
    name = _vcard_text(branding.name)
    lines = ("BEGIN:VCARD", "VERSION:3.0", f"FN:{name}", f"N:{name};;;;", f"ORG:{name}")
    return "\r\n".join((*lines, f"EMAIL;TYPE=INTERNET:{branding.sender_email}", "END:VCARD", ""))


def _vcard_text(text: str) -> str:
    return re.sub(r"([\\;,])", r"\\\1", " ".join(text.split()))


def _request_email(signup: Signup, request: Request, address: str, typed: str) -> HTMLResponse | None:
    """Queue the email of a sign-up.

    Returns a page only if the limit of this network, or the total limit, is reached.
    """
    context = signup.context
    if not context.quotas.take(network_quotas("join", request), context.now()):
        catalogue = context.pages.catalogue(request)
        wrong = catalogue.gettext("Many people on your network are signing up right now. Please try again in an hour.")
        return signup.form(request, status=429, notice=wrong, typed=typed)
    if not context.quotas.left(signup.total_quota(), context.now()):
        log.warning("web.signup_mails_per_hour is used up; nobody can sign up until the hour is over")
        return signup.overloaded(request, typed)
    language, client = context.pages.language(request), client_address(request)
    # Built later by the mail thread: a lookup here would reveal by its duration whether the address is known.
    if not signup.outbound.build_and_send(lambda: signup.build_email(address, typed, language, client)):
        return signup.overloaded(request, typed)
    return None


class Mailbox(NamedTuple):
    """`name` is the provider's, `url` opens the mailbox."""

    name: str
    url: str


# A search in Gmail also finds what went to the spam folder.
_GMAIL = Mailbox("Gmail", "https://mail.google.com/mail/#search/in%3Aanywhere+from%3A{sender}")
_YAHOO = Mailbox("Yahoo Mail", "https://mail.yahoo.com/")
_OUTLOOK = Mailbox("Outlook", "https://outlook.live.com/mail/")
_PROTON = Mailbox("Proton Mail", "https://mail.proton.me/")
_BY_DOMAIN = {
    "gmail.com": _GMAIL,
    "googlemail.com": _GMAIL,
    **dict.fromkeys(("yahoo.com", "yahoo.co.in", "yahoo.in", "ymail.com"), _YAHOO),
    **dict.fromkeys(("outlook.com", "hotmail.com", "live.com", "msn.com"), _OUTLOOK),
    "icloud.com": Mailbox("iCloud Mail", "https://www.icloud.com/mail"),
    "rediffmail.com": Mailbox("Rediffmail", "https://mail.rediff.com/"),
    **dict.fromkeys(("proton.me", "protonmail.com"), _PROTON),
}


def mailbox_of(address: str, sender: str) -> Mailbox | None:
    """Return the mailbox of a normalised address; None if its provider is unknown."""
    found = _BY_DOMAIN.get(address.rpartition("@")[2])
    return found._replace(url=found.url.format(sender=quote(sender, safe=""))) if found else None


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
