"""`make bench`: every bench, a table each, ratios against a named rival in the same run."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import import_module

from tabulate import tabulate

HEADERS = {
    "feeds": ("reading a feed", "ours, ms", "rival, ms", "ratio"),
    "collecting": ("collecting, 100 ms a source", "s", "ratio"),
    "rendering": ("a letter of 20 stories", "CPU ms", "ratio"),
    "clustering": ("finding the same story", "CPU s", "ratio"),
    "delivery": ("handing over", "readers/s", "ratio"),
    "web": ("leaving by one click", "p50 / p95, ms", "commits"),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", default=list(HEADERS), help=f"which: {', '.join(HEADERS)}")
    parser.add_argument("--readers", type=int, default=50_000, help="of the bench of delivery")
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in HEADERS]:
        parser.error(f"no bench is named {', '.join(unknown)}")
    for name in given.names:
        run = import_module(f"bench.{name}").run
        rows: Sequence[Sequence[str]] = run(given.readers) if name == "delivery" else run()
        align = ("left", *("right" for _ in HEADERS[name][1:]))
        print(tabulate(rows, headers=HEADERS[name], colalign=align, disable_numparse=True), end="\n\n")


main()
