"""Passkeys: manage one's own, and sign in with one."""

from __future__ import annotations

from ipaddress import ip_address

from starlette.responses import Response

from digest.usecases.passkeys import MAX_LABEL, Challenge, PasskeyOrigin, PasskeyRefused, Passkeys
from digest.web.desk.visit import Visit, number_in


def add(visit: Visit) -> Response:
    form = visit.form
    try:
        passkeys_of(visit).register(
            visit.user, form.get("answer", ""), form.get("state", ""), form.get("label", ""), origin(visit)
        )
    except PasskeyRefused:
        refused = visit.catalogue.gettext("The passkey could not be added. Please try again.")
        return page(visit, status=422, problem=refused)
    return visit.go("/passkeys")


def remove(visit: Visit) -> Response:
    number = number_in(visit.form.get("passkey", ""))
    if number is not None:
        passkeys_of(visit).remove(visit.user, number)
    return visit.go("/passkeys")


def sign_in_challenge(visit: Visit) -> Challenge | None:
    """Return the challenge for the browser; None where passkeys do not work."""
    return passkeys_of(visit).sign_in_challenge(origin(visit)) if works(visit) else None


def works(visit: Visit) -> bool:
    """Whether browsers allow passkeys here. They are bound to a host name, never to an IP address."""
    try:
        ip_address(visit.host)
    except ValueError:
        return visit.is_secure or visit.host == "localhost"
    return False


def origin(visit: Visit) -> PasskeyOrigin:
    scheme = "https" if visit.is_secure else "http"
    # Also sets the cookie if the browser has none.
    browser = visit.browser_key
    return PasskeyOrigin(visit.host, f"{scheme}://{visit.request.headers.get('host', '')}", browser)


def page(visit: Visit, *, status: int = 200, problem: str = "") -> Response:
    challenge = passkeys_of(visit).registration_challenge(visit.user, origin(visit)) if works(visit) else None
    return visit.page(
        "passkeys.html.j2",
        status=status,
        problem=problem,
        passkeys=passkeys_of(visit).of(visit.user),
        challenge=challenge,
        longest=MAX_LABEL,
        now=visit.desk.now(),
    )


def passkeys_of(visit: Visit) -> Passkeys:
    return Passkeys(visit.desk.accounts)
