"""Summarise an article in one to three of its own sentences: the one that reports the headline's news, then others.

For news whose first paragraph says what happened, a cleaned lead equals or beats trained summarisers. Sentences are
never reordered. They lose at most what `trimming` drops: an opening phrase, Latin brackets, a last clause.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
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
    is_pure_echo,
)
from digest.curate.summary.trimming import shorten_sentence
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
                and can_open(each, title)
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
# A summary of fewer words gets another sentence, if one fits: two thirds of the words wanted.
FULL = 2 / 3
# The next sentence of the article may exceed the remaining words by this share, because it belongs to the one before. A
# sentence that covers this share of the headline may exceed them more, even if the summary has enough words.
MARGIN, TELLING_MARGIN, GAIN_WORTH_WORDS = 0.1, 0.4, 0.2
# The number of sentences that are tried as the first.
STARTS = 4
# Without a headline, the first two sentences are hard to beat, and a third adds little.
MOST_UNTITLED = 2
# The maximum distance, in sentences, to the next one of a summary, and to one that tells much of the headline.
REACH, FAR_REACH = 3, 6
# A summary that covers less of the headline's news is not shown. The first sentence of an article may use other words,
# but if it covers less than TOLD_BY_LEAD it is used only if no other sentence covers enough. A headline that asks or
# promises an explanation must be answered, and a sentence that denies it is different news.
LEAST_TOLD, LEAST_TOLD_BY_LEAD, TOLD_BY_LEAD, LEAST_EXPLAINED = 0.36, 0.22, 0.25, 0.6
# How far after a sentence that repeats the headline a summary may start without reporting the news again.
AFTER_ECHO = 2
# The most words of a single opening sentence that is used because no other reports the news.
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

    The first one covers most of the `title` above it (by default the article's own). Others follow up to `words` words
    in total. A longer first sentence is cut after a whole clause, or kept whole. Sentences that only repeat the title,
    or text that subscribers know already (`known`), are left out. `background` maps stems to inverse document
    frequencies.
    """
    heading = article.title if title is None else title
    found = candidates(article)
    usable = [each for each in found[:LOOK_AT] if not is_known(each, known)]
    # Headlines are only analysed in Hindi. In other languages the first sentences are taken.
    coverage = HeadlineCoverage(heading if article.language == "hi" else "", found, background)
    most = most if coverage.words else min(most, MOST_UNTITLED)
    echo = next((each.position for each in found[:2] if _is_the_headline(each, heading, coverage)), None)
    drafts = [
        _continued([shorten_candidate(start, words, heading)], usable, coverage, title=heading, words=words, most=most)
        for start in usable
        if can_open(start, heading)
        and not is_pure_echo(start, heading)
        # Only the lead, or what follows the headline itself, may set the scene without a word of the headline.
        and (not start.position or echo is not None or not coverage.words or coverage.share([start.text]))
    ]
    fallback, told = "", 0.0
    if echo is not None:
        # The headline is a sentence of the report: what follows it must say more than the headline.
        drafts.sort(key=lambda draft: (coverage.restates(draft[0]), draft[0].weak, draft[0].position))
    else:
        drafts.sort(key=lambda draft: -coverage.value(draft, words))
    for draft in drafts[:STARTS]:
        chosen = _continued(draft, usable, coverage, title=heading, words=words, most=most, reach=FAR_REACH)
        while chosen:
            first = chosen[0].position
            # A sentence that only sets the scene, like `महामारी से दुनिया परेशान है`, must cover as much as any other.
            is_lead = not (first or chosen[0].weak or coverage.contradicts_title(chosen[0]))
            least = LEAST_TOLD_BY_LEAD if is_lead else LEAST_TOLD
            if coverage.explains:
                least = LEAST_EXPLAINED
            # The headline is a sentence of the report, and this one continues it.
            continues = echo is not None and 0 < first - echo <= AFTER_ECHO
            text = _joined(chosen, heading)
            if text and not coverage.words:
                return text
            is_true = bool(text) and not coverage.lacks_speaker(text)
            is_true = is_true and not (echo is not None and coverage.has_another_toll(text))
            if is_true and continues:
                return fallback or text
            share = coverage.share([text])
            if is_true and share >= least:
                is_enough = share >= TOLD_BY_LEAD and coverage.tells_death(text)
                is_clear = not chosen[0].weak or not (first or fallback)
                if is_enough and is_clear and (share >= told or not coverage.tells_death(fallback)):
                    return text
                # It covers little. It is used if no other covers enough and more.
                if not fallback:
                    fallback, told = text, share
                break
            chosen.pop()
    return fallback


def _is_the_headline(each: SentenceCandidate, heading: str, coverage: HeadlineCoverage) -> bool:
    return is_pure_echo(each, heading) and coverage.share([each.text]) >= LEAST_EXPLAINED


def _continued(
    chosen: list[SentenceCandidate],
    usable: Sequence[SentenceCandidate],
    coverage: HeadlineCoverage,
    *,
    title: str,
    words: int,
    most: int,
    reach: int = REACH,
) -> list[SentenceCandidate]:
    """Return the sentences and those that may follow: while there is room, and if they add news.

    `reach` is the distance to a sentence that covers much of the title.
    """
    while len(chosen) < most:
        room = words - count_words(chosen)
        has_room = room > (1 - FULL) * words
        following: list[SentenceCandidate] = []
        needs_speaker = coverage.lacks_speaker(" ".join(each.text for each in chosen))
        for each in usable:
            if not _follows(each, chosen, reach):
                continue
            is_next = each.position == chosen[-1].position + 1
            gain = coverage.gain(each, chosen)
            is_far = each.position - chosen[-1].position > REACH
            if (is_far or is_pure_echo(each, title)) and gain < GAIN_WORTH_WORDS:
                continue
            tells = gain >= GAIN_WORTH_WORDS or (needs_speaker and coverage.names_speaker(each.text))
            # Without a headline, the next sentence is the best to go on with.
            tells = tells or (is_next and has_room and not coverage.words)
            # A headline that promises an explanation gets it from the sentences that follow each other.
            tells = tells or (is_next and coverage.explains)
            margin = (TELLING_MARGIN if tells else MARGIN if is_next else 0.0) if has_room or tells else -1.0
            most_words = room + round(margin * words)
            short = shorten_candidate(each, most_words, title)
            if short.words <= most_words and coverage.adds(short, chosen):
                following.append(short)
        if not following:
            break
        chosen = [*chosen, max(following, key=lambda each: coverage.next_value(each, chosen))]
    return chosen


def shorten_candidate(each: SentenceCandidate, room: int, title: str) -> SentenceCandidate:
    """Return the sentence, shortened to `room` words if nothing important is lost."""
    text = shorten_sentence(each.text, room, title)
    return each if text == each.text else replace(each, text=text, words=len(text.split()), stems=tuple(stems(text)))


def can_open(each: SentenceCandidate, title: str) -> bool:
    """Return whether a summary under this title may begin with the sentence."""
    is_strange = each.surname and each.surname not in stems(title)
    return not (each.hangs or each.question or each.unnamed or is_strange)


def _follows(each: SentenceCandidate, chosen: Sequence[SentenceCandidate], reach: int) -> bool:
    """Return whether the sentence may follow the chosen ones; one that refers back needs the sentence before it."""
    last = chosen[-1].position
    if each.surname and not any(each.surname in other.stems for other in chosen):
        return False
    return 0 < each.position - last <= (1 if each.hangs or each.unnamed else reach)


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
