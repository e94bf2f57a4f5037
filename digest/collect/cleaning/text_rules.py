"""Rules that remove additions of sites from titles and texts: the rows of text_rules.txt. Each example is a test."""

from __future__ import annotations

import re
from dataclasses import dataclass

from digest.hindi.text import table_rows


@dataclass(frozen=True, slots=True)
class TextRule:
    """Replaces matches of `pattern` by `put`; applied to `example` it gives `gives`."""

    pattern: re.Pattern[str]
    put: str
    example: str
    gives: str

    def apply(self, text: str) -> str:
        """Return the text with matches replaced."""
        return self.pattern.sub(self.put, text)


def _rows() -> dict[str, tuple[TextRule, ...]]:
    """Return the rows of the table by section."""
    sections: dict[str, tuple[TextRule, ...]] = {}
    name = ""
    for line in table_rows("digest.collect.cleaning", "text_rules.txt"):
        if "\t" not in line:
            name = line.strip("[]")
            continue
        pattern, put, example, gives = line.split("\t")
        row = TextRule(re.compile(pattern, re.IGNORECASE), put, example, gives)
        sections[name] = (*sections.get(name, ()), row)
    return sections


_SECTIONS = _rows()
TITLE_MARKS, OPENINGS, FEED_TAILS = (_SECTIONS[name] for name in ("title marks", "openings", "feed tails"))

# The end of a text that a feed has cut.
TRUNCATED = re.compile(r"(?:\[\s*(?:…|\.{2,}|&hellip;|&#8230;)\s*\]|\(\s*(?:…|\.{3})\s*\)|…|(?<!\.)\.{3,})\s*$")
