"""Send through a provider that takes 100 ms for each call, over four connections.

The rival is arithmetic: calls × latency / connections, which no sender with that many connections can beat. Only the
time above it could still be saved by an optimisation.
"""

from __future__ import annotations

import math

from bench.delivery import BATCH
from bench.measure import timed
from bench.newsletter import add_subscribers, newsletter, prepare_edition
from digest import pipeline

LATENCY, CONNECTIONS = 0.1, 4
BAR = 1.3


def run(*, quick: bool) -> list[tuple[str, ...]]:
    """Rows of (what, seconds, ratio to the least possible, bar)."""
    count = 8_000 if quick else 100_000
    with newsletter(latency=LATENCY, connections=CONNECTIONS) as app:
        add_subscribers(app, count)
        key = pipeline.key_of_today(app)
        prepare_edition(app, key)
        took = timed(lambda: pipeline.send(app, key))
    calls = math.ceil(count / BATCH)
    least = calls * LATENCY / CONNECTIONS
    return [
        (f"{calls} calls × {1000 * LATENCY:.0f} ms / {CONNECTIONS} connections", f"{least:.2f}", "1", ""),
        (f"digest send, {count:,} recipients", f"{took:.2f}", f"{took / least:.2f}", f"<= {BAR}"),
    ]
