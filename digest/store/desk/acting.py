"""Who acts now, for rows of the log that are written deep in the store, where nobody was told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digest.models import Actor

_who: ContextVar[Callable[[], Actor] | None] = ContextVar("who acts", default=None)


@contextmanager
def acting(who: Callable[[], Actor]) -> Iterator[None]:
    """Inside the block, in this thread, somebody acts. They are asked for their name only if it is needed."""
    token = _who.set(who)
    try:
        yield
    finally:
        _who.reset(token)


def actor() -> Actor:
    """Return who acts now: a person, or the program by itself."""
    # Every command imports this module, and few need it.
    from digest.models import Actor

    who = _who.get()
    return who() if who else Actor("digest", "schedule")
