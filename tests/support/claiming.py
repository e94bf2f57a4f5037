"""One claim at a time, for tests that follow a single batch."""

from __future__ import annotations

from typing import Any

from digest.deliver.ports import Claim, Ledger


def claim_one(ledger: Ledger, *arguments: Any) -> Claim | None:
    """Claim one batch with the arguments of `Ledger.claim` after the first. Return None if there is none."""
    return next(iter(ledger.claim(1, *arguments)), None)
