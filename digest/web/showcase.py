"""The newest edition as the sign-up page and the welcome email show it, prepared once for each edition."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from digest.render.context import Item, Page
from digest.store.content.editions import Published
from digest.web.archive import Archive

_MAX_HEADLINES = 5
# Older editions that are linked.
_MAX_OLDER = 3


@dataclass(frozen=True, slots=True)
class Shown:
    """An edition with its most important stories: `lead` first, then `headlines`. `older` are those before it."""

    edition: Published
    page: Page
    lead: Item | None
    headlines: tuple[Item, ...]
    older: tuple[Published, ...]


@dataclass
class Showcase:
    """Finds the newest edition of the public archive, if there is one."""

    # None if the archive is not public.
    archive: Archive | None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _shown: Shown | None = None

    def newest(self) -> Shown | None:
        """Return the newest edition; None before the first, and without a public archive."""
        if self.archive is None:
            return None
        found = self.archive.published.newest(1 + _MAX_OLDER, self.archive.context.now())
        if not found:
            return None
        with self._lock:
            if self._shown is None or self._shown.edition != found[0]:
                page = self.archive.edition(found[0].key, remote=False)
                self._shown = _show(found, page) if page else None
            return self._shown


def _show(found: list[Published], page: Page) -> Shown:
    stories = [story for section in page.sections for story in section.stories]
    return Shown(found[0], page, page.lead, tuple(stories[: _MAX_HEADLINES - 1]), tuple(found[1:]))
