"""Import the provider's suppression lists, to catch bounces and complaints whose webhook was lost.

Remembers for each list how far it was read. Entries for addresses that are not subscribed change nothing, and a
subscriber who came back since stays subscribed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from digest.config.loader import FILE_NAME
from digest.deliver.ports import SuppressionSource, SuppressionsUnavailable, Transport, Wait
from digest.errors import ConfigurationError
from digest.feedback.ports import Event
from digest.store import meta
from digest.subscribers.address import comparable
from digest.utils.text import plural

if TYPE_CHECKING:
    from digest.store.database import Database
    from digest.store.people.subscribers import SubscriberStore
    from digest.usecases.process_feedback import FeedbackProcessor
    from digest.usecases.subscriber_list import SubscriberList

_EVERY = timedelta(days=1)
_RETRY_AFTER = timedelta(hours=1)
# An entry may be added late, or the provider's clock may differ, so the end of each list is read again.
_OVERLAP = timedelta(days=2)
_LAST_TRY = "pull tried"


@dataclass(frozen=True, slots=True)
class SyncResult:
    """Outcome of reading the provider's suppression lists."""

    # Entries read.
    entries: int = 0
    # Newly suppressed addresses.
    suppressed: int = 0
    # Subscribers suppressed at the provider but not here: they subscribed again since.
    came_back: int = 0
    # Lists that could not be read to their end.
    unread: tuple[str, ...] = ()
    # Sentences for the operator.
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SuppressionSync:
    """Reads the suppression lists of every transport that has them."""

    transports: Sequence[Transport]
    database: Database
    subscriber_list: SubscriberList
    subscribers: SubscriberStore
    feedback: FeedbackProcessor
    now: Callable[[], datetime]

    @property
    def sources(self) -> list[SuppressionSource]:
        """The transports whose providers have suppression lists."""
        return [transport for transport in self.transports if isinstance(transport, SuppressionSource)]

    def run(
        self,
        *,
        from_start: bool = False,
        wait: Wait | None = None,
        progress: Callable[[int, int | None], None] | None = None,
        sync_list: Callable[[], object] | None = None,
    ) -> SyncResult:
        """Read every list from where the last run stopped, or from its beginning.

        An interrupted run can be repeated. `progress` is called with the number of entries read. `sync_list` replaces
        the usual sync of the list file. Raises ConfigurationError if no transport has lists.
        """
        if not self.sources:
            names = ", ".join(transport.name for transport in self.transports)
            message = f"'delivery.transport': {names} has no suppression lists to import; only sendgrid has them"
            raise ConfigurationError.at(FILE_NAME, message)
        now = self.now()
        meta.set(self.database, _LAST_TRY, now.isoformat())
        # An entry is matched against the list only once, when it is read, so the list must be current.
        (sync_list or partial(self.subscriber_list.sync, may_be_empty=True))()
        failures: dict[tuple[str, str], list[str]] = {}
        came_back: set[str] = set()
        entries = suppressed = 0
        for source in self.sources:
            for name in source.lists:
                try:
                    for page in source.list_suppressions(
                        name, self._since(source, name, from_start), now, wait or _sleep
                    ):
                        events = [
                            Event(one.kind, one.at, address=address, reason=_reason(source.name, name, one.reason))
                            for one in page
                            if (address := comparable(one.email))
                        ]
                        entries += len(page)
                        if progress:
                            progress(entries, None)
                        suppressed += self.feedback.apply(events).suppressed
                        addresses = [event.address for event in events if event.address]
                        came_back |= self.subscribers.eligible_among(addresses)
                    meta.set(self.database, _mark(source, name), now.isoformat())
                except SuppressionsUnavailable as error:
                    failures.setdefault((source.name, str(error)), []).append(name)
        notes = [f"{source}: cannot read {', '.join(names)}: {why}" for (source, why), names in failures.items()]
        if came_back:
            notes.append(_resubscribed_note(sorted(came_back)))
        unread = tuple(name for names in failures.values() for name in names)
        return SyncResult(entries, suppressed, len(came_back), unread, tuple(notes))

    def is_due(self) -> bool:
        """Whether a list was not read for a day, and not tried for an hour. False if there are no lists."""
        if not self.sources:
            return False
        tried = meta.get(self.database, _LAST_TRY)
        if tried and timedelta(0) <= self.now() - datetime.fromisoformat(tried) < _RETRY_AFTER:
            return False
        marks = [meta.get(self.database, _mark(source, name)) for source in self.sources for name in source.lists]
        return any(not mark or not timedelta(0) <= self.now() - datetime.fromisoformat(mark) < _EVERY for mark in marks)

    def _since(self, source: SuppressionSource, name: str, from_start: bool) -> datetime | None:
        last = meta.get(self.database, _mark(source, name))
        return datetime.fromisoformat(last) - _OVERLAP if last and not from_start else None


def _mark(source: SuppressionSource, name: str) -> str:
    return f"suppressions synced {source.name} {name}"


def _reason(provider: str, name: str, reason: str) -> str:
    return f"{provider}'s list {name}" + (f": {reason}" if reason else "")


def _resubscribed_note(addresses: list[str]) -> str:
    names = ", ".join(addresses[:3]) + (" …" if len(addresses) > 3 else "")
    count = plural(len(addresses), "subscriber")
    return (
        f"{count} subscribed again after the provider suppressed the address ({names}). "
        "Remove them from the provider's list, or it drops their mail."
    )


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return False
