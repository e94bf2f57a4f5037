"""Filter what may enter an edition: blocked words, editors' changes, recurring pages and stories already sent.

Words are compared as stems, so दाम also finds दामों; a phrase matches where its stems follow each other. A phrase of
stop words alone is compared as written, folded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from digest.curate.already_sent import AlreadySent, SentHistory
from digest.curate.recurring import Series
from digest.curate.similarity.clustering import Cluster, Pairs, representative_first
from digest.curate.similarity.tfidf import lead_text
from digest.hindi.tokens import stems, tokens
from digest.models import Article, Edition, Section, Story


@dataclass(frozen=True, slots=True)
class Changes:
    """An editor's changes, by story id. An empty text keeps the composed one."""

    pinned: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    # Story id -> section and position in it, from 1.
    moved: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    subject: str = ""
    preheader: str = ""
    intro: str = ""


def apply(edition: Edition, changes: Changes) -> Edition:
    """Return the edition with stories moved and texts set. Stories that it lacks are ignored."""
    sections = edition.sections
    for story_id, (name, place) in changes.moved.items():
        sections = _moved(sections, story_id, name, place)
    lead = edition.lead
    if lead not in {story.id for section in sections for story in section.stories}:
        lead = sections[0].stories[0].id if sections else ""
    return replace(
        edition,
        sections=sections,
        lead=lead,
        subject=changes.subject,
        preheader=changes.preheader,
        intro=changes.intro,
    )


def _moved(sections: tuple[Section, ...], story_id: str, name: str, place: int) -> tuple[Section, ...]:
    found: Story | None = next((s for section in sections for s in section.stories if s.id == story_id), None)
    if found is None:
        return sections
    story = replace(found, section=name)
    names = [section.name for section in sections]
    rest = {section.name: [s for s in section.stories if s.id != story_id] for section in sections}
    if name not in rest:
        names.append(name)
        rest[name] = []
    rest[name].insert(max(place - 1, 0), story)
    return tuple(Section(each, tuple(rest[each])) for each in names if rest[each])


@dataclass(frozen=True, slots=True, eq=False)
class StoryCandidate:
    """A cluster that may become a story of the edition."""

    cluster: Cluster
    # For a page that comes again every day.
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
        return (f"update of {editions}: {why}" if why else f"sent before in {editions}",)

    @property
    def new_articles(self) -> tuple[Article, ...]:
        """The articles to summarise: of an update, only those that are new since it was sent."""
        if self.already_sent is not None and self.is_update:
            return tuple(article for article in self.cluster.articles if article in self.already_sent.new_articles)
        return self.cluster.articles

    @property
    def known_text(self) -> str:
        """What subscribers already know of an update."""
        return self.already_sent.known_text if self.already_sent is not None and self.is_update else ""


def remove_blocked(articles: Sequence[Article], block: Iterable[str]) -> tuple[list[Article], Counter[str]]:
    """Return the articles without a blocked word, and how many were rejected for which reason."""
    words = tuple(block)
    if not words:
        return list(articles), Counter()
    allowed: list[Article] = []
    rejected: Counter[str] = Counter()
    for article in articles:
        if word := blocked_by(article, words):
            rejected[f"blocked by {word!r}"] += 1
        else:
            allowed.append(article)
    return allowed, rejected


def blocked_by(article: Article, block: Iterable[str]) -> str | None:
    """Return the first blocked word in the article's title, kicker or categories."""
    texts = (article.title, article.kicker, *article.categories)
    return next((word for word in block if any(contains(text, word) for text in texts)), None)


def boosts(articles: Sequence[Article], boost: Mapping[str, float]) -> list[tuple[str, float]]:
    """Return (word, points) for each boosted word in the title or lead of any of the articles."""
    if not boost:
        return []
    leads = [lead_text(article) for article in articles]
    return [(word, points) for word, points in boost.items() if any(contains(lead, word) for lead in leads)]


def contains(text: str, phrase: str) -> bool:
    """Return whether the text contains the word or phrase."""
    sought, stemmed = _parse_phrase(phrase)
    if not sought:
        return False
    found = stems(text) if stemmed else tokens(text)
    first, size = sought[0], len(sought)
    return any(found[at] == first and tuple(found[at : at + size]) == sought for at in range(len(found) - size + 1))


@lru_cache(maxsize=2_000)
def _parse_phrase(phrase: str) -> tuple[tuple[str, ...], bool]:
    """Return the phrase's stems and True; for a phrase of stop words its tokens and False."""
    found = tuple(stems(phrase))
    return (found, True) if found else (tuple(tokens(phrase)), False)


def check_already_sent(
    clusters: Sequence[Cluster],
    pairs: Pairs,
    history: SentHistory,
    *,
    exempt: Collection[str],
    weights: Mapping[str, float],
) -> list[StoryCandidate]:
    """Find out which clusters were sent before, apart from those of `exempt` sources. New articles come first."""
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
    candidates: Sequence[StoryCandidate], changes: Changes
) -> tuple[list[StoryCandidate], Counter[str]]:
    """Return the candidates that are not dropped, excluded or already sent (or are pinned), and counts of the rest."""
    pinned, dropped = set(changes.pinned), set(changes.dropped)
    remaining: list[StoryCandidate] = []
    rejected: Counter[str] = Counter()
    for each in candidates:
        names, articles = each.cluster.names, len(each.cluster.articles)
        is_pinned = bool(names & pinned)
        if names & dropped:
            rejected["dropped by the desk"] += articles
        elif each.series and each.series.excluded and not is_pinned:
            rejected[f"series ({each.series.kind})"] += articles
        elif each.already_sent and not each.is_update and not is_pinned:
            rejected[f"already sent ({', '.join(each.already_sent.editions)})"] += articles
        else:
            remaining.append(each)
    return remaining, rejected


def rejected_as_sent(rejected: Mapping[str, int]) -> bool:
    """Return whether any story was rejected because it was already sent."""
    return any(reason.startswith("already sent") and count for reason, count in rejected.items())
