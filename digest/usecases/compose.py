"""Compose an edition: curate the articles, apply the editors' changes, write the subject, store it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from digest.errors import ConfigProblem, ConfigurationError, DigestError
from digest.models import Article, Edition, EditionState, Source

if TYPE_CHECKING:
    from digest.collect.collector import CollectReport, SourceReport
    from digest.curate.compose import ComposeContext, Curated
    from digest.curate.filtering import Changes
    from digest.curate.rules import Rules
    from digest.curate.summary import Summariser
    from digest.store.content.articles import ArticleStore
    from digest.store.content.editions import EditionStore, SentHistoryStore
    from digest.usecases.fetch_fulltext import FulltextFetcher

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


def edition_key(day: date, slug: str = "") -> str:
    """Return the key of an edition: its date, or the slug of a special edition.

    Raises ConfigurationError for an unusable slug, such as one that looks like a date and would replace another day's
    edition.
    """
    if slug and (not _KEY.match(slug) or day_of(slug)):
        problem = f"expected a short name of a-z, 0-9 and '-' that is not a date, found {slug!r}"
        raise ConfigurationError([ConfigProblem("--slug", 0, problem)])
    return slug or day.isoformat()


def day_of(key: str) -> date | None:
    """Return the day of a date key; None for the slug of a special edition."""
    try:
        return date.fromisoformat(key) if len(key) == len("2026-11-23") else None
    except ValueError:
        return None


@dataclass(frozen=True)
class Composer:
    """Composes editions from the stored articles."""

    sources: Sequence[Source]
    articles: ArticleStore
    editions: EditionStore
    sent_history: SentHistoryStore
    rules: Rules
    summariser: Summariser
    fulltext: FulltextFetcher
    # Fetches every source, and calls the function for each one that is done.
    collect: Callable[[Callable[[SourceReport], None] | None], CollectReport]
    language: str
    zone: ZoneInfo
    now: Callable[[], datetime]

    def compose(
        self, key: str, *, fetch: bool = True, on_source: Callable[[SourceReport], None] | None = None
    ) -> Composed:
        """Curate the articles of the window into a draft, or into a skipped edition with its reason.

        Collects first, unless `fetch` is false. A draft is composed again and keeps the editors' changes; an edition
        in any later state is returned unchanged. If an editor changes the edition meanwhile, composing starts again.
        `on_source` is called for each source when it is collected.
        """
        collected: CollectReport | None = None
        for _ in range(_MAX_TRIES):
            stored = self.editions.get(key)
            if stored and stored.state not in (EditionState.DRAFT, EditionState.SKIPPED):
                return Composed(stored)
            if fetch and collected is None:
                collected = self.collect(on_source)
            changes = self.editions.editorial_changes(key)
            day = day_of(key) or (stored.day if stored else self.now().date())
            curated = self._curate(key, day, changes, fetch=fetch)
            edition = self._draft(key, day, curated, changes, number=stored.number if stored else 0)
            saved = self.editions.put(
                edition, over=(EditionState.DRAFT, EditionState.SKIPPED), expected_changes=changes if stored else None
            )
            if saved:
                return Composed(saved, curated, collected)
        raise DigestError(f"Edition {key} was changed repeatedly while it was being composed. Try again.")

    def _curate(self, key: str, day: date, changes: Changes, *, fetch: bool) -> Curated:
        """Choose the stories of the day.

        If `fetch`, read the pages of chosen stories without full text, then choose again.
        """
        from digest.curate.compose import compose as curate

        end_of_day = datetime.combine(day + timedelta(days=1), time(0), self.zone)
        until = min(self.now(), end_of_day)
        context = self._context(key, changes, until)
        articles = self._articles_in_window(until)
        curated = curate(articles, context)
        if fetch and self.fulltext.fetch(curated.sections, articles):
            curated = curate(self._articles_in_window(until), context)
        return curated

    def _articles_in_window(self, until: datetime) -> list[Article]:
        """Return the articles of the configured sources, as far back as an edition looks."""
        names = {source.name for source in self.sources}
        found = self.articles.between(until - self.rules.window, until)
        return [article for article in found if article.source in names]

    def _context(self, key: str, changes: Changes, until: datetime) -> ComposeContext:
        from digest.curate.compose import ComposeContext

        rules, history = self.rules, self.sent_history
        return ComposeContext(
            rules=rules,
            now=until,
            weights={source.name: source.weight for source in self.sources},
            changes=changes,
            background=history.background(until - rules.background, until - rules.window, most=rules.background_most),
            sent=history.sent(until - rules.memory, until, but=key),
            exempt={source.name for source in self.sources if source.replay},
            summariser=self.summariser,
        )

    def _draft(self, key: str, day: date, curated: Curated, changes: Changes, *, number: int) -> Edition:
        """Build the edition, with the editors' changes, a subject and a preheader.

        Number 0 asks the store for a new one.
        """
        from digest.curate import filtering
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
            composed_at=self.now(),
        )
        if curated.reason:
            return edition
        edition = filtering.apply(edition, changes)
        taken = self.editions.subjects(but=key, most=_RECENT_SUBJECTS)
        line = edition.subject or subject.subject_line(edition, self.language, taken=taken)
        edition = replace(edition, subject=line)
        return replace(edition, preheader=edition.preheader or subject.preheader(edition, self.language))
