"""From the provider's own lists of whom it mails no more to the store: what an event that was lost would have said.

Remembers per list until when it was read. Which lists there are is the transport's, what an entry changes the rules'
of events: somebody who is no reader is not barred, and who came back by themselves since stays in.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest import freezing, hearing
from digest.app import App
from digest.deliver.ports import CantTell, KeepsBarred, Wait
from digest.errors import ConfigurationError, Fault
from digest.events.event import Event
from digest.settings_file import FILE_NAME
from digest.store import meta

EVERY = timedelta(days=1)
_OVERLAP = timedelta(days=2)
"""How far back a list is read again: an entry may come to it late, or another clock may be wrong."""
_NEXT_TRY = timedelta(hours=1)
_TRIED = "pull tried"


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull brought: entries read, addresses barred by them, and readers whom the provider bars and we don't,
    as they came back since. `notes` are for people; `unread` are the lists that could not be read to their end."""

    entries: int = 0
    suppressed: int = 0
    came_back: int = 0
    unread: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def keepers(app: App) -> list[KeepsBarred]:
    """The transports whose providers keep such lists."""
    return [one for one in app.transports if isinstance(one, KeepsBarred)]


def pull(app: App, *, anew: bool = False, wait: Wait | None = None) -> Pulled:
    """Reads every list from where it was last read to its end, or with `anew` from its beginning. May be cut short and
    done again. Raises ConfigurationError where no transport has lists."""
    found = keepers(app)
    if not found:
        named = ", ".join(app.settings.delivery.transport)
        said = f"'delivery.transport': {named} keeps no lists of whom it mails no more; sendgrid does"
        raise ConfigurationError([Fault(FILE_NAME, 0, said)])
    now = app.now()
    meta.set(app.database, _TRIED, now.isoformat())
    freezing.mirror_list(app, may_be_empty=True)  # who is no reader when a list is read is passed over for good
    faults: dict[tuple[str, str], list[str]] = {}
    came_back: set[str] = set()
    entries = suppressed = 0
    for keeper in found:
        for name in keeper.lists:
            mark = f"pulled {keeper.name} {name}"
            known = meta.get(app.database, mark)
            since = datetime.fromisoformat(known) - _OVERLAP if known and not anew else None
            try:
                for part in keeper.barred(name, since, now, wait or _sleep):
                    events = [
                        Event(one.kind, one.at, address=address, reason=_told(keeper.name, name, one.reason))
                        for one in part
                        if (address := hearing.comparable(one.email))
                    ]
                    entries += len(part)
                    suppressed += hearing.take(app, events).suppressed
                    came_back |= app.readers.mailed_among([event.address for event in events])
                meta.set(app.database, mark, now.isoformat())
            except CantTell as error:
                faults.setdefault((keeper.name, str(error)), []).append(name)
    notes = [f"{who}: {', '.join(names)} can't be read: {why}" for (who, why), names in faults.items()]
    if came_back:
        notes.append(_stay(sorted(came_back)))
    unread = tuple(name for names in faults.values() for name in names)
    return Pulled(entries, suppressed, len(came_back), unread, tuple(notes))


def is_due(app: App) -> bool:
    """Whether a day has gone by since every list was read, and an hour since that was tried."""
    tried = meta.get(app.database, _TRIED)
    if tried and timedelta(0) <= app.now() - datetime.fromisoformat(tried) < _NEXT_TRY:
        return False
    marks = [meta.get(app.database, f"pulled {one.name} {name}") for one in keepers(app) for name in one.lists]
    return any(not mark or not timedelta(0) <= app.now() - datetime.fromisoformat(mark) < EVERY for mark in marks)


def _told(provider: str, name: str, reason: str) -> str:
    return f"{provider}'s list {name}" + (f": {reason}" if reason else "")


def _stay(addresses: list[str]) -> str:
    named = ", ".join(addresses[:3]) + (" …" if len(addresses) > 3 else "")
    count = f"{len(addresses)} readers" if len(addresses) > 1 else "a reader"
    return f"{count} came back since the provider barred them ({named}): take them off its list, or it drops their mail"


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return False
