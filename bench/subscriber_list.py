"""Read, check and store a long YAML list, compared with PyYAML's fastest loader, which only parses it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import yaml

from bench.measure import in_own_process, print_result, timed
from bench.newsletter import email_of
from digest.cli.init import make_folder

_TOPICS = ("[देश, खेल]", "[दुनिया]", "[विज्ञान, देश]", "खेल")


def run(*, quick: bool) -> list[tuple[str, ...]]:
    """Rows of (what, seconds, ratio to the rival, peak MiB)."""
    count = 5_000 if quick else 100_000
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "newsletter"
        make_folder(folder)
        _write(folder / "subscribers.yaml", count)
        rival, peak = in_own_process("bench.subscriber_list", "rival", folder)
        ours = [
            (f"digest: {count:,} subscribers read, checked and stored", "sync"),
            ("digest: the same file again", "sync"),
        ]
        measured = [(what, *in_own_process("bench.subscriber_list", work, folder)) for what, work in ours]
    rows: list[tuple[str, ...]] = [("PyYAML's CSafeLoader, which only parses", f"{rival:.2f}", "1", f"{peak}")]
    return rows + [(what, f"{took:.2f}", f"{took / rival:.2f}", f"{peak}") for what, took, peak in measured]


def _write(path: Path, count: int) -> None:
    """Write a list with five fields for each subscriber."""
    with path.open("w", encoding="utf-8") as file:
        file.write("defaults: {frequency: daily}\nsubscribers:\n")
        for number in range(count):
            file.write(
                f"  - email: {email_of(number)}\n    name: पाठक {number}\n    topics: {_TOPICS[number % 4]}\n"
                f"    timezone: {'Europe/London' if number % 9 == 0 else 'Asia/Kolkata'}\n    status: active\n"
            )


def _rival(folder: Path) -> float:
    text = (folder / "subscribers.yaml").read_text(encoding="utf-8")
    return timed(lambda: yaml.load(text, Loader=yaml.CSafeLoader))


def _sync(folder: Path) -> float:
    from digest.app import make_app

    with make_app(folder) as app:
        # Opening the store and loading the rules do not count.
        _ = app.database, app.topics
        return timed(app.subscriber_list.sync)


if __name__ == "__main__":
    print_result({"rival": _rival, "sync": _sync}[sys.argv[1]](Path(sys.argv[2])))
