"""JSON Schemas of digest.yaml and subscribers.yaml for editors: made from the models that read the files.

What a key is for comes from the tables of docs/configuration.md, so that an editor shows on hovering what the document
says. Looser than the readers where a schema can't say a thing: an editor must not mark what is right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from digest import resources
from digest.files import replace_file
from digest.settings import EditionSettings, Settings
from digest.subscribers import listing

FOLDER = "schema"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_RULES: dict[str, dict[str, Any]] = {
    "SourceSettings": {"oneOf": [{"required": ["url"]}, {"required": ["path"]}]},
    "AuthSettings": {"oneOf": [{"required": ["header"]}, {"required": ["param"]}]},
}
"""What the models check by code."""


def write(home: Path, topics: Iterable[str] | None = None) -> list[Path]:
    """Writes both schemas into the newsletter folder's `schema/`. `topics` are what readers may choose; None: what they
    may where nothing else is set. Raises DigestError."""
    folder = home / FOLDER
    folder.mkdir(exist_ok=True)
    made = {
        "digest": settings_schema(),
        "subscribers": list_schema(EditionSettings().sections if topics is None else topics),
    }
    paths = []
    for name, schema in made.items():
        path = folder / f"{name}.schema.json"
        replace_file(path, (json.dumps(schema, ensure_ascii=False, indent=1) + "\n").encode())
        paths.append(path)
    return paths


def settings_schema() -> dict[str, Any]:
    """The schema of digest.yaml."""
    schema = Settings.model_json_schema(schema_generator=_Generator)
    definitions = schema.get("$defs", {})
    for name, rule in _RULES.items():
        definitions[name].update(rule)
    for shape in (schema, *definitions.values()):
        shape.pop("title", None)
        if "description" in shape:
            shape["description"] = shape["description"].replace("`", "")
        for prop in shape.get("properties", {}).values():
            prop.pop("title", None)
    mapping = definitions["SourceSettings"]["properties"]["mapping"]
    mapping["anyOf"].append(definitions["MappingSettings"]["properties"]["preset"]["anyOf"][0])  # a bare name
    transports = definitions["Delivery"]["properties"]["transport"]
    definitions["Delivery"]["properties"]["transport"] = {"anyOf": [transports["items"], transports]}  # one, or several
    schema["properties"]["sources"] = {"anyOf": [schema["properties"]["sources"], {"type": "null"}]}
    _describe(schema, definitions, "", _described())
    return {"$schema": DIALECT, "title": "digest.yaml", **schema}


def list_schema(topics: Iterable[str]) -> dict[str, Any]:
    """The schema of subscribers.yaml and of the files that it includes."""
    told = _described()
    text = {"type": ["string", "null"]}
    names = list(topics)
    topic = {"anyOf": [{"enum": names}, {"type": "string"}]} if names else {"type": "string"}
    fields: dict[str, dict[str, Any]] = {
        "email": {"type": "string", "pattern": "@"},
        "name": text,
        "topics": {"anyOf": [{"type": "array", "items": topic}, topic, {"type": "null"}]},
        "frequency": {"enum": [*listing.FREQUENCIES, None]},
        "timezone": {**text, "pattern": "^[A-Za-z][A-Za-z0-9_+/-]*$", "examples": ["Asia/Kolkata"]},
        "hour": {**text, "pattern": "^([01]?[0-9]|2[0-3]):[0-5][0-9]$", "examples": ["07:00"]},
        "status": {"enum": [*listing.STATUSES, None]},
        "format": {"enum": [*listing.FORMATS, None]},
    }
    for name, field in fields.items():
        field["description"] = told.get(name, "")
    files = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
    return {
        "$schema": DIALECT,
        "title": listing.FILE_NAME,
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "defaults": _object({name: fields[name] for name in listing.DEFAULTABLE}, nullable=True),
            "include": {**files, "description": "More files of readers, each with defaults of its own."},
            "subscribers": {"type": ["array", "null"], "items": {**_object(fields), "required": ["email"]}},
        },
    }


class _Generator(GenerateJsonSchema):
    """Defaults as they are written in the file."""

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, timedelta):
            seconds = dft.total_seconds()
            sign, unit = next((s, n) for s, n in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)) if not seconds % n)
            return f"{seconds / unit:g}{sign}" if seconds != 86400 else "24h"
        return dft.isoformat("minutes") if isinstance(dft, time) else super().encode_default(dft)


def _object(properties: Mapping[str, Any], *, nullable: bool = False) -> dict[str, Any]:
    kind: Any = ["object", "null"] if nullable else "object"
    return {"type": kind, "additionalProperties": False, "properties": dict(properties)}


def _describe(shape: dict[str, Any], definitions: dict[str, Any], path: str, told: Mapping[str, str]) -> None:
    for name, prop in shape.get("properties", {}).items():
        if said := told.get(f"{path}{name}"):
            prop["description"] = said
        for inner, step in _inner(prop):
            _describe(definitions[inner], definitions, f"{path}{name}{step}.", told)


def _inner(prop: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(definition, step of the path) of what a property holds."""
    if "$ref" in prop:
        yield prop["$ref"].rpartition("/")[2], ""
    for option in prop.get("anyOf", ()):
        yield from _inner(option)
    for inner, step in _inner(prop["items"]) if isinstance(prop.get("items"), dict) else ():
        yield inner, f"[]{step}"


def _described() -> dict[str, str]:
    """Key → what docs/configuration.md says of it; empty where the document is not at hand."""
    file = resources.docs() / "configuration.md"
    if not file.is_file():
        return {}
    told: dict[str, str] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) != 3 or not cells[0].startswith("`"):
            continue
        whole = ""
        for key in re.findall(r"`([^`]+)`", cells[0]):
            whole = whole.rpartition(".")[0] + key if key.startswith(".") else key
            told[whole] = cells[2].replace("`", "").replace("\\|", "|")
    return told
