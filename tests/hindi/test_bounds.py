"""Every pattern and every function over text takes time in step with its length, whatever the text is."""

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
from digest.collect.dateline import split_dateline
from digest.collect.markup import paragraphs, plain, read_html
from digest.collect.sniff import feed_link, sniff
from digest.collect.trim import trim
from digest.curate.series import of_title
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
SMALL, TIMES = 4_000, 4
SPARE = 0.05
"""Seconds that a measurement may be wrong by."""
MOST = 9
"""A linear step takes 4 times as long for 4 times the text; a quadratic one 16 times."""


def _seconds(work: Callable[[str], object], text: str) -> float:
    best = 9.0
    for _ in range(3):
        start = time.thread_time()
        work(text)
        best = min(best, time.thread_time() - start)
        if best < SPARE:
            break
    return best


def grows(work: Callable[[str], object], seed: str, small: int = SMALL) -> str:
    """Why the work is no step linear in its text, or ''."""
    for front, back in (("", "!\x01"), ("क ", "")):
        short, long = (front + seed * (n // len(seed)) + back for n in (small, TIMES * small))
        after = _seconds(work, long)
        if after > SPARE and after > MOST * _seconds(work, short) + SPARE:
            return f"{seed!r}: {after:.2f} s for {len(long):,} characters"
    return ""


def _cleaned(text: str) -> object:
    body = (Block("p", text), Block("p", text[::2]))
    return clean_article(Article("1", "s", text[:400], NOW, excerpt=text, body=body), sites=("गांव",))


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
    "of_title": of_title,
    "clean_article": _cleaned,
    "sniff": sniff,
    "sniff after a comment": lambda text: sniff("<!-- -->" + text),
    "feed_link": feed_link,
    "trim": lambda text: trim(text + "</" * 2_000),
}


@pytest.mark.parametrize("name", WORK)
def test_work_is_linear(name: str) -> None:
    assert [why for seed in SEEDS if (why := grows(WORK[name], seed))] == []


def test_the_measure_sees_a_quadratic_step() -> None:
    assert grows(lambda text: re.search(r"\s+x$", text), " ", 2_000)


def test_half_a_million_characters_are_read_in_a_moment() -> None:
    for seed in ("क", "्", " ", "9", "’", "।", "<", "&", "[…]"):
        text = seed * (500_000 // len(seed))
        start = time.thread_time()
        repair(text)
        split(text)
        assert time.thread_time() - start < 5, seed


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
    "digest.hindi.sentences._LIST_MARK": "only matches from where a sentence began",
}


def test_patterns_are_linear() -> None:
    bad = []
    for name, pattern in _patterns():
        if name.partition("[")[0] in BOUNDED:
            continue
        bad += [f"{name} {why}" for seed in SEEDS if (why := grows(lambda text: pattern.sub("", text), seed, 1_500))]  # noqa: B023
    assert not bad, "\n".join(bad)
