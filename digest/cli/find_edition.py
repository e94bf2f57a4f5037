"""Find the edition that a command means."""

from __future__ import annotations

import difflib
from datetime import date
from typing import TYPE_CHECKING

from digest.cli.output import note, printable
from digest.errors import ConfigurationError, DigestError
from digest.models import ENDED_STATES, Edition, EditionState, is_breaking, split_key

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from digest.app import App
    from digest.config.calendar import Calendar
    from digest.store.sending.decisions import OperatorDecision


# A wrong name is compared with this many of the newest editions.
_MAX_COMPARED = 500


def decision_line(each: OperatorDecision, zone: ZoneInfo) -> str:
    """Show one decision on an edition: when, what, on whom, by whom and why."""
    subject = f" {each.email or f'batch {each.batch}'}" if each.email or each.batch else ""
    by = f" by {each.decided_by}" if each.decided_by else ""
    # The state to which an edition is moved is the word for it, but an edition that is resumed was sending before.
    what = "resumed" if each.what == EditionState.SENDING else each.what
    evidence = f" (evidence: {each.evidence})" if each.evidence and each.evidence != each.reason else ""
    return printable(f"{each.at.astimezone(zone):%Y-%m-%d %H:%M}  {what}{subject}{by}: {each.reason}{evidence}")


def existing(app: App, key: str) -> Edition:
    """Return the edition named `key`. Raises DigestError that suggests one."""
    found = app.editions.get(key)
    if found is None:
        raise DigestError(f"There is no edition {key}{_nearest_key(app, key)} `digest edition list` shows them all.")
    return found


def _nearest_key(app: App, name: str) -> str:
    """Name the edition of that day or slug, the most similar one, or the newest, as the end of a sentence."""
    keys = [edition.key for edition in app.editions.all(limit=_MAX_COMPARED)]
    if not keys:
        return ", because none was composed yet: `digest compose` makes one."
    # Newest first, so that a slug means its newest edition.
    same = [key for key in keys if name in split_key(key) or key.startswith(f"{name}-")]
    close = same[:1] or difflib.get_close_matches(name, keys, n=1)
    return f"; did you mean {close[0]}?" if close else f"; the newest is {keys[0]}."


def key_of(app: App, name: str, *, begun: bool = False) -> str:
    """Return the key of the named edition, or of today's, which may not exist yet. Raises DigestError.

    `name` is a key, or the slug of an edition in the schedule, which means today's edition. Without a name, it is the
    next edition of today that is not finished. With `begun`, it is one whose time to compose has come, so that a
    repeated send does not send the evening's edition in the morning.
    """
    if not name:
        return _current(app, begun=begun)
    calendar = app.calendar
    if name in calendar.slugs:
        return _of_today(app, calendar, name)
    if name in (edition.key for edition in calendar.current(app.now())) or app.editions.get(name):
        return name
    day, slug = split_key(name)
    if day is not None and not slug and calendar.slugs:
        return _of_date(app, calendar, day)
    today = app.now().date().isoformat()
    if name == today and not calendar.slugs:
        return name
    if day is None and app.editions.get(name) is None:
        raise DigestError(
            f"There is no edition {name}. `digest compose --slug {name}` makes a special edition of that name, and "
            "`digest edition list` shows them all."
        )
    return existing(app, name).key


def composed_key(app: App, day: date | None, slug: str, special: str) -> str:
    """Return the key for `digest compose`: a day, an edition of the schedule, a special, or by default the next one.

    Raises ConfigurationError for an unusable slug, and DigestError if the day has several editions.
    """
    from digest import pipeline
    from digest.subscribers.list_file import nearest

    calendar = app.calendar
    if special:
        if special in calendar.slugs:
            raise ConfigurationError.at("--slug", f"{special} is an edition of the schedule; use --edition {special}")
        return pipeline.key_of_today(app, slug=special)
    if slug:
        if slug not in calendar.slugs:
            known = nearest(slug, calendar.slugs) if calendar.slugs else "; schedule.editions has none"
            raise ConfigurationError.at("--edition", f"unknown edition {slug!r}{known}")
        return f"{day or app.now().date()}-{slug}"
    if day is None:
        return _current(app)
    return _of_date(app, calendar, day) if calendar.slugs else day.isoformat()


def _current(app: App, *, begun: bool = False) -> str:
    """Return the key of today's edition; of several, the next one that is not finished."""
    calendar, now = app.calendar, app.now()
    if not calendar.slugs:
        return now.date().isoformat()
    planned = calendar.current(now)
    if not planned:
        raise DigestError(f"No edition is planned today{_holiday(calendar, now.date())}. {_next(app, calendar)}")
    keys = [edition.key for edition in planned]
    states = {key: found.state for key in keys if (found := app.editions.get(key))}
    choice = ([each for each in planned if each.compose_at <= now] or planned[:1]) if begun else planned
    open_ = [each.key for each in choice if states.get(each.key) not in ENDED_STATES and now <= each.expires_at]
    key = open_[0] if open_ else choice[-1].key
    others = ", ".join(other for other in keys if other != key)
    if others:
        note(f"This is edition {key}. Others of today: {others}.")
    return key


def _of_today(app: App, calendar: Calendar, slug: str) -> str:
    found = [edition.key for edition in calendar.current(app.now()) if edition.schedule.slug == slug]
    today = f"{app.now().date()}-{slug}"
    if not found and app.editions.get(today) is None:
        raise DigestError(
            f"Edition {slug} does not appear today{_holiday(calendar, app.now().date(), slug)}. "
            f"{_next(app, calendar, slug)} "
            f"`digest compose --edition {slug}` makes one anyway."
        )
    return found[-1] if found else today


def _of_date(app: App, calendar: Calendar, day: date) -> str:
    """Return the only edition of a date. Raises DigestError that lists the choices."""
    stored = [
        edition.key
        for edition in app.editions.all()
        if edition.day == day and split_key(edition.key)[0] and not is_breaking(edition.key)
    ]
    keys = list(dict.fromkeys([*(edition.key for edition in calendar.on(day)), *stored]))
    if len(keys) == 1:
        return keys[0]
    if not keys:
        raise DigestError(f"No edition is planned on {day}{_holiday(calendar, day)}. {_next(app, calendar)}")
    raise DigestError(f"{day} has several editions; name one: {', '.join(keys)}")


def _holiday(calendar: Calendar, day: date, slug: str = "") -> str:
    """Return the end of a sentence that explains a missing edition (of this slug) by a holiday; '' if it is none."""
    schedules = [each for each in calendar.schedules if slug in ("", each.slug)]
    return ", which is a holiday (schedule.holidays)" if any(each.pauses_on(day) for each in schedules) else ""


def _next(app: App, calendar: Calendar, slug: str = "") -> str:
    upcoming = (each.key for each in calendar.upcoming(app.now()) if slug in ("", each.schedule.slug))
    key = next(upcoming, None)
    return f"The next one is {key}." if key else "None is planned within a year."


def current_edition(app: App, key: str, *, store: bool = True) -> Edition:
    """Return the edition as it would be sent.

    Composes a draft again from the collected articles, and collects first if there is no draft yet. Without `store` no
    draft is stored or changed.
    """
    from digest import pipeline

    return pipeline.compose(app, key, fetch=app.editions.get(key) is None, store=store).edition
