"""Measure how much of a headline's news a sentence covers, by the words, numbers and synonyms that they share."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from digest.curate.similarity.cues import death_tolls
from digest.curate.similarity.score import cosine
from digest.curate.summary.sentence_rules import SentenceCandidate, is_echo
from digest.curate.summary.support.vocabulary import LONGEST_PHRASE, PHRASES, concepts_of, key_of, number_words
from digest.curate.summary.voice import names_speech, states
from digest.hindi.sentences import split
from digest.hindi.sounds import sounds_like
from digest.hindi.text import deva_ratio, fold, folded_words, words
from digest.hindi.tokens import stem_of, stems, tokens

# Weights of an opening sentence's value. In order: the share of the title that it covers; its closeness to the start,
# and the decay of that; each excess word; references to missing context; only repeating the title; stating as a fact
# what the title attributes to somebody; lacking that speaker; contradicting the title by a negation; reporting what had
# happened before.
TELLS, EARLY, FADE, TOO_LONG, WEAK, ECHO = 1.0, 0.4, 0.4, 0.01, 0.3, 0.25
UNATTRIBUTED, NO_SPEAKER, DENIES, BEFORE = 0.6, 0.15, 0.3, 0.25
# Without a headline, a sentence that lacks its context is used only if none of the next three can be the first.
UNTITLED_WEAK = 3
# Weights of a further sentence's value: its share of the uncovered title, similarity to the article, closeness.
REST, CENTRE, NEAR = 1.5, 0.3, 1.0
# The value of a further sentence that gives the number of deaths in the title.
TOLL = 1.5
# A sentence adds nothing if title and summary have more than this share of its stems, unless it covers this much more
# of the title.
SAID, GAIN = 0.6, 0.15
# A number is worth more than a word: it is what changes from one report to the next.
NUMBER = 1.5
# A headline with a smaller share of Devanagari letters is not read.
LEAST_DEVA = 0.3
# A death is the news, whatever else the headline says.
DEATH = 2.0

_DENIAL = folded_words("नहीं न ना मत इनकार इन्कार खारिज बिना")
# The past perfect: कर दी थी, हुआ था.
_PERFECT = re.compile(fold("(?:ी|े|ा|ई|ए|या) (?:था|थी|थे|थीं)[।.]?$"))
_PASSING = re.compile(fold("(?:रहा|रही|रहे|चाहता|चाहते|होता|होती|होते|करता|करती|करते) (?:था|थी|थे|थीं)[।.]?$"))
_GROUP = re.compile("s[0-9]+")
# Headlines whose news is an answer.
_EXPLAINS = re.compile(
    fold(
        "(?:^|[ ,])(?:क्यों|कैसे|इसलिए|क्या है|क्या हैं|क्या होगा|कौन|या नहीं|सिर्फ ये|(?:ये|इन|यह) [0-9]+"
        "|(?:ये|यह) (?:है|हैं|दुकानें|आदेश|काम|तरीका|फैसला|बात)|बड़ा खुलासा|बड़ी बात|आपबीती)(?:$|[ ,?!])|^क्या |[?]$"
    )
)
# `मंत्री बोले- …`, `विधायक ने कहा, …`
_QUOTES = re.compile(fold("(?:बोले|बोला|बोली|बोलीं|कहा|बताया) ?[-–—:,]"))
_AGENT = re.compile(fold("^((?:[^ ,:]+ ){1,4})(?:ने |बोले|बोला|बोली|बोलीं)"))
# `…: कांग्रेस नेता`. The words before a colon are more often the topic.
# A report or study is no speaker: the paper reports what it found.
_SPEAKER = re.compile("(?::|[-–—] ) ?(?!(?:रिपोर्ट|अध्ययन|सर्वे|स्टडी|शोध|सूत्र)$)([^ :0-9]+(?: [^ :0-9]+){0,2})$")


@lru_cache(maxsize=20_000)
def meanings(token: str) -> frozenset[str]:
    """Return the stem of a folded token, its synonym groups, and its value if it is a number word."""
    stem = stem_of(token)
    if token in number_words():
        return frozenset({f"{number_words()[token]:g}"})
    return frozenset({stem, *(each for each in concepts_of(token) if _GROUP.fullmatch(each))}) - {""}


def _sounding_like(token: str, sentences: Sequence[SentenceCandidate]) -> frozenset[str]:
    """Return the meanings of the article's words that may be a Latin name of the title: `Kamla`, कमला."""
    if not token.isascii() or not token.isalpha():
        return frozenset()
    alike = {each for sentence in sentences for each in tokens(sentence.text) if sounds_like(token, each)}
    return frozenset[str]().union(*map(meanings, alike))


def _standing(token: str) -> float:
    if token[0].isdigit():
        return NUMBER
    return DEATH if meanings(token) & meanings(fold("मौत")) else 1.0


def _looks_back(text: str) -> bool:
    folded = fold(text)
    return bool(_PERFECT.search(folded)) and not _PASSING.search(folded)


# Cached, because every draft of a summary needs the sentences of its article again.
@lru_cache(maxsize=2_000)
def _all_meanings(text: str) -> frozenset[str]:
    """Return all meanings of a text's words and of phrases such as `विश्व स्वास्थ्य संगठन`."""
    found = tokens(text)
    keys = list(map(key_of, found))
    phrases = (
        PHRASES.get(" ".join(keys[start : start + length]), frozenset())
        for start in range(len(keys))
        for length in range(2, LONGEST_PHRASE + 1)
    )
    return frozenset[str]().union(*map(meanings, found), *phrases)


_TIME = re.compile("[0-9]{1,2}[:.][0-9]{2}")
_DEATH = frozenset[str]().union(*(meanings(fold(word)) for word in words("मौत हत्या शहीद शव मृत मारे निधन दम")))


class HeadlineCoverage:
    """Scores the sentences of one article by how much of its title and of the article they cover."""

    def __init__(
        self, title: str, sentences: Sequence[SentenceCandidate], background: Mapping[str, float] | None
    ) -> None:
        self.stems = set(stems(title))
        self.tolls = {str(toll) for toll in death_tolls(stems(title))}
        most = max(background.values(), default=1.0) if background else 1.0
        # The meanings and the weight of each word of the title.
        self.words = [
            (
                meanings(token) | _sounding_like(token, sentences),
                _standing(token) * self._weight(token, background, most),
            )
            for token in dict.fromkeys(tokens(title))
            if stem_of(token)
        ]
        self.kills = any(meaning & meanings(fold("मौत")) for meaning, _weight in self.words)
        if deva_ratio(title) < LEAST_DEVA:
            # A Latin headline shares no words with a Hindi article.
            self.words = []
        speaker = _SPEAKER.search(title)
        self.attributed = names_speech(title) or bool(speaker)
        # Whether the title is, or ends with, a quotation.
        self.quotes = bool(speaker or _QUOTES.search(fold(title)))
        # `कप्तान रामू ने कमला को सबसे अच्छी खिलाड़ी करार दिया`
        agent = _AGENT.match(fold(title)) if names_speech(title) and not speaker else None
        self.speaker = _all_meanings(speaker[1]) if speaker else frozenset[str]()
        self.agent = _all_meanings(agent[1]) if agent else frozenset[str]()
        self.denies = bool(_DENIAL & set(tokens(title)))
        self.looks_back = _looks_back(title)
        self.explains = bool(_EXPLAINS.search(fold(title)))
        self.weigh = weigher(background)
        self.centre = self.weigh(Counter(stem for each in sentences for stem in each.stems))

    @staticmethod
    def _weight(token: str, background: Mapping[str, float] | None, most: float) -> float:
        # A stem that the background lacks counts as rarest. The square root keeps common words in the count.
        return math.sqrt(background.get(stem_of(token), most) / most) if background and most else 1.0

    def share(self, texts: Sequence[str]) -> float:
        """Return the share of the title's news that the texts cover, from 0 to 1."""
        total = sum(weight for _meaning, weight in self.words)
        covered = frozenset[str]().union(*map(_all_meanings, texts))
        return sum(weight for meaning, weight in self.words if meaning & covered) / total if total else 0.0

    def value(self, chosen: Sequence[SentenceCandidate], wanted: int) -> float:
        """Score a summary by the share of the title that it covers, and by its first sentence as an opening."""
        first = chosen[0]
        if not self.words:
            return -first.position - UNTITLED_WEAK * first.weak * bool(first.position)
        value = TELLS * (self.share([first.text]) + self.share([each.text for each in chosen])) / 2
        value += EARLY * math.exp(-FADE * first.position)
        value -= TOO_LONG * max(0, first.words - wanted) + WEAK * first.weak
        value -= ECHO * is_echo(set(first.stems), self.stems)
        value -= DENIES * self.contradicts_title(first)
        value -= BEFORE * (_looks_back(first.text) and not self.looks_back)
        # `पाकिस्तान` as the object of another speaker does not count.
        before, ne, _rest = first.text.partition(" ने ")
        value -= NO_SPEAKER * bool(
            self.speaker and self.speaker.isdisjoint(_all_meanings(before if ne else first.text))
        )
        return value - UNATTRIBUTED * (self.attributed and states(first.text) and not names_speech(first.text))

    def contradicts_title(self, each: SentenceCandidate) -> bool:
        """Return whether the sentence denies what the title asserts, or the reverse."""
        return self.denies != bool(_DENIAL & set(tokens(each.text)))

    def names_speaker(self, text: str) -> bool:
        """Return whether a text names the speaker of the title's news."""
        return not (self.speaker | self.agent).isdisjoint(_all_meanings(text))

    def lacks_speaker(self, text: str) -> bool:
        """Return whether a summary states in the paper's own name what the title attributes to somebody."""
        named = self.speaker | self.agent
        if names_speech(text) or self.names_speaker(text):
            return False
        return (self.quotes and bool(named)) or ((self.quotes or bool(named)) and states(split(text)[0]))

    def tells_death(self, text: str) -> bool:
        """Return whether a summary reports the deaths of the title with their number; true if the title has none."""
        if not (self.kills or self.tolls):
            return True
        return any(
            not _DEATH.isdisjoint(_all_meanings(each))
            and (not self.tolls or not self.tolls.isdisjoint(stems(_TIME.sub(" ", each))))
            for each in split(text)
        )

    def has_another_toll(self, text: str) -> bool:
        """Return whether a text gives a number of deaths, and the title another one."""
        found = {str(toll) for toll in death_tolls(stems(text))}
        return bool(self.tolls) and bool(found) and self.tolls.isdisjoint(found)

    def restates(self, each: SentenceCandidate) -> bool:
        """Return whether most of the sentence is in the title."""
        return len(self.stems & set(each.stems)) > SAID * len(set(each.stems))

    def gain(self, each: SentenceCandidate, chosen: Sequence[SentenceCandidate]) -> float:
        """Return how much more of the title's news the sentence covers."""
        before = [other.text for other in chosen]
        return self.share([*before, each.text]) - self.share(before)

    def next_value(self, each: SentenceCandidate, chosen: Sequence[SentenceCandidate]) -> float:
        """Score a sentence as the one that follows the chosen ones."""
        value = REST * self.gain(each, chosen)
        if self.tolls and not self.tells_death(before := " ".join(other.text for other in chosen)):
            value += TOLL * self.tells_death(f"{before} {each.text}")
        value += CENTRE * cosine(self.weigh(Counter(each.stems)), self.centre)
        return value + NEAR * math.exp(-FADE * (each.position - chosen[-1].position - 1)) - WEAK * each.weak

    def adds(self, each: SentenceCandidate, chosen: Sequence[SentenceCandidate]) -> bool:
        """Return whether the sentence covers more of the title's news, or adds something new to title and summary."""
        own, said = set(each.stems), {stem for other in chosen for stem in other.stems}
        if each.question or len(own & said) > SAID * len(own):
            return False
        return self.gain(each, chosen) >= GAIN or len(own & (said | self.stems)) <= SAID * len(own)


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
