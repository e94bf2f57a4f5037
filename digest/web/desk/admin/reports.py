"""Reports: editions against recent ones, who did not get one and why, the editor's work, growth, domains."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING

from starlette.responses import Response

from digest.models import BatchState, DeliveryOutcome, Role, is_special, split_key
from digest.notify import failures as failed
from digest.notify.failures import Failures
from digest.notify.report import Report, ReportRow
from digest.notify.report import rows as report_rows
from digest.notify.report_formats import as_csv
from digest.store.people.growth import GrowthReader
from digest.store.sending.course import CourseReader, CourseRow
from digest.store.sending.failures import FailureReader
from digest.store.sending.statistics import MissedRecipients
from digest.usecases.send_late import can_be_sent_late
from digest.utils.text import escape_formula
from digest.web.desk.admin import words
from digest.web.desk.admin.plot import Plot, stack
from digest.web.desk.bar import bar
from digest.web.desk.sentences import PageSentence
from digest.web.desk.views import moment
from digest.web.desk.visit import Visit, number_in

if TYPE_CHECKING:
    from digest.i18n.catalogue import Catalogue

_EDITIONS, _DAYS, _PEOPLE = 14, 30, 100
# Seconds to wait for the counts of a file, which cannot be loaded again as a page can.
_FILE_WAIT = 30.0
# The most stored reasons with the same words.
_REASONS = 50
# Rows that are read at once for a file.
_ROWS_AT_ONCE = 5000
_KINDS = (BatchState.UNKNOWN, *DeliveryOutcome, *failed.KINDS)


def page(visit: Visit) -> Response:
    app, now = visit.desk.app, visit.desk.now()
    keys = _sent_keys(visit)
    numbers = app.reporter.statistics.numbers(keys, times=False)
    recent = list(numbers.values())
    growth = visit.desk.growth.get("days", lambda: GrowthReader(app.database).by_day(now, _DAYS), wait=visit.patience)
    return visit.page(
        "admin/reports.html.j2",
        numbers=recent,
        names={each.key: _name(visit, each.key) for each in recent},
        plot=stack(
            [
                (_day(visit, each.key), (("one", each.accepted), ("three", each.excluded), ("two", each.rejected)))
                for each in reversed(recent)
            ]
        ),
        growth=growth,
        growth_plot=stack([(f"{day.day:%d.%m}", (("one", day.joined), ("two", day.left))) for day in growth or ()]),
        failures=_failures(visit, keys),
        kinds=failed.KINDS,
        words=words,
        now=now,
    )


def edition(visit: Visit) -> Response:
    app, found = visit.desk.app, visit.edition()
    report = app.reporter.report(found.key)
    course = _course(visit, report, wait=visit.patience)
    return visit.page(
        "admin/report.html.j2",
        report=report,
        edition=found,
        special=_name(visit, found.key) if is_special(found.key) or found.corrects else "",
        bar=bar(visit, found, read_only=True, numbers=report.numbers),
        rows=_rows(visit, report),
        missing=_missing(visit, report),
        course=course,
        course_plots=_course_plots(visit, course or ()),
        after=lambda each: _after(each, visit.catalogue),
        bounces_unread=_bounces_unread(visit, report),
        failures=_failures(visit, [found.key]),
        kinds=failed.KINDS,
        may_see_people=visit.may(Role.ADMIN),
        may_send=visit.may(Role.SENDER) and can_be_sent_late(found),
        late=number_in(visit.query.get("late", "")),
        words=words,
        now=visit.desk.now(),
    )


def course_table(visit: Visit) -> Response:
    """Respond with the course of an edition's send as CSV."""
    report = visit.desk.app.reporter.report(visit.edition().key)
    names = [each.name for each in fields(CourseRow)][1:]
    rows = (
        (
            str(each.after // timedelta(minutes=1)),
            *("" if (number := getattr(each, name)) is None else str(number) for name in names),
        )
        for each in _course(visit, report, wait=_FILE_WAIT) or ()
    )
    return _csv(visit, f"course-{report.key}", [("minutes", *names), *rows])


def _course(visit: Visit, report: Report, *, wait: float) -> list[CourseRow] | None:
    """Return what was sent, bounced and clicked over time, or None while it is being counted."""
    app, now, key = visit.desk.app, visit.desk.now(), report.key
    clicks = app.click_counter.first_clicks(key) if app.settings.clicks.enabled else ()
    tracked = app.settings.newsletter.tracking == "on"
    earlier = [each.key for each in report.earlier]
    reader = CourseReader(app.database)
    return visit.desk.courses.get(
        key,
        lambda: reader.rows(key, earlier, now=now, tracked=tracked, clicks=clicks),
        wait=wait,
        from_now=True,
    )


def _course_plots(visit: Visit, course: Sequence[CourseRow]) -> list[tuple[str, Plot]]:
    """Return the name and a plot of each measure that is counted: this edition's bar beside the usual one."""
    found = []
    for name in ("sent", "bounced", "clicked"):
        pairs = [(each.after, getattr(each, name), getattr(each, f"usually_{name}")) for each in course]
        if any(own is not None for _time, own, _usual in pairs):
            bars = []
            for after, own, usual in pairs:
                bars += [(_after(after, visit.catalogue), (("one", own or 0),)), ("", (("plain", usual or 0),))]
            found.append((name, stack(bars, every=2)))
    return found


def _after(time: timedelta, catalogue: Catalogue) -> str:
    """Return a time after the first email: 15 min, 2 hr."""
    hours, minutes = divmod(time // timedelta(minutes=1), 60)
    _ = catalogue.gettext
    return _("%(num)s hr") % {"num": hours} if hours else _("%(num)s min") % {"num": minutes}


def _missing(visit: Visit, report: Report) -> list[tuple[str, PageSentence, int, list[str]]]:
    """Return kind, reason in words, number and stored reasons of those who did not get it, each wording once."""
    found: dict[tuple[str, str], tuple[str, PageSentence, int, list[str]]] = {}
    for kind, reasons in (("excluded", report.excluded), ("rejected", report.rejected)):
        for reason, count in reasons:
            sentence = words.reason_text(reason, visit.catalogue)
            _kind, first, number, stored = found.get((kind, sentence.text), (kind, sentence, 0, []))
            found[kind, sentence.text] = (kind, first, number + count, [*stored, reason])
    return sorted(found.values(), key=lambda each: (each[0], -each[2]))


def _bounces_unread(visit: Visit, report: Report) -> bool:
    """Whether no bounce may mean that nobody reads them: SMTP returns them as mail."""
    smtp = visit.desk.app.settings.delivery.smtp
    return set(report.transports) == {"smtp"} and not smtp.bounces and not report.numbers.bounced


def _rows(visit: Visit, report: Report) -> list[tuple[str, str, str]]:
    """Return the name of each number, its value and its usual value."""
    zone, catalogue = visit.desk.app.settings.newsletter.zone, visit.catalogue
    numbers = report.numbers
    times = {"first handed over": numbers.began_at, "last handed over": numbers.ended_at}

    def value(row: ReportRow) -> str:
        at = times.get(row.name)
        return moment(at.astimezone(zone), catalogue) if at else words.value(row.value, catalogue)

    return [(row.name, value(row), words.value(row.usual, catalogue)) for row in report_rows(report, zone)]


def table(visit: Visit) -> Response:
    """Respond with an edition's report as CSV."""
    app, key = visit.desk.app, visit.edition().key
    report = app.reporter.report(key)
    # With a byte order mark, because spreadsheets would otherwise read Hindi as Latin-1.
    text = "\ufeff" + as_csv(report, app.settings.newsletter.zone, _failures(visit, [key], wait=_FILE_WAIT))
    return visit.download(f"report-{key}.csv", text.encode(), "text/csv; charset=utf-8")


def recent_table(visit: Visit) -> Response:
    """Respond with the numbers of recent editions as CSV."""
    names = ("frozen", "accepted", "excluded", "rejected", "unknown", "pending", "bounced", "blocked", "complained")
    numbers = visit.desk.app.reporter.statistics.numbers(_sent_keys(visit), times=False).values()
    rows = ([each.key, *(str(getattr(each, name)) for name in names)] for each in numbers)
    return _csv(visit, "editions", [("edition", *names), *rows])


def failures_table(visit: Visit) -> Response:
    """Respond with the returned emails of recent editions, by mailbox provider, transport and domain, as CSV."""
    found = _failures(visit, _sent_keys(visit), wait=_FILE_WAIT) or Failures()
    return _csv(visit, "failures", failed.csv_rows(found))


def missed(visit: Visit) -> Response:
    """Respond with the people who did not get an edition."""
    app, key = visit.desk.app, visit.edition().key
    kind = visit.query.get("kind", "")
    reader = MissedRecipients(app.database)
    if kind not in _KINDS:
        # The first that has somebody.
        kind = next((each for each in _KINDS if reader.page(key, each, most=1)[0]), DeliveryOutcome.REJECTED)
    after = number_in(visit.query.get("after", "")) or 0
    reasons = visit.request.query_params.getlist("reason")[:_REASONS]
    found, more = reader.page(key, kind, most=_PEOPLE, after=after, reasons=reasons)
    return visit.page(
        "admin/missed.html.j2",
        key=key,
        kind=kind,
        kinds=_KINDS,
        found=found,
        more=more,
        reasons=reasons,
        words=words,
        now=visit.desk.now(),
    )


def missed_table(visit: Visit) -> Response:
    """Respond with the people who did not get an edition as CSV."""
    key = visit.parameters["key"]
    return _csv(visit, f"missed-{key}", _missed_rows(MissedRecipients(visit.desk.app.database), key))


def _missed_rows(reader: MissedRecipients, key: str) -> Iterator[Sequence[str]]:
    yield ("email", "what", "reason")
    for kind in _KINDS:
        after: int | None = 0
        while after is not None:
            found, after = reader.page(key, kind, most=_ROWS_AT_ONCE, after=after)
            yield from ((each.email, each.what, each.reason) for each in found)


def _csv(visit: Visit, name: str, rows: Iterable[Sequence[str]]) -> Response:
    """Answer with a table as CSV. A spreadsheet does not run the content of its cells."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(map(escape_formula, row) for row in rows)
    return visit.download(f"{name}.csv", out.getvalue(), "text/csv; charset=utf-8")


def _failures(visit: Visit, keys: Sequence[str], *, wait: float | None = None) -> Failures | None:
    """Count the returned emails. Return None while they are being counted."""
    reader = FailureReader(visit.desk.app.database)
    patience = visit.patience if wait is None else wait
    return visit.desk.failures.get(" ".join(keys), lambda: reader.read(keys), wait=patience, from_now=wait is not None)


def _day(visit: Visit, key: str) -> str:
    """Return the day of an edition, as a label. The key of a special edition has none."""
    day = split_key(key)[0]
    if day is None and (found := visit.desk.app.editions.get(key)):
        day = found.day
    return f"{day:%d.%m}" if day else ""


def _name(visit: Visit, key: str) -> str:
    """Return the name of an edition for people: its own name, the corrected edition's, or its key."""
    if split_key(key)[0] is not None:
        # Only others have a name.
        return key
    found = visit.desk.app.editions.get(key)
    if found is None:
        return key
    if found.corrects is not None:
        values = {"num": found.corrects.revision - 1, "edition": found.corrects.edition}
        return visit.catalogue.gettext("Correction %(num)s of %(edition)s") % values
    return found.name or key


def _sent_keys(visit: Visit) -> list[str]:
    """Return the keys of recently enqueued editions, newest first."""
    return visit.desk.app.directory.enqueued(_EDITIONS)
