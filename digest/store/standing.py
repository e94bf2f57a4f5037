"""How an edition stands, at one moment: its numbers, who is without it, which batches are in doubt.

Reads only. Whoever was in the hands of a killed run is counted as recovery will count them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from digest.store.counting import Counts, Doubt, Missing, count, doubted, unreached
from digest.store.database import Database
from digest.store.orphans import Orphan, abandoned, orphans
from digest.store.recovering import Left


@dataclass(frozen=True, slots=True)
class Standing:
    counts: Counts
    missing: list[Missing]
    doubts: list[Doubt]


class Onlooker:
    """`left` says what becomes of what a killed run left."""

    def __init__(self, database: Database, left: Left) -> None:
        self.database = database
        self.left = left

    def standing(self, edition: str, now: datetime, *, limit: int | None = None, waiting: bool = True) -> Standing:
        """`limit` and `waiting` as in `counting.missing`."""
        runs = abandoned(self.database)
        with self.database.read() as connection:
            left = orphans(connection, runs, self.left, now, edition)
            return Standing(
                count(connection, edition, left),
                list(unreached(connection, edition, limit, waiting=waiting, orphans=left)),
                doubted(connection, edition, left),
            )

    def orphans(self, now: datetime) -> Mapping[int, Orphan]:
        """Of all editions, by their batch."""
        runs = abandoned(self.database)
        with self.database.read() as connection:
            return orphans(connection, runs, self.left, now)
