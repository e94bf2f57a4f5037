"""The schemas for editors: they pass all that we show and that is right, and mark what a person mistypes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import pytest
from jsonschema import Draft202012Validator

from digest import marked_yaml, schemas
from digest.settings import Settings
from tests.house.test_readme import CONFIGURATION, README, blocks, keys
from tests.paths import ROOT

SETTINGS = Draft202012Validator(schemas.settings_schema())
LIST = Draft202012Validator(schemas.list_schema(("देश", "खेल")))
LETTER = "newsletter: {name: न, sender: {email: news@example.com}}\n"


def marks(validator: Draft202012Validator, text: str) -> list[str]:
    return [error.message for error in validator.iter_errors(marked_yaml.read_text(text, "x"))]


def test_both_are_schemas() -> None:
    for validator in (SETTINGS, LIST):
        Draft202012Validator.check_schema(validator.schema)


@pytest.mark.parametrize("folder", [ROOT, ROOT / "samples/newsletter"])
def test_our_own_files_are_right_and_name_their_schema(folder: Path) -> None:
    for name, validator in (("digest", SETTINGS), ("subscribers", LIST)):
        text = (folder / f"{name}.yaml").read_text(encoding="utf-8")
        assert text.startswith(f"# yaml-language-server: $schema=schema/{name}.schema.json\n")
        assert marks(validator, text) == []


@pytest.mark.parametrize("block", blocks(README + CONFIGURATION.partition("## subscribers.yaml")[0], "yaml"))
def test_what_the_documents_show_is_right(block: str) -> None:
    assert marks(SETTINGS, LETTER + block) == []


def test_every_key_is_known_and_described(tmp_path: Path) -> None:
    text = json.dumps(SETTINGS.schema, ensure_ascii=False)
    undescribed = [path for path, prop in _properties(SETTINGS.schema, "") if "description" not in prop]
    assert len(undescribed) < 8, undescribed  # whose row in the document says all by its name
    assert {path for path, _prop in _properties(SETTINGS.schema, "")} >= keys()
    assert "`" not in text
    assert LIST.schema["properties"]["subscribers"]["items"]["properties"]["hour"]["description"]


def _properties(shape: dict[str, Any], path: str) -> list[tuple[str, dict[str, Any]]]:
    """Every key that holds no keys of its own."""
    found = []
    for name, prop in shape.get("properties", {}).items():
        inner = json.dumps(prop)
        reference = next((one for one in SETTINGS.schema["$defs"] if f'"#/$defs/{one}"' in inner), None)
        step = f"{path}{name}" + ("[]" if '"array"' in inner and reference else "")
        found += _properties(SETTINGS.schema["$defs"][reference], f"{step}.") if reference else [(step, prop)]
    return found


def test_defaults_are_shown_as_they_are_written() -> None:
    for shape in SETTINGS.schema["$defs"].values():
        for prop in shape.get("properties", {}).values():
            if isinstance(prop.get("default"), str) and "pattern" in prop:
                assert next(Draft202012Validator(prop).iter_errors(prop["default"]), None) is None, prop
    assert SETTINGS.schema["$defs"]["EditionSettings"]["properties"]["window"]["default"] == "24h"
    assert Settings.model_validate({"newsletter": {"name": "x", "sender": {"email": "a@example.com"}}})


@pytest.mark.parametrize(
    "text",
    [
        "newsleter: {}\n",
        LETTER + "sources: [{name: x}]\n",
        LETTER + 'sources: [{name: x, url: "https://a.example", path: b}]\n',
        LETTER + "sources: [{name: x, path: b, wieght: 2}]\n",
        LETTER + "sources: [{name: x, path: b, weight: 11}]\n",
        LETTER + "edition: {window: a day}\n",
        LETTER + "edition: {max_stories: many}\n",
        LETTER + "delivery: {transport: pigeon}\n",
        LETTER + "delivery: {batch_size: 1001}\n",
        LETTER + 'schedule: {send_at: "25:00"}\n',
        LETTER + "theme: {accent: red}\n",
        "newsletter: {name: न}\n",
        "newsletter: {name: न, sender: {email: nobody}}\n",
    ],
)
def test_wrong_settings_are_marked(text: str) -> None:
    assert marks(SETTINGS, text)


@pytest.mark.parametrize(
    "text",
    [
        "readers: []\n",
        "subscribers: [asha@example.com]\n",
        "subscribers: [{name: x}]\n",
        "subscribers: [{email: nobody}]\n",
        "subscribers: [{email: a@example.com, frequency: daliy}]\n",
        'subscribers: [{email: a@example.com, hour: "०७:००"}]\n',
        "subscribers: [{email: a@example.com, status: gone}]\n",
        "subscribers: [{email: a@example.com, nmae: x}]\n",
        "defaults: {email: a@example.com}\n",
        "include: {a: b}\n",
    ],
)
def test_wrong_lists_are_marked(text: str) -> None:
    assert marks(LIST, text)


@pytest.mark.parametrize(
    "text",
    [
        "subscribers:\n",
        "include: readers/*.yaml\n",
        "defaults:\nsubscribers: [{email: a@example.com, topics: देश, hour: , name: , status: paused}]\n",
        "subscribers: [{email: आशा@example.com, topics: [विज्ञान], frequency: weekly:sun}]\n",
    ],
)
def test_right_lists_are_not(text: str) -> None:
    assert marks(LIST, text) == []


def test_every_time_zone_passes() -> None:
    for zone in available_timezones():
        assert marks(LIST, f"defaults: {{timezone: {zone}}}\n") == []


def test_the_schemas_of_this_folder_are_current(tmp_path: Path) -> None:
    """After a change of the settings or their document: `.venv/bin/digest --home . schema`."""
    for path in schemas.write(tmp_path):
        assert json.loads(path.read_bytes()) == json.loads((ROOT / "schema" / path.name).read_bytes())
