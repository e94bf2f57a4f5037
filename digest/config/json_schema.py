"""JSON Schemas of digest.yaml and subscribers.yaml, with which editors check and explain the files.

They are generated from the settings models. Where JSON Schema can't express a rule they accept more than the loaders,
so that an editor never marks a valid file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from digest.config.settings import EditionSettings, Settings
from digest.subscribers import frequency, list_file
from digest.utils.files import replace_file

FOLDER = "schema"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
# Rules that the models check in validators.
_RULES: dict[str, dict[str, Any]] = {
    "SourceSettings": {"oneOf": [{"required": ["url"]}, {"required": ["path"]}]},
    "AuthSettings": {"oneOf": [{"required": ["header"]}, {"required": ["param"]}]},
}


def write_schemas(home: Path, topics: Iterable[str] | None = None, editions: Iterable[str] = ()) -> list[Path]:
    """Write both schemas into `schema/`. None as `topics` uses the default sections. Raises DigestError."""
    folder = home / FOLDER
    folder.mkdir(exist_ok=True)
    schemas = {
        "digest": settings_schema(),
        "subscribers": list_schema(EditionSettings().sections if topics is None else topics, editions),
    }
    paths = []
    for name, schema in schemas.items():
        path = folder / f"{name}.schema.json"
        replace_file(path, (json.dumps(_plain_text(schema), ensure_ascii=False, indent=1) + "\n").encode(), mode=0o644)
        paths.append(path)
    return paths


def settings_schema() -> dict[str, Any]:
    """Return the schema of digest.yaml, with descriptions in Markdown."""
    schema = Settings.model_json_schema(schema_generator=_Generator)
    definitions = schema["$defs"]
    for name, rule in _RULES.items():
        definitions[name].update(rule)
    for model in (schema, *definitions.values()):
        model.pop("title", None)
        for prop in model.get("properties", {}).values():
            prop.pop("title", None)
            # Its keys have their own defaults.
            if "$ref" in prop:
                prop.pop("default", None)
    source = definitions["SourceSettings"]["properties"]
    # The name of a preset is a mapping too.
    source["mapping"]["anyOf"].append(definitions["MappingSettings"]["properties"]["preset"]["anyOf"][0])
    delivery = definitions["DeliverySettings"]["properties"]
    # One transport, or several.
    names = {key: delivery["transport"].pop(key) for key in ("type", "items")}
    delivery["transport"] = {"anyOf": [names["items"], names], **delivery["transport"]}
    sources = schema["properties"]["sources"]
    rows = {key: sources.pop(key) for key in ("type", "items")}
    schema["properties"]["sources"] = {"anyOf": [rows, {"type": "null"}], **sources}
    return {"$schema": DIALECT, "title": "digest.yaml", **schema}


def list_schema(topics: Iterable[str], editions: Iterable[str] = ()) -> dict[str, Any]:
    """Return the schema of subscribers.yaml and of the files it includes, with descriptions in Markdown."""
    text = {"type": ["string", "null"]}
    names = list(topics)
    topic = {"anyOf": [{"enum": names}, {"type": "string"}]} if names else {"type": "string"}
    slugs = list(editions)
    edition = {"anyOf": [{"enum": slugs}, {"type": "string"}]} if slugs else {"type": "string"}
    fields: dict[str, dict[str, Any]] = {
        "email": {
            "type": "string",
            "pattern": "@",
            "description": "Email address, unique in the list regardless of case and IDN form.",
        },
        "name": {**text, "description": "Name of the subscriber."},
        "topics": {
            "anyOf": [{"type": "array", "items": topic}, topic, {"type": "null"}],
            "description": "Sections to receive, in addition to the lead story. Not set: all.",
        },
        "frequency": {
            "type": ["string", "null"],
            "pattern": frequency.PATTERN,
            "default": "daily",
            "description": "Days on which the newsletter is sent: `daily`, `weekdays`, `weekly:sun`, "
            "`weekly:mon,wed,fri`.",
        },
        "timezone": {
            **text,
            "pattern": "^[A-Za-z][A-Za-z0-9_+/-]*$",
            "examples": ["Asia/Kolkata"],
            "default": "Asia/Kolkata",
            "description": "Time zone of `hour`.",
        },
        "hour": {
            **text,
            "pattern": "^([01]?[0-9]|2[0-3]):[0-5][0-9]$",
            "examples": ["07:00"],
            "description": "When `digest run` sends the edition; the default is `schedule.send_at`, the earliest time.",
        },
        "status": {
            "enum": [*list_file.STATUSES, None],
            "default": "active",
            "description": "`active`, or `paused` to send no email until it is active again.",
        },
        "format": {
            "enum": [*list_file.FORMATS, None],
            "default": "html",
            "description": "`html`, or `text` for an email without HTML.",
        },
        "editions": {
            "anyOf": [{"type": "array", "items": edition}, edition, {"type": "null"}],
            "description": "Slugs of `schedule.editions` to receive. Not set: the default ones.",
        },
    }
    files = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
    return {
        "$schema": DIALECT,
        "title": list_file.FILE_NAME,
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "defaults": {
                **_object({name: fields[name] for name in list_file.DEFAULTABLE}, nullable=True),
                "description": "Values for subscribers that do not set a field.",
            },
            "include": {**files, "description": "More files of subscribers, each with its own defaults."},
            "subscribers": {
                "type": ["array", "null"],
                "items": {**_object(fields), "required": ["email"]},
                "description": "The subscribers.",
            },
        },
    }


class _Generator(GenerateJsonSchema):
    """Writes defaults as they are written in the file."""

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, timedelta):
            seconds = dft.total_seconds()
            unit, size = next((u, n) for u, n in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)) if not seconds % n)
            return f"{seconds / size:g}{unit}" if seconds != 86400 else "24h"
        return dft.isoformat("minutes") if isinstance(dft, time) else super().encode_default(dft)


def _object(properties: Mapping[str, Any], *, nullable: bool = False) -> dict[str, Any]:
    kind: Any = ["object", "null"] if nullable else "object"
    return {"type": kind, "additionalProperties": False, "properties": dict(properties)}


def _plain_text(schema: Any) -> Any:
    """Return the schema without Markdown's backticks, which editors would show."""
    if isinstance(schema, dict):
        return {key: _plain_text(value) for key, value in schema.items()}
    if isinstance(schema, list):
        return [_plain_text(value) for value in schema]
    return schema.replace("`", "") if isinstance(schema, str) else schema
