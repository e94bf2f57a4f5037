"""The composition root: read the settings, build the collaborators, close them again."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from digest import i18n
from digest.config import loader
from digest.config.credentials import with_credentials
from digest.config.secrets import find_secrets
from digest.config.settings import Settings
from digest.config.valid_part import ValidPart, load_valid_part
from digest.deliver.ports import Cancellable, ScheduleWindow
from digest.errors import ConfigProblem, ConfigurationError
from digest.models import Source, is_breaking
from digest.transports import TRANSPORTS, alert_smtp
from digest.utils import redact
from digest.utils.clock import SharedClock, make_clock

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from digest.collect.http.fetch import Fetcher
    from digest.collect.http.robots import Robots
    from digest.collect.pages.fulltext_fetch import FulltextCache
    from digest.collect.source_reader import CollectContext
    from digest.config.calendar import Calendar, CalendarReader
    from digest.curate.rules import Rules
    from digest.curate.summary.types import Summariser
    from digest.deliver.ports import ScheduleWindow, SendRateLimiter, Transport
    from digest.feedback.sendgrid_signature import Verifier
    from digest.feedback.sns import Verifier as SnsVerifier
    from digest.mail.message import Sender
    from digest.notify.alert import Channel
    from digest.render.renderer import Renderer
    from digest.render.themes import Branding
    from digest.store.content.answers import AnswerStore
    from digest.store.content.archive import ArchiveStore
    from digest.store.content.articles import ArticleStore
    from digest.store.content.editions import EditionStore, SentHistoryStore
    from digest.store.content.events import EventStore
    from digest.store.database import Database
    from digest.store.desk.audit import AuditLog
    from digest.store.high_water import HighWater
    from digest.store.people.directory import SubscriberDirectory
    from digest.store.people.subscribers import SubscriberAdmin, SubscriberStore
    from digest.store.sending.ledger import SqlLedger
    from digest.store.sending.overview import Overview
    from digest.store.sending.status import StatusReader
    from digest.store.workers import WorkerStore
    from digest.subscribers.tokens import Signer
    from digest.usecases.accounts import Accounts
    from digest.usecases.alerts import Alerts
    from digest.usecases.api_tokens import ApiTokens
    from digest.usecases.approval import Approver
    from digest.usecases.archive import Archivist
    from digest.usecases.automatic_stop import AutomaticStop
    from digest.usecases.breaking import BreakingNews
    from digest.usecases.compose import Composer
    from digest.usecases.copy_store import StoreCopier
    from digest.usecases.edit_edition import EditionEditor
    from digest.usecases.edit_sources import SourceEditor
    from digest.usecases.edit_subscribers import SubscriberEditor
    from digest.usecases.enqueue import Enqueuer, SeatQueue
    from digest.usecases.erase_subscriber import SubscriberEraser
    from digest.usecases.issue_receipt import ReceiptIssuer
    from digest.usecases.outgoing_webhooks import OutgoingWebhooks
    from digest.usecases.preflight import ExampleDomainGuard, Preflight, SampleGuard
    from digest.usecases.process_feedback import FeedbackProcessor
    from digest.usecases.prune_store import StorePruner
    from digest.usecases.reconcile import Reconciler, Recovery
    from digest.usecases.report import Reporter
    from digest.usecases.restore_store import StoreRestorer
    from digest.usecases.share import Cards
    from digest.usecases.stop_edition import EditionStopper
    from digest.usecases.subscriber_list import SubscriberList
    from digest.usecases.sync_suppressions import SuppressionSync
    from digest.usecases.transfer_subscribers import SubscriberTransfer
    from digest.usecases.watch import Watch


# The name of an environment variable, not a secret.
SECRET_ENV = "DIGEST_SECRET_KEY"  # noqa: S105
# Time to notice an unknown outcome and to cancel it, before the provider's deadline.
_TIME_TO_CANCEL = timedelta(minutes=3)
# Seconds for a certificate or a confirmation of SNS, which itself waits 15 seconds.
_SNS_TIMEOUT = 4.0
# Characters of a token that stands in for a signature.
_MIN_TOKEN = 16


@dataclass(frozen=True)
class App:
    """One newsletter folder and its collaborators, each built on first use. `close` closes what was opened."""

    home: Path
    settings: Settings
    environment: Mapping[str, str]
    clock: Callable[[], datetime]
    # Whether nobody waits for an answer (`digest run`): errors of the list then follow `subscribers.on_error`.
    unattended: bool = False
    # Faults of `digest.yaml`; default values replace the faulty ones. Empty unless it was opened despite faults.
    faults: tuple[ConfigProblem, ...] = ()
    # The sections in which they are.
    faulty_sections: frozenset[str] = frozenset()
    # Calls workers to an edition when it is frozen; None if there are none.
    seats: SeatQueue | None = None

    @cached_property
    def database(self) -> Database:
        from digest.store.database import open_database

        if self._lender is not None:
            self._tell_outbox(self._lender.database)
            return self._lender.database
        clock = self.clock if isinstance(self.clock, SharedClock) else None
        database = open_database(self.settings.store.url, home=self.home, clock=clock)
        self._tell_outbox(database)
        return database

    def _tell_outbox(self, database: Database) -> None:
        from digest.store.outbox import Endpoint, set_endpoints
        from digest.usecases.outgoing_webhooks import endpoint_key

        hooks = self.settings.webhooks
        endpoints = [Endpoint(endpoint_key(each.url), frozenset(each.events)) for each in hooks]
        set_endpoints(database, endpoints, self.now)

    @cached_property
    def outgoing_webhooks(self) -> OutgoingWebhooks:
        from digest.collect.http.post import JsonPoster
        from digest.store.outbox import OutboxStore
        from digest.usecases.outgoing_webhooks import OutgoingWebhooks, Receiver

        receivers = [
            Receiver(
                each.url,
                JsonPoster(allow_private=each.private).post,
                partial(self._webhook_keys, each.secret_env, f"webhooks[{number}].secret_env"),
            )
            for number, each in enumerate(self.settings.webhooks, 1)
        ]
        return OutgoingWebhooks(OutboxStore(self.database), receivers, self.audit, self.now)

    @cached_property
    def articles(self) -> ArticleStore:
        from digest.store.content.articles import ArticleStore

        return ArticleStore(self.database, self.clock, keep=self.settings.keep_articles)

    @cached_property
    def editions(self) -> EditionStore:
        from digest.store.content.editions import EditionStore

        return EditionStore(self.database)

    @cached_property
    def archive(self) -> ArchiveStore:
        from digest.store.content.archive import ArchiveStore

        return ArchiveStore(self.database, samples=self.outbox_only)

    @cached_property
    def answers(self) -> AnswerStore:
        from digest.store.content.answers import AnswerStore

        return AnswerStore(self.database)

    @cached_property
    def subscribers(self) -> SubscriberStore:
        from digest.store.people.subscribers import SubscriberStore

        return SubscriberStore(self.database)

    @cached_property
    def subscriber_admin(self) -> SubscriberAdmin:
        from digest.store.people.subscribers import SubscriberAdmin

        return SubscriberAdmin(self.database)

    @cached_property
    def ledger(self) -> SqlLedger:
        from digest.deliver.registry import REDO_WITHIN
        from digest.store.sending.ledger import SqlLedger

        smtp = self.settings.delivery.smtp
        hosts = {"smtp": f"{smtp.host}:{smtp.port}"} if smtp.host else {}
        return SqlLedger(self.database, self.high_water, hosts=hosts, redo_within=REDO_WITHIN, clock=self.clock)

    @cached_property
    def high_water(self) -> HighWater:
        """Notices an older copy of the store."""
        from digest.store.high_water import HighWater, mark_file

        return HighWater(self.database, mark_file(self.database, self.home), self.settings.newsletter.zone)

    @cached_property
    def events(self) -> EventStore:
        from digest.store.content.events import EventStore

        return EventStore(self.database)

    @cached_property
    def fetcher(self) -> Fetcher:
        from digest.collect.http.fetch import Fetcher

        return Fetcher(contact=self._contact)

    @cached_property
    def _quick_fetcher(self) -> Fetcher:
        """Fetches the pictures and blocks of an edition, with shorter timeouts than `fetcher`."""
        from digest.collect.http.fetch import Fetcher, FetchLimits
        from digest.collect.http.politeness import HostLimiter
        from digest.render.pictures import MAX_BYTES

        limits = FetchLimits(connect=5.0, read=10.0, total=20.0, body=MAX_BYTES)
        # All pictures of a paper come from one host, as when a browser opens its front page.
        limiter = HostLimiter(max_connections=4, min_interval=0.1)
        return Fetcher(limits, contact=self._contact, limiter=limiter)

    @property
    def _contact(self) -> str:
        newsletter = self.settings.newsletter
        return newsletter.base_url or (f"mailto:{newsletter.reply_to}" if newsletter.reply_to else "")

    @cached_property
    def robots(self) -> Robots:
        """The robots.txt rules of sites, cached for this process."""
        from digest.collect.http.robots import Robots

        return Robots(self.fetcher)

    @cached_property
    def fulltext_cache(self) -> FulltextCache:
        """The articles that this process has completed from their pages."""
        from digest.collect.pages.fulltext_fetch import FulltextCache

        return FulltextCache()

    def collect_context(self) -> CollectContext:
        """What reading sources needs, as of now."""
        from digest.collect.source_reader import CollectContext

        return CollectContext(
            self.fetcher,
            self.now(),
            self.home,
            robots=self.robots,
            fulltext_cache=self.fulltext_cache,
            article_store=self.articles,
            secret=self.source_secret,
        )

    @cached_property
    def branding(self) -> Branding:
        from digest.render.themes import LOOKS, Branding, Theme

        newsletter, chosen = self.settings.newsletter, self.settings.theme
        others = chosen.model_dump(exclude={"name", "accent", "logo"})
        theme = Theme(
            LOOKS[chosen.name],
            chosen.accent or None,
            chosen.logo or None,
            can_attach=self.settings.delivery.can_attach,
            **others,
        )
        return Branding(
            name=newsletter.name,
            language=newsletter.language,
            timezone=newsletter.timezone,
            base_url=newsletter.base_url or None,
            postal_address=newsletter.postal_address,
            sender_email=newsletter.sender.email,
            reply_to=newsletter.reply_to or None,
            theme=theme,
            edition_names={each.slug: each.name for each in self.settings.schedule.editions if each.name},
            archive=self.settings.web.archive == "public",
            signup=self.settings.web.signup,
        )

    @cached_property
    def renderer(self) -> Renderer:
        from digest.render.renderer import Renderer
        from digest.utils import files

        folders = [self.home / "templates", files.templates()]
        return Renderer(self.branding, folders, budget=self.settings.edition.max_bytes)

    @cached_property
    def signer(self) -> Signer:
        """Signs tokens with the keys of DIGEST_SECRET_KEY (newest first, comma-separated) or one from the store."""
        from digest.store.meta import get_or_create
        from digest.subscribers.tokens import Signer

        given = [word.strip() for word in self.environment.get(SECRET_ENV, "").split(",") if word.strip()]
        if any(len(word.encode()) < 16 for word in given):
            raise ConfigurationError([ConfigProblem(SECRET_ENV, 0, "expected keys of at least 16 characters")])
        if given:
            return Signer([word.encode() for word in given])
        stored = get_or_create(self.database, "signing_key", lambda: secrets.token_hex(32))
        redact.protect([stored])
        return Signer([bytes.fromhex(stored)])

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """The sources that are collected: those that are not paused."""
        return tuple(source.to_source() for source in self.settings.sources if not source.paused)

    @cached_property
    def source_editor(self) -> SourceEditor:
        from digest.usecases.edit_sources import SourceEditor

        return SourceEditor(self.home, self.environment, self.collect_context, self.audit, self.now)

    @cached_property
    def rules(self) -> Rules:
        from digest.curate.recurring_kinds import Policy
        from digest.curate.rules import Rules
        from digest.curate.sections import translated_sections

        edition, called = self.settings.edition, translated_sections(self.settings.newsletter.language)
        return Rules(
            max_stories=edition.max_stories,
            min_stories=edition.min_stories,
            window=edition.window,
            merge=edition.merge,
            related=edition.related,
            same_source=edition.same_source,
            sections=tuple(called.get(name, name) for name in edition.sections),
            called=called,
            per_section_max=edition.per_section,
            quotas=edition.quotas,
            recurring={kind: Policy(name) for kind, name in edition.recurring.items()},
            block=edition.block,
            boost=edition.boost,
            importance=edition.importance,
            memory=edition.memory,
            language=self.settings.newsletter.language,
            timezone=self.settings.newsletter.timezone,
        )

    @cached_property
    def summariser(self) -> Summariser:
        """Raises ConfigurationError if the API key of the summary engine is missing."""
        from digest.curate import summary

        chosen = self.settings.summary
        kind = summary.load(chosen.engine)
        if chosen.engine == "extractive":
            summariser: Summariser = kind(self.settings.newsletter.language, chosen.words)
        else:
            key = self.secret(chosen.key_env, "summary.key_env") if chosen.key_env else ""
            timeout = chosen.timeout.total_seconds()
            summariser = kind(chosen.url, chosen.model, key=key, timeout=timeout, words=chosen.words)
        return summariser

    @cached_property
    def sent_history(self) -> SentHistoryStore:
        from digest.store.content.editions import SentHistoryStore

        return SentHistoryStore(self.database)

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics that a subscriber may choose: the newsletter's sections and those of its sources."""
        from digest.curate.sections import DAILY_COLUMNS

        named = (source.section for source in self.settings.sources if source.section)
        columns = [DAILY_COLUMNS] if "section" in self.settings.edition.recurring.values() else []
        sections = (self.rules.called.get(name, name) for name in (*named, *columns))
        return tuple(dict.fromkeys((*self.rules.sections, *sections)))

    @property
    def edition_slugs(self) -> tuple[str, ...]:
        """The editions among which a subscriber may choose; none if the newsletter has only one."""
        return tuple(self.settings.choices)

    @property
    def first_send_at(self) -> time:
        """The hour of the first edition of a day. A subscriber's own hour is after it."""
        schedule = self.settings.schedule
        return min((edition.send_at or schedule.send_at for edition in schedule.editions), default=schedule.send_at)

    @cached_property
    def sender(self) -> Sender:
        from digest.mail.message import Sender

        newsletter = self.settings.newsletter
        return Sender(
            newsletter.sender.name,
            newsletter.sender.email,
            newsletter.reply_to or None,
            newsletter.name,
            newsletter.base_url or None,
        )

    @cached_property
    def transports(self) -> tuple[Transport, ...]:
        """The transports in the order of the settings: the first one, and its fallbacks.

        Raises ConfigurationError if a transport's key is missing.
        """
        return tuple(TRANSPORTS[name](self) for name in self.settings.delivery.transport)

    @cached_property
    def rate_limiter(self) -> SendRateLimiter | None:
        """Counts recipients against the limits of the settings; None without limits."""
        from digest.store.rate_limits import DAY, HOUR, MINUTE, SECOND, Limits, TransportLimits, WarmUp

        rate, warm_up = self.settings.delivery.rate, self.settings.delivery.warm_up
        by_window = {SECOND: rate.per_second, MINUTE: rate.per_minute, HOUR: rate.per_hour, DAY: rate.per_day}
        limits = {window: recipients for window, recipients in by_window.items() if recipients is not None}
        if not limits and warm_up is None:
            return None
        growth = WarmUp(warm_up.start, warm_up.factor) if warm_up else None
        return TransportLimits(self.database, Limits(limits, growth))

    @property
    def schedule_window(self) -> ScheduleWindow | None:
        """How early batches go to a provider that can cancel them; None if none can, or the settings rule it out."""
        cancellable = [transport for transport in self.transports if isinstance(transport, Cancellable)]
        if self.settings.delivery.on_unknown != "fence" or not cancellable:
            return None
        deadline = max(transport.cancel_deadline for transport in cancellable)
        return ScheduleWindow(
            max_lead=self.settings.delivery.lead, min_lead=deadline + _TIME_TO_CANCEL, cancel_deadline=deadline
        )

    @cached_property
    def composer(self) -> Composer:
        from digest.collect.collector import collect
        from digest.curate.summary.metered import ModelTasks
        from digest.usecases.blocks import BlockReader
        from digest.usecases.compose import Composer
        from digest.usecases.fetch_fulltext import FulltextFetcher
        from digest.usecases.pictures import PicturePreparer

        return Composer(
            sources=self.sources,
            articles=self.articles,
            editions=self.editions,
            sent_history=self.sent_history,
            rules=self.rules,
            summariser=self.summariser,
            model_tasks=ModelTasks(
                budget=self.settings.summary.budget,
                headlines=self.settings.summary.headlines,
                intro=self.settings.summary.intro,
            ),
            fulltext=FulltextFetcher(self.sources, self.articles, self.collect_context),
            blocks=BlockReader(
                folder=self.home / self.settings.blocks.folder,
                urls=self.settings.blocks.urls,
                may_be_private=self.settings.blocks.private,
                fetcher=self._quick_fetcher,
                has_pages=bool(self.settings.newsletter.base_url),
                editions=self.editions,
            ),
            pictures=PicturePreparer(self.branding.theme, self.articles.images, self._quick_fetcher, self.sources),
            collect=lambda on_source: collect(self.sources, self.collect_context(), self.articles, progress=on_source),
            language=self.settings.newsletter.language,
            zone=self.settings.newsletter.zone,
            calendar=self.calendar_reader.read,
            now=self.now,
        )

    @cached_property
    def editor(self) -> EditionEditor:
        from digest.usecases.edit_edition import EditionEditor

        return EditionEditor(self.editions, self.audit, self.composer, self.breaking, self.now)

    @cached_property
    def audit(self) -> AuditLog:
        from digest.store.desk.audit import AuditLog

        return AuditLog(self.database)

    @cached_property
    def accounts(self) -> Accounts:
        """The users of the desk."""
        from digest.store.desk.users import UserStore
        from digest.store.rate_limits import RateLimiter
        from digest.usecases.accounts import Accounts

        return Accounts(UserStore(self.database), self.audit, RateLimiter(self.database), self.signer, self.now)

    @cached_property
    def api_tokens(self) -> ApiTokens:
        from digest.usecases.api_tokens import ApiTokens

        return ApiTokens(self.accounts.users, self.audit, self.now)

    @cached_property
    def breaking(self) -> BreakingNews:
        from digest.usecases.breaking import BreakingNews

        return BreakingNews(
            settings=self.settings.breaking,
            composer=self.composer,
            editions=self.editions,
            articles=self.articles,
            database=self.database,
            expires_after=self.settings.schedule.expires_after,
            memory=self.settings.edition.memory,
            zone=self.settings.newsletter.zone,
            now=self.now,
        )

    @cached_property
    def calendar_reader(self) -> CalendarReader:
        from digest.config.calendar import CalendarReader

        return CalendarReader(self.settings, self.home, keep_last=self.unattended)

    @property
    def calendar(self) -> Calendar:
        """The planned editions. Raises ConfigurationError for a faulty file of holidays."""
        return self.calendar_reader.read()

    def requires_approval(self, key: str) -> bool:
        """Whether a person must approve the edition first. A special follows `schedule.approval`."""
        if is_breaking(key):
            # Sending it is the approval.
            return False
        planned = self.calendar.of(key)
        return (planned.schedule if planned else self.settings.schedule).approval == "required"

    def thin_below(self, key: str) -> int:
        """The number of stories below which an edition is thin. Breaking news is never thin."""
        if is_breaking(key):
            return 0
        planned = self.calendar.of(key)
        most = (planned.schedule if planned else self.settings.edition).max_stories
        return min(self.settings.alerts.thin_edition, most)

    @cached_property
    def subscriber_list(self) -> SubscriberList:
        from digest.subscribers.list_file import FILE_NAME
        from digest.usecases.subscriber_list import SubscriberList

        return SubscriberList(
            path=self.home / FILE_NAME,
            topics=self.topics,
            editions=self.edition_slugs,
            subscribers=self.subscribers,
            subscriber_admin=self.subscriber_admin,
            now=self.now,
            keep_last_good=self.unattended and self.settings.subscribers.on_error == "last_good",
        )

    @cached_property
    def feedback(self) -> FeedbackProcessor:
        from digest.usecases.process_feedback import FeedbackProcessor

        return FeedbackProcessor(
            events=self.events,
            ledger=self.ledger,
            subscribers=self.subscribers,
            signer=self.signer,
            sender=self.sender,
            bounce_address=self.settings.delivery.smtp.bounces or None,
            tracking=self.settings.newsletter.tracking == "on",
            retention=self.settings.web.webhooks.keep,
            now=self.now,
        )

    @cached_property
    def suppression_sync(self) -> SuppressionSync:
        from digest.usecases.sync_suppressions import SuppressionSync

        return SuppressionSync(
            transports=self.transports,
            database=self.database,
            subscriber_list=self.subscriber_list,
            subscribers=self.subscribers,
            feedback=self.feedback,
            now=self.now,
        )

    @cached_property
    def eraser(self) -> SubscriberEraser:
        from digest.store.people.preferences import PreferenceStore
        from digest.usecases.erase_subscriber import SubscriberEraser
        from digest.utils.files import placed

        return SubscriberEraser(
            feedback=self.feedback,
            preferences=PreferenceStore(self.database),
            erasures=self.subscriber_admin.erasures,
            outbox=placed(self.home, self.settings.delivery.outbox.path),
            now=self.now,
        )

    @cached_property
    def subscriber_editor(self) -> SubscriberEditor:
        from digest.usecases.edit_subscribers import SubscriberEditor

        return SubscriberEditor(
            home=self.home,
            database=self.database,
            subscriber_list=self.subscriber_list,
            subscriber_admin=self.subscriber_admin,
            eraser=lambda: self.eraser,
            topics=self.topics,
            editions=self.edition_slugs,
            now=self.now,
        )

    @cached_property
    def subscriber_transfer(self) -> SubscriberTransfer:
        from digest.store.people.preferences import PreferenceStore
        from digest.usecases.transfer_subscribers import SubscriberTransfer

        return SubscriberTransfer(
            self.subscriber_list,
            self.subscriber_admin,
            PreferenceStore(self.database),
            self.audit,
            self.topics,
            self.edition_slugs,
            self.now,
        )

    @cached_property
    def directory(self) -> SubscriberDirectory:
        """The list of subscribers, for pages."""
        from digest.store.people.directory import SubscriberDirectory

        return SubscriberDirectory(self.database)

    @property
    def outbox_only(self) -> bool:
        """Whether emails only go to files."""
        return self.settings.delivery.transport == ("outbox",)

    @cached_property
    def example_domain_guard(self) -> ExampleDomainGuard:
        from digest.usecases.preflight import ExampleDomainGuard

        return ExampleDomainGuard(self.settings.newsletter.base_url, self.outbox_only, self.subscribers)

    @cached_property
    def sample_guard(self) -> SampleGuard:
        from digest.usecases.preflight import SampleGuard

        return SampleGuard(self.outbox_only, self.subscribers)

    @cached_property
    def approver(self) -> Approver:
        from digest.usecases.approval import Approver

        return Approver(
            self.editions, self.preflight, self.sample_guard, self.breaking, self.enqueuer.variants_in_use, self.now
        )

    def desk_url(self, pages: str = "") -> str:
        """The public address of the desk. `pages` is that of the subscriber pages if `newsletter.base_url` is unset."""
        own, base = self.settings.desk.base_url, self.settings.newsletter.base_url or pages
        return own.rstrip("/") or f"{base.rstrip('/')}/desk"

    def approval_link(self, key: str) -> str | None:
        """The address where an admin approves the edition; None if `alerts.approval_links` says none."""
        base, chosen = self.settings.newsletter.base_url, self.settings.alerts.approval_links
        if not base or not (self.settings.web.enabled if chosen is None else chosen):
            return None
        from digest.usecases.approval import approval_link

        return approval_link(base, self.signer, key)

    @cached_property
    def recovery(self) -> Recovery:
        from digest.usecases.reconcile import Recovery

        return Recovery(self.ledger, self.settings.delivery.on_unknown == "resend", self.now)

    @cached_property
    def stopper(self) -> EditionStopper:
        from digest.usecases.stop_edition import EditionStopper

        try:
            transports = self.transports
        except ConfigurationError:
            # Faulty settings do not keep an edition from being stopped. Emails that a provider holds are not cancelled.
            if not self.faults:
                raise
            transports = ()
        return EditionStopper(self.database, self.editions, self.ledger, transports, self.recovery, self.now)

    @cached_property
    def automatic_stop(self) -> AutomaticStop:
        from digest.usecases.automatic_stop import AutomaticStop

        limits = self.settings.delivery.stop_on
        return AutomaticStop(self.database, self.editions, limits.first, limits.bounces, limits.complaints, self.now)

    @cached_property
    def reconciler(self) -> Reconciler:
        from digest.mail.message import recipient
        from digest.mail.mime import message_id_of
        from digest.usecases.reconcile import Reconciler

        def message_id(edition: str, id: int, email: str) -> str:
            to = recipient(id, email, self.sender, self.signer.sign_email)
            return message_id_of(edition, to, self.sender)

        return Reconciler(
            self.database, self.high_water, self.ledger, self.transports, self.recovery, self.now, message_id
        )

    @cached_property
    def restorer(self) -> StoreRestorer:
        """Does not open the store, which may be unreadable."""
        from digest.usecases.restore_store import StoreRestorer

        return StoreRestorer(self.settings.store.url, self.home, self.now)

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
            now=self.now,
        )

    @property
    def store_copier(self) -> StoreCopier:
        """Opens the stores that it is given, not this app's."""
        from digest.usecases.copy_store import StoreCopier

        return StoreCopier(self.home)

    @cached_property
    def status_reader(self) -> StatusReader:
        """Reads an edition's status without recovering anything."""
        from digest.deliver.registry import RECOVERY, REDO_WITHIN
        from digest.store.sending.recovery import RecoveryPolicy
        from digest.store.sending.status import StatusReader

        resend = self.settings.delivery.on_unknown == "resend"
        return StatusReader(self.database, RecoveryPolicy(RECOVERY, REDO_WITHIN, self.ledger.progress.boot, resend))

    @cached_property
    def webhook_verifier(self) -> Verifier | None:
        """Checks SendGrid's signatures with the keys that the settings name; None without keys.

        Raises ConfigurationError for an invalid key.
        """
        from digest.feedback.sendgrid_signature import Verifier, read_keys

        variable = self.settings.web.webhooks.sendgrid.keys_env
        if not variable:
            return None
        try:
            return Verifier(read_keys(self.environment.get(variable, "")))
        except ValueError as error:
            raise ConfigurationError(
                [ConfigProblem(variable, 0, f"{error} ('web.webhooks.sendgrid.keys_env')")]
            ) from None

    @cached_property
    def brevo_webhook_token(self) -> str | None:
        """The token that Brevo's webhook sends; None if the settings name none.

        Raises ConfigurationError if it is missing or short.
        """
        variable, key = self.settings.web.webhooks.brevo.token_env, "web.webhooks.brevo.token_env"
        if not variable:
            return None
        token = self.secret(variable, key)
        if len(token) < _MIN_TOKEN:
            problem = f"expected a token of at least {_MIN_TOKEN} characters ('{key}')"
            raise ConfigurationError([ConfigProblem(variable, 0, problem)])
        return token

    @cached_property
    def sns_verifier(self) -> SnsVerifier | None:
        """Checks the signatures of Amazon SNS; None without a topic."""
        from digest.deliver.http_client import HttpClient
        from digest.feedback.sns import Verifier as SnsVerifier

        topic = self.settings.web.webhooks.ses.topic_arn
        if not topic:
            return None

        def fetch(host: str, path: str) -> bytes | None:
            client = HttpClient(f"https://{host}", timeout=_SNS_TIMEOUT)
            try:
                response = client.get(path, {"User-Agent": "hindi-digest"})
            finally:
                client.close()
            return response.body if response.status == 200 and response.complete else None

        return SnsVerifier(topic, fetch)

    @cached_property
    def enqueuer(self) -> Enqueuer:
        from digest.usecases.enqueue import Enqueuer

        return Enqueuer(
            database=self.database,
            editions=self.editions,
            subscribers=self.subscribers,
            subscriber_list=self.subscriber_list,
            renderer=self.renderer,
            preflight=self.preflight,
            batch_size=self.settings.delivery.recipients_per_batch,
            spread_over=self.settings.delivery.spread_over,
            calendar=self.calendar_reader.read,
            choices=self.settings.choices,
            default_hour=self.settings.schedule.send_at,
            archive=self.archivist.add,
            now=self.now,
            seats=self.seats,
        )

    @cached_property
    def archivist(self) -> Archivist:
        from digest.render.renderer import Renderer
        from digest.usecases.archive import Archivist
        from digest.utils import files

        built_in = Renderer(self.branding, [files.templates()])
        return Archivist(self.editions, self.archive, self.articles, self.renderer, built_in, self.now)

    @cached_property
    def cards(self) -> Cards:
        from digest.usecases.share import Cards

        return Cards(self.articles.images, self.branding)

    @cached_property
    def preflight(self) -> Preflight:
        from digest.usecases.preflight import Preflight

        return Preflight(self.editions, self.renderer, self.articles.images, self.now)

    @cached_property
    def alerts(self) -> Alerts:
        from digest.store.alerts import AlertStore
        from digest.usecases.alerts import Alerts

        return Alerts(AlertStore(self.database), self.alert_channels, self.settings.newsletter.name, self.now)

    @cached_property
    def alert_channels(self) -> tuple[Channel, ...]:
        """The ways to the admins. The webhook comes first, because it is faster than a mail server that is down.

        Without its signing secret the webhook is left out, see `alert_problems`.
        """
        from contextlib import suppress

        from digest.collect.http.post import JsonPoster
        from digest.notify.webhook import WebhookChannel
        from digest.usecases.alert_email import EmailChannel

        alerts, zone = self.settings.alerts, self.settings.newsletter.zone
        channels: list[Channel] = []
        if alerts.webhook:
            poster = JsonPoster(allow_private=alerts.webhook_private)
            format, chat = alerts.webhook_format, alerts.telegram_chat
            with suppress(ConfigurationError):
                keys = self._alert_keys()
                channels.append(
                    WebhookChannel(alerts.webhook, poster.post, zone=zone, format=format, keys=keys, chat=chat)
                )
        channels += [
            EmailChannel(address, self.alert_transports, self.sender, self.signer.sign_email, zone)
            for address in alerts.email
        ]
        return tuple(channels)

    @cached_property
    def overview(self) -> Overview:
        from digest.store.sending.overview import Overview

        return Overview(self.database)

    @property
    def receipt_issuer(self) -> ReceiptIssuer:
        from digest.store.sending.statistics import Statistics
        from digest.usecases.issue_receipt import ReceiptIssuer

        newsletter = self.settings.newsletter
        domain = newsletter.sender.email.rpartition("@")[2]
        return ReceiptIssuer(self.status_reader, Statistics(self.database), newsletter.name, domain, self.now)

    def receipt_key(self) -> Ed25519PrivateKey:
        """The key that signs receipts, which is made on first use. Raises ConfigurationError for an unusable one."""
        from digest.receipt.key import find_or_make_key

        return find_or_make_key(*self._receipt_key_places)

    def existing_receipt_key(self) -> Ed25519PrivateKey | None:
        from digest.receipt.key import find_key

        return find_key(*self._receipt_key_places)

    @property
    def _receipt_key_places(self) -> tuple[str, Path]:
        """The key in the environment, or '', and the file beside an SQLite store or in the newsletter's folder."""
        from digest.receipt.key import KEY_ENV
        from digest.store.private import sqlite_file

        database = self.database
        store = sqlite_file(database) if database.sqlite else self.home / "digest"
        return self.environment.get(KEY_ENV, ""), store.with_name(f"{store.name}.receipt-key")

    @cached_property
    def reporter(self) -> Reporter:
        from digest.notify.report import ModelPrice
        from digest.store.sending.statistics import Statistics
        from digest.usecases.report import Reporter

        newsletter, alerts, summary = self.settings.newsletter, self.settings.alerts, self.settings.summary
        return Reporter(
            statistics=Statistics(self.database),
            overview=self.overview,
            editions=self.editions,
            articles=self.articles,
            sources=self.sources,
            alerts=self.alerts,
            newsletter=newsletter.name,
            language=newsletter.language,
            tracking=newsletter.tracking == "on",
            model_price=ModelPrice(summary.price, summary.currency) if summary.price is not None else None,
            source_failures=alerts.source_failures,
            source_silent=alerts.source_silent,
            after=alerts.report_after,
            now=self.now,
        )

    @cached_property
    def watch(self) -> Watch:
        from digest.notify.facts import Limits
        from digest.usecases.watch import Watch

        alerts, delivery = self.settings.alerts, self.settings.delivery
        store = self.database.engine.url.database if self.database.sqlite else None
        return Watch(
            alerts=self.alerts,
            editions=self.editions,
            automatic_stop=self.automatic_stop,
            overview=self.overview,
            articles=self.articles,
            sources=self.sources,
            limits=Limits(
                source_failures=alerts.source_failures,
                source_silent=alerts.source_silent,
                thin_below=self.thin_below,
                provider_failures=alerts.provider_failures,
                slow_send=alerts.slow_send,
                bounce_rate=alerts.bounce_rate,
                complaint_rate=alerts.complaint_rate,
                block_rate=alerts.block_rate,
                policy_answers=alerts.policy_answers,
                webhook_silent=alerts.webhook_silent,
                disk_free=alerts.disk_free_mb * 1_000_000,
            ),
            requires_approval=self.requires_approval,
            approval_link=self.approval_link,
            events_expected=self.settings.web.webhooks.providers,
            transports={name: partial(TRANSPORTS[name], self) for name in delivery.transport if name != "outbox"},
            keys={
                "sendgrid": delivery.sendgrid.key_env,
                "resend": delivery.resend.key_env,
                "brevo": delivery.brevo.key_env,
                "ses": delivery.ses.secret_key_env,
                "smtp": delivery.smtp.password_env,
            },
            folders=sorted({self.home, Path(store).parent if store else self.home}),
            now=self.now,
        )

    @property
    def alert_transports(self) -> dict[str, Callable[[], Transport]]:
        """The transports for alerts, in the order in which they are tried. A run that sends uses others."""
        alerts, names = self.settings.alerts, self.settings.delivery.transport
        builders: dict[str, Callable[[], Transport]] = {}
        if alerts.smtp:
            builders["alerts.smtp"] = partial(alert_smtp, self)
        for name in (alerts.transport, *names):
            if name:
                builders[name] = partial(TRANSPORTS[name], self)
        return builders

    def _alert_keys(self) -> list[bytes]:
        return self._webhook_keys(self.settings.alerts.webhook_secret_env, "alerts.webhook_secret_env")

    def _webhook_keys(self, variable: str, key: str) -> list[bytes]:
        """Return the keys in an environment variable, which the setting `key` names. Raises ConfigurationError."""
        from digest.notify.signature import read_secrets

        if not variable:
            return []
        try:
            return read_secrets(self.secret(variable, key))
        except ValueError as error:
            raise ConfigurationError([ConfigProblem(variable, 0, f"{error} ('{key}')")]) from None

    def check_credentials(self) -> None:
        """Build the transports, so that a missing key is reported first. Raises ConfigurationError."""
        _ = self.transports

    def alert_problems(self) -> list[ConfigProblem]:
        """What is wrong with the secrets for alerts. These problems never stop a send."""
        alerts = self.settings.alerts
        builders = self.alert_transports.values() if alerts.email else ()
        checks: list[Callable[[], object]] = [partial(_build_and_close, build) for build in builders]
        if alerts.webhook:
            checks.append(self._alert_keys)
        problems: list[ConfigProblem] = []
        for check in checks:
            try:
                check()
            except ConfigurationError as error:
                problems += error.problems
        return problems

    def secret(self, variable: str, key: str) -> str:
        """Return a secret from the environment. Raises ConfigurationError that names the variable, never its value."""
        value = self.environment.get(variable, "").strip()
        if not value:
            message = f"'{key}' names the environment variable {variable}, which is not set; put the key there"
            raise ConfigurationError([ConfigProblem(loader.FILE_NAME, 0, message)])
        if any(ord(mark) < 33 or ord(mark) > 126 for mark in value):
            raise ConfigurationError(
                [ConfigProblem(variable, 0, "contains characters that no key has; was it truncated or pasted twice?")]
            )
        return value

    def source_secret(self, variable: str) -> str:
        """Return the key of a source. Raises ConfigurationError."""
        return self.secret(variable, "sources.auth.env")

    def now(self) -> datetime:
        """Return the time in the newsletter's zone."""
        return self.clock().astimezone(self.settings.newsletter.zone)

    @cached_property
    def workers(self) -> WorkerStore:
        from digest.store.workers import WorkerStore

        return WorkerStore(self.database)

    def copy_with(
        self, *, settings: Settings | None = None, unattended: bool | None = None, seats: SeatQueue | None = None
    ) -> App:
        """Return the same newsletter with other settings. Both share the store; closing this one closes both."""
        chosen = self.unattended if unattended is None else unattended
        other = replace(self, settings=settings or self.settings, unattended=chosen, seats=seats or self.seats)
        # The store is opened when it is needed: a server may be down when `digest run` starts.
        other.__dict__.update(_lender=self._lender or self, _open=self._open)
        self._open.append(other)
        return other

    @cached_property
    def _lender(self) -> App | None:
        """The app whose store this one uses; None if it has its own."""
        return None

    @cached_property
    def _open(self) -> list[App]:
        """The apps that share this one's store and are closed with it."""
        return [self]

    def discard(self) -> None:
        """Close the connections of this app's transports, and leave the store to the apps that share it."""
        for transport in self.__dict__.get("transports", ()):
            transport.close()
        self._open[:] = [app for app in self._open if app is not self]

    def close(self) -> None:
        """Close what was opened, the store last. An error in one does not keep the others open."""
        with ExitStack() as closing:
            transports = (each for app in self._open for each in app.__dict__.get("transports", ()))
            for opened in (self.__dict__.get("database"), *transports):
                if opened is not None:
                    closing.callback(opened.close)


@contextmanager
def make_app(
    home: Path,
    *,
    environment: Mapping[str, str] | None = None,
    clock: Callable[[], datetime] | None = None,
    despite_faults: bool = False,
) -> Iterator[App]:
    """Open the newsletter in the folder `home`, and close it when the block ends. Raises ConfigurationError.

    `DIGEST_NOW` (an ISO time with an offset) sets the clock, for rehearsals. `despite_faults`: with a faulty
    `digest.yaml` use what is valid of it and default values for the rest, as long as it names an existing store;
    `App.faults` has the faults. Only for what sends and composes nothing.
    """
    environment = with_credentials(os.environ if environment is None else environment)
    found = load_valid_part(home, environment) if despite_faults else ValidPart(loader.load(home, environment))
    settings = found.settings
    redact.protect(find_secrets(settings, environment))
    app = App(
        home.resolve(),
        settings,
        environment,
        clock or make_clock(environment),
        faults=found.faults,
        faulty_sections=found.faulty_sections,
    )
    with i18n.bound(app.home / "messages"):
        try:
            i18n.require(settings.newsletter.language)
        except ConfigurationError as error:
            if not despite_faults:
                raise
            app = replace(app, faults=(*found.faults, *error.problems))
        if app.faults:
            _require_store(app)
        with closing(app):
            yield app


def _require_store(app: App) -> None:
    """Raise ConfigurationError if the store does not exist: its URL may be what is faulty."""
    from digest.store.database import unopened
    from digest.store.private import sqlite_file

    with closing(unopened(app.settings.store.url, home=app.home)) as database:
        if database.sqlite and not sqlite_file(database).exists():
            raise ConfigurationError(list(app.faults))


def _build_and_close(build: Callable[[], Transport]) -> None:
    build().close()
