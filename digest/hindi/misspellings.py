"""Correct typing errors in a line of Hindi news that cannot be other words: नंवबर, सार्वजिनक, `को को`, `रहे है`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from digest.hindi.text import CONSONANT, LETTER, NUKTA, VIRAMA, table_rows

_WORD = re.compile(f"[{LETTER}\u200c\u200d]+")
_SIGNS = ("ं", f"र{VIRAMA}")
_PLURAL, _LEAST_PLURAL = "ों", 6
# `सैनिको ने`. Without a postposition the word may be right: `साथियो, सुनो`.
_OBLIQUE = re.compile(f"(?<![{LETTER}])[{LETTER}]+ो(?= (?:ने|को|से|में|पर|तक|का|के|की)(?![{LETTER}]))")
# `दिल्ली मे बैठक`, but not the former prime minister: `थेरेसा मे`, `मे ने कहा`.
_IN = re.compile(f"(?<![{LETTER}])(?<!(?:थेरेसा|टेरेसा|थेरीसा|टेरीसा|टेरीजा) )(?<!टेरीज़ा )मे(?![{LETTER}-])(?! (?:ने|को|का|के) )")
# `रहे है` and `रहें है` for `रहे हैं`, and `रहा हैं` for `रहा है`.
_MANY = re.compile(f"(?<![{LETTER}])(रहे|गए|गये|आए|आये|चुके|जाते|होते|करते|रहते|सकते|दिए|दिये) है(?=$|[ ,;।.?!])(?! कि )")
_ONE = re.compile(f"(?<![{LETTER}])(रहा|गया|आया|हुआ|चुका|जाता|होता|करता|रहता|सकता|दिया|किया) हैं(?=$|[ ,;।.?!])")
_PARTICIPLE = re.compile(f"(?<![{LETTER}])रहें हैं?(?=$|[ ,;।.?!])")
# A postposition typed twice or more. `की की` and `से से` may be right: `जांच की की मांग`.
_TWICE = re.compile(f"(?<![{LETTER}])(को|में|ने|का|पर|है|हैं|कि)(?: \\1)+(?![{LETTER}])")
# A half र after its letter, where no word has one: आट्र्स is आर्ट्स.
_LATE_R = re.compile(f"(?<!{VIRAMA})([{CONSONANT}]){VIRAMA}र{VIRAMA}(?=[{CONSONANT}])(?!य)")
# `औरप्रशांत`, `गईऔर`, but not औरत, औरंगाबाद and औरकज़ई.
_AND_GLUED = re.compile(f"(?<![{LETTER}])और(?!त)(?=[{CONSONANT}][{LETTER}]{{4}})")
_GLUED_AND = re.compile("(गई|गए|हैं)और(?= )")
# A half letter and its vertical stroke are the whole letter: दहश्ात.
_STROKE = re.compile(f"{VIRAMA}[\u200c\u200d]?ा")


def corrected(text: str) -> str:
    """Return the text with those typing errors corrected that can be no other word."""
    errors, plurals = _tables()
    line = _LATE_R.sub(f"र{VIRAMA}\\1{VIRAMA}", _STROKE.sub("", text))
    line = _WORD.sub(lambda match: errors.get(match[0], match[0]), line)
    line = _OBLIQUE.sub(lambda match: plurals.get(match[0], match[0]), _IN.sub("में", line))
    line = _GLUED_AND.sub(r"\1 और", _AND_GLUED.sub("और ", line))
    line = _PARTICIPLE.sub("रहे हैं", line)
    return _ONE.sub(r"\1 है", _MANY.sub(r"\1 हैं", _TWICE.sub(r"\1", line)))


@cache
def _tables() -> tuple[dict[str, str], dict[str, str]]:
    """Return error -> right word, and the same for plurals without their last anusvara."""
    lists: dict[str, list[str]] = {"sign": [], "order": [], "word": [], "pair": []}
    for row in table_rows("digest.hindi", "misspellings.txt"):
        name, _, listed = row.partition(":")
        lists[name] += listed.split()
    found: dict[str, str] = {}
    words = (*lists["sign"], *lists["order"])
    for word in words:
        found |= dict.fromkeys(_move_sign(word), word)
    for word in lists["order"]:
        found |= dict.fromkeys(_swap_neighbours(word), word)
    found |= dict(pair.split("/") for pair in lists["pair"])
    right = {*words, *lists["word"]}
    plurals = {word[:-1]: word for word in words if word.endswith(_PLURAL) and len(word) >= _LEAST_PLURAL}
    return {error: word for error, word in found.items() if error not in right}, plurals


def _move_sign(word: str) -> Iterator[str]:
    """Yield the word with one of its signs over another letter."""
    for sign in _SIGNS:
        at = word.find(sign)
        while at >= 0:
            rest = word[:at] + word[at + len(sign) :]
            yield from (rest[:to] + sign + rest[to:] for to in range(1, len(rest) + 1) if to != at)
            at = word.find(sign, at + 1)


def _swap_neighbours(word: str) -> Iterator[str]:
    """Yield the word with two neighbouring letters or signs in the wrong order."""
    for at in range(len(word) - 1):
        if NUKTA not in word[at : at + 2]:
            yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]
