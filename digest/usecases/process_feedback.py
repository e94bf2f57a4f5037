"""Process delivery feedback: queued webhook payloads and bounce mail.

The webhook endpoint stores payloads; the scheduler and `digest events handle` process them here. Every step is
idempotent, so an interrupted run can be repeated. What cannot be processed is stored with its error, and the rest is
processed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from digest.errors import DigestError, StoreUnavailable
from digest.feedback import brevo, sendgrid, ses
from digest.feedback.dsn import DeliveryReport, parse_report
from digest.feedback.effects import ApplyResult, apply
from digest.feedback.ports import Event, InvalidPayload
from digest.feedback.replies import parse_reply
from digest.mail import verp
from digest.mail.message import Outgoing, recipient
from digest.mail.mime import message_id
from digest.models import RenderedEmail
from digest.store.content.events import MAIL, SentEmail, WebhookPayload, count_feedback
from digest.store.people.preferences import ERASED
from digest.store.people.subscriber_texts import TextKind
from digest.subscribers.address import comparable
from digest.utils.redact import hide_addresses, redact, without_known_bytes
from digest.utils.telemetry import report_error

if TYPE_CHECKING:
    from digest.mail.message import Sender
    from digest.store.content.events import EventStore
    from digest.store.people.preferences import PreferenceStore
    from digest.store.people.subscriber_texts import SubscriberTextStore
    from digest.store.people.subscribers import SubscriberStore
    from digest.store.sending.ledger import SqlLedger
    from digest.subscribers.tokens import TokenSigner

# The kind of a mail that could not be processed.
FAILED = "could not be processed"
# Fewer blocked emails say nothing about the sender, even if they are a tenth of an edition.
_MIN_BLOCKS = 20
# An older date means that the clock is broken.
_OLDEST_MAIL = timedelta(days=366)
# How far a foreign mail server's clock may be behind ours.
_MAX_CLOCK_SKEW = timedelta(hours=1)
# Provider name to the parser of its payloads.
PARSERS: dict[str, Callable[[bytes, Callable[[str], str | None]], list[Event]]] = {
    "sendgrid": sendgrid.parse_payload,
    "brevo": brevo.parse_payload,
    "ses": ses.parse_payload,
}


@dataclass(frozen=True)
class FeedbackResult:
    """Outcome of processing the queued webhook payloads."""

    payloads: int = 0
    events: int = 0
    # Stored events: the first of each kind per recipient.
    kept: int = 0
    # Newly suppressed addresses.
    suppressed: int = 0
    # The payloads and mails that could not be processed.
    failed: int = 0
    # Editions in which feedback resolved a batch whose outcome was unknown.
    resolved_editions: tuple[str, ...] = ()
    # Sentences for the operator.
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class FeedbackProcessor:
    """Applies the reports of providers and mail servers about an edition's emails."""

    events: EventStore
    ledger: SqlLedger
    subscribers: SubscriberStore
    preferences: PreferenceStore
    texts: SubscriberTextStore
    signer: TokenSigner
    sender: Sender
    # `delivery.smtp.bounces`: the address to which VERP adds a token for each recipient. None without VERP.
    bounce_address: str | None
    # Whether opens and clicks are stored.
    tracking: bool
    # How long processed payloads are kept.
    retention: timedelta
    now: Callable[[], datetime]

    def process_webhooks(
        self, progress: Callable[[int, int | None], None] | None = None, *, failed: bool = False
    ) -> FeedbackResult:
        """Apply all queued webhook payloads, then delete those past their retention period.

        `progress` is called with the number of payloads that are done. With `failed`, payloads and returned mails that
        failed before are tried again instead.
        """
        now = self.now()
        totals: Counter[str] = Counter()
        resolved: set[str] = set()
        blocked: set[str] = set()
        notes: list[str] = []
        for payload in self.events.queued(failed=failed):
            try:
                events = self._events_of(payload)
                applied = self.apply(events)
            except StoreUnavailable:
                raise
            except Exception as error:
                why = _describe(error)
                self.events.mark_processed(payload.id, now, error=why)
                notes.append(f"Skipped {_name(payload)}: {why}")
                totals["failed"] += 1
                continue
            resolved |= applied.confirmed
            blocked |= applied.blocked
            notes += applied.warnings
            self.events.mark_processed(payload.id, now)
            totals += Counter(payloads=1, events=len(events), kept=applied.kept, suppressed=applied.suppressed)
            if progress:
                progress(totals["payloads"], None)
        self.events.delete_processed(now - self.retention)
        notes += [warning for key in sorted(blocked) if (warning := self._sender_block_warning(key))]
        notes += [
            f"Edition {key}: the provider confirmed a batch whose outcome was unknown." for key in sorted(resolved)
        ]
        return FeedbackResult(resolved_editions=tuple(sorted(resolved)), notes=tuple(notes), **totals)

    def process_mail(self, data: bytes) -> tuple[str, int]:
        """Apply one returned mail. Returns its kind, and the number of newly suppressed addresses.

        A mail that cannot be processed is stored, and is `FAILED`.
        """
        try:
            kind, events = self._read_mail(data)
            return kind, self.apply(events).suppressed if events else 0
        except StoreUnavailable:
            raise
        except Exception as error:
            self.events.keep_mail(data, self.now(), _describe(error))
            return FAILED, 0

    def _events_of(self, payload: WebhookPayload) -> Sequence[Event]:
        if payload.provider == MAIL:
            return self._read_mail(payload.body)[1]
        return PARSERS[payload.provider](payload.body, comparable)

    def _read_mail(self, data: bytes) -> tuple[str, Sequence[Event]]:
        """Return the kind of a returned mail, and its event. A reply of a subscriber has no event, and is stored."""
        report = parse_report(without_known_bytes(data))
        if report is None:
            return self._keep_reply(data), ()
        found = self._recipient_of(report)
        if found is None:
            return f"{report.statuses[0].kind}, but not for an email of this newsletter", ()
        subscriber, address, edition = found
        # A report about an earlier address says nothing about the present one.
        named = {comparable(status.address) for status in report.statuses if status.address}
        address = next((each for each in self.events.former_addresses(subscriber) if each in named), address)
        status = report.statuses[0]
        at = _event_time(report, status.kind, self.now())
        event = Event(status.kind, at, address=address, subscriber=subscriber, edition=edition, reason=status.reason)
        return status.kind, [event]

    def _keep_reply(self, data: bytes) -> str:
        """Store a reply with its subscriber. Returns the kind of the mail."""
        reply = parse_reply(without_known_bytes(data))
        address = comparable(reply.sender) if reply else None
        found = self.preferences.find(address) if address else None
        if reply is None or found is None or found.status == ERASED or not (reply.text or reply.is_automatic):
            return "not a report"
        kind = TextKind.AUTO_REPLY if reply.is_automatic else TextKind.REPLY
        edition = next((sent.edition for sent, id in self._sent_ids(found.id, []) if id in reply.answers), "")
        now = self.now()
        at = reply.at if reply.at and now - _OLDEST_MAIL < reply.at < now else now
        new = self.texts.reply(found.id, edition, kind, reply.text, about=reply.subject, hash=reply.hash, at=at)
        return kind if new else f"{kind}, stored before"

    def _sent_ids(self, subscriber: int | None, addresses: Sequence[str]) -> Iterator[tuple[SentEmail, str]]:
        """Yield the recent emails to a subscriber, or to these addresses, with their Message-IDs."""
        empty = RenderedEmail("", "", "", "")
        for sent in self.events.sent_emails(subscriber, addresses):
            outgoing = Outgoing(sent.edition, "", "", empty, self.sender, ())
            yield (
                sent,
                message_id(outgoing, recipient(sent.subscriber, sent.email, self.sender, self.signer.sign_email)),
            )

    def apply(self, events: Sequence[Event]) -> ApplyResult:
        """Apply events, and close editions whose last unknown batch they resolve."""
        now = self.now()
        applied = apply(
            events, log=self.events, ledger=self.ledger, suppressions=self.subscribers, now=now, tracking=self.tracking
        )
        for key in applied.confirmed:
            self.ledger.finish(key, now)
        return applied

    def _sender_block_warning(self, key: str) -> str | None:
        """Warn when at least a tenth of an edition was blocked: the cause is then the sender, not the recipients."""
        found = count_feedback(self.events.database, key)
        total = found.delivered + found.bounced + found.blocked
        if found.blocked < _MIN_BLOCKS or found.blocked * 10 < total:
            return None
        return (
            f"Edition {key}: {found.blocked} of {total} emails were blocked. Look up the reasons at the provider; "
            f"`digest edition pause {key}` holds the rest."
        )

    def _recipient_of(self, report: DeliveryReport) -> tuple[int, str | None, str | None] | None:
        """Find the recipient of a report: (subscriber id, comparable address, edition key if it is known).

        Trusts only what we signed, or a Message-ID together with the recipient it was made for.
        """
        signed = [
            *(self._verp_recipient(address) for address in report.envelope),
            *(self.signer.read("leave", token) for token in report.tokens),
        ]
        subscriber = next((id for id in signed if id), None)
        named = [status.address for status in report.statuses if status.address]
        addresses = [address for name in named if (address := comparable(name))]
        for sent, id in self._sent_ids(subscriber, addresses):
            if id in report.message_ids:
                return sent.subscriber, sent.address, sent.edition
        email = self.subscribers.email_of(subscriber) if subscriber else None
        return (subscriber, comparable(email), None) if subscriber and email else None

    def _verp_recipient(self, address: str) -> int | None:
        """Return the subscriber whose bounce address this is, or None for any other address."""
        token = verp.token(self.bounce_address, address) if self.bounce_address else None
        return self.signer.read("bounce", token) if token else None


def _describe(error: Exception) -> str:
    """Return why something could not be processed, without secrets and addresses. Reports a bug of the program."""
    if isinstance(error, DigestError | InvalidPayload):
        return hide_addresses(redact(str(error)))
    report_error(error)
    return hide_addresses(redact(f"unexpected {type(error).__name__}: {error}"))


def _name(payload: WebhookPayload) -> str:
    return f"mail {payload.id}" if payload.provider == MAIL else f"webhook payload {payload.id} of {payload.provider}"


def _event_time(report: DeliveryReport, kind: str, now: datetime) -> datetime:
    """Return when a report's event happened.

    A report may sit in a mailbox for days, and the subscriber may have resubscribed meanwhile, so its own date
    counts if it is plausible. A server whose clock is behind must not undo an unsubscribe.
    """
    if report.at is None or not now - _OLDEST_MAIL < report.at < now:
        return now
    return min(report.at + _MAX_CLOCK_SKEW, now) if kind == "left" else report.at
