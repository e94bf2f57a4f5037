"""An email's HTML as other clients see it: as Word does, and without styles."""

from __future__ import annotations

import re

_NOT_WORD = re.compile(r"<!--\[if !mso\]>(?:<!-->|<!-- -->)(.*?)<!--<!\[endif\]-->", re.S)
_WORD = re.compile(r"<!--\[if [^\]]*mso[^\]]*\]>(.*?)<!\[endif\]-->", re.S)
_COMMENT = re.compile(r"<!--.*?-->", re.S)
_STYLE = re.compile(r"<style\b[^>]*>.*?</style>", re.S)
_CLASS = re.compile(r"""\sclass=(?:"[^"]*"|'[^']*')""")
_TAG = re.compile(r"<[^>]*>")


def word(html: str) -> str:
    """Open conditional comments for Word, and remove what is hidden from Word."""
    return _WORD.sub(r"\1", _NOT_WORD.sub("", html))


def bare(html: str) -> str:
    """Remove style blocks, classes and comments, as Gmail's app does with a foreign account. Style attributes stay."""
    without = _STYLE.sub("", _COMMENT.sub("", html))
    return _TAG.sub(lambda tag: _CLASS.sub("", tag[0]), without)
