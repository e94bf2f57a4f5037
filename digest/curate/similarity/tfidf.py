"""Articles as stems, and the weights of stems (TF-IDF). Pure Python: 5,000 articles take seconds."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, islice
from operator import mul

from digest.curate.similarity.cues import clock_times
from digest.hindi import sentences
from digest.hindi.text import deva_ratio, table_rows
from digest.hindi.tokens import stems, word_stems
from digest.models import Article

# The share assumed for a stem that is not in the table: it occurred in fewer than four of some 600 articles.
UNSEEN_SHARE = 0.0015


@lru_cache(maxsize=1)
def document_shares() -> Mapping[str, float]:
    """Return the share of articles (0..1) that contain each of the 2,200 most common stems."""
    found: dict[str, float] = {}
    for row in table_rows("digest.curate.similarity", "commonness.txt"):
        share, *listed = row.split(" ")
        found.update(dict.fromkeys(listed, float(share) / 1000))
    return found


# Written by hand from the vocabulary of news, not counted in anybody's texts.
_WORDS = """
सरकार राज्य केंद्र देश जिला शहर गांव इलाका क्षेत्र मंत्री मुख्यमंत्री प्रधानमंत्री
अधिकारी विभाग प्रशासन पुलिस थाना टीम दल लोग लोगों व्यक्ति महिला युवक बच्चे परिवार घर समय
दिन सप्ताह महीना साल वर्ष घंटे आज कल सोमवार मंगलवार बुधवार गुरुवार शुक्रवार शनिवार
रविवार सुबह शाम रात दोपहर पहली पहला दूसरा तीसरा नई नया बड़ा बड़ी बड़े अच्छा पूरा मामला
घटना बात काम जानकारी खबर रिपोर्ट सूत्र बयान आरोप जांच कार्रवाई फैसला आदेश नियम कानून
योजना परियोजना कार्यक्रम बैठक सभा अभियान तैयारी शुरू जारी बंद खत्म लागू पेश मांग विरोध
समर्थन सवाल जवाब चर्चा घोषणा ऐलान दावा कोशिश मदद सुरक्षा व्यवस्था स्थिति हालत असर नुकसान
फायदा लाख करोड़ हजार सौ रुपए प्रतिशत संख्या आंकड़ा बार जगह स्थान सड़क पानी बिजली अस्पताल
डॉक्टर इलाज स्कूल कॉलेज छात्र भारत दिल्ली उत्तर प्रदेश मध्य पार्टी नेता अध्यक्ष प्रमुख
सदस्य कंपनी बाजार बैंक खिलाड़ी मैच टीम जीत हार मौत घायल हादसा हमला गिरफ्तार दर्ज शामिल
मौजूद आयोजित संबंध विशेष मुख्य सामने नीचे ऊपर आगे पीछे हाथ नाम पद अलग दो तीन चार पांच 10
20 भारतीय राष्ट्रीय संवाददाता एजेंसी ब्यूरो फोटो वीडियो सोशल मीडिया न्यूज कहना मानना
चलना पहुंचना मिलना निकलना दिखना रखना बनना बनाना लेकर मिला मिली मिले पहुंचे पहुंचा निकली
चल चला चली बना बनी बने रखा रखी मान माना देखा देखने सुना बोले पूछा किसी कार्य दिसंबर
जनवरी फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर स्तर आम जनता नागरिक
संस्थान संगठन अंतरराष्ट्रीय
"""

# Words that occur in the news of any day; folded stems.
COMMON_STEMS = frozenset(stems(_WORDS))


LEAD_SENTENCES = 3
FULL_WORDS = 250
# The table of common stems counts as this many articles, so that two articles alone are weighted much like a week's.
# From this many articles on, a stem that is rare among them is fully trusted to be rare.
LARGE = 500
# A stem is rare if at most this share of the articles contains it.
RARE_SHARE = 0.009

# Characters of an article that are read, and those in which its lead is searched.
_TEXT_LIMIT, _LEAD_LIMIT = 4000, 1500

_WORD = re.compile("[\u0900-\u0963\u0966-\u096f\u0971-\u097f\u200c\u200d]+|[A-Za-z\u00c0-\u024f]+|[0-9][0-9.,]*")


@lru_cache(maxsize=1_000)
def _damp(count: int) -> float:
    return 1 + math.log(count)


@dataclass(frozen=True, slots=True)
class StemCounts:
    """How often a text has each of its stems."""

    # Each stem once, in the order of the text, and 1 + ln of its count. Tuples take half the memory of a dict.
    stems: tuple[str, ...]
    damped: tuple[float, ...]

    @classmethod
    def of(cls, found: Iterable[str]) -> StemCounts:
        counts = Counter(found)
        return cls(tuple(counts), tuple(map(_damp, counts.values())))


@dataclass(frozen=True, slots=True)
class SharedStems:
    """The stems that two texts share, each with the product of its damped counts in both."""

    stems: tuple[str, ...]
    products: tuple[float, ...]

    @classmethod
    def of(cls, one: StemCounts, other: StemCounts) -> SharedStems:
        theirs = dict(zip(other.stems, other.damped, strict=True))
        mine = zip(one.stems, one.damped, strict=True)
        found = [(stem, count * theirs[stem]) for stem, count in mine if stem in theirs]
        stems, products = zip(*found, strict=True) if found else ((), ())
        return cls(stems, products)


@dataclass(frozen=True, slots=True)
class TokenisedText:
    """The stems of an article."""

    # The article's own title, and its stems in order.
    written_headline: str
    headline: tuple[str, ...]
    # The stems in order of the text that is compared as title: the headline, or the first paragraph if the headline
    # only repeats the text.
    title: tuple[str, ...]
    # The stems in order of that title and the first sentences.
    lead: tuple[str, ...]
    title_counts: StemCounts
    lead_counts: StemCounts
    # Of the title and the first FULL_WORDS words.
    full_counts: StemCounts
    # The clock times in the lead and in these words, as `cues.clock_times` returns them.
    clock_times: frozenset[int]


def tokenise(title: str, written: str, text: str) -> TokenisedText:
    """Split an article into stems. `written` is its title with the kicker (`compared_title`).

    If the title only repeats the first sentence, the first paragraph takes the title's place. A report without a
    headline is then compared by as much text as one with a headline.
    """
    compared = headline = title_stems(written)
    if _repeats_title(title, text):
        first, _, after = text.partition("\n")
        compared = tuple(stems(first[:_LEAD_LIMIT]))
        text, body = after, text[len(first) : _TEXT_LIMIT]
    else:
        body = text[:_TEXT_LIMIT]
    lead = (*compared, *stems(_opening(text)))
    full = tuple(chain.from_iterable(map(word_stems, body.split()[:FULL_WORDS])))
    return TokenisedText(
        written_headline=written,
        headline=headline,
        title=compared,
        lead=lead,
        title_counts=StemCounts.of(compared),
        lead_counts=StemCounts.of(lead),
        full_counts=StemCounts.of((*compared, *full)),
        clock_times=clock_times((*lead, *full)),
    )


def compared_title(article: Article) -> str:
    """Return the title with a kicker before it: a town that cleaning took from its front tells two events apart."""
    return f"{article.kicker} {article.title}" if deva_ratio(article.kicker) else article.title


def lead_text(article: Article) -> str:
    """Return the title and the first three sentences, where a report says what happened."""
    opening = _opening(article.text)
    return f"{article.title}\n{opening}" if opening else article.title


def _opening(text: str) -> str:
    return "\n".join(islice(sentences.each(text[:_LEAD_LIMIT]), LEAD_SENTENCES))


def _repeats_title(title: str, text: str) -> bool:
    title = title.rstrip(" ।.…")
    return len(text) > len(title) + 1 and len(title) > 0 and text.startswith(title[:60])


@lru_cache(maxsize=50_000)
def title_stems(title: str) -> tuple[str, ...]:
    """Return the stems of a title. Cached, because several steps ask for them."""
    return tuple(stems(title))


def is_number(stem: str) -> bool:
    return stem[0] in "0123456789"


class Frequencies:
    """Document frequencies of stems, counted once over the articles of some days.

    The table of common stems is added as LARGE articles. It dominates if there are few articles, and hardly matters
    among thousands.
    """

    def __init__(self, texts: Iterable[TokenisedText]) -> None:
        self.counts: Counter[str] = Counter()
        self.size = 0
        for each in texts:
            self.counts.update({*each.full_counts.stems, *each.lead_counts.stems})
            self.size += 1
        self._idf = _InverseFrequencies(self.counts, self.size)

    @property
    def is_large(self) -> bool:
        """Whether there are enough articles to call a stem rare without the hand-written list of common stems."""
        return self.size >= LARGE

    @property
    def trust(self) -> float:
        """The share (0..1) of trust in a stem that looks rare: few articles say little about it."""
        return min(1.0, self.size / LARGE)

    def idf(self, stem: str) -> float:
        """Return the smoothed inverse document frequency, at least 1."""
        return self._idf[stem]

    @cached_property
    def rare_stems(self) -> frozenset[str]:
        """Return the stems, without numbers, that at most RARE_SHARE of the articles contain."""
        limit, shares = RARE_SHARE * (self.size + LARGE), document_shares()
        return frozenset(
            stem
            for stem, count in self.counts.items()
            if count + LARGE * shares.get(stem, UNSEEN_SHARE) <= limit and not is_number(stem)
        )

    def norm(self, counts: StemCounts) -> float:
        """Return the length of the vector of the stem counts with weights (1 + ln count) * idf."""
        return math.hypot(*map(mul, map(self._idf.__getitem__, counts.stems), counts.damped))

    def weigh(self, counts: StemCounts, norm: float, wanted: Container[str]) -> dict[str, float]:
        """Return the weights of the wanted stems in the vector of length 1.

        Weights are whole multiples of 2^-26. A sum of products is then exact, so it is the same in any order.
        """
        idf = self._idf
        return {
            stem: idf[stem] * damped / norm + _ROUND - _ROUND
            for stem, damped in zip(counts.stems, counts.damped, strict=True)
            if stem in wanted
        }

    def cosine(self, shared: SharedStems, norm: float, other_norm: float) -> float:
        """Return the cosine of two texts by the stems that they share and the lengths of their vectors.

        `fsum` is exact, so the cosine is the same in any order.
        """
        # A text without any stem, such as a headline of stop words, has no length to divide by.
        if not shared.stems:
            return 0.0
        weights = [*map(self._idf.__getitem__, shared.stems)]
        return math.fsum(map(mul, map(mul, weights, weights), shared.products)) / (norm * other_norm)


class _InverseFrequencies(dict[str, float]):
    """Stem -> its inverse document frequency, computed when it is first looked up."""

    def __init__(self, counts: Mapping[str, int], size: int) -> None:
        self._counts, self._size = counts, size

    def __missing__(self, stem: str) -> float:
        count = self._counts.get(stem, 0) + LARGE * document_shares().get(stem, UNSEEN_SHARE)
        found = self[stem] = math.log((1 + self._size + LARGE) / (1 + count)) + 1
        return found


# Adding and subtracting this rounds a number below 1 to 26 binary digits; a float has 53.
_ROUND = 1.5 * 2.0**26


def surface_forms(text: str) -> dict[str, str]:
    """Map each stem to the first word of the text that has it, for display."""
    found: dict[str, str] = {}
    for word in _WORD.findall(text):
        for stem in word_stems(word):
            found.setdefault(stem, word)
    return found
