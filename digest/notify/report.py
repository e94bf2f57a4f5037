"""The report on an edition in comparison with earlier ones: its data, and the sentences shared by all formats."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from digest.hindi.numbers import group
from digest.models import PROVIDER_NAMES, ModelUse, RecipientCounts, SourceHealth
from digest.notify.formats import format_time
from digest.utils.documents import fill, to_json
from digest.utils.redact import hide_addresses
from digest.utils.text import duration

# Transport → its name in sentences.
_CALLED = {"smtp": "SMTP", "outbox": "the outbox", **PROVIDER_NAMES}
# Seconds for one fetch.
_SLOW_SOURCE = 10.0


@dataclass(frozen=True, slots=True)
class EditionNumbers(RecipientCounts):
    """The numbers of one edition that are compared. Counts are recipients."""

    key: str
    bounced: int = 0
    blocked: int = 0
    complained: int = 0
    # When the first attempt began and the last one ended.
    began_at: datetime | None = None
    ended_at: datetime | None = None
    # The time spent handing over emails, without the pauses between subscribers' hours.
    seconds: float = 0.0

    @property
    def per_minute(self) -> float | None:
        """Recipients handed over per minute; None if it was too short to measure."""
        return self.accepted * 60 / self.seconds if self.seconds >= 1 else None


@dataclass(frozen=True, slots=True)
class FeedbackSummary:
    """Counts of feedback.

    Opens and clicks are None without tracking. `delivered` and `dropped` are None if they are not reported, as by SMTP,
    and before anything was sent.
    """

    delivered: int | None
    dropped: int | None
    left: int
    opened: int | None
    clicked: int | None


@dataclass(frozen=True, slots=True)
class SourceProblem:
    """`state` is dead, silent or slow."""

    name: str
    state: str
    detail: str


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """Price of a million tokens of a language model, and its currency as text."""

    per_million: float
    currency: str

    def of(self, use: ModelUse) -> float:
        return self.per_million * use.tokens / 1_000_000


@dataclass(frozen=True, slots=True)
class EditorsWork:
    """What editors did to the stories of an edition, as counts. `kept` counts those without a change."""

    kept: int
    dropped: int
    pulled: int
    rewritten: int


@dataclass(frozen=True, slots=True)
class Report:
    """The report on one edition."""

    newsletter: str
    day: date
    # 0 for special editions and breaking news.
    number: int
    state: str
    subject: str
    reason: str
    numbers: EditionNumbers
    feedback: FeedbackSummary
    # The names of the transports that handed it over.
    transports: Sequence[str]
    # (reason, recipients), the most frequent first.
    excluded: Sequence[tuple[str, int]]
    rejected: Sequence[tuple[str, int]]
    # The editions of the same slug with which it is compared.
    earlier: Sequence[EditionNumbers]
    sources: Sequence[SourceProblem]
    # (at, what, why).
    decisions: Sequence[tuple[datetime, str, str]]
    # How many stories editors kept, dropped, pulled in and rewrote.
    work: EditorsWork
    # The kinds of the open alerts about the edition.
    alerts: frozenset[str] = frozenset()
    # That an editor gave a special edition; '' without one.
    name: str = ""
    # None if no language model wrote for it.
    model_use: ModelUse | None = None
    model_price: ModelPrice | None = None
    # Texts from subscribers: the count by kind, and the newest as (at, text) without names.
    texts: Mapping[str, int] = field(default_factory=dict)
    newest_texts: Sequence[tuple[datetime, str]] = ()
    # None if links do not count clicks.
    clicks: ClickReport | None = None

    @property
    def key(self) -> str:
        return self.numbers.key

    @property
    def headline(self) -> str:
        """Number, state and subject in one line."""
        number = f"No. {self.number}, " if self.number else ""
        return f"{number}{self.state}: {self.subject or self.reason}"

    @property
    def title(self) -> str:
        """The subject line of the report's email."""
        parts = [f"{self.numbers.accepted:,} sent"]
        for count, word in (
            (self.numbers.rejected, "rejected"),
            (self.numbers.unknown, "unknown"),
            (self.numbers.pending, "pending"),
            (self.numbers.bounced, "bounced"),
            (self.numbers.complained, "complained"),
        ):
            parts += [f"{count:,} {word}"] if count else []
        return f"Edition {self.key}: {', '.join(parts)}"

    @property
    def actions(self) -> list[str]:
        """The open tasks, with their commands."""
        numbers, todo = self.numbers, []
        if numbers.unknown:
            todo.append(f"{numbers.unknown:,} outcomes are unknown: `digest reconcile {self.key}` resolves them.")
        if self.state == "paused":
            todo.append(f"The edition is paused: `digest edition resume {self.key}` sends the rest.")
        if numbers.rejected:
            todo.append(f"`digest status {self.key}` names those who were rejected.")
        if any(problem.state == "dead" for problem in self.sources):
            todo.append("`digest sources list` shows the dead sources.")
        return todo


class ReportRow(NamedTuple):
    """A number with its name and its usual value."""

    name: str
    value: str
    usual: str = ""


def rows(report: Report, zone: tzinfo) -> list[ReportRow]:
    """Return the numbers of a report in their order."""
    numbers, feedback = report.numbers, report.feedback
    median = Medians(report.earlier)
    found = [
        ReportRow("sent", f"{numbers.accepted:,}", median.count("accepted")),
        ReportRow("excluded", f"{numbers.excluded:,}", median.count("excluded")),
        ReportRow("rejected", f"{numbers.rejected:,}", median.count("rejected")),
        ReportRow("unknown", f"{numbers.unknown:,}", median.count("unknown")),
        ReportRow("pending", f"{numbers.pending:,}"),
        ReportRow("on the list", f"{numbers.frozen:,}", median.count("frozen")),
        ReportRow("delivered", _reported_count(feedback.delivered, report)),
        ReportRow("bounced", _share(numbers.bounced, numbers), median.count("bounced")),
        ReportRow("blocked", _share(numbers.blocked, numbers), median.count("blocked")),
        ReportRow("dropped", _reported_count(feedback.dropped, report)),
        ReportRow("complained", _share(numbers.complained, numbers), median.count("complained")),
        ReportRow("unsubscribed", _share(feedback.left, numbers)),
    ]
    if feedback.opened is not None and feedback.clicked is not None:
        found += [
            ReportRow("opened", _share(feedback.opened, numbers)),
            ReportRow("clicked", _share(feedback.clicked, numbers)),
        ]
    for kind, name in (
        ("reply", "replies"),
        ("answer", "comments with an answer"),
        ("auto-reply", "automatic replies"),
    ):
        if count := report.texts.get(kind, 0):
            found.append(ReportRow(name, f"{count:,}"))
    if clicks := report.clicks:
        found += [
            ReportRow("people who clicked a link", clicks.shown_people),
            ReportRow("clicks of machines", f"{clicks.machine:,}"),
        ]
    if numbers.began_at and numbers.ended_at:
        found += [
            ReportRow("first handed over", format_time(numbers.began_at, zone)),
            ReportRow("last handed over", format_time(numbers.ended_at, zone)),
            ReportRow("time of sending", duration(numbers.seconds), median.duration()),
        ]
    if numbers.per_minute is not None:
        found.append(ReportRow("recipients per minute", f"{numbers.per_minute:,.0f}", median.rate()))
    if use := report.model_use:
        found += [
            ReportRow("texts by a model", f"{use.accepted:,}"),
            ReportRow("texts refused", f"{use.refused:,}"),
            ReportRow("calls of the model", f"{use.calls:,}"),
            ReportRow("tokens", f"{use.tokens:,}"),
        ]
        if price := report.model_price:
            found.append(ReportRow("cost of the model", f"{_amount(price.of(use))} {price.currency}"))
    return found


def source_problems(
    sources: Iterable[SourceHealth], now: datetime, *, failures: int, silent: timedelta
) -> list[SourceProblem]:
    """Return the sources that are dead, silent or slow."""
    found = []
    for source in sources:
        if source.failures >= failures:
            detail = hide_addresses(f"failed {source.failures} times in a row: {source.last_error}")
            found.append(SourceProblem(source.name, "dead", detail))
        elif not source.failures and source.last_new is not None and now - source.last_new > silent:
            found.append(
                SourceProblem(
                    source.name, "silent", f"no new article since {source.last_new.astimezone(now.tzinfo):%Y-%m-%d}"
                )
            )
        elif (source.seconds or 0) >= _SLOW_SOURCE:
            found.append(SourceProblem(source.name, "slow", f"{source.seconds:.0f} seconds to read"))
    return found


def group_reasons(reasons: Iterable[tuple[str, int]], most: int) -> list[tuple[str, int]]:
    """Return the most frequent reasons, without the addresses in which they differ."""
    counts: Counter[str] = Counter()
    for reason, count in reasons:
        counts[hide_addresses(reason)] += count
    return counts.most_common(most)


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many recipients have one reason."""

    reason: str
    recipients: int


@dataclass(frozen=True, slots=True)
class UsualNumbers:
    """The medians of the earlier editions; null without any."""

    editions: int
    frozen: float | None
    accepted: float | None
    rejected: float | None
    excluded: float | None
    bounced: float | None
    complained: float | None
    seconds: float | None
    per_minute: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCost(ModelUse):
    """A model's work for an edition, and its price if the settings have one."""

    cost: float | None
    currency: str


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """What was decided about the edition, when and why."""

    at: datetime
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class ReportDocument:
    """The report on one edition. Counts are recipients."""

    edition: str
    number: int
    state: str
    reason: str
    subject: str
    frozen: int
    accepted: int
    rejected: int
    excluded: int
    pending: int
    unknown: int
    bounced: int
    blocked: int
    complained: int
    delivered: int | None
    dropped: int | None
    left: int
    opened: int | None
    clicked: int | None
    words: dict[str, int]
    clicks: ClickReport | None
    excluded_reasons: tuple[ReasonCount, ...]
    rejected_reasons: tuple[ReasonCount, ...]
    began_at: datetime | None
    ended_at: datetime | None
    seconds: float
    per_minute: float | None
    usual: UsualNumbers
    model: ModelCost | None
    sources: tuple[SourceProblem, ...]
    actions: tuple[str, ...]
    editors: EditorsWork
    decisions: tuple[DecisionLine, ...]


def report_document(report: Report) -> ReportDocument:
    numbers, median = report.numbers, Medians(report.earlier)
    usual = {each.name: median.of(each.name) for each in fields(UsualNumbers) if each.name != "editions"}
    of_edition = {name: getattr(report, name) for name in ("number", "state", "reason", "subject")}
    feedback = {each.name: getattr(report.feedback, each.name) for each in fields(FeedbackSummary)}
    return fill(
        ReportDocument,
        numbers,
        edition=report.key,
        **of_edition,
        **feedback,
        words={kind: report.texts.get(kind, 0) for kind in ("answer", "reply", "auto-reply")},
        clicks=report.clicks,
        excluded_reasons=tuple(ReasonCount(*each) for each in report.excluded),
        rejected_reasons=tuple(ReasonCount(*each) for each in report.rejected),
        seconds=round(numbers.seconds, 1),
        per_minute=round(numbers.per_minute, 1) if numbers.per_minute is not None else None,
        usual=UsualNumbers(len(report.earlier), **usual),
        model=_model_cost(report),
        sources=tuple(report.sources),
        actions=tuple(report.actions),
        editors=report.work,
        decisions=tuple(DecisionLine(*each) for each in report.decisions),
    )


def as_json(report: Report) -> dict[str, Any]:
    """Return the data of `digest report --json`, and the data of a webhook."""
    found: dict[str, Any] = to_json(report_document(report))
    return found


def _model_cost(report: Report) -> ModelCost | None:
    use, price = report.model_use, report.model_price
    if use is None:
        return None
    cost = round(price.of(use), 6) if price else None
    return fill(ModelCost, use, cost=cost, currency=price.currency if price else "")


def _amount(cost: float) -> str:
    """Format with two decimals, or four if the amount would be 0.00 with two."""
    return f"{cost:,.2f}" if cost >= 0.1 or not cost else f"{cost:.4f}"


class Medians:
    """Medians of the earlier editions, as text; '' without any."""

    def __init__(self, earlier: Sequence[EditionNumbers]) -> None:
        self.earlier = earlier

    def of(self, name: str) -> float | None:
        values = [value for each in self.earlier if (value := getattr(each, name)) is not None]
        return round(float(statistics.median(values)), 1) if values else None

    def count(self, name: str) -> str:
        value = self.of(name)
        return f"{value:,.0f}" if value is not None else ""

    def duration(self) -> str:
        value = self.of("seconds")
        return duration(value) if value is not None else ""

    def rate(self) -> str:
        value = self.of("per_minute")
        return f"{value:,.0f}" if value is not None else ""


def _reported_count(count: int | None, report: Report) -> str:
    if count is not None:
        return f"{count:,}"
    if not report.transports:
        # The lost store of a restored copy may have sent batches that an operator has accepted.
        return "not known" if report.numbers.accepted else "nothing was sent yet"
    return f"not reported by {' and '.join(_CALLED.get(name, name) for name in report.transports)}"


def _share(count: int, numbers: EditionNumbers) -> str:
    share = percentage(count, numbers)
    return f"{count:,} ({share})" if share else f"{count:,}"


def percentage(count: int, numbers: EditionNumbers) -> str:
    """Return the count as a share of all recipients of the edition; '' for less than 0.01 %."""
    share = group(100 * count / numbers.accepted) if numbers.accepted else "0"
    return f"{share} %" if share != "0" else ""


@dataclass(frozen=True, slots=True)
class TargetClicks:
    """The clicks on a story or an advertisement. `section` is None for the latter."""

    title: str
    section: str | None
    people: int
    clicks: int


@dataclass(frozen=True, slots=True)
class ClickReport:
    """The clicks of an edition. `people` is None if below `min_people`; `hidden` counts targets with too few people."""

    people: int | None
    machine: int
    min_people: int
    hidden: int
    targets: tuple[TargetClicks, ...]

    @property
    def shown_people(self) -> str:
        return f"fewer than {self.min_people}" if self.people is None else f"{self.people:,}"

    @property
    def note(self) -> str:
        """A sentence about the hidden numbers; '' if none are hidden."""
        if not self.hidden:
            return ""
        links = "1 link" if self.hidden == 1 else f"{self.hidden} links"
        return f"{links} with fewer than {self.min_people} people: not shown."
