"""Record a person's decision on an edition: with the edition, and in the log of who did what."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from digest.models import Actor, EditionState

if TYPE_CHECKING:
    from digest.store.content.editions import EditionStore
    from digest.store.desk.audit import AuditLog


def record_decision(
    editions: EditionStore,
    log: AuditLog,
    key: str,
    state: EditionState,
    by: Actor,
    *,
    why: str,
    what: str,
    now: datetime,
) -> None:
    """Record who brought an edition into a state. `why` is the reason or the way, `what` the verb in the audit log."""
    editions.record(key, state, why, now=now, by=by.name)
    log.record(by, what, key, now=now)
