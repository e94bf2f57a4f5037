"""Taking a list of readers in: a CSV of a million rows into an empty SQLite store, time and memory of the process.

Run in a process of its own, so that the memory is the import's; the rival does no more than read the rows by csv and
write them by sqlite3, unchecked and without a log.
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

_IMPORT = """
import resource, sys
sys.argv = ["digest", "--home", sys.argv[1], "subscribers", "import", sys.argv[2], "--json"]
from digest.cli import main
try:
    main()
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)
"""


def run(readers: int) -> list[tuple[str, ...]]:
    """Rows of (what, seconds, MB, ratio to the rival)."""
    from digest.cli.init import make_folder

    with tempfile.TemporaryDirectory() as place:
        home = Path(place) / "letter"
        make_folder(home)
        path = Path(place) / "list.csv"
        write(path, readers)
        rival = _rival(path, Path(place) / "rival.db")
        began = time.perf_counter()
        command = [sys.executable, "-c", _IMPORT, str(home), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        ours = time.perf_counter() - began
        assert json.loads(done.stdout)["added"] == readers
    memory = done.stderr.strip().splitlines()[-1]
    return [
        (f"csv and sqlite3 alone, {readers:,} rows, nothing checked", f"{rival:.1f}", "", "1"),
        ("digest subscribers import: checked, merged, consent logged", f"{ours:.1f}", memory, f"{ours / rival:.2f}"),
    ]


def write(path: Path, readers: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["Email", "Name", "Topics", "Hour", "Status", "Created_at"])
        for number in range(readers):
            topics = ("", "देश", "देश, खेल")[number % 3]
            hour = "" if number % 5 else "07:30"
            out.writerow(
                [f"reader{number}@example.com", f"पाठक {number}", topics, hour, "active", "2024-05-06 07:08:09"]
            )


def _rival(path: Path, store: Path) -> float:
    began = time.perf_counter()
    with sqlite3.connect(store) as connection, path.open(encoding="utf-8", newline="") as file:
        connection.execute("CREATE TABLE reader (id INTEGER PRIMARY KEY, email TEXT UNIQUE, a, b, c, d, e)")
        rows = csv.reader(file)
        next(rows)
        connection.executemany("INSERT INTO reader (email, a, b, c, d, e) VALUES (?, ?, ?, ?, ?, ?)", rows)
    return time.perf_counter() - began
