"""Whether every text is cut where a reader would cut it: no line begins inside a grapheme cluster, and what ends in
'…' ends in a whole word of its source.

Works by Unicode categories and the words of the articles, not by digest.hindi.cut: that is what is judged.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator

from tools.mail.editions import split
from tools.mail.letters import Made
from tools.mail.row import Row, at_most

_FILLERS = "\u034f\ufe0f"
"""Marks that may stand alone: the grapheme joiner of the preheader's filler, and the emoji selector."""


def judge(made: Made) -> Iterator[Row]:
    texts: dict[str, list[str]] = json.loads((made.folder / "texts.json").read_text(encoding="utf-8"))
    broken = [f"{where}: {line}" for where, lines in texts.items() for line in lines if _torn(line)]
    yield at_most("words", made.name, "texts that begin or go on inside a cluster", len(broken), 0, tuple(broken))
    if not made.words:
        return
    whole = [
        f"{where}: {line}" for where, lines in texts.items() for line in lines if not _ends_whole(line, made.words)
    ]
    yield at_most("words", made.name, "texts cut inside a word", len(whole), 0, tuple(whole))


def _torn(line: str) -> bool:
    """Whether a word begins with what can only follow a letter."""
    return any(unicodedata.category(word[0])[0] == "M" and word[0] not in _FILLERS for word in line.split())


def _ends_whole(line: str, words: frozenset[str]) -> bool:
    """Whether the last word before each '…' is a word of the articles; a line that isn't cut is."""
    parts = line.split("…")[:-1]
    return all(not split(part) or split(part)[-1] in words for part in parts if not part.endswith(" "))
