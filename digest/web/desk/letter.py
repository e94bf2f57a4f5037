"""The email as it will arrive: in a frame that can do nothing, light, dark or as text."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from digest.models import Edition, EditionState
from digest.usecases.shown_email import fill, in_scheme
from digest.web.desk.visit import Visit

# The frame's own policy. `sandbox` without a word more: no scripts, no forms, no links to other windows.
FRAME_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; frame-ancestors 'self'"
FORMS = ("light", "dark", "text")


def frame(visit: Visit) -> Response:
    edition = visit.desk.app.editions.get(visit.parameters["key"])
    if edition is None or edition.state == EditionState.SKIPPED:
        raise HTTPException(404)
    shown = visit.query.get("form", "light")
    html, text = _filled(visit, edition)
    if shown == "text":
        body = visit.desk.views.render("text.html.j2", visit.language, text=text)
    else:
        body = in_scheme(html, "dark" if shown == "dark" else "light")
    headers = {"content-security-policy": FRAME_POLICY, "x-frame-options": "SAMEORIGIN"}
    return HTMLResponse(body, headers=headers)


def page(visit: Visit) -> Response:
    """The email alone, for a phone."""
    from digest.web.desk import today

    edition = visit.desk.app.editions.get(visit.parameters["key"])
    if edition is None:
        raise HTTPException(404)
    return today.page(visit, edition, view="letter")


def _filled(visit: Visit, edition: Edition) -> tuple[str, str]:
    """Return the HTML and the text of the largest email, for an invented recipient."""
    app = visit.desk.app
    checked = visit.desk.checks.of(edition, wait=30.0)
    if checked is None or checked.largest is None:
        raise HTTPException(404)
    _outgoing, html, text = fill(edition, checked.largest, app.sender, app.signer, app.articles.images)
    return html, text
