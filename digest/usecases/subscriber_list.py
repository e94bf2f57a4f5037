"""Keep the store's list equal to `subscribers.yaml`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from digest.subscribers import list_file
from digest.subscribers.includes import contents
from digest.utils.gc import gc_paused

if TYPE_CHECKING:
    from digest.store.people.subscribers import Roster, SubscriberStore


@dataclass(frozen=True)
class SubscriberList:
    """The list file of one newsletter, and its copy in the store."""

    path: Path
    # The topics that a subscriber may choose.
    topics: tuple[str, ...]
    subscribers: SubscriberStore
    roster: Roster
    now: Callable[[], datetime]

    def read(self, *, may_be_empty: bool = False) -> list[list_file.ListedSubscriber]:
        """Return the subscribers of the file with their comparable addresses.

        An empty file is a fault, unless an import brought subscribers or `may_be_empty` is set. Raises
        ConfigurationError with every fault.
        """
        empty = may_be_empty or self.roster.any_imported()
        return list_file.read_files(self.path, topics=self.topics, may_be_empty=empty)

    def sync(self, *, may_be_empty: bool = False) -> None:
        """Make the store's list equal to the file's.

        An unchanged file is not read again. Raises ConfigurationError with every fault; the store then keeps its list.
        """
        version = list_file.version(contents(self.path), self.topics)
        if self.subscribers.synced() != version:
            with gc_paused():
                found = self.read(may_be_empty=may_be_empty)
                self.subscribers.sync(found, now=self.now(), version=version)
