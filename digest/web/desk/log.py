"""Who did what, when and to what."""

from __future__ import annotations

from starlette.responses import Response

from digest.web.desk.visit import Visit

_PAGE = 100


def page(visit: Visit) -> Response:
    given = visit.query.get("before", "")
    before = int(given) if given.isdecimal() and len(given) < 19 else None
    acts = visit.desk.app.audit.newest(_PAGE, before=before)
    older = acts[-1].id if len(acts) == _PAGE else None
    return visit.page("log.html.j2", acts=acts, older=older, now=visit.desk.now())
