"""Numbers of a finished letter in Devanagari digits, where the newsletter wants them. Changes no markup.

Works on words: one that holds a Latin letter (5G, COVID-19, an address, a placeholder) keeps its digits, for half a
word in each script is no word at all.
"""

from __future__ import annotations

import re

from digest.hindi.numbers import devanagari_digits

# comments (Word's conditional ones hold markup), style sheets and the head but for the title, tags, entities
_MARKUP = re.compile(r"(<!--(?:(?!-->).)*-->|<style\b(?:(?!</style>).)*</style>|<[^>]*>|&#?[0-9A-Za-z]{1,12};)", re.S)
_WORD = re.compile(r"[^\s<>]+")
_LATIN = re.compile(r"[A-Za-z]")


def in_text(text: str) -> str:
    """Plain text with every number in Devanagari digits; a word with a Latin letter stays as it is."""
    return _WORD.sub(lambda word: word[0] if _LATIN.search(word[0]) else devanagari_digits(word[0]), text)


def in_html(html: str) -> str:
    """The same for what a page shows; its tags, attributes, styles and comments stay as they are."""
    parts = _MARKUP.split(html)
    parts[::2] = (in_text(part) for part in parts[::2])
    return "".join(parts)
