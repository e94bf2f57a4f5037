"""A newsletter in another language than Hindi, end to end, and the faults of its catalogue."""

from __future__ import annotations

import re
from email.header import decode_header, make_header

import pytest

from tests.cli.newsroom import Newsroom
from tests.cli.test_send import parsed, parts
from tests.render.marathi import ARTICLES, CATALOGUE

DEVANAGARI = re.compile("[\u0900-\u097f]")
ENGLISH = {
    "metro": ("The new metro line opens to the public today", "The first train left at five in the morning."),
    "wells": ("Students map every old well of the district", "They walked for a whole winter and it was cold."),
    "final": ("A last ball decides the final of the district cup", "The captain was not out for 64 and the hosts won."),
    "coins": ("RBI to open a centre for coins in the old town", "It will be open to all on the first of the month."),
}


def speaking(room: Newsroom, language: str, name: str, articles: dict[str, str]) -> Newsroom:
    """The newsroom with another language, its own drop folder and one reader."""
    room.settings("language: hi", f"language: {language}")
    room.settings("name: सुबह की ख़बरें", f"name: {name}")
    room.settings("postal_address: 12 प्रेस मार्ग, नदीपुर 000000", "postal_address: 12 Press Road")
    folder = room.home / "own"
    folder.mkdir()
    for file, text in articles.items():
        (folder / f"{file}.md").write_text(text, encoding="utf-8")
    room.environment["DIGEST_SOURCES"] = "[{name: Desk, path: own}]"
    room.readers("email: asha@example.com")
    return room


@pytest.fixture
def marathi(newsroom: Newsroom) -> Newsroom:
    (newsroom.home / "messages").mkdir()
    (newsroom.home / "messages" / "mr.po").write_text(CATALOGUE, encoding="utf-8")
    return speaking(newsroom, "mr-IN", "सकाळच्या बातम्या", ARTICLES)


def test_a_letter_in_marathi(marathi: Newsroom) -> None:
    run = marathi.digest("check")
    assert run.code == 0, run.out
    told = marathi.json("send")
    assert (told["state"], told["accepted"]) == ("done", 1)
    mail = marathi.outbox()["asha@example.com"]
    both = parts(mail)
    for part in both.values():
        for said in ("मोठी बातमी", "4 बातम्या", "क्रीडा", "आवडी बदला", "सोमवार, 23 नोव्हेंबर, 2026", "सदस्यत्व सोडा"):
            assert said in part
        for article in ARTICLES.values():
            assert article.splitlines()[1].removeprefix("title: ")[:20] in part
        for english in ("Unsubscribe", "Top story", "minute", "Issue"):
            assert english not in part
    assert '<html lang="mr" dir="ltr"' in both["text/html"]
    assert parsed(mail)["Subject"].startswith("शहरात नवी मेट्रो")


def test_a_letter_in_english_has_no_hindi_word(newsroom: Newsroom) -> None:
    rows = [
        f"---\ntitle: {title}\ndate: 2026-11-23T05:30+05:30\ncategory: sports\n---\n{text}\n"
        for title, text in ENGLISH.values()
    ]
    room = speaking(newsroom, "en", "The Morning Post", dict(zip(ENGLISH, rows, strict=True)))
    assert room.digest("check").code == 0
    assert room.json("send")["accepted"] == 1
    mail = room.outbox()["asha@example.com"]
    for name, value in parsed(mail).items():
        said = str(make_header(decode_header(value)))
        assert not DEVANAGARI.search(said), f"{name}: {said}"
    html, text = parts(mail)["text/html"], parts(mail)["text/plain"]
    assert "4 stories" in text
    assert "Sport" in text.splitlines()
    assert "Monday, 23 November 2026" in html
    shown = re.sub(r"font-family:[^;\"]*", "", html)
    assert not DEVANAGARI.search(shown)
    assert not DEVANAGARI.search(text)
    edition = room.json("edition", "show", "2026-11-23")
    assert not DEVANAGARI.search(edition["subject"] + edition["preheader"])


@pytest.mark.parametrize("command", ["check", "send", "compose", "status"])
def test_a_language_without_catalogue_is_told(newsroom: Newsroom, command: str) -> None:
    run = newsroom.digest(command, DIGEST_NEWSLETTER__LANGUAGE="gu")
    assert run.code == 2
    assert "messages/gu.po: file not found, and newsletter.language is 'gu': en, hi are built in" in run.out + run.err


@pytest.mark.parametrize("command", ["check", "send", "preview"])
def test_a_message_that_is_missing_stops_a_send(marathi: Newsroom, command: str) -> None:
    path = marathi.home / "messages" / "mr.po"
    path.write_text(path.read_text(encoding="utf-8").replace("%(email)s या", "%(mail)s या"), encoding="utf-8")
    run = marathi.digest(command)
    assert run.code == 2
    assert "messages/mr.po:" in run.out + run.err
    assert "expected %(email)s, %(name)s, found %(mail)s, %(name)s" in run.out + run.err
    assert marathi.outbox() == {}


def test_a_message_of_an_own_template_needs_its_translation(newsroom: Newsroom) -> None:
    own = newsroom.home / "templates" / "letter.txt.j2"
    own.write_text('{% extends "house/letter.txt.j2" %}\n{% block intro %}\n{{ _("Our sponsor") }}\n{% endblock %}\n')
    run = newsroom.digest("check")
    assert run.code == 2
    assert 'letter.txt.j2:3: msgid "Our sponsor" is not translated in digest/i18n/hi.po' in run.out
    messages = newsroom.home / "messages"
    messages.mkdir()
    (messages / "hi.po").write_text('msgid "Our sponsor"\nmsgstr "सहयोगी: क & ख"\n', encoding="utf-8")
    assert newsroom.digest("check").code == 0
    newsroom.json("send")
    assert "सहयोगी: क & ख" in parts(newsroom.outbox()["asha@example.com"])["text/plain"]


def test_devanagari_digits_are_for_devanagari(newsroom: Newsroom) -> None:
    run = newsroom.digest("check", DIGEST_NEWSLETTER__LANGUAGE="en", DIGEST_THEME__DIGITS="deva")
    assert run.code == 2
    assert "'theme.digits': deva is for languages in Devanagari" in run.out + run.err
