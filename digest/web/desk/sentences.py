"""Translate the stored English warnings of an edition and its emails into the page's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digest.i18n.catalogue import Catalogue

KEPT = (
    "left out to fit: %(title)s",
    "%(num)s summary cut to the first sentence to fit",
    "%(num)s summaries cut to the first sentence to fit",
    "block left out: %(why)s",
    "block %(name)s is left out: %(why)s",
    "advertisements left out: %(why)s",
    "no intro: the model's was not used, because %(why)s",
    "“%(title)s” has no picture: the file%(name)s %(why)s",
)
"""Their forms. Sentences of other forms stay in English. What `why` stands for is about a file and stays too."""

_PLACE = re.compile(r"%\(([a-z]+)\)s")


def _pattern(form: str) -> re.Pattern[str]:
    parts = _PLACE.split(form)
    found = {"num": "[0-9,]+"}
    named = (
        f"(?P<{part}>{found.get(part, '.*')})" if number % 2 else re.escape(part) for number, part in enumerate(parts)
    )
    return re.compile("".join(named), re.S)


_PATTERNS: Mapping[str, re.Pattern[str]] = {form: _pattern(form) for form in KEPT}


def translate(sentence: str, catalogue: Catalogue) -> str | None:
    """Return the sentence in the catalogue's language; None if its pattern is unknown."""
    for form, pattern in _PATTERNS.items():
        if found := pattern.fullmatch(sentence):
            return catalogue.gettext(form) % found.groupdict()
    return None
