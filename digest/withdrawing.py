"""Stopping an edition: its state, and the letters that a provider holds for its hour. Part of the pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from digest.app import App
from digest.deliver.ports import Fence
from digest.models import EditionState
from digest.store.locks import alone

_LOCK_WAIT = 30.0  # seconds; a send that sees its edition stopped ends after what is in flight


@dataclass(frozen=True)
class Withdrawn:
    """`stopped` is False when the edition stands in no state that can be left. Numbers of readers: `recalled` whose
    letters came back from the provider, `gone` who get theirs all the same, `in_doubt` of whom the provider says
    nothing."""

    stopped: bool
    recalled: int = 0
    gone: int = 0
    in_doubt: int = 0


def stop(app: App, key: str, state: EditionState, *, out_of: Sequence[EditionState]) -> Withdrawn:
    """Moves the edition on to `paused` or `cancelled` and recalls what a provider holds for later; who is recalled is
    pending again. An edition that is done can be stopped as long as a provider holds letters of it."""
    held = app.ledger.held_ahead(key, app.now())
    if not app.editions.move(key, state, out_of=(*out_of, "done") if held.surely else out_of):
        return Withdrawn(stopped=False)
    if not any(held):
        return Withdrawn(stopped=True)
    with alone(app.database, "sending", wait=_LOCK_WAIT):
        tried: set[str] = set()
        for fence in (one for one in app.transports if isinstance(one, Fence)):
            while found := app.ledger.begin_withdrawal(key, fence, app.now(), but=tried):
                tried.add(found.attempt)
                if fence.recall(found.fence):
                    app.ledger.end_recall(found.attempt, app.now())
    left = app.ledger.held_ahead(key, app.now())
    return Withdrawn(stopped=True, recalled=sum(held) - sum(left), gone=left.surely, in_doubt=left.perhaps)
