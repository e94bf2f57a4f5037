"""Split a headline at its marks, find the parts that are news, and measure how much of each a text tells."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from digest.curate.summary.word_lists import any_of
from digest.curate.summary.word_meanings import GRAVE_NEWS, meanings, meanings_in_title
from digest.hindi.sounds import sounds_like
from digest.hindi.text import fold, folded_words
from digest.hindi.tokens import stem_of, stems, tokens

# A part with this many words and this share of the title is news by itself.
PART_WORDS, PART_SIZE = 3, 0.3
# A word of the title that the article never uses counts less: no sentence can cover it.
ABSENT = 0.7
# A number is worth more than a word: it is what changes from one report to the next.
NUMBER = 1.5
# A death or an arrest is the news, whatever else the headline says.
GRAVE = 3.0

_PARTS = re.compile("[,:](?![0-9])|[;!?।…|]|\\.\\.+| [-–—]+ |[-–—] ")
# `मंत्री का आदेश- …` names the speaker too.
_SAYS = re.compile(
    fold(
        "(?:बोले|बोला|बोली|बोलीं|कहा|बताया"
        "|(?:का|की|के) (?:[^ ]+ )?(?:निर्देश|आदेश|बयान|दावा|आरोप|अपील|सलाह|मांग|ऐलान|एलान|चेतावनी)) ?$"
    )
)
# `बंद हुआ था`, but not `घूम रहा था`.
_WAS = re.compile(fold("(?<!रह)(?<!त)(?:ी|े|ा|ई|ए|या) (?:था|थी|थे|थीं)(?: |$)"))
_SCENE = re.compile(any_of("scene"))
_GOES_ON = re.compile(f"(?:^| ){any_of('stem')} {fold('(?:रहा|रही|रहे)(?: |$)')}")
DENIAL = folded_words("नहीं न ना मत इनकार इन्कार खारिज रद्द नामंजूर बिना")
# `नाव ही नहीं, पुल भी` and `नहीं सुधरे तो` deny nothing.
_DENIES_NOTHING = re.compile(fold("(?:सिर्फ|केवल|महज) (?:[^ ]+ ){0,3}नहीं|ही नहीं|नहीं [^ ]+ तो "))


@dataclass(frozen=True, slots=True)
class TitlePart:
    """A part of a headline."""

    text: str
    # The meanings and the weight of each word.
    words: tuple[tuple[frozenset[str], float], ...]
    denies: bool
    # Whether it reports something new: it is no topic, names no speaker, and does not look back.
    is_news: bool = True

    @property
    def weight(self) -> float:
        return sum(weight for _meaning, weight in self.words)

    def tells_end(self, covered: frozenset[str]) -> bool:
        """Whether one of the last two words is covered: mostly what happened, before or after who did it.

        A death or an arrest at the end is covered itself.
        """
        if not self.words:
            return False
        is_grave = not self.words[-1][0].isdisjoint(GRAVE_NEWS)
        if len(self.words) < PART_WORDS and not is_grave:
            return False
        ends = self.words[-1:] if is_grave else self.words[-2:]
        return any(not covered.isdisjoint(meaning) for meaning, _weight in ends)


def share_told(words: Sequence[tuple[frozenset[str], float]], covered: frozenset[str]) -> float:
    """Return the share of weighed words that is covered, from 0 to 1."""
    total = sum(weight for _meaning, weight in words)
    return sum(weight for meaning, weight in words if meaning & covered) / total if total else 0.0


def title_parts(
    title: str, sentences: Sequence[str], told: frozenset[str], background: Mapping[str, float] | None
) -> list[TitlePart]:
    """Return the parts of a title above these sentences of its report; `told` are all meanings of the report."""
    texts = _PARTS.split(title)
    # `सोनपुरा का मंदिर: …` is a topic, and no news. `नहर बहुत बड़ी है: रमा देवी` has only the speaker after it.
    opening, rest = texts[0], title[len(texts[0]) :]
    has_topic = rest[:1] == ":" and len(stems(opening)) <= PART_WORDS <= len(tokens(rest))
    rarity = _rarity(background)
    heard = {token for each in sentences for token in tokens(each)}
    found: list[TitlePart] = []
    for at, text in enumerate(texts):
        is_topic = has_topic and not at
        # A topic that the report never mentions, like `नाव के दिन गए: …`, does not count at all.
        weighed = tuple(_weigh(text, 0.0 if is_topic else ABSENT, heard, told, rarity))
        denies = bool(DENIAL & set(tokens(_DENIES_NOTHING.sub("", fold(text)))))
        is_speaker = not at and bool(_SAYS.search(fold(text)))
        found.append(TitlePart(text, weighed, denies, is_news=not (is_topic or is_speaker)))
    for is_background in (_looks_back, goes_on):
        if any(each.is_news and len(each.words) >= PART_WORDS and not is_background(each.text) for each in found):
            found = [replace(each, is_news=each.is_news and not is_background(each.text)) for each in found]
    return found


def _looks_back(text: str) -> bool:
    """Whether a part tells of an earlier time, as the second does: `पुल फिर खुला, पिछले साल बंद हुआ था`."""
    return bool(_WAS.search(fold(text)))


def goes_on(text: str) -> bool:
    """Whether a text tells of something that is going on, as the first part does: `सता रही है महंगाई, नया मेला खुला`."""
    return bool(_GOES_ON.search(fold(text)))


def sets_scene(text: str) -> bool:
    """Whether a text only sets the scene: what is happening or already known, as in `महामारी ने दस्तक दे दी है`."""
    return goes_on(text) or bool(_SCENE.search(fold(text)))


def _weigh(
    text: str, absent: float, heard: set[str], told: frozenset[str], rarity: Callable[[str], float]
) -> list[tuple[frozenset[str], float]]:
    """Return the meanings and the weight of each word; `absent` is the weight of one that the report never uses."""
    words: list[tuple[frozenset[str], float]] = []
    for token in (token for token in dict.fromkeys(tokens(text)) if stem_of(token)):
        meaning = meanings_in_title(token) | _sounding_like(token, heard)
        is_told = meaning & told or token[0].isdigit() or meaning & GRAVE_NEWS
        words.append((meaning, _standing(token) * rarity(token) * (1.0 if is_told else absent)))
    return words


def _rarity(background: Mapping[str, float] | None) -> Callable[[str], float]:
    """Return a function from a token to its rarity. The square root keeps common words in the count."""
    most = max(background.values(), default=0.0) if background else 0.0
    # A stem that the background lacks counts as rarest.
    return lambda token: math.sqrt(background.get(stem_of(token), most) / most) if background and most else 1.0


def _standing(token: str) -> float:
    if token[0].isdigit():
        return NUMBER
    return GRAVE if meanings(token) & GRAVE_NEWS else 1.0


def _sounding_like(token: str, heard: set[str]) -> frozenset[str]:
    """Return the meanings of the report's words that may be a Latin name of the title: `Kamla`, कमला."""
    if not token.isascii() or not token.isalpha():
        return frozenset()
    return frozenset[str]().union(*(meanings(each) for each in heard if sounds_like(token, each)))
