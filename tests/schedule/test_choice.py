"""Who gets which of several editions, and special editions."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from digest.subscribers.due import Audience, Candidate, decide
from tests.cli.newsroom import Newsroom, text_parts
from tests.support.folders import newsletter_folder, wants_all_sources
from tests.support.tables import each_row

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

EDITIONS = """
  editions:
    - {slug: subah, name: सुबह}
    - {slug: shaam, name: शाम, send_at: "18:00"}
    - {slug: saptahik, name: साप्ताहिक, days: [sun], send_at: "09:00", window: 7d, default: false}
"""
SUNDAY = date(2026, 11, 29)
CHOICES = {"subah": True, "shaam": True, "saptahik": False}
CANDIDATE = Candidate(
    id=1, email="asha@example.com", topics=(), frequency="daily", timezone="Asia/Kolkata", hour=None, format="html",
    status="active", suppressed=None,
)  # fmt: skip


@pytest.fixture
def newsroom(tmp_path: Path, request: pytest.FixtureRequest) -> Newsroom:
    """A newsroom with three editions, on a Monday at 07:00."""
    newsletter_folder(tmp_path / "newsletter", all_sources=wants_all_sources(request))
    made = Newsroom(tmp_path / "newsletter")
    made.edit_settings("  expires_after: 4h\n", f"  expires_after: 4h{EDITIONS}")
    return made


@each_row(
    ("slug", "editions", "frequency", "excluded"),
    [
        ("subah", (), "daily", None),
        ("saptahik", (), "daily", "has not chosen this edition (saptahik)"),
        ("saptahik", ("saptahik",), "daily", None),
        ("subah", ("saptahik",), "daily", "has not chosen this edition (subah)"),
        # If a chosen edition was removed, the subscriber gets the default ones.
        ("shaam", ("gone",), "daily", None),
        ("subah", ("subah",), "weekdays", "not due on this day (weekdays)"),
        # Chosen by name, a weekly edition comes on its day.
        ("saptahik", ("subah", "saptahik"), "weekdays", None),
        # A special edition.
        ("", ("subah",), "weekdays", None),
    ],
)
def test_who_gets_an_edition(slug: str, editions: tuple[str, ...], frequency: str, excluded: str | None) -> None:
    audience = Audience(slug, CHOICES, daily=slug != "saptahik", everyone=not slug)
    subscriber = replace(CANDIDATE, editions=editions, frequency=frequency)
    now = datetime(2026, 11, 28, tzinfo=UTC)
    assert decide(subscriber, SUNDAY, send_at=time(7), now=now, audience=audience).excluded == excluded


def test_the_list_chooses_among_editions(newsroom: Newsroom) -> None:
    newsroom.set_subscribers(
        "email: asha@example.com",
        "email: ravi@example.com, editions: [shaam]",
        "email: meena@example.com, editions: saptahik, frequency: weekdays",
    )
    assert newsroom.json("send", "subah")["accepted"] == 1
    assert set(newsroom.outbox("2026-11-23-subah")) == {"asha@example.com"}
    assert newsroom.json("send", DIGEST_NOW="2026-11-23T18:00+05:30")["edition"] == "2026-11-23-shaam"
    assert set(newsroom.outbox("2026-11-23-shaam")) == {"asha@example.com", "ravi@example.com"}
    parts = text_parts(newsroom.outbox("2026-11-23-shaam")["ravi@example.com"])
    assert all("23 नवंबर 2026 · शाम" in part for part in parts.values())
    newsroom.json("send", "saptahik", DIGEST_NOW="2026-11-29T09:00+05:30")
    assert set(newsroom.outbox("2026-11-29-saptahik")) == {"meena@example.com"}
    assert newsroom.json("edition", "show", "2026-11-29-saptahik")["number"] == 1


def test_an_unknown_edition_in_the_list_is_a_fault_with_its_line(newsroom: Newsroom) -> None:
    newsroom.set_subscribers("email: asha@example.com, editions: [subha]")
    run = newsroom.digest("subscribers", "check")
    assert run.code == 2
    assert "subscribers.yaml:2: 'editions': unknown edition 'subha'; did you mean 'subah'?" in run.out
    newsroom.set_subscribers("email: asha@example.com, editions: 3")
    assert "expected a list such as [subah, shaam], found 3" in newsroom.digest("subscribers", "check").out
    newsroom.edit_settings(EDITIONS, "\n")
    newsroom.set_subscribers("email: asha@example.com, editions: [subah]")
    assert "the newsletter has one edition" in newsroom.digest("subscribers", "check").out


def test_editions_in_imports_exports_and_commands(newsroom: Newsroom, tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    source.write_text('email,editions\nnew@example.com,"subah, saptahik"\nbad@example.com,raat\n', encoding="utf-8")
    run = newsroom.digest("subscribers", "import", str(source))
    assert "'editions': unknown edition 'raat'" in run.out + run.err
    assert newsroom.digest("subscribers", "set", "asha@example.com", "--editions", "shaam").code == 0
    assert newsroom.digest("subscribers", "set", "asha@example.com", "--editions", "raat").code == 2
    listed = {row["email"]: row["editions"] for row in newsroom.json("subscribers", "list")["subscribers"]}
    assert listed["asha@example.com"] == ["shaam"]
    assert listed["new@example.com"] == ["subah", "saptahik"]
    target = tmp_path / "out.csv"
    assert newsroom.digest("subscribers", "export", str(target)).code == 0
    with target.open(encoding="utf-8-sig", newline="") as file:
        exported = {row["email"]: row["editions"] for row in csv.DictReader(file)}
    assert exported["new@example.com"] in ("subah, saptahik", "subah,saptahik")


def test_a_special_edition_goes_to_everyone_who_may_be_mailed(newsroom: Newsroom) -> None:
    rows = (
        "email: asha@example.com, frequency: weekly:sun",
        "email: ravi@example.com, editions: [saptahik]",
        "email: latika@example.com, status: paused",
    )
    newsroom.set_subscribers(*rows)
    newsroom.json("compose", "--slug", "special")
    assert newsroom.json("send", "special", "--dry-run")["would_send"] == 2
    assert newsroom.json("send", "special", "--dry-run", "--obey-frequency")["would_send"] == 1
    assert newsroom.json("send", "special", "--obey-frequency")["accepted"] == 1
    # It keeps this selection, also when another command sends it again.
    assert newsroom.json("send", "special")["accepted"] == 1
    newsroom.json("compose", "--slug", "all")
    assert newsroom.json("send", "all")["accepted"] == 2
    assert newsroom.json("edition", "show", "all")["number"] == 0
