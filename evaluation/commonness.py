"""`python -m evaluation.commonness`: counts how common stems are in Hindi news and writes digest/curate/commonness.txt.

Counted in the general articles of the material and in a sample of the two sets of one subject each (disasters, an
epidemic), which general news is full of as well: how many hold a stem in title or first 250 words. Only counts leave
the material, in steps of a fifth, so that no text can be told from the table.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter, defaultdict
from pathlib import Path

from digest.curate.similarity.tfidf import FULL_WORDS
from digest.hindi.tokens import stems
from evaluation.material import Material

SETS = {
    "articles/ilsum-hi/ilsum_hi.jsonl": 1,
    "articles/headlines-hi-500/headlines_hi.jsonl": 1,
    "articles/triples-hi/triples_hi.jsonl": 1,
    "articles/bbc-hindi-categories/bbc_hindi_test.jsonl": 1,
    "articles/ednil-events-hi/ednil_hi.jsonl": 10,
    "nearup/covid_stories.jsonl": 8,
}
"""File → every how manieth of its articles counts."""
LEAST = 4
"""Documents in which a stem must stand: fewer say nothing."""
STEP = 1.2
"""Each class of the table is this many times as common as the one below."""
TABLE = Path(__file__).resolve().parents[1] / "digest" / "curate" / "commonness.txt"


def counted(material: Material) -> tuple[Counter[str], int]:
    """In how many documents each stem stands, and how many documents there are."""
    counts: Counter[str] = Counter()
    size = 0
    for name, step in SETS.items():
        for entry in material.lines(name)[::step]:
            whole = entry.get("article") or entry.get("text") or " ".join(entry.get("paragraphs", ()))
            text = " ".join(whole.split()[:FULL_WORDS])
            if text:
                counts.update(set(stems(f"{entry.get('title') or ''}\n{text}")))
                size += 1
    return counts, size


def table(counts: Counter[str], size: int) -> str:
    """Lines of a share (per thousand documents) and the stems of about that share, commonest first."""
    classes: defaultdict[int, list[str]] = defaultdict(list)
    for stem, count in counts.items():
        if count >= LEAST and not stem[0].isdigit():
            classes[round(math.log(1000 * count / size, STEP))].append(stem)
    head = (
        "# How common stems are in Hindi news: documents per thousand, then the stems that are about so common.",
        f"# Counted in {size} articles by `python -m evaluation.commonness`; numbers are left out.",
    )
    lines = (f"{STEP**step:.0f} {' '.join(sorted(found))}" for step, found in sorted(classes.items(), reverse=True))
    return "\n".join((*head, *lines)) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evaluation.commonness", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder with articles/")
    counts, size = counted(Material(parser.parse_args().data))
    TABLE.write_text(table(counts, size), encoding="utf-8")


if __name__ == "__main__":
    main()
