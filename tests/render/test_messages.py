"""The catalogues: no message is missing, plurals follow the language, and every problem names its line."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import ConfigurationError
from digest.i18n import DESK, PAGES, REASONS, TEMPLATE, bound, require, translator
from digest.i18n.catalogue import Catalogue, CatalogueFile, PoSyntaxError, parse_po, placeholders
from tests.paths import ROOT
from tests.render.extraction import template, used
from tests.render.marathi import CATALOGUE as MARATHI

OURS = ROOT / "digest" / "i18n"


@pytest.mark.slow
def test_the_pot_files_hold_every_message_of_templates_and_code() -> None:
    assert len(set(used())) > 15, "the extraction found next to nothing"
    for file in (TEMPLATE, PAGES, DESK, REASONS):
        assert file.read_text(encoding="utf-8") == template(file), "run python -m tests.render.extraction"


@pytest.mark.slow
@pytest.mark.parametrize("language", ["hi"])
def test_every_message_is_translated_with_its_placeholders(language: str) -> None:
    messages = parse_po((OURS / f"{language}.po").read_bytes()).messages
    for ids, where in used():
        assert ids[0] in messages, where
        message = messages[ids[0]]
        strings = message.string or ""
        for text in [strings] if isinstance(strings, str) else strings:
            assert placeholders(text) == placeholders(ids[-1])
            assert text.strip()


@pytest.mark.parametrize(("count", "expected"), [(0, "ख़बर"), (1, "ख़बर"), (2, "ख़बरें"), (12, "ख़बरें")])
def test_hindi_plurals(count: int, expected: str) -> None:
    assert translator("hi").ngettext("%(num)s story", "%(num)s stories", count) == f"%(num)s {expected}"


@pytest.mark.parametrize(("count", "expected"), [(0, "stories"), (1, "story"), (2, "stories")])
def test_english_plurals(count: int, expected: str) -> None:
    assert translator("en").ngettext("%(num)s story", "%(num)s stories", count) == f"%(num)s {expected}"


def test_a_region_does_not_change_the_language() -> None:
    assert translator("hi-IN").gettext("Unsubscribe") == translator("hi_IN").gettext("Unsubscribe") == "सदस्यता छोड़ें"


@pytest.mark.parametrize("language", ["xx", "../hi", ""])
def test_a_language_without_catalogue_lists_the_available_ones(tmp_path: Path, language: str) -> None:
    (tmp_path / "mr.po").write_text("", encoding="utf-8")
    with bound(tmp_path), pytest.raises(ConfigurationError, match=r"en, hi are built in; .*mr\.po") as caught:
        require(language)
    assert str(caught.value).startswith(f"{tmp_path.name}/")


def test_a_catalogue_is_loaded_once() -> None:
    assert translator("hi") is translator("hi")


def test_an_own_catalogue_is_reloaded_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "mr.po"
    path.write_text(MARATHI, encoding="utf-8")
    with bound(tmp_path):
        assert translator("mr").gettext("Unsubscribe") == "सदस्यत्व सोडा"
        assert translator("mr").ngettext("%(num)s story", "%(num)s stories", 2) == "%(num)s बातम्या"
        path.write_text(MARATHI.replace("सदस्यत्व सोडा", "नाव कमी करा"), encoding="utf-8")
        assert translator("mr").gettext("Unsubscribe") == "नाव कमी करा"
    with pytest.raises(ConfigurationError):
        translator("mr")


def test_a_newsroom_overrides_single_messages(tmp_path: Path) -> None:
    (tmp_path / "hi.po").write_text('msgid "Top story"\nmsgstr "सबसे बड़ी बात"\n', encoding="utf-8")
    with bound(tmp_path):
        words = translator("hi")
        assert words.gettext("Top story") == "सबसे बड़ी बात"
        assert words.gettext("Unsubscribe") == "सदस्यता छोड़ें"
    assert translator("hi").gettext("Top story") == "बड़ी ख़बर"


def test_plural_forms_come_from_the_file() -> None:
    forms = '"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n==2 ? 1 : 2);\\n"'
    text = f'msgid ""\nmsgstr ""\n{forms}\nmsgid "%(num)s a"\nmsgid_plural "%(num)s b"\n'
    text += "".join(f'msgstr[{at}] "%(num)s {at}"\n' for at in range(3))
    words = Catalogue("xx", [CatalogueFile("xx.po", text.encode())])
    assert [words.ngettext("%(num)s a", "%(num)s b", n)[-1] for n in (1, 2, 3, 0)] == ["0", "1", "2", "2"]


STORY = 'msgid "%(num)s story"\nmsgid_plural "%(num)s stories"\n'


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('msgid "Test"\nmsgstr "परख\n', "hi.po:2: expected msgid, msgid_plural or msgstr and a text in quotes"),
        ('msgid "Test"\nmsgstr "एक "और" दो"\n', "hi.po:2: expected msgid, msgid_plural or msgstr and a text in quotes"),
        ('msgid "Test"\nmgstr "परख"\n', "hi.po:2: expected msgid, msgid_plural or msgstr"),
        ('msgid "Test"\n\nmsgid "Unsubscribe"\nmsgstr "छोड़ें"\n', "hi.po:1: expected msgid and msgstr"),
        ('msgstr "परख"\n', "hi.po:1: expected msgid and msgstr"),
        ('"परख"\n', "hi.po:1: expected msgid and msgstr"),
        ('msgid "Test"\nmsgstr "a"\nmsgstr "b"\n', "hi.po:3: expected msgid and msgstr"),
        ('msgid "Test"\nmsgstr "a"\n\nmsgid "Test"\nmsgstr "b"\n', 'hi.po:4: msgid "Test" is already on line 1'),
        (
            'msgctxt "x"\nmsgid "Test"\nmsgstr "a"\n',
            'hi.po:1: expected msgid, msgid_plural or msgstr and a text in quotes, found msgctxt "x"',
        ),
        ('msgid "Test"\nmsgstr "a\\\\\\q"\n', "hi.po:2: expected msgid"),
        (
            'msgid "Issue %(number)s"\nmsgstr "अंक %(nummer)s"\n',
            'hi.po:1: msgid "Issue %(number)s": msgstr: expected %(number)s, found %(nummer)s',
        ),
        ('msgid "Issue %(number)s"\nmsgstr "अंक"\n', 'hi.po:1: msgid "Issue %(number)s": msgstr: expected %(number)s'),
        ('msgid "Test"\nmsgstr "100 %"\n', 'hi.po:1: msgid "Test": msgstr: write a % that starts no placeholder as %%'),
        ('msgid "Issue %(number)s"\nmsgstr "%(number)d"\n', "hi.po:1: msgid"),
        (f'{STORY}msgstr[0] "%(num)s"\n', 'hi.po:1: msgid "%(num)s story": msgstr[1] has no text'),
        (f'{STORY}msgstr "%(num)s"\n', "or msgid, msgid_plural and msgstr[0], msgstr[1]"),
        (f'{STORY}msgstr[0] "%(num)s"\nmsgstr[1] ""\n', "msgstr[1] has no text"),
        (f'{STORY}msgstr[0] "%(num)s"\nmsgstr[1] "अनेक"\n', "msgstr[1]: expected %(num)s, found none"),
        (f'{STORY}msgstr[0] "%(num)s"\nmsgstr[2] "%(num)s"\n', "Plural-Forms allows msgstr[0] to msgstr[1] only"),
        ('msgid "%(num)s story"\nmsgstr "%(num)s"\n', 'msgid "%(num)s story" needs msgid_plural "%(num)s stories"'),
        ('msgid "Test"\nmsgstr[0] "परख"\n', "expected msgid and msgstr, or msgid, msgid_plural and msgstr[0]"),
        ('msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=n+;\\n"\n', "hi.po:1: Plural-Forms in the header"),
        ('msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=n;\\n"\n', "gives a form beyond nplurals"),
        ('msgid ""\nmsgstr "Plural-Forms: two\\n"\n', "write it as nplurals=2"),
    ],
)
def test_a_fault_has_file_line_and_message(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "hi.po").write_text(text, encoding="utf-8")
    with bound(tmp_path), pytest.raises(ConfigurationError) as caught:
        translator("hi")
    assert expected in str(caught.value)
    assert all(problem.line for problem in caught.value.problems)


def test_all_missing_messages_are_reported_together(tmp_path: Path) -> None:
    text = MARATHI.replace('msgstr "सदस्यत्व सोडा"', 'msgstr ""').replace('msgid "Top story"', 'msgid "Top stories"')
    text = text.replace('msgid "Test"', '#, fuzzy\nmsgid "Test"')
    (tmp_path / "mr.po").write_text(text, encoding="utf-8")
    with bound(tmp_path), pytest.raises(ConfigurationError) as caught:
        translator("mr")
    line = text[: text.index('msgid "Unsubscribe"')].count("\n") + 1
    expected = str(caught.value)
    assert f'mr.po:{line}: msgid "Unsubscribe" is marked fuzzy or has no text' in expected
    assert 'mr.po: msgid "Top story" is missing' in expected
    assert 'msgid "Test" is marked fuzzy' in expected
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b'msgid "a"\n\xff\n', r"hi\.po:2: expected text in UTF-8"), (None, r"hi\.po: cannot be read")],
)
def test_an_unreadable_catalogue_is_reported(tmp_path: Path, data: bytes | None, expected: str) -> None:
    path = tmp_path / "hi.po"
    if data is None:
        path.mkdir()
    else:
        path.write_bytes(data)
    with bound(tmp_path), pytest.raises(ConfigurationError, match=expected):
        translator("hi")


def test_windows_line_ends_and_a_byte_order_mark_are_accepted() -> None:
    words = Catalogue(
        "hi", [CatalogueFile("hi.po", b"\xef\xbb\xbf" + b'msgid "Test"\r\nmsgstr ""\r\n"a"\r\n"b\\n"\r\n')]
    )
    assert words.gettext("Test") == "ab\n"


def test_a_language_that_babel_lacks_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "qq.po").write_text(MARATHI, encoding="utf-8")
    with bound(tmp_path), pytest.raises(ConfigurationError, match="no names of days and months for 'qq'"):
        translator("qq")


def test_obsolete_entries_and_odd_comments_are_skipped() -> None:
    text = '#~ "loose\n#: \u2068a b\n#| msgid "old"\nmsgid "Test"\n# between\nmsgstr "a"\n#~ msgid "Test"\n'
    assert Catalogue("xx", [CatalogueFile("xx.po", text.encode())]).gettext("Test") == "a"


def test_a_plural_rule_may_span_several_lines() -> None:
    header = 'msgid ""\nmsgstr ""\n"Plural-Forms: nplurals=2; "\n"plural=(n > 1);\\n"\n'
    assert parse_po(header.encode()).plural_rule.form(0) == 0


def test_a_file_without_plural_rule_inherits_one(tmp_path: Path) -> None:
    (tmp_path / "hi.po").write_text(f'{STORY}msgstr[0] "%(num)s a"\nmsgstr[1] "%(num)s b"\n', encoding="utf-8")
    with bound(tmp_path):
        assert translator("hi").ngettext("%(num)s story", "%(num)s stories", 0) == "%(num)s a"


def test_babel_is_imported_with_the_first_catalogue_only() -> None:
    code = "import sys; from digest import i18n; i18n.require('hi'); assert 'babel' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def parsed(data: bytes) -> tuple[int, int]:
    """The line of the syntax error or 0, and the number of messages read."""
    try:
        return 0, len(parse_po(data).messages)
    except PoSyntaxError as error:
        assert str(error)  # noqa: PT017
        return error.line, 0


@given(st.lists(st.sampled_from(['msgid "a"', 'msgstr "b"', '"c"', "#, fuzzy", "msgid_plural", 'msgstr[1] "%"', ""])))
def test_any_rows_are_read_or_rejected_with_a_line(rows: list[str]) -> None:
    line, messages = parsed("\n".join(rows).encode())
    assert line <= len(rows)
    assert messages <= sum(row == 'msgid "a"' for row in rows)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_rejected(data: bytes) -> None:
    line, messages = parsed(data)
    assert 0 <= line <= data.count(b"\n") + 1
    assert not (line and messages)


# Names, commands and placeholders, which are not translated.
_NAMES = (
    r"%\([a-z_]+\)s|GDPR|DPDP|WhatsApp|Telegram|QR|RSS|CSV|JSON Lines|ZIP|Gmail|Google Authenticator|Aegis"
    r"|Mailchimp|Ghost|listmonk|Substack|https|suman|`[^`]+`|digest run|[a-z]+\.(?:yaml|ics)"
    r"|webhooks|(?:aap|news)@example\.com|#9c1c1c|SPF|DKIM|DMARC|HTTP|http|robots\.txt|XML|JSON(?: Feed)?|IP|UTF-8"
    r"|Asia/Kolkata|2026-12-01T00:00:00|(?<=\()status|paused_until|active, paused, unsubscribed, bounced|complained"
    r"|true|false|mapping|email|items|Excel|Office|JPEG|PNG|WebP|GIF|MB"
)


def test_no_hindi_translation_is_left_in_english() -> None:
    for message in parse_po((OURS / "hi.po").read_bytes()).messages.values():
        strings = message.string or ""
        for text in [strings] if isinstance(strings, str) else strings:
            assert not re.search("[A-Za-z]", re.sub(_NAMES, "", text)), text


# The catalogue has one Hindi word for a thing. `मेल` is also the agreement of two texts, so an email is `ईमेल`.
@pytest.mark.parametrize(
    ("other", "ours"),
    [
        ("चित्र", "तस्वीर"),
        ("मॉडल", "मशीन"),
        ("व्यवस्थापक", "एडमिन"),
        ("सत्र", "साइन इन"),
        ("पिक्सल", "पिक्सेल"),
        ("अल्पविराम", "कॉमा"),
        ("हिन्दी", "हिंदी"),
        (r"(?<!\S)मेल (?=जा|भेज|लौट|बंद|फिर)", "ईमेल"),
    ],
)
def test_one_thing_has_one_hindi_word(other: str, ours: str) -> None:
    text = (OURS / "hi.po").read_text(encoding="utf-8")
    assert ours in text
    assert not re.findall(f".*{other}.*", text)
