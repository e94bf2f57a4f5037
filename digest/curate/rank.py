"""How much each story matters, term by term, and which stories an edition gets. No wording, no rendering.

Weights are a proposal without click data, so every term is kept as a line that an editor can read.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from digest.curate.cluster import Cluster
from digest.curate.keywords import boosts
from digest.curate.rules import HALF_LIVES, Rules
from digest.curate.series import Series
from digest.curate.tfidf import title_stems
from digest.models import Article

BODY_WORDS = 40
"""Words from which an article counts as having a body to summarise."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A cluster with its section, score and the reasons for both. `subject`: the title's stem it is about, or ''."""

    cluster: Cluster
    section: str
    score: float
    reasons: tuple[str, ...]
    newest: datetime
    subject: str = ""
    series: Series | None = None

    @property
    def source(self) -> str:
        return self.cluster.articles[0].source

    @property
    def key(self) -> tuple[float, bool, float, str]:
        """Sorts best first: score, dated before undated, newer, then id; never depends on the input's order."""
        first = self.cluster.articles[0]
        return (-round(self.score, 6), not first.dated, -self.newest.timestamp(), first.id)


def score(
    cluster: Cluster,
    *,
    section: str,
    rules: Rules,
    weights: Mapping[str, float],
    now: datetime,
    series: Series | None = None,
    commonness: Mapping[str, int] | None = None,
    named: Sequence[str] | None = None,
) -> Ranked:
    """The story's score as a sum of terms, each also a reason such as `sources 3 → 2.00`.

    `weights` are the sources' (1.0 where missing). The age is that of the newest article, but no later than two
    half-lives after the first: updates can't keep a story alive for ever. `commonness` counts title stems over
    the day, to find the one that the story is about; `named` are its title's, where they are known.
    """
    articles = cluster.articles
    names = {article.source for article in articles}
    priority = max(min(weights.get(name, 1.0), 2.0) for name in names)
    half_life = HALF_LIVES.get(section, rules.half_life)
    first = min(article.published for article in articles)
    newest = min(max(article.published for article in articles), first + timedelta(hours=2 * half_life))
    hours = max(0.0, (now - newest).total_seconds() / 3600)
    liking = max(-1.0, min(1.0, rules.preferences.get(section, 0.0)))
    has_body = any(article.dated and _has_body(article) for article in articles)
    damaged = any("\ufffd" in text for text in (articles[0].title, *_paragraphs(articles[0])))
    terms = [
        (f"sources {len(names)}", rules.weight_sources * math.log2(1 + len(names))),
        (f"source weight {priority:g}", rules.weight_priority * priority),
        (f"age {hours:.1f} h", rules.weight_fresh * 2 ** (-hours / half_life)),
        (f"liking for {section} {liking:+g}", rules.weight_preference * liking),
        ("body and date", rules.weight_body * has_body),
        (f"series {series.kind}" if series else "", -rules.weight_series * series.penalty if series else 0.0),
        ("damaged text", -rules.weight_damage * damaged),
        *((f"boost {word}", points) for word, points in boosts(articles, rules.boost)),
    ]
    counted = commonness or {}
    about = [
        stem for stem in dict.fromkeys(title_stems(articles[0].title) if named is None else named) if len(stem) > 1
    ]
    repeated = [stem for stem in about if counted.get(stem, 0) >= 2]
    return Ranked(
        cluster,
        section,
        sum(value for _, value in terms),
        tuple(f"{name} → {value:.2f}" for name, value in terms if value),
        newest,
        min(repeated, key=lambda stem: (counted[stem], about.index(stem)), default=""),
        series,
    )


def _paragraphs(article: Article) -> list[str]:
    """What `text` consists of, without joining it."""
    return [block.text for block in article.body if block.kind == "p"] or [article.excerpt]


def _has_body(article: Article) -> bool:
    words = 0
    for text in _paragraphs(article):
        words += len(text.split(None, BODY_WORDS))
        if words >= BODY_WORDS:
            return True
    return False


@dataclass
class _Chosen:
    """What has been picked so far, in order."""

    stories: list[Ranked] = field(default_factory=list)
    sections: Counter[str] = field(default_factory=Counter)
    subjects: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    kinds: set[str] = field(default_factory=set)

    def add(self, story: Ranked) -> None:
        self.stories.append(story)
        self.sections[story.section] += 1
        self.sources[story.source] += 1
        if story.subject:
            self.subjects[story.subject] += 1
        if story.series:
            self.kinds.add(story.series.kind)


def pick(stories: Sequence[Ranked], rules: Rules, pinned: Collection[Ranked] = ()) -> list[Ranked]:
    """The edition's stories in the order of choice, at most `rules.max_stories` (pinned ones come first and count).

    Greedy: what has just been chosen lowers what is like it (same section, same subject), sections have a most
    (their quota, else one for all),
    one source leads at most two of the first five, and of each series there is one. Then a section that has a
    story above the floor but no place takes the weakest place of a section with several.
    """
    chosen = _Chosen()
    for story in pinned:
        chosen.add(story)
    held = {id(story) for story in pinned}
    rest = sorted((story for story in stories if id(story) not in held), key=lambda story: story.key)
    cap = max(rules.per_section_max, -(-rules.max_stories // max(1, len({s.section for s in stories}))))
    while len(chosen.stories) < rules.max_stories:
        best = _best(rest, chosen, rules, cap)
        if best is None:
            break
        chosen.add(rest.pop(best))
    return _every_section(chosen, rest, rules, held)


def _best(rest: Sequence[Ranked], chosen: _Chosen, rules: Rules, cap: int) -> int | None:
    """The place in `rest` (best score first) of the next story; none when no section has room."""
    spread = len(chosen.stories) < rules.top
    best, found = None, (0.0, False)
    for at, story in enumerate(rest):
        # Penalties only take away: once a score is below the best worth, nothing that follows can pass it.
        if best is not None and (found[1] or not spread) and round(story.score, 6) < found[0]:
            break
        if not _allowed(story, chosen, rules.quotas.get(story.section, cap)):
            continue
        # With one source there is nothing to spread, so a source that has its share is only passed over, not out.
        fresh = not spread or chosen.sources[story.source] < rules.top_per_source
        worth = (_worth(story, chosen, rules), fresh)
        if best is None or (worth[1], worth[0]) > (found[1], found[0]):
            best, found = at, worth
    return best


def _allowed(story: Ranked, chosen: _Chosen, cap: int) -> bool:
    if story.series and story.series.kind in chosen.kinds:
        return False
    return chosen.sections[story.section] < cap


def _worth(story: Ranked, chosen: _Chosen, rules: Rules) -> float:
    same = chosen.subjects[story.subject] if story.subject else 0
    worth = story.score - rules.penalty_section * chosen.sections[story.section]
    return round(worth - rules.penalty_subject * min(1, same), 6)


def _every_section(chosen: _Chosen, rest: list[Ranked], rules: Rules, held: set[int]) -> list[Ranked]:
    """Gives each section without a place, whose best is above the floor, the weakest place of a fuller one."""
    stories = list(chosen.stories)
    counts = Counter(each.section for each in stories)
    if len(stories) < rules.max_stories:
        return stories
    for story in rest:
        if story.score <= rules.section_floor or (story.series and story.series.kind in chosen.kinds):
            continue
        if counts[story.section] or not rules.quotas.get(story.section, 1):
            continue
        spare = [each for each in stories if counts[each.section] > 1 and id(each) not in held]
        if not spare:
            break
        weakest = max(spare, key=lambda each: each.key)
        stories[stories.index(weakest)] = story
        counts[weakest.section] -= 1
        counts[story.section] += 1
    return stories
