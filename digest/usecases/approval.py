"""Approve an edition, and the link by which an admin approves it from an alert."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import orjson

from digest.errors import DigestError
from digest.models import Edition, EditionState, Variant, is_breaking
from digest.usecases.model_text import ModelTextUnseen, unseen
from digest.usecases.preflight import Preflight, PreflightFailed, PreflightResult, SampleGuard

if TYPE_CHECKING:
    from digest.store.content.editions import EditionStore
    from digest.subscribers.tokens import Signer
    from digest.usecases.breaking import BreakingNews

PURPOSE = "approve"
# The parts of an edition that subscribers see. The revision is a fingerprint of them.
_SHOWN = ("subject", "preheader", "intro", "sections", "lead", "blocks")
_REVISION_LENGTH = 16


def approval_link(base: str, signer: Signer, key: str) -> str:
    """Return the address of the page where an edition can be approved. Anybody who has it may approve this edition."""
    return f"{base.rstrip('/')}/approve/{key}/{signer.sign_name(PURPOSE, key)}"


def revision(edition: Edition) -> str:
    """Return a fingerprint of everything that an edition shows, so that nobody approves what they have not seen."""
    shown = {name: getattr(edition, name) for name in _SHOWN}
    return hashlib.sha256(orjson.dumps(shown, default=str)).hexdigest()[:_REVISION_LENGTH]


class EditionChanged(DigestError):
    """The edition is no longer as it was when somebody decided to approve it."""


@dataclass(frozen=True)
class Approver:
    """Checks an edition's emails and approves it. Used by the command and by the page."""

    editions: EditionStore
    preflight: Preflight
    sample_guard: SampleGuard
    breaking: BreakingNews
    # The variants that subscribers get.
    variants_in_use: Callable[[Edition], Iterable[Variant]]
    now: Callable[[], datetime]

    def check(self, edition: Edition) -> PreflightResult:
        """Check the emails of an edition. Raises ConfigurationError for samples by real email."""
        checked = self.preflight.check_edition(edition, self.variants_in_use(edition))
        self.sample_guard.refuse(edition)
        return checked

    def approve(self, edition: Edition, *, how: str, by: str = "", force: str = "") -> PreflightResult:
        """Check and approve a draft. `digest run` sends it at its time, and breaking news at once.

        Records who approved (if known), how, and `force`, the reason for approving despite errors. Raises
        PreflightFailed for an email with errors, ModelTextUnseen for model text that nobody has looked at,
        BreakingRefused for an alert edition that must not be sent, EditionChanged if the edition was changed meanwhile,
        and DigestError for another state.
        """
        key = edition.key
        checked = self.check(edition)
        if checked.errors and not force:
            raise PreflightFailed(key, checked.errors)
        left = unseen(edition, self.editions.editorial_changes(key))
        if left and not force:
            raise ModelTextUnseen(key, left)
        if is_breaking(key):
            self.breaking.check(key, force)
        with self.editions.database.transaction():
            stored = self.editions.get(key)
            if stored is None or stored.state != EditionState.DRAFT:
                state = stored.state if stored else "gone"
                raise DigestError(f"Edition {key} is {state}; only a draft can be approved.")
            if revision(stored) != revision(edition):
                raise EditionChanged(f"Edition {key} was changed while it was being checked. Look at it again.")
            self.editions.move(key, EditionState.APPROVED, out_of=(EditionState.DRAFT,))
        self.editions.record(key, EditionState.APPROVED, force or how, now=self.now(), by=by)
        return checked
