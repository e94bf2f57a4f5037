"""Puts the pages together: routes, what is said when something is wrong, and the guard round all of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from digest import __version__
from digest.app import App
from digest.errors import StoreError
from digest.store.published import PublishedStore
from digest.store.rate_limits import RateLimiter
from digest.store.signups import SignupStore
from digest.store.wishes import WishStore
from digest.web import archive, joining, leaving, preferences, viewing
from digest.web.guard import Guard, tell
from digest.web.pages import OWN, Pages
from digest.web.post import Post
from digest.web.room import Room
from digest.web.specimens import mistakes
from digest.web.still import router as still
from digest.web.webhooks import webhooks

log = logging.getLogger(__name__)

Routes = Callable[[Room], APIRouter]

ALWAYS: Sequence[Routes] = (
    still,
    leaving.router,
    preferences.router,
    viewing.router,
    lambda room: webhooks(room.app),
)
"""What every newsletter has."""

LARGER: Sequence[tuple[str, int]] = (("/webhooks/", 8 * 1024 * 1024),)
"""Paths that take more than a form, and how many bytes."""


@contextmanager
def pages_of(app: App, base: str) -> Iterator[ASGIApp]:
    """The pages of a newsletter as an ASGI app, its post handed over when the block ends. `base` is where they are
    reached when newsletter.base_url says nothing. The App is the pages' own: they run beside a send.

    Raises ConfigurationError.
    """
    settings = app.settings
    pages = _whole(app, settings.newsletter.base_url or base)
    app.ready_to_send()
    _ = app.signer  # made once, before threads ask for it
    _ = (app.database, app.articles, app.editions, app.renderer, app.topics)
    post = Post(lambda: app.transports[0])
    room = Room(
        app,
        pages,
        post,
        WishStore(app.database),
        SignupStore(app.database),
        RateLimiter(app.database),
        PublishedStore(app.database),
    )
    with closing(post):
        yield Guard(_routed(room), hosts=_hosts(app, base), prefix=pages.root, larger=LARGER)


def made_pages(app: App, base: str, *, own: bool = True) -> Pages:
    """The pages as the settings have them; with `own` by the newsletter's own templates where it has such."""
    web, folder = app.settings.web, app.home / OWN
    whose = folder if own and folder.is_dir() else None
    return Pages(app.masthead, base, archive=web.archive == "public", signup=web.signup, own=whose)


def _whole(app: App, base: str) -> Pages:
    """The pages without a mistake: while the newsletter's own templates have one, they are ours. A mistake must keep
    nobody from leaving, and no `digest run` from sending."""
    pages = made_pages(app, base)
    found = mistakes(pages, app.now(), app.topics)
    for each in found:
        log.error("reader pages: %s; until that is mended and this is started anew, the pages are ours", each)
    return made_pages(app, base, own=False) if found else pages


def _routed(room: Room) -> FastAPI:
    web = room.app.settings.web
    routed = FastAPI(
        title=f"{room.app.settings.newsletter.name}: reader pages",
        version=__version__,
        docs_url=None,  # they load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    chosen = [*ALWAYS]
    if web.archive == "public":
        chosen.append(archive.router)
    if web.signup:
        chosen.append(joining.router)
    for routes in chosen:
        routed.include_router(routes(room))

    @routed.exception_handler(HTTPException)
    def no_page(request: Request, error: HTTPException) -> Response:
        words = room.pages.words(request)
        unknown = error.status_code in (404, 405)
        title = words.gettext("There is nothing here") if unknown else words.gettext("That could not be understood")
        answer = room.pages.problem(request, error.status_code, title)
        answer.headers.update(error.headers or {})
        return answer

    @routed.exception_handler(RequestValidationError)
    def wrong_form(request: Request, _error: RequestValidationError) -> HTMLResponse:
        words = room.pages.words(request)
        said = words.gettext("The form did not arrive as our page sends it. Please go back and try once more.")
        return room.pages.problem(request, 422, words.gettext("That could not be understood"), said)

    @routed.exception_handler(StoreError)
    def not_kept(request: Request, error: StoreError) -> HTMLResponse:
        tell(request.scope, error)
        return room.pages.failed(request, error)

    @routed.exception_handler(Exception)
    def fault(request: Request, error: Exception) -> HTMLResponse:  # told by the guard, as it is raised once more
        return room.pages.failed(request, error)

    return routed


def _hosts(app: App, base: str) -> set[str]:
    """The names under which the pages may be asked for: the public one and this machine's."""
    named = (app.settings.newsletter.base_url, base)
    return {str(urlsplit(url).hostname) for url in named if url} | {"localhost", "127.0.0.1", "[::1]"}
