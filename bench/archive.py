"""Search in an archive of 3,000 editions: milliseconds of each search page, p50 and p95, and its CPU.

With DIGEST_TEST_POSTGRES, the URL of a database, also on PostgreSQL, in a schema that is created and dropped.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from urllib.parse import quote

from sqlalchemy import insert

from bench.desk import vacuum
from bench.freezing import schema
from digest.app import App, make_app
from digest.cli.init import make_folder
from digest.models import EditionState
from digest.render.archive_page import ArchivePage
from digest.store.content.archive import ArchivedSource, ArchivedStory
from digest.store.schema import edition
from digest.web.app import create_app
from tests.support.asgi import Asgi

EDITIONS, STORIES = 3_000, 12
BAR = 100
_FIRST = date(2018, 1, 1)
# Syllables of which invented words are made: a few thousand words, some in every second headline.
_SYLLABLES = "का की रा ना ति मो दि सं प्र भा वि शा ज न ह र म त ल गा बा नी पु सु जी को"


def run(*, quick: bool) -> list[tuple[str, ...]]:
    """Rows of (search, ms p50, p95, CPU ms p95, the bar)."""
    rows = [*_measure("", "SQLite", quick=quick)]
    if server := os.environ.get("DIGEST_TEST_POSTGRES"):
        with schema(server) as url:
            rows += _measure(url, "PostgreSQL", quick=quick)
    return rows


def _measure(store: str, engine: str, *, quick: bool) -> Iterator[tuple[str, ...]]:
    """Rows of the store at this URL; without one, of SQLite."""
    number, dice = (200 if quick else EDITIONS), random.Random(17)
    words = _words(dice)
    environment = {"DIGEST_NOW": "2026-11-23T07:30+05:30"} | ({"DIGEST_STORE__URL": store} if store else {})
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "newsletter"
        make_folder(home)
        with make_app(home, environment=environment) as app:
            _fill(app, number, words, dice)
            if store:
                vacuum(store, "archive_story, archive_page, edition")
            with create_app(app, "http://localhost") as pages, closing(Asgi(pages)) as client:
                for what, queries in _queries(words, dice, 20 if quick else 200).items():
                    took = [_ask(client, query) for query in queries]
                    wall, cpu = (quantiles(column, n=20) for column in zip(*took, strict=True))
                    row = f"{wall[9]:.1f}", f"{wall[18]:.1f}", f"{cpu[18]:.1f}", f"<= {BAR}"
                    yield f"{what}, {number:,} editions, {engine}", *row


def _ask(client: Asgi, query: str) -> tuple[float, float]:
    """Return the milliseconds of a search: of the wall clock, and of the CPU."""
    began, worked = time.perf_counter(), time.process_time()
    answer = client.request("GET", f"/search?q={quote(query)}", b"", {"Host": "localhost"})
    took = 1000 * (time.perf_counter() - began), 1000 * (time.process_time() - worked)
    assert answer.status == 200, answer.status
    return took


def _words(dice: random.Random) -> list[str]:
    syllables = _SYLLABLES.split()
    return ["".join(dice.choices(syllables, k=dice.randint(2, 4))) for _ in range(4_000)]


def _headline(words: list[str], dice: random.Random, length: int) -> str:
    # A few words are very frequent, as in a real language.
    return " ".join(words[int(len(words) * dice.random() ** 4)] for _ in range(length))


def _queries(words: list[str], dice: random.Random, count: int) -> dict[str, list[str]]:
    return {
        "a frequent word": [words[dice.randrange(10)] for _ in range(count)],
        "a word": [dice.choice(words) for _ in range(count)],
        "three words": [_headline(words, dice, 3) for _ in range(count)],
        "a typo": [dice.choice(words)[:-1] + "ऋ" for _ in range(count)],
    }


def _fill(app: App, number: int, words: list[str], dice: random.Random) -> None:
    """Store editions, one a day, each with its page and stories."""
    for index in range(number):
        day = _FIRST + timedelta(days=index)
        key = day.isoformat()
        at = datetime.combine(day, datetime.min.time(), app.now().tzinfo)
        with app.database.write() as connection:
            values = {"key": key, "day": day, "number": index + 1, "state": EditionState.DONE, "subject": key}
            texts = dict.fromkeys(("preheader", "intro", "lead", "reason"), "")
            lists: dict[str, object] = {"sections": [], "editorial_changes": {}}
            connection.execute(insert(edition).values(**values, **texts, **lists, frozen_at=at))
        stories = list(_stories(key, day, at, words, dice))
        app.archive.put(key, ArchivePage(stories[0].title, "…", "<p>…</p>", "", STORIES, 3), at, stories, [])


def _stories(key: str, day: date, at: datetime, words: list[str], dice: random.Random) -> Iterator[ArchivedStory]:
    for place in range(STORIES):
        yield ArchivedStory(
            edition=key,
            story=f"{key}-{place}",
            thread=f"{key}-{place}",
            day=day,
            position=place,
            section="देश",
            language="hi",
            title=_headline(words, dice, 9),
            summary=_headline(words, dice, 30),
            picture="",
            picture_width=0,
            published=at,
            sources=(ArchivedSource("नदीपुर समाचार", "https://example.com/a"),),
        )
