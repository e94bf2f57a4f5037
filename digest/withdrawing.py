"""Stopping an edition: its state, what other processes and killed runs have of it in hand, and the letters that a
provider holds for its hour. Part of the pipeline."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from digest.app import App
from digest.deliver.attempt import recall_each
from digest.deliver.ports import Fence
from digest.errors import Busy
from digest.models import EditionState
from digest.pipeline import recover
from digest.store.counting import counts
from digest.store.locks import alone
from digest.store.orphans import held_by_the_living
from digest.store.recalls import room_from, stopped_ahead

_LOCK_WAIT = 30.0  # seconds; a send that sees its edition stopped ends after what is in flight
_PAUSE = 0.25


@dataclass(frozen=True)
class Withdrawn:
    """`stopped` is False when the edition stands in no state that can be left. Numbers of readers: `recalled` whose
    letters came back from the provider; `gone` who get theirs all the same, `more` of them unless room comes for more
    recalls in time; `in_doubt` of whom the provider says nothing; `unknown` who may have had theirs before; `in_hand`
    whom another process is still handing over."""

    stopped: bool
    recalled: int = 0
    gone: int = 0
    more: int = 0
    in_doubt: int = 0
    unknown: int = 0
    in_hand: int = 0


def stop(app: App, key: str, state: EditionState, *, out_of: Sequence[EditionState]) -> Withdrawn:
    """Moves the edition on to `paused` or `cancelled`, so that nobody begins a batch of it any more, waits for what
    other processes have in hand, settles what killed ones left, and recalls what a provider holds for later; who is
    recalled is pending again. An edition that is done, or was stopped before, can be stopped as long as a provider
    holds letters of it."""
    held = app.ledger.held_ahead(key, app.now())
    begun = counts(app.database, key).frozen > 0
    if not app.editions.move(key, state, out_of=(*out_of, "done", state) if any(held) else out_of):
        return Withdrawn(stopped=False)
    return _take_back(app, key, wait=_LOCK_WAIT) if begun else Withdrawn(stopped=True)


def go_on(app: App) -> dict[str, int]:
    """Recalls what of stopped editions could not be recalled before, for there was no room for more recalls, or the
    provider did not answer. Answers the readers per edition."""
    with app.database.read() as connection:
        waiting = stopped_ahead(connection, app.now())
    taken = {key: _take_back(app, key, wait=0.0).recalled for key in waiting}
    return {key: readers for key, readers in taken.items() if readers}


def _in_time(app: App, key: str) -> int:
    """Readers whose letters a provider holds for so long that there will be room for more recalls before."""
    readers = 0
    for fence in (one for one in app.transports if isinstance(one, Fence)):
        with app.database.read() as connection:
            room = room_from(connection, fence, app.now())
        if room is not None:
            readers += app.ledger.held_ahead(key, room + fence.closes).surely
    return readers


def _take_back(app: App, key: str, *, wait: float) -> Withdrawn:
    until = time.monotonic() + wait
    with ExitStack() as turn:
        with suppress(Busy):  # what a provider holds is recalled all the same
            turn.enter_context(alone(app.database, "sending", wait=wait))
            if wait:
                time.sleep(_PAUSE)  # a claim that saw the edition as it was is in the store by then
            while held_by_the_living(app.database, key) and time.monotonic() < until:
                time.sleep(_PAUSE)
            recover(app, key)
        held = app.ledger.held_ahead(key, app.now())
        recall_each(key, app.transports, app.ledger.begin_withdrawal, app.ledger.end_recall, app.now)
    left = app.ledger.held_ahead(key, app.now())
    return Withdrawn(
        stopped=True,
        recalled=sum(held) - sum(left),
        gone=left.surely,
        more=min(left.surely, _in_time(app, key)),
        in_doubt=left.perhaps,
        unknown=counts(app.database, key).unknown - left.perhaps,
        in_hand=held_by_the_living(app.database, key),
    )
