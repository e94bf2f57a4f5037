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
    "listing": ("the list", "s", "MiB", "ratio"),
    "delivery": ("handing over, over TLS", "readers/s", "ours is faster by"),
    "webhooks": ("a post of 2,500 events", "ms", "ratio"),
    "million": ("handing over a million, on request only", "s", "MiB", "ratio"),
    "smtp": ("letters by SMTP", "letters/s", "to smtplib", "to smtp-source"),
    "importing": ("importing readers", "s", "MB", "ratio"),
    "web": ("leaving by one click", "p50 / p95, ms", "bare FastAPI, ms", "bare uvicorn, ms", "faster by"),
}
LONG = ("million",)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", default=[name for name in HEADERS if name not in LONG], help=f"which: {', '.join(HEADERS)}"
    )
    parser.add_argument("--readers", type=int, default=100_000, help="of the bench of delivery")
    parser.add_argument("--imported", type=int, default=100_000, help="readers of the bench of importing; try 1000000")
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in HEADERS]:
        parser.error(f"no bench is named {', '.join(unknown)}")
    sizes = {"delivery": (given.readers,), "importing": (given.imported,)}
    for name in given.names:
        run = import_module(f"bench.{name}").run
        rows: Sequence[Sequence[str]] = run(*sizes.get(name, ()))
        align = ("left", *("right" for _ in HEADERS[name][1:]))
        print(tabulate(rows, headers=HEADERS[name], colalign=align, disable_numparse=True), end="\n\n")


main()
