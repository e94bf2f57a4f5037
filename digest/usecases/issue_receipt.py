"""Issue the receipt of an edition: signed counts of recipients, and a hash chain over the batches. No addresses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from digest import __version__
from digest.errors import DigestError
from digest.receipt import PARTS, canonical, sign
from digest.store.content.events import count_feedback
from digest.store.sending.evidence import format_time, read_evidence
from digest.usecases.process_feedback import PARSERS
from digest.utils.text import pick

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from digest.models import Edition
    from digest.store.sending.statistics import Statistics
    from digest.store.sending.status import StatusReader


@dataclass(frozen=True)
class ReceiptIssuer:
    """`issuer` is the domain of the sender."""

    status: StatusReader
    statistics: Statistics
    newsletter: str
    issuer: str
    now: Callable[[], datetime]

    def issue(self, edition: Edition, key: Ed25519PrivateKey) -> dict[str, Any]:
        """Return the receipt's document as of now. Raises DigestError for an edition without recipients."""
        now = self.now()
        found = read_evidence(self.status.database, self.status.policy, edition.key, now)
        counts = found.counts
        if not counts.frozen:
            raise DigestError(
                f"Edition {edition.key} is {edition.state} and has no recipients yet, so there is nothing to attest."
            )
        if not counts.balanced:
            raise DigestError(
                f"The counts of edition {edition.key} do not add up, so it gets no receipt: {counts}. Run "
                "`digest doctor` and report this."
            )
        statement = {
            "newsletter": self.newsletter,
            "issuer": self.issuer,
            "issued_at": format_time(now.astimezone(UTC).replace(microsecond=0)),
            "software": f"digest {__version__}",
            "edition": edition.key,
            "number": edition.number,
            "subject": edition.subject,
            "state": str(edition.state),
            "frozen_at": format_time(found.frozen_at),
            "done_at": format_time(found.done_at),
            "counts": {name: getattr(counts, name) for name in ("frozen", *PARTS)},
            "transports": self.statistics.transports(edition.key),
            "reported": self._reported_feedback(edition.key),
            "emails": found.emails,
            "content": None if found.emails is None else sha256(canonical(found.emails)).hexdigest(),
        }
        return sign(statement, found.batches, key)

    def _reported_feedback(self, key: str) -> dict[str, int | None]:
        """Return the feedback of providers. A provider without webhooks reports no deliveries."""
        events = count_feedback(self.status.database, key)
        reports = not PARSERS.keys().isdisjoint(self.statistics.transports(key))
        return {"delivered": events.delivered if reports else None, **pick(events, "bounced blocked complained")}
