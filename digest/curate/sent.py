"""What readers had already: which of today's stories was sent before, and whether it has moved on since.

Decides from texts alone; where sent stories are kept is the caller's. A page of a series is never a follow-up of
another day's, so series are known by id and address only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from digest.curate.common import COMMON
from digest.curate.likeness import score, twins
from digest.curate.memo import CANDIDATE_COSINE, Memo
from digest.curate.rules import Rules
from digest.curate.tfidf import Frequencies, lead_text
from digest.hindi.sentences import split
from digest.hindi.tables import words
from digest.hindi.text import fold
from digest.hindi.tokens import stem_of, stems, tokens
from digest.models import Article, Block, Story

NEAR = 4
"""Words between a number and the word that makes it news, at most."""
CLASS_WORDS = frozenset(
    stem
    for word in words(
        "गिरफ्तार गिरफ्तारी मौत मौतें मृतक मृतकों मारे मरने घायल घायलों लापता बरामद फैसला सजा दोषी नतीजा नतीजे परिणाम जीत जीता"
    )
    for stem in stems(word)
)
"""Stems beside which a new number is news of its own."""
COUNT_WORDS = frozenset(fold(word) for word in words("तीन चार पांच छह सात आठ नौ दस ग्यारह बारह तेरह चौदह पंद्रह सोलह बीस"))


@dataclass(frozen=True, slots=True)
class Sent:
    """A story that went out: in which edition, when it was frozen, and its articles as far as they are still kept."""

    edition: str
    at: datetime
    story: Story
    articles: tuple[Article, ...] = ()

    def told(self) -> tuple[Article, ...]:
        """What readers could know of it: the articles as they were; the letter's words where they are gone or were
        changed since."""
        kept = tuple(each for each in self.articles if not (each.updated and each.updated > self.at))
        return kept or (_as_sent(self),)


@dataclass(frozen=True, slots=True)
class Before:
    """That a story was sent in these editions. `fresh` are its articles since; `why` says how it moved on, or is ''.

    `known` is all the text of it that went before.
    """

    editions: tuple[str, ...]
    fresh: tuple[Article, ...] = ()
    why: str = ""
    known: str = ""


class Past:
    """The sent stories of some days. `background()` must be among what `memo` knows before `before` is asked."""

    def __init__(self, sent: Sequence[Sent]) -> None:
        self.sent = tuple(sorted(sent, key=lambda each: (each.at, each.edition, each.story.id)))
        self._told = [each.told() for each in self.sent]
        self._ids: defaultdict[str, set[int]] = defaultdict(set)
        for number, each in enumerate(self.sent):
            for name in (*each.story.article_ids, *each.story.articles):
                self._ids[name].add(number)
        self._postings: defaultdict[str, list[tuple[int, int, float]]] = defaultdict(list)

    def background(self) -> list[Article]:
        """The articles by which sent stories are compared, each once."""
        return list({each.id: each for told in self._told for each in told}.values())

    def index(self, memo: Memo) -> None:
        """Prepares the comparison, under the weights that `memo` has now."""
        self._postings = defaultdict(list)
        for number, told in enumerate(self._told):
            for at, article in enumerate(told):
                for stem, weight in memo.of(article).lead.items():
                    self._postings[stem].append((number, at, weight))

    def before(self, articles: Sequence[Article], memo: Memo, rules: Rules, *, series: bool) -> Before | None:
        """Where a story of these articles was sent, or None. `series`: its pages come again every day."""
        same = {number for article in articles for name in (article.id, article.url) for number in self._of(name)}
        if not series:
            same |= self._alike(articles, memo, rules)
        if not same:
            return None
        matched = [self.sent[number] for number in sorted(same)]
        editions = tuple(dict.fromkeys(each.edition for each in matched))
        if series:
            return Before(editions)
        latest = max(each.at for each in matched)
        names = {name for each in matched for name in (*each.story.article_ids, *each.story.articles)}
        fresh = tuple(
            each
            for each in articles
            if (each.updated and each.updated > latest)
            or (each.published > latest and each.id not in names and each.url not in names)
        )
        told = [article for number in sorted(same) for article in self._told[number]]
        known = "\n".join([*(f"{a.title}\n{a.text}" for a in told), *(each.story.summary for each in matched)])
        why = moved_on(fresh, known, memo.frequencies, rules) if fresh else ""
        return Before(editions, fresh, why, known)

    def _of(self, name: str) -> Collection[int]:
        return self._ids.get(name, ()) if name else ()

    def _alike(self, articles: Sequence[Article], memo: Memo, rules: Rules) -> set[int]:
        """The sent stories to which these articles are in the mean as alike as articles of one story are."""
        best: defaultdict[int, float] = defaultdict(float)
        for article in articles:
            mine = memo.of(article)
            partial: defaultdict[tuple[int, int], float] = defaultdict(float)
            for stem, weight in mine.lead.items():
                for number, at, other in self._postings.get(stem, ()):
                    partial[number, at] += weight * other
            near: defaultdict[int, float] = defaultdict(float)
            for (number, at), value in partial.items():
                if value < CANDIDATE_COSINE:
                    continue
                other_known = memo.of(self._told[number][at])
                if not twins(mine.document, other_known.document):
                    found = score(mine, other_known, trust=memo.frequencies.trust).score
                    near[number] = max(near[number], found)
            for number, value in near.items():
                best[number] += value
        return {number for number, total in best.items() if total / len(articles) >= rules.merge}


def moved_on(fresh: Sequence[Article], known: str, frequencies: Frequencies, rules: Rules) -> str:
    """Why these later articles are news to who has read `known`, in operator's English; '' when they are not."""
    read = set(stems(known))
    leads = "\n".join(lead_text(each) for each in fresh)
    rare = {stem for stem in stems(leads) if len(stem) > 1 and not stem[0].isdigit()}
    rare &= frequencies.rare if frequencies.large else rare - COMMON
    unseen = len(rare - read) / len(rare) if rare else 0.0
    if len(fresh) >= rules.update_items and unseen >= rules.update_unseen:
        return f"{len(fresh)} new items, {unseen:.0%} of their rare stems unseen"
    old = set(tokens(known))
    for line in leads.split("\n"):
        for sentence in split(line):
            if found := _new_count(sentence, old):
                return f"new number: {found}"
    return ""


def _new_count(sentence: str, old: set[str]) -> str:
    found = tokens(sentence)
    for at, token in enumerate(found):
        if not (token[0].isdigit() or token in COUNT_WORDS) or token in old:
            continue
        for other in found[max(0, at - NEAR) : at + NEAR + 1]:
            if stem_of(other) in CLASS_WORDS:
                return f"{token} ({other})"
    return ""


def _as_sent(sent: Sent) -> Article:
    story = sent.story
    body = (Block("p", story.summary),) if story.summary else ()
    source = story.sources[0] if story.sources else ""
    return Article(f"sent {sent.edition} {story.id}", source, story.title, story.published, body=body)
