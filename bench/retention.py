"""The size of the store after a year of daily editions, pruned every day as `digest run` does it, or once at the end.

Each day brings 400 articles with their texts. Every email is delivered, one in ten is opened, some bounce, and a few
subscribers leave. Each edition is kept with as many bytes as one of the samples, in the archive too. PostgreSQL is
measured if DIGEST_TEST_POSTGRES has the URL of a database, in which a schema is created and dropped.
"""

from __future__ import annotations

import os
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, insert, select

from bench.freezing import schema
from bench.measure import timed
from bench.newsletter import email_of
from bench.sample_articles import NOW, make_articles
from digest.config.settings import KeepSettings
from digest.config.web import WebhookSettings
from digest.deliver.outcome import Accepted
from digest.hindi.tokens import query_groups
from digest.models import Article, Edition, EditionState, RenderedEmail, Section, Story, Subscriber
from digest.render.archive_page import ArchivePage
from digest.store.content.archive import ArchivedSource, ArchivedStory, ArchiveStore
from digest.store.content.articles import ArticleStore
from digest.store.content.editions import EditionStore, PublishedStore
from digest.store.content.events import EventStore, count_feedback
from digest.store.database import Database, copy_rows, open_database
from digest.store.inspection import compact, measure_space
from digest.store.people.consent import ConsentLog
from digest.store.people.erasure import Erasures
from digest.store.people.history import SubscriberHistory
from digest.store.people.subscribers import SubscriberStore
from digest.store.people.suppressions import suppress
from digest.store.schema import delivery_event, suppression, webhook
from digest.store.sending.enqueue import Placement, enqueue_subscribers
from digest.store.sending.ledger import SqlLedger
from digest.store.sending.status import counts
from digest.usecases.prune_store import StorePruner

# Megabytes for 10,000 subscribers.
BAR = 200
_ARTICLES, _STORIES, _VARIANTS, _BATCH_SIZE = 400, 12, 8, 1000
# Characters of an email: close to `edition.max_bytes`, and the plain text.
_HTML, _TEXT = "<p>" * 15_000, "text " * 3_000
# The archive's article of the samples has 12 kB, and the stories of their edition with all reasons have 29 kB.
_PAGE, _REASON, _SUMMARY = "<p>ख़बर</p>" * 600, "यह 1 घंटे पुरानी है: +0.47", "नदीपुर में नया पुल खुला। " * 10
_REASONS = 40
_EVENTS_PER_PAYLOAD = 500
_FIRST = NOW - timedelta(days=365)


class _Year:
    """A store whose clock is moved on by a day at a time."""

    def __init__(self, database: Database, subscribers: int) -> None:
        self.database, self.subscribers = database, subscribers
        self.now = _FIRST
        self.articles = make_articles(_ARTICLES)
        keep = KeepSettings()
        events = EventStore(database)
        self.pruner = StorePruner(
            database, events, keep.articles, keep.deliveries, WebhookSettings().keep, lambda: self.now
        )
        listed = ((email_of(n), Subscriber(email_of(n), topics=(f"topic{n % _VARIANTS}",))) for n in range(subscribers))
        SubscriberStore(database).sync(listed, now=self.now)
        consents = ConsentLog(database)
        for number in range(100):
            consents.record(email_of(number), "signed up", self.now, "web", wording="हाँ")

    def spend(self, days: int, *, prune: bool) -> None:
        for day in range(days):
            self.now = _FIRST + timedelta(days=day)
            self._collect(day)
            self._send(f"{self.now:%Y-%m-%d}")
            with self.database.write() as connection:
                suppress(connection, email_of(self.subscribers - 1 - day), "unsubscribed", at=self.now)
            if prune:
                self.pruner.prune()

    def _collect(self, day: int) -> None:
        store = ArticleStore(self.database, lambda: self.now)
        store.save([self._article(article, day) for article in self.articles])

    def _article(self, article: Article, day: int) -> Article:
        id = f"{day}-{article.id}"
        return replace(article, id=id, url=f"{article.url}/{day}", published=self.now, content_hash=id)

    def _send(self, key: str) -> None:
        editions = EditionStore(self.database)
        stories = tuple(
            Story(
                a.id,
                a.title,
                a.body[0].text,
                a.url or "",
                a.published,
                True,
                (a.source,),
                (a.url or "",),
                (a.id,),
                "देश",
                reasons=(_REASON,) * _REASONS,
            )
            for a in self.articles[:_STORIES]
        )
        edition = Edition(key, self.now.date(), 1, EditionState.APPROVED, "विषय", "", (Section("देश", stories),))
        editions.put(edition, over=())
        groups = SubscriberStore(self.database).recipient_groups(key)
        decisions = {
            group: Placement(excluded="unsubscribed")
            if group.suppressed
            else Placement(f"html {group.topics}", self.now)
            for group in groups
        }
        variants = {each.variant for each in decisions.values() if each.variant} | {"html"}
        editions.save_emails(key, [RenderedEmail(variant, "विषय", _HTML, _TEXT) for variant in variants])
        enqueue_subscribers(self.database, key, decisions, _BATCH_SIZE, now=self.now)
        ledger = SqlLedger(self.database, clock=lambda: self.now)
        while claims := ledger.claim(10, key, "sendgrid", self.now, 5):
            ledger.record_accepted([(claim, Accepted("14c5d75ce93.dfd.64b469")) for claim in claims], self.now)
        ledger.finish(key, self.now)
        self._archive(edition)
        ids = range(1, self.subscribers + 1)
        with self.database.write() as connection:
            copy_rows(connection, delivery_event, self._events(connection.dialect.name, key, ids))
            for first in range(0, self.subscribers, _EVENTS_PER_PAYLOAD):
                body = zlib.compress(os.urandom(40) * _EVENTS_PER_PAYLOAD, 1) + os.urandom(15_000)
                values = {"provider": "sendgrid", "digest": f"{key} {first}", "received_at": self.now, "body": body}
                connection.execute(insert(webhook).values(processed_at=self.now, **values))

    def _archive(self, edition: Edition) -> None:
        source = ArchivedSource("नदीपुर समाचार", f"https://example.com/{edition.key}", "शीर्षक " * 8, self.now)
        stories = [
            ArchivedStory(
                edition.key,
                f"{edition.key}-{place}",
                f"{edition.key}-{place}",
                edition.day,
                place,
                story.section,
                "hi",
                f"{story.title} {edition.key}",
                _SUMMARY,
                "",
                0,
                self.now,
                (source, source),
            )
            for place, story in enumerate(edition.stories())
        ]
        page = ArchivePage(stories[0].title, "…", _PAGE, "", len(stories), 3)
        ArchiveStore(self.database).put(edition.key, page, self.now, stories, [])

    def _events(self, kind: str, key: str, ids: range) -> Iterator[tuple[object, ...]]:
        at = f"{self.now:%Y-%m-%d %H:%M:%S.%f}" if kind == "sqlite" else self.now
        for id in ids[: self.subscribers - (self.now - _FIRST).days]:
            # The server's text of an acceptance is not stored.
            yield key, id, "delivered", at, ""
            if id % 10 == 0:
                yield key, id, "opened", at, ""
            if id % 500 == 0:
                yield key, id, "bounced", at, "550 5.1.1 The email account that you tried to reach does not exist"

    def check(self, days: int) -> None:
        """Check that archive, history, counts and suppressions can still be read."""
        first = f"{_FIRST:%Y-%m-%d}"
        published = PublishedStore(self.database)
        assert published.get(first, self.now)
        assert EditionStore(self.database).get(first)
        assert len(published.newest(1000, self.now)) == days
        archive = ArchiveStore(self.database)
        page = archive.page(first, self.now)
        assert page
        assert page.html == _PAGE
        assert archive.search(query_groups("पुल"), self.now, limit=10).count
        found = counts(self.database, first)
        assert (found.frozen, found.accepted, found.settled) == (self.subscribers, self.subscribers, True), found
        assert count_feedback(self.database, first).opened == self.subscribers // 10
        history = SubscriberHistory(self.database, Erasures(self.database)).entries(email_of(0))
        assert {"added", "signed up", "accepted", "delivered"} <= {event.what for event in history}
        with self.database.read() as connection:
            assert connection.execute(select(func.count()).select_from(suppression)).scalar() == days


def run(*, quick: bool) -> list[tuple[str, ...]]:
    """Rows of (what, megabytes, bar)."""
    days, subscribers = (130, 200) if quick else (365, 10_000)
    what = f"{days} days × {subscribers:,} subscribers"
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for prune in (True, False):
            url = f"sqlite:///{Path(folder) / f'{prune}.db'}"
            rows += _measure(f"sqlite, {what}", url, days, subscribers, prune=prune)
    if server := os.environ.get("DIGEST_TEST_POSTGRES"):
        with schema(server) as url:
            rows += _measure(f"postgresql, {what}", url, days, subscribers, prune=True)
    return rows


def _measure(what: str, url: str, days: int, subscribers: int, *, prune: bool) -> list[tuple[str, ...]]:
    with closing(open_database(url, home=Path())) as database:
        year = _Year(database, subscribers)
        year.spend(days, prune=prune)
        size = _megabytes(database)
        if prune:
            year.check(days)
            return [(f"{what}, pruned daily", size, f"<= {BAR}")]
        seconds = timed(year.pruner.prune)
        compacting = timed(lambda: compact(database))
        year.check(days)
        then = f"{what}, pruned once in {seconds:.0f} s and compacted in {compacting:.1f} s"
        return [(f"{what}, never pruned", size, ""), (then, _megabytes(database), f"<= {BAR}")]


def _megabytes(database: Database) -> str:
    database.truncate_wal()
    return f"{measure_space(database).total / 1e6:.0f}"
