"""Sign in: with name, password and code, with a passkey, or by OpenID Connect. The one-time link that sets it up."""

from __future__ import annotations

import logging
from io import BytesIO

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from digest.usecases.accounts import MAX_PASSWORD, MIN_PASSWORD, SignedIn, TooManyTries, app_url
from digest.usecases.oidc import OidcRefused, OidcSignIn, SignInProblem
from digest.web.client_limit import client_of
from digest.web.dependencies import client_address
from digest.web.desk import passkeys
from digest.web.desk.kept_forms import KeptForms, is_place
from digest.web.desk.visit import Visit

log = logging.getLogger(__name__)


def form(visit: Visit) -> Response:
    if visit.session is not None:
        return visit.go("/")
    return form_page(visit, next=next_place(visit.query.get("next", "")))


def form_before(visit: Visit) -> Response:
    """Show the form to sign in before a form that was sent without a session. It keeps the fields of all that came."""
    _, again = visit.catalogue.gettext, KeptForms.of(visit)
    wrong = _("Your session has ended.") if again else _("Your session has ended. Nothing was changed.")
    return form_page(visit, status=401, wrong=wrong, again=again)


def sign_in(visit: Visit) -> Response:
    _ = visit.catalogue.gettext
    if not visit.may_sign_in:
        return form_page(visit, status=403)
    given, next = visit.form, next_place(visit.form.get("next", ""))
    name = given.get("name", "").strip().lower()
    network = client_of(client_address(visit.request))
    try:
        signed_in = visit.desk.accounts.sign_in(
            name, given.get("password", ""), given.get("code", ""), network=network, agent=_agent(visit)
        )
    except TooManyTries:
        return _too_many(visit, name=name, next=next)
    if signed_in is None:
        # The operator's log, not the desk's: a row for known names only would take time that reveals them.
        log.warning("sign-in refused: name, password or code is wrong, from %s", network)
        wrong = _("Name, password and code do not match. A code works once, for half a minute.")
        return form_page(visit, status=401, name=name, next=next, wrong=wrong)
    return _welcome(visit, signed_in, next)


def sign_out(visit: Visit) -> Response:
    if visit.session is not None:
        visit.desk.accounts.sign_out(visit.session)
    visit.new_token = ""
    return visit.go("/login")


def use_link(visit: Visit) -> Response:
    _ = visit.catalogue.gettext
    if not visit.may_sign_in:
        return link_form(visit, status=403)
    password, code = visit.form.get("password", ""), visit.form.get("code", "")
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        wrong = _("The password needs at least %(least)s characters.") % {"least": MIN_PASSWORD}
        return link_form(visit, status=422, password_problem=wrong)
    try:
        signed_in = visit.desk.accounts.use_link(visit.parameters["token"], password, code, agent=_agent(visit))
    except TooManyTries:
        wrong = _("Too many attempts. Please wait a quarter of an hour.")
        return link_form(visit, status=429, code_problem=wrong, password=password)
    if signed_in is None:
        wrong = _("This is not the code that the app shows now. Is the phone's clock right?")
        return link_form(visit, status=422, code_problem=wrong, password=password)
    return _welcome(visit, signed_in, "/")


def language(visit: Visit) -> Response:
    chosen = visit.form.get("language", "")
    # The path has the prefix or not, which depends on the web server in front.
    root = visit.desk.views.root
    place = next_place(visit.form.get("here", "").removeprefix(root))
    response = RedirectResponse(root + (place or "/"), 303)
    return visit.set_language(response, chosen if chosen in visit.desk.views.languages else "hi")


def sign_in_with_passkey(visit: Visit) -> Response:
    _ = visit.catalogue.gettext
    next = next_place(visit.form.get("next", ""))
    if not visit.may_sign_in:
        return form_page(visit, status=403)
    network = client_of(client_address(visit.request))
    answer, state = visit.form.get("answer", ""), visit.form.get("state", "")
    try:
        signed_in = passkeys.passkeys_of(visit).sign_in(
            answer, state, passkeys.origin(visit), network=network, agent=_agent(visit)
        )
    except TooManyTries:
        return _too_many(visit, next=next)
    if signed_in is None:
        wrong = _("The passkey could not be verified. Try again, or sign in with the password.")
        return form_page(visit, status=401, next=next, wrong=wrong)
    return _welcome(visit, signed_in, next)


def form_page(
    visit: Visit, *, status: int = 200, name: str = "", next: str = "", wrong: str = "", again: KeptForms | None = None
) -> Response:
    """Show the form to sign in, with what was typed here, and in the form that follows it."""
    challenge = passkeys.sign_in_challenge(visit) if visit.may_sign_in else None
    values = {"name": name, "next": next, "wrong": wrong, "may_sign_in": visit.may_sign_in, "challenge": challenge}
    values |= {"provider": visit.desk.provider, "again": again or KeptForms.read(visit.form.get("again", ""))}
    return visit.page("login.html.j2", status=status, **values)


def _too_many(visit: Visit, *, name: str = "", next: str = "") -> Response:
    wrong = visit.catalogue.gettext(
        "Too many attempts. Please wait a quarter of an hour, or ask an admin for a new link."
    )
    return form_page(visit, status=429, name=name, next=next, wrong=wrong)


def link_form(
    visit: Visit, *, status: int = 200, password_problem: str = "", code_problem: str = "", password: str = ""
) -> Response:
    _ = visit.catalogue.gettext
    accounts, token = visit.desk.accounts, visit.parameters["token"]
    user = accounts.user_of_link(token)
    if user is None:
        advice = _("It was used, it is older than a day, or a newer one replaced it. Ask an admin for a new one.")
        return visit.problem(404, _("This link no longer works"), advice)
    key = accounts.app_key(token)
    # A name in Devanagari would make the code too fine to scan.
    url = app_url(key, user.name, visit.host)
    return visit.page(
        "link.html.j2",
        status=status,
        user=user,
        app_url=url,
        key=" ".join(key[at : at + 4] for at in range(0, len(key), 4)),
        code=_qr(url),
        least=MIN_PASSWORD,
        password=password,
        password_problem=password_problem,
        code_problem=code_problem,
        may_sign_in=visit.may_sign_in,
    )


def _qr(text: str) -> str:
    """Return a QR code as SVG."""
    from segno import make

    svg = BytesIO()
    make(text, micro=False, error="l").save(
        svg, kind="svg", xmldecl=False, svgns=False, border=2, svgclass="qr", lineclass=None, omitsize=True
    )
    return svg.getvalue().decode()


def _welcome(visit: Visit, signed_in: SignedIn, next: str) -> Response:
    """End an older session of this browser, and open the new one."""
    if visit.session is not None:
        visit.desk.accounts.users.end_sessions(hash=visit.session.hash)
    visit.new_token = signed_in.token
    again = KeptForms.read(visit.form.get("again", ""))
    if again is not None:
        return visit.page("again.html.j2", again=again, refused=False)
    return visit.finish(RedirectResponse(visit.desk.views.root + (next or "/"), 303))


def next_place(place: str) -> str:
    """Return the path if it is a page of the desk, else ''."""
    return place if is_place(place) else ""


def _agent(visit: Visit) -> str:
    return visit.request.headers.get("user-agent", "")


def begin_oidc(visit: Visit) -> Response:
    """Redirect the browser to the provider."""
    next = next_place(visit.query.get("next", ""))
    oidc = _oidc(visit)
    if not visit.may_sign_in:
        return form_page(visit, status=403)
    try:
        # It sets the cookie if the browser has none.
        place = oidc.begin(visit.browser_key, _oidc_redirect(visit), next)
    except OidcRefused as refused:
        return form_page(visit, status=502, next=next, wrong=_oidc_words(visit, refused))
    return visit.finish(RedirectResponse(place, 303))


def finish_oidc(visit: Visit) -> Response:
    """Open a session for the user that the provider returns."""
    oidc = _oidc(visit)
    if not visit.may_sign_in:
        return form_page(visit, status=403)
    browser = visit.browser_key if visit.token else ""
    network = client_of(client_address(visit.request))
    try:
        signed_in, next = oidc.finish(visit.query, browser, _oidc_redirect(visit), network=network, agent=_agent(visit))
    except TooManyTries:
        return _too_many(visit)
    except OidcRefused as refused:
        return form_page(visit, status=401, wrong=_oidc_words(visit, refused))
    return _welcome(visit, signed_in, next)


def _oidc(visit: Visit) -> OidcSignIn:
    found = visit.desk.app.oidc
    if found is None:
        raise HTTPException(404)
    return found


def _oidc_redirect(visit: Visit) -> str:
    return f"{visit.desk.url}/oidc/done"


def _oidc_words(visit: Visit, refused: OidcRefused) -> str:
    _ = visit.catalogue.gettext
    provider = visit.desk.provider
    if refused.why is SignInProblem.FAILED:
        # Only the operator can correct this, so the log has the reason.
        log.warning("OpenID Connect with %s: %s", provider, refused)
    words = {
        SignInProblem.STALE: _("That took too long, or began in another browser. Please try again."),
        SignInProblem.DENIED: _("%(provider)s did not let you in, or you said no there."),
        SignInProblem.UNKNOWN: _("Nobody at this desk has the address %(email)s. Ask your admin to add it."),
        SignInProblem.UNVERIFIED: _("%(provider)s has not verified your email address."),
        SignInProblem.OTHER_ACCOUNT: _(
            "Another account of %(provider)s had the address %(email)s before. Ask your admin."
        ),
        SignInProblem.FAILED: _(
            "%(provider)s does not answer as it should. Sign in with the password, or try again later."
        ),
    }
    return words[refused.why] % {"provider": provider, "email": refused.email}
