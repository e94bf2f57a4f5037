"""`make bench`: run every benchmark and print a table for each, with ratios to a named rival and the required bars."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from types import FrameType

from tabulate import tabulate

HEADERS = {
    "delivery": ("send on loopback, over TLS", "recipients/s", "times faster", "bar"),
    "latency": ("send through a provider with latency", "s", "ratio", "bar"),
    "million": ("send to a million", "s", "ratio", "peak MiB", "bar"),
    "cli_start": ("start of the command line", "CPU s", "ratio", "bar"),
    "feeds": ("parse a feed", "ours, CPU ms", "rival, CPU ms", "ratio"),
    "collecting": ("collect, 100 ms a source", "s", "ratio"),
    "rendering": ("render an email of 20 stories", "CPU ms", "ratio"),
    "clustering": ("find the same story", "CPU s", "times faster", "peak MiB", "bar"),
    "subscriber_list": ("read a long subscriber list", "s", "ratio", "peak MiB"),
    "subscriber_import": ("import subscribers", "s", "ratio", "peak MiB"),
    "freezing": ("freeze an edition", "s or ms", "bar"),
    "ledger_million": ("freeze an edition for a million", "s or ms", "bar"),
    "workers": ("send by worker processes on PostgreSQL", "s", "of the bound", "CPU µs a recipient", "to one", "bar"),
    "retention": ("store after a year", "MB", "bar"),
    "webhooks": ("a webhook call of 2,500 events", "ms", "ratio"),
    "smtp": ("emails by SMTP", "emails/s", "to smtplib", "to smtp-source"),
    "archive": ("search in the archive", "ms p50", "p95", "CPU p95", "bar"),
    "desk": ("pages of the desk, 1,000,000 subscribers", "ms p50", "p95", "CPU p95", "bar"),
    "desk_postgresql": ("the same on PostgreSQL", "ms p50", "p95", "CPU p95", "bar"),
    "pages": ("reader pages, 50 requests at once", "CPU ms", "bar", "errors"),
    "unsubscribe": ("one-click unsubscribe", "p50 / p95, ms", "bare FastAPI, ms", "bare uvicorn, ms", "times faster"),
}
# They take minutes, so they run only by name.
LONG = ("million", "desk", "desk_postgresql", "ledger_million", "retention", "workers")


def _end(number: int, _frame: FrameType | None) -> None:
    """End as after an error, so that schemas are dropped, folders deleted and other processes ended."""
    # A second signal would interrupt that.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


def main() -> None:
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _end)
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", help=f"which benchmarks: {', '.join(HEADERS)}; without names, all but {', '.join(LONG)}"
    )
    parser.add_argument(
        "--quick", action="store_true", help="run a small form, to see that it works; its figures mean little"
    )
    args = parser.parse_args()
    if unknown := [name for name in args.names if name not in HEADERS]:
        parser.error(f"no benchmark is named {', '.join(unknown)}")
    for name in args.names or [name for name in HEADERS if name not in LONG]:
        rows: Sequence[Sequence[str]] = import_module(f"bench.{name}").run(quick=args.quick)
        align = ("left", *("right" for _ in HEADERS[name][1:]))
        print(tabulate(rows, headers=HEADERS[name], colalign=align, disable_numparse=True), end="\n\n", flush=True)


main()
