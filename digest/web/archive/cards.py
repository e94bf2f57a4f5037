"""The pictures of link previews, drawn on request and then served from memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from digest.usecases.share import Cards
    from digest.web.archive.site import Archive

# Apps load the picture from their own servers or pages.
_HEADERS = {"cache-control": "public, max-age=86400", "cross-origin-resource-policy": "cross-origin"}


def router(archive: Archive, cards: Cards) -> APIRouter:
    """`/card/edition/KEY.jpg` and `/card/story/ID.jpg`, of what is published."""
    routes = APIRouter(
        tags=["archive"], responses={200: {"content": {"image/jpeg": {}}}, 404: {"description": "None."}}
    )
    store, context = archive.store, archive.context

    @routes.get("/card/edition/{edition}.jpg", response_class=Response, summary="The card of an edition")
    def of_edition(edition: str) -> Response:
        found = store.page(edition, context.now())
        if found is None or not cards.can_draw(found.title):
            raise HTTPException(404)
        return Response(cards.draw(found.title, found.day, found.picture), media_type="image/jpeg", headers=_HEADERS)

    @routes.get("/card/story/{story}.jpg", response_class=Response, summary="The card of a story")
    def of_story(story: str) -> Response:
        thread = store.thread(story, context.now())
        if not thread or not cards.can_draw(thread[0].title):
            raise HTTPException(404)
        newest = thread[0]
        return Response(cards.draw(newest.title, newest.day, newest.picture), media_type="image/jpeg", headers=_HEADERS)

    return routes
