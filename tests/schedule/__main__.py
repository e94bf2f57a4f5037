"""`python -m tests.schedule`: simulate two whole years of `digest run`. Each takes five minutes of CPU."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.schedule.test_year import simulate_days

_YEARS = (("Europe/Berlin", "2026-01-01", 366, 3), ("America/New_York", "2026-01-01", 365, 4))


def main() -> None:
    for zone, first, days, seed in _YEARS:
        with tempfile.TemporaryDirectory() as folder:
            happened = simulate_days(Path(folder), zone, first, days, seed)
        sys.stdout.write(f"{zone}, {days} days from {first}: all as expected; {happened}\n")


if __name__ == "__main__":
    main()
