"""Summarise an article in one to three of its own sentences, or not at all.

For news whose first paragraph says what happened, a cleaned lead equals or beats trained summarisers. A
later sentence mostly depends on those before it: only one that tells the headline's news by itself is used. Sentences
are never reordered. They lose at most what `trimming` drops: an opening phrase, Latin brackets, a last clause.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from digest.curate.similarity.score import cosine
from digest.curate.summary.coverage import HeadlineCoverage, weigher
from digest.curate.summary.death_tolls import adds_toll
from digest.curate.summary.sentence_rules import (
    LEAST_WORDS,
    MOST_SENTENCES,
    WORDS,
    SentenceCandidate,
    broken_rules,
    candidates,
    is_known,
)
from digest.curate.summary.trimming import shorten_sentence
from digest.curate.summary.voice import names_speech
from digest.hindi.clauses import reports_event
from digest.hindi.sentences import split
from digest.hindi.tokens import stems, tokens
from digest.hindi.typography import typeset
from digest.i18n import translator
from digest.models import Article

# Two sentences with this cosine say the same.
ALIKE = 0.35
# A stem counts as rare if it has at least this share of the highest inverse document frequency.
RARE = 0.75

# Words that refer to earlier text of the other paper, which the summary lacks.
POINTING = frozenset(
    tokens(
        "यह ये वह वे यही वही इस इन इसे इन्हें इसका इसकी इसके इसमें इससे इसने "
        "इनका इनकी इनके इनमें इनसे इन्होंने उस उन उसे उन्हें उसका उसकी उसके उसमें "
        "उससे उसने उनका उनकी उनके उनमें उनसे उन्होंने ऐसा ऐसी ऐसे दोनों तीनों"
    )
)


def with_another_source(
    summary: str,
    others: Sequence[Article],
    *,
    title: str,
    background: Mapping[str, float] | None = None,
    known: str = "",
    words: int = WORDS,
    language: str = "hi",
) -> str:
    """Return the summary with one sentence of one of the other articles, or unchanged.

    The addition is at most the third sentence, refers to nothing outside itself and ends with its source in the
    language. It has a number or a rare stem that the summary lacks, and is not similar to any of its sentences.
    """
    if not others:
        return summary
    # The addition is the third sentence at most.
    own = split(summary)[: MOST_SENTENCES - 1]
    shorter = " ".join(own)
    weigh = weigher(background)
    chosen = [weigh(Counter(stems(text))) for text in own]
    had = set(stems(f"{title}\n{summary}"))
    most = max((background or {}).values(), default=0.0)
    counted = _counts(f"{title}\n{summary}")
    for other in others:
        source = translator(language).gettext("(Source: %(name)s)") % {"name": other.source}
        room = words - len(shorter.split()) - len(source.split())
        for each in candidates(other)[:OPENINGS]:
            vector = weigh(Counter(each.stems))
            if (
                each.words <= room
                and can_open(each)
                and not POINTING & set(tokens(each.text))
                and not broken_rules(each.text, title)
                and not is_known(each, known)
                and _adds(each, had, background or {}, most)
                and not _contradicts(_counts(each.text), counted)
                and not adds_toll(each.text, f"{title}\n{summary}")
                and all(cosine(vector, mine) < ALIKE for mine in chosen)
            ):
                return f"{shorter} {typeset(each.text, language)} {source}"
    return summary


def _adds(each: SentenceCandidate, had: set[str], background: Mapping[str, float], most: float) -> bool:
    new = [stem for stem in each.stems if stem not in had]
    if any(stem[0].isdigit() for stem in new):
        return True
    return most > 0 and any(len(stem) > 1 and background.get(stem, 0.0) >= RARE * most for stem in new)


def _counts(text: str) -> dict[str, set[str]]:
    """Return counted thing (the two stems after a number) → its numbers in the text."""
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


# A report tells its news at once. What a later sentence says often needs those before it: it begins a summary only if
# it stands alone and tells this share of the headline.
OPENINGS, LATE_OPENINGS, LEAST_LATE = 3, 14, 0.5
# A shorter headline (`देश में महामारी का कहर`) has too few words to be told apart.
LEAST_LATE_WORDS = 4
# A second sentence follows a first one with less than this share of the wanted words. Both may exceed these by MARGIN.
FULL, MARGIN, TELLING_MARGIN = 2 / 3, 0.1, 0.4
# How many sentences after the last chosen one are tried. One that skips others must stand alone.
REACH = 3
# Without a headline, the first two sentences are hard to beat, and a third adds little.
MOST_UNTITLED = 2
# The first sentence of a summary must cover this share.
LEAST_OPENING = 0.15
# The most words of a sentence: under a headline, which can stand alone, and without one.
LONGEST_LEAD, LONGEST_UNTITLED = 42, 50


def summarise(
    article: Article,
    *,
    title: str | None = None,
    background: Mapping[str, float] | None = None,
    known: str = "",
    words: int = WORDS,
) -> str:
    """Return one to three sentences from the start of the article, or ''.

    Of the passages that stand alone and fit into `words` words, the one that tells most of the `title` above it (by
    default the article's own) is chosen; without one that tells the title's news, the headline stands alone. A longer
    first sentence is cut after a whole clause, or kept whole. If the body has no such passage, the excerpt may be one.
    Sentences that only repeat the title, or text that
    subscribers know already (`known`), are left out. `background` maps stems to inverse document frequencies.
    """
    heading = article.title if title is None else title
    text = _summarise_text(article, heading, background, known, words)
    if text or not article.body or not article.excerpt:
        return text
    # The newspaper's own excerpt often tells the news that the report leads up to.
    return _summarise_text(replace(article, body=()), heading, background, known, words)


def _summarise_text(
    article: Article, heading: str, background: Mapping[str, float] | None, known: str, words: int
) -> str:
    """Return one to three sentences of the article's text, or ''."""
    found = candidates(article)
    # Headlines are only analysed in Hindi. In other languages the first sentences are taken.
    coverage = HeadlineCoverage(heading if article.language == "hi" else "", found, background)
    if coverage.explains:
        return ""
    passages = _passages(found, coverage, heading, known, words)
    for chosen in sorted(passages, key=lambda chosen: -coverage.value(chosen, words)):
        text = _join(chosen, heading, article.language)
        if text and (not coverage.words or _tells(chosen, text, coverage)):
            return text
    return ""


def _tells(chosen: Sequence[SentenceCandidate], text: str, coverage: HeadlineCoverage) -> bool:
    """Whether a passage tells the headline's news, with its speaker, its denial and no other toll."""
    if coverage.lacks_speaker(text):
        return False
    if coverage.echo and chosen[0].position > coverage.echo.position:
        # The headline is a sentence of the report that the passage continues, and must not say again.
        return not coverage.has_another_toll(text) and not coverage.repeats(chosen[0])
    leads = not chosen[0].position and reports_event(chosen[0].text)
    return coverage.denies_enough(text) and coverage.tells_death(text) and coverage.tells(text, leads=leads)


def _passages(
    found: Sequence[SentenceCandidate], coverage: HeadlineCoverage, heading: str, known: str, words: int
) -> Iterator[list[SentenceCandidate]]:
    """Yield every passage from the start of the report that stands alone, adds news, and is not too long."""
    again = coverage.echo if coverage.is_long else None
    old = [each for each in found if each is again or set(each.stems) == coverage.stems or is_known(each, known)]
    usable = {each.position: each for each in found if each not in old}
    # The news may begin after what subscribers have read, or after the headline.
    start = max((each.position + 1 for each in (*old, *filter(None, [coverage.echo]))), default=0)
    for position in range(start + LATE_OPENINGS):
        each = usable.get(position)
        if each is None or not can_open(each):
            continue
        if position >= start + OPENINGS and not _opens_late(each, coverage):
            continue
        if coverage.words and not coverage.echo and coverage.share([each.text]) < LEAST_OPENING:
            continue
        open_ended = [[shorten_candidate(each, words, heading)]]
        while open_ended:
            chosen = open_ended.pop()
            yield chosen
            if len(chosen) < (MOST_SENTENCES if coverage.words else MOST_UNTITLED):
                open_ended += _continue(chosen, usable, coverage, heading, words)


def _opens_late(each: SentenceCandidate, coverage: HeadlineCoverage) -> bool:
    """Whether a later sentence tells the headline's news by itself, as an event or as a statement of somebody."""
    reports = reports_event(each.text) or names_speech(each.text)
    is_long = len(coverage.words) >= LEAST_LATE_WORDS
    return is_long and reports and _is_clear(each) and coverage.share([each.text]) >= LEAST_LATE


def _continue(
    chosen: list[SentenceCandidate],
    usable: Mapping[int, SentenceCandidate],
    coverage: HeadlineCoverage,
    heading: str,
    words: int,
) -> Iterator[list[SentenceCandidate]]:
    """Yield the passage with each of the next sentences that may follow it.

    A passage that is long enough is only continued by a sentence that tells more of the headline. A sentence that does
    not follow directly must stand alone.
    """
    last, count = chosen[-1].position, count_words(chosen)
    for each in (usable[at] for at in range(last + 1, last + 1 + REACH) if at in usable):
        tells_more = len(chosen) == 1 and coverage.gain(each, chosen) > 0
        is_wanted = tells_more or count < FULL * words
        # A sentence that refers back needs the sentence before it.
        is_apart = each.position > last + 1
        if not is_wanted or (is_apart and not (_is_clear(each) and (tells_more or not coverage.words))):
            continue
        room = round((1 + (TELLING_MARGIN if tells_more else MARGIN)) * words) - count
        short = shorten_candidate(each, room, heading)
        if short.words <= room and coverage.adds(short, chosen):
            yield [*chosen, short]


def shorten_candidate(each: SentenceCandidate, room: int, title: str) -> SentenceCandidate:
    """Return the sentence, shortened to `room` words if nothing important is lost."""
    text = shorten_sentence(each.text, room, title)
    return each if text == each.text else replace(each, text=text, words=len(text.split()), stems=tuple(stems(text)))


def can_open(each: SentenceCandidate) -> bool:
    """Whether a summary may begin with the sentence."""
    return not (each.hangs or each.question or each.unnamed or each.weak)


def _is_clear(each: SentenceCandidate) -> bool:
    """Whether the sentence is understood without the one before it."""
    return can_open(each) and POINTING.isdisjoint(tokens(each.text))


def count_words(chosen: Sequence[SentenceCandidate]) -> int:
    return sum(each.words for each in chosen)


def _join(chosen: Sequence[SentenceCandidate], heading: str, language: str) -> str:
    """Return the chosen sentences as a text; '' if together they say too little or break a rule."""
    texts = [
        each.connective + each.text if at and each.position == chosen[at - 1].position + 1 else each.text
        for at, each in enumerate(chosen)
    ]
    text = " ".join(texts)
    longest = LONGEST_LEAD if heading else LONGEST_UNTITLED
    if not count_words(chosen) >= LEAST_WORDS or any(each.words > longest for each in chosen):
        return ""
    return "" if split(text) != texts or broken_rules(text, heading) else typeset(text, language)


class Extractive:
    """Uses sentences of the leading article, plus an attributed sentence of another source if it adds something."""

    own_words = False

    def __init__(self, language: str = "hi", words: int = WORDS) -> None:
        self.language = language
        self.words = words

    def __call__(
        self, articles: Sequence[Article], *, title: str, background: Mapping[str, float] | None = None, known: str = ""
    ) -> str:
        for at, article in enumerate(articles):
            text = summarise(article, title=title, background=background, known=known, words=self.words)
            if text:
                others = [each for each in articles[at + 1 :] if each.source != article.source]
                return with_another_source(
                    text,
                    others,
                    title=title,
                    background=background,
                    known=known,
                    words=self.words,
                    language=self.language,
                )
        return ""
