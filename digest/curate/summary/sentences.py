"""Summarise an article in one to three of its own sentences: the one that reports the headline's news, then others.

For news whose first paragraph says what happened, a cleaned lead equals or beats trained summarisers. Sentences are
never reordered. They lose at most what `trimming` drops: an opening phrase, Latin brackets, a last clause.
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
    echoes,
    is_known,
)
from digest.curate.summary.trimming import shorten_sentence
from digest.curate.summary.voice import reports_speech
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
                and all(cosine(vector, mine) < ALIKE for mine in chosen)
            ):
                return f"{shorter} {typeset(each.text)} {source}"
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


# Only these first sentences are considered. Measured against references, a summary needs little from further down.
LOOK_AT = 16
# Several sentences may exceed the wanted words by the first share, or by the second if they cover more of the headline.
MARGIN, TELLING_MARGIN = 0.1, 0.4
# Without a headline, the first two sentences are hard to beat, and a third adds little.
MOST_UNTITLED = 2
# The maximum distance, in sentences, to the next one of a summary, and to one that covers more of the headline.
REACH, TELLING_REACH = 2, 6
# A headline that asks or promises an explanation must be answered. A passage that answers it, or that may only set the
# scene, covers this share.
LEAST_EXPLAINED = 0.85
# The first sentence of a summary must cover this share.
LEAST_OPENING = 0.15
# How far after a sentence that repeats the headline a summary may start without reporting the news again, and how far
# if no other passage tells it.
AFTER_ECHO, FAR_AFTER_ECHO = 2, 4
# The most words of a single opening sentence.
LONGEST_LEAD = 60


def summarise(
    article: Article,
    *,
    title: str | None = None,
    background: Mapping[str, float] | None = None,
    known: str = "",
    words: int = WORDS,
    most: int = MOST_SENTENCES,
) -> str:
    """Return one to three sentences of the article in its order, or ''.

    Of all passages that stand alone and fit into `words` words, the one that tells most of the `title` above it (by
    default the article's own) is chosen. A longer first sentence is cut after a whole clause, or kept whole. Sentences
    that only repeat the title, or text that subscribers know already (`known`), are left out. `background` maps stems
    to inverse document frequencies.
    """
    heading = article.title if title is None else title
    found = candidates(article)
    # Headlines are only analysed in Hindi. In other languages the first sentences are taken.
    coverage = HeadlineCoverage(heading if article.language == "hi" else "", found, background)
    usable = [each for each in found[:LOOK_AT] if set(each.stems) != coverage.stems and not is_known(each, known)]
    most = most if coverage.words else min(most, MOST_UNTITLED)
    passages = _passages(usable, coverage, heading, words, most)
    led = ""
    for chosen in sorted(passages, key=lambda chosen: -coverage.value(chosen, words)):
        text = _joined(chosen, heading)
        if text and (not coverage.words or _tells(chosen, text, coverage)):
            return text
        led = led or (text if text and _leads(chosen, text, coverage) else "")
    return led


def _tells(chosen: Sequence[SentenceCandidate], text: str, coverage: HeadlineCoverage) -> bool:
    """Whether a passage tells the headline's news, with its speaker and no other toll."""
    if _continues_title(chosen, text, coverage, AFTER_ECHO):
        return True
    if not _agrees(chosen, text, coverage):
        return False
    if coverage.explains or chosen[0].weak:
        return coverage.share([text]) >= LEAST_EXPLAINED
    best = max(chosen, key=lambda each: coverage.share([each.text]))
    return coverage.tells(text, best.position)


def _continues_title(chosen: Sequence[SentenceCandidate], text: str, coverage: HeadlineCoverage, reach: int) -> bool:
    """Whether the headline is a sentence of the report that a passage continues, with no other toll."""
    after = chosen[0].position - coverage.echo.position if coverage.echo else 0
    return 0 < after <= reach and _names_speakers(chosen, text, coverage) and not coverage.has_another_toll(text)


def _names_speakers(chosen: Sequence[SentenceCandidate], text: str, coverage: HeadlineCoverage) -> bool:
    positions = {each.position for each in chosen}
    return all(each.speaker_at in {None, *positions} for each in chosen) and not coverage.lacks_speaker(text)


def _agrees(chosen: Sequence[SentenceCandidate], text: str, coverage: HeadlineCoverage) -> bool:
    """Whether a passage has the headline's speaker, deaths and denial."""
    return _names_speakers(chosen, text, coverage) and coverage.denies_enough(text) and coverage.tells_death(text)


def _leads(chosen: Sequence[SentenceCandidate], text: str, coverage: HeadlineCoverage) -> bool:
    """Whether a passage continues the headline from further on, or begins the report of an event.

    The beginning tells the news, often in other words than the headline.
    """
    first = chosen[0]
    return _continues_title(chosen, text, coverage, FAR_AFTER_ECHO) or (
        bool(coverage.words)
        and first.position <= 1
        and not first.weak
        and not coverage.explains
        and (reports_event(first.text) or reports_speech(first.text))
        # Below a quotation, other words or acts of the same speaker are other news.
        and (coverage.is_official or not coverage.quotes)
        and coverage.is_led(first.text, text)
        and _agrees(chosen, text, coverage)
    )


def _passages(
    usable: Sequence[SentenceCandidate],
    coverage: HeadlineCoverage,
    heading: str,
    words: int,
    most: int,
) -> Iterator[list[SentenceCandidate]]:
    """Yield every passage of at most `most` sentences that stands alone, adds news in each, and is not too long."""
    open_ended = [
        [shorten_candidate(each, words, heading)]
        for each in usable
        if can_open(each)
        # Only a quotation before its speaker, or what follows the headline itself, may do without its words.
        and (each.speaker_at or coverage.echo or not coverage.words or coverage.share([each.text]) >= LEAST_OPENING)
    ]
    while open_ended:
        chosen = open_ended.pop()
        yield chosen
        if len(chosen) == most:
            continue
        for each in usable:
            # A headline that promises an explanation gets it from the sentences that follow each other.
            tells = coverage.explains or coverage.gain(each, chosen) > 0
            tells = tells or any(each.position == spoken.speaker_at for spoken in chosen)
            if not _follows(each, chosen, TELLING_REACH if tells else REACH):
                continue
            is_apart = each.position > chosen[-1].position + 1
            if coverage.words and is_apart and not coverage.relates(each, chosen):
                continue
            room = round((1 + (TELLING_MARGIN if tells else MARGIN)) * words) - count_words(chosen)
            short = shorten_candidate(each, room, heading)
            if short.words <= room and coverage.adds(short, chosen):
                open_ended.append([*chosen, short])


def shorten_candidate(each: SentenceCandidate, room: int, title: str) -> SentenceCandidate:
    """Return the sentence, shortened to `room` words if nothing important is lost."""
    text = shorten_sentence(each.text, room, title)
    return each if text == each.text else replace(each, text=text, words=len(text.split()), stems=tuple(stems(text)))


def can_open(each: SentenceCandidate) -> bool:
    """Whether a summary may begin with the sentence."""
    is_doubtful = each.weak and each.position
    return not (each.hangs or each.question or each.unnamed or is_doubtful)


def _follows(each: SentenceCandidate, chosen: Sequence[SentenceCandidate], reach: int) -> bool:
    """Whether the sentence may follow the chosen ones; one that refers back needs the sentence before it."""
    needs_last = each.hangs or each.unnamed or each.weak
    return 0 < each.position - chosen[-1].position <= (1 if needs_last else reach)


def count_words(chosen: Sequence[SentenceCandidate]) -> int:
    return sum(each.words for each in chosen)


def _joined(chosen: Sequence[SentenceCandidate], heading: str) -> str:
    """Return the chosen sentences as a text; '' if together they say too little or break a rule."""
    before = [None, *(each.position for each in chosen)]
    texts = [
        each.text if last is None or each.position > last + 1 else each.connective + each.text
        for each, last in zip(chosen, before, strict=False)
    ]
    text = " ".join(texts)
    if not count_words(chosen) >= LEAST_WORDS or any(each.words > LONGEST_LEAD for each in chosen):
        return ""
    return "" if split(text) != texts or broken_rules(text, heading) else typeset(text)


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
