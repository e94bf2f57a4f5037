"""A long list: read, checked and stored, against PyYAML's fastest loader, which only parses it; a process each."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from digest.cli.init import make_folder

READERS = 100_000
_TOPICS = ("[देश, खेल]", "[दुनिया]", "[विज्ञान, देश]", "खेल")


def run() -> list[tuple[str, ...]]:
    """Rows of (what, seconds, MiB at the most, ratio to the rival)."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "letter"
        make_folder(folder)
        write(folder / "subscribers.yaml", READERS)
        theirs, rival = _alone("_rival", folder)
        measured = [
            (f"digest: {READERS:,} readers read, checked, stored", *_alone("_mirror", folder)),
            ("digest: the same file again", *_alone("_mirror", folder)),
        ]
    rows = [("PyYAML's CSafeLoader, which only parses", f"{theirs:.2f}", f"{rival}", "1")]
    return rows + [(what, f"{took:.2f}", f"{most}", f"{took / theirs:.2f}") for what, took, most in measured]


def write(path: Path, readers: int) -> None:
    """A list with five fields for each reader."""
    with path.open("w", encoding="utf-8") as file:
        file.write("defaults: {frequency: daily}\nsubscribers:\n")
        for number in range(readers):
            file.write(
                f"  - email: reader{number}@example.com\n    name: पाठक {number}\n    topics: {_TOPICS[number % 4]}\n"
                f"    timezone: {'Europe/London' if number % 9 == 0 else 'Asia/Kolkata'}\n    status: active\n"
            )


def _alone(work: str, folder: Path) -> tuple[float, int]:
    """Seconds and MiB that one of the functions below takes in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.listing", work, str(folder)], check=True, stdout=subprocess.PIPE, text=True
    )
    seconds, most = done.stdout.split()
    return float(seconds), int(most)


def _rival(folder: Path) -> float:
    text = (folder / "subscribers.yaml").read_text(encoding="utf-8")
    began = time.perf_counter()
    yaml.load(text, Loader=yaml.CSafeLoader)
    return time.perf_counter() - began


def _mirror(folder: Path) -> float:
    from digest.app import make_app

    with make_app(folder) as app:
        _ = app.database, app.topics
        began = time.perf_counter()
        app.subscriber_list.sync()
        return time.perf_counter() - began


if __name__ == "__main__":
    took = {"_rival": _rival, "_mirror": _mirror}[sys.argv[1]](Path(sys.argv[2]))
    print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
