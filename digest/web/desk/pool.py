"""Stories outside the edition: the next best ones, and all articles of its window with search and filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import inf
from typing import TYPE_CHECKING

from starlette.responses import Response

from digest.messages import Message
from digest.models import Edition, Role, Story, is_special
from digest.utils.documents import fill
from digest.utils.text import one_line
from digest.web.desk.article_index import IndexedArticle
from digest.web.desk.today import EDITABLE
from digest.web.desk.visit import Visit, number_in

if TYPE_CHECKING:
    from digest.curate.outcomes import Outcome

# Articles per page of results.
_PAGE = 30
_MAX_QUERY = 100
# Seconds that a page waits for its articles or its ranking. After a start, the day's articles are read first.
_WAIT = 10.0
HOURS = (6, 12, 24)
# How far back the articles of an old edition are found at least. All later ones are in memory.
_LONGEST = timedelta(days=8)
# As in `usecases.compose`: articles collected up to this much after composing may have been used.
_SLACK = timedelta(minutes=1)


class ArticleState(StrEnum):
    """What became of an article."""

    CHOSEN = "chosen"
    # It was weighed against others, or came too late for that.
    NOT_CHOSEN = "not chosen"
    # It may not be in the edition by itself.
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class PoolRow:
    """An article of the window. `sources` are those of its story, `why_not` an English sentence, or ''."""

    id: str
    # The first article of its story, which adds the story.
    story: str
    title: str
    source: str
    url: str
    language: str
    published: datetime
    section: str
    sources: tuple[str, ...]
    state: ArticleState
    # None if it was not ranked.
    score: float | None
    why_not: str


@dataclass(frozen=True, slots=True)
class PoolFilter:
    """What an editor asks for; '' and None match all. `sort` is `newest` or `rank`."""

    query: str
    section: str
    source: str
    hours: int | None
    state: ArticleState | None
    sort: str

    def as_query(self) -> dict[str, str]:
        """Return the parameters that lead here again."""
        texts = {"q": self.query, "section": self.section, "source": self.source, "state": str(self.state or "")}
        texts |= {"hours": str(self.hours or ""), "sort": "" if self.sort == "newest" else self.sort}
        return {name: text for name, text in texts.items() if text}


def runners_up(visit: Visit) -> Response:
    """Respond with the next best stories. Finding them takes as long as composing, so it is done in the background."""
    edition = visit.edition()
    found = visit.desk.curated.of(edition, wait=_WAIT)
    return visit.page(
        "next.html.j2",
        edition=edition,
        runners_up=None if found is None else found.runners_up,
        outcomes={} if found is None else found.outcomes,
        too_weak=found.too_weak if found else 0,
        editable=_editable(visit, edition),
    )


def search(visit: Visit) -> Response:
    edition, now, desk = visit.edition(), visit.desk.now(), visit.desk
    wanted = _wanted(visit)
    window = _window(visit, edition)
    since = max((edition.composed_at or now) - window, now - max(_LONGEST, window + timedelta(days=1)))
    # Before the search, because both take a while after a start.
    curated = desk.curated.of(edition, wait=visit.patience) or desk.curated.last(edition)
    if curated is None and (wanted.state is ArticleState.LEFT_OUT or wanted.sort == "rank"):
        curated = desk.curated.of(edition, wait=_WAIT)
    articles = desk.article_index.search(wanted.query, since, wait=_WAIT)
    stories = {id: story for story in edition.stories() for id in story.article_ids}
    fates = _Fates(stories, curated.outcomes if curated else {}, curated is not None, edition.composed_at)
    found = _chosen(articles or (), fates, wanted, now)
    pages = max(1, -(-len(found) // _PAGE))
    page = min(max(1, number_in(visit.query.get("page", "")) or 1), pages)
    return visit.page(
        "pool.html.j2",
        edition=edition,
        wanted=wanted,
        sections=tuple(dict.fromkeys((*desk.app.topics, *(each.name for each in edition.sections)))),
        sources=[each.name for each in desk.app.sources],
        states=list(ArticleState),
        all_hours=HOURS,
        ready=articles is not None,
        weighed=curated is not None,
        found=[fates.row(each) for each in found[(page - 1) * _PAGE : page * _PAGE]],
        first=(page - 1) * _PAGE,
        total=len(found),
        page=page,
        pages=pages,
        hours=window // timedelta(hours=1),
        editable=_editable(visit, edition),
        now=now,
    )


def _wanted(visit: Visit) -> PoolFilter:
    given = visit.query
    state, hours = given.get("state", ""), number_in(given.get("hours", ""))
    return PoolFilter(
        query=one_line(given.get("q", ""))[:_MAX_QUERY],
        section=given.get("section", "")[:_MAX_QUERY],
        source=given.get("source", "")[:_MAX_QUERY],
        hours=hours if hours in HOURS else None,
        state=ArticleState(state) if state in list(ArticleState) else None,
        sort="rank" if given.get("sort") == "rank" else "newest",
    )


def _window(visit: Visit, edition: Edition) -> timedelta:
    """Return how far an edition looks back."""
    app = visit.desk.app
    if edition.widened_hours:
        return timedelta(hours=edition.widened_hours)
    if is_special(edition.key) and (selection := app.editions.editorial_changes(edition.key).selection):
        return timedelta(hours=selection.hours)
    planned = app.calendar.of(edition.key)
    return planned.schedule.window if planned else app.rules.window


@dataclass(frozen=True, slots=True)
class _Fates:
    """What became of articles. Until curation has ended, only what the edition has is known."""

    # By the ids of their articles.
    stories: Mapping[str, Story]
    outcomes: Mapping[str, Outcome]
    weighed: bool
    composed: datetime | None

    def section(self, each: IndexedArticle) -> str:
        if story := self.stories.get(each.id):
            return story.section
        outcome = self.outcomes.get(each.id)
        return (outcome.section if outcome else "") or each.section

    def sources(self, each: IndexedArticle) -> tuple[str, ...]:
        known = self.stories.get(each.id) or self.outcomes.get(each.id)
        return known.sources if known else (each.source,)

    def score(self, each: IndexedArticle) -> float | None:
        outcome = self.outcomes.get(each.id)
        return outcome.score if outcome else None

    def state(self, each: IndexedArticle) -> ArticleState:
        if each.id in self.stories:
            return ArticleState.CHOSEN
        outcome = self.outcomes.get(each.id)
        left_out = outcome.score is None if outcome else self.weighed and not self._is_late(each)
        return ArticleState.LEFT_OUT if left_out else ArticleState.NOT_CHOSEN

    def _is_late(self, each: IndexedArticle) -> bool:
        return self.composed is not None and each.first_seen > self.composed + _SLACK

    def _why_not(self, each: IndexedArticle) -> str:
        if each.id in self.stories:
            return ""
        if outcome := self.outcomes.get(each.id):
            # Editors may have changed the edition since.
            return outcome.why_not or Message("It has left the edition meanwhile")
        if self._is_late(each):
            return Message("It came after the edition was composed")
        return Message("This edition does not take articles of its source or time") if self.weighed else ""

    def row(self, each: IndexedArticle) -> PoolRow:
        outcome = self.outcomes.get(each.id)
        return fill(
            PoolRow,
            each,
            story=(outcome.first if outcome else "") or each.id,
            section=self.section(each),
            sources=self.sources(each),
            state=self.state(each),
            score=self.score(each),
            why_not=self._why_not(each),
        )


def _chosen(
    articles: Sequence[IndexedArticle], fates: _Fates, wanted: PoolFilter, now: datetime
) -> Sequence[IndexedArticle]:
    """Return the articles that a filter matches, in its order. They come newest first."""
    found = articles
    if wanted.hours:
        since = (now - timedelta(hours=wanted.hours)).timestamp()
        found = [each for each in found if each.at >= since]
    if wanted.source:
        found = [each for each in found if each.source == wanted.source or wanted.source in fates.sources(each)]
    if wanted.section:
        found = [each for each in found if fates.section(each) == wanted.section]
    if wanted.state:
        found = [each for each in found if fates.state(each) is wanted.state]
    if wanted.sort == "rank":
        # Articles without a score come last.
        found = sorted(found, key=lambda each: -inf if (score := fates.score(each)) is None else score, reverse=True)
    return found


def _editable(visit: Visit, edition: Edition) -> bool:
    return visit.may(Role.EDITOR) and edition.state in EDITABLE
