"""Erase a person from the store and from the outbox (GDPR article 17)."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from digest.errors import DigestError
from digest.subscribers.address import mailbox

if TYPE_CHECKING:
    from digest.store.people.erasure import ErasureResult, Erasures
    from digest.store.people.preferences import PreferenceStore
    from digest.usecases.process_feedback import FeedbackProcessor

log = logging.getLogger(__name__)

# The outbox writes to a file with this name first, and renames it when it is complete.
_PARTIAL = re.compile(r"\.(.*)\.part\Z")
_UNSAFE = re.compile(r"[^a-z0-9@._+-]+")


@dataclass(frozen=True)
class SubscriberEraser:
    """Erases a person."""

    feedback: FeedbackProcessor
    preferences: PreferenceStore
    erasures: Erasures
    outbox: Path
    list_files: Callable[[], list[Path]]
    now: Callable[[], datetime]

    def remove_line(self, email: str) -> Path | None:
        """Remove the person's line from the list file, and return the file. Raises EditNotPossible."""
        from digest.subscribers import list_editor

        return next((path for path in self.list_files() if list_editor.remove(path, email, backup=False)), None)

    def erase_whole(self, address: str, reason: str) -> ErasureResult:
        """Erase the person behind a comparable address, with their line in the list file if it can be edited.

        A line that stays has no effect, and `digest subscribers check` reports it.
        """
        try:
            self.remove_line(address)
        except (DigestError, OSError) as error:
            # The error's message may quote the address.
            log.warning("a subscriber was erased; the list file still has the line: %s", type(error).__name__)
        return self.erase(address, reason)[0]

    def erase(self, address: str, reason: str) -> tuple[ErasureResult, int]:
        """Erase the person behind a comparable address.

        Returns the counts of the erased data, and the number of emails that were removed from the outbox. Queued
        webhook payloads are processed first, because they may resolve a batch whose outcome is unknown.
        """
        self.feedback.process_webhooks()
        held = self.preferences.find(address)
        quotas = [f"{purpose}:{mailbox(address)}" for purpose in ("join", "leave")]
        erased = self.erasures.erase(address, reason, now=self.now(), quotas=quotas)
        return erased, self._remove_emails({address, held.email if held else address})

    def _remove_emails(self, addresses: set[str]) -> int:
        # An email's file is named for the address as the list spells it: `EDITION/00000042-asha@example.com.eml`.
        endings = tuple(f"-{_UNSAFE.sub('_', address.lower())[:80]}.eml" for address in addresses)
        removed = 0
        for path in self.outbox.glob("*/*") if self.outbox.is_dir() else ():
            if _PARTIAL.sub(r"\1", path.name).lower().endswith(endings):
                path.unlink(missing_ok=True)
                removed += 1
        return removed
