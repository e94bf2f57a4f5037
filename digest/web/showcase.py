"""The newest edition as the sign-up page and the welcome email show it, read once for each edition."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from digest.store.content.archive import ArchivedEdition, ArchivedStory, ArchiveStore

_MAX_STORIES = 5
# The number of older editions that are linked.
_MAX_OLDER = 3


@dataclass(frozen=True, slots=True)
class ShowcaseEdition:
    """An edition with its most important stories, the top one first, and `older` editions."""

    edition: ArchivedEdition
    stories: tuple[ArchivedStory, ...]
    older: tuple[ArchivedEdition, ...]


@dataclass
class Showcase:
    """Finds the newest edition of the public archive, if there is one."""

    # None if the archive is not public.
    store: ArchiveStore | None
    now: Callable[[], datetime]
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _shown: ShowcaseEdition | None = None

    def newest(self) -> ShowcaseEdition | None:
        """Return the newest edition; None without a public archive, or before the first edition."""
        if self.store is None:
            return None
        found = self.store.newest(self.now(), most=1 + _MAX_OLDER)
        if not found:
            return None
        with self._lock:
            if self._shown is None or self._shown.edition != found[0]:
                stories = self.store.stories(found[0].key, most=_MAX_STORIES)
                self._shown = ShowcaseEdition(found[0], tuple(stories), tuple(found[1:]))
            return self._shown
