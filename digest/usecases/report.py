"""Build the report of an edition, and send it to the admins when the edition has been handed over."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from digest.errors import DigestError
from digest.models import BEGUN_STATES, DeliveryOutcome
from digest.notify.alert import MessageType
from digest.notify.report import (
    EditorsWork,
    FeedbackSummary,
    ModelPrice,
    Report,
    as_json,
    group_reasons,
    source_problems,
)
from digest.notify.report_formats import as_text
from digest.store.content.events import count_feedback
from digest.store.sending.status import next_due
from digest.usecases.process_feedback import PARSERS
from digest.utils.documents import fill

if TYPE_CHECKING:
    from digest.models import Edition, Source
    from digest.store.content.articles import ArticleStore
    from digest.store.content.editions import EditionStore
    from digest.store.people.subscriber_texts import SubscriberTextStore
    from digest.store.sending.decisions import OperatorDecision
    from digest.store.sending.overview import Overview
    from digest.store.sending.statistics import Statistics
    from digest.usecases.alerts import Alerts
    from digest.usecases.clicks import ClickCounter
    from digest.usecases.editors_mail import ReportMails

# The number of earlier editions that define the usual values.
_EARLIER = 14
# How many reasons are shown, and how many are read before those that differ only in an address are merged.
_REASONS, _READ = 10, 1000
# How many texts from subscribers are shown.
_NEWEST_TEXTS = 10
# A later report would be of no use.
_LATEST = timedelta(days=1)


@dataclass(frozen=True)
class Reporter:
    """Reports on editions. `after` is the time between the last batch that is due and the report."""

    statistics: Statistics
    overview: Overview
    editions: EditionStore
    articles: ArticleStore
    sources: Sequence[Source]
    alerts: Alerts
    mails: ReportMails
    newsletter: str
    tracking: bool
    # None if the cost of a model is not reported.
    model_price: ModelPrice | None
    source_failures: int
    source_silent: timedelta
    after: timedelta
    now: Callable[[], datetime]
    # Texts from subscribers.
    texts: SubscriberTextStore
    # None if links do not count clicks.
    clicks: ClickCounter | None = None

    def report(self, key: str) -> Report:
        """Return the report of an edition as of now. Raises DigestError."""
        with self.editions.database.snapshot():
            return self._report(key)

    def _report(self, key: str) -> Report:
        edition = self.editions.get(key)
        if edition is None:
            raise DigestError(f"There is no edition {key}. `digest edition list` shows them all.")
        earlier = self.statistics.before(key, _EARLIER)
        reasons = {outcome: self.statistics.reasons(key, outcome, _READ) for outcome in DeliveryOutcome}
        # With a million subscribers, counting those without the edition takes most of a report's time.
        counted = {str(outcome): sum(count for _reason, count in found) for outcome, found in reasons.items()}
        is_complete = all(len(found) < _READ for found in reasons.values())
        numbers = self.statistics.numbers([key, *earlier], known={key: counted} if is_complete else {})
        events = count_feedback(self.editions.database, key)
        transports = self.statistics.transports(key)
        # Only a provider's webhook reports deliveries. Bounce mail only reports failures.
        reported = not PARSERS.keys().isdisjoint(transports)
        return fill(
            Report,
            edition,
            newsletter=self.newsletter,
            numbers=numbers.pop(key),
            feedback=FeedbackSummary(
                events.delivered if reported else None,
                events.dropped if reported else None,
                events.left,
                events.opened if self.tracking else None,
                events.clicked if self.tracking else None,
            ),
            transports=transports,
            excluded=group_reasons(reasons[DeliveryOutcome.EXCLUDED], _REASONS),
            rejected=group_reasons(reasons[DeliveryOutcome.REJECTED], _REASONS),
            earlier=tuple(numbers.values()),
            sources=source_problems(
                self.articles.health_of(self.sources).values(),
                self.now(),
                failures=self.source_failures,
                silent=self.source_silent,
            ),
            model_price=self.model_price,
            texts={str(kind): number for kind, number in self.texts.counts(key).items()},
            newest_texts=[(each.at, each.text) for each in self.texts.newest(_NEWEST_TEXTS, edition=key)],
            clicks=self.clicks.report(edition) if self.clicks else None,
            decisions=[(each.at, each.what, _why(each)) for each in self.editions.decisions(key)],
            work=self._work_on(edition),
            alerts=frozenset(each.kind for each in self.alerts.store.open() if each.subject == key),
        )

    def _work_on(self, edition: Edition) -> EditorsWork:
        changes, stories = self.editions.editorial_changes(edition.key), list(edition.stories())
        names = {article for story in stories for article in story.article_ids}
        rewritten = sum(any(id in changes.texts for id in (story.id, *story.article_ids)) for story in stories)
        pulled = sum(id in names for id in {*changes.pinned, *changes.added})
        return EditorsWork(max(0, len(stories) - rewritten - pulled), len(changes.dropped), pulled, rewritten)

    def send_due(self) -> list[str]:
        """Send the reports that are due, each once. Returns the editions."""
        return [
            key for key in self.overview.recent((self.now() - _LATEST).date()) if self._is_due(key) and self._send(key)
        ]

    def _is_due(self, key: str) -> bool:
        if self.alerts.store.knows(_message_id(key)):
            return False
        now, edition = self.now(), self.editions.get(key)
        if edition is None or edition.state not in BEGUN_STATES:
            return False
        due = next_due(self.editions.database, key)
        last = self.statistics.last_handed_over(key)
        if last is None or (due is not None and due <= now) or self.statistics.is_in_flight(key):
            return False
        return self.after <= now - last < _LATEST

    def _send(self, key: str) -> bool:
        report, zone = self.report(key), self.now().tzinfo
        if zone is None:
            raise DigestError("the clock has no time zone")
        return self.alerts.send(
            MessageType.REPORT,
            report.title,
            as_text(report, zone),
            id=_message_id(key),
            mail=self.mails.build(report),
            data=as_json(report),
        )


def _why(decision: OperatorDecision) -> str:
    return f"{decision.reason} ({decision.decided_by})" if decision.decided_by else decision.reason


def _message_id(key: str) -> str:
    """Return the same id in every process, so that a report is sent once."""
    return hashlib.blake2b(f"report {key}".encode(), digest_size=16).hexdigest()
