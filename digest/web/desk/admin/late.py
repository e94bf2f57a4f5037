"""Send an edition to late subscribers: those who came later, or were left out by mistake."""

from __future__ import annotations

from starlette.responses import Response

from digest.errors import AlreadyRunning
from digest.models import Edition
from digest.usecases.send_late import MoreAreDue, can_be_sent_late
from digest.web.desk.visit import Visit, number_in


def ask(visit: Visit) -> Response:
    edition = visit.edition()
    return _ask(visit, edition, visit.desk.app.enqueuer.count_due(edition) if can_be_sent_late(edition) else 0)


def send(visit: Visit) -> Response:
    """Enqueue the late subscribers, but no more than the page said."""
    _ = visit.catalogue.gettext
    edition, most = visit.edition(), number_in(visit.form.get("most", "")) or 0
    try:
        placed = visit.desk.app.late_sender.enqueue(edition, visit.actor, most=most)
    except MoreAreDue as error:
        problem = _("Meanwhile there are more of them. Look at the number, and decide again.")
        return _ask(visit, edition, error.due, status=409, problem=problem)
    except AlreadyRunning:
        problem = _("An edition is being sent at this moment. Nobody was added; try again when it is done.")
        return _ask(visit, edition, most, status=409, problem=problem)
    return visit.go(f"/report/{edition.key}", late=str(placed))


def _ask(visit: Visit, edition: Edition, due: int, *, status: int = 200, problem: str = "") -> Response:
    possible = can_be_sent_late(edition)
    return visit.page("admin/late.html.j2", status=status, edition=edition, due=due, possible=possible, problem=problem)
