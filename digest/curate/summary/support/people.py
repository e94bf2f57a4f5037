"""Refuse a person's fate, arrest or accusation unless the article's sentence names that person in the same part.

An article need not name its subject in each sentence, but a person must be named: `मोहन घायल हुए` does not retell `एक
कार्यकर्ता को चोट आई`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile

from digest.curate.summary.support.articles import Articles, ClausePair, Place
from digest.curate.summary.support.clauses import Clause
from digest.curate.summary.support.roles import is_name_like, is_plain_word, same
from digest.curate.summary.support.vocabulary import GRAMMAR
from digest.curate.summary.support.words import Word
from digest.hindi.text import fold
from digest.messages import Message

_FATES = frozenset().union(*(GRAMMAR[name] for name in ("dead", "injured", "missing", "penalty", "harmed")))
# A pronoun means a person of its sentence, or of this many sentences before it.
_BACK = 2
_SUFFERS = frozenset({"", "को", "gen", "पर", "against", "at"})
_ACCUSES, _ACCUSED = frozenset({"ने", "द्वारा", "side"}), frozenset({"पर", "against"})
_LABELS = GRAMMAR["label"]
_CASES = frozenset({"मामले", "मामला", "केस", "मुकदमे"})
_HONORIFICS = frozenset(map(fold, ["डॉ", "डॉक्टर", "प्रो", "श्री", "श्रीमती"]))


def misassigned(pair: ClausePair) -> Message | None:
    """Return a problem if the clause gives a person a fate or part that the article's sentence does not give them."""
    articles, clause, other = pair.articles, pair.clause, pair.other
    if "claim" in clause.act & other.act and (turned := _find_turned(clause, other)):
        return Message("it exchanges who accuses and who is accused: “%(name)s”", name=turned.text)
    if label := _label(articles, clause):
        return label
    has_fate = "arrest" in clause.kinds or bool(_FATES & set(clause.tokens))
    if not (has_fate or clause.kinds & {"blame", "claim"}):
        return None
    near = _near(articles, pair.place)
    for name in _people(articles, clause):
        if _naming_words(name, near):
            continue
        if (has_fate and name[0].marker != "gen") or _somebody_else(clause, other):
            return Message("the article's sentence does not name “%(name)s”", name=name[0].text)
    return None


def _find_turned(clause: Clause, other: Clause) -> Word | None:
    """Return who accuses in the clause and is accused in the article, or the reverse."""
    for word in clause.words:
        theirs = {each.marker for each in other.words if same(word, each)} if is_name_like(word) else set()
        for mine, turned in ((_ACCUSES, _ACCUSED), (_ACCUSED, _ACCUSES)):
            if word.is_content and word.marker in mine and theirs and theirs <= turned:
                return word
    return None


def _label(articles: Articles, clause: Clause) -> Message | None:
    """Return a problem if a label like `बदमाश` precedes a name, and the articles don't use it of that person."""
    for at, label in enumerate(clause.words):
        if label.text not in _LABELS:
            continue
        names = [each for each in takewhile(is_name_like, clause.words[at + 1 :]) if each.phrase == label.phrase]
        if names and not any(_is_labelled(label, names, each) for each in articles.clauses()):
            return Message("the articles do not call “%(name)s” “%(other)s”", name=names[0].text, other=label.text)
    return None


def _is_labelled(label: Word, names: Sequence[Word], clause: Clause) -> bool:
    """Whether the clause has the label in the person's phrase, or accuses or punishes the person."""
    named = _naming_words(names, clause.words)
    suffers = any(each.marker in ("को", "against", "पर", "") for each in named)
    if suffers and (clause.kinds & {"arrest", "blame", "claim"} or GRAMMAR["penalty"] & set(clause.tokens)):
        return True
    return any(each.phrase == one.phrase and same(label, one) for each in named for one in clause.words)


def _naming_words(names: Sequence[Word], words: Sequence[Word]) -> list[Word]:
    """Return the words that name the person. `मलिक` may be `साहिल मलिक`, but `मोहन मलिक` is somebody else."""
    before = [None, *words]
    return [
        each
        for one, each in zip(before, words, strict=False)
        if same(names[0], each)
        or (
            any(same(name, each) for name in names)
            and not (one and one.phrase == each.phrase and is_name_like(one) and not any(same(n, one) for n in names))
        )
    ]


def _near(articles: Articles, place: Place) -> list[Word]:
    """Return the words of the sentence but not who tells it, and those that its pronouns may mean."""
    sentences = articles.sentences(place.source)
    told = sentences[max(0, place.sentence - _BACK) : place.sentence] if place.other.pronouns else ()
    clauses = (place.other,)
    return [word for each in (*clauses, *(part for one in told for part in one.clauses)) for word in each.words]


def _somebody_else(clause: Clause, other: Clause) -> bool:
    """Whether the article's clause has a person or thing in such a part that the summary leaves out."""
    return any(
        each.marker in _SUFFERS
        and each.is_content
        and not each.number
        and (is_name_like(each) or "office" in each.concepts)
        and not any(same(word, each) for word in clause.words)
        for each in other.words
    )


def _people(articles: Articles, clause: Clause) -> Iterator[list[Word]]:
    """Yield the names of each phrase that may name a person who suffers it."""
    phrases: dict[int, list[Word]] = {}
    # `मूर्ति चोरी के मामले में`: what the case is called.
    called = {word.phrase for word, after in pairwise(clause.words) if after.text in _CASES}
    for word in clause.words:
        is_told = word.marker == "said" or word.phrase in called
        if word.is_content and word.phrase >= 0 and not is_told and word.text not in _HONORIFICS:
            phrases.setdefault(word.phrase, []).append(word)
    for phrase in phrases.values():
        names = [word for word in phrase if is_name_like(word) or (word.marker == "को" and "office" in word.concepts)]
        # `हीरा साव`: an everyday word may be a first name.
        first = [one for one, two in pairwise(phrase) if names and two is names[0] and is_plain_word(one)]
        names = [*first, *names]
        if phrase[0].marker not in _SUFFERS:
            # `मंत्री मोहन बुख़ार से बीमार हैं`: the subject has the marker of the next noun.
            names = [two for one, two in pairwise(phrase) if "office" in one.concepts and is_name_like(two)][:1]
        if names and not any(articles.is_place(word) for word in names):
            yield names
