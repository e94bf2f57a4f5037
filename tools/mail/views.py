"""What other clients make of a letter's HTML: Word's view, and that of clients which take every style away. Pure."""

from __future__ import annotations

import re

_NOT_WORD = re.compile(r"<!--\[if !mso\]>(?:<!-->|<!-- -->)(.*?)<!--<!\[endif\]-->", re.S)
_WORD = re.compile(r"<!--\[if [^\]]*mso[^\]]*\]>(.*?)<!\[endif\]-->", re.S)
_COMMENT = re.compile(r"<!--.*?-->", re.S)
_STYLE = re.compile(r"<style\b[^>]*>.*?</style>", re.S)
_CLASS = re.compile(r"""\sclass=(?:"[^"]*"|'[^']*')""")
_TAG = re.compile(r"<[^>]*>")


def word(html: str) -> str:
    """Conditional comments for Word opened, what is hidden from Word gone."""
    return _WORD.sub(r"\1", _NOT_WORD.sub("", html))


def bare(html: str) -> str:
    """No style block, class or comment: Gmail's app with a foreign account. Style attributes stay, as they do there."""
    without = _STYLE.sub("", _COMMENT.sub("", html))
    return _TAG.sub(lambda tag: _CLASS.sub("", tag[0]), without)
