"""Score the stories, with reasons that an editor can read, and pick those of an edition.

Importance decides (`importance/`); freshness, sources and the newsroom's wishes add to it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from digest.curate.candidates import StoryCandidate
from digest.curate.filtering import boosts
from digest.curate.importance.assess import Contribution, assess, explain, weight_of
from digest.curate.importance.places import region_stems
from digest.curate.importance.rows import ROWS
from digest.curate.independence import count_origins
from digest.curate.rules import HALF_LIVES, SECTIONS, Rules
from digest.curate.sections import section_of
from digest.curate.similarity.clustering import Cluster, Pairs
from digest.curate.similarity.tfidf import document_shares, is_number
from digest.curate.tallies import Tally, find_tallies
from digest.models import Article

# Each doubling of the independent sources adds points, up to this limit: six or more sources count the same.
MOST_DOUBLINGS = 2.5
# The reason of a boosted word (message id).
BOOSTED = "You boost the word %(found)s"


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """A candidate with its section, its score and the reasons for both."""

    candidate: StoryCandidate
    section: str
    score: float
    # Gives the reasons. Most stories are not picked, so nobody reads theirs.
    explain: Callable[[], tuple[str, ...]]
    newest: datetime
    # The title's stem that names the story's subject, if another title of the day has it too.
    subject: str | None = None
    # The ids of other stories' articles that may report the same event.
    alike: frozenset[str] = frozenset()
    # What its headline counts, if that is an epidemic or a disaster.
    tallies: frozenset[Tally] = frozenset()

    @property
    def reasons(self) -> tuple[str, ...]:
        return self.explain()

    @property
    def cluster(self) -> Cluster:
        return self.candidate.cluster

    @property
    def source(self) -> str:
        return self.cluster.first.source

    @property
    def series_kind(self) -> str | None:
        return self.candidate.series.kind if self.candidate.series else None

    @property
    def sort_key(self) -> tuple[float, bool, float, str]:
        """Sort the best first: by score, dated before undated, newer, then id; independent of the input's order."""
        first = self.cluster.first
        return (-round(self.score, 6), not first.dated, -self.newest.timestamp(), first.id)


@dataclass(frozen=True, slots=True)
class RankContext:
    """Everything besides the story that its score depends on."""

    rules: Rules
    # Source -> weight; 1.0 where missing.
    weights: Mapping[str, float]
    now: datetime
    pairs: Pairs


def rank_candidates(
    candidates: Sequence[StoryCandidate], clusters: Sequence[Cluster], context: RankContext
) -> list[Ranked]:
    """Find the section and the score of each candidate, in the given order. `clusters` are all of the day."""
    features = context.pairs.corpus.features
    titles = (features[each.first.id].text.headline for each in clusters)
    title_counts = Counter(stem for title in titles for stem in set(title))
    return [_rank(each, title_counts, context) for each in candidates]


def _rank(candidate: StoryCandidate, title_counts: Mapping[str, int], context: RankContext) -> Ranked:
    rules = context.rules
    articles = candidate.cluster.articles
    default = rules.default_section or (rules.sections[0] if rules.sections else SECTIONS[0])
    section, evidence = section_of(articles, default)
    headline = f"{articles[0].kicker} {articles[0].title}".strip()
    lead, features = _first_paragraph(articles[0]), context.pairs.corpus.features[articles[0].id]
    importance = assess(headline, lead, rules.importance)
    newest, others = _story_terms(candidate, section, context)
    contributions = (*importance.contributions, *others)
    score = importance.points + sum(each.points for each in others)
    return Ranked(
        candidate=candidate,
        section=rules.called.get(section, section),
        score=score,
        explain=lambda: (
            *explain(score, contributions, rules.language),
            f"section {section}: {evidence}",
            *candidate.reasons,
        ),
        newest=newest,
        subject=_subject(features.text.headline, title_counts),
        alike=context.pairs.alike(articles),
        tallies=find_tallies(headline, lead, features.own.title_places),
    )


def _story_terms(candidate: StoryCandidate, section: str, context: RankContext) -> tuple[datetime, list[Contribution]]:
    """Return the time from which the story's age counts, and what age, sources and newsroom add to its score.

    The age counts from the newest article, but at most from two half-lives after the first one.
    """
    rules, articles = context.rules, candidate.cluster.articles
    source_weight = max(min(context.weights.get(article.source, 1.0), 2.0) for article in articles)
    half_life = HALF_LIVES.get(section, rules.half_life) * rules.slower
    first = min(article.published for article in articles)
    newest = min(max(article.published for article in articles), first + timedelta(hours=2 * half_life))
    hours = max(0.0, (context.now - newest).total_seconds() / 3600)
    preference = max(-1.0, min(1.0, rules.preferences.get(section, 0.0)))
    clicked = max(-1.0, min(1.0, rules.clicked.get(rules.called.get(section, section), 0.0)))
    origins = max(1, count_origins(articles)) if len(articles) > 1 else 1
    damaged = any("\ufffd" in text for text in (articles[0].title, *_paragraphs(articles[0])))
    series = candidate.series
    terms = [
        ("fresh", 2 ** (-hours / half_life), f"{hours:.0f}"),
        ("sources", min(math.log2(origins), MOST_DOUBLINGS), str(origins)),
        ("source_weight", source_weight - 1, f"{source_weight:g}"),
        ("feed", max(article.prominence for article in articles), ""),
        ("liking", preference, f"{preference:+g}"),
        ("clicked", clicked, f"{clicked:+.1f}"),
        ("series", series.penalty if series else 0.0, series.kind if series else ""),
        ("damage", float(damaged), ""),
    ]
    contributions = [
        Contribution(ROWS[row].reason, weight_of(row, rules.importance) * share, found)
        for row, share, found in terms
        if share
    ]
    contributions += [Contribution(BOOSTED, points, word) for word, points in boosts(articles, rules.boost)]
    return newest, contributions


def _subject(title: Sequence[str], counts: Mapping[str, int]) -> str | None:
    """Return the rarest stem of the title that at least one other title of the day has.

    A subject is a name. A word that is common in news is none, and neither is a state or country: it has many stories.
    """
    known = document_shares()
    stems = [
        stem
        for stem in dict.fromkeys(title)
        if len(stem) > 1 and not (stem in known or is_number(stem) or stem in region_stems())
    ]
    repeated = [stem for stem in stems if counts.get(stem, 0) >= 2]
    return min(repeated, key=lambda stem: (counts[stem], stems.index(stem)), default=None)


def _paragraphs(article: Article) -> list[str]:
    """Return the parts of the article's text without joining them."""
    return [block.text for block in article.body if block.kind == "p"] or [article.excerpt]


def _first_paragraph(article: Article) -> str:
    return next((text for text in _paragraphs(article) if text), "")


@dataclass(frozen=True, slots=True)
class ChosenStories:
    """The stories of an edition in order, the lead first, and the stories that were not picked, best first."""

    stories: tuple[Ranked, ...]
    pinned: frozenset[Ranked]
    not_picked: tuple[Ranked, ...]


def select(
    ranked: Sequence[Ranked], rules: Rules, pinned: Sequence[str] = (), kept: Sequence[str] = ()
) -> ChosenStories:
    """Pick the stories of an edition. Pinned ones come first in the given order, then the lead, then by score.

    `kept` ones are in it whatever their score.
    """
    first = _find_named(ranked, pinned)
    picked = _keep(pick(ranked, rules, first), _find_named(ranked, kept), first, rules)
    others = sorted((story for story in picked if story not in first), key=lambda story: story.sort_key)
    chosen = set(picked)
    not_picked = sorted((story for story in ranked if story not in chosen), key=lambda story: story.sort_key)
    return ChosenStories((*first, *others), frozenset(first), tuple(not_picked))


def _find_named(ranked: Sequence[Ranked], names: Sequence[str]) -> list[Ranked]:
    """Return the stories that have these articles, in the order of the names."""
    found = (next((story for story in ranked if name in story.cluster.names), None) for name in names)
    return list(dict.fromkeys(story for story in found if story))


def _keep(picked: Sequence[Ranked], kept: Sequence[Ranked], pinned: Sequence[Ranked], rules: Rules) -> list[Ranked]:
    """Put each kept story that was not picked in the place of the weakest one."""
    stories = list(picked)
    for story in kept:
        if story in stories:
            continue
        spare = [each for each in stories if each not in kept and each not in pinned]
        if len(stories) < rules.max_stories or not spare:
            stories.append(story)
            continue
        weakest = max(spare, key=lambda each: each.sort_key)
        stories[stories.index(weakest)] = story
    return stories


@dataclass
class _Picked:
    """What has been picked so far, in order, and how much of each kind."""

    stories: list[Ranked] = field(default_factory=list)
    sections: Counter[str] = field(default_factory=Counter)
    subjects: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    series_kinds: set[str] = field(default_factory=set)
    tallies: set[Tally] = field(default_factory=set)
    # The ids of articles that may report the same event as a picked story.
    alike: set[str] = field(default_factory=set)

    def add(self, story: Ranked) -> None:
        self.stories.append(story)
        self.sections[story.section] += 1
        self.sources[story.source] += 1
        if story.subject:
            self.subjects[story.subject] += 1
        if story.series_kind:
            self.series_kinds.add(story.series_kind)
        self.tallies |= story.tallies
        self.alike |= story.alike

    def has_one_of(self, story: Ranked) -> bool:
        """Whether a story of the same series, or with a count of the same event and place, is picked."""
        return story.series_kind in self.series_kinds or not self.tallies.isdisjoint(story.tallies)


def pick(stories: Sequence[Ranked], rules: Rules, pinned: Collection[Ranked] = ()) -> list[Ranked]:
    """Return the edition's stories in the order of choice, at most `rules.max_stories`; pinned ones count.

    The choice is greedy. Each picked story lowers the scores of its section, of its subject, and of stories that may
    have the same event. A section has a limit: its quota, or one limit for all, which gives way before the edition has
    too few stories. One source leads at most two of the first five. Each series has one story, and so has the count of
    one event and place, unless the edition would be skipped. Stories below `rules.min_score` only fill the edition up
    to `rules.enough`. At the end, an empty section with a story above the floor takes the place of the weakest story of
    a fuller section.
    """
    picked = _Picked()
    for story in pinned:
        picked.add(story)
    keep = set(pinned)
    rest = sorted((story for story in stories if story not in keep), key=lambda story: story.sort_key)
    strong = [story for story in rest if not is_weak(story, rules)]
    weak = rest[len(strong) :]
    for pool, cap, most in (
        (strong, rules.per_section_max, rules.max_stories),
        (strong, rules.max_stories, rules.max_stories),
        (weak, rules.max_stories, min(rules.max_stories, max(rules.min_stories, rules.enough))),
    ):
        while len(picked.stories) < most and (best := _best(pool, picked, rules, cap)) is not None:
            picked.add(pool.pop(best))
    rest = [*strong, *weak]
    while len(picked.stories) < min(rules.min_stories, rules.max_stories):
        # Several counts of one event are better than no edition.
        picked.tallies.clear()
        if (best := _best(rest, picked, rules, rules.max_stories)) is None:
            break
        picked.add(rest.pop(best))
    return _fill_sections(picked, strong, rules, keep)


def is_weak(story: Ranked, rules: Rules) -> bool:
    """Whether a story only fills up an edition that has too few others. None does if `rules.min_score` is 0."""
    # A boost may lower a score below 0.
    return rules.min_score > 0 and round(story.score, 6) < rules.min_score


def _best(rest: Sequence[Ranked], picked: _Picked, rules: Rules, cap: int) -> int | None:
    """Return the position of the next story in `rest`, which is sorted by score; None if no section has room."""
    in_top = len(picked.stories) < rules.top
    best, found = None, (0.0, False)
    for at, story in enumerate(rest):
        # Penalties only lower scores. Once a score is below the best value, no later story can be better.
        if best is not None and (found[1] or not in_top) and round(story.score, 6) < found[0]:
            break
        if picked.has_one_of(story):
            continue
        if picked.sections[story.section] >= rules.max_in_section(story.section, cap):
            continue
        # A source with its share of the top is passed over but not excluded: there may be only one source.
        has_room = not in_top or picked.sources[story.source] < rules.top_per_source
        value = (_value(story, picked, rules), has_room)
        if best is None or (value[1], value[0]) > (found[1], found[0]):
            best, found = at, value
    return best


def _value(story: Ranked, picked: _Picked, rules: Rules) -> float:
    same_section = min(picked.sections[story.section], rules.penalised_most)
    value = story.score - rules.penalty_section * same_section
    same_subject = picked.subjects[story.subject] if story.subject else 0
    if same_subject or not picked.alike.isdisjoint(article.id for article in story.cluster.articles):
        value -= rules.penalty_subject
    return round(value, 6)


def _fill_sections(picked: _Picked, rest: list[Ranked], rules: Rules, keep: set[Ranked]) -> list[Ranked]:
    """Give each empty section the place of the weakest story of a fuller one, if its own best is above the floor."""
    stories = list(picked.stories)
    counts = Counter(each.section for each in stories)
    if len(stories) < rules.max_stories:
        return stories
    for story in rest:
        if story.score <= rules.section_floor or picked.has_one_of(story):
            continue
        if counts[story.section] or not rules.max_in_section(story.section, 1):
            continue
        spare = [each for each in stories if counts[each.section] > 1 and each not in keep]
        if not spare:
            break
        weakest = max(spare, key=lambda each: each.sort_key)
        stories[stories.index(weakest)] = story
        counts[weakest.section] -= 1
        counts[story.section] += 1
    return stories
