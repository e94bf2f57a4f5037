"""Newsletters in other languages than Hindi, and errors in their catalogues."""

from __future__ import annotations

import re
from email.header import decode_header, make_header

import pytest

from tests.cli.newsroom import Newsroom, parse_mail, text_parts
from tests.render.marathi import ARTICLES, CATALOGUE

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

DEVANAGARI = re.compile("[\u0900-\u097f]")
ENGLISH = {
    "metro": ("The new metro line opens to the public today", "The first train left at five in the morning."),
    "wells": ("Students map every old well of the district", "They walked for a whole winter and it was cold."),
    "final": ("A last ball decides the final of the district cup", "The captain was not out for 64 and the hosts won."),
    "coins": ("RBI to open a centre for coins in the old town", "It will be open to all on the first of the month."),
}


def set_language(newsroom: Newsroom, language: str, name: str, articles: dict[str, str]) -> Newsroom:
    """Give the newsletter another language, a drop folder of its own and one subscriber."""
    newsroom.edit_settings("language: hi", f"language: {language}")
    # The newsletter's and the sender's.
    newsroom.edit_settings("name: सुबह की ख़बरें", f"name: {name}")
    newsroom.edit_settings("postal_address: 12 प्रेस मार्ग, नदीपुर 000000", "postal_address: 12 Press Road")
    folder = newsroom.home / "own"
    folder.mkdir()
    for file, text in articles.items():
        (folder / f"{file}.md").write_text(text, encoding="utf-8")
    newsroom.environment["DIGEST_SOURCES"] = "[{name: Desk, path: own}]"
    newsroom.set_subscribers("email: asha@example.com")
    return newsroom


@pytest.fixture
def marathi(newsroom: Newsroom) -> Newsroom:
    (newsroom.home / "messages").mkdir()
    (newsroom.home / "messages" / "mr.po").write_text(CATALOGUE, encoding="utf-8")
    return set_language(newsroom, "mr-IN", "सकाळच्या बातम्या", ARTICLES)


def test_an_email_in_marathi_is_in_marathi_throughout(marathi: Newsroom) -> None:
    run = marathi.digest("check")
    assert run.code == 0, run.out
    result = marathi.json("send")
    assert (result["state"], result["accepted"]) == ("done", 1)
    mail = marathi.outbox()["asha@example.com"]
    both = text_parts(mail)
    for part in both.values():
        for text in ("मोठी बातमी", "4 बातम्या", "क्रीडा", "आवडी बदला", "सोमवार, 23 नोव्हेंबर, 2026", "सदस्यत्व सोडा"):
            assert text in part
        for article in ARTICLES.values():
            assert article.splitlines()[1].removeprefix("title: ")[:20] in part
        for english in ("Unsubscribe", "Top story", "minute", "Issue"):
            assert english not in part
    assert '<html lang="mr" dir="ltr"' in both["text/html"]
    assert parse_mail(mail)["Subject"].startswith("शहरात नवी मेट्रो")


def test_an_email_in_english_has_no_hindi_word(newsroom: Newsroom) -> None:
    rows = [
        f"---\ntitle: {title}\ndate: 2026-11-23T05:30+05:30\ncategory: sports\n---\n{text}\n"
        for title, text in ENGLISH.values()
    ]
    newsroom = set_language(newsroom, "en", "The Morning Post", dict(zip(ENGLISH, rows, strict=True)))
    assert newsroom.digest("check").code == 0
    assert newsroom.json("send")["accepted"] == 1
    mail = newsroom.outbox()["asha@example.com"]
    for name, value in parse_mail(mail).items():
        header = str(make_header(decode_header(value)))
        assert not DEVANAGARI.search(header), f"{name}: {header}"
    html, text = text_parts(mail)["text/html"], text_parts(mail)["text/plain"]
    assert "4 stories" in text
    assert "Sport" in text.splitlines()
    assert "Monday, 23 November 2026" in html
    shown = re.sub(r"font-family:[^;\"]*", "", html)
    assert not DEVANAGARI.search(shown)
    assert not DEVANAGARI.search(text)
    edition = newsroom.json("edition", "show", "2026-11-23")
    assert not DEVANAGARI.search(edition["subject"] + edition["preheader"])


@pytest.mark.parametrize("command", ["check", "send", "compose"])
def test_a_language_without_a_catalogue_is_reported(newsroom: Newsroom, command: str) -> None:
    run = newsroom.digest(command, DIGEST_NEWSLETTER__LANGUAGE="gu")
    assert run.code == 2
    assert "messages/gu.po: file not found, but newsletter.language is 'gu' (en, hi are built in" in run.out + run.err


@pytest.mark.parametrize("command", ["check", "send", "preview"])
def test_an_error_in_the_catalogue_stops_a_send(marathi: Newsroom, command: str) -> None:
    path = marathi.home / "messages" / "mr.po"
    path.write_text(path.read_text(encoding="utf-8").replace("%(email)s या", "%(mail)s या"), encoding="utf-8")
    run = marathi.digest(command)
    assert run.code == 2
    assert "messages/mr.po:" in run.out + run.err
    assert "expected %(email)s, %(name)s, found %(mail)s, %(name)s" in run.out + run.err
    assert marathi.outbox() == {}


def test_a_message_of_a_custom_template_needs_a_translation(newsroom: Newsroom) -> None:
    own = newsroom.home / "templates" / "letter.txt.j2"
    own.write_text('{% extends "house/letter.txt.j2" %}\n{% block intro %}\n{{ _("Our sponsor") }}\n{% endblock %}\n')
    run = newsroom.digest("check")
    assert run.code == 2
    assert 'letter.txt.j2:3: msgid "Our sponsor" has no translation; add one to messages/hi.po' in run.out
    messages = newsroom.home / "messages"
    messages.mkdir()
    (messages / "hi.po").write_text('msgid "Our sponsor"\nmsgstr "सहयोगी: क & ख"\n', encoding="utf-8")
    assert newsroom.json("check")["warnings"] == []
    newsroom.json("send")
    assert "सहयोगी: क & ख" in text_parts(newsroom.outbox()["asha@example.com"])["text/plain"]


def test_a_message_that_nothing_uses_is_named(newsroom: Newsroom) -> None:
    messages = newsroom.home / "messages"
    messages.mkdir()
    (messages / "hi.po").write_text('msgid "Top storyy"\nmsgstr "बड़ी बात"\n', encoding="utf-8")
    warnings = newsroom.json("check")["warnings"]
    assert 'messages/hi.po:1: nothing uses the msgid "Top storyy"; did you mean "Top story"?' in warnings


def test_devanagari_digits_need_a_language_in_devanagari(newsroom: Newsroom) -> None:
    run = newsroom.digest("check", DIGEST_NEWSLETTER__LANGUAGE="en", DIGEST_THEME__DIGITS="deva")
    assert run.code == 2
    assert "'theme.digits': deva is for languages in Devanagari" in run.out + run.err
