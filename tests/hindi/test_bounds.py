"""Patterns and functions over text take linear time on long runs of one character, whatever the character is."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator, Sequence

import pytest

import digest.collect
import digest.curate
import digest.hindi
from digest.collect.cleaning.clean import clean_article
from digest.collect.cleaning.dateline import is_credit, split_dateline, unsigned_title
from digest.collect.feeds.autodiscovery import feed_link
from digest.collect.feeds.sanitise_xml import limit_items
from digest.collect.markup import paragraphs, plain, read_html
from digest.collect.sniff import sniff
from digest.curate.recurring import title_form
from digest.curate.repeated_text import remove_repeated_text
from digest.curate.summary.sentence_rules import broken_rules
from digest.curate.summary.sentences import summarise
from digest.hindi.cut import shorten, wrap
from digest.hindi.language import guess
from digest.hindi.sentences import split
from digest.hindi.text import fold, repair
from digest.hindi.tokens import stems
from digest.models import Article, TextBlock
from tests.collect.test_clean import NOW
from tests.support.cpu import is_linear, repeated
from tests.support.profiles import PROFILE

SEEDS = (
    "क", "्", "क्", "ि", "़", "़्", "ः", "ं", "\u200d", "’", "‘क", "'", '"', " ", "\n", "\n\n", "\t",
    "\u00a0\n", "।", "। ", "|", "| ", ".", "ए. ", ". ", "a. ", '."', "…", "[…]", " […]", "<", "<a ", "<!--",
    "</", "<p>", "&", "&amp;", "&#", "a", "A", "1", "1,", "1:", "- ", "-", ":", "(", "()", "/", "¨", "¨क्",
    "<item>", "<item ", "LIVE ", "via ", "the post ", "फोटो:", "कोरोना", "पेट्रोल", "सोना", "भर्ती", "पद ",
    "**", "![](", "Aa ", "---\n", "<link a", "पुनः ",
)  # fmt: skip


def superlinear(work: Callable[[str], object], length: int, seeds: Sequence[str] = SEEDS) -> list[str]:
    """Each seed whose repetition makes `work` grow much faster than its text."""
    return [
        seed
        for seed in seeds
        for front, back in (("", "!\x01"), ("क ", ""))
        if not is_linear(work, repeated(seed, front=front, back=back), length)
    ]


def _cleaned(text: str) -> object:
    body = (TextBlock("p", text), TextBlock("p", text[::2]))
    return clean_article(Article("1", "s", text[:400], NOW, excerpt=text, body=body), sites=("गांव",))


def _repeated_text(text: str) -> object:
    found = [Article(str(n), "s", f"{n}", NOW, body=(TextBlock("p", text),), content_hash=f"{n}") for n in range(4)]
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
    "summarise": lambda text: summarise(Article("1", "s", "गांव", NOW, body=(TextBlock("p", text),))),
    "remove_repeated_text": _repeated_text,
    "title_form": title_form,
    "clean_article": _cleaned,
    "sniff": sniff,
    "sniff after a comment": lambda text: sniff("<!-- -->" + text),
    "feed_link": feed_link,
    "trim": lambda text: limit_items(text + "</" * 2_000),
}


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(WORK)), ids=list(WORK))
def test_work_is_linear(number: int) -> None:
    # Long enough for Unicode normalisation, which is quadratic within pieces of 1,000 characters, to look linear.
    assert superlinear([*WORK.values()][number], 5_000, _part(number)) == []


def _patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    for package in (digest.hindi, digest.collect, digest.curate):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            full = module.name
            for name, value in vars(importlib.import_module(full)).items():
                for at, one in enumerate(value if isinstance(value, tuple) else (value,)):
                    found = getattr(one, "pattern", None)
                    pattern = one if isinstance(one, re.Pattern) else found
                    if isinstance(pattern, re.Pattern) and isinstance(pattern.pattern, str):
                        yield f"{full}.{name}[{at}]", pattern


# Patterns that are quadratic when they search a long text, and why they never do.
BOUNDED = {
    "digest.hindi.sentences._WORD_BEFORE": "sees 40 characters",
    "digest.collect.cleaning.clean._INTERFACE": "sees lines of 400 characters",
    "digest.collect.cleaning.dateline._END": "sees 72 characters",
    "digest.hindi.sentences._LIST_MARK": "only matches from the start of a sentence",
    "digest.collect.http.robots._USER_AGENT": "only matches from the start of a line",
}


def _part(number: int) -> Sequence[str]:
    """All seeds under `ci`, otherwise an eighth of them: another one than for the number before."""
    return SEEDS if PROFILE == "ci" else SEEDS[number % 8 :: 8]


@pytest.mark.slow
def test_patterns_are_linear() -> None:
    searched = [(name, pattern) for name, pattern in _patterns() if name.partition("[")[0] not in BOUNDED]
    assert len(searched) > 100
    assert [
        f"{name} {seed!r}"
        for number, (name, pattern) in enumerate(searched)
        for seed in superlinear(functools.partial(pattern.sub, ""), 6_400, _part(number))
    ] == []


def test_a_quadratic_pattern_is_found() -> None:
    quadratic = functools.partial(re.compile(r"\s+x").sub, "")
    assert superlinear(quadratic, 3_200, [" ", "क"]) == [" ", " "]
