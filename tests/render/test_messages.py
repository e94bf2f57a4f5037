"""The catalogue: nothing that a reader sees is missing in Hindi, and its plurals are Hindi's."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from digest.messages import translator
from tests.render.sample import ROOT

CATALOGUE = ROOT / "digest" / "messages" / "hi.po"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
FIELD = re.compile(r"%\(\w+\)s", re.A)


def used() -> Iterator[tuple[str, str]]:
    """Every message id of templates and code, with where it stands."""
    for path in sorted((ROOT / "templates").rglob("*.j2")):
        with path.open("rb") as stream:
            for _, _, message, _ in babel_extract(stream, list(KEYWORDS), [], {}):
                for one in [message] if isinstance(message, str) else message:
                    if one:
                        yield one, path.name
    for path in sorted((ROOT / "digest").rglob("*.py")):
        with path.open("rb") as stream:
            for _, message, _, _ in extract("python", stream, KEYWORDS):
                for one in [message] if isinstance(message, str) else message:
                    yield one, path.name


def test_every_message_is_in_hindi() -> None:
    with CATALOGUE.open("rb") as stream:
        catalogue = read_po(stream, locale="hi")
    known = {
        one
        for message in catalogue
        if message.id and all([message.string] if isinstance(message.string, str) else message.string)
        for one in ([message.id] if isinstance(message.id, str) else message.id)
    }
    ids = dict(used())
    assert len(ids) > 15, "the extraction found next to nothing"
    assert {one: where for one, where in ids.items() if one not in known} == {}


def test_translations_keep_the_fields_of_their_messages() -> None:
    with CATALOGUE.open("rb") as stream:
        catalogue = read_po(stream, locale="hi")
    for message in catalogue:
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        strings = [message.string] if isinstance(message.string, str) else list(message.string)
        for string in strings if message.id else ():
            assert set(FIELD.findall(string)) == set(FIELD.findall(ids[-1])), ids[0]


@pytest.mark.parametrize(("count", "told"), [(0, "ख़बर"), (1, "ख़बर"), (2, "ख़बरें"), (12, "ख़बरें")])
def test_hindi_plurals(count: int, told: str) -> None:
    got = translator("hi").ngettext("%(num)s story", "%(num)s stories", count)
    assert got == f"%(num)s {told}"


@pytest.mark.parametrize(("count", "told"), [(0, "stories"), (1, "story"), (2, "stories")])
def test_english_plurals(count: int, told: str) -> None:
    assert translator("en").ngettext("%(num)s story", "%(num)s stories", count) == f"%(num)s {told}"


def test_a_region_is_no_other_language_and_one_without_catalogue_is_english() -> None:
    assert translator("hi-IN").gettext("Unsubscribe") == translator("hi_IN").gettext("Unsubscribe") == "सदस्यता छोड़ें"
    assert translator("xx").gettext("Unsubscribe") == "Unsubscribe"
    assert translator("../hi").gettext("Unsubscribe") == "Unsubscribe"


def test_one_language_is_compiled_once() -> None:
    assert translator("hi") is translator("hi")
