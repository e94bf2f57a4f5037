"""A headline for an article whose title is none: a file name, a byline, or the report's first paragraph.

Sees a title that is cleaned already; takes words of the report only, and makes none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from digest.collect.dateline import is_credit, split_dateline
from digest.collect.datelinewords import is_name, kind_of
from digest.collect.titles import is_file_name, is_site_name
from digest.hindi.cut import shorten
from digest.hindi.sentences import split
from digest.models import Block

_LONG_TITLE = 200
"""Characters; a title of several sentences is longer than a headline only when it is the report's first paragraph."""

_MADE_TITLE = 120
"""Clusters of the first sentence that stands in for a headline; 99 of 100 headlines are shorter."""

_LEAST_WORDS = 6
"""A shorter sentence is a cry or a quotation, and says nothing of the report."""

_NAMED = 3
"""Words of a person's name."""

_ENDED = re.compile("[।॥?!.|][\"'”’»)]*$")


def headline(title: str, body: Sequence[Block], excerpt: str) -> tuple[str, Sequence[Block]]:
    """A headline, and the body with what stood in the headline's place: a paragraph, or a record's file name."""
    text = next((block.text for block in body if block.kind == "p" and not is_site_name(block.text)), excerpt)
    if is_file_name(title) or kind_of(title) == "place" or _is_byline(title, text):
        return first_words(text) or title, body
    sentences = split(title) if len(title) > _LONG_TITLE or title.endswith("।") else []
    if len(sentences) < 2:
        return title, body
    whole = " ".join(sentences if _ENDED.search(sentences[-1]) else sentences[:-1])
    return first_words(title), (Block("p", whole), *body)


def _is_byline(title: str, text: str) -> bool:
    """Whether a title only says who reports and from where: `रमा देवी, मेरठ`, `संवाद सूत्र, रामगंज (मुंगेर):`."""
    if is_credit(title) or (title.endswith((":", "।")) and split_dateline(f"{title} {text}")[1] == text):
        return True
    person, comma, place = title.partition(", ")
    words = person.split()
    return bool(comma) and 2 <= len(words) <= _NAMED and is_name(person) and kind_of(place) == "place"


def first_words(text: str) -> str:
    """The first sentence without its dateline and its end, cut where it is long."""
    sentences = split(split_dateline(text)[1])
    first = next((one for one in sentences if len(one.split()) >= _LEAST_WORDS), "".join(sentences[:1]))
    return shorten(first.rstrip("।॥. "), _MADE_TITLE)
