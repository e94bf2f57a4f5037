"""The input of the conditions: numbers of recent editions, attempts and responses, and the settings. Data only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from digest.models import AttemptState, EditionState, SourceHealth


@dataclass(frozen=True, slots=True)
class EditionFacts:
    """A recent edition, or one that is being sent. All counts are recipients."""

    key: str
    day: date
    state: EditionState
    subject: str
    reason: str
    stories: int
    composed_at: datetime | None
    frozen_at: datetime | None
    accepted: int = 0
    pending: int = 0
    unknown: int = 0
    rejected: int = 0
    # Kind of event → recipients: blocked, bounced, complained, dropped.
    failures: Mapping[str, int] = field(default_factory=dict)
    # Recipients who wait because their mail servers deferred them.
    deferred: int = 0
    # The time of the earliest batch that is due and not handed over, without deferred recipients.
    oldest_due: datetime | None = None
    # When an approval was last withdrawn, or ended with a change.
    reopened_at: datetime | None = None
    # When sending paused automatically, and why.
    stopped: tuple[datetime, str] | None = None


@dataclass(frozen=True, slots=True)
class AttemptFacts:
    """An attempt that has ended."""

    edition: str
    transport: str
    state: AttemptState
    started_at: datetime
    ended_at: datetime
    # When the provider sends it, if it was scheduled.
    send_at: datetime | None
    detail: str
    # Recipients that its batch has now.
    size: int


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """A receiver's response about an edition's emails, with the number of recipients."""

    edition: str
    text: str
    recipients: int


@dataclass(frozen=True, slots=True)
class FailedFeedback:
    """Webhook payloads and returned mails that could not be processed, and when the first one arrived."""

    number: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class AlertRules:
    """What the settings say about alerts. Rates are in percent; 0 switches a condition off."""

    source_failures: int
    source_silent: timedelta
    # By the key of an edition: with fewer stories it is thin.
    thin_below: Callable[[str], int]
    provider_failures: int
    slow_send: timedelta
    bounce_rate: float
    complaint_rate: float
    block_rate: float
    policy_answers: int
    webhook_silent: timedelta
    # Bytes.
    disk_free: int
    backup_age: timedelta
    # Whether an edition, by key, waits until somebody approves it.
    requires_approval: Callable[[str], bool]
    # Until when an edition, by key, can be approved; None if it has no such time.
    decide_by: Callable[[str], datetime | None]
    # The address where an edition, by key, can be approved; None without such a page.
    approval_link: Callable[[str], str | None]
    # The transports whose events are expected.
    events_expected: Collection[str]
    # Transport → the environment variable that holds its key.
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """All facts of one minute's check."""

    now: datetime
    rules: AlertRules
    editions: Sequence[EditionFacts]
    # Newest first.
    attempts: Sequence[AttemptFacts]
    answers: Sequence[AnswerFacts]
    # Of the sources in the settings.
    sources: Sequence[SourceHealth]
    # The transports in the settings that send real email.
    transports: Sequence[str]
    # Transport → the problem found by its last probe.
    probes: Mapping[str, str]
    # When the newest payload of a provider's events arrived.
    last_event_at: datetime | None
    failed_feedback: FailedFeedback
    # Folder → bytes that are free.
    disks: Mapping[str, int]
    # Since when `digest run` sends what is due; None if another process, or nobody, does.
    sending_since: datetime | None = None
    # None if the store was never backed up by `digest store backup`.
    last_backup: datetime | None = None
