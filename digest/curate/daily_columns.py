"""Build the section of daily columns, if the settings ask for it: राशिफल, पंचांग, weather, prices.

These pages are kept apart from the news: they take no place from it, do not change its ranking, and are never merged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from digest.curate.candidates import StoryCandidate
from digest.curate.editorial import EditorialChanges
from digest.curate.ranking import Ranked
from digest.curate.recurring import differ, subject_of_title
from digest.curate.recurring_kinds import RecurringPolicy, Series
from digest.curate.rules import Rules
from digest.curate.section_names import DAILY_COLUMNS
from digest.curate.sent_story import SentStory
from digest.curate.similarity.clustering import Cluster, Pairs
from digest.curate.similarity.tfidf import compared_title
from digest.curate.summary import write_story
from digest.curate.summary.types import Summariser
from digest.models import Article, Section, Story

# The most pages of one kind, such as the weather of three cities. A horoscope may have a page for each sign.
MOST, MOST_SIGNS = 3, 12


@dataclass(frozen=True, slots=True)
class Divided:
    """The articles of a day: news, and the pages that go into the section of daily columns."""

    news: tuple[Article, ...]
    columns: tuple[Article, ...]


def divide(articles: Sequence[Article], series: Mapping[str, Series], rules: Rules, asked: Collection[str]) -> Divided:
    """Separate daily columns from news. A page that an editor pinned or added is news."""
    columns = tuple(
        article
        for article in articles
        if (found := series.get(article.id))
        and rules.policy_of(found) is RecurringPolicy.SECTION
        and not Cluster((article,)).names & set(asked)
    )
    ids = {article.id for article in columns}
    return Divided(tuple(article for article in articles if article.id not in ids), columns)


def write_columns(
    columns: Pairs,
    *,
    changes: EditorialChanges,
    sent: Sequence[SentStory],
    weights: Mapping[str, float],
    summariser: Summariser | None,
) -> Section | None:
    """Write the section of daily columns, with pages about different subjects of each kind; None if it is empty.

    A page that was in an earlier edition and has not changed since is left out.
    """
    rules, series = columns.rules, columns.series
    name = rules.called.get(DAILY_COLUMNS, DAILY_COLUMNS)
    by_kind: defaultdict[str, list[Article]] = defaultdict(list)
    for article in columns.articles:
        names = Cluster((article,)).names
        if not names & set(changes.dropped) and not _was_sent(article, names, sent):
            by_kind[series[article.id].name].append(article)
    order = {kind: position for position, kind in enumerate(rules.recurring)}
    stories = [
        _write(article, series[article.id], name, columns, summariser)
        for kind in sorted(by_kind, key=lambda kind: order.get(kind, len(order)))
        for article in _choose(by_kind[kind], weights)
    ]
    return Section(name, tuple(stories)) if stories else None


def _was_sent(article: Article, names: set[str], sent: Sequence[SentStory]) -> bool:
    changed = article.updated or article.published
    return any(names & {*each.story.article_ids, *each.story.articles} and changed <= each.at for each in sent)


def _choose(articles: Sequence[Article], weights: Mapping[str, float]) -> list[Article]:
    """Choose the pages of one kind: general pages first, then by the weight of the source, then the newest."""

    def one_sign(article: Article) -> bool:
        return len(subject_of_title(compared_title(article)).signs) == 1

    ordered = sorted(
        articles,
        key=lambda each: (one_sign(each), -weights.get(each.source, 1.0), -each.published.timestamp(), each.id),
    )
    found: list[Article] = []
    for article in ordered:
        most = MOST_SIGNS if one_sign(article) else MOST
        has_general = any(not one_sign(other) for other in found)
        is_wanted = len(found) < most and not (one_sign(article) and has_general)
        if is_wanted and all(differ(compared_title(article), compared_title(other)) for other in found):
            found.append(article)
    return found


def _write(article: Article, series: Series, section: str, pairs: Pairs, summariser: Summariser | None) -> Story:
    candidate = StoryCandidate(Cluster((article,)), series)
    ranked = Ranked(candidate, section, 0.0, lambda: (f"daily column ({series.name})",), article.published)
    return replace(write_story(ranked, pairs, summariser, is_pinned=False, keeps_title=True), recurring=series.name)
