"""The content of the pages as JSON documents: one class and one function for each page, by its template.

The classes are the only definition of the answers: the API's description is made from them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from digest.curate.compose import RunnerUp
from digest.models import Role
from digest.notify.failures import FailureRow, Failures
from digest.notify.report import EditionNumbers, ReportDocument, report_document
from digest.store.people.directory import SubscriberLine
from digest.store.people.growth import DailyGrowth
from digest.store.people.history import HistoryEntry
from digest.store.people.imports import ImportResult
from digest.store.sending.revisions import RevisionReach
from digest.store.sending.statistics import Missed
from digest.store.sending.status import Counts
from digest.usecases.approval import revision
from digest.usecases.documents import EditionDocument, SourceDocument, edition_document, source_document
from digest.utils.documents import fill
from digest.web.desk.checks import Problem

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Done:
    """An act was done. `at` is the page of the desk that shows it; null if there is none."""

    done: bool = True
    at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionPage(EditionDocument):
    """An edition with its stories. An approval sends `revision` as `seen`."""

    revision: str
    # The recipients of a send that has begun.
    sending: Counts | None


def _edition(values: Values) -> EditionPage:
    edition, numbers = values["edition"], values.get("sending")
    sending = numbers.counts if numbers else None
    return fill(EditionPage, edition_document(edition), revision=revision(edition), sending=sending)


@dataclass(frozen=True, slots=True)
class NoEdition:
    """No edition is composed yet. `next` is the key of the next planned one."""

    next: str | None
    edition: None = None


def _empty(values: Values) -> NoEdition:
    planned = values["planned"]
    return NoEdition(planned.key if planned else None)


@dataclass(frozen=True, slots=True)
class CalendarEdition:
    """An edition of a day, stored or planned. `name` is a special edition's."""

    edition: str
    name: str
    title: str
    state: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day of the calendar."""

    day: date
    holiday: bool
    editions: list[CalendarEdition]


@dataclass(frozen=True, slots=True)
class CalendarPage:
    """A month, such as 2026-11."""

    month: str
    days: list[CalendarDay]


def _calendar(values: Values) -> CalendarPage:
    days = [
        CalendarDay(each.day, each.is_holiday, [fill(CalendarEdition, one, edition=one.key) for one in each.entries])
        for each in values["days"]
    ]
    return CalendarPage(f"{values['first']:%Y-%m}", days)


@dataclass(frozen=True, slots=True)
class ChecksPage:
    """What the checks found. `problems` is null until they have ended."""

    checked: bool
    problems: list[Problem] | None


def _checks(values: Values) -> ChecksPage:
    problems = values.get("problems")
    return ChecksPage(bool(values.get("is_checked")), None if problems is None else list(problems))


@dataclass(frozen=True, slots=True)
class NextPage:
    """The next best stories, once they are found. `too_weak` counts those below `edition.min_score`."""

    ready: bool
    stories: list[RunnerUp]
    too_weak: int


def _next(values: Values) -> NextPage:
    found = values["runners_up"]
    return NextPage(found is not None, list(found or ()), values["too_weak"])


@dataclass(frozen=True, slots=True)
class PoolArticle:
    """An article of the window.

    `story` is the article that adds its story, and `sources` and `section` are those of its story. `state` is `chosen`,
    `not chosen` or `left out`. `score` is null if the story was not weighed, and `why_not` is '' for a chosen one.
    """

    id: str
    story: str
    title: str
    source: str
    url: str
    published: datetime
    section: str
    sources: tuple[str, ...]
    state: str
    score: float | None
    why_not: str


@dataclass(frozen=True, slots=True)
class PoolPage:
    """A page of the articles that a search found, and how many it found.

    Without `ready`, the articles are still being read; without `weighed`, it is not known yet why they were not chosen.
    """

    total: int
    articles: list[PoolArticle]
    page: int
    pages: int
    ready: bool
    weighed: bool


def _pool(values: Values) -> PoolPage:
    articles = [fill(PoolArticle, each, state=str(each.state)) for each in values["found"]]
    return PoolPage(
        values["total"], articles, values["page"], values["pages"], ready=values["ready"], weighed=values["weighed"]
    )


@dataclass(frozen=True, slots=True)
class SubscriberRow:
    """A subscriber of the list. `last` is the outcome of the last edition; '' without one.

    `state` is also `left` if an admin stopped their email. Then `stopped_by_admin` is true.
    """

    id: int
    email: str
    name: str
    topics: tuple[str, ...]
    frequency: str
    hour: str | None
    state: str
    origin: str
    added_at: datetime
    last: str
    stopped_by_admin: bool


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """Somebody who signed up and did not confirm yet."""

    email: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class SavedGroup:
    """A filter under a name."""

    name: str
    filter: dict[str, str]


@dataclass(frozen=True, slots=True)
class SubscribersPage:
    """A page of subscribers. `before` is the parameter of the next page; `counts` are by state, once counted."""

    subscribers: list[SubscriberRow]
    unconfirmed: list[Unconfirmed]
    before: str | None
    counts: dict[str, int]
    segments: list[SavedGroup]


def _row(line: SubscriberLine) -> SubscriberRow:
    own = line.subscriber
    hour, stopped = _hour(own.hour), line.stopped_by_admin
    return fill(SubscriberRow, own, hour=hour, state=line.state, last=line.last or "", stopped_by_admin=stopped)


def _subscribers(values: Values) -> SubscribersPage:
    older = values["older"]
    return SubscribersPage(
        [_row(each) for each in values["lines"]],
        [Unconfirmed(email, at) for email, at in values["asked"] or ()],
        older["before"] if older else None,
        {str(state): number for state, number in (values["counts"] or {}).items()},
        [SavedGroup(name, dict(query)) for name, query, _current in values["segments"]],
    )


@dataclass(frozen=True, slots=True)
class SubscriberPage:
    """A subscriber with the newest part of their history; `older` counts the entries that are left out."""

    id: int
    email: str
    name: str
    topics: tuple[str, ...]
    editions: tuple[str, ...]
    frequency: str
    hour: str | None
    timezone: str
    format: str
    # Also `left` if an admin stopped their email.
    state: str
    stopped_by_admin: bool
    # Why they must not be mailed; '' if they may.
    suppressed: str
    paused_until: datetime | None
    # What they chose themselves: field → value.
    chosen: dict[str, Any]
    # The list file, or the import.
    kept_in: str
    history: list[HistoryEntry]
    older: int


def _subscriber(values: Values) -> SubscriberPage:
    held = values["held"]
    return fill(
        SubscriberPage,
        held,
        hour=_hour(held.hour),
        state=values["state"],
        stopped_by_admin=values["stop"] is not None,
        suppressed=held.suppressed or "",
        chosen=values["chosen"],
        kept_in=values["place"].file or values["place"].origin,
        history=values["entries"],
        older=values["hidden"],
    )


@dataclass(frozen=True, slots=True)
class Person:
    """A subscriber by number and address."""

    id: int
    email: str


@dataclass(frozen=True, slots=True)
class WhoStay:
    """Subscribers who stay as they are, and why."""

    why: str
    subscribers: list[Person]


@dataclass(frozen=True, slots=True)
class Chosen:
    """How many subscribers are chosen."""

    chosen: int


@dataclass(frozen=True, slots=True)
class ManyPage:
    """The people whom an act for several changes, and those whom it does not. With `seen` the same request carries it
    out.
    """

    done: bool
    act: str
    seen: str
    subscribers: list[Person]
    stay: list[WhoStay]


def _many(values: Values) -> ManyPage | Chosen:
    plan = values["plan"]
    if plan is None:
        return Chosen(values["total"])
    stay = [WhoStay(why, [fill(Person, each) for each in people]) for why, people in plan.stays.items()]
    return ManyPage(values["done"], plan.change.act, plan.mark, [fill(Person, each) for each in plan.people], stay)


@dataclass(frozen=True, slots=True)
class UndoPage:
    """What undoing an import changes, as addresses. With `seen` a POST does it."""

    act: int
    done: bool
    seen: str
    origin: str
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    mailed: tuple[str, ...]
    kept: tuple[str, ...]


def _undo(values: Values) -> UndoPage:
    plan = values["plan"]
    return fill(UndoPage, plan, act=values["act"], done=values["done"], seen=plan.mark)


@dataclass(frozen=True, slots=True)
class ImportForm:
    """The formats of lists, and the names of the imports so far."""

    formats: list[str]
    origins: list[str]


@dataclass(frozen=True, slots=True)
class RowWithoutTopic:
    """An imported row that lost a topic, because the newsletter does not have it."""

    line: int
    email: str
    topic: str


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that is not imported, and why."""

    line: int
    email: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPage(ImportResult):
    """The effects of an import. It was carried out if it is `done`. `mistyped`: address → what was probably meant."""

    id: str | None
    done: bool
    origin: str
    without_topic: list[RowWithoutTopic]
    mistyped: dict[str, str]
    rejected: list[RejectedRow]


def _import(values: Values) -> ImportPage | ImportForm:
    report = values.get("done") or values.get("report")
    if report is None:
        return ImportForm(list(values["formats"]), list(values["origins"]))
    return fill(
        ImportPage,
        report.done,
        id=values.get("id"),
        done=bool(values.get("done")),
        origin=report.origin,
        without_topic=[RowWithoutTopic(*each) for each in report.without],
        mistyped=dict(report.mistyped),
        rejected=[RejectedRow(*each) for each in report.rejected],
    )


@dataclass(frozen=True, slots=True)
class TitleRow:
    """An article of a source."""

    title: str
    published: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow(SourceDocument):
    """A source with its health; `state` is ok, warn, bad or off."""

    state: str


@dataclass(frozen=True, slots=True)
class SourcePreview:
    """A source that could be added: its settings, the kind of its document, its newest articles."""

    source: dict[str, Any]
    kind: str
    articles: list[TitleRow]


@dataclass(frozen=True, slots=True)
class SourcesPage:
    """The sources, those with problems first, and the preview that was asked for."""

    sources: list[SourceRow]
    preview: SourcePreview | None


def _sources(values: Values) -> SourcesPage:
    plan = values.get("plan")
    rows = [_source_row(each) for each in values["lines"]]
    if plan is None:
        return SourcesPage(rows, None)
    titles = [fill(TitleRow, each) for each in values["newest"]]
    return SourcesPage(rows, SourcePreview(dict(plan.row), plan.found.kind, titles))


def _source_row(line: Any) -> SourceRow:
    return fill(SourceRow, source_document(line.source, line.health), state=line.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePage(SourceRow):
    """A source, its newest articles, and how many it has."""

    total: int
    articles: list[TitleRow]


def _source(values: Values) -> SourcePage:
    titles = [fill(TitleRow, each) for each in values["found"]]
    return fill(SourcePage, _source_row(values["line"]), total=values["total"], articles=titles)


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainFailures(FailureRow):
    """The failed emails of a domain."""

    domain: str


@dataclass(frozen=True, kw_only=True)
class _FailuresPart:
    """Failed emails by mailbox provider, transport and domain; null while they are being counted."""

    mailboxes: tuple[FailureRow, ...] | None
    senders: tuple[FailureRow, ...] | None
    domains: tuple[DomainFailures, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsPage(_FailuresPart):
    """Recent editions, who came and left by day, and failed emails; null while they are being counted."""

    editions: list[EditionNumbers]
    growth: list[DailyGrowth] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseDocument:
    """What was sent, bounced and clicked until some minutes after the first email, and the usual numbers."""

    minutes: int
    sent: int | None
    usually_sent: int | None
    bounced: int | None
    usually_bounced: int | None
    clicked: int | None
    usually_clicked: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage(ReportDocument, _FailuresPart):
    """The report on an edition, with its failed emails and its course; null while they are being counted."""

    course: list[CourseDocument] | None


def _reports(values: Values) -> ReportsPage:
    return ReportsPage(editions=values["numbers"], growth=values["growth"], **_failures(values["failures"]))


def _report(values: Values) -> ReportPage:
    rows = values["course"]
    course = rows and [fill(CourseDocument, each, minutes=each.after // timedelta(minutes=1)) for each in rows]
    return fill(ReportPage, report_document(values["report"]), course=course, **_failures(values["failures"]))


def _failures(found: Failures | None) -> dict[str, Any]:
    if found is None:
        return dict.fromkeys(("mailboxes", "senders", "domains"))
    domains = tuple(fill(DomainFailures, each, domain=each.name) for each in found.domains)
    return {"mailboxes": tuple(found.mailboxes), "senders": tuple(found.senders), "domains": domains}


@dataclass(frozen=True, slots=True)
class CorrectedPage:
    """A correction that was made, and how many recipients it reaches."""

    edition: str
    revision: int
    reach: RevisionReach


def _corrected_page(values: Values) -> CorrectedPage:
    done = values["done"]
    return CorrectedPage(done.edition.key, done.edition.revision, done.reach)


@dataclass(frozen=True, slots=True)
class MissedPage:
    """People who did not get an edition; `after` is the parameter of the next page."""

    edition: str
    kind: str
    people: list[Missed]
    after: int | None


def _missed_page(values: Values) -> MissedPage:
    return MissedPage(values["key"], values["kind"], values["found"], values["more"])


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """An outgoing webhook. `to` is the host of its receiver."""

    id: str
    type: str
    tries: int
    error: str
    to: str
    at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class WebhooksPage:
    """The newest outgoing webhooks."""

    webhooks: list[WebhookRow]


def _webhooks(values: Values) -> WebhooksPage:
    return WebhooksPage([fill(WebhookRow, each, to=host, at=each.created_at) for each, host, *_ in values["events"]])


@dataclass(frozen=True, slots=True)
class ActRow:
    """An act of the log."""

    id: int
    who: str
    via: str
    what: str
    subject: str
    detail: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LogPage:
    """A page of the log, the newest act first; `before` is the parameter of the next page."""

    acts: list[ActRow]
    before: int | None


def _log(values: Values) -> LogPage:
    return LogPage([fill(ActRow, act) for act in values["acts"]], values["older"])


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user of the desk."""

    name: str
    role: Role
    has_password: bool
    sessions: int
    email: str


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token of the API, with the lower of its role and its user's."""

    user: str
    name: str
    role: Role
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class UsersPage:
    """The users and tokens, and the link or token that was just made for the user `name`; '' if none was."""

    users: list[UserRow]
    tokens: list[TokenRow]
    link: str
    token: str
    name: str


def _users(values: Values) -> UsersPage:
    users = [
        fill(UserRow, line, name=line.user.name, role=line.user.role, email=line.sign_in_email)
        for line in values["users"]
    ]
    tokens = [fill(TokenRow, each, user=each.user.name, role=each.allows) for each in values["tokens"]]
    return UsersPage(users, tokens, values["link"], values["token"], values["linked"])


@dataclass(frozen=True, slots=True)
class LatePage:
    """How many subscribers are due who did not get an edition, and whether it can be sent to them."""

    edition: str
    due: int
    possible: bool


def _late(values: Values) -> LatePage:
    return LatePage(values["edition"].key, values["due"], values["possible"])


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """Settings as text, the version of their file, and the variables that override some: setting → variable."""

    settings: dict[str, str]
    version: str
    fixed: dict[str, str]


def _settings(values: Values) -> SettingsPage:
    held = values["held"]
    return SettingsPage(dict(held.values), held.version, dict(held.fixed))


def _hour(hour: time | None) -> str | None:
    return hour.isoformat("minutes") if hour else None


DOCUMENTS: Mapping[str, Callable[[Values], object]] = {
    "today.html.j2": _edition,
    "empty.html.j2": _empty,
    "calendar.html.j2": _calendar,
    "corrected.html.j2": _corrected_page,
    "checks.html.j2": _checks,
    "next.html.j2": _next,
    "pool.html.j2": _pool,
    "admin/subscribers.html.j2": _subscribers,
    "admin/subscriber.html.j2": _subscriber,
    "admin/import.html.j2": _import,
    "admin/many.html.j2": _many,
    "admin/undo.html.j2": _undo,
    "admin/sources.html.j2": _sources,
    "admin/source.html.j2": _source,
    "admin/late.html.j2": _late,
    "admin/settings.html.j2": _settings,
    "admin/reports.html.j2": _reports,
    "admin/report.html.j2": _report,
    "admin/missed.html.j2": _missed_page,
    "admin/webhooks.html.j2": _webhooks,
    "log.html.j2": _log,
    "users.html.j2": _users,
}


def document(template: str, values: Values) -> object:
    """Return the document of a page. A page that only says that an act was done becomes `Done`."""
    make = DOCUMENTS.get(template)
    return make(values) if make else Done()
