"""`python -m evaluation.commonness`: count how common stems are in Hindi news; write digest/curate/commonness.txt.

It counts the documents with a stem in the title or the first 250 words: the general articles, and a sample of two sets
about one subject each (disasters, an epidemic), which general news often covers too. The table has only rounded counts,
in steps of a fifth, so that it reveals no text.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter, defaultdict
from pathlib import Path

from digest.curate.similarity.tfidf import FULL_WORDS
from digest.hindi.tokens import stems
from evaluation.material import Material

# File → one in so many of its articles counts.
SETS = {
    "articles/ilsum-hi/ilsum_hi.jsonl": 1,
    "articles/headlines-hi-500/headlines_hi.jsonl": 1,
    "articles/triples-hi/triples_hi.jsonl": 1,
    "articles/bbc-hindi-categories/bbc_hindi_test.jsonl": 1,
    "articles/ednil-events-hi/ednil_hi.jsonl": 10,
    "nearup/covid_stories.jsonl": 8,
}
# A stem in fewer documents is left out.
MIN_DOCUMENTS = 4
# Each class of the table is this many times as common as the next.
STEP = 1.2
TABLE = Path(__file__).resolve().parents[1] / "digest" / "curate" / "commonness.txt"


def count(material: Material) -> tuple[Counter[str], int]:
    """Return in how many documents each stem is, and the number of documents."""
    counts: Counter[str] = Counter()
    size = 0
    for name, step in SETS.items():
        for entry in material.lines(name)[::step]:
            full = entry.get("article") or entry.get("text") or " ".join(entry.get("paragraphs", ()))
            text = " ".join(full.split()[:FULL_WORDS])
            if text:
                counts.update(set(stems(f"{entry.get('title') or ''}\n{text}")))
                size += 1
    return counts, size


def table(counts: Counter[str], size: int) -> str:
    """Return lines with a share (per thousand documents) and the stems of about that share, commonest first."""
    classes: defaultdict[int, list[str]] = defaultdict(list)
    for stem, count in counts.items():
        if count >= MIN_DOCUMENTS and not stem[0].isdigit():
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
    counts, size = count(Material(parser.parse_args().data))
    TABLE.write_text(table(counts, size), encoding="utf-8")


if __name__ == "__main__":
    main()
