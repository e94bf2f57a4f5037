"""One claim at a time, for tests that follow a single batch."""

from __future__ import annotations

from typing import Any

from digest.deliver.ports import Claim, Ledger


def claim_one(ledger: Ledger, *turn: Any) -> Claim | None:
    """What `Ledger.claim` gives of one batch for edition, transport, now, tries and perhaps how far ahead."""
    return next(iter(ledger.claim(1, *turn)), None)
