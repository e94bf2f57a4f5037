"""Summarise an article in two or three of its own sentences: the first, then those that add most.

For news whose first paragraph says what happened, a cleaned lead equals or beats trained summarisers. Sentences are
never cut, changed or reordered.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from digest.curate.summary.sentence_rules import (
    LEAST_WORDS,
    MOST_SENTENCES,
    MOST_WORDS,
    SentenceCandidate,
    broken_rules,
    candidates,
    echoes,
    is_known,
)
from digest.curate.summary.tolls import adds_toll
from digest.hindi.sentences import split
from digest.hindi.tokens import stems, tokens
from digest.i18n import translator
from digest.models import Article

# Two sentences with this cosine say the same.
ALIKE = 0.35
# A stem is rare here from this share of the highest inverse document frequency on.
RARE = 0.75

# Words that refer to something the other paper wrote before, which the summary lacks.
POINTING = frozenset(
    tokens(
        "यह ये वह वे यही वही इस इन इसे इन्हें इसका इसकी इसके इसमें इससे इसने "
        "इनका इनकी इनके इनमें इनसे इन्होंने उस उन उसे उन्हें उसका उसकी उसके उसमें "
        "उससे उसने उनका उनकी उनके उनमें उनसे उन्होंने ऐसा ऐसी ऐसे दोनों तीनों"
    )
)


def with_another_source(
    article: Article,
    summary: str,
    others: Sequence[Article],
    *,
    title: str,
    background: Mapping[str, float] | None = None,
    known: str = "",
    language: str = "hi",
) -> str:
    """Return the summary with one sentence of one of the other articles, or unchanged.

    The addition is at most the third sentence, refers to nothing outside itself and ends with its source in the
    language. It has a number or a rare stem that the summary lacks, and is not similar to any of its sentences.
    """
    if not others:
        return summary
    own = split(summary)
    if len(own) >= MOST_SENTENCES:
        summary_short = summarise(article, title=title, background=background, known=known, most=MOST_SENTENCES - 1)
        own = split(summary_short)
    else:
        summary_short = summary
    weigh = weigher(background)
    chosen = [weigh(Counter(stems(text))) for text in own]
    had = set(stems(f"{title}\n{summary}"))
    most = max((background or {}).values(), default=0.0)
    counted = _counts(f"{title}\n{summary}")
    for other in others:
        source = translator(language).gettext("(Source: %(name)s)") % {"name": other.source}
        room = MOST_WORDS - len(summary_short.split()) - len(source.split())
        for each in candidates(other)[:LOOK_AT]:
            vector = weigh(Counter(each.stems))
            if (
                each.words <= room
                and can_open(each)
                and not POINTING & set(tokens(each.text))
                and not echoes(each, title)
                and not is_known(each, known)
                and _adds(each, had, background or {}, most)
                and not _contradicts(_counts(each.text), counted)
                and not adds_toll(each.text, f"{title}\n{summary}")
                and all(similarity(vector, mine) < ALIKE for mine in chosen)
            ):
                return f"{summary_short} {each.text} {source}"
    return summary


def _adds(each: SentenceCandidate, had: set[str], background: Mapping[str, float], most: float) -> bool:
    new = [stem for stem in each.stems if stem not in had]
    if any(stem[0].isdigit() for stem in new):
        return True
    return most > 0 and any(len(stem) > 1 and background.get(stem, 0.0) >= RARE * most for stem in new)


def _counts(text: str) -> dict[str, set[str]]:
    """Map what the text counts (the two stems after a number) to its numbers."""
    found: dict[str, set[str]] = {}
    for sentence in split(text):
        words = tokens(sentence)
        for at, token in enumerate(words):
            if token[0].isdigit():
                for thing in stems(" ".join(words[at + 1 : at + 4]))[:2]:
                    found.setdefault(thing, set()).add(token)
    return found


def _contradicts(one: Mapping[str, set[str]], other: Mapping[str, set[str]]) -> bool:
    return any(numbers != other[thing] for thing, numbers in one.items() if thing in other)


# Only the first sentences are considered. Measured against references, a summary needs little from further down.
LOOK_AT = 12
# A third sentence is added only up to this length.
WANTED_WORDS = 60
# Two sentences with this many words need no third. On two sets of references 24 to 26 words reach .99 of the lead, and
# 16 to 30 words .97; a handful of texts decide between them.
ENOUGH_WORDS = 25
# How many sentences are tried as the first.
STARTS = 4

# The weights of a sentence's value: similarity to the article and to the title, closeness to the start and its decay,
# and similarity to the sentences already chosen.
CENTRE, TITLE, PLACE, FADE, REPEAT = 0.5, 0.25, 1.5, 0.4, 0.4


def summarise(
    article: Article,
    *,
    title: str | None = None,
    background: Mapping[str, float] | None = None,
    known: str = "",
    most: int = MOST_SENTENCES,
) -> str:
    """Return two or three sentences of the article in its order, joined by spaces; one if there is only one, or ''.

    The result has at most 70 words and `most` sentences and balanced quotes. It does not repeat the `title` above it
    (by default the article's own) or what subscribers know already (`known`). It never opens with a word that refers
    back, and is never only a question. `background` maps stems to inverse document frequencies.
    """
    heading = article.title if title is None else title
    found = candidates(article)
    weigh = weigher(background)
    head = weigh(Counter(stems(heading)))
    usable = [each for each in found[:LOOK_AT] if not echoes(each, heading) and not is_known(each, known)]
    centre = weigh(Counter(stem for each in found for stem in each.stems))

    def value_of(each: SentenceCandidate, chosen: list[SentenceCandidate]) -> float:
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
            chosen += sorted(short, key=lambda each: (-value_of(each, chosen), each.position))[:1]
        while chosen:
            if text := _joined(chosen, heading):
                return text
            chosen.pop()
    return ""


def can_open(each: SentenceCandidate) -> bool:
    """Return whether a summary may begin with the sentence."""
    return not each.hangs and not each.question and each.words <= MOST_WORDS


def _follows(each: SentenceCandidate, chosen: list[SentenceCandidate]) -> bool:
    """Return whether the sentence may follow the chosen ones; one that refers back needs the sentence before it."""
    return (
        each.position > chosen[-1].position
        and _words([*chosen, each]) <= MOST_WORDS
        and (not each.hangs or each.position - 1 == chosen[-1].position)
    )


def _enough(chosen: list[SentenceCandidate]) -> bool:
    return _words(chosen) >= ENOUGH_WORDS


def _words(chosen: list[SentenceCandidate]) -> int:
    return sum(each.words for each in chosen)


def _joined(chosen: list[SentenceCandidate], heading: str) -> str:
    """Return the chosen sentences as a text; '' if they say too little or break a rule together."""
    text = " ".join(each.text for each in chosen)
    if _words(chosen) < LEAST_WORDS or split(text) != [each.text for each in chosen] or broken_rules(text, heading):
        return ""
    return text


def weigher(background: Mapping[str, float] | None) -> Callable[[Counter[str]], dict[str, float]]:
    """Return a function that turns stem counts into a vector of length 1, by these inverse document frequencies."""
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
    """Return the cosine of two vectors of length 1."""
    return sum(value * b[stem] for stem, value in a.items() if stem in b)


class Extractive:
    """Uses sentences of the leading article, and an attributed one of another source if it adds something."""

    own_words = False

    def __init__(self, language: str = "hi") -> None:
        self.language = language

    def __call__(
        self, articles: Sequence[Article], *, title: str, background: Mapping[str, float] | None = None, known: str = ""
    ) -> str:
        for at, article in enumerate(articles):
            text = summarise(article, title=title, background=background, known=known)
            if text:
                others = [each for each in articles[at + 1 :] if each.source != article.source]
                return with_another_source(
                    article, text, others, title=title, background=background, known=known, language=self.language
                )
        return ""
