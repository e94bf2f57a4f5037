"""Sign-up with double opt-in: the form, the mail with a link, the page whose button confirms.

Nobody learns from any of it whether an address is known: the page answers every address alike and at once, and only
its owner gets a mail. A scanner that opens the link changes nothing, for it does not POST.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from ipaddress import IPv6Address, ip_address
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse

from digest.deliver.message import Outgoing
from digest.messages import translator
from digest.store.rate_limits import Quota
from digest.store.signups import JOINED, PENDING
from digest.subscribers.address import mailbox, normalise
from digest.web.invitation import confirmation, reminder
from digest.web.leaving import broken
from digest.web.pages import PAGE, language_asked
from digest.web.room import Room, client

log = logging.getLogger(__name__)

PURPOSE = "confirm"
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


def router(room: Room) -> APIRouter:
    """`/join` (which `/` shows too) and `/confirm/TOKEN`."""
    routes = APIRouter(tags=["join"], responses=PAGE, dependencies=[Depends(language_asked)])

    @routes.get("/join", response_class=HTMLResponse, summary="The form")
    def form(request: Request) -> HTMLResponse:
        return joining(room, request)

    @routes.post("/join", response_class=HTMLResponse, summary="Asks for the letter; a mail with a link follows")
    def ask(
        request: Request,
        email: Annotated[str, Form(max_length=320)] = "",
        website: Annotated[str, Form(max_length=1000, description="Left empty by people; they do not see it")] = "",
    ) -> HTMLResponse:
        words = room.pages.words(request)
        try:
            address = normalise(email)
        except ValueError:
            wrong = words.gettext("Write an address such as %(example)s.") % {"example": "asha@example.com"}
            return joining(room, request, status=400, wrong=wrong, typed=email)
        if not website:
            network = _network(client(request))
            rations = [Quota(f"join:{network}", 20, _HOUR), Quota(f"join:{network}", 60, _DAY)]
            if not room.quotas.take(rations, room.now()):
                said = words.gettext("Many have asked from your network just now. Please try again in an hour.")
                return joining(room, request, status=429, wrong=said, typed=email)
            language, from_ = room.pages.language(request), client(request)
            if not room.quotas.left(_of_all(room), room.now()):
                log.warning("web.signup_mails_per_hour is used up: nobody can sign up until the hour is over")
                return busy(room, request, email)
            if not room.post.send_made(lambda: _invitation(room, address, email, language, from_)):
                return busy(room, request, email)
        return room.pages.show(request, "asked.html.j2", "/join", typed=email.strip()[:254], days=PENDING.days)

    @routes.get("/confirm/{token}", response_class=HTMLResponse, summary="A page with one button")
    def look(request: Request, token: str) -> HTMLResponse:
        number = room.bearer(PURPOSE, token)
        email = room.signups.pending(number, room.now()) if number is not None else None
        if number is None:
            return broken(room, request)
        return _confirming(room, request, token, "ask" if email else "late", email=email)

    @routes.post("/confirm/{token}", response_class=HTMLResponse, summary="Confirms: the address is on the list")
    def confirm(request: Request, token: str) -> HTMLResponse:
        number = room.bearer(PURPOSE, token)
        if number is None:
            return broken(room, request)
        now, from_ = room.now(), client(request)
        detail = f"confirmed at {now:%Y-%m-%d %H:%M:%S %z} from {from_}"
        zone = room.app.settings.newsletter.timezone
        made = room.signups.confirm(number, timezone=zone, source=JOINED, detail=detail, now=now)
        if made is None:
            return _confirming(room, request, token, "late")
        preferences = room.app.signer.sign("preferences", made.reader)
        reader = room.reader(made.reader)
        state = "done" if made.now or (reader and reader.listed and not reader.suppressed) else "late"
        return _confirming(room, request, token, state, preferences=preferences)

    return routes


def busy(room: Room, request: Request, typed: str) -> HTMLResponse:
    """For whom no mail can be written just now."""
    said = room.pages.words(request).gettext("Very many ask for the letter just now. Please try again in an hour.")
    answer = joining(room, request, status=503, wrong=said, typed=typed)
    answer.headers["retry-after"] = str(int(_HOUR.total_seconds()))
    return answer


def joining(room: Room, request: Request, *, status: int = 200, **values: Any) -> HTMLResponse:
    """The page of the form."""
    values = {"wrong": "", "typed": "", **values}
    newest = room.published.newest(1, room.now()) if room.app.settings.web.archive == "public" else []
    agreement = _agreement(room, room.pages.language(request))
    return room.pages.show(
        request, "join.html.j2", "/join", status=status, newest=newest, agreement=agreement, personal=False, **values
    )


def _confirming(room: Room, request: Request, token: str, state: str, **values: Any) -> HTMLResponse:
    values = {"email": "", "preferences": "", **values}
    status = 410 if state == "late" else 200
    place = f"/confirm/{token}"
    agreement = _agreement(room, room.pages.language(request))
    return room.pages.show(
        request, "confirm.html.j2", place, status=status, state=state, token=token, agreement=agreement, **values
    )


def _agreement(room: Room, language: str) -> str:
    """The words that a reader agrees to, as they are kept with the consent."""
    letter = room.app.settings.newsletter
    said = translator(language).gettext("I want to get %(name)s by email. I can leave at any time, with one click.")
    return said % {"name": letter.name}


def _invitation(room: Room, address: str, email: str, language: str, from_: str) -> Outgoing | None:
    """The mail that fits the address, and not too many of them; nothing of it is told to who asked."""
    who, now = f"join:{mailbox(address)}", room.now()
    rations = [Quota(who, 1, timedelta(minutes=10)), Quota(who, 3, _DAY), Quota(who, 6, 7 * _DAY)]
    if not room.quotas.take([*rations, _of_all(room)], now):
        return None
    typed = email.strip() if email.isascii() else address
    reader = room.wishes.at(address)
    if reader and reader.suppressed == "complained":
        return None  # who called our mail spam gets none that a stranger can ask for
    if reader and reader.listed and reader.status == "active" and not reader.suppressed:
        return reminder(room, reader, language)
    detail = f"{language}; asked at {now:%Y-%m-%d %H:%M:%S %z} from {from_}"
    number = room.signups.ask(address, typed, wording=_agreement(room, language), detail=detail, now=now)
    return confirmation(room, number, typed, room.app.signer.sign(PURPOSE, number), language)


def _of_all(room: Room) -> Quota:
    """What all who ask share, so that no crowd of machines makes us mail the world."""
    return Quota("join", room.app.settings.web.signup_mails_per_hour, _HOUR)


def _network(address: str) -> str:
    """Who is counted together: an IPv4 /24, an IPv6 /56, which is what one household or office has."""
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
