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

# Weights of a passage's value. In order: the share of the title that its first sentence and all cover; its closeness
# to the start, and the decay of that; each skipped sentence; its similarity to the article; having this share of the
# wanted words, and each excess word.
TELLS, EARLY, FADE, SKIPS, CENTRE = 1.0, 0.3, 0.4, 0.04, 0.1
FULL, FULL_SHARE, TOO_LONG = 0.2, 2 / 3, 0.01
# A headline that promises an explanation needs this many times the wanted words.
EXPLANATION = 1.4
# Weights of its first sentence: references to missing context; only repeating the title; stating as a fact what the
# title attributes to somebody; contradicting the title by a negation; reporting what had happened before.
WEAK, ECHO, UNATTRIBUTED, DENIES, BEFORE = 0.3, 0.25, 0.6, 0.3, 0.25
# The deaths of the title are missing.
UNTOLD_DEATH = 0.3
# Without a headline, each sentence before the first one.
UNTITLED = 0.1
# A part of the title with this many words and this share of the title is news by itself. A summary tells the part if it
# covers this share of it.
PART_WORDS, PART_SIZE, PART_TOLD = 3, 0.3, 0.75
# The share of the title that a summary covers at least: without the end of the title, and with it.
LEAST_TOLD = (0.65, 0.57)
# A word of the title that the article never uses counts less: no sentence can cover it.
ABSENT = 0.7
# A sentence adds nothing if title and summary have more than this share of its stems, unless it covers this much more
# of the title.
SAID, GAIN = 0.6, 0.08
# A number is worth more than a word: it is what changes from one report to the next.
NUMBER = 1.5
# A headline with a smaller share of Devanagari letters is not read.
LEAST_DEVA = 0.3
# A death or an arrest is the news, whatever else the headline says.
GRAVE = 3.0

_DENIAL = folded_words("नहीं न ना मत इनकार इन्कार खारिज बिना")
# The marks between the parts of a headline.
_PARTS = re.compile("[,:](?![0-9])|[;!?।…|]|\\.\\.+| [-–—]+ |[-–—] ")
# The past perfect: कर दी थी, हुआ था.
_PERFECT = re.compile(fold("(?:ी|े|ा|ई|ए|या) (?:था|थी|थे|थीं)[।.]?$"))
_PASSING = re.compile(fold("(?:रहा|रही|रहे|चाहता|चाहते|होता|होती|होते|करता|करती|करते) (?:था|थी|थे|थीं)[।.]?$"))
_GROUP = re.compile("s[0-9]+")
# Headlines whose news is an answer.
_EXPLAINS = re.compile(
    fold(
        "(?:^|[ ,])(?:क्यों|कैसे|कब|कहां|किससे|इसलिए|कौन|क्या (?:है|हैं|होगा|होता|होती|रहेगा|कहा)|"
        "इस तरह|या नहीं|सिर्फ ये|(?:ये|इन|यह) [0-9]+"
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
    # An alias or synonym may be listed in one form only: स्कूल, but not स्कूलों.
    groups = concepts_of(token) | (concepts_of(stem) if stem else frozenset())
    return frozenset({stem, *filter(_GROUP.fullmatch, groups)}) - {""}


def _meanings_in_title(token: str) -> frozenset[str]:
    """Return the meanings that cover a token of the title. Any word for a death covers another."""
    found = meanings(token)
    return found if found.isdisjoint(_DEATH) else found | _DEATH


def _sounding_like(token: str, sentences: Sequence[SentenceCandidate]) -> frozenset[str]:
    """Return the meanings of the article's words that may be a Latin name of the title: `Kamla`, कमला."""
    if not token.isascii() or not token.isalpha():
        return frozenset()
    alike = {each for sentence in sentences for each in tokens(sentence.text) if sounds_like(token, each)}
    return frozenset[str]().union(*map(meanings, alike))


def _standing(token: str) -> float:
    if token[0].isdigit():
        return NUMBER
    return GRAVE if meanings(token) & _GRAVE else 1.0


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
_GRAVE = meanings(fold("मौत")) | meanings(fold("गिरफ्तार"))
_DEATH = frozenset[str]().union(*(meanings(fold(word)) for word in words("मौत हत्या शहीद शव मृत मारे निधन दम")))


def _weighed(
    part: str,
    absent: float,
    sentences: Sequence[SentenceCandidate],
    told: frozenset[str],
    background: Mapping[str, float] | None,
) -> list[tuple[frozenset[str], float]]:
    """Return the meanings and the weight of each word of a part of the title; `absent` is that of a word not told."""
    found = [token for token in dict.fromkeys(tokens(part)) if stem_of(token)]
    most = max(background.values(), default=0.0) if background else 0.0
    words: list[tuple[frozenset[str], float]] = []
    for token in found:
        meaning = _meanings_in_title(token) | _sounding_like(token, sentences)
        # A stem that the background lacks counts as rarest. The square root keeps common words in the count.
        rarity = math.sqrt(background.get(stem_of(token), most) / most) if background and most else 1.0
        is_told = meaning & told or token[0].isdigit() or meaning & _GRAVE
        words.append((meaning, _standing(token) * rarity * (1.0 if is_told else absent)))
    return words


def _tells_end(parts: Sequence[Sequence[tuple[frozenset[str], float]]], covered: frozenset[str]) -> bool:
    """Return whether the last word of a part is covered. It is mostly what happened."""
    return any(len(part) >= PART_WORDS and not covered.isdisjoint(part[-1][0]) for part in parts)


class HeadlineCoverage:
    """Scores the sentences of one article by how much of its title and of the article they cover."""

    def __init__(
        self, title: str, sentences: Sequence[SentenceCandidate], background: Mapping[str, float] | None
    ) -> None:
        self.stems = set(stems(title))
        self.tolls = {str(toll) for toll in death_tolls(stems(title))}
        told = frozenset[str]().union(*(_all_meanings(each.text) for each in sentences))
        # The meanings and the weight of each word of the title, in its parts between marks.
        parts = _PARTS.split(title)
        # `सोनपुरा का मंदिर: …` is a topic, and no news.
        self.has_topic = title[len(parts[0]) :][:1] == ":" and len(stems(parts[0])) <= PART_WORDS
        # A topic that the report never mentions, like `नाव के दिन गए: …`, does not count at all.
        absent = [0.0 if self.has_topic and not at else ABSENT for at in range(len(parts))]
        self.parts = [_weighed(*each, sentences, told, background) for each in zip(parts, absent, strict=True)]
        self.words = [word for part in self.parts for word in part]
        self.numbers = [each for each, _weight in self.words if each & told and any(map(str.isdigit, each))]
        self.kills = any(meaning & meanings(fold("मौत")) for meaning, _weight in self.words)
        if deva_ratio(title) < LEAST_DEVA:
            # A Latin headline shares no words with a Hindi article.
            self.words, self.parts = [], []
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
        # `कैसे टूटा पुल, मंत्री ने बुलाई बैठक` has news beside the question.
        news = [part for part in parts if len(words(part)) > PART_WORDS and not _EXPLAINS.search(fold(part))]
        self.explains = not (news and "?" not in title) and bool(_EXPLAINS.search(fold(title)))
        self.weigh = weigher(background)
        self.centre = self.weigh(Counter(stem for each in sentences for stem in each.stems))

    def share(self, texts: Sequence[str]) -> float:
        """Return the share of the title's news that the texts cover, from 0 to 1."""
        total = sum(weight for _meaning, weight in self.words)
        covered = frozenset[str]().union(*map(_all_meanings, texts))
        return sum(weight for meaning, weight in self.words if meaning & covered) / total if total else 0.0

    def tells(self, text: str) -> bool:
        """Return whether a text covers most of the title, with one of its numbers, or nearly all of a part of it."""
        covered, news = _all_meanings(text), self.parts[self.has_topic :]
        words = [word for part in news for word in part]
        total = sum(weight for _meaning, weight in words)
        share = sum(weight for meaning, weight in words if meaning & covered) / total if total else 0.0
        has_number = not self.numbers or any(number & covered for number in self.numbers)
        if has_number and share >= LEAST_TOLD[_tells_end(news, covered)]:
            return True
        for part in news:
            size = sum(weight for _meaning, weight in part)
            told = sum(weight for meaning, weight in part if meaning & covered)
            if size >= PART_SIZE * total and told >= PART_TOLD * size and _tells_end([part], covered):
                return True
        return False

    def denies_enough(self, text: str) -> bool:
        """Return whether a text denies something, if the title does."""
        return not self.denies or not _DENIAL.isdisjoint(tokens(text))

    def value(self, chosen: Sequence[SentenceCandidate], wanted: int, echo: SentenceCandidate | None = None) -> float:
        """Score a passage by the share of the title that it covers, its length, and its first sentence as an opening.

        A passage that continues a sentence that is the title (`echo`) need not cover it again.
        """
        first, count = chosen[0], sum(each.words for each in chosen)
        skipped = chosen[-1].position - first.position - len(chosen) + 1
        value = EARLY * math.exp(-FADE * first.position) - SKIPS * skipped - WEAK * first.weak
        most = wanted * EXPLANATION if self.explains else wanted
        value += FULL * min(1.0, count / (FULL_SHARE * most)) - TOO_LONG * max(0, count - most)
        value += CENTRE * cosine(self.weigh(Counter(stem for each in chosen for stem in each.stems)), self.centre)
        if not self.words:
            return value - UNTITLED * first.position
        value += TELLS * (self.share([first.text]) + self.share([each.text for each in chosen])) / 2
        value -= ECHO * is_echo(set(first.stems), self.stems)
        value -= DENIES * self.contradicts_title(first)
        value -= BEFORE * (_looks_back(first.text) and not self.looks_back)
        if echo and first.position > echo.position:
            value -= self.restates(first)
        text = " ".join(each.text for each in chosen)
        value -= UNTOLD_DEATH * (not self.tells_death(text))
        return value - UNATTRIBUTED * (self.attributed and states(first.text) and not names_speech(first.text))

    def contradicts_title(self, each: SentenceCandidate) -> bool:
        """Return whether the sentence denies what the title asserts, or the reverse."""
        return self.denies != bool(_DENIAL & set(tokens(each.text)))

    def names_speaker(self, text: str) -> bool:
        """Return whether a text names the speaker of the title's news."""
        # `पाकिस्तान` in the words of another speaker does not count.
        before = " ".join(each.partition(" ने ")[0] for each in split(text))
        return not (self.speaker | self.agent).isdisjoint(_all_meanings(before))

    def lacks_speaker(self, text: str) -> bool:
        """Return whether a summary states in the paper's own name what the title attributes to somebody."""
        named = self.speaker | self.agent
        # Somebody else's words, even with their speaker, are not the quotation of the title.
        if self.names_speaker(text) or (names_speech(text) and not (self.quotes and named)):
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
