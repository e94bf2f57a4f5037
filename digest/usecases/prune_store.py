"""Prune the store: delete data older than the settings allow, in parts so small that nobody waits for them.

Nothing is deleted while an edition is being sent. The next run finishes what a stopped one leaves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from digest.models import BatchState, EditionState
from digest.store import meta
from digest.store.content import articles as stored_articles
from digest.store.people.import_undo import ImportUndo
from digest.store.people.subscriber_texts import SubscriberTextStore
from digest.store.schema import batch, edition
from digest.store.sending import folding

if TYPE_CHECKING:
    from digest.store.content.events import EventStore
    from digest.store.database import Database

# The name in `meta` of the time of the last pruning.
PRUNED_AT = "pruned at"
# The name in `meta` of the Content-IDs of images that were unused then.
UNUSED_IMAGES = "unused images"
# Rows per part: a write lock of some milliseconds.
_DELIVERIES, _ARTICLES = 2_000, 200
# Seconds between parts, so that others can write.
_PAUSE = 0.01
# Approximate bytes of a row with its index entries, for the preview.
_DELIVERY_BYTES, _EVENT_BYTES = 50, 100
_EVERY = timedelta(hours=23)


@dataclass(slots=True)
class PruneResult:
    """Counts of deleted data, or of data that would be deleted. `bytes` is the approximate size in the store."""

    articles: int = 0
    # Undated articles that lost their text.
    emptied: int = 0
    images: int = 0
    # Editions that keep only counts.
    editions: list[str] = field(default_factory=list)
    deliveries: int = 0
    events: int = 0
    emails: int = 0
    payloads: int = 0
    bytes: int = 0
    # Whether it ended early, because an edition was being sent or the process was asked to stop.
    interrupted: bool = False


@dataclass(frozen=True)
class StorePruner:
    """Prunes by the age of articles, of editions and of processed webhook payloads."""

    database: Database
    events: EventStore
    keep_articles: timedelta
    keep_deliveries: timedelta
    keep_payloads: timedelta
    now: Callable[[], datetime]
    # How long texts from subscribers are kept.
    keep_texts: timedelta = timedelta(days=365)

    def plan(self) -> PruneResult:
        """Count the data that `prune` would delete."""
        now = self.now()
        articles = stored_articles.measure(self.database, now - self.keep_articles)
        payloads, payload_bytes = self.events.measure_processed(now - self.keep_payloads)
        found = PruneResult(articles.deleted, articles.emptied, payloads=payloads, bytes=articles.bytes + payload_bytes)
        found.editions = folding.foldable_editions(self.database, now - self.keep_deliveries)
        for key in (*found.editions, *folding.half_folded_editions(self.database)):
            one = folding.measure(self.database, key)
            found.deliveries += one.deliveries
            found.events += one.events
            found.emails += one.emails
            found.bytes += one.email_bytes + one.deliveries * _DELIVERY_BYTES + one.events * _EVENT_BYTES
        return found

    def is_due(self) -> bool:
        """Whether the last complete run was at least about a day ago, and nothing is being sent."""
        last = meta.get(self.database, PRUNED_AT)
        if last is not None and timedelta(0) <= self.now() - datetime.fromisoformat(last) < _EVERY:
            return False
        return not self.is_sending()

    def is_sending(self) -> bool:
        """Whether recipients of an edition wait for their email now."""
        waits = (BatchState.PENDING, BatchState.SUBMITTING)
        soon = self.now() + timedelta(minutes=1)
        rows = (
            select(batch.c.id)
            .join(edition, edition.c.key == batch.c.edition)
            .where(edition.c.state == EditionState.SENDING, batch.c.state.in_(waits), batch.c.due_at <= soon)
        )
        return self.database.query(rows.limit(1)).first() is not None

    def prune(
        self,
        stopped: Callable[[], bool] = lambda: False,
        report: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> PruneResult:
        """Delete old data. Ends early, after the current part, if `stopped` returns true or a send begins.

        `report` gets the number of rows that are deleted so far, and of all.
        """
        now, found = self.now(), self.plan()
        done, total = PruneResult(bytes=found.bytes), _rows(found)
        for _part in self._parts(done, now):
            if total:
                report(min(_rows(done), total), total)
            if stopped() or self.is_sending():
                done.interrupted = True
                return done
            time.sleep(_PAUSE)
        if total:
            report(total, total)
        meta.set(self.database, PRUNED_AT, now.isoformat())
        return done

    def _parts(self, done: PruneResult, now: datetime) -> Iterator[None]:
        """Do one part of the work before each value, and count it in `done`."""
        yield
        done.payloads = self.events.delete_processed(now - self.keep_payloads)
        SubscriberTextStore(self.database).delete_old(now - self.keep_texts)
        while ImportUndo(self.database).forget_old(now, _DELIVERIES):
            yield
        yield from self._prune_articles(done, now - self.keep_articles)
        for key in folding.half_folded_editions(self.database):
            yield from self._delete_recipients(done, key)
        before = now - self.keep_deliveries
        for key in folding.foldable_editions(self.database, before):
            emails = folding.fold(self.database, key, before, now)
            if emails is not None:
                done.editions.append(key)
                done.emails += emails
                yield from self._delete_recipients(done, key)

    def _prune_articles(self, done: PruneResult, before: datetime) -> Iterator[None]:
        images: set[str] = set()
        while True:
            part = stored_articles.delete_articles(self.database, before, _ARTICLES)
            done.articles += part.deleted
            done.emptied += part.emptied
            images |= part.images
            yield
            if part.deleted + part.emptied < _ARTICLES:
                break
        # Deletes pictures of drafts that were composed again. Composing stores pictures before their edition, so a
        # picture must be unused in two runs, a day apart.
        unused = stored_articles.unused_images(self.database)
        before_too = unused.intersection((meta.get(self.database, UNUSED_IMAGES) or "").split())
        done.images = stored_articles.delete_images(self.database, images | before_too)
        meta.set(self.database, UNUSED_IMAGES, " ".join(sorted(unused - images - before_too)))

    def _delete_recipients(self, done: PruneResult, key: str) -> Iterator[None]:
        while True:
            deliveries, events = folding.delete_recipients(self.database, key, _DELIVERIES)
            done.deliveries += deliveries
            done.events += events
            yield
            if deliveries < _DELIVERIES:
                break


def _rows(pruned: PruneResult) -> int:
    return pruned.articles + pruned.emptied + pruned.deliveries + pruned.events
