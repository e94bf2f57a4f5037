"""The parts of the store, each for one kind of data, and its maintenance."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from digest.wiring.folder import FolderWiring

if TYPE_CHECKING:
    from digest.store.content.answers import AnswerStore
    from digest.store.content.archive import ArchiveStore
    from digest.store.content.articles import ArticleStore
    from digest.store.content.clicks import ClickStore
    from digest.store.content.editions import EditionStore, SentHistoryStore
    from digest.store.content.events import EventStore
    from digest.store.desk.audit import AuditLog
    from digest.store.high_water import HighWater
    from digest.store.people.directory import SubscriberDirectory
    from digest.store.people.preferences import PreferenceStore
    from digest.store.people.reengagement import ReengagementStore
    from digest.store.people.subscriber_texts import SubscriberTextStore
    from digest.store.people.subscribers import SubscriberAdmin, SubscriberStore
    from digest.store.sending.ledger import SqlLedger
    from digest.store.sending.overview import Overview
    from digest.store.sending.statistics import Statistics
    from digest.store.sending.status import StatusReader
    from digest.store.workers import WorkerStore
    from digest.usecases.copy_store import StoreCopier
    from digest.usecases.prune_store import StorePruner
    from digest.usecases.restore_store import StoreRestorer


class StoreWiring(FolderWiring):
    @cached_property
    def high_water(self) -> HighWater:
        """Notices an older copy of the store."""
        from digest.store.high_water import HighWater, mark_file

        return HighWater(self.database, mark_file(self.database, self.home), self.settings.newsletter.zone)

    @cached_property
    def ledger(self) -> SqlLedger:
        from digest.deliver.ports import REDO_WITHIN
        from digest.store.sending.ledger import SqlLedger

        smtp = self.settings.delivery.smtp
        hosts = {"smtp": f"{smtp.host}:{smtp.port}"} if smtp.host else {}
        return SqlLedger(self.database, self.high_water, hosts=hosts, redo_within=REDO_WITHIN, clock=self.clock)

    @cached_property
    def status_reader(self) -> StatusReader:
        """Reads an edition's status without recovering anything."""
        from digest.deliver.ports import RECOVERY, REDO_WITHIN
        from digest.store.sending.recovery import RecoveryPolicy
        from digest.store.sending.status import StatusReader

        resend = self.settings.delivery.on_unknown == "resend"
        return StatusReader(self.database, RecoveryPolicy(RECOVERY, REDO_WITHIN, self.ledger.progress.boot, resend))

    @cached_property
    def overview(self) -> Overview:
        from digest.store.sending.overview import Overview

        return Overview(self.database)

    @cached_property
    def statistics(self) -> Statistics:
        """Counts the recipients of editions, and keeps the counts of earlier ones for some minutes."""
        from digest.store.sending.statistics import Statistics

        return Statistics(self.database)

    @cached_property
    def editions(self) -> EditionStore:
        from digest.store.content.editions import EditionStore

        return EditionStore(self.database)

    @cached_property
    def archive(self) -> ArchiveStore:
        from digest.store.content.archive import ArchiveStore

        return ArchiveStore(self.database, samples=self.outbox_only)

    @cached_property
    def articles(self) -> ArticleStore:
        from digest.store.content.articles import ArticleStore

        return ArticleStore(self.database, self.clock, keep=self.settings.keep_articles)

    @cached_property
    def sent_history(self) -> SentHistoryStore:
        from digest.store.content.editions import SentHistoryStore

        return SentHistoryStore(self.database)

    @cached_property
    def answers(self) -> AnswerStore:
        from digest.store.content.answers import AnswerStore

        return AnswerStore(self.database)

    @cached_property
    def events(self) -> EventStore:
        from digest.store.content.events import EventStore

        return EventStore(self.database)

    @cached_property
    def subscribers(self) -> SubscriberStore:
        from digest.store.people.subscribers import SubscriberStore

        return SubscriberStore(self.database)

    @cached_property
    def subscriber_admin(self) -> SubscriberAdmin:
        from digest.store.people.subscribers import SubscriberAdmin

        return SubscriberAdmin(self.database)

    @cached_property
    def preferences(self) -> PreferenceStore:
        """Subscribers' own decisions."""
        from digest.store.people.preferences import PreferenceStore

        return PreferenceStore(self.database)

    @cached_property
    def audit(self) -> AuditLog:
        from digest.store.desk.audit import AuditLog

        return AuditLog(self.database)

    @cached_property
    def workers(self) -> WorkerStore:
        from digest.store.workers import WorkerStore

        return WorkerStore(self.database)

    @cached_property
    def directory(self) -> SubscriberDirectory:
        """The list of subscribers, for pages."""
        from digest.store.people.directory import SubscriberDirectory

        return SubscriberDirectory(self.database)

    @cached_property
    def clicks(self) -> ClickStore:
        from digest.store.content.clicks import ClickStore

        return ClickStore(self.database)

    @cached_property
    def subscriber_texts(self) -> SubscriberTextStore:
        from digest.store.people.subscriber_texts import SubscriberTextStore

        return SubscriberTextStore(self.database)

    @cached_property
    def reengagement_store(self) -> ReengagementStore:
        from digest.store.people.reengagement import ReengagementStore

        return ReengagementStore(self.database)


class MaintenanceWiring(StoreWiring):
    """Copies, restores and prunes the store."""

    @cached_property
    def pruner(self) -> StorePruner:
        from digest.usecases.prune_store import StorePruner

        settings = self.settings
        return StorePruner(
            database=self.database,
            events=self.events,
            keep_articles=settings.keep_articles,
            keep_deliveries=settings.store.keep.deliveries,
            keep_payloads=settings.web.webhooks.keep,
            keep_texts=settings.store.keep.words,
            now=self.now,
        )

    @cached_property
    def restorer(self) -> StoreRestorer:
        """The restorer. It works without opening the store, which may be unreadable."""
        from digest.usecases.restore_store import StoreRestorer

        return StoreRestorer(self.settings.store.url, self.home, self.now)

    @property
    def store_copier(self) -> StoreCopier:
        """Opens the stores that it is given, not this app's."""
        from digest.usecases.copy_store import StoreCopier

        return StoreCopier(self.home)
