"""Pages for subscribers' own data: see the preferences, change the address, get a copy, be erased, nominate, undo.

The preferences page only starts a request. A link that is sent to the mailbox carries it out, because other people may
have a forwarded email, or use the same browser.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from digest.mail.message import Outgoing
from digest.store.people.consent import NOMINATED, UNNOMINATED
from digest.store.people.moves import MoveResult
from digest.store.people.preferences import StoredSubscriber
from digest.store.people.requests import MailboxSide, PersonRequest, RequestKind, RequestStore
from digest.store.rate_limits import Quota
from digest.subscribers import typos
from digest.subscribers.address import normalise, refuse_tags
from digest.usecases.erase_subscriber import SubscriberEraser
from digest.usecases.own_data import AddressChanger, PersonalData
from digest.web.change_notices import ChangeNotices, had_left
from digest.web.dependencies import Context, Refused, client_address
from digest.web.email_limits import mailbox_quotas, network, network_quotas
from digest.web.known_browser import is_known_browser, remember
from digest.web.outbound_mail import OutboundMail
from digest.web.own_copy import readable_copy
from digest.web.own_data_emails import OwnDataEmails, RequestLink, purpose_of
from digest.web.pages import MAY_GO_BACK, REDIRECTS, page_routes, redirect
from digest.web.preferences import PreferencesPage, SubmittedForm
from digest.web.unsubscribe import LeavePage, shorten_text, state_of

_DAY = timedelta(days=1)
# The most requests of one subscriber and kind in a day. Each sends an email or two.
_MAX_REQUESTS = 6
# And by browsers that are not known as the subscriber's, from one network. Nobody needs to be known for the link to the
# preferences: it makes the browser known.
_MAX_REQUESTS_OF_OTHERS, _MAX_LINKS_OF_OTHERS = 3, 6
# Other networks may ask this often beyond that, so that a single stranger cannot use up all requests.
_FROM_ELSEWHERE = 3
_BY_SELF = "asked by the person on the pages"
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {"application/json": {}, "text/html": {}}}
}

# What the preferences page asks for by one button, and the page after leaving.
Asked = Literal["data", "erase", "nominee"]
AskedWhenLeaving = Literal["choose", "data", "erase"]
# The parts of the preferences that a mailed link opens.
Part = Annotated[Literal["", "pause", "days"], Form(alias="for", description="The part of the preferences to open")]
Typed = Annotated[str, Form(max_length=320)]
Result = Annotated[
    Literal["", "busy", "taken", "nobody"], Query(description="Why the address was not changed; chooses a message")
]


@dataclass(frozen=True)
class OwnData:
    """The requests of subscribers about their own data."""

    context: Context
    requests: RequestStore
    emails: OwnDataEmails
    outbound: OutboundMail
    changer: AddressChanger
    eraser: SubscriberEraser
    personal_data: PersonalData
    notices: ChangeNotices
    receives_none: Callable[[str], bool] = lambda _domain: False

    def ask(
        self,
        request: Request,
        subscriber: StoredSubscriber,
        kind: RequestKind,
        *,
        address: str = "",
        email: str = "",
        part: str = "",
    ) -> bool:
        """Store a request and queue its emails. False if there were too many.

        `part` is the part of the preferences that their link opens.
        """
        now, context = self.context.now(), self.context
        quotas = [*self._quotas(request, subscriber, kind), *network_quotas(str(kind), request)]
        if address:
            quotas += mailbox_quotas(address)
        if not context.quotas.take(quotas, now):
            return False
        opened = self.requests.open(subscriber.id, kind, now=now, address=address, email=email)
        language = context.pages.language(request)
        sides = [(MailboxSide.PRESENT, subscriber.email)]
        if kind == RequestKind.ADDRESS:
            sides.append((MailboxSide.NEW, email))
        for side, to in sides:
            if side == MailboxSide.NEW and self._reported_us(address):
                continue
            self.outbound.send(self.emails.build(RequestLink(opened, side, part), to, language))
        return True

    def mail_link(self, request: Request, address: str) -> bool:
        """Queue the link to the preferences for whoever gets the newsletter at an address.

        Returns false if no email can be queued. Whether the address is known makes no difference to the visitor.
        """
        now, context = self.context.now(), self.context
        if not context.quotas.take(network_quotas(str(RequestKind.CHOOSE), request), now):
            return False
        if not context.quotas.take(mailbox_quotas(address, "leave"), now):
            return True
        language = context.pages.language(request)
        # The mail thread looks the address up: here its duration would tell whether the address is known.
        return self.outbound.build_and_send(lambda: self._link_for(address, language))

    def _link_for(self, address: str, language: str) -> Outgoing | None:
        subscriber = self.context.preferences.find(address)
        if subscriber is None or state_of(subscriber) != "here":
            return None
        opened = self.requests.open(subscriber.id, RequestKind.CHOOSE, now=self.context.now())
        return self.emails.build(RequestLink(opened), subscriber.email, language)

    def find(
        self, request: Request, kind: RequestKind, token: str, side: MailboxSide = MailboxSide.PRESENT
    ) -> PersonRequest:
        """Return the request of a link. Raises Refused if we did not sign it, or if it has expired."""
        id = self.context.require_id(request, purpose_of(kind, side), token)
        found = self.requests.get(id, kind, self.context.now())
        if found is None:
            raise self.expired(request, kind)
        return found

    def subscriber(self, request: Request, kind: RequestKind, token: str) -> StoredSubscriber:
        """Return the subscriber who made the request of a link. Raises Refused, also if they were erased since."""
        subscriber = self.context.subscriber(self.find(request, kind, token).subscriber)
        if subscriber is None:
            raise self.expired(request, kind)
        return subscriber

    def expired(self, request: Request, kind: RequestKind) -> Refused:
        """Return the refusal of a link that has expired."""
        return Refused(self.page(request, kind, "/", "late"))

    def page(
        self, request: Request, kind: RequestKind, place: str, state: str, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """Respond with the page of a link."""
        status = 410 if state == "late" else status
        values = {"result": "", "email": "", "side": "", "left": False, "next_due": None, **values}
        values = {"nominee": "", "contact": "", "named": "", **values}
        return self.context.pages.response(
            request, "own_data.html.j2", place, status=status, kind=str(kind), state=state, place=place, **values
        )

    def confirm_nomination(self, request: Request, subscriber: int, named: str) -> None:
        """Queue the email that names the nominee of a subscriber; '' for nobody."""
        found = self.context.subscriber(subscriber)
        if found is None or found.suppressed == "complained":
            return
        opened = self.requests.open(subscriber, RequestKind.CHOOSE, now=self.context.now())
        language = self.context.pages.language(request)
        self.outbound.send(self.emails.nomination(found, named, opened, language))

    def _quotas(self, request: Request, subscriber: StoredSubscriber, kind: RequestKind) -> list[Quota]:
        """Return the limits of the subscriber.

        What a stranger with a forwarded email asks for uses up limits of its own.

        The links of the emails that were sent before stay valid, so whoever is refused has one in the mailbox.
        """
        if is_known_browser(self.context, request, subscriber):
            return [Quota(f"{kind}:{subscriber.id}", _MAX_REQUESTS, _DAY)]
        name = f"{kind} by others:{subscriber.id}"
        here = f"{name} from {network(client_address(request))}"
        most = _MAX_LINKS_OF_OTHERS if kind == RequestKind.CHOOSE else _MAX_REQUESTS_OF_OTHERS
        return [Quota(name, most + _FROM_ELSEWHERE, _DAY), Quota(here, most, _DAY)]

    def _reported_us(self, address: str) -> bool:
        """Whether the owner of an address reported us as spam. They get no email that others can request."""
        known = self.context.preferences.find(address)
        return known is not None and known.suppressed == "complained"


def router(page: PreferencesPage, leaving: LeavePage, own: OwnData) -> APIRouter:
    """Serve `/preferences/TOKEN/choose`, `/address` and so on request by email; `/choose/…` and so on carry it out.

    `/undo/…` undoes a change by a link of an email.
    """
    routes = page_routes("own data")
    _find_routes(routes, own)
    _address_form_routes(routes, page, own)
    _address_confirmation_routes(routes, own)
    _preferences_routes(routes, page, own)
    # Last of the paths below /preferences: it takes any kind of request.
    _request_routes(routes, page, leaving, own)
    _data_routes(routes, own)
    _erasure_routes(routes, own)
    _nomination_routes(routes, own)
    _undo_routes(routes, page, own)
    return routes


def _find_routes(routes: APIRouter, own: OwnData) -> None:
    """Mail the link to the preferences to an address, for people who have no email of ours at hand."""

    def find_page(request: Request, state: str, *, status: int = 200, typed: str = "") -> HTMLResponse:
        response = own.context.pages.response(
            request, "find.html.j2", "/leave", status=status, state=state, typed=typed
        )
        # A redirect would write the address into the history.
        response.headers["cache-control"] = MAY_GO_BACK
        return response

    @routes.get("/leave", summary="Offer the link to the preferences by email")
    def show_find(request: Request) -> HTMLResponse:
        return find_page(request, "")

    @routes.post("/leave", summary="Send the link to the preferences by email")
    def find(request: Request, email: Typed = "") -> HTMLResponse:
        try:
            address = normalise(email)
        except ValueError:
            return find_page(request, "wrong", status=400, typed=email)
        if not own.mail_link(request, address):
            return find_page(request, "busy", status=429, typed=email)
        return find_page(request, "sent")


def _address_form_routes(routes: APIRouter, page: PreferencesPage, own: OwnData) -> None:
    """Ask for another address."""
    context = own.context

    def address_form(request: Request, token: str, *, wrong: str = "", **values: str) -> HTMLResponse:
        """Respond with the form for another address."""
        values = {"typed": "", "suggested": "", "sure": "", "wrong": wrong, **values}
        status, place = 400 if wrong else 200, f"/preferences/{token}/address"
        return context.pages.response(request, "address.html.j2", place, status=status, token=token, **values)

    @routes.get("/preferences/{token}/address", summary="The form for another address")
    def show_address_form(request: Request, token: str) -> HTMLResponse:
        subscriber = page.subscriber(request, token)
        return address_form(request, token) if subscriber else page.short(request, token)

    @routes.post("/preferences/{token}/address", summary="Ask for another address", **REDIRECTS)
    def ask_address(
        request: Request, token: str, form: SubmittedForm, email: Typed = "", sure: Typed = "", meant: Typed = ""
    ) -> Response:
        email = meant or email
        subscriber = page.require_subscriber(request, token)
        # The button of the preferences sends the choices, the form of this page an address.
        if form.format:
            place = f"/preferences/{token}/address"
            return page.keep(request, token, subscriber, form) or redirect(context.pages, request, place)
        try:
            address = normalise(email)
            refuse_tags(address)
        except ValueError:
            return address_form(request, token, wrong="address", typed=email)
        if address == subscriber.address and email.strip() == subscriber.email:
            return address_form(request, token, wrong="same address", typed=email)
        if sure != address and (oddity := typos.find_oddity(address, own.receives_none)):
            suggested = typos.suggest(address) or ""
            return address_form(request, token, wrong=oddity, typed=email, suggested=suggested, sure=address)
        written = email.strip() if email.isascii() else address
        done = own.ask(request, subscriber, RequestKind.ADDRESS, address=address, email=written)
        return page.redirect(request, token, "address" if done else "enough")


def _address_confirmation_routes(routes: APIRouter, own: OwnData) -> None:
    """Confirm another address by the links that go to both addresses."""
    context = own.context

    @routes.get("/address/{side}/{token}", summary="Ask to confirm a new address")
    def show_address(request: Request, side: MailboxSide, token: str, result: Result = "") -> HTMLResponse:
        place = f"/address/{side}/{token}"
        found = own.find(request, RequestKind.ADDRESS, token, side)
        mine = found.confirmed_at if side == MailboxSide.PRESENT else found.confirmed_new_at
        state = "done" if found.done_at else "ask" if found.is_confirmed or mine is None else "waiting"
        return own.page(request, RequestKind.ADDRESS, place, state, email=found.email, side=side, result=result)

    @routes.post("/address/{side}/{token}", summary="Confirm a new address", **REDIRECTS)
    def confirm_address(request: Request, side: MailboxSide, token: str) -> Response:
        place = f"/address/{side}/{token}"
        now = context.now()
        found = own.find(request, RequestKind.ADDRESS, token, side)
        own.requests.confirm(found.id, side, now)
        both = own.requests.get(found.id, RequestKind.ADDRESS, now)
        if both is None or both.done_at or not both.is_confirmed:
            return redirect(context.pages, request, place)
        detail = f"confirmed at both addresses; {context.consent_context(request, 'address').detail}"
        result = own.changer.change(found.subscriber, found.address, found.email, source="web:address", detail=detail)
        if result != MoveResult.DONE:
            return redirect(context.pages, request, place, result=str(result))
        own.requests.finish(found.id, now)
        response = redirect(context.pages, request, place)
        if (subscriber := context.subscriber(found.subscriber)) is not None:
            # The cookie of the former address has ended.
            remember(context, request, response, subscriber)
        return response


def _preferences_routes(routes: APIRouter, page: PreferencesPage, own: OwnData) -> None:
    """Mail a link that opens the whole preferences page, and open the page in the browser that follows it."""
    context = own.context

    @routes.post("/preferences/{token}/choose", summary="Ask for the whole page", **REDIRECTS)
    def ask_to_choose(request: Request, token: str, part: Part = "") -> Response:
        subscriber = page.named(token)
        if subscriber is None or state_of(subscriber) != "here":
            return page.short(request, token)
        done = "mailed" if own.ask(request, subscriber, RequestKind.CHOOSE, part=part) else "enough"
        return page.redirect(request, token, done)

    @routes.get("/choose/{token}", summary="Show the preferences to this browser")
    def choose(request: Request, token: str) -> Response:
        subscriber = own.subscriber(request, RequestKind.CHOOSE, token)
        response = page.redirect(request, context.signer.sign("preferences", subscriber.id), "opened")
        remember(context, request, response, subscriber)
        return response


def _request_routes(routes: APIRouter, page: PreferencesPage, leaving: LeavePage, own: OwnData) -> None:
    """Add the buttons that mail a link: on the preferences page, and on the page after leaving."""

    @routes.post("/preferences/{token}/{kind}", summary="Ask for data, erasure, nomination", **REDIRECTS)
    def ask(request: Request, token: str, kind: Asked, form: SubmittedForm) -> Response:
        subscriber = page.require_subscriber(request, token)
        # Nobody has to choose a day to use their rights, so an error in the choices does not stop the request.
        wrong = page.save(request, subscriber, form) if form.format else None
        done = kind if own.ask(request, subscriber, RequestKind(kind)) else "enough"
        if wrong:
            return page.response(request, token, subscriber, status=400, done=done, wrong=wrong, form=form)
        return page.redirect(request, token, done)

    @routes.post(
        "/leave/{token}/{kind}",
        summary="Ask for the preferences instead of leaving, for data or erasure after it",
        **REDIRECTS,
    )
    def ask_when_leaving(request: Request, token: str, kind: AskedWhenLeaving) -> Response:
        subscriber = leaving.subscriber(token)
        if subscriber is None or state_of(subscriber) != ("here" if kind == "choose" else "left"):
            return leaving.response(request, token)
        part = "days" if kind == "choose" else ""
        done = kind if own.ask(request, subscriber, RequestKind(kind), part=part) else "enough"
        return redirect(own.context.pages, request, f"/leave/{token}", done=done)


def _data_routes(routes: APIRouter, own: OwnData) -> None:
    """Download a copy of the data."""

    @routes.get("/data/{token}", summary="Offer a copy of one's data, with one button")
    def show_data(request: Request, token: str) -> HTMLResponse:
        own.find(request, RequestKind.DATA, token)
        return own.page(request, RequestKind.DATA, f"/data/{token}", "ask")

    @routes.post("/data/{token}", summary="Download one's data", responses=_FILE, response_model=None)
    def download(
        request: Request,
        token: str,
        form: Annotated[Literal["json", "page"], Form(description="For programs, or for people to read")] = "json",
    ) -> Response:
        held = own.personal_data.collect(own.subscriber(request, RequestKind.DATA, token).address)
        if held is None:
            raise own.expired(request, RequestKind.DATA)
        pages = own.context.pages
        if form == "page":
            text = readable_copy(held, pages, pages.language(request), pages.catalogue(request))
            name, kind = "my-data.html", "text/html; charset=utf-8"
        else:
            text, name, kind = json.dumps(held, ensure_ascii=False, indent=2), "my-data.json", "application/json"
        headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
        return Response(text, media_type=kind, headers=headers)


def _erasure_routes(routes: APIRouter, own: OwnData) -> None:
    """Erase everything about the person."""

    @routes.get("/erase/{token}", summary="Ask whether to erase, with one button")
    def show_erase(request: Request, token: str) -> HTMLResponse:
        own.find(request, RequestKind.ERASE, token)
        return own.page(request, RequestKind.ERASE, f"/erase/{token}", "ask")

    # Erasing deletes the request too, so the page is the response. Repeating it changes nothing.
    @routes.post("/erase/{token}", summary="Erase everything about the person")
    def erase(request: Request, token: str) -> HTMLResponse:
        own.eraser.erase_whole(own.subscriber(request, RequestKind.ERASE, token).address, _BY_SELF)
        return own.page(request, RequestKind.ERASE, "/", "done")


def _nomination_routes(routes: APIRouter, own: OwnData) -> None:
    """Name somebody who may use the rights of the subscriber, or remove the name."""
    context = own.context

    def page(request: Request, token: str, found: PersonRequest, **values: Any) -> HTMLResponse:
        subscriber = context.subscriber(found.subscriber)
        named = context.preferences.nominee(subscriber.address) if subscriber else ""
        state = "done" if found.done_at else "ask"
        return own.page(request, RequestKind.NOMINEE, f"/nominee/{token}", state, named=named, **values)

    def settle(request: Request, found: PersonRequest, what: str, named: str) -> None:
        """Log a nomination or its end, and tell the subscriber. The link does this once."""
        if own.requests.finish(found.id, context.now()):
            consent = context.consent_context(request, "nominee", detail=named)
            context.preferences.record(found.subscriber, what, consent, now=context.now())
            own.confirm_nomination(request, found.subscriber, named)

    @routes.get("/nominee/{token}", summary="The form to nominate somebody")
    def show_nominee(request: Request, token: str) -> HTMLResponse:
        found = own.find(request, RequestKind.NOMINEE, token)
        return page(request, token, found)

    @routes.post("/nominee/{token}", summary="Nominate somebody", **REDIRECTS)
    def nominate(
        request: Request,
        token: str,
        nominee: Annotated[str, Form(max_length=1000)] = "",
        contact: Annotated[str, Form(max_length=1000)] = "",
    ) -> Response:
        found = own.find(request, RequestKind.NOMINEE, token)
        named = [shorten_text(nominee), shorten_text(contact)]
        if not all(named):
            typed = {"nominee": named[0], "contact": named[1]}
            return page(request, token, found, result="empty", status=400, **typed)
        settle(request, found, NOMINATED, ", ".join(named))
        return redirect(context.pages, request, f"/nominee/{token}")

    @routes.post("/nominee/{token}/withdraw", summary="Withdraw the nomination", **REDIRECTS)
    def withdraw(request: Request, token: str) -> Response:
        found = own.find(request, RequestKind.NOMINEE, token)
        settle(request, found, UNNOMINATED, "")
        return redirect(context.pages, request, f"/nominee/{token}")


def _undo_routes(routes: APIRouter, page: PreferencesPage, own: OwnData) -> None:
    """Undo a change that was made by a link of an email."""
    context = own.context

    @routes.get("/undo/{token}", summary="Ask whether to put back what a link changed")
    def show_undo(request: Request, token: str) -> HTMLResponse:
        found = own.find(request, RequestKind.UNDO, token)
        left = had_left(found)
        state = "done" if found.done_at else "ask"
        subscriber = context.subscriber(found.subscriber)
        due = page.next_edition.of(subscriber) if subscriber and found.done_at else None
        return own.page(request, RequestKind.UNDO, f"/undo/{token}", state, left=left, next_due=due)

    @routes.post("/undo/{token}", summary="Put back what a link changed", **REDIRECTS)
    def undo(request: Request, token: str) -> Response:
        found = own.find(request, RequestKind.UNDO, token)
        done = own.notices.undo(found, context.consent_context(request, "undo"))
        response = redirect(context.pages, request, f"/undo/{token}")
        # The undo ended the cookies of all browsers.
        subscriber = context.subscriber(found.subscriber)
        if done and subscriber is not None and state_of(subscriber) == "here":
            remember(context, request, response, subscriber)
        return response
