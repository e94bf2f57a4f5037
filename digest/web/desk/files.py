"""Style sheets, scripts and icons, whose addresses contain a hash so that browsers keep them; and pictures."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from digest.render.pictures import for_screen
from digest.web.desk.visit import Visit

# Places of pictures with their width and height, or only their width, in pixels of the page.
_PLACES = {"list": (64, 48), "story": (240,)}


def file(visit: Visit) -> Response:
    found = visit.desk.views.files.get(visit.parameters["name"])
    if found is None:
        raise HTTPException(404)
    headers = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}
    if "gzip" in visit.request.headers.get("accept-encoding", ""):
        return Response(found.zipped, media_type=found.type, headers={**headers, "content-encoding": "gzip"})
    return Response(found.data, media_type=found.type, headers=headers)


def picture(visit: Visit) -> Response:
    """Respond with a picture that is kept with an edition, in the size of its place on a page."""
    found = visit.desk.app.articles.images.load([visit.parameters["cid"]]).get(visit.parameters["cid"])
    if found is None:
        raise HTTPException(404)
    if place := _PLACES.get(visit.query.get("at", "")):
        found = for_screen(found, *place)
    return Response(found.data, media_type=found.type, headers={"cache-control": "private, max-age=86400"})
