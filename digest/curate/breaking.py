"""Find breaking news: new stories of several independent sources that no edition has had."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from digest.curate.already_sent import SentHistory, articles_of
from digest.curate.candidates import StoryCandidate, check_already_sent
from digest.curate.compose import ComposeContext, select_window
from digest.curate.independence import count_origins
from digest.curate.ranking import RankContext, rank_candidates
from digest.curate.recurring import find_series
from digest.curate.similarity.clustering import Cluster, Pairs, merge_pairs, representative_first
from digest.curate.similarity.score import extract_features, in_fixed_order
from digest.curate.summary import write_story
from digest.models import Article, Section
from digest.utils.memory import gc_paused


@dataclass(frozen=True, slots=True)
class BreakingStory:
    """A story that may be breaking news: its articles, the representative first, and its independent origins."""

    articles: tuple[Article, ...]
    origins: int


@gc_paused()
def find_breaking(
    articles: Sequence[Article], context: ComposeContext, *, least: int, sections: Collection[str] = ()
) -> list[BreakingStory]:
    """Return the stories of at least `least` independent origins, most origins first, then by rank.

    Leaves out stories in `context.sent`, even if they have moved on, recurring pages, blocked words, exempt sources
    and, if `sections` are given, all other sections.
    """
    pairs, clusters, history = _cluster([each for each in articles if each.source not in context.exempt], context)
    origins = {cluster: count_origins(cluster.articles) for cluster in clusters if len(cluster.articles) >= least}
    several = [cluster for cluster, count in origins.items() if count >= least]
    candidates = [
        candidate
        for candidate in check_already_sent(several, pairs, history, exempt=(), weights=context.weights)
        if candidate.already_sent is None and candidate.series is None
    ]
    rank_context = RankContext(context.rules, context.weights, context.now, pairs)
    ranked = [
        each
        for each in rank_candidates(candidates, clusters, rank_context)
        if (not sections or each.section in sections) and context.rules.max_in_section(each.section, 1)
    ]
    ranked.sort(key=lambda each: (-origins[each.cluster], each.sort_key))
    return [BreakingStory(each.cluster.articles, origins[each.cluster]) for each in ranked]


@gc_paused()
def find_cluster(name: str, articles: Sequence[Article], context: ComposeContext) -> tuple[Article, ...]:
    """Return the articles of one story; none if it is unknown. It is named by its id, or by the id or URL of an
    article.
    """
    _pairs, clusters, _history = _cluster(articles, context)
    return next((cluster.articles for cluster in clusters if name in cluster.names), ())


@gc_paused()
def find_sent(articles: Sequence[Article], context: ComposeContext) -> tuple[str, ...]:
    """Return the keys of the editions of `context.sent` that had the story with these articles."""
    known = (*articles, *context.background, *articles_of(context.sent))
    corpus = extract_features(known)
    found = SentHistory(context.sent, corpus, context.rules).find(
        articles, [corpus.features[article.id] for article in articles], is_series=False
    )
    return found.editions if found else ()


@gc_paused()
def write_section(articles: Sequence[Article], context: ComposeContext) -> Section:
    """Write the story with these articles, and return it in its section."""
    pairs = Pairs.build(in_fixed_order(articles), context.rules, context.background)
    cluster = Cluster(representative_first(pairs.articles, context.weights))
    rank_context = RankContext(context.rules, context.weights, context.now, pairs)
    (ranked,) = rank_candidates([StoryCandidate(cluster)], [cluster], rank_context)
    story = write_story(ranked, pairs, context.summariser, is_pinned=False)
    return Section(ranked.section, (story,))


def _cluster(articles: Sequence[Article], context: ComposeContext) -> tuple[Pairs, tuple[Cluster, ...], SentHistory]:
    """Cluster the articles of the window, and index the sent stories."""
    window = select_window(articles, context)
    everything = (*window.articles, *window.background)
    corpus = extract_features(everything)
    pairs = Pairs(window.articles, corpus, find_series(everything, context.rules.timezone), context.rules)
    return pairs, merge_pairs(pairs, context.weights), SentHistory(window.sent, corpus, context.rules)
