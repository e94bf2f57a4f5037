"""Story candidates: clusters after editors' splits and merges, with their earlier editions. Filter them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from digest.curate.already_sent import AlreadySent, SentHistory
from digest.curate.editorial import EditorialChanges
from digest.curate.recurring_kinds import RecurringPolicy, Series
from digest.curate.rules import Rules
from digest.curate.sent_story import SENT_IN, UPDATE_OF
from digest.curate.similarity.clustering import Cluster, Pairs, representative_first
from digest.messages import Message
from digest.models import Article


def regroup(
    clusters: Sequence[Cluster], changes: EditorialChanges, weights: Mapping[str, float]
) -> tuple[Cluster, ...]:
    """Return the clusters with split articles separate, and merged ones as one.

    Unknown ids and URLs are ignored: the article is too old now, or was deleted.
    """
    apart = set(changes.split)
    parts = [part for cluster in clusters for part in _split(cluster, apart, weights)]
    for group in changes.merged:
        parts = _merge(parts, group)
    return tuple(parts)


def _split(cluster: Cluster, apart: Collection[str], weights: Mapping[str, float]) -> list[Cluster]:
    rest = tuple(each for each in cluster.articles if not {each.id, each.url} & set(apart))
    if len(rest) == len(cluster.articles):
        return [cluster]
    alone = [Cluster((each,)) for each in cluster.articles if each not in rest]
    if not rest:
        return alone
    first = rest if rest[0] is cluster.first else representative_first(rest, weights)
    return [Cluster(first), *alone]


def _merge(parts: Sequence[Cluster], group: Sequence[str]) -> list[Cluster]:
    """Merge the clusters of a group into the first one, which keeps its representative."""
    order = {name: position for position, name in enumerate(group)}
    belonging = [part for part in parts if part.names & order.keys()]
    if len(belonging) < 2:
        return list(parts)
    belonging.sort(key=lambda part: min(order[name] for name in part.names & order.keys()))
    one = Cluster(tuple(article for part in belonging for article in part.articles))
    return [one if part is belonging[0] else part for part in parts if part is belonging[0] or part not in belonging]


@dataclass(frozen=True, slots=True, eq=False)
class StoryCandidate:
    """A cluster that may become a story of the edition."""

    cluster: Cluster
    # Set for a page that recurs every day.
    series: Series | None = None
    # None if it was never sent.
    already_sent: AlreadySent | None = None

    @property
    def is_update(self) -> bool:
        """Whether it was sent before and has moved on since."""
        return self.already_sent is not None and self.already_sent.update_reason is not None

    @property
    def reasons(self) -> tuple[str, ...]:
        if self.already_sent is None:
            return ()
        editions = ", ".join(self.already_sent.editions)
        why = self.already_sent.update_reason
        return (f"{UPDATE_OF} {editions}: {why}" if why else f"{SENT_IN} {editions}",)

    @property
    def new_articles(self) -> tuple[Article, ...]:
        """The articles to summarise; for an update only those that are new since it was sent."""
        if self.already_sent is not None and self.is_update:
            return tuple(article for article in self.cluster.articles if article in self.already_sent.new_articles)
        return self.cluster.articles

    @property
    def known_text(self) -> str:
        """The text that subscribers already know of an update."""
        return self.already_sent.known_text if self.already_sent is not None and self.is_update else ""


def check_already_sent(
    clusters: Sequence[Cluster],
    pairs: Pairs,
    history: SentHistory,
    *,
    exempt: Collection[str],
    weights: Mapping[str, float],
) -> list[StoryCandidate]:
    """Return the clusters, each with its earlier editions.

    Clusters of only `exempt` sources count as not sent. In a story that has moved on, the new articles come first.
    """
    candidates: list[StoryCandidate] = []
    for cluster in clusters:
        series = pairs.series.get(cluster.first.id)
        sent = None
        if not all(article.source in exempt for article in cluster.articles):
            features = [pairs.features[pairs.positions[article.id]] for article in cluster.articles]
            sent = history.find(cluster.articles, features, is_series=series is not None)
        if sent is not None and sent.update_reason is not None:
            new = representative_first(sent.new_articles, weights)
            ids = {article.id for article in new}
            rest = tuple(article for article in cluster.articles if article.id not in ids)
            cluster = replace(cluster, articles=(*new, *rest))
        candidates.append(StoryCandidate(cluster, pairs.series.get(cluster.first.id), sent))
    return candidates


def filter_candidates(
    candidates: Sequence[StoryCandidate], changes: EditorialChanges, rules: Rules
) -> tuple[list[StoryCandidate], Counter[str]]:
    """Return the candidates that may be in the edition, and reason → number of rejected articles.

    Dropped, excluded and already sent stories are rejected. Pinned stories and the parts of a split one stay unless
    they are dropped. A merged story stays even if it was sent.
    """
    remaining: list[StoryCandidate] = []
    rejected: Counter[str] = Counter()
    for each in candidates:
        if why := rejection_of(each, changes, rules):
            rejected[why] += len(each.cluster.articles)
        else:
            remaining.append(each)
    return remaining, rejected


def rejection_of(candidate: StoryCandidate, changes: EditorialChanges, rules: Rules) -> str:
    """Return why a candidate may not be in the edition; '' if it may."""
    names, series, sent = candidate.cluster.names, candidate.series, candidate.already_sent
    if not names.isdisjoint(changes.dropped):
        return Message("dropped by the desk")
    is_column = series is not None and rules.policy_of(series) is RecurringPolicy.DROP
    if series and is_column and names.isdisjoint((*changes.pinned, *changes.kept)):
        return Message("series (%(name)s)", name=series.kind)
    if sent and not candidate.is_update and names.isdisjoint(changes.wanted):
        return Message("already sent (%(name)s)", name=" and ".join(sent.editions))
    return ""


def rejected_as_sent(rejected: Mapping[str, int]) -> bool:
    """Whether any story was rejected because it was already sent."""
    return any(reason.startswith("already sent") and count for reason, count in rejected.items())
