"""Sections: what is said of texts and headlines by their words alone, and what of their categories' names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from digest.curate.sections import section_of
from digest.hindi.cut import shorten
from digest.hindi.sentences import split
from digest.models import Article
from evaluation.material import Material, Row, made, percent

TEXTS = "articles/bbc-hindi-categories/bbc_hindi_test.jsonl"
HEADLINES = "articles/l3cube-headlines-hi/l3cube_hi_headlines.jsonl"
OTHER_HEADLINES = "articles/bbc-hindi-headlines-2025/bbc_hindi_headlines.jsonl"
DEFAULT = "देश"

LABELS: dict[str, frozenset[str]] = {
    "international": frozenset({"दुनिया"}),
    "india": frozenset({"देश", "राजनीति"}),
    "national": frozenset({"देश", "राजनीति"}),
    "india & world": frozenset({"देश", "दुनिया", "राजनीति"}),
    "politics": frozenset({"राजनीति"}),
    "sport": frozenset({"खेल"}),
    "sports": frozenset({"खेल"}),
    "khel": frozenset({"खेल"}),
    "entertainment": frozenset({"मनोरंजन"}),
    "business": frozenset({"व्यापार"}),
    "science": frozenset({"विज्ञान", "टेक"}),
    "technology-news": frozenset({"विज्ञान", "टेक"}),
    "automobile": frozenset({"विज्ञान", "टेक", "व्यापार"}),
    "health": frozenset({"स्वास्थ्य"}),
    "health-news-hindi": frozenset({"स्वास्थ्य"}),
    "education": frozenset({"शिक्षा"}),
    "education & career": frozenset({"शिक्षा"}),
    "crime": frozenset({"देश", "अपराध"}),
    "crime-news-hindi": frozenset({"देश", "अपराध"}),
}
"""A corpus's category → the sections of ours that are right for it."""


def texts(material: Material) -> list[Row]:
    """Whole texts without a headline: their first words stand in for one, as they do for an untitled item."""
    entries = material.lines(TEXTS)
    articles = []
    for entry in entries:
        article = made(entry["id"], "", [entry["article"]])
        opening = next(iter(split(article.text)), "")
        articles.append((replace(article, title=shorten(opening, 90)), entry["category"]))
    return _rows("texts (BBC)", articles)


def headlines(material: Material) -> list[Row]:
    """Headlines alone, of eleven categories."""
    entries = material.lines(HEADLINES)
    return _rows("headlines (L3Cube)", [(made("x", entry["title"], []), entry["category"]) for entry in entries])


def other_headlines(material: Material) -> list[Row]:
    """Headlines alone, of six categories."""
    entries = material.lines(OTHER_HEADLINES)
    return _rows("headlines (BBC 2025)", [(made("x", entry["title"], []), entry["category"]) for entry in entries])


def _rows(name: str, articles: Iterable[tuple[Article, str]]) -> list[Row]:
    listed = [(article, LABELS[label.lower()]) for article, label in articles if label.lower() in LABELS]
    right = said = said_right = 0
    for article, wanted in listed:
        section, evidence = section_of([article], DEFAULT)
        right += section in wanted
        if evidence != "no evidence":
            said, said_right = said + 1, said_right + (section in wanted)
    usual = Counter(wanted for _article, wanted in listed).most_common(1)
    rival = f"{usual[0][1] / len(listed):.3f} always the commonest" if usual else ""
    spoken = f"{percent(said_right, said)} of the {percent(said, len(listed))} it speaks of"
    ours = f"{spoken}; {percent(right, len(listed))} of all"
    return [Row(f"sections, {name}: by words", len(listed), ours, "", rival)]
