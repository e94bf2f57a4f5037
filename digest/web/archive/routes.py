"""The routes of the archive's pages. Each indexed page has one canonical address, and its other forms point to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from digest.web.archive.site import PER_PAGE
from digest.web.middleware import CONTENT_SECURITY_POLICY, policy_with_image
from digest.web.pages import edition_path, page_routes, story_path, topic_path
from digest.web.view_in_browser import RemoteImages

if TYPE_CHECKING:
    from digest.usecases.share import Cards
    from digest.web.archive.site import Archive

MAX_QUERY = 200
"""Characters of a search."""

PUBLIC = {"cache-control": "public, max-age=300", "x-robots-tag": "all"}
"""The headers of a page that may be cached and indexed."""

_NOT_INDEXED = "noindex, follow"
# The only script copies the address of a page.
_WITH_SCRIPT = f"{CONTENT_SECURITY_POLICY}; script-src 'self'"
_MONTH = r"^[12][0-9]{3}-(0[1-9]|1[0-2])$"
_MAX_PAGE = 10_000
# Apps load the pictures of link previews from their own servers or pages.
_CARD_HEADERS = {"cache-control": "public, max-age=86400", "cross-origin-resource-policy": "cross-origin"}

PageNumber = Annotated[int, Query(alias="page", ge=1, le=_MAX_PAGE, description="The page of a list, from 1")]
Month = Annotated[str, Query(pattern=rf"{_MONTH}|^$", description="Only the editions of this month, such as 2026-11")]
SearchText = Annotated[str, Query(alias="q", max_length=MAX_QUERY, description="Words that a story must have")]


def router(archive: Archive, access: Sequence[Any] = ()) -> APIRouter:
    """Serve `/archive`, `/archive/EDITION`, `/story/ID`, `/topic/NAME`, `/corrections` and `/search`."""
    context, store = archive.context, archive.store
    pages = context.pages
    routes = page_routes("archive", access=access)

    def respond(request: Request, template: str, here: str, *, indexed: bool, **values: Any) -> HTMLResponse:
        agreement = pages.agreement(pages.language(request))
        response = pages.response(request, template, here, personal=False, agreement=agreement, **values)
        policy = _WITH_SCRIPT if values.get("share") else CONTENT_SECURITY_POLICY
        image = "https:" if values.get("pictures") else pages.branding.theme.logo
        response.headers["content-security-policy"] = policy_with_image(policy, image)
        if not archive.public:
            response.headers["cache-control"] = "private, no-cache"
            return response
        response.headers.update(PUBLIC)
        if not indexed or pages.language(request) != pages.languages[0]:
            response.headers["x-robots-tag"] = _NOT_INDEXED
        return response

    def missing(request: Request) -> HTMLResponse:
        return pages.error(request, 404, pages.catalogue(request).gettext("There is no such edition"))

    @routes.get("/archive", summary="The editions that were sent, newest first")
    def list_editions(request: Request, page: PageNumber = 1, month: Month = "") -> HTMLResponse:
        now = context.now()
        months = store.months(now)
        first = date.fromisoformat(f"{month}-01") if month else None
        until = (first + timedelta(days=32)).replace(day=1) if first else None
        total = sum(each.editions for each in months if first in (None, each.first))
        editions = store.newest(now, limit=PER_PAGE, offset=(page - 1) * PER_PAGE, since=first, until=until)
        if not editions and page > 1:
            return pages.error(request, 404, pages.catalogue(request).gettext("There is nothing here"))
        path = f"/archive?page={page}" if page > 1 else "/archive"
        title = pages.catalogue(request).gettext("Past editions")
        return respond(
            request,
            "archive.html.j2",
            "/archive",
            indexed=not month,
            editions=editions,
            months=months,
            month=first,
            topics=store.topics(now),
            page=page,
            total=total,
            per_page=PER_PAGE,
            query="",
            meta=archive.list_metadata(title, pages.branding.name, path),
        )

    @routes.get("/archive/{edition}", summary="One edition, as it was sent")
    def show_edition(request: Request, edition: str, show_images: RemoteImages = False) -> HTMLResponse:
        values = archive.edition(edition, pages.language(request), remote=show_images)
        if values is None:
            return missing(request)
        here = edition_path(edition)
        return respond(request, "edition.html.j2", here, indexed=not show_images, **values)

    @routes.get("/story/{story}", summary="A story with its sources and its editions")
    def show_story(request: Request, story: str, show_images: RemoteImages = False) -> Response:
        thread = store.thread_of(story)
        values = archive.story(thread, remote=show_images) if thread else None
        if thread is None or values is None:
            return pages.error(request, 404, pages.catalogue(request).gettext("There is no such story"))
        if thread != story:
            # A later edition had the story under another id. All share one page.
            place = pages.path(story_path(thread), pages.language(request))
            return RedirectResponse(place, 301)
        return respond(request, "story.html.j2", story_path(story), indexed=not show_images, **values)

    @routes.get("/topic/{name:path}", summary="The stories of a section, newest first")
    def show_topic(request: Request, name: str, page: PageNumber = 1) -> HTMLResponse:
        now = context.now()
        topics = store.topics(now)
        topic = next((each for each in topics if each.name == name), None)
        stories = store.topic(name, now, limit=PER_PAGE, offset=(page - 1) * PER_PAGE) if topic else []
        if topic is None or not stories:
            return pages.error(request, 404, pages.catalogue(request).gettext("There is nothing here"))
        here = topic_path(name)
        path = f"{here}?page={page}" if page > 1 else here
        return respond(
            request,
            "topic.html.j2",
            here,
            indexed=True,
            topic=topic,
            topics=topics,
            stories=stories,
            editions=store.editions_of([each.thread for each in stories], now),
            page=page,
            total=topic.stories,
            per_page=PER_PAGE,
            meta=archive.list_metadata(name, f"{name} · {pages.branding.name}", path),
        )

    @routes.get("/corrections", summary="What editions corrected, newest first")
    def show_corrections(request: Request) -> HTMLResponse:
        title = pages.catalogue(request).gettext("Corrections")
        return respond(
            request,
            "corrections.html.j2",
            "/corrections",
            indexed=True,
            corrections=store.corrections(context.now()),
            meta=archive.list_metadata(title, f"{title} · {pages.branding.name}", "/corrections"),
        )

    @routes.get("/search", summary="Stories that have all words of a query")
    def search(request: Request, query: SearchText = "", page: PageNumber = 1) -> HTMLResponse:
        found = archive.search(query.strip(), page=page)
        response = respond(
            request,
            "search.html.j2",
            "/search",
            indexed=False,
            found=found,
            topics=() if found.count else store.topics(context.now()),
            query=found.query,
            page=page,
            total=found.count,
            per_page=PER_PAGE,
        )
        # There are too many different queries to cache.
        response.headers["cache-control"] = "private, max-age=60"
        return response

    return routes


def cards_router(archive: Archive, cards: Cards) -> APIRouter:
    """Serve `/card/edition/KEY.jpg` and `/card/story/ID.jpg` for published editions and stories."""
    routes = APIRouter(
        tags=["archive"], responses={200: {"content": {"image/jpeg": {}}}, 404: {"description": "None."}}
    )
    store, context = archive.store, archive.context

    @routes.get("/card/edition/{edition}.jpg", response_class=Response, summary="The card of an edition")
    def of_edition(edition: str) -> Response:
        found = store.page(edition, context.now())
        if found is None or not cards.can_draw(found.title):
            raise HTTPException(404)
        return _card(cards.draw(found.title, found.day, found.picture))

    @routes.get("/card/story/{story}.jpg", response_class=Response, summary="The card of a story")
    def of_story(story: str) -> Response:
        thread = store.thread(story, context.now())
        if not thread or not cards.can_draw(thread[0].title):
            raise HTTPException(404)
        newest = thread[0]
        return _card(cards.draw(newest.title, newest.day, newest.picture))

    return routes


def _card(data: bytes) -> Response:
    return Response(data, media_type="image/jpeg", headers=_CARD_HEADERS)
