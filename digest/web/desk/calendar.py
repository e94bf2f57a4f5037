"""The calendar: sent and planned editions, holidays; and special editions from a selection of articles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from starlette.responses import Response

from digest.curate.editorial import Selection
from digest.errors import ConfigurationError, DigestError
from digest.models import Edition, EditionState, is_special
from digest.usecases.compose import edition_key
from digest.usecases.edit_edition import MAX_NAME, NameTaken
from digest.usecases.special import approved_specials, is_uncomposed
from digest.utils.text import one_line
from digest.web.desk.admin import words
from digest.web.desk.sentences import UNCOMPOSED, PageSentence, edition_states
from digest.web.desk.visit import Visit, edition_path, name_of_edition

# The windows, in hours, that a special edition can have.
HOURS = (24, 48, 72, 168, 336, 720)
_MAX_WORDS = 100
# As calendars in India have it.
_WEEK = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """An edition of a day, stored or planned."""

    key: str
    # The name of a special edition; '' for others.
    name: str
    title: str
    state: str
    at: datetime | None
    exists: bool


@dataclass(frozen=True, slots=True)
class CalendarDay:
    day: date
    entries: Sequence[CalendarEntry]
    # Whether only a holiday keeps an edition from appearing.
    is_holiday: bool
    is_today: bool

    @property
    def is_ordinary(self) -> bool:
        """Whether only planned editions are there, so that a phone folds the day."""
        return not (self.is_holiday or self.is_today or any(each.exists for each in self.entries))


def compose(visit: Visit) -> Response:
    form, app = visit.form, visit.desk.app
    _ = visit.catalogue.gettext
    slug = form.get("slug", "").strip().lower()
    hours = form.get("hours", "")
    names = [each.name for each in app.sources]
    chosen = tuple(name for number, name in enumerate(names) if f"source-{number}" in form or f"sources:{name}" in form)
    words = one_line(form.get("words", ""))[:_MAX_WORDS]
    name = one_line(form.get("name", ""))[:MAX_NAME]
    if name and not slug:
        slug = _free_slug(visit)
    if hours not in map(str, HOURS) or not slug:
        return page(visit, status=422, problem=_("A special edition needs a name and its hours."), field="slug")
    if slug in app.calendar.slugs:
        return page(visit, status=409, problem=_("There is an edition with this name already."), field="slug")
    try:
        edition_key(visit.desk.now().date(), slug)
    except ConfigurationError:
        wrong = _("The name has small Latin letters, digits and hyphens, and does not start with a date.")
        return page(visit, status=422, problem=wrong, field="slug")
    try:
        edition = app.editor.compose_special(slug, Selection(words, chosen, int(hours), name), visit.actor).edition
    except NameTaken:
        return page(visit, status=409, problem=_("There is an edition with this name already."), field="slug")
    except (DigestError, ConfigurationError) as error:
        return page(visit, status=409, problem=visit.refusal(error))
    return visit.go(edition_path(edition.key))


def again_path(visit: Visit, edition: Edition) -> str:
    """Return the address of the form with the name and selection of a special edition."""
    made = visit.desk.app.editions.editorial_changes(edition.key).selection or Selection(name=edition.name)
    names = [each.name for each in visit.desk.app.sources]
    chosen = {f"source-{names.index(name)}": "on" for name in made.sources if name in names}
    return (
        visit.path("/calendar", slug=edition.key, name=made.name, words=made.words, hours=str(made.hours), **chosen)
        + "#special"
    )


def _free_slug(visit: Visit) -> str:
    """Return a slug for a special edition that has only a name for recipients.

    The slug of an edition without articles, or whose composing failed, is used again.
    """
    slug = usual = f"special-{visit.desk.now():%Y-%m-%d}"
    number = 1
    while (found := visit.desk.app.editions.get(slug)) is not None and found.state != EditionState.SKIPPED:
        number += 1
        slug = f"{usual}-{number}"
    return slug


def page(visit: Visit, *, status: int = 200, problem: str | PageSentence = "", field: str = "") -> Response:
    app, now = visit.desk.app, visit.desk.now()
    weekdays = words.days(visit.catalogue)
    first = _month(visit.query.get("month", ""), now.date())
    following = (first + timedelta(days=32)).replace(day=1)
    days = _days(visit, first, following)
    # A link of a special edition without articles leads here with its selection.
    typed = visit.form or visit.query
    return visit.page(
        "calendar.html.j2",
        status=status,
        problem=problem,
        field=field,
        first=first,
        before=(first - timedelta(days=1)).replace(day=1),
        following=following,
        days=days,
        weeks=_weeks(days),
        weekdays=[weekdays[name] for name in _WEEK],
        sources=[each.name for each in app.sources],
        hours=HOURS,
        max_name=MAX_NAME,
        states=edition_states(visit.catalogue),
        typed=typed,
        chosen=any(name.startswith("source-") for name in typed),
        now=now,
    )


def _weeks(days: Sequence[CalendarDay]) -> list[list[CalendarDay | None]]:
    """Return the weeks of a month, from Sunday on; None for the days of other months."""
    before = days[0].day.isoweekday() % 7
    cells = [*[None] * before, *days, *[None] * (-(before + len(days)) % 7)]
    return [cells[at : at + 7] for at in range(0, len(cells), 7)]


def _days(visit: Visit, first: date, following: date) -> list[CalendarDay]:
    app, now = visit.desk.app, visit.desk.now()
    calendar = app.calendar
    stored: dict[date, list[Edition]] = {}
    due = {each.key: (each, at.astimezone(now.tzinfo)) for each, at in approved_specials(app.editions)}
    found = {
        each.key: each for each in (*app.editions.of_days(first, following), *(each for each, _at in due.values()))
    }
    for key, edition in found.items():
        stored.setdefault(due[key][1].date() if key in due else edition.day, []).append(edition)
    days = []
    for number in range((following - first).days):
        day = first + timedelta(days=number)
        entries = [_entry(visit, each, due) for each in stored.get(day, [])]
        known = {each.key for each in entries}
        ahead = [each for each in calendar.on(day) if each.key not in known and each.expires_at > now]
        entries += [
            CalendarEntry(each.key, "", _own_name(visit, each.key), "planned", each.send_at, exists=False)
            for each in ahead
        ]
        is_holiday = any(schedule.pauses_on(day) for schedule in calendar.schedules)
        days.append(CalendarDay(day, entries, is_holiday, day == now.date()))
    return days


def _own_name(visit: Visit, key: str) -> str:
    """Return the name of a planned edition; '' if it has none but the newsletter's."""
    name = name_of_edition(visit, key)
    return name if name != visit.desk.app.branding.name else ""


def _entry(visit: Visit, edition: Edition, due: Mapping[str, tuple[Edition, datetime]]) -> CalendarEntry:
    planned = visit.desk.app.calendar.of(edition.key)
    at = due[edition.key][1] if edition.key in due else planned.send_at if planned else None
    if at and at > visit.desk.now() and edition.state == EditionState.DONE:
        # A person sent it before its hour.
        at = None
    state = UNCOMPOSED if is_uncomposed(edition) else edition.state
    name = edition.name or edition.key if is_special(edition.key) and edition.subject else ""
    return CalendarEntry(
        edition.key,
        name,
        edition.subject or edition.name or name_of_edition(visit, edition.key),
        state,
        at,
        exists=True,
    )


def _month(text: str, now: date) -> date:
    """Return the first day of the month that the address names, or of this one."""
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        return now.replace(day=1)
    return found if abs(found.year - now.year) <= 20 else now.replace(day=1)
