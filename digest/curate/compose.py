"""A day's articles made into an edition's sections: window, language, clusters, scores, choice, summaries.

Strings the steps of this stage together and says what it left out. Wording around the stories (subject, intro)
and the desk's later changes are not its business.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.curate import series
from digest.curate.cluster import Cluster, cluster
from digest.curate.rank import Ranked, pick, score
from digest.curate.rules import Rules
from digest.curate.sections import section_of
from digest.curate.summarise import SUMMARISERS
from digest.hindi.tokens import stems
from digest.models import Article, Section, Story

FUTURE = timedelta(hours=1)
"""How far ahead of now a date may lie: feeds' clocks go wrong, and a date of tomorrow is a mistake."""


@dataclass(frozen=True, slots=True)
class Curated:
    """What an edition will hold. `lead` is a story's id; `left_out` one English reason a line with its number.

    `reason` is one English sentence, and `sections` empty, when there is too little to send; '' otherwise.
    `considered` counts the articles in the window and language, `clusters` their stories.
    """

    sections: tuple[Section, ...]
    lead: str
    considered: int
    clusters: int
    left_out: tuple[str, ...] = ()
    reason: str = ""


def compose(
    articles: Sequence[Article],
    *,
    rules: Rules,
    weights: Mapping[str, float],
    now: datetime,
    pinned: Collection[str] = (),
    dropped: Collection[str] = (),
) -> Curated:
    """The sections of an edition out of articles of any age and language; the same for any order of them.

    Articles within `rules.window` before `now` (aware) and in `rules.language` count; older ones only teach how
    common words are. `pinned` and `dropped` hold story ids, article ids or URLs: pinned stories come in first
    and on top, in the given order, dropped ones stay out. Sections stand in the order of the rules, others after
    them by name; stories by score, the lead first in its section.
    """
    spoken = [article for article in articles if article.language == rules.language]
    inside = [article for article in spoken if now - rules.window < article.published <= now + FUTURE]
    left = Counter({f"not in {rules.language}": len(articles) - len(spoken)})
    left[f"outside the last {_hours(rules.window)}"] = len(spoken) - len(inside)
    clusters = cluster(inside, rules, weights=weights, background=spoken)
    ranked = _ranked(clusters, spoken, rules, weights, now)
    kept: list[Ranked] = []
    for story in ranked:
        if names(story.cluster) & set(dropped):
            left["dropped by the desk"] += len(story.cluster.articles)
        elif story.series and story.series.off and not names(story.cluster) & set(pinned):
            left[f"series ({story.series.kind})"] += len(story.cluster.articles)
        else:
            kept.append(story)
    wanted = [next((s for s in kept if name in names(s.cluster)), None) for name in pinned]
    first = list({id(story): story for story in wanted if story}.values())
    chosen = pick(kept, rules, first)
    taken = {id(story) for story in chosen}
    below = sum(len(story.cluster.articles) for story in kept if id(story) not in taken)
    left["of less weight than what was chosen"] = below
    said = tuple(f"{count} {why}" for why, count in left.items() if count)
    if len(chosen) < max(1, rules.min_stories):
        reason = _too_few(len(chosen), rules)
        return Curated((), "", len(inside), len(clusters), said, reason)
    top = first[0] if first else min(chosen, key=lambda story: story.key)
    order = [*first, *sorted((s for s in chosen if s not in first and s is not top), key=lambda s: s.key)]
    order = [top, *(story for story in order if story is not top)]
    return Curated(
        _sections(order, rules, set(map(id, first))), story_id(top.cluster), len(inside), len(clusters), said
    )


def story_id(each: Cluster) -> str:
    """The story's id: twelve hex digits from its representative's article id, the same on every run."""
    return "s" + hashlib.sha256(each.articles[0].id.encode()).hexdigest()[:12]


def names(each: Cluster) -> set[str]:
    """All by which the desk may call a story: its id, its articles' ids and URLs."""
    found = {story_id(each)}
    for article in each.articles:
        found |= {article.id, article.url}
    return found - {""}


def _ranked(
    clusters: Sequence[Cluster],
    known: Sequence[Article],
    rules: Rules,
    weights: Mapping[str, float],
    now: datetime,
) -> list[Ranked]:
    kinds = series.find(known, rules.timezone)
    default = rules.sections[0] if rules.sections else "देश"
    common = Counter(stem for each in clusters for stem in set(stems(each.articles[0].title)))
    ranked: list[Ranked] = []
    for each in clusters:
        section, evidence = section_of(each.articles, default)
        story = score(
            each,
            section=section,
            rules=rules,
            weights=weights,
            now=now,
            series=kinds.get(each.articles[0].id),
            commonness=common,
        )
        reasons = (*story.reasons, f"section {section}: {evidence}")
        ranked.append(Ranked(each, section, story.score, reasons, story.newest, story.subject, story.series))
    return ranked


def _sections(order: Sequence[Ranked], rules: Rules, pinned: set[int]) -> tuple[Section, ...]:
    by_name: dict[str, list[Story]] = {}
    for ranked in order:
        story = _story(ranked, rules, pinned=id(ranked) in pinned)
        by_name.setdefault(story.section, []).append(story)
    place = {name: number for number, name in enumerate(rules.sections)}
    by_place = sorted(by_name, key=lambda name: (place.get(name, len(place)), name))
    return tuple(Section(name, tuple(by_name[name])) for name in by_place)


def _story(ranked: Ranked, rules: Rules, *, pinned: bool) -> Story:
    articles = ranked.cluster.articles
    first = articles[0]
    summary = next((text for each in articles if (text := SUMMARISERS[rules.summariser](each, title=first.title))), "")
    links = tuple(f"same story: {link}" for link in ranked.cluster.links)
    related = tuple(f"related: {link}" for link in ranked.cluster.related[:3])
    return Story(
        id=story_id(ranked.cluster),
        title=first.title,
        summary=summary,
        url=first.url or next((article.url for article in articles if article.url), ""),
        published=first.published,
        dated=first.dated,
        sources=tuple(dict.fromkeys(article.source for article in articles)),
        articles=tuple(dict.fromkeys(article.url for article in articles if article.url)),
        article_ids=tuple(article.id for article in articles),
        section=ranked.section,
        image=next((article.image for article in articles if article.image), None),
        score=round(ranked.score, 4),
        reasons=(*(("pinned by the desk",) if pinned else ()), *ranked.reasons, *links, *related),
        language=first.language,
    )


def _too_few(count: int, rules: Rules) -> str:
    found = f"only {count} {'story' if count == 1 else 'stories'}" if count else "no story"
    return f"There is {found} from the last {_hours(rules.window)}; an edition needs {rules.min_stories}."


def _hours(window: timedelta) -> str:
    return f"{window.total_seconds() / 3600:g} hours"
