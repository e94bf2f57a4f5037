"""Sections of texts and headlines by their words alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from digest.curate.sections import section_of
from digest.hindi.cut import shorten
from digest.hindi.sentences import split
from digest.models import Article
from evaluation.material import Material, Row, make_article, percent

TEXTS = "articles/bbc-hindi-categories/bbc_hindi_test.jsonl"
HEADLINES = "articles/l3cube-headlines-hi/l3cube_hi_headlines.jsonl"
OTHER_HEADLINES = "articles/bbc-hindi-headlines-2025/bbc_hindi_headlines.jsonl"
DEFAULT = "देश"

# A corpus's category → our sections that are right for it.
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


def texts(material: Material) -> list[Row]:
    """Measure whole texts. Their first words are the headline, as for an untitled item."""
    entries = material.lines(TEXTS)
    articles = []
    for entry in entries:
        article = make_article(entry["id"], "", [entry["article"]])
        opening = next(iter(split(article.text)), "")
        articles.append((replace(article, title=shorten(opening, 90)), entry["category"]))
    return _rows("texts (BBC)", articles)


def headlines(material: Material) -> list[Row]:
    """Measure headlines of eleven categories."""
    entries = material.lines(HEADLINES)
    return _rows(
        "headlines (L3Cube)", [(make_article("x", entry["title"], []), entry["category"]) for entry in entries]
    )


def other_headlines(material: Material) -> list[Row]:
    """Measure headlines of six categories."""
    entries = material.lines(OTHER_HEADLINES)
    return _rows(
        "headlines (BBC 2025)", [(make_article("x", entry["title"], []), entry["category"]) for entry in entries]
    )


def _rows(name: str, articles: Iterable[tuple[Article, str]]) -> list[Row]:
    labelled = [(article, LABELS[label.lower()]) for article, label in articles if label.lower() in LABELS]
    right = decided = decided_right = 0
    for article, wanted in labelled:
        section, evidence = section_of([article], DEFAULT)
        right += section in wanted
        if evidence != "no evidence":
            decided, decided_right = decided + 1, decided_right + (section in wanted)
    usual = Counter(wanted for _article, wanted in labelled).most_common(1)
    rival = f"{usual[0][1] / len(labelled):.3f} always the commonest" if usual else ""
    decisions = f"{percent(decided_right, decided)} of the {percent(decided, len(labelled))} with evidence"
    ours = f"{decisions}; {percent(right, len(labelled))} of all"
    return [Row(f"sections, {name}: by words", len(labelled), ours, ">= .92 of >= .75", rival)]
