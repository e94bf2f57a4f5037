"""`make eval`: a table of every figure that the data in a folder allows."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tabulate import tabulate

from evaluation import dates, feeds, importance, pages, samestory, sections, sentences, summaries, support
from evaluation.material import Material, Row, attempt

# In the order of the table. A new part is a function from material to rows, and a line here.
PARTS: dict[str, Callable[[Material], list[Row]]] = {
    "feeds": feeds.measure,
    "dates": dates.measure,
    "pages": pages.measure,
    "pages, own": pages.own_pages,
    "page sets": pages.page_sets,
    "sentences": sentences.measure,
    "same story, five papers": samestory.papers,
    "same story, disaster reports": samestory.events,
    "same story, near copies": samestory.copies,
    "same story, headlines": samestory.headlines,
    "summaries, references": summaries.references,
    "summaries, headlines": summaries.headlines,
    "summaries, rules": summaries.rules,
    "importance": importance.measure,
    "importance, ours": importance.ours,
    "support": support.measure,
    "sections, texts": sections.texts,
    "sections, headlines": sections.headlines,
}

FOLDERS = "articles/, feeds/, importance/, nearup/, pages/"
HEADERS = ("what", "n", "ours", "bar", "rival")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m evaluation", description=__doc__)
    default = Path(__file__).resolve().parents[1] / "../shared/data"
    parser.add_argument(
        "--data", type=Path, default=default, help="a folder with articles/, feeds/, importance/, nearup/, pages/"
    )
    parser.add_argument("--only", default="", help="only parts whose name starts with this")
    args = parser.parse_args()
    if not args.data.is_dir():
        sys.stderr.write(f"{args.data} is not a folder; choose one with {FOLDERS}.\n")
        return 2
    material = Material(args.data.resolve())
    rows: list[Row] = []
    for name, part in PARTS.items():
        if name.startswith(args.only):
            start = time.monotonic()
            rows += attempt(part, name, material)
            sys.stderr.write(f"{name}: {time.monotonic() - start:.1f} s\n")
    table = [(row.what, row.count, row.ours, row.bar, row.rival) for row in rows]
    text = tabulate(table, headers=HEADERS, disable_numparse=True, colalign=("left", "right", "left", "left", "left"))
    sys.stdout.write(text + "\n")
    missing = sum(row.ours.startswith("missing") for row in rows)
    if missing:
        sys.stdout.write(f"\n{missing} of {len(rows)} rows could not be measured: files are missing.\n")
    return 0


sys.exit(main())
