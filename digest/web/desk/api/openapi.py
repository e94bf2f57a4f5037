"""The API described by OpenAPI 3.1, made from the table of routes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from digest import __version__
from digest.usecases.block_texts import FIELDS
from digest.usecases.edit_settings import EDITABLE
from digest.web.desk.access import Route
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
    "pool.search": ("q", "source"),
    "admin.subscribers.page": (*_FILTER, "before"),
    "admin.many.page": ("all", "of", *_FILTER),
    "admin.subscriber.page": ("view", "all"),
    "admin.sources.one": ("name",),
    "admin.reports.missed": ("kind", "reason", "after"),
    "log.page": ("q", "who", "what", "since", "until", "before"),
}
# A text as the program last read it, so that another's change of it is noticed.
_WAS = "was_"
_LISTS = ("topics", "editions", "ids", "sources", "schedule.days")
_MAPS = ("map",)
_FLAGS = ("suppressed", "pause", "all", "back")
_ERROR = {"$ref": "#/components/schemas/Error"}


def unknown_field(page: str, form: Mapping[str, str]) -> tuple[str, Sequence[str]] | None:
    """Return a field of the body that the handler does not have, and those that it has."""
    known = _FIELDS.get(page, ())
    given = (name.partition(":")[0].removeprefix(_WAS) for name in form if name != "lists")
    return next(((name, known) for name in given if name not in known), None)


def description(rows: Sequence[Route], server: str) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for row in rows:
        paths.setdefault(row.path, {})[row.method.lower()] = _operation(row)
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
            "schemas": {"Error": _problem(error)},
        },
    }


def _problem(error: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an error by RFC 9457."""
    text = {"type": "string"}
    named = {"type": text, "title": text, "status": {"type": "integer"}, "detail": text, "field": text, "error": error}
    return {"type": "object", "required": list(named), "properties": named}


def _operation(row: Route) -> dict[str, Any]:
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
        "responses": {"200": {"description": "Done", "content": {"application/json": {}}}, "default": failed},
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
