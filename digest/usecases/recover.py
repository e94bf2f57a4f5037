"""Resolve the batches that an interrupted run left in flight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from digest.deliver.transports import RECOVERY, REDO_WITHIN

if TYPE_CHECKING:
    from digest.store.sending.ledger import SqlLedger


@dataclass(frozen=True)
class Recovery:
    """Recovers editions by the rules of each transport."""

    ledger: SqlLedger
    # Whether batches whose outcome is unknown are sent again (`delivery.on_unknown: resend`).
    resend_unknown: bool
    now: Callable[[], datetime]

    def recover(self, edition: str) -> tuple[str, ...]:
        """Resolve an edition's orphaned attempts, whatever its state. The caller holds the `sending` lock.

        Returns sentences for the operator.
        """
        unknown = self.ledger.begin_run(
            edition, recovery=RECOVERY, redo_within=REDO_WITHIN, now=self.now(), resend=self.resend_unknown
        )
        if not unknown:
            return ()
        return (f"An interrupted run left {unknown} recipients with unknown outcome.",)
