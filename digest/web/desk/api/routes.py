"""The API's routes: the routes of the desk's table, under /api, with a token instead of a session."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute

from digest.errors import ConfigurationError, DigestError, StoreError
from digest.models import Role
from digest.store.desk.acting import acting
from digest.web.desk.access import Route
from digest.web.desk.api.openapi import description, unknown_field
from digest.web.desk.api.visit import ApiVisit, answer, failure, form_of
from digest.web.desk.visit import Visit

if TYPE_CHECKING:
    from digest.web.desk.desk import Desk

PREFIX = "/api"
Handler = Callable[[Visit], Response]
# Pages that only show a form, and pages that only make sense in a browser.
_FORMS = frozenset(
    (
        "login.sign_out",
        "again.save",
        "passkeys.page",
        "passkeys.add",
        "passkeys.remove",
        "blocks.page",
        "correct.form",
        "decide.page",
        "decide.act",
        "sending.ask_cancel",
        "files.picture",
        "today.letter",
        "letter.frame",
        "letter.shown",
        "story.page",
        "today.state",
        "today.changes",
        "admin.settings.show",
        "admin.settings.letter",
        "admin.subscribers.add_form",
        "admin.subscriber.ask_erase",
    )
)


def api_rows(table: tuple[Route, ...]) -> list[Route]:
    """Return the rows of the desk's table that programs may use."""
    return [row for row in table if row.role is not None and row.page not in _FORMS]


def api_routes(desk: Desk, table: tuple[Route, ...], handler_of: Callable[[Route], Handler]) -> list[StarletteRoute]:
    rows = api_rows(table)

    async def openapi(request: Request) -> Response:
        return await run_in_threadpool(_openapi, desk, request, rows)

    made = [StarletteRoute(f"{PREFIX}/openapi.json", openapi, methods=["GET"])]
    made += [
        StarletteRoute(f"{PREFIX}{row.path}", _endpoint(desk, row, handler_of(row)), methods=[row.method])
        for row in rows
    ]
    return made


def _endpoint(desk: Desk, row: Route, handler: Handler) -> Callable[[Request], object]:
    async def endpoint(request: Request) -> Response:
        body = await request.body() if row.method == "POST" else b""
        return await run_in_threadpool(_answer, desk, request, row, handler, body)

    return endpoint


def _answer(desk: Desk, request: Request, row: Route, handler: Handler, body: bytes) -> Response:
    with desk.reading(row.method):
        return _answer_within(desk, request, row, handler, body)


def _answer_within(desk: Desk, request: Request, row: Route, handler: Handler, body: bytes) -> Response:
    visit = _visit(desk, request)
    if visit.held is None:
        sent = "authorization" in request.headers
        wrong = "This token is not known, was revoked or is too old." if sent else "No token was sent."
        response = failure(401, f"{wrong} Send one: Authorization: Bearer digest_…")
        response.headers["www-authenticate"] = "Bearer"
        return response
    if not visit.may(row.role or Role.ADMIN):
        return failure(403, f"This token is for {visit.held.allows}; {row.role} is needed.")
    try:
        visit.form = form_of(body)
    except ValueError as error:
        return failure(422, str(error))
    if unknown := unknown_field(row.page, visit.form):
        name, known = unknown
        return failure(422, f"unknown field {name!r}; expected {', '.join(known) or 'no field'}", field=name)
    if row.max_upload and "content" in visit.form:
        visit.file = UploadFile(BytesIO(visit.form["content"].encode()), filename=visit.form.get("name") or "list.csv")
    try:
        with acting(lambda: visit.actor):
            return handler(visit)
    except StoreError:
        raise
    except (ConfigurationError, DigestError) as error:
        return failure(409, str(error))


def _visit(desk: Desk, request: Request) -> ApiVisit:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    held = desk.app.api_tokens.find(token.strip()) if kind.lower() == "bearer" else None
    return ApiVisit(desk, request, held=held)


def _openapi(desk: Desk, request: Request, rows: list[Route]) -> Response:
    """Respond with the OpenAPI description, for users who are signed in or send a token."""
    signed_in = Visit(desk, request)
    signed_in.read_session()
    if signed_in.session is None and _visit(desk, request).held is None:
        return failure(401, "Sign in, or send a token.")
    return answer(description(rows, f"{desk.url}{PREFIX}"))
