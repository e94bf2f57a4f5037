"""The person who acts now, for rows of the log that are written deep in the store, without a parameter for it."""

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
    """Set the person who acts, for this thread and inside the block. The name is computed only if it is needed."""
    token = _who.set(who)
    try:
        yield
    finally:
        _who.reset(token)


def actor() -> Actor:
    """Return the person who acts now, or the program."""
    # Every command imports this module, and few need it.
    from digest.models import Actor

    who = _who.get()
    return who() if who else Actor("digest", "schedule")
