"""Sentence splitting on gold sentences (UD Hindi PUD): as they are, and with full stops in place of dandas."""

from __future__ import annotations

import re
from collections.abc import Callable

from digest.hindi.sentences import split
from evaluation.material import Material, Row

GOLD = "articles/ud-hindi-pud/ud_hindi_pud_sentences.jsonl"
# Gold sentences in a paragraph. News paragraphs have two to six.
JOINED = 5

_NAIVE = re.compile(r"(?<=[.।?!])\s+")


def measure(material: Material) -> list[Row]:
    """Measure the F1 of sentence ends, compared with a split at every terminator before a blank."""
    gold = [entry["text"] for entry in material.lines(GOLD)]
    stops = [text.replace("।", ".") for text in gold]
    rows = []
    for name, texts, joint, bar in (
        ("as is", gold, " ", ">= .99"),
        ("danda → full stop", stops, " ", ">= .99"),
        ("full stop without a blank", stops, "", ""),
    ):
        ours, rival = f1(texts, joint, split), f1(texts, joint, _NAIVE.split)
        rows.append(Row(f"sentences, {name}: F", len(gold), f"{ours:.3f}", bar, f"{rival:.3f} regular expression"))
    return rows


def f1(gold: list[str], joint: str, splitter: Callable[[str], list[str]]) -> float:
    """Return the F1 of the ends that a splitter finds in paragraphs of gold sentences."""
    right = found = true = 0
    for start in range(0, len(gold), JOINED):
        text = joint.join(gold[start : start + JOINED])
        expected, got = _ends(text, gold[start : start + JOINED]), _ends(text, splitter(text))
        right, found, true = right + len(expected & got), found + len(got), true + len(expected)
    return 2 * right / (found + true) if found + true else 0.0


def _ends(text: str, pieces: list[str]) -> set[int]:
    ends, at = set(), 0
    for piece in pieces:
        at = text.index(piece, at) + len(piece)
        ends.add(at)
    return ends
