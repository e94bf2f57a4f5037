"""Remove repetitions: a cut excerpt on top of the body, repeated paragraphs, the title, paragraphs shared by items."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from digest.collect.cleaning.dateline import split_dateline
from digest.collect.cleaning.identity import content_hash
from digest.collect.cleaning.text_rules import TRUNCATED
from digest.hindi.text import fold
from digest.models import Article, TextBlock

# Letters of a cut excerpt that must begin the body for the excerpt to be a repetition.
PREFIX = 200

# Letters from which a paragraph that is part of an earlier one is a repetition.
WHOLE = 60

# Characters from the end in which the mark of a cut is searched.
_CUT_MARK = 20

_NOT_LETTERS = re.compile("[^\u0900-\u0963\u0971-\u097fA-Za-z0-9]+")

# Paragraphs at the start that may repeat the title.
_TITLE_WITHIN = 2


def strip_cut_mark(text: str) -> str:
    """Return the text without the mark that a feed puts where it cut the text."""
    text = text.rstrip()
    match = TRUNCATED.search(text, max(0, len(text) - _CUT_MARK))
    return text[: match.start()].rstrip(" .…") if match else text


def letters(text: str) -> str:
    """Return only the folded letters and digits. Texts that differ in punctuation and spaces become equal."""
    return _NOT_LETTERS.sub("", fold(text))


def begins(whole: str, cut: str) -> bool:
    """Whether a cut text is the beginning of the whole one. Its last word may be incomplete and does not count."""
    front = letters(cut.rpartition(" ")[0] or cut)[:PREFIX]
    return bool(front) and letters(whole[: 4 * PREFIX + len(cut)]).startswith(front)


def without_cut(body: list[TextBlock]) -> list[TextBlock]:
    """Return the body without a cut paragraph that a later one has in full, such as an excerpt on top."""
    kept = []
    for at, block in enumerate(body):
        cut = strip_cut_mark(block.text)
        if cut != block.text and at + 1 < len(body):
            later = " ".join(other.text for other in body[at + 1 :])
            fuller = any(begins(split_dateline(other.text)[1], cut) for other in body[at + 1 : at + 6])
            if fuller or begins(later, cut):
                continue
        kept.append(block)
    return kept


def without_repetition(body: list[TextBlock], title: str) -> list[TextBlock]:
    """Return the body without repeated paragraphs, and without the title on top; never without any text."""
    if len(body) < 2:
        return body
    kept = _without_repeated(body, title)
    return kept if any(block.kind == "p" for block in kept) else body


def _without_repeated(body: list[TextBlock], title: str) -> list[TextBlock]:
    named = letters(title)
    seen: set[str] = set()
    kept = []
    for at, block in enumerate(body):
        key = letters(split_dateline(block.text)[1]) or block.text
        is_contained = len(key) > WHOLE and any(key in earlier for earlier in seen if len(earlier) < 10 * len(key))
        if key in seen or is_contained or (at < _TITLE_WITHIN and key == named):
            continue
        seen.add(key)
        kept.append(block)
    return kept


# Paragraphs that a feed repeats in several items.

# Items of one feed from which a paragraph that they share is boilerplate, not news.
SHARED = 3


def drop_shared(articles: Sequence[Article]) -> list[Article]:
    """Return the articles without the blocks that at least SHARED of them have.

    An article that would lose all blocks keeps them.
    """
    keys = [[fold(block.text) for block in article.body] for article in articles]
    counts = Counter(key for own in keys for key in set(own))
    result = []
    for article, own in zip(articles, keys, strict=True):
        body = tuple(block for block, key in zip(article.body, own, strict=True) if counts[key] < SHARED)
        if len(body) < len(article.body) and any(block.kind == "p" for block in body):
            article = replace(article, body=body)
            article = replace(article, content_hash=content_hash(article.title, article.text))
        result.append(article)
    return result
