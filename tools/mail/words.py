"""Whether texts are cut well: no line starts inside a grapheme cluster, and '…' follows a whole word of the source.

Uses Unicode categories and the words of the articles instead of digest.hindi.cut, which it checks.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator

from tools.mail.editions import split
from tools.mail.emails import CheckedEmail
from tools.mail.row import Row, at_most

# Marks without a letter that are allowed: the grapheme joiner of the preheader's filler, and the emoji selector.
_FILLERS = "\u034f\ufe0f"


def check(email: CheckedEmail) -> Iterator[Row]:
    texts: dict[str, list[str]] = json.loads((email.folder / "texts.json").read_text(encoding="utf-8"))
    broken = [f"{where}: {line}" for where, lines in texts.items() for line in lines if _starts_inside_cluster(line)]
    yield at_most("words", email.name, "texts that start or continue inside a cluster", len(broken), 0, tuple(broken))
    if not email.words:
        return
    whole = [
        f"{where}: {line}"
        for where, lines in texts.items()
        for line in lines
        if not _ends_in_whole_words(line, email.words)
    ]
    yield at_most("words", email.name, "texts cut inside a word", len(whole), 0, tuple(whole))


def _starts_inside_cluster(line: str) -> bool:
    """Return whether a word starts with a mark that can only follow a letter."""
    return any(unicodedata.category(word[0])[0] == "M" and word[0] not in _FILLERS for word in line.split())


def _ends_in_whole_words(line: str, words: frozenset[str]) -> bool:
    """Return whether the last word before each '…' is a word of the articles."""
    parts = line.split("…")[:-1]
    return all(not split(part) or split(part)[-1] in words for part in parts if not part.endswith(" "))
