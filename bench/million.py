"""Send to a million recipients in eight variants on SQLite, compared with a tenth of them.

Takes minutes, so `python -m bench` runs it only by name.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from bench.measure import in_own_process, print_result
from bench.newsletter import email_of, newsletter
from digest import pipeline
from digest.app import App
from digest.models import Subscriber
from digest.subscribers import list_file
from digest.subscribers.includes import contents

VARIANTS = 8
# Time must grow no faster than the list, with some room for larger indexes.
BAR_TIME, BAR_MEMORY = 1.1, 300


def run(*, quick: bool) -> list[tuple[str, ...]]:
    """Rows of (what, seconds, ratio to the smaller send, peak MiB, bar)."""
    many = 100_000 if quick else 1_000_000
    few = many // 10
    (short, less), (long, peak) = (in_own_process("bench.million", count) for count in (few, many))
    bar = f"<= {10 * BAR_TIME:.0f}, <= {BAR_MEMORY} MiB"
    return [
        (f"digest send, {few:,} recipients, {VARIANTS} variants", f"{short:.1f}", "1", f"{less}", ""),
        (
            f"digest send, {many:,} recipients, {VARIANTS} variants",
            f"{long:.1f}",
            f"{long / short:.1f}",
            f"{peak}",
            bar,
        ),
    ]


def _send(count: int) -> float:
    with newsletter() as app:
        key = pipeline.key_of_today(app)
        edition = pipeline.compose(app, key).edition
        _add_subscribers(app, count, [section.name for section in edition.sections])
        start = time.perf_counter()
        sent = pipeline.send(app, key)
        took = time.perf_counter() - start
        assert sent.counts.accepted == count, sent.counts
        assert sent.counts.variants == VARIANTS, sent.counts
        return took


def _add_subscribers(app: App, count: int, sections: list[str]) -> None:
    """Put subscribers into the store, as an import does. The list file counts as read."""
    version = list_file.version(contents(app.home / list_file.FILE_NAME), app.topics)
    app.subscribers.sync(_subscribers(count, sections), now=app.now(), version=version)
    assert app.subscribers.synced_version() == version
    app.subscriber_list.sync()


def _subscribers(count: int, sections: list[str]) -> Iterator[tuple[str, Subscriber]]:
    choices = [(), *((section,) for section in sections)][: VARIANTS // 2]
    for number in range(count):
        email = email_of(number)
        topics = choices[number // 2 % len(choices)]
        yield email, Subscriber(email, topics=topics, format="text" if number % 2 else "html")


if __name__ == "__main__":
    print_result(_send(int(sys.argv[1])))
