"""A story in two or three whole sentences of its own article: the first, then what adds most to it.

On news whose first paragraph says what happened, a cleaned lead equals or beats trained summarisers, and every
word stays the paper's. Sentences are never cut, changed or moved. '' when nothing honest can be said.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping

from digest.curate.sentence_rules import Candidate, balanced, candidates, echoes, told_before
from digest.hindi.tokens import stems
from digest.models import Article

LOOK_AT = 12
WANTED_WORDS = 60
ENOUGH_WORDS = 30
MOST_WORDS = 70
MOST_SENTENCES = 3
LEAST_WORDS = 8
"""A digest's summary: 2-3 sentences in 60-70 words, from the first 12 (measured against references: further
down the article there is little that a summary needs); two sentences that have 30 words are enough (a third costs
more against references than it gives); fewer than 8 words say nothing beyond a title."""

CENTRE, TITLE, PLACE, FADE, REPEAT, HANGING = 0.5, 0.25, 0.8, 0.4, 0.4, 0.15


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
    start = next((each for each in usable if can_open(each)), None)
    if start is None:
        return ""
    chosen = [start]
    centre = weigh(Counter(stem for each in found for stem in each.stems))
    vectors = {each.position: weigh(Counter(each.stems)) for each in usable}
    rest = [each for each in usable if each.position > start.position]
    while rest and len(chosen) < most:
        taken = {each.position for each in chosen}

        def worth(each: Candidate, taken: set[int] = taken) -> float:
            vector = vectors[each.position]
            value = CENTRE * similarity(vector, centre) + TITLE * similarity(vector, head)
            value += PLACE * math.exp(-FADE * each.position)
            value -= REPEAT * max(similarity(vector, vectors[other]) for other in taken)
            return value - (HANGING if each.hangs and each.position - 1 not in taken else 0)

        best = max(rest, key=lambda each: (worth(each), -each.position))
        rest.remove(best)
        words = sum(each.words for each in chosen) + best.words
        full = len(chosen) >= 2 and (sum(each.words for each in chosen) >= ENOUGH_WORDS or words > WANTED_WORDS)
        if words <= MOST_WORDS and not full and not (best.hangs and best.position - 1 not in taken):
            chosen.append(best)
    return _told(chosen)


def can_open(each: Candidate) -> bool:
    """Whether a summary may begin with the sentence, or it may stand alone."""
    return not each.hangs and not each.question and each.words <= MOST_WORDS


def _told(chosen: list[Candidate]) -> str:
    """The chosen sentences in order, as far as they hold together; '' when they say too little."""
    chosen = sorted(chosen, key=lambda each: each.position)
    text = " ".join(each.text for each in chosen)
    if not balanced(text) or sum(each.words for each in chosen) < LEAST_WORDS:
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
