"""The API described by OpenAPI 3.1, made from the table of routes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, get_type_hints

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from digest import __version__
from digest.usecases.block_texts import FIELDS
from digest.usecases.edit_settings import EDITABLE
from digest.web.desk.access import Route
from digest.web.desk.api.documents import DOCUMENTS, Done
from digest.web.desk.api.visit import PROBLEM

_FILTER = ("q", "state", "topic", "frequency", "timezone", "origin")
_SUBSCRIBER = ("name", "topics", "editions", "frequency", "hour", "format", "status", "timezone")
_BLOCK = tuple(dict.fromkeys(each.name for fields in FIELDS.values() for each in fields))
# Handler → fields of its body; the API refuses others. A handler that is not here has none.
_FIELDS: Mapping[str, Sequence[str]] = {
    "story.save": ("title", "summary", "section"),
    "story.take": ("shown",),
    "story.picture": ("picture", "address"),
    "story.upload": ("content",),
    "seen.mark": ("story",),
    "calendar.compose": ("slug", "name", "words", "sources", "hours"),
    "edit.move": ("story", "step", "section", "place"),
    "edit.pin": ("story",),
    "edit.add": ("story",),
    "edit.unpin": ("story",),
    "edit.drop": ("story",),
    "edit.split": ("story", "article"),
    "edit.merge": ("story", "other"),
    "edit.restore": ("story",),
    "edit.texts": ("subject", "preheader", "intro"),
    "edit.settle": ("story", "field", "text", "back", "replacing"),
    "blocks.change": ("name", "act", *_BLOCK),
    "sending.send_test": ("group", "address"),
    "correct.save": ("title", "summary", "note", "revision", "reason"),
    "sending.approve": ("seen", "reason", "at"),
    "users.add": ("name", "role"),
    "users.role": ("role",),
    "users.email": ("email",),
    "users.make_token": ("token", "role", "days"),
    "users.revoke_token": ("token",),
    "admin.subscribers.add": ("email", "consent", *_SUBSCRIBER),
    "admin.subscribers.save_segment": ("name", *_FILTER),
    "admin.subscribers.drop_segment": ("name",),
    "admin.subscriber.save": _SUBSCRIBER,
    "admin.subscriber.pause": ("days",),
    "admin.subscriber.suppress": ("reason",),
    "admin.subscriber.unsuppress": ("reason",),
    "admin.subscriber.erase": ("reason",),
    "admin.imports.preview": ("name", "content", "id", "origin", "existing", "format", "map", "weekday"),
    "admin.imports.run": ("consent",),
    "admin.imports.undo": ("seen",),
    "admin.imports.export": ("format", "segment", "suppressed", "ids", "all", *_FILTER),
    "admin.many.run": (
        "ids",
        "all",
        *_FILTER,
        "act",
        "days",
        "reason",
        "lift_reason",
        "of",
        "new_topic",
        "new_frequency",
        "seen",
    ),
    "admin.sources.preview": ("url", "name", "weight", "section"),
    "admin.sources.add": ("url", "name", "weight", "section"),
    "admin.sources.change": ("name", "weight", "section"),
    "admin.sources.pause": ("name", "pause"),
    "admin.sources.remove": ("name",),
    "admin.late.send": ("most",),
    "admin.settings.save": ("version", *EDITABLE),
}
_QUERIES: Mapping[str, Sequence[str]] = {
    "calendar.page": ("month",),
    "pool.search": ("q", "section", "source", "hours", "state", "sort", "page"),
    "admin.subscribers.page": (*_FILTER, "before"),
    "admin.many.page": ("all", "of", *_FILTER),
    "admin.subscriber.page": ("view", "all"),
    "admin.sources.one": ("name",),
    "admin.reports.missed": ("kind", "reason", "after"),
    "log.page": ("q", "who", "what", "since", "until", "before"),
}
# Handler → the templates whose documents are its answers. One that is not here answers `Done`.
_PAGES: Mapping[str, Sequence[str]] = {
    "today.today": ("today.html.j2", "empty.html.j2"),
    "today.edition": ("today.html.j2",),
    "today.checks": ("checks.html.j2",),
    "calendar.page": ("calendar.html.j2",),
    "pool.runners_up": ("next.html.j2",),
    "pool.search": ("pool.html.j2",),
    "correct.save": ("corrected.html.j2",),
    "log.page": ("log.html.j2",),
    "users.page": ("users.html.j2",),
    "users.add": ("users.html.j2",),
    "users.link": ("users.html.j2",),
    "users.make_token": ("users.html.j2",),
    "admin.subscribers.page": ("admin/subscribers.html.j2",),
    "admin.subscriber.page": ("admin/subscriber.html.j2",),
    "admin.imports.page": ("admin/import.html.j2",),
    "admin.imports.preview": ("admin/import.html.j2",),
    "admin.imports.run": ("admin/import.html.j2",),
    "admin.imports.ask_undo": ("admin/undo.html.j2",),
    "admin.imports.undo": ("admin/undo.html.j2",),
    "admin.many.page": ("admin/many.html.j2",),
    "admin.many.run": ("admin/many.html.j2",),
    "admin.sources.page": ("admin/sources.html.j2",),
    "admin.sources.one": ("admin/source.html.j2",),
    "admin.sources.preview": ("admin/sources.html.j2",),
    "admin.reports.page": ("admin/reports.html.j2",),
    "admin.reports.edition": ("admin/report.html.j2",),
    "admin.reports.missed": ("admin/missed.html.j2",),
    "admin.late.ask": ("admin/late.html.j2",),
    "admin.settings.page": ("admin/settings.html.j2",),
    "admin.webhooks.page": ("admin/webhooks.html.j2",),
}
# Handlers that answer with a table.
_TABLES = (
    "admin.imports.rejected",
    "admin.imports.export",
    "admin.reports.recent_table",
    "admin.reports.failures_table",
    "admin.reports.table",
    "admin.reports.course_table",
    "admin.reports.missed_table",
)
# A person's data is written for them: its parts depend on what is stored.
_FILE = "admin.subscriber.data"
_REF = "#/components/schemas/{model}"
# A text as the program last read it, so that another's change of it is noticed.
_WAS = "was_"
_LISTS = ("topics", "editions", "ids", "sources", "schedule.days")
_MAPS = ("map",)
_FLAGS = ("suppressed", "pause", "all", "back")
_ERROR = {"$ref": "#/components/schemas/Error"}


def unknown_field(page: str, form: Mapping[str, str]) -> tuple[str, Sequence[str]] | None:
    """Return a field of the body that the handler does not have, and the fields that it has."""
    known = _FIELDS.get(page, ())
    given = (name.partition(":")[0].removeprefix(_WAS) for name in form if name != "lists")
    return next(((name, known) for name in given if name not in known), None)


def description(rows: Sequence[Route], server: str) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    answers, schemas = _answers()
    for row in rows:
        paths.setdefault(row.path, {})[row.method.lower()] = _operation(row, answers)
    error = {
        "type": "object",
        "required": ["status", "message", "field"],
        "properties": {
            "status": {"type": "integer"},
            "message": {"type": "string"},
            "field": {"type": "string", "description": "The field that it concerns, or ''."},
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "The desk", "version": __version__},
        "servers": [{"url": server}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {**schemas, "Error": _problem(error)},
        },
    }


def _problem(error: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an error by RFC 9457."""
    text = {"type": "string"}
    named = {"type": text, "title": text, "status": {"type": "integer"}, "detail": text, "field": text, "error": error}
    return {"type": "object", "required": list(named), "properties": named}


class _AnswerSchema(GenerateJsonSchema):
    """The schema of answers. A field with a default is always sent, so it is required."""

    def field_is_required(self, field: Any, total: bool) -> bool:  # noqa: ARG002
        return True

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False

    def default_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])


@cache
def _answers() -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return template → schema of its document ('' means `Done`), and the schemas that these use."""
    kinds = {template: get_type_hints(make)["return"] for template, make in DOCUMENTS.items()}
    adapters: list[tuple[str, Any, TypeAdapter[Any]]] = [
        (template, "serialization", TypeAdapter(kind)) for template, kind in {**kinds, "": Done}.items()
    ]
    found, defined = TypeAdapter.json_schemas(adapters, ref_template=_REF, schema_generator=_AnswerSchema)
    return {template: schema for (template, _mode), schema in found.items()}, defined["$defs"]


def _content(page: str, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a handler's answer."""
    if page in _TABLES:
        return {"text/csv": {"schema": {"type": "string"}}}
    if page == _FILE:
        return {"application/json": {"schema": {"type": "object"}}}
    schemas = [answers[template] for template in _PAGES.get(page, ("",))]
    return {"application/json": {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}}


def _operation(row: Route, answers: Mapping[str, Any]) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{([a-z_]+)\}", row.path)
    ]
    parameters += [
        {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
        for name in _QUERIES.get(row.page, ())
    ]
    failed = {"description": "An error", "content": {PROBLEM: {"schema": _ERROR}}}
    found: dict[str, Any] = {
        "summary": row.summary,
        "operationId": row.page.replace(".", "_"),
        "x-least-role": str(row.role),
        "parameters": parameters,
        "responses": {"200": {"description": "Done", "content": _content(row.page, answers)}, "default": failed},
    }
    if row.method == "POST":
        found["requestBody"] = {"required": False, "content": {"application/json": {"schema": _body(row.page)}}}
    return found


def _body(page: str) -> dict[str, Any]:
    names = _FIELDS.get(page, ())
    # `was_title` is the title as it was read, `map:email` the column of the email.
    more = [f"^{_WAS}", *(f"^{name}:" for name in names if name in _MAPS)]
    return {
        "type": "object",
        "properties": {name: _type(name) for name in names if name not in _MAPS},
        "patternProperties": {pattern: _type("") for pattern in more},
        "additionalProperties": False,
    }


def _type(name: str) -> dict[str, Any]:
    if name in _LISTS:
        return {"type": "array", "items": {"type": "string"}}
    return {"type": "boolean"} if name in _FLAGS else {"type": ["string", "number"]}
