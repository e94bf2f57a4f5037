"""`make bench`: every bench, a table."""

from __future__ import annotations

import argparse

from tabulate import tabulate

from bench import delivery


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=50_000)
    given = parser.parse_args()
    rows = [(what, f"{rate:,.0f}", ratio) for what, rate, ratio in delivery.run(given.readers)]
    print(tabulate(rows, headers=("handing over", "readers/s", "ratio"), colalign=("left", "right", "right")))


main()
