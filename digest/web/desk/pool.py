"""Stories outside the edition: the next best ones, and all articles with search."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response

from digest.models import Edition, Role
from digest.utils.text import one_line
from digest.web.desk.today import EDITABLE
from digest.web.desk.visit import Visit

# Articles per page of results.
_MOST = 30
_MAX_QUERY = 100


def runners_up(visit: Visit) -> Response:
    """Respond with the next best stories. Finding them takes as long as composing, so it is done in the background."""
    edition = visit.edition()
    app = visit.desk.app
    changes = app.editions.editorial_changes(edition.key)
    found = visit.desk.curated.get(
        f"{edition.key} {edition.composed_at} {changes}",
        lambda: app.composer.curated(edition.key),
        wait=10.0,
        from_now=True,
    )
    return visit.page(
        "next.html.j2",
        edition=edition,
        runners_up=None if found is None else found.runners_up,
        too_weak=found.too_weak if found else 0,
        editable=_editable(visit, edition),
    )


def search(visit: Visit) -> Response:
    edition = visit.edition()
    query = one_line(visit.query.get("q", ""))[:_MAX_QUERY]
    source = visit.query.get("source", "")
    app, now = visit.desk.app, visit.desk.now()
    planned = app.calendar.of(edition.key)
    window = planned.schedule.window if planned else app.rules.window
    since = (edition.composed_at or now) - window
    found, total = app.articles.search(query, source=source, since=since, limit=_MOST)
    used = {id for story in edition.stories() for id in story.article_ids}
    return visit.page(
        "pool.html.j2",
        edition=edition,
        query=query,
        source=source,
        sources=[each.name for each in app.sources],
        found=found,
        total=total,
        used=used,
        hours=window // timedelta(hours=1),
        editable=_editable(visit, edition),
        now=now,
    )


def _editable(visit: Visit, edition: Edition) -> bool:
    return visit.may(Role.EDITOR) and edition.state in EDITABLE
