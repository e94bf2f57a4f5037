"""Passkeys: manage one's own, and sign in with one."""

from __future__ import annotations

from ipaddress import ip_address

from starlette.responses import RedirectResponse, Response

from digest.usecases.accounts import TooManyTries
from digest.usecases.passkeys import MAX_LABEL, PasskeyRefused, Passkeys, Place, Question
from digest.web.client_limit import client_of
from digest.web.dependencies import client_address
from digest.web.desk import login
from digest.web.desk.visit import Visit


def page(visit: Visit) -> Response:
    return _page(visit)


def add(visit: Visit) -> Response:
    form = visit.form
    try:
        _passkeys(visit).register(
            visit.user, form.get("answer", ""), form.get("state", ""), form.get("label", ""), place(visit)
        )
    except PasskeyRefused:
        refused = visit.catalogue.gettext("The passkey could not be added. Please try again.")
        return _page(visit, status=422, problem=refused)
    return visit.go("/passkeys")


def remove(visit: Visit) -> Response:
    number = visit.form.get("passkey", "")
    if number.isdecimal() and len(number) < 19:
        _passkeys(visit).remove(visit.user, int(number))
    return visit.go("/passkeys")


def sign_in(visit: Visit) -> Response:
    """Open a session. It replaces an earlier one."""
    _ = visit.catalogue.gettext
    next = login.next_place(visit.form.get("next", ""))
    if not visit.may_sign_in:
        return login.form_page(visit, status=403)
    network = client_of(client_address(visit.request))
    answer, state = visit.form.get("answer", ""), visit.form.get("state", "")
    try:
        agent = visit.request.headers.get("user-agent", "")
        signed_in = _passkeys(visit).sign_in(answer, state, place(visit), network=network, agent=agent)
    except TooManyTries:
        wrong = _("Too many attempts. Please wait a quarter of an hour, or ask an admin for a new link.")
        return login.form_page(visit, status=429, next=next, wrong=wrong)
    if signed_in is None:
        wrong = _("The passkey could not be verified. Try again, or sign in with the password.")
        return login.form_page(visit, status=401, next=next, wrong=wrong)
    if visit.session is not None:
        visit.desk.accounts.users.end_sessions(hash=visit.session.hash)
    visit.new_token = signed_in.token
    return visit.finish(RedirectResponse(visit.desk.views.root + (next or "/"), 303))


def question(visit: Visit) -> Question | None:
    """Return the sign-in request for the browser; None where passkeys do not work."""
    return _passkeys(visit).ask_to_sign_in(place(visit)) if works(visit) else None


def works(visit: Visit) -> bool:
    """Whether browsers allow passkeys here. They are bound to a host name, never to an IP address."""
    try:
        ip_address(visit.host)
    except ValueError:
        return visit.is_secure or visit.host == "localhost"
    return False


def place(visit: Visit) -> Place:
    scheme = "https" if visit.is_secure else "http"
    # Also sets the cookie if the browser has none.
    browser = visit.form_token
    return Place(visit.host, f"{scheme}://{visit.request.headers.get('host', '')}", browser)


def _page(visit: Visit, *, status: int = 200, problem: str = "") -> Response:
    asked = _passkeys(visit).ask_to_register(visit.user, place(visit)) if works(visit) else None
    return visit.page(
        "passkeys.html.j2",
        status=status,
        problem=problem,
        passkeys=_passkeys(visit).of(visit.user),
        question=asked,
        longest=MAX_LABEL,
        now=visit.desk.now(),
    )


def _passkeys(visit: Visit) -> Passkeys:
    return Passkeys(visit.desk.accounts)
