"""Sign in by OpenID Connect: redirect the browser to the provider, and open a session when it comes back."""

from __future__ import annotations

import logging

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from digest.usecases.accounts import TooManyTries
from digest.usecases.oidc import OidcRefused, OidcSignIn, Why
from digest.web.client_limit import client_of
from digest.web.dependencies import client_address
from digest.web.desk import login
from digest.web.desk.visit import Visit

log = logging.getLogger(__name__)


def begin(visit: Visit) -> Response:
    """Redirect the browser to the provider."""
    next = login.next_place(visit.query.get("next", ""))
    signer = _sign_in(visit)
    if not visit.may_sign_in:
        return login.form_page(visit, status=403)
    try:
        # The token of forms is bound to this browser's cookie, and makes one if it has none.
        place = signer.begin(visit.form_token, _redirect(visit), next)
    except OidcRefused as refused:
        return login.form_page(visit, status=502, next=next, wrong=_words(visit, refused))
    return visit.finish(RedirectResponse(place, 303))


def finish(visit: Visit) -> Response:
    """Open a session for the user whom the provider names. An older session of this browser ends."""
    _ = visit.catalogue.gettext
    signer = _sign_in(visit)
    if not visit.may_sign_in:
        return login.form_page(visit, status=403)
    browser = visit.form_token if visit.token else ""
    network = client_of(client_address(visit.request))
    agent = visit.request.headers.get("user-agent", "")
    try:
        signed_in, next = signer.finish(visit.query, browser, _redirect(visit), network=network, agent=agent)
    except TooManyTries:
        wrong = _("Too many attempts. Please wait a quarter of an hour, or ask an admin for a new link.")
        return login.form_page(visit, status=429, wrong=wrong)
    except OidcRefused as refused:
        return login.form_page(visit, status=401, wrong=_words(visit, refused))
    if visit.session is not None:
        visit.desk.accounts.users.end_sessions(hash=visit.session.hash)
    visit.new_token = signed_in.token
    return visit.finish(RedirectResponse(visit.desk.views.root + (next or "/"), 303))


def _sign_in(visit: Visit) -> OidcSignIn:
    found = visit.desk.app.oidc
    if found is None:
        raise HTTPException(404)
    return found


def _redirect(visit: Visit) -> str:
    return f"{visit.desk.url}/oidc/done"


def _words(visit: Visit, refused: OidcRefused) -> str:
    _ = visit.catalogue.gettext
    provider = visit.desk.provider
    if refused.why is Why.FAILED:
        # Only the operator can correct this, so the log has the reason.
        log.warning("OpenID Connect with %s: %s", provider, refused)
    words = {
        Why.STALE: _("That took too long, or began in another browser. Please try again."),
        Why.DENIED: _("%(provider)s did not let you in, or you said no there."),
        Why.UNKNOWN: _("Nobody at this desk has the address %(email)s. Ask your admin to add it."),
        Why.UNVERIFIED: _("%(provider)s has not verified your email address."),
        Why.OTHER_ACCOUNT: _("Another account of %(provider)s had the address %(email)s before. Ask your admin."),
        Why.FAILED: _("%(provider)s does not answer as it should. Sign in with the password, or try again later."),
    }
    return words[refused.why] % {"provider": provider, "email": refused.email}
