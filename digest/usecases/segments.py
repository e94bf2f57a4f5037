"""Saved groups of subscribers: a filter under a name, for the commands and for the desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from digest.errors import ConfigurationError, DigestError
from digest.models import Actor
from digest.store.desk import audit
from digest.store.desk.audit import ActKind
from digest.store.people.directory import Segment, SubscriberFilter, SubscriberLine
from digest.utils.text import one_line

if TYPE_CHECKING:
    from digest.store.database import Database
    from digest.store.people.directory import SubscriberDirectory

MAX_NAME = 40
_PAGE = 1000


class UnknownSegment(DigestError):
    """There is no saved group with this name."""


@dataclass(frozen=True)
class Segments:
    database: Database
    directory: SubscriberDirectory
    now: Callable[[], datetime]

    def all(self) -> list[Segment]:
        return self.directory.segments()

    def get(self, name: str) -> Segment:
        """Return a group. Raises UnknownSegment, which names the existing ones."""
        found = next((each for each in self.all() if each.name == name), None)
        if found is None:
            known = ", ".join(each.name for each in self.all()) or "none"
            raise UnknownSegment(f"There is no group {name!r}; known: {known}.")
        return found

    def save(self, name: str, wanted: SubscriberFilter, by: Actor) -> str:
        """Save a filter under a name, and return the normalised name. An older one of this name is replaced.

        Raises ConfigurationError for an empty or a long name.
        """
        kept = one_line(name)
        if not kept or len(kept) > MAX_NAME or not kept.isprintable():
            raise ConfigurationError.at("NAME", f"expected a name of at most {MAX_NAME} characters, found {name!r}")
        with self.database.write() as connection:
            self.directory.save_segment(connection, kept, wanted, self.now())
            audit.add(connection, by, ActKind.SEGMENT_SAVED, kept, now=self.now())
        return kept

    def drop(self, name: str, by: Actor) -> None:
        """Delete a group; its subscribers stay. Raises UnknownSegment."""
        self.get(name)
        with self.database.write() as connection:
            if self.directory.drop_segment(connection, name):
                audit.add(connection, by, ActKind.SEGMENT_DROPPED, name, now=self.now())

    def addresses(self, name: str) -> frozenset[str]:
        """Return the comparable addresses of a group. Raises UnknownSegment."""
        return self.directory.addresses(self.get(name).filter, now=self.now())

    def subscribers(self, name: str, limit: int | None = None) -> Iterator[SubscriberLine]:
        """Yield the subscribers of a group, the newest first. Raises UnknownSegment."""
        return islice(self._lines(self.get(name).filter), limit)

    def _lines(self, wanted: SubscriberFilter) -> Iterator[SubscriberLine]:
        before: int | None = None
        while True:
            lines, before = self.directory.page(wanted, now=self.now(), limit=_PAGE, before=before)
            yield from lines
            if before is None:
                return
