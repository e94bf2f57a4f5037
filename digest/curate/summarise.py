"""A story in two or three whole sentences of its own article: the first, then what adds most to it.

On news whose first paragraph says what happened, a cleaned lead equals or beats trained summarisers, and every
word stays the paper's. Sentences are never cut, changed or moved. '' when nothing honest can be said.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping

from digest.curate.sentence_rules import (
    LEAST_WORDS,
    MOST_SENTENCES,
    MOST_WORDS,
    Candidate,
    candidates,
    echoes,
    faults,
    told_before,
)
from digest.hindi.sentences import split
from digest.hindi.tokens import stems
from digest.models import Article

LOOK_AT = 12
WANTED_WORDS = 60
ENOUGH_WORDS = 25
STARTS = 4
"""A digest's summary: 2-3 sentences in 60-70 words, from the first 12 (measured against references: further
down the article there is little that a summary needs). The second sentence is the next one that may stand; two
that have 25 words are enough (on two sets of references 24 to 26 words reach .99 of the lead, 16 to 30 words .97;
a handful of texts decide between them, and so did every other rule tried). At most so many are tried as the first."""

CENTRE, TITLE, PLACE, FADE, REPEAT = 0.5, 0.25, 1.5, 0.4, 0.4


def summarise(
    article: Article,
    *,
    title: str | None = None,
    background: Mapping[str, float] | None = None,
    known: str = "",
    most: int = MOST_SENTENCES,
) -> str:
    """Two or three whole sentences of the article, in its order, joined by spaces; one if there is but one; or ''.

    `title` is what stands above it (the article's own by default): its echo is no summary. `background` maps
    stems to inverse document frequencies. At most 70 words; quotes are balanced; it never opens with a word
    that points back, and is never a question alone. What stands in `known` (told to readers before) is left out; `most`
    is the most sentences. An excerpt gives only its complete sentences.
    """
    heading = article.title if title is None else title
    found = candidates(article)
    weigh = weigher(background)
    head = weigh(Counter(stems(heading)))
    usable = [each for each in found[:LOOK_AT] if not echoes(each, heading) and not told_before(each, known)]
    centre = weigh(Counter(stem for each in found for stem in each.stems))

    def worth(each: Candidate, chosen: list[Candidate]) -> float:
        vector = weigh(Counter(each.stems))
        value = CENTRE * similarity(vector, centre) + TITLE * similarity(vector, head)
        value += PLACE * math.exp(-FADE * each.position)
        return value - REPEAT * max(similarity(vector, weigh(Counter(other.stems))) for other in chosen)

    for start in [each for each in usable if can_open(each)][:STARTS]:
        chosen = [start]
        if most > 1:
            chosen += [each for each in usable if _follows(each, chosen)][:1]
        if len(chosen) == 2 < most and not _enough(chosen):
            short = [each for each in usable if _follows(each, chosen) and _words([*chosen, each]) <= WANTED_WORDS]
            chosen += sorted(short, key=lambda each: (-worth(each, chosen), each.position))[:1]
        while chosen:
            if text := _told(chosen, heading):
                return text
            chosen.pop()
    return ""


def can_open(each: Candidate) -> bool:
    """Whether a summary may begin with the sentence, or it may stand alone."""
    return not each.hangs and not each.question and each.words <= MOST_WORDS


def _follows(each: Candidate, chosen: list[Candidate]) -> bool:
    """Whether the sentence may stand after the chosen ones: what points back needs the one before it."""
    return (
        each.position > chosen[-1].position
        and _words([*chosen, each]) <= MOST_WORDS
        and (not each.hangs or each.position - 1 == chosen[-1].position)
    )


def _enough(chosen: list[Candidate]) -> bool:
    """Whether two sentences say enough without a third."""
    return _words(chosen) >= ENOUGH_WORDS


def _words(chosen: list[Candidate]) -> int:
    return sum(each.words for each in chosen)


def _told(chosen: list[Candidate], heading: str) -> str:
    """The chosen sentences in order; '' when they say too little or break a rule together."""
    text = " ".join(each.text for each in chosen)
    if _words(chosen) < LEAST_WORDS or split(text) != [each.text for each in chosen] or faults(text, heading):
        return ""
    return text


def weigher(background: Mapping[str, float] | None) -> Callable[[Counter[str]], dict[str, float]]:
    """Turns counted stems into a vector of length 1, under these inverse document frequencies."""
    most = max(background.values(), default=1.0) if background else 1.0

    def weigh(counts: Counter[str]) -> dict[str, float]:
        raw = {
            stem: (1 + math.log(count)) * (background.get(stem, most) if background else 1.0)
            for stem, count in counts.items()
        }
        norm = math.sqrt(sum(value * value for value in raw.values()))
        return {stem: value / norm for stem, value in raw.items()} if norm else {}

    return weigh


def similarity(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    """Cosine of two vectors of length 1."""
    return sum(value * b[stem] for stem, value in a.items() if stem in b)
