"""Alerts, messages to the admins, and the texts of the scheduler's alerts. Data only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from digest.errors import ConfigProblem
from digest.utils.redact import hide_addresses, redact
from digest.utils.text import plural


class AlertKind(StrEnum):
    """The conditions. Together with its subject a kind names one alert."""

    SOURCE_DEAD = "source-dead"
    SOURCE_SILENT = "source-silent"
    EDITION_SKIPPED = "edition-skipped"
    EDITION_THIN = "edition-thin"
    EDITION_WAITING = "edition-waiting"
    EDITION_EXPIRED = "edition-expired"
    # The service did not run at the edition's time, so it was not even composed.
    EDITION_MISSED = "edition-missed"
    BREAKING_PROPOSED = "breaking-proposed"
    RECIPIENTS_EXPIRED = "recipients-expired"
    SENDING_STOPPED = "sending-stopped"
    SENDING_SLOW = "sending-slow"
    OUTCOME_UNKNOWN = "outcome-unknown"
    PROVIDER_DOWN = "provider-down"
    KEY_REFUSED = "key-refused"
    CERTIFICATE_INVALID = "certificate-invalid"
    BOUNCE_RATE = "bounce-rate"
    COMPLAINT_RATE = "complaint-rate"
    BLOCK_RATE = "block-rate"
    RECEIVER_POLICY = "receiver-policy"
    WEBHOOK_SILENT = "webhook-silent"
    FEEDBACK_FAILED = "feedback-failed"
    DISK_LOW = "disk-low"
    BACKUP_OLD = "backup-old"
    STORE_UNUSABLE = "store-unusable"
    CLOCK_JUMP = "clock-jump"
    STOOD_STILL = "stood-still"
    JOB_FAILED = "job-failed"
    LIST_FAULTY = "list-faulty"
    SETTINGS_FAULTY = "settings-faulty"
    RESTART_NEEDED = "restart-needed"
    REENGAGE_PLANNED = "reengage-planned"


# Alerts that end with the decision of a person.
DECISIONS = (AlertKind.EDITION_WAITING, AlertKind.BREAKING_PROPOSED)


@dataclass(frozen=True, slots=True)
class Alert:
    """A condition that holds. `text` says what happened, `action` what to do, with the exact command."""

    kind: str
    # The source, edition or transport that it is about.
    subject: str
    # One line.
    title: str
    text: str
    action: str
    since: datetime
    # When it ends without a message, because it no longer matters.
    until: datetime | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.subject


class AlertTexts(NamedTuple):
    """The texts of an alert: a line, what happened, and what to do."""

    title: str
    text: str
    action: str


# Kinds whose cause may change while the alert lasts. A new cause is reported too, because it needs another remedy.
_WHOLE = frozenset({AlertKind.LIST_FAULTY, AlertKind.SETTINGS_FAULTY, AlertKind.RESTART_NEEDED, AlertKind.CLOCK_JUMP})
_SERVERS = frozenset({AlertKind.PROVIDER_DOWN, AlertKind.KEY_REFUSED, AlertKind.CERTIFICATE_INVALID})
_LINK = re.compile(r"(/approve/[^/\s]+/)[A-Za-z0-9_-]+")
# The reply code of an error by SMTP or HTTP, not a port.
_CODE = re.compile(r"(?<![:.\d])[45]\d\d(?![.\d])")


def cause(kind: str, text: str) -> str | None:
    """Return a text that identifies the cause of an alert; None for a kind that is reported once whatever its cause.

    For a file these are all of its errors. For a server it is the reply code, because the words vary. Each jump of the
    clock is one of its own: a clock that is set right again must not be taken for wrong.
    """
    if kind in _WHOLE:
        return text
    if kind not in _SERVERS:
        return None
    code = _CODE.search(text)
    return code[0] if code else ""


def without_code(text: str) -> str:
    """Replace the codes of approval links by `***` for the log. People who read the log must not be able to approve."""
    return _LINK.sub(r"\1***", text)


def redact_alert(item: Alert) -> Alert:
    """Return the alert without addresses and secrets. It quotes servers, and may be shown in a chat."""
    title, text, action = (hide_addresses(redact(part)) for part in (item.title, item.text, item.action))
    return replace(item, title=title, text=text, action=action)


class MessageType(StrEnum):
    """The type of a message. Webhook receivers get it too."""

    RAISED = "alert.raised"
    RESOLVED = "alert.resolved"
    REPORT = "edition.report"
    TEST = "alert.test"


@dataclass(frozen=True, slots=True)
class Mail:
    """The email of a message that has a layout of its own."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class AdminMessage:
    """One message to the admins. All attempts have the same id, so that receivers can drop duplicates."""

    id: str
    type: MessageType
    at: datetime
    # Of the newsletter.
    sender: str
    title: str
    text: str
    action: str = ""
    since: datetime | None = None
    # For `RAISED` and `RESOLVED`.
    kind: str = ""
    subject: str = ""
    # The parts of an email, if the message has its own.
    html: str = ""
    mail_subject: str = ""
    mail_text: str = ""
    # More fields for the webhook.
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a message was not sent. The reason never contains a URL's path, a key or an address of a subscriber."""

    reason: str
    # Seconds, if the receiver named a time.
    retry_after: float | None = None
    # No retry can succeed.
    permanent: bool = False


class Channel(Protocol):
    """A way to reach the admins. It raises no errors of the network or the receiver, and takes bounded time."""

    @property
    def name(self) -> str: ...

    def send(self, messages: Sequence[AdminMessage]) -> Mapping[str, Failure]:
        """Send the messages. Returns id → failure for those that were not sent."""
        ...


@dataclass(frozen=True, slots=True)
class NoticeAlert:
    """The alert that a notice raises. `{subject}` in its texts is replaced by the file, job or edition."""

    kind: AlertKind
    title: str
    action: str


def title_of_errors(problems: Sequence[ConfigProblem]) -> str:
    """Return a title that differs for different errors: the files, the number of errors and their lines."""
    files = list(dict.fromkeys(problem.where for problem in problems))
    lines = list(dict.fromkeys(problem.line for problem in problems if problem.line))
    number = "an error" if len(problems) == 1 else f"{len(problems)} errors"
    verb = "has" if len(files) == 1 else "have"
    # Lines of several files would be ambiguous.
    if len(files) > 1 or not lines:
        where = ""
    elif len(lines) == 1:
        where = f" in line {lines[0]}"
    elif len(lines) <= _MAX_LINES:
        where = f" in lines {', '.join(map(str, lines[:-1]))} and {lines[-1]}"
    else:
        where = f" in lines {', '.join(map(str, lines[:_MAX_LINES]))} …"
    return f"{', '.join(files[:3])}{' …' if len(files) > 3 else ''} {verb} {number}{where}"


# Lines in a title.
_MAX_LINES = 5


class NoticeKind(StrEnum):
    """What `digest run` reports once: faults, and states of editions."""

    # Faults of files, and edits that need a restart.
    SETTINGS = "settings"
    RESTART = "restart"
    LIST = "list"
    HOLIDAYS = "holidays"
    # A job fails, or waits for another process.
    JOB = "job"
    WAITING = "waiting"
    # States of an edition.
    BREAKING = "breaking"
    SKIPPED = "skipped"
    WIDENED = "widened"
    APPROVAL = "approval"
    APPROVED = "approved"
    NOT_APPROVED = "not approved"
    EXPIRED = "expired"
    MISSED = "missed"
    # Missed by a newsletter that sent nothing before.
    NOT_PLANNED = "not planned"


NOTICES = {
    NoticeKind.LIST: NoticeAlert(
        AlertKind.LIST_FAULTY,
        "{subject} has errors",
        "Correct what it names; `digest subscribers check` shows all errors.",
    ),
    NoticeKind.SETTINGS: NoticeAlert(
        AlertKind.SETTINGS_FAULTY,
        "{subject} has errors",
        "Correct what it names; `digest check` shows all errors.",
    ),
    NoticeKind.RESTART: NoticeAlert(
        AlertKind.RESTART_NEEDED,
        "Some changes of {subject} need a restart",
        "Restart `digest run` and all workers, for example with `systemctl restart digest`.",
    ),
    NoticeKind.JOB: NoticeAlert(
        AlertKind.JOB_FAILED,
        "The job {subject} fails",
        "Correct what it names; `digest check` finds all errors of settings and list. The job continues then.",
    ),
    NoticeKind.MISSED: NoticeAlert(
        AlertKind.EDITION_MISSED,
        "Edition {subject} was missed",
        "`digest send {subject}` sends it now. `journalctl -u digest` shows why nothing ran at its time.",
    ),
    NoticeKind.BREAKING: NoticeAlert(
        AlertKind.BREAKING_PROPOSED,
        "Breaking news can be sent: {subject}",
        "`digest breaking send {subject}` sends it to everyone who wants breaking news, and `digest breaking drop "
        "{subject}` drops it. `digest preview {subject} --open` shows it.",
    ),
}
"""The notices that also raise an alert."""


def expired_texts(key: str, recipients: int, problem: str | None, *, missed: bool) -> AlertTexts:
    """Return the texts about recipients who did not get an edition in time, for other causes than a deferral.

    `problem` says why the last attempt failed. `missed`: nothing ran at their time.
    """
    title = f"Edition {key} did not reach {plural(recipients, 'recipient')}"
    if missed:
        return AlertTexts(
            title,
            "Neither `digest run` nor a worker ran at their time, nor within `schedule.expires_after` of it. They do "
            "not get it.",
            "`journalctl -u digest` shows why.",
        )
    if problem:
        return AlertTexts(
            title,
            f"Their emails could not be handed over within `schedule.expires_after`, and they do not get it: {problem}",
            f"`digest check` tests the connection, and `digest status {key}` names the recipients.",
        )
    return AlertTexts(
        title,
        "Their emails could not be handed over within `schedule.expires_after`, and they do not get it.",
        f"`digest status {key}` says why. Make sending faster (`delivery.rate`, `delivery.threads`), or raise "
        "`schedule.expires_after`.",
    )


def deferred_texts(key: str, recipients: int) -> AlertTexts:
    """Return the texts about recipients whose mail servers deferred the email until it was too old."""
    return AlertTexts(
        f"Mail servers deferred edition {key} for {plural(recipients, 'recipient')}",
        "They asked to try later until `schedule.expires_after` was over, and these recipients do not get it. For so "
        "many the cause is the sender or the email, not full mailboxes.",
        f"`digest status {key}` shows what the mail servers said.",
    )
