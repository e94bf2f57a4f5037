"""A million readers in eight variants, on SQLite, against a tenth of them: time and memory must not run away.

Takes some minutes, so `python -m bench` runs it only when it is named.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Iterator

from bench.delivery import newsletter
from digest import pipeline
from digest.app import App
from digest.models import Subscriber
from digest.subscribers import list_file
from digest.subscribers.includes import contents

FEW, MANY = 100_000, 1_000_000
VARIANTS = 8


def run() -> list[tuple[str, ...]]:
    """Rows of (what, seconds, MiB at the most, ratio to the few)."""
    few, many = _alone(FEW), _alone(MANY)
    return [
        (f"digest: {readers:,} readers, {VARIANTS} variants", f"{took:.1f}", f"{most}", f"{took / few[0]:.1f}")
        for readers, (took, most) in ((FEW, few), (MANY, many))
    ]


def _alone(readers: int) -> tuple[float, int]:
    """Seconds of the whole send and MiB of the process that did it."""
    command = [sys.executable, "-m", "bench.million", str(readers)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    seconds, most = done.stdout.split()
    return float(seconds), int(most)


def _send(readers: int) -> float:
    with newsletter() as app:
        key = pipeline.edition_key(app)
        edition = pipeline.compose(app, key).edition
        _enlist(app, readers, [section.name for section in edition.sections])
        began = time.perf_counter()
        sent = pipeline.send(app, key)
        took = time.perf_counter() - began
        assert sent.counts.accepted == readers, sent.counts
        assert sent.counts.variants == VARIANTS, sent.counts
        return took


def _enlist(app: App, readers: int, sections: list[str]) -> None:
    """The readers go straight into the store, as an import brings them; the list's file counts as read."""
    version = list_file.version(contents(app.home / list_file.FILE_NAME), app.topics)
    app.subscribers.sync(_readers(readers, sections), now=app.now(), version=version)
    assert app.subscribers.synced() == version
    app.subscriber_list.sync()


def _readers(count: int, sections: list[str]) -> Iterator[tuple[str, Subscriber]]:
    choices = [(), *((section,) for section in sections)][: VARIANTS // 2]
    for number in range(count):
        email = f"reader{number}@example.com"
        form = "text" if number % 2 else "html"
        yield email, Subscriber(email, topics=choices[number // 2 % len(choices)], format=form)


if __name__ == "__main__":
    seconds = _send(int(sys.argv[1]))
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
