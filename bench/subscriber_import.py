"""Import a CSV of subscribers into an empty SQLite store: time and memory of the process.

The rival reads the rows with csv and writes them with sqlite3. It checks nothing and logs no consent.
"""

from __future__ import annotations

import csv
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.measure import timed
from bench.newsletter import email_of
from digest.cli.init import make_folder

_IMPORT = """
import sys
from bench.measure import peak_mib
sys.argv = ["digest", "--home", sys.argv[1], "subscribers", "import", sys.argv[2], "--json"]
from digest.cli import main
try:
    main()
finally:
    print(peak_mib(), file=sys.stderr)
"""


def run(*, quick: bool) -> list[tuple[str, ...]]:
    """Rows of (what, seconds, ratio to the rival, peak MiB)."""
    count = 5_000 if quick else 100_000
    with tempfile.TemporaryDirectory() as parent:
        home = Path(parent) / "newsletter"
        make_folder(home)
        path = Path(parent) / "list.csv"
        _write(path, count)
        rival = timed(lambda: _csv_to_sqlite(path, Path(parent) / "rival.db"))
        start = time.perf_counter()
        command = [sys.executable, "-c", _IMPORT, str(home), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        ours = time.perf_counter() - start
        assert json.loads(done.stdout)["added"] == count
    peak = done.stderr.strip().splitlines()[-1]
    return [
        (f"csv and sqlite3 alone, {count:,} rows, nothing checked", f"{rival:.1f}", "1", ""),
        ("digest subscribers import: checked, merged, consent logged", f"{ours:.1f}", f"{ours / rival:.2f}", peak),
    ]


def _write(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["Email", "Name", "Topics", "Hour", "Status", "Created_at"])
        for number in range(count):
            topics = ("", "देश", "देश, खेल")[number % 3]
            hour = "" if number % 5 else "07:30"
            out.writerow([email_of(number), f"पाठक {number}", topics, hour, "active", "2024-05-06 07:08:09"])


def _csv_to_sqlite(path: Path, store: Path) -> None:
    with sqlite3.connect(store) as connection, path.open(encoding="utf-8", newline="") as file:
        connection.execute("CREATE TABLE subscriber (id INTEGER PRIMARY KEY, email TEXT UNIQUE, a, b, c, d, e)")
        rows = csv.reader(file)
        next(rows)
        connection.executemany("INSERT INTO subscriber (email, a, b, c, d, e) VALUES (?, ?, ?, ?, ?, ?)", rows)
