"""Booked advertisements: where they appear, how often by the ledger, and their report."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from digest import pipeline
from digest.app import App, make_app
from digest.models import Edition, EditionState, Variant
from digest.newsletter.checks import Findings, check_blocks
from digest.usecases.sponsors import as_csv
from tests.support.clock import StoppedClock
from tests.support.folders import newsletter_folder

BOOK = """\
sponsors:
  - advertiser: हरियाली पौधशाला
    text: सर्दियों के 12 पौधे गमले समेत, घर तक।
    url: https://paudhe.example.com/sardi
    zone: middle
    from: 2026-11-01
    until: 2026-11-30
    cap: 2
  - advertiser: नदीपुर बस सेवा
    text: अब हर आधे घंटे पर।
    url: https://bus.example.com/
    zone: middle
    recipients: 3
    avoid: [मेट्रो]
  - advertiser: हमारा अख़बार
    text: इस चिट्ठी में अपना विज्ञापन दीजिए।
    url: https://news.example.com/ads
    zone: middle
    house: true
"""


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(datetime.fromisoformat("2026-11-23T07:00+05:30"))


@pytest.fixture
def app(tmp_path: Path, clock: StoppedClock) -> Iterator[App]:
    home = tmp_path / "newsletter"
    newsletter_folder(home, all_sources=False)
    (home / "sponsors.yaml").write_text(BOOK, encoding="utf-8")
    people = "  - {email: asha@example.com}\n  - {email: ravi@example.com}\n"
    (home / "subscribers.yaml").write_text(f"subscribers:\n{people}", encoding="utf-8")
    environment = {"DIGEST_CLICKS__ENABLED": "true", "DIGEST_NEWSLETTER__BASE_URL": "http://127.0.0.1:8000"}
    with make_app(home, environment=environment, clock=clock) as app:
        app.subscriber_list.sync()
        yield app


def booked(app: App, edition: Edition, *taken: str) -> list[str]:
    return [str(block.data["advertiser"]) for block in app.sponsors.choose(edition, taken)]


def edition(app: App, key: str = "2026-11-23") -> Edition:
    """A composed edition with this key, not stored."""
    made = app.composer.compose("2026-11-23", store=False).edition
    day = made.day + timedelta(days=int(key[8:10]) - 23)
    return replace(made, key=key, day=day)


def put_and_send(app: App, key: str) -> None:
    """Send an edition of this key to both subscribers, with the advertisements that were chosen for it."""
    made = edition(app, key)
    blocks = tuple(app.sponsors.choose(made, ()))
    app.editions.put(replace(made, blocks=blocks, state=EditionState.APPROVED), over=())
    app.enqueuer.enqueue(app.editions.get(key))  # type: ignore[arg-type]
    pipeline.deliver_due(app, key, stop=threading.Event())


def test_a_composed_edition_carries_one_advertisement_that_says_so(app: App) -> None:
    made = app.composer.compose("2026-11-23").edition
    assert [block.data["advertiser"] for block in made.blocks if block.kind == "sponsor"] == ["हरियाली पौधशाला"]
    email = app.renderer.render(made, Variant("html"), now=app.now())
    assert email
    assert "विज्ञापन" in email.html
    assert 'rel="sponsored"' in email.html
    assert "paudhe.example.com" not in email.html


def test_the_label_stays_whatever_the_title(app: App) -> None:
    titled = BOOK.replace("    zone: middle\n    from", "    title: सर्दी की पेशकश\n    zone: middle\n    from")
    (app.home / "sponsors.yaml").write_text(titled, encoding="utf-8")
    made = app.composer.compose("2026-11-23", store=False).edition
    email = app.renderer.render(made, Variant("html"), now=app.now())
    assert email
    assert "विज्ञापन · सर्दी की पेशकश" in email.html


def test_a_place_that_is_taken_stays_so(app: App) -> None:
    assert booked(app, edition(app), "middle") == []


@pytest.mark.slow
def test_a_cap_is_counted_by_the_ledger_and_the_house_fills_the_rest(app: App) -> None:
    for key in ("2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26"):
        put_and_send(app, key)
    carried = {each.advertiser: [(one.edition, one.accepted) for one in each.appearances] for each in _reports(app)}
    assert carried["हरियाली पौधशाला"] == [("2026-11-23", 2), ("2026-11-24", 2)]
    # Two recipients an edition, and at most three: the second one is the last.
    assert carried["नदीपुर बस सेवा"] == [("2026-11-25", 2), ("2026-11-26", 2)]
    assert booked(app, edition(app, "2026-11-27")) == ["हमारा अख़बार"]


def test_an_edition_that_was_never_sent_gives_its_place_back(app: App) -> None:
    for key in ("2026-11-23", "2026-11-24"):
        made = edition(app, key)
        blocks = tuple(app.sponsors.choose(made, ()))
        app.editions.put(replace(made, blocks=blocks, state=EditionState.APPROVED), over=())
    assert booked(app, edition(app, "2026-11-25")) == ["नदीपुर बस सेवा"]
    app.editions.move("2026-11-23", EditionState.CANCELLED, out_of=(EditionState.APPROVED,))
    assert booked(app, edition(app, "2026-11-25")) == ["हरियाली पौधशाला"]


@pytest.mark.slow
def test_dates_words_and_editions_rule(app: App) -> None:
    december = replace(edition(app), key="2026-12-01", day=edition(app).day + timedelta(days=8))
    assert booked(app, december) == ["नदीपुर बस सेवा"]
    metro = replace(december, subject="नदीपुर मेट्रो में आग, 12 घायल")
    assert booked(app, metro) == ["हमारा अख़बार"]
    only = BOOK.replace("    cap: 2\n", "    editions: [shaam]\n")
    (app.home / "sponsors.yaml").write_text(only, encoding="utf-8")
    assert booked(app, edition(app)) == ["नदीपुर बस सेवा"]
    assert booked(app, replace(edition(app), key="2026-11-23-shaam"))[0] == "हरियाली पौधशाला"


@pytest.mark.slow
def test_the_report_is_for_the_advertiser(app: App) -> None:
    put_and_send(app, "2026-11-23")
    rows = list(csv.reader(io.StringIO(as_csv(app.sponsor_reporter.report("हरियाली पौधशाला")))))
    assert len(rows) == 2
    assert rows[1][2:] == ["2026-11-23", "2026-11-23", "middle", "done", "2", "", ""]
    assert app.sponsor_reporter.report("कोई नहीं") == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sponsors:\n  - {advertiser: क, text: ख, url: 'http://a.example'}\n", "https://"),
        ("sponsors:\n  - {advertiser: क, text: ख, url: 'https://a.example', zone: left}\n", "zone"),
        ("sponsors:\n  - {advertiser: क, text: ख, url: 'https://a.example', house: true, cap: 2}\n", "house"),
        ("sponsors:\n  - {advertiser: क, text: ख, url: 'https://a.example', colour: red}\n", "colour"),
        ("sponsor: []\n", "sponsors"),
    ],
)
def test_a_faulty_book_costs_the_advertisements_and_not_the_edition(app: App, text: str, problem: str) -> None:
    (app.home / "sponsors.yaml").write_text(text, encoding="utf-8")
    made = app.composer.compose("2026-11-23", store=False).edition
    assert not [block for block in made.blocks if block.kind == "sponsor"]
    assert any("sponsors.yaml:" in each and problem in each for each in made.warnings)
    found = Findings()
    check_blocks(app, found)
    assert any("sponsors.yaml:" in each for each in found.warnings)


def _reports(app: App) -> list:  # type: ignore[type-arg]
    return app.sponsor_reporter.report()
