"""Measure how much of a headline's news a sentence covers, by the words, numbers and synonyms that they share."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from digest.curate.similarity.cues import death_tolls
from digest.curate.similarity.score import cosine
from digest.curate.summary.sentence_rules import DESCRIBES, SentenceCandidate, is_echo
from digest.curate.summary.title_parts import (
    DENIAL,
    PART_SIZE,
    PART_WORDS,
    TitlePart,
    goes_on,
    sets_scene,
    share_told,
    title_parts,
)
from digest.curate.summary.voice import names_speech, states
from digest.curate.summary.word_meanings import (
    KILLED,
    all_meanings,
    meanings,
    tells_of_death,
)
from digest.hindi.clauses import reports_event
from digest.hindi.sentences import split
from digest.hindi.text import deva_ratio, fold, words
from digest.hindi.tokens import stem_of, stems, tokens
from digest.hindi.typography import typeset

# Weights of a passage's value. In order: the share of the title that its first sentence and all cover; its closeness
# to the start, and the decay of that; each skipped sentence; its similarity to the article; having this share of the
# wanted words, and each excess word.
TELLS, EARLY, FADE, SKIPS, CENTRE = 1.0, 0.3, 0.4, 0.04, 0.1
FULL, FULL_SHARE, TOO_LONG = 0.2, 2 / 3, 0.01
# Weights of its first sentence: only repeating the title; setting the scene; stating as a fact what the title
# attributes to somebody.
ECHO, SCENE, UNATTRIBUTED = 0.25, 0.25, 0.6
# A title with this many stems is a sentence of the report if that has this share of them and few others.
LONG_TITLE, SAME_SHARE, SAME_EXTRA = 10, 0.85, 3
# A sentence with more of the title says it again.
REPEATED = 0.6
# Without a headline, each sentence before the first one.
UNTITLED = 0.1
# A summary tells a part of the title if it covers this share of it.
PART_TOLD = 0.75
# The share of the title that a summary covers at least: without the end of the title, and with it.
LEAST_TOLD = (0.85, 0.57)
# The first sentence of a report, if it reports an event.
LEAST_LED = 0.4
# One sentence covers at least this share of the title or of one part.
IN_ONE = 0.5
# A sentence adds nothing if title and summary have more than this share of its stems, unless it covers this much more
# of the title.
SAID, GAIN = 0.6, 0.08
# A headline with a smaller share of Devanagari letters is not read.
LEAST_DEVA = 0.3

_SAVED = re.compile("(?<![^ ])जान (?=बच)")
# Whose death an earlier sentence told.
_OF_DEAD = re.compile(fold("मृतक(?:ा)? (?:के|की|का|को) "))
# The past perfect: कर दी थी, हुआ था.
_PERFECT = re.compile(fold("(?<!चुक)(?:ी|े|ा|ई|ए|या) (?:था|थी|थे|थीं)[।.]?$"))
_PASSING = re.compile(fold("(?:रहा|रही|रहे|चाहता|चाहते|होता|होती|होते|करता|करती|करते) (?:था|थी|थे|थीं)[।.]?$"))
# Headlines whose news is an answer.
_EXPLAINS = re.compile(
    fold(
        "(?:^|[ ,])(?:क्यों|कैसे|कब|कहां|किससे|इसलिए|कौन|क्या (?:है|हैं|होगा|होता|होती|रहेगा|कहा)|"
        "इस तरह|या नहीं|सिर्फ ये|(?:ये|इन|यह) [0-9]+"
        "|(?:ये|यह) [^ ]+|बड़ी बात"
        "|बड़ा खुलासा|किया खुलासा|खोला राज|तोड़ी चुप्पी|आपबीती)(?:$|[ ,?!])|^क्या |[?]$"
    )
)
# `मंत्री ने पूछा, क्यों गिरा पुल`: the news is that they ask.
_ASKED = re.compile(fold("(?:पूछा|पूछे|पूछी|पूछ रहे)[ ,:-].*"))
# `मंत्री बोले- …`, `विधायक ने कहा, …`
_QUOTES = re.compile(fold("(?:बोले|बोला|बोली|बोलीं|कहा|बताया) ?[-–—:,]"))
_AGENT = re.compile(fold("^((?:[^ ,:]+ ){1,4})(?:ने |बोले|बोला|बोली|बोलीं)"))
# `…: कांग्रेस नेता`. The words before a colon are more often the topic.
_SPEAKER = re.compile("(?::|[-–—] ) ?([^ :0-9]+(?: [^ :0-9]+){0,2})$")


def _looks_back(text: str) -> bool:
    """Whether a main clause reports an earlier time: `पुल बंद हुआ था`."""
    folded = DESCRIBES.split(fold(text), maxsplit=1)[0]
    return bool(_PERFECT.search(folded)) and not _PASSING.search(folded)


def _reports(text: str) -> bool:
    """Whether a sentence reports an event, something that is happening, or a statement."""
    return any(reports_event(each) or goes_on(each) or names_speech(each) for each in split(text))


class HeadlineCoverage:
    """Scores the sentences of one article by how much of its title and of the article they cover."""

    def __init__(
        self, title: str, sentences: Sequence[SentenceCandidate], background: Mapping[str, float] | None
    ) -> None:
        # `नि:शुल्क` is one word. A life that is saved is no death.
        title = _SAVED.sub("", typeset(title))
        self.stems = set(stems(title))
        self.is_long = len(self.stems) >= LONG_TITLE
        # The title may be a sentence of the report.
        self.echo = next((each for each in sentences[:2] if self.stems and self._is_same(each)), None)
        self.tolls = {str(toll) for toll in death_tolls(stems(title))}
        self._read_parts(title, [each.text for each in sentences], background)
        self._read_speaker(title)
        self.looks_back = any(_looks_back(part.text) for part in self.parts)
        self.sets_scene = any(sets_scene(part.text) for part in self.news)
        self.explains = self._is_question(title)
        self.weigh = weigher(background)
        self.centre = self.weigh(Counter(stem for each in sentences for stem in each.stems))

    def _read_parts(self, title: str, texts: Sequence[str], background: Mapping[str, float] | None) -> None:
        """Read the news of the title's parts, with their words and numbers."""
        told = frozenset[str]().union(*map(all_meanings, texts))
        # A Latin headline shares no words with a Hindi article.
        is_hindi = deva_ratio(title) >= LEAST_DEVA
        self.parts = title_parts(title, texts, told, background) if is_hindi else []
        self.news = [part for part in self.parts if part.is_news]
        self.words = [word for part in self.parts for word in part.words]
        self.meanings = frozenset[str]().union(*(meaning for meaning, _weight in self.words))
        self.numbers = [each for each, _weight in self.words if each & told and any(map(str.isdigit, each))]
        self.kills = any(meaning & KILLED for meaning, _weight in self.words)
        self.denies = any(part.denies for part in self.parts)

    def _read_speaker(self, title: str) -> None:
        """Read who says the title's news."""
        speaker = _SPEAKER.search(title)
        self.attributed = names_speech(title) or bool(speaker)
        # Whether the title is, or ends with, a quotation.
        self.quotes = bool(speaker or _QUOTES.search(fold(title)))
        # `कप्तान रामू ने कमला को सबसे अच्छी खिलाड़ी करार दिया`
        agent = _AGENT.match(fold(title)) if names_speech(title) and not speaker else None
        named = speaker or agent
        # The meanings of each word of the speaker.
        self.speaker = [all_meanings(word) for word in words(named[1])] if named else []

    def _is_question(self, title: str) -> bool:
        """Whether the title's news is an answer. `कैसे टूटा पुल, मंत्री ने बुलाई बैठक` has news beside the question."""
        texts = (part.text for part in self.parts)
        has_news = any(len(words(text)) > PART_WORDS and not _EXPLAINS.search(fold(text)) for text in texts)
        return (not has_news or "?" in title) and bool(_EXPLAINS.search(_ASKED.sub("", fold(title))))

    def share(self, texts: Sequence[str]) -> float:
        """Return the share of the title's news that the texts cover, from 0 to 1."""
        return share_told(self.words, frozenset[str]().union(*map(all_meanings, texts)))

    def tells(self, text: str, *, leads: bool) -> bool:
        """Whether a text covers most of the title, with one of its numbers, or nearly all of a part of it."""
        if not self.looks_back:
            # An earlier event is no news.
            text = " ".join(each for each in split(text) if not _looks_back(each) or names_speech(each))
        covered = all_meanings(text)
        if not (_reports(text) or any(part.words and part.words[-1][0] & covered for part in self.news)):
            # `… पर काफी सक्रिय हैं` has the names of `… से लिया ब्रेक`, and not its news.
            return self.share([text]) >= LEAST_TOLD[False]
        words = [word for part in self.news for word in part.words]
        # Names in one sentence and the verb in another may be other news.
        wholes = (words, *(part.words for part in self.news))
        shares = (share_told(whole, all_meanings(each)) for each in split(text) for whole in wholes)
        if max(shares, default=0.0) < IN_ONE:
            return False
        tells_end = any(part.tells_end(covered) for part in self.news)
        has_number = not self.numbers or any(number & covered for number in self.numbers)
        if has_number and share_told(words, covered) >= (LEAST_LED if leads else LEAST_TOLD[tells_end]):
            return True
        return any(self._is_told(part, covered) for part in self.news)

    def denies_enough(self, text: str) -> bool:
        """Whether a text denies something too if the title does.

        A text also counts if it tells a part of the title that denies nothing."""
        if not self.denies or not DENIAL.isdisjoint(tokens(text)):
            return True
        covered = all_meanings(text)
        return any(self._is_told(part, covered) for part in self.news if not part.denies)

    def _is_told(self, part: TitlePart, covered: frozenset[str]) -> bool:
        """Whether a part that is news by itself is covered."""
        is_large = part.weight >= PART_SIZE * sum(each.weight for each in self.news)
        return is_large and share_told(part.words, covered) >= PART_TOLD and part.tells_end(covered)

    def value(self, chosen: Sequence[SentenceCandidate], wanted: int) -> float:
        """Score a passage by the share of the title that it covers, its length, and its first sentence as an opening.

        A passage after a sentence that repeats the title (`echo`) must not repeat it again.
        """
        first, count = chosen[0], sum(each.words for each in chosen)
        skipped = chosen[-1].position - first.position - len(chosen) + 1
        value = EARLY * math.exp(-FADE * first.position) - SKIPS * skipped
        value += FULL * min(1.0, count / (FULL_SHARE * wanted)) - TOO_LONG * max(0, count - wanted)
        value += CENTRE * cosine(self.weigh(Counter(stem for each in chosen for stem in each.stems)), self.centre)
        if not self.words:
            return value - UNTITLED * first.position
        value -= ECHO * is_echo(set(first.stems), self.stems)
        value -= SCENE * (sets_scene(first.text) and not self.sets_scene)
        if self.echo and first.position > self.echo.position:
            value -= sum(_is_said(each, self.meanings) for each in chosen)
        value -= UNATTRIBUTED * (self.attributed and states(first.text) and not names_speech(first.text))
        return value + TELLS * (self.share([first.text]) + self.share([each.text for each in chosen])) / 2

    def names_speaker(self, text: str) -> bool:
        """Whether a text names the speaker of the title's news."""
        # `पाकिस्तान` in the words of another speaker does not count.
        before = all_meanings(" ".join(each.partition(" ने ")[0] for each in split(text)))
        named = [not meaning.isdisjoint(before) for meaning in self.speaker]
        # A name or half of the title: `मुखर्जी` for `राष्ट्रपति मुखर्जी`, but not `भारत` for `भारत के कप्तान रामू`.
        return bool(named) and (named[-1] or 2 * sum(named) >= len(named))

    def lacks_speaker(self, text: str) -> bool:
        """Whether the title attributes a statement to somebody, and the summary makes it in the paper's own name."""
        # Somebody else's words, even with their speaker, are not the quotation of the title.
        if self.names_speaker(text) or (names_speech(text) and not (self.quotes and self.speaker)):
            return False
        return (self.quotes and bool(self.speaker)) or ((self.quotes or bool(self.speaker)) and states(split(text)[0]))

    def tells_death(self, text: str) -> bool:
        """Whether a summary reports the deaths of the title with their number; true if the title has none."""
        if not (self.kills or self.tolls):
            return True
        told = [each for each in split(text) if tells_of_death(_OF_DEAD.sub("", fold(each)))]
        return any(not self.tolls or not self.tolls.isdisjoint(all_meanings(each)) for each in told)

    def has_another_toll(self, text: str) -> bool:
        """Whether a text and the title give different numbers of deaths."""
        found = {str(toll) for toll in death_tolls(stems(text))}
        return bool(self.tolls) and bool(found) and self.tolls.isdisjoint(found)

    def repeats(self, each: SentenceCandidate) -> bool:
        """Whether a sentence says most of a long title again, perhaps in the words of a speaker."""
        return self.is_long and self.share([each.text]) > REPEATED

    def _is_same(self, each: SentenceCandidate) -> bool:
        """Whether a sentence is the title, perhaps with one more word; of a long title, with a few other ones."""
        own = set(each.stems)
        if self.stems <= own and is_echo(own, self.stems):
            return True
        shared, others = len(self.stems & own), len(own - self.stems)
        return self.is_long and shared >= SAME_SHARE * len(self.stems) and others <= SAME_EXTRA

    def gain(self, each: SentenceCandidate, chosen: Sequence[SentenceCandidate]) -> float:
        """Return how much more of the title's news the sentence covers."""
        before = [other.text for other in chosen]
        return self.share([*before, each.text]) - self.share(before)

    def adds(self, each: SentenceCandidate, chosen: Sequence[SentenceCandidate]) -> bool:
        """Whether the sentence covers more of the title's news, or adds something new to title and summary."""
        said = frozenset[str]().union(*(all_meanings(other.text) for other in chosen))
        if each.question or _is_said(each, said):
            return False
        return self.gain(each, chosen) >= GAIN or not _is_said(each, said | self.meanings)


def _is_said(each: SentenceCandidate, told: frozenset[str]) -> bool:
    """Whether most words of a sentence have one of these meanings: `49 मरे` has those of `49 की जान गई`."""
    found = {token for token in tokens(each.text) if stem_of(token)}
    return sum(not meanings(token).isdisjoint(told) for token in found) > SAID * len(found)


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
