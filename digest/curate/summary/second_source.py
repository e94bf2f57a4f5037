"""Add one attributed sentence of another source to a summary, if it says something new.

Sentences are used whole. A sentence is not added if it gives another number for something that the summary counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from digest.curate.summary.sentence_rules import (
    MOST_SENTENCES,
    MOST_WORDS,
    SentenceCandidate,
    candidates,
    echoes,
    is_known,
)
from digest.curate.summary.sentences import LOOK_AT, can_open, similarity, summarise, weigher
from digest.hindi.sentences import split
from digest.hindi.tokens import stems, tokens
from digest.i18n import translator
from digest.models import Article

# Two sentences with this cosine say the same.
ALIKE = 0.35
# A stem is rare here from this share of the highest inverse document frequency on.
RARE = 0.75

# Words that refer to something the other paper said before, which the reader does not see.
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
