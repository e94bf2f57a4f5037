"""Assemble the desk: its routes from the table, the check of roles, and the middleware around them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from errno import EDQUOT, EFBIG, ENOSPC
from importlib import import_module
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from digest.app import App
from digest.curate.importance.rows import ROWS
from digest.errors import ConfigProblem, ConfigurationError, DigestError, StoreError
from digest.i18n import translator
from digest.notify.failures import Failures
from digest.store.desk.acting import acting
from digest.store.people.directory import SubscriberState
from digest.store.people.growth import DailyGrowth
from digest.store.sending.course import CourseRow
from digest.utils.rates import Rates
from digest.web.compression import Compressed
from digest.web.desk import login
from digest.web.desk.access import ROUTES, Route
from digest.web.desk.admin.uploads import Uploads
from digest.web.desk.api.routes import PREFIX, api_routes
from digest.web.desk.api.visit import failure
from digest.web.desk.article_index import ArticleIndex
from digest.web.desk.background import AudienceCount, Background, Curations
from digest.web.desk.changes import ChangeStreams
from digest.web.desk.checks import Checks
from digest.web.desk.desk import Desk
from digest.web.desk.kept_forms import KeptForms
from digest.web.desk.letter import ShownEmails
from digest.web.desk.views import Views
from digest.web.desk.visit import Visit, form_text
from digest.web.middleware import Guard, log_error

# The most fields of a form. Each of a subscriber's topics is a field.
_MAX_FIELDS = 200
# Paths whose forms may have a file, and their bytes.
_LARGER = [(row.path.partition("{")[0], row.max_upload) for row in ROUTES if row.max_upload]
# Seconds.
_COUNTS_LAST, _GROWTH_LASTS, _FAILURES_LAST, _FAULTS_LAST = 20.0, 300.0, 60.0, 60.0
# The list's first file is in the key, and those it includes are not.
_LIST_FAULTS_LAST = 20.0
Handler = Callable[[Visit], Response]


@dataclass(frozen=True)
class ServedDesk:
    """The desk as an ASGI app. `end_streams` ends the responses that would otherwise last for minutes."""

    app: ASGIApp
    end_streams: Callable[[], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@contextmanager
def create_desk(app: App, base: str) -> Iterator[ServedDesk]:
    """Open the desk of a newsletter as an ASGI app. `base` replaces an unset newsletter.base_url."""
    own = app.copy_with(unattended=True)
    url = own.desk_url(base)
    views = Views(own.branding, urlsplit(url).path.rstrip("/"))
    # App builds collaborators on first use. Build them here, before several threads ask at once.
    _ = (own.database, own.articles, own.editor, own.approver, own.stopper, own.topics, own.status_reader, own.oidc)
    with ExitStack() as opened:
        enter = opened.enter_context
        desk = Desk(
            app=own,
            url=url,
            views=views,
            accounts=own.accounts,
            signer=own.signer,
            checks=enter(Checks(own)),
            audience=enter(AudienceCount(own)),
            curated=enter(Curations(own)),
            article_index=enter(ArticleIndex(own.articles, own.now)),
            rates=Rates(),
            uploads=enter(Uploads()),
            shown_emails=ShownEmails(),
            subscriber_counts=enter(Background[dict[SubscriberState, int]]("subscribers", lasts=_COUNTS_LAST)),
            found_counts=enter(Background[int]("found", lasts=_COUNTS_LAST)),
            growth=enter(Background[list[DailyGrowth]]("growth", lasts=_GROWTH_LASTS)),
            changes=enter(ChangeStreams(own.editions.mark)),
            failures=enter(Background[Failures]("failures", lasts=_FAILURES_LAST)),
            courses=enter(Background[list[CourseRow]]("courses", lasts=_FAILURES_LAST)),
            has_faults=enter(Background[bool]("settings", lasts=_FAULTS_LAST)),
            list_faults=enter(Background[tuple[ConfigProblem, ...]]("list", lasts=_LIST_FAULTS_LAST)),
            small_reasons=_small_reasons(own.settings.newsletter.language),
            reason_frames=_reason_frames(own.settings.newsletter.language),
        )
        hosts = {str(urlsplit(each).hostname) for each in (url, base) if each} | {"localhost", "127.0.0.1", "::1"}
        # The path before and after the prefix is removed.
        starts = {f"{root}{api}" for root in ("", views.root) for api in ("", PREFIX)}
        larger = [(f"{start}{path}", size) for start in starts for path, size in _LARGER]
        guarded = Guard(Compressed(routes(desk)), hosts=hosts, prefix=views.root, larger=larger)
        yield ServedDesk(guarded, desk.changes.end)


def _small_reasons(language: str) -> tuple[re.Pattern[str], ...]:
    gettext = translator(language).gettext
    rows = (gettext(ROWS[row].reason) for row in ("fresh", "sources", "source_weight"))
    messages = [*rows, gettext("Everything else"), gettext("Every story starts with")]
    return tuple(re.compile(".*".join(map(re.escape, each.split("%(found)s")))) for each in messages)


def _reason_frames(language: str) -> tuple[re.Pattern[str], ...]:
    gettext = translator(language).gettext
    messages = (gettext("It is about %(what)s"), gettext("It tells of %(what)s"), gettext("It has %(what)s"))
    return tuple(re.compile("(.+)".join(map(re.escape, each.split("%(what)s")))) for each in messages)


def routes(desk: Desk) -> ASGIApp:
    """Return the framework's app with the routes of the table."""

    async def not_found(request: Request, error: Exception) -> Response:
        return await run_in_threadpool(_not_found, desk, request, error)

    async def failed(request: Request, error: Exception) -> Response:
        return await run_in_threadpool(_fail, desk, request, error)

    made = [StarletteRoute(row.path, _endpoint(desk, row), methods=[row.method]) for row in ROUTES]
    starlette = Starlette(
        routes=[*made, *api_routes(desk, ROUTES, handler_of)],
        exception_handlers={HTTPException: not_found, StoreError: failed, Exception: failed},
    )
    starlette.router.redirect_slashes = False
    return starlette


def _endpoint(desk: Desk, row: Route) -> Callable[[Request], object]:
    handler = handler_of(row)

    async def endpoint(request: Request) -> Response:
        form: dict[str, str] = {}
        if row.method == "POST":
            async with request.form(max_files=1 if row.max_upload else 0, max_fields=_MAX_FIELDS) as given:
                texts = ((name, value) for name, value in given.items() if isinstance(value, str))
                form = {form_text(name): form_text(value) for name, value in texts}
                file = next((value for value in given.values() if isinstance(value, UploadFile)), None)
                return await run_in_threadpool(answer, Visit(desk, request, form, file=file), row, handler)
        return await run_in_threadpool(answer, Visit(desk, request, form), row, handler)

    return endpoint


def handler_of(row: Route) -> Handler:
    module, _, name = row.page.rpartition(".")
    handler: Handler = getattr(import_module(f"digest.web.desk.{module}"), name)
    return handler


def answer(visit: Visit, row: Route, handler: Handler) -> Response:
    """Answer a request. If the store fails, the page repeats what was typed."""
    try:
        with visit.desk.reading(row.method):
            return _answer(visit, row, handler)
    except StoreError as error:
        return _store_failed(visit, error)


def _answer(visit: Visit, row: Route, handler: Handler) -> Response:
    """Call a handler if the table and the form allow it. This is the only access check."""
    _ = visit.catalogue.gettext
    visit.read_session()
    if row.role is not None and visit.session is None:
        if "hx-request" in visit.request.headers:
            # The script sends a form without htmx, and reloads a page on which nothing was typed.
            return visit.finish(Response(status_code=401))
        if row.method == "POST":
            return login.form_before(visit)
        place = visit.request.url.path
        return visit.go("/login", **({"next": place} if place != "/" else {}))
    if row.role is not None and not visit.may(row.role):
        return visit.problem(403, _("Your role does not allow this"), _("An admin can give you another role."))
    if row.method == "POST" and not visit.is_own_form:
        # The user may have signed out and in again in another window, which changes the token of all forms.
        if row.role is not None and visit.is_from_own_page:
            if "hx-request" in visit.request.headers:
                return visit.finish(Response(status_code=401))
            if again := KeptForms.of(visit):
                return visit.page("again.html.j2", status=403, again=again, refused=False)
        advice = _("The page was open too long, or the form did not come from it. Go back, reload it and try again.")
        return visit.problem(403, _("This form could not be accepted"), advice)
    try:
        with acting(lambda: visit.actor):
            return visit.finish(handler(visit))
    except StoreError:
        raise
    except HTTPException as error:
        # A story that is gone, for example. The page repeats what was typed for it.
        return _refuse(visit, error.status_code)
    except (ConfigurationError, DigestError) as error:
        return visit.problem(409, _("That did not work"), visit.refusal(error))


def _store_failed(visit: Visit, error: StoreError) -> Response:
    """Respond that the store does not answer. An act may have been carried out all the same, because only its answer
    may be missing.
    """
    log_error(visit.request.scope, error)
    _ = visit.catalogue.gettext
    advice = _("Please try again in a few minutes.")
    if visit.request.method == "POST":
        advice = _("Perhaps it was done all the same. Look first, and do it again only if it was not.")
    return visit.problem(503, _("This does not work right now"), advice)


def _is_api(request: Request) -> bool:
    return request.url.path.removeprefix(request.scope.get("root_path", "")).startswith(f"{PREFIX}/")


def _not_found(desk: Desk, request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if _is_api(request):
        return failure(status, "There is nothing here." if status in (404, 405) else "This request is not understood.")
    visit = Visit(desk, request)
    visit.read_session()
    return _refuse(visit, status)


def _refuse(visit: Visit, status: int) -> Response:
    _ = visit.catalogue.gettext
    if status in (404, 405):
        gone = _("What you wrote this for is no longer there. Copy your text before you leave this page.")
        return visit.problem(status, _("There is nothing here"), gone if visit.typed else "")
    return visit.problem(status, _("We could not understand this request"))


def _fail(desk: Desk, request: Request, error: Exception) -> Response:
    if isinstance(error, StoreError) and not _is_api(request):
        return _store_failed(Visit(desk, request), error)
    # Other errors are raised again, and logged around the desk.
    is_full = isinstance(error, OSError) and error.errno in (ENOSPC, EDQUOT, EFBIG)
    if _is_api(request):
        if isinstance(error, StoreError):
            log_error(request.scope, error)
            unknown = "" if request.method == "GET" else " Perhaps it was done all the same: look first."
            return failure(503, f"The store does not answer. Try again in a few minutes.{unknown}")
        return failure(507, "The server's disk is full.") if is_full else failure(500, "Something went wrong here.")
    visit = Visit(desk, request)
    _ = visit.catalogue.gettext
    if is_full:
        advice = _("The server's disk is full. Tell whoever looks after the server, and then try again.")
        return visit.problem(507, _("This does not work right now"), advice)
    return visit.problem(500, _("Something went wrong here"), _("Please try again later."))
