"""From sources to an edition: collect, curate, lay the desk's wishes over it, find its words, store it. Part of the
pipeline.

Strings the stages together; holds none of their rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from digest.app import App
from digest.errors import ConfigurationError, DigestError, Fault
from digest.models import Article, Edition

if TYPE_CHECKING:
    from digest.collect.collector import CollectReport, SourceReport
    from digest.curate.compose import Curated
    from digest.curate.desk import Changes

_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")
_DESK_TRIES = 5
_REMEMBERED = 60
"""Editions whose subjects a new one must not repeat: mail programs fold letters of one subject into a thread."""


@dataclass(frozen=True)
class Composed:
    """An edition as it stands, what was left out of it and why, and what the sources gave."""

    edition: Edition
    curated: Curated | None = None
    collected: CollectReport | None = None


def collect(
    app: App, *, progress: Callable[[SourceReport], None] | None = None, patient: bool = False
) -> CollectReport:
    """Fetches every source and keeps what is new. `patient`: sources that keep failing are asked less often."""
    from digest.collect.collector import collect as collect_sources

    return collect_sources(app.sources, app.collect_context(), app.articles, progress=progress, patient=patient)


def edition_key(app: App, *, day: date | None = None, slug: str = "") -> str:
    """The key of an edition: its date, or a special's slug. Raises ConfigurationError for an unusable slug, such as
    one that looks like a date: it would stand where another day's edition belongs."""
    if slug and (not _KEY.match(slug) or day_of(slug)):
        said = f"expected a short name of a-z, 0-9 and '-' that is no date, found {slug!r}"
        raise ConfigurationError([Fault("--slug", 0, said)])
    return slug or (day or app.now().date()).isoformat()


def day_of(key: str) -> date | None:
    """The day that a date key names; None for a special's slug."""
    try:
        return date.fromisoformat(key) if len(key) == len("2026-11-23") else None
    except ValueError:
        return None


def compose(app: App, key: str, *, fetch: bool = True) -> Composed:
    """Curates the articles in the window into a draft, or into a skipped edition with its reason.

    Collects first, unless `fetch` is false. A draft is composed anew, with what the desk changed laid over it again;
    an edition that is further on is left as it is. When the desk changes it meanwhile, the desk wins.
    """
    collected: CollectReport | None = None
    for _ in range(_DESK_TRIES):
        standing = app.editions.get(key)
        if standing and standing.state not in ("draft", "skipped"):
            return Composed(standing)
        if fetch and collected is None:
            collected = collect(app)
        changes = app.editions.desk(key)
        edition, curated = _curated(app, key, standing, changes, pages=fetch)
        kept = app.editions.put(edition, over=("draft", "skipped"), desk=changes if standing else None)
        if kept:
            return Composed(kept, curated, collected)
    raise DigestError(f"edition {key} was changed again and again while it was being composed; try once more")


def _curated(app: App, key: str, standing: Edition | None, changes: Changes, *, pages: bool) -> tuple[Edition, Curated]:
    from digest import completing
    from digest.curate import desk
    from digest.render import subject

    now = app.now()
    day = day_of(key) or (standing.day if standing else now.date())
    until = min(now, _end_of(app, day))
    articles = _in_window(app, until)
    curated = _chosen(app, key, articles, changes, until)
    if pages and completing.complete(app, curated.sections, articles):
        curated = _chosen(app, key, _in_window(app, until), changes, until)
    edition = Edition(
        key=key,
        day=day,
        number=standing.number if standing else 0,  # a new one gets its number when it is stored
        state="skipped" if curated.reason else "draft",
        subject="",
        preheader="",
        sections=curated.sections,
        lead=curated.lead,
        reason=curated.reason,
        composed_at=now,
    )
    if not curated.reason:
        edition = desk.apply(edition, changes)
        language = app.settings.newsletter.language
        taken = app.editions.subjects(but=key, most=_REMEMBERED)
        edition = replace(edition, subject=edition.subject or subject.subject_line(edition, language, taken=taken))
        edition = replace(edition, preheader=edition.preheader or subject.preheader(edition, language))
    return edition, curated


def _in_window(app: App, until: datetime) -> list[Article]:
    """The articles of the sources that are listed, as far back as an edition looks."""
    named = {source.name for source in app.sources}
    found = app.articles.between(until - app.rules.window, until)
    return [article for article in found if article.source in named]


def _chosen(app: App, key: str, articles: Sequence[Article], changes: Changes, until: datetime) -> Curated:
    from digest.curate import compose as curate

    since = until - app.rules.window
    return curate.compose(
        articles,
        rules=app.rules,
        weights={source.name: source.weight for source in app.sources},
        now=until,
        pinned=changes.pinned,
        dropped=changes.dropped,
        background=app.past.background(until - app.rules.background, since, most=app.rules.background_most),
        sent=app.past.sent(until - app.rules.memory, until, but=key),
        exempt={source.name for source in app.sources if source.replay},
        memo=app.memo,
        summariser=app.summariser,
    )


def _end_of(app: App, day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(0), app.settings.newsletter.zone)
