"""No pattern and no function over text hangs on a long run of one mark, whatever the mark is."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator

import pytest

import digest.collect
import digest.curate
import digest.hindi
from digest.collect.clean import clean_article
from digest.collect.dateline import is_credit, split_dateline, unsigned_title
from digest.collect.feedlink import feed_link
from digest.collect.markup import paragraphs, plain, read_html
from digest.collect.sniff import sniff
from digest.collect.taming import limit_items
from digest.curate.boilerplate import remove_repeated_text
from digest.curate.sentence_rules import broken_rules
from digest.curate.series import title_form
from digest.curate.summarise import summarise
from digest.hindi.cut import shorten, wrap
from digest.hindi.language import guess
from digest.hindi.sentences import split
from digest.hindi.text import fold, repair
from digest.hindi.tokens import stems
from digest.models import Article, Block
from tests.collect.test_clean import NOW

SEEDS = (
    "क", "्", "क्", "ि", "़", "़्", "ः", "ं", "\u200d", "’", "‘क", "'", '"', " ", "\n", "\n\n", "\t",
    "\u00a0\n", "।", "। ", "|", "| ", ".", "ए. ", ". ", "a. ", '."', "…", "[…]", " […]", "<", "<a ", "<!--",
    "</", "<p>", "&", "&amp;", "&#", "a", "A", "1", "1,", "1:", "- ", "-", ":", "(", "()", "/", "¨", "¨क्",
    "<item>", "<item ", "LIVE ", "via ", "the post ", "फोटो:", "कोरोना", "पेट्रोल", "सोना", "भर्ती", "पद ",
    "**", "![](", "Aa ", "---\n", "<link a", "पुनः ",
)  # fmt: skip
LENGTH = 20_000
LIMIT = 0.5
"""Seconds of CPU: a guard against hanging, not a measure of speed. A linear step takes a hundredth of it or less, a
quadratic one more than the whole."""


def hangs(work: Callable[[str], object], seed: str, length: int = LENGTH) -> str:
    """Why the work is far from linear in its text, or ''."""
    for front, back in (("", "!\x01"), ("क ", "")):
        text = front + seed * (length // len(seed)) + back
        start = time.thread_time()
        work(text)
        took = time.thread_time() - start
        if took > LIMIT:
            return f"{seed!r}: {took:.2f} s for {len(text):,} characters"
    return ""


def _cleaned(text: str) -> object:
    body = (Block("p", text), Block("p", text[::2]))
    return clean_article(Article("1", "s", text[:400], NOW, excerpt=text, body=body), sites=("गांव",))


def _repeated_text(text: str) -> object:
    found = [Article(str(n), "s", f"{n}", NOW, body=(Block("p", text),), content_hash=f"{n}") for n in range(4)]
    return remove_repeated_text(found, NOW)


WORK: dict[str, Callable[[str], object]] = {
    "repair": repair,
    "fold": fold,
    "split": split,
    "shorten": lambda text: shorten(text, 90),
    "wrap": lambda text: wrap(text, 70),
    "guess": guess,
    "stems": lambda text: stems(text + " क"),
    "plain": plain,
    "read_html": lambda text: read_html(text, "https://village.example/"),
    "paragraphs": paragraphs,
    "split_dateline": split_dateline,
    "split_dateline, opening": lambda text: split_dateline(f"सोनपुरा: {text}", context=text),
    "unsigned_title": unsigned_title,
    "is_credit": is_credit,
    "broken_rules": lambda text: broken_rules(text, "गांव का मेला"),
    "summarise": lambda text: summarise(Article("1", "s", "गांव", NOW, body=(Block("p", text),))),
    "remove_repeated_text": _repeated_text,
    "title_form": title_form,
    "clean_article": _cleaned,
    "sniff": sniff,
    "sniff after a comment": lambda text: sniff("<!-- -->" + text),
    "feed_link": feed_link,
    "trim": lambda text: limit_items(text + "</" * 2_000),
}


@pytest.mark.parametrize("name", WORK)
def test_work_is_linear(name: str) -> None:
    assert [why for seed in SEEDS if (why := hangs(WORK[name], seed))] == []


def test_half_a_million_characters_are_read_in_a_moment() -> None:
    for seed in ("क", "्", " ", "9", "’", "।", "<", "&", "[…]"):
        text = seed * (500_000 // len(seed))
        start = time.thread_time()
        repair(text)
        split(text)
        assert time.thread_time() - start < 20, seed


def _patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    for package in (digest.hindi, digest.collect, digest.curate):
        for module in pkgutil.iter_modules(package.__path__):
            full = f"{package.__name__}.{module.name}"
            for name, value in vars(importlib.import_module(full)).items():
                for at, one in enumerate(value if isinstance(value, tuple) else (value,)):
                    found = getattr(one, "pattern", None)
                    pattern = one if isinstance(one, re.Pattern) else found
                    if isinstance(pattern, re.Pattern) and isinstance(pattern.pattern, str):
                        yield f"{full}.{name}[{at}]", pattern


BOUNDED = {
    "digest.hindi.sentences._WORD_BEFORE": "sees 40 characters",
    "digest.collect.clean._INTERFACE": "sees lines of 400 characters",
    "digest.collect.dateline._END": "sees 72 characters",
    "digest.hindi.sentences._LIST_MARK": "only matches from where a sentence began",
}


def test_patterns_are_linear() -> None:
    bad = []
    for name, pattern in _patterns():
        if name.partition("[")[0] in BOUNDED:
            continue
        bad += [f"{name} {why}" for seed in SEEDS if (why := hangs(lambda text: pattern.sub("", text), seed))]  # noqa: B023
    assert not bad, "\n".join(bad)
