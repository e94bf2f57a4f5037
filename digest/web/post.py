"""The post of the pages: single letters that readers ask for, handed over outside the ledger by one thread.

A page answers before its letter is handed over, or even made where making it looks an address up, so that how long an
answer takes tells nothing. What fails is told to the operator without the address; the reader may ask again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from digest.deliver.message import Outgoing
from digest.deliver.ports import Transport
from digest.deliver.trial import hand_over

log = logging.getLogger(__name__)

_WAITING = 1000
"""Letters that may wait; what is asked for beyond is refused."""


class Post:
    """One thread and a transport of its own. `transport` is called when the first letter goes."""

    def __init__(self, transport: Callable[[], Transport]) -> None:
        self._transport = transport
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="post")
        self._waiting = 0

    def send(self, letter: Outgoing) -> bool:
        """Takes a letter; False when too many wait already."""
        return self.send_made(lambda: letter)

    def send_made(self, make: Callable[[], Outgoing | None]) -> bool:
        """As `send`, of a letter that is made when its turn comes, or not."""
        if self._waiting >= _WAITING:
            return False
        self._waiting += 1
        self._thread.submit(self._hand_over, make)
        return True

    def close(self) -> None:
        """Hands over what waits, then ends."""
        self._thread.shutdown(wait=True)

    def _hand_over(self, make: Callable[[], Outgoing | None]) -> None:
        try:
            letter = make()
            if letter is None:
                return
            for problem in hand_over(self._transport(), [letter]):
                said = problem.replace(letter.recipients[0].email, "a reader")
                log.error("a letter of %s could not be handed over: %s", letter.batch, said)
        except Exception as error:  # a thread that dies would swallow all further letters
            log.error("a letter that a page promised could not be sent: %s", type(error).__name__)
        finally:
            self._waiting -= 1
