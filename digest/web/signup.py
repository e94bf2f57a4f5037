"""Sign-up with double opt-in: a form, an email with a link, and a page whose button confirms.

Nothing reveals whether an address is known. The page gives the same answer for every address, at once, and only the
owner of the address gets an email. Link scanners change nothing, because they do not POST.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse

from digest.mail.message import Outgoing
from digest.store.content.editions import PublishedStore
from digest.store.people.signups import JOINED, PENDING, SignupStore
from digest.store.rate_limits import Quota
from digest.subscribers.address import mailbox, normalise, refuse_tags
from digest.web.archive.metadata import home_metadata
from digest.web.consent import CONSENT_VERSION, consent_wording
from digest.web.dependencies import Context, client_address
from digest.web.outbound_mail import OutboundMail, SignupEmails
from digest.web.pages import PAGE_RESPONSES, language_parameter

log = logging.getLogger(__name__)

_PURPOSE = "confirm"
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True)
class Signup:
    """Sign-up for one newsletter: its pages, its limits and its emails."""

    context: Context
    signups: SignupStore
    emails: SignupEmails
    outbound: OutboundMail
    # Links the newest edition from the form; None if the archive is not public.
    published: PublishedStore | None
    emails_per_hour: int
    # Whether the newest edition has a card for link previews, by its subject.
    can_draw: Callable[[str], bool] = lambda _subject: False

    def form(self, request: Request, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Answer with the sign-up form."""
        pages = self.context.pages
        values = {"wrong": "", "typed": "", **values}
        newest = self.published.newest(1, self.context.now()) if self.published else []
        consent = self.consent_wording(pages.language(request))
        card_of = newest[0].key if newest and self.can_draw(newest[0].subject) else ""
        meta = home_metadata(pages, request, card_of=card_of)
        values |= {"newest": newest, "agreement": consent, "meta": meta}
        response = pages.response(request, "join.html.j2", "/join", status=status, personal=False, **values)
        if status == 200:
            response.headers["x-robots-tag"] = "all"
        return response

    def overloaded(self, request: Request, typed: str) -> HTMLResponse:
        """Answer that no email can be sent at the moment."""
        catalogue = self.context.pages.catalogue(request)
        wrong = catalogue.gettext("Very many people are signing up right now. Please try again in an hour.")
        response = self.form(request, status=503, wrong=wrong, typed=typed)
        response.headers["retry-after"] = str(int(_HOUR.total_seconds()))
        return response

    def confirmation_page(self, request: Request, token: str, state: str, **values: Any) -> HTMLResponse:
        """Answer with the page of a confirmation link."""
        pages = self.context.pages
        values = {"email": "", "preferences": "", **values}
        status = 410 if state == "late" else 200
        consent = self.consent_wording(pages.language(request))
        place = f"/confirm/{token}"
        return pages.response(
            request, "confirm.html.j2", place, status=status, state=state, token=token, agreement=consent, **values
        )

    def consent_wording(self, language: str) -> str:
        """What a subscriber agrees to, as recorded in the consent log."""
        return consent_wording(language, self.context.pages.branding.name)

    def total_quota(self) -> Quota:
        """The limit for all visitors together, so that a botnet cannot use us to send unlimited email."""
        return Quota("join", self.emails_per_hour, _HOUR)

    def build_email(self, address: str, typed: str, language: str, client: str) -> Outgoing | None:
        """The email that fits the address, or None if a limit is reached. The visitor never learns which."""
        now = self.context.now()
        name = f"join:{mailbox(address)}"
        quotas = [Quota(name, 1, timedelta(minutes=10)), Quota(name, 3, _DAY), Quota(name, 6, 7 * _DAY)]
        if not self.context.quotas.take([*quotas, self.total_quota()], now):
            return None
        email = typed.strip() if typed.isascii() else address
        subscriber = self.context.preferences.find(address)
        # Anyone can enter an address here, so a person who reported us as spam gets nothing.
        if subscriber and subscriber.suppressed == "complained":
            return None
        if subscriber and subscriber.listed and subscriber.status == "active" and not subscriber.suppressed:
            return self.emails.reminder(subscriber, language)
        detail = f"text {CONSENT_VERSION}, {language}; asked at {now:%Y-%m-%d %H:%M:%S %z} from {client}"
        wording = self.consent_wording(language)
        id = self.signups.request(address, email, wording=wording, detail=detail, now=now)
        return self.emails.confirmation(id, email, self.context.signer.sign(_PURPOSE, id), language)


def router(signup: Signup) -> APIRouter:
    """`/join` (also shown at `/`) and `/confirm/TOKEN`."""
    context = signup.context
    pages = context.pages
    routes = APIRouter(tags=["join"], responses=PAGE_RESPONSES, dependencies=[Depends(language_parameter)])

    @routes.get("/join", response_class=HTMLResponse, summary="The sign-up form")
    def form(request: Request) -> HTMLResponse:
        return signup.form(request)

    @routes.post("/join", response_class=HTMLResponse, summary="Sign up; an email with a link follows")
    def sign_up(
        request: Request,
        email: Annotated[str, Form(max_length=320)] = "",
        website: Annotated[str, Form(max_length=1000, description="A honeypot: people do not see this field")] = "",
    ) -> HTMLResponse:
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
        if not website and (refusal := _request_email(signup, request, address, email)):
            return refusal
        return pages.response(request, "asked.html.j2", "/join", typed=email.strip()[:254], days=PENDING.days)

    @routes.get("/confirm/{token}", response_class=HTMLResponse, summary="Ask for confirmation, with one button")
    def ask(request: Request, token: str) -> HTMLResponse:
        id = context.subscriber_id_from_token(_PURPOSE, token)
        if id is None:
            return context.invalid_link(request)
        email = signup.signups.pending(id, context.now())
        return signup.confirmation_page(request, token, "ask" if email else "late", email=email)

    @routes.post("/confirm/{token}", response_class=HTMLResponse, summary="Confirm the sign-up")
    def confirm(request: Request, token: str) -> HTMLResponse:
        id = context.subscriber_id_from_token(_PURPOSE, token)
        if id is None:
            return context.invalid_link(request)
        now = context.now()
        detail = f"confirmed at {now:%Y-%m-%d %H:%M:%S %z} from {client_address(request)}"
        timezone = pages.branding.timezone
        confirmed = signup.signups.confirm(id, timezone=timezone, source=JOINED, detail=detail, now=now)
        if confirmed is None:
            return signup.confirmation_page(request, token, "late")
        subscriber = context.subscriber(confirmed.subscriber)
        subscribed = subscriber is not None and subscriber.listed and not subscriber.suppressed
        state = "done" if confirmed.first_time or subscribed else "late"
        # Only the first confirmation leads on to the preferences. Whoever opens the link later gets no other token.
        preferences = context.signer.sign("preferences", confirmed.subscriber) if confirmed.first_time else ""
        return signup.confirmation_page(request, token, state, preferences=preferences)

    return routes


def _request_email(signup: Signup, request: Request, address: str, typed: str) -> HTMLResponse | None:
    """Queue the email of a sign-up; a page only if a limit that concerns everyone or this network is reached."""
    context = signup.context
    client = client_address(request)
    network = _network(client)
    quotas = [Quota(f"join:{network}", 20, _HOUR), Quota(f"join:{network}", 60, _DAY)]
    if not context.quotas.take(quotas, context.now()):
        catalogue = context.pages.catalogue(request)
        wrong = catalogue.gettext("Many people on your network are signing up right now. Please try again in an hour.")
        return signup.form(request, status=429, wrong=wrong, typed=typed)
    if not context.quotas.left(signup.total_quota(), context.now()):
        log.warning("web.signup_mails_per_hour is used up; nobody can sign up until the hour is over")
        return signup.overloaded(request, typed)
    language = context.pages.language(request)
    # Built later by the mail thread: a lookup here would reveal by its duration whether the address is known.
    if not signup.outbound.build_and_send(lambda: signup.build_email(address, typed, language, client)):
        return signup.overloaded(request, typed)
    return None


def _network(address: str) -> str:
    """The network that shares a quota: an IPv4 /24 or an IPv6 /56, the size of one household or office."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv6Address):
        mapped = known.ipv4_mapped
        if mapped is None:
            return f"{int(known) >> 72:x}/56"
        known = mapped
    return f"{int(known) >> 8:x}/24"
