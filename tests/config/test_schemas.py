"""The JSON Schemas for editors accept every documented example, and mark common errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import available_timezones

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from digest.config import json_schema
from digest.config.settings import Settings
from digest.yamlio import reader
from tests.house.documents import list_examples, settings_examples
from tests.paths import ROOT
from tests.support.tables import each_row
from tools import configuration

CONFIGURATION = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
SETTINGS = Draft202012Validator(json_schema.settings_schema())
LIST = Draft202012Validator(json_schema.list_schema(("देश", "खेल")))
NEWSLETTER = "newsletter: {name: न, sender: {email: news@example.com}}\n"


def errors(validator: Draft202012Validator, text: str) -> list[str]:
    return [error.message for error in validator.iter_errors(reader.read_text(text, "x"))]


@pytest.mark.slow
def test_both_are_valid_schemas() -> None:
    for validator in (SETTINGS, LIST):
        Draft202012Validator.check_schema(validator.schema)


@pytest.mark.parametrize("folder", [ROOT, ROOT / "samples/newsletter"])
def test_our_own_files_are_valid_and_name_their_schema(folder: Path) -> None:
    for name, validator in (("digest", SETTINGS), ("subscribers", LIST)):
        text = (folder / f"{name}.yaml").read_text(encoding="utf-8")
        assert text.startswith(f"# yaml-language-server: $schema=schema/{name}.schema.json\n")
        assert errors(validator, text) == []


def test_the_examples_in_the_documents_are_valid() -> None:
    for validator, examples in ((SETTINGS, settings_examples()), (LIST, list_examples())):
        assert examples
        for example in examples:
            assert errors(validator, example.text) == [], example


def test_every_setting_and_field_has_a_description() -> None:
    rows = configuration.setting_rows() + configuration.field_rows()
    assert len({row.key for row in rows}) > 100
    for schema in (SETTINGS.schema, *SETTINGS.schema["$defs"].values(), LIST.schema):
        assert all(prop.get("description") for prop in schema["properties"].values())


def test_the_tables_of_the_document_are_current() -> None:
    """After a change of the settings run `python -m tools.configuration`."""
    assert configuration.updated(CONFIGURATION) == CONFIGURATION


def test_a_document_without_its_blocks_is_an_error() -> None:
    with pytest.raises(ValueError, match="expected one block 'settings'"):
        configuration.updated("")


def test_defaults_are_written_as_in_the_file() -> None:
    for model in SETTINGS.schema["$defs"].values():
        for prop in model.get("properties", {}).values():
            if isinstance(prop.get("default"), str) and "pattern" in prop:
                assert next(Draft202012Validator(prop).iter_errors(prop["default"]), None) is None, prop
    assert SETTINGS.schema["$defs"]["EditionSettings"]["properties"]["window"]["default"] == "24h"
    assert Settings.model_validate({"newsletter": {"name": "x", "sender": {"email": "a@example.com"}}})


@each_row(
    "text",
    [
        "newsleter: {}\n",
        NEWSLETTER + "sources: [{name: x}]\n",
        NEWSLETTER + 'sources: [{name: x, url: "https://a.example", path: b}]\n',
        NEWSLETTER + "sources: [{name: x, path: b, wieght: 2}]\n",
        NEWSLETTER + "sources: [{name: x, path: b, weight: 11}]\n",
        NEWSLETTER + "edition: {window: a day}\n",
        NEWSLETTER + "edition: {max_stories: many}\n",
        NEWSLETTER + "delivery: {transport: pigeon}\n",
        NEWSLETTER + "delivery: {batch_size: 1001}\n",
        NEWSLETTER + 'schedule: {send_at: "25:00"}\n',
        NEWSLETTER + "theme: {accent: red}\n",
        "newsletter: {name: न}\n",
        "newsletter: {name: न, sender: {email: nobody}}\n",
    ],
)
def test_wrong_settings_are_marked(text: str) -> None:
    assert errors(SETTINGS, text)


@each_row(
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
    assert errors(LIST, text)


@pytest.mark.parametrize(
    "text",
    [
        "subscribers:\n",
        "include: readers/*.yaml\n",
        "defaults:\nsubscribers: [{email: a@example.com, topics: देश, hour: , name: , status: paused}]\n",
        "subscribers: [{email: आशा@example.com, topics: [विज्ञान], frequency: weekly:sun}]\n",
    ],
)
def test_valid_lists_are_not_marked(text: str) -> None:
    assert errors(LIST, text) == []


def test_every_time_zone_passes() -> None:
    for zone in available_timezones():
        assert errors(LIST, f"defaults: {{timezone: {zone}}}\n") == []


def test_the_schemas_of_this_folder_are_current(tmp_path: Path) -> None:
    """After a change of the settings run `.venv/bin/digest --home . schema`."""
    for path in json_schema.write_schemas(tmp_path):
        assert b"`" not in path.read_bytes()
        assert json.loads(path.read_bytes()) == json.loads((ROOT / "schema" / path.name).read_bytes())


def test_the_defaults_of_each_section_are_valid() -> None:
    defaults = list(default_sections(Settings))
    assert len(defaults) > 30
    for default in defaults:
        assert type(default).model_validate({}) == default


def default_sections(model: type[BaseModel]) -> Iterator[BaseModel]:
    for field in model.model_fields.values():
        if isinstance(field.default, BaseModel):
            yield field.default
            yield from default_sections(type(field.default))
