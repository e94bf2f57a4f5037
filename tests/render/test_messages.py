"""The catalogues: nothing that a reader sees is missing, plurals are the language's, and a fault has its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import ConfigurationError
from digest.messages import PAGES, TEMPLATE, bound, require, translator
from digest.messages.catalogue import Layer, build
from digest.messages.pofile import Broken, Message, fields, read
from tests.paths import ROOT
from tests.render.extraction import template, used
from tests.render.marathi import CATALOGUE as MARATHI

OURS = ROOT / "digest" / "messages"
HEADER = 'msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'


def test_the_template_is_what_templates_and_code_ask_for() -> None:
    assert len(set(used())) > 15, "the extraction found next to nothing"
    assert TEMPLATE.read_text(encoding="utf-8") == template(), "run python -m tests.render.extraction"
    assert PAGES.read_text(encoding="utf-8") == template(pages=True), "run python -m tests.render.extraction"


@pytest.mark.parametrize("language", ["hi"])
def test_every_message_is_in_our_languages_with_its_fields(language: str) -> None:
    known = {message.id: message for message in read((OURS / f"{language}.po").read_bytes())}
    for ids, where in used():
        assert ids[0] in known, where
        for text in known[ids[0]].strings.values():
            assert fields(text) == fields(ids[-1])
            assert text.strip()


@pytest.mark.parametrize(("count", "told"), [(0, "ख़बर"), (1, "ख़बर"), (2, "ख़बरें"), (12, "ख़बरें")])
def test_hindi_plurals(count: int, told: str) -> None:
    assert translator("hi").ngettext("%(num)s story", "%(num)s stories", count) == f"%(num)s {told}"


@pytest.mark.parametrize(("count", "told"), [(0, "stories"), (1, "story"), (2, "stories")])
def test_english_plurals(count: int, told: str) -> None:
    assert translator("en").ngettext("%(num)s story", "%(num)s stories", count) == f"%(num)s {told}"


def test_a_region_is_no_other_language() -> None:
    assert translator("hi-IN").gettext("Unsubscribe") == translator("hi_IN").gettext("Unsubscribe") == "सदस्यता छोड़ें"


@pytest.mark.parametrize("language", ["xx", "../hi", ""])
def test_a_language_without_catalogue_is_a_fault_that_says_what_there_is(tmp_path: Path, language: str) -> None:
    (tmp_path / "mr.po").write_text("", encoding="utf-8")
    with bound(tmp_path), pytest.raises(ConfigurationError, match=r"en, hi come with us; .*mr\.po") as caught:
        require(language)
    assert str(caught.value).startswith(f"{tmp_path.name}/")


def test_one_language_is_read_once() -> None:
    assert translator("hi") is translator("hi")


def test_an_own_catalogue_is_found_and_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "mr.po"
    path.write_text(MARATHI, encoding="utf-8")
    with bound(tmp_path):
        assert translator("mr").gettext("Unsubscribe") == "सदस्यत्व सोडा"
        assert translator("mr").ngettext("%(num)s story", "%(num)s stories", 2) == "%(num)s बातम्या"
        path.write_text(MARATHI.replace("सदस्यत्व सोडा", "नाव कमी करा"), encoding="utf-8")
        assert translator("mr").gettext("Unsubscribe") == "नाव कमी करा"
    with pytest.raises(ConfigurationError):
        translator("mr")


def test_a_newsroom_words_a_few_messages_otherwise(tmp_path: Path) -> None:
    (tmp_path / "hi.po").write_text('msgid "Top story"\nmsgstr "सबसे बड़ी बात"\n', encoding="utf-8")
    with bound(tmp_path):
        words = translator("hi")
        assert words.gettext("Top story") == "सबसे बड़ी बात"
        assert words.gettext("Unsubscribe") == "सदस्यता छोड़ें"
    assert translator("hi").gettext("Top story") == "बड़ी ख़बर"


def test_plural_forms_are_the_files_own() -> None:
    forms = '"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n==2 ? 1 : 2);\\n"'
    text = f'msgid ""\nmsgstr ""\n{forms}\nmsgid "%(num)s a"\nmsgid_plural "%(num)s b"\n'
    text += "".join(f'msgstr[{at}] "%(num)s {at}"\n' for at in range(3))
    words = build("xx", [Layer("xx.po", text.encode())], None)
    assert [words.ngettext("%(num)s a", "%(num)s b", n)[-1] for n in (1, 2, 3, 0)] == ["0", "1", "2", "2"]


STORY = 'msgid "%(num)s story"\nmsgid_plural "%(num)s stories"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('msgid "Test"\nmsgstr "परख\n', "hi.po:2: expected a text in quotes"),
        ('msgid "Test"\nmsgstr "एक "और" दो"\n', "hi.po:2: expected a text in quotes"),
        ('msgid "Test"\nmgstr "परख"\n', "hi.po:2: expected msgid, msgid_plural, msgstr"),
        ('msgid "Test"\n\nmsgid "Unsubscribe"\nmsgstr "छोड़ें"\n', 'hi.po:1: msgid "Test" has no msgstr'),
        ('msgstr "परख"\n', "hi.po:1: msgstr without a msgid before it"),
        ('"परख"\n', "hi.po:1: a text without a msgid before it"),
        ('msgid "Test"\nmsgstr "a"\nmsgstr "b"\n', "hi.po:3: a second msgstr for the msgid of line 1"),
        ('msgid "Test"\nmsgstr "a"\n\nmsgid "Test"\nmsgstr "b"\n', 'hi.po:4: msgid "Test" stands in line 1 already'),
        ('msgctxt "x"\nmsgid "Test"\nmsgstr "a"\n', "hi.po:1: msgctxt is not used here"),
        ('msgid "Test"\nmsgstr "a\\q"\n', "hi.po:2: there is no escape \\q"),
        (
            'msgid "Issue %(number)s"\nmsgstr "अंक %(nummer)s"\n',
            'hi.po:1: msgid "Issue %(number)s": msgstr: expected %(number)s, found %(nummer)s',
        ),
        ('msgid "Issue %(number)s"\nmsgstr "अंक"\n', 'hi.po:1: msgid "Issue %(number)s": msgstr: expected %(number)s'),
        ('msgid "Test"\nmsgstr "100 %"\n', 'hi.po:1: msgid "Test": msgstr: a % that begins no placeholder'),
        ('msgid "Issue %(number)s"\nmsgstr "%(number)d"\n', "hi.po:1: msgid"),
        (f'{STORY}msgstr[0] "%(num)s"\n', "expected msgstr[0] to msgstr[1], as Plural-Forms says, found msgstr[0]"),
        (f'{STORY}msgstr "%(num)s"\n', "expected msgstr[0] to msgstr[1]"),
        (f'{STORY}msgstr[0] "%(num)s"\nmsgstr[1] ""\n', "expected %(num)s, found none"),
        ('msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=n+;\\n"\n', "hi.po:1: Plural-Forms of the header"),
        ('msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=n;\\n"\n', "it gives a form beyond nplurals"),
        ('msgid ""\nmsgstr "Plural-Forms: two\\n"\n', "it must read nplurals=2"),
    ],
)
def test_a_fault_has_file_line_and_message(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "hi.po").write_text(text, encoding="utf-8")
    with bound(tmp_path), pytest.raises(ConfigurationError) as caught:
        translator("hi")
    assert told in str(caught.value)
    assert all(fault.line for fault in caught.value.faults)


def test_every_message_that_is_missing_is_told_at_once(tmp_path: Path) -> None:
    text = MARATHI.replace('msgstr "सदस्यत्व सोडा"', 'msgstr ""').replace('msgid "Top story"', 'msgid "Top stories"')
    text = text.replace('msgid "Test"', '#, fuzzy\nmsgid "Test"')
    (tmp_path / "mr.po").write_text(text, encoding="utf-8")
    with bound(tmp_path), pytest.raises(ConfigurationError) as caught:
        translator("mr")
    line = text[: text.index('msgid "Unsubscribe"')].count("\n") + 1
    told = str(caught.value)
    assert f'mr.po:{line}: msgid "Unsubscribe" is marked fuzzy or has no text' in told
    assert 'mr.po: msgid "Top story" is missing' in told
    assert 'msgid "Test" is marked fuzzy' in told
    assert len(caught.value.faults) == 3


@pytest.mark.parametrize(
    ("data", "told"), [(b'msgid "a"\n\xff\n', r"hi\.po:2: expected text in UTF-8"), (None, r"hi\.po: can't be read")]
)
def test_a_file_that_is_no_text_is_told(tmp_path: Path, data: bytes | None, told: str) -> None:
    path = tmp_path / "hi.po"
    if data is None:
        path.mkdir()
    else:
        path.write_bytes(data)
    with bound(tmp_path), pytest.raises(ConfigurationError, match=told):
        translator("hi")


def test_windows_line_ends_and_a_mark_before_the_text_are_no_fault() -> None:
    words = build("hi", [Layer("hi.po", b"\xef\xbb\xbf" + b'msgid "Test"\r\nmsgstr ""\r\n"a"\r\n"b\\n"\r\n')], None)
    assert words.gettext("Test") == "ab\n"


def test_a_language_without_calendar_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "qq.po").write_text(MARATHI, encoding="utf-8")
    with bound(tmp_path), pytest.raises(ConfigurationError, match="no names of days and months for 'qq'"):
        translator("qq")


def judged(data: bytes) -> tuple[int, list[Message]]:
    """The line from which it is broken, or 0 and what was read."""
    try:
        return 0, read(data)
    except Broken as broken:
        assert str(broken)  # noqa: PT017  # either end is a good one
        return broken.line, []


@given(st.lists(st.sampled_from(['msgid "a"', 'msgstr "b"', '"c"', "#, fuzzy", "msgid_plural", 'msgstr[1] "%"', ""])))
def test_any_rows_are_read_or_refused_with_a_line(rows: list[str]) -> None:
    text = "\n".join(rows)
    line, found = judged(text.encode())
    assert line <= len(rows)
    assert len({message.id for message in found}) == len(found)
    assert line or all(message.strings for message in found)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    line, found = judged(data)
    assert 0 <= line <= data.count(b"\n") + 1
    assert not (line and found)


def test_no_sentence_of_ours_is_left_in_english() -> None:
    for message in read((OURS / "hi.po").read_bytes()):
        for text in message.strings.values() if message.id else ():
            assert not re.search("[A-Za-z]", re.sub(r"%\([a-z]+\)s", "", text)), text
