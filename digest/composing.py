"""Compose an edition from its sources: collect, curate, apply the editors' changes, write the subject, store it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from digest.app import App
from digest.errors import ConfigurationError, DigestError, Fault
from digest.models import Article, Edition, EditionState

if TYPE_CHECKING:
    from digest.collect.collector import CollectReport, SourceReport
    from digest.curate.compose import ComposeContext, Curated
    from digest.curate.desk import Changes

_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")
# How often composing starts again because an editor changed the edition meanwhile.
_MAX_TRIES = 5
# A new edition must not repeat the subjects of this many editions: mail programs thread emails with one subject.
_RECENT_SUBJECTS = 60


@dataclass(frozen=True)
class Composed:
    """An edition as stored, what curation left out of it, and the report on its sources."""

    edition: Edition
    curated: Curated | None = None
    collected: CollectReport | None = None


def collect(
    app: App, *, progress: Callable[[SourceReport], None] | None = None, patient: bool = False
) -> CollectReport:
    """Fetch every source and store what is new. `patient` fetches sources that keep failing less often."""
    from digest.collect.collector import collect as collect_sources

    return collect_sources(app.sources, app.collect_context(), app.articles, progress=progress, patient=patient)


def edition_key(app: App, *, day: date | None = None, slug: str = "") -> str:
    """Return the key of an edition: its date, or the slug of a special edition.

    Raises ConfigurationError for an unusable slug, such as one that looks like a date and would replace another day's
    edition.
    """
    if slug and (not _KEY.match(slug) or day_of(slug)):
        problem = f"expected a short name of a-z, 0-9 and '-' that is not a date, found {slug!r}"
        raise ConfigurationError([Fault("--slug", 0, problem)])
    return slug or (day or app.now().date()).isoformat()


def day_of(key: str) -> date | None:
    """Return the day of a date key; None for the slug of a special edition."""
    try:
        return date.fromisoformat(key) if len(key) == len("2026-11-23") else None
    except ValueError:
        return None


def compose(app: App, key: str, *, fetch: bool = True) -> Composed:
    """Curate the articles of the window into a draft, or into a skipped edition with its reason.

    Collects first, unless `fetch` is false. A draft is composed again and keeps the editors' changes; an edition in any
    later state is returned unchanged. If an editor changes the edition meanwhile, composing starts again.
    """
    collected: CollectReport | None = None
    for _ in range(_MAX_TRIES):
        stored = app.editions.get(key)
        if stored and stored.state not in (EditionState.DRAFT, EditionState.SKIPPED):
            return Composed(stored)
        if fetch and collected is None:
            collected = collect(app)
        changes = app.editions.desk(key)
        day = day_of(key) or (stored.day if stored else app.now().date())
        curated = _curate(app, key, day, changes, fetch=fetch)
        edition = _draft(app, key, day, curated, changes, number=stored.number if stored else 0)
        saved = app.editions.put(
            edition, over=(EditionState.DRAFT, EditionState.SKIPPED), desk=changes if stored else None
        )
        if saved:
            return Composed(saved, curated, collected)
    raise DigestError(f"edition {key} was changed repeatedly while it was being composed; try once more")


def _curate(app: App, key: str, day: date, changes: Changes, *, fetch: bool) -> Curated:
    """Choose the stories of the day. If `fetch`, read the pages of chosen stories without full text, then choose
    again."""
    from digest import completing
    from digest.curate.compose import compose as curate

    end_of_day = datetime.combine(day + timedelta(days=1), time(0), app.settings.newsletter.zone)
    until = min(app.now(), end_of_day)
    context = _context(app, key, changes, until)
    articles = _articles_in_window(app, until)
    curated = curate(articles, context)
    if fetch and completing.fetch_fulltext(app, curated.sections, articles):
        curated = curate(_articles_in_window(app, until), context)
    return curated


def _articles_in_window(app: App, until: datetime) -> list[Article]:
    """Return the articles of the configured sources, as far back as an edition looks."""
    names = {source.name for source in app.sources}
    found = app.articles.between(until - app.rules.window, until)
    return [article for article in found if article.source in names]


def _context(app: App, key: str, changes: Changes, until: datetime) -> ComposeContext:
    from digest.curate.compose import ComposeContext

    rules = app.rules
    return ComposeContext(
        rules=rules,
        now=until,
        weights={source.name: source.weight for source in app.sources},
        changes=changes,
        background=app.past.background(until - rules.background, until - rules.window, most=rules.background_most),
        sent=app.past.sent(until - rules.memory, until, but=key),
        exempt={source.name for source in app.sources if source.replay},
        summariser=app.summariser,
    )


def _draft(app: App, key: str, day: date, curated: Curated, changes: Changes, *, number: int) -> Edition:
    """Make the edition, with the editors' changes, a subject and a preheader. Number 0 asks the store for a new one."""
    from digest.curate import desk
    from digest.render import subject

    edition = Edition(
        key=key,
        day=day,
        number=number,
        state=EditionState.SKIPPED if curated.reason else EditionState.DRAFT,
        subject="",
        preheader="",
        sections=curated.sections,
        lead=curated.lead,
        reason=curated.reason,
        composed_at=app.now(),
    )
    if curated.reason:
        return edition
    edition = desk.apply(edition, changes)
    language = app.settings.newsletter.language
    taken = app.editions.subjects(but=key, most=_RECENT_SUBJECTS)
    edition = replace(edition, subject=edition.subject or subject.subject_line(edition, language, taken=taken))
    return replace(edition, preheader=edition.preheader or subject.preheader(edition, language))
