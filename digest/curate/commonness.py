"""How common stems are in Hindi news at large, where there are too few articles of one's own to count them.

The table is data (`commonness.txt`, made by `python -m evaluation.commonness`): shares of documents, no text.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

UNSEEN = 0.0015
"""The share of a stem that is not in the table: it stood in fewer than four of some 600 articles."""


@lru_cache(maxsize=1)
def shares() -> Mapping[str, float]:
    """Stem → the share of articles (0..1) in which it stands, for the some 2,200 commonest stems."""
    text = resources.files("digest.curate").joinpath("commonness.txt").read_text(encoding="utf-8")
    found: dict[str, float] = {}
    for line in text.split("\n"):
        if line and not line.startswith("#"):
            share, *stems = line.split(" ")
            found.update(dict.fromkeys(stems, float(share) / 1000))
    return found
