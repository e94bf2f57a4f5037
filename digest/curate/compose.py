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

from digest.curate.boilerplate import told
from digest.curate.choosing import Fate, judge, unblocked
from digest.curate.cluster import Cluster, explained, group, prepare
from digest.curate.memo import Memo
from digest.curate.pairs import Pairs
from digest.curate.rank import Ranked, pick, score
from digest.curate.rules import Rules
from digest.curate.sections import section_of
from digest.curate.sent import Past, Sent
from digest.curate.summarisers import Summariser
from digest.curate.telling import tell
from digest.garbage import gc_paused
from digest.hindi.tokens import stems
from digest.models import Article, Image, Section, Story

FUTURE = timedelta(hours=1)
"""How far ahead of now a date may lie: feeds' clocks go wrong, and a date of tomorrow is a mistake."""
WIDE_ENOUGH = 380
"""Pixels: what a letter shows across its column without blowing it up."""
RELATED = 3
"""Links to articles of other stories that a story names at most."""
WAITING = 10
"""Stories told of those that weighed too little."""


@dataclass(frozen=True, slots=True)
class Curated:
    """What an edition will hold. `lead` is a story's id; `left_out` one English reason a line with its number.

    `reason` is one English sentence, and `sections` empty, when there is too little to send; '' otherwise.
    `considered` counts the articles in the window and language, `clusters` their stories. `waiting` are the best of
    the stories that weighed less than what was chosen, for the desk to pin.
    """

    sections: tuple[Section, ...]
    lead: str
    considered: int
    clusters: int
    left_out: tuple[str, ...] = ()
    reason: str = ""
    waiting: tuple[Waiting, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A story that would come next: no summary yet, its score before diversity and quotas, and the terms of it."""

    id: str
    title: str
    section: str
    sources: tuple[str, ...]
    score: float
    reasons: tuple[str, ...]


@gc_paused()
def compose(
    articles: Sequence[Article],
    *,
    rules: Rules,
    weights: Mapping[str, float],
    now: datetime,
    pinned: Collection[str] = (),
    dropped: Collection[str] = (),
    background: Sequence[Article] = (),
    sent: Sequence[Sent] = (),
    exempt: Collection[str] = (),
    memo: Memo | None = None,
    summariser: Summariser | None = None,
) -> Curated:
    """The sections of an edition out of articles of any age and language; the same for any order of them.

    Articles within `rules.window` before `now` (aware) and in `rules.language` count; older ones, and those of
    `background`, only teach how common words are and what a source repeats, which is left out of texts. `pinned` and
    `dropped` hold story ids, article ids or URLs: pinned stories come in first and on top, in the given order, dropped
    ones stay out. What is among `sent` stays out unless it moved on (never asked of `exempt` sources). `memo` makes
    composing again cheap; without `summariser` the papers' own sentences are taken. Sections stand in the order of the
    rules, others after them by name; stories by score, the lead first in its section.
    """
    memo = memo or Memo()
    original = [article for article in articles if article.language == rules.language]
    further = [article for article in background if article.language == rules.language]
    memo.furniture.learn([*original, *further], now)
    spoken = [memo.furniture.without(each) for each in original]
    further = [memo.furniture.without(each) for each in further]
    inside = [article for article in spoken if now - rules.window < article.published <= now + FUTURE]
    left = Counter({f"not in {rules.language}": len(articles) - len(spoken)})
    left[f"outside the last {_hours(rules.window)}"] = len(spoken) - len(inside)
    past = Past([each for each in sent if each.at < now])
    up = unblocked(inside, rules, left)
    older = [*spoken, *further, *past.background()]
    pairs = prepare(up, rules, background=list({each.id: each for each in older}.values()), memo=memo)
    past.index(memo)
    clusters = group(pairs, weights)
    kinds = pairs.series
    fates: dict[int, Fate] = {}
    ranked: list[Ranked] = []
    common = Counter(stem for each in clusters for stem in set(memo.title_stems(each.articles[0])))
    for each in clusters:
        off = each.articles[0].id in kinds
        fate = judge(each, past, memo, rules, series=off, exempt=exempt, weights=weights)
        story = _ranked(fate, pairs, rules, weights, now, common)
        fates[id(story)] = fate
        ranked.append(story)
    kept: list[Ranked] = []
    for story in ranked:
        before, called = fates[id(story)].before, names(story.cluster)
        wanted = bool(called & set(pinned))
        if called & set(dropped):
            left["dropped by the desk"] += len(story.cluster.articles)
        elif story.series and story.series.off and not wanted:
            left[f"series ({story.series.kind})"] += len(story.cluster.articles)
        elif before and not before.why and not wanted:
            left[f"already sent ({', '.join(before.editions)})"] += len(story.cluster.articles)
        else:
            kept.append(story)
    found = [next((s for s in kept if name in names(s.cluster)), None) for name in pinned]
    first = list({id(story): story for story in found if story}.values())
    chosen = pick(kept, rules, first)
    taken = {id(story) for story in chosen}
    below = sorted((story for story in kept if id(story) not in taken), key=lambda story: story.key)
    left["of less weight than what was chosen"] = sum(len(story.cluster.articles) for story in below)
    said = (*(f"{count} {why}" for why, count in left.items() if count), *told(original, spoken))
    if len(chosen) < max(1, rules.min_stories):
        reason = _too_few(len(chosen), rules, left)
        return Curated((), "", len(inside), len(clusters), said, reason)
    top = first[0] if first else min(chosen, key=lambda story: story.key)
    order = [*first, *sorted((s for s in chosen if s not in first and s is not top), key=lambda s: s.key)]
    order = [top, *(story for story in order if story is not top)]
    marked = set(map(id, first))
    stories = [_story(story, fates[id(story)], pairs, rules, summariser, pinned=id(story) in marked) for story in order]
    waiting = tuple(map(_waiting, below[:WAITING]))
    sections = _sections(stories, rules)
    return Curated(sections, story_id(top.cluster), len(inside), len(clusters), said, waiting=waiting)


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
    fate: Fate, pairs: Pairs, rules: Rules, weights: Mapping[str, float], now: datetime, common: Mapping[str, int]
) -> Ranked:
    each = fate.cluster
    section, evidence = section_of(each.articles, rules.sections[0] if rules.sections else "देश", pairs.memo.spoken)
    story = score(
        each,
        section=section,
        rules=rules,
        weights=weights,
        now=now,
        series=pairs.series.get(each.articles[0].id),
        commonness=common,
        named=pairs.memo.title_stems(each.articles[0]),
    )
    reasons = (*story.reasons, f"section {section}: {evidence}", *fate.reasons)
    section = rules.called.get(section, section)
    return Ranked(each, section, story.score, reasons, story.newest, story.subject, story.series)


def _sections(stories: Sequence[Story], rules: Rules) -> tuple[Section, ...]:
    by_name: dict[str, list[Story]] = {}
    for story in stories:
        by_name.setdefault(story.section, []).append(story)
    place = {name: number for number, name in enumerate(rules.sections)}
    by_place = sorted(by_name, key=lambda name: (place.get(name, len(place)), name))
    return tuple(Section(name, tuple(by_name[name])) for name in by_place)


def _story(
    ranked: Ranked, fate: Fate, pairs: Pairs, rules: Rules, summariser: Summariser | None, *, pinned: bool
) -> Story:
    cluster = explained(ranked.cluster, pairs, related=RELATED)
    articles, first = cluster.articles, cluster.articles[0]
    new = fate.before.fresh if fate.before and fate.update else ()
    told = [article for article in articles if not new or article in new]
    text = " ".join(f"{article.title} {article.text}" for article in told)
    summary, said = tell(
        told,
        title=first.title,
        summariser=summariser,
        background={stem: pairs.frequencies.idf(stem) for stem in stems(text)},
        known=fate.before.known if fate.before and fate.update else "",
        language=rules.language,
    )
    by_id = {article.id: article for article in pairs.articles}
    links = tuple(f"same story: {by_id[link.a].source} + {by_id[link.b].source} {link}" for link in cluster.links)
    beside = ((by_id[link.b if by_id[link.a] in articles else link.a], link) for link in cluster.related)
    related = tuple(f"related: {article.title} ({article.source}) {link}" for article, link in beside)
    return Story(
        id=story_id(cluster),
        title=first.title,
        summary=summary,
        url=first.url or next((article.url for article in articles if article.url), ""),
        published=first.published,
        dated=first.dated,
        sources=tuple(dict.fromkeys(article.source for article in articles)),
        articles=tuple(dict.fromkeys(article.url for article in articles if article.url)),
        article_ids=tuple(article.id for article in articles),
        section=ranked.section,
        image=_picture(articles),
        score=round(ranked.score, 4),
        reasons=(*(("pinned by the desk",) if pinned else ()), *ranked.reasons, *said, *links, *related),
        label="update" if fate.update else "",
        language=first.language,
    )


def _picture(articles: Sequence[Article]) -> Image | None:
    """The first picture, but rather one that a letter can show: over https or within it, and not a stamp."""
    found = [article.image for article in articles if article.image]
    shown = (
        one for one in found if one.url.startswith(("https:", "cid:")) and (one.width or WIDE_ENOUGH) >= WIDE_ENOUGH
    )
    return next(shown, found[0] if found else None)


def _waiting(ranked: Ranked) -> Waiting:
    articles = ranked.cluster.articles
    sources = tuple(dict.fromkeys(article.source for article in articles))
    name, title = story_id(ranked.cluster), articles[0].title
    return Waiting(name, title, ranked.section, sources, round(ranked.score, 4), ranked.reasons)


def _too_few(count: int, rules: Rules, left: Mapping[str, int]) -> str:
    found = f"only {count} {'story' if count == 1 else 'stories'}" if count else "no story"
    known = " that was not sent before" if any(why.startswith("already sent") for why in left if left[why]) else ""
    told = [f"{number} {why}" for why, number in left.items() if number and not why.startswith("of less")]
    more = f" Left out: {', '.join(told)}." if told else ""
    return f"There is {found} from the last {_hours(rules.window)}{known}; an edition needs {rules.min_stories}.{more}"


def _hours(window: timedelta) -> str:
    return f"{window.total_seconds() / 3600:g} hours"
