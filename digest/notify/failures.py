"""Emails that came back, by mailbox provider, transport and domain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from digest.utils.documents import to_json

KINDS = ("bounced", "blocked", "dropped", "complained")
_LINES = 10


@dataclass(frozen=True, slots=True)
class FailureRow:
    """One mailbox provider, transport or domain. An empty name: none of the known ones."""

    name: str
    # Emails that were handed over; None if they are not counted.
    sent: int | None = None
    bounced: int = 0
    blocked: int = 0
    dropped: int = 0
    complained: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """Kind → failed emails."""
        return {kind: getattr(self, kind) for kind in KINDS}

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def share(self) -> float | None:
        """The percentage that came back. A complaint is about an email that arrived."""
        return 100 * (self.total - self.complained) / self.sent if self.sent else None


@dataclass(frozen=True, slots=True)
class Failures:
    """The failed emails of some editions. Rows with most failures come first."""

    mailboxes: Sequence[FailureRow] = ()
    senders: Sequence[FailureRow] = ()
    domains: Sequence[FailureRow] = ()

    def groups(self) -> Iterator[tuple[str, Sequence[FailureRow]]]:
        yield from (("mailbox", self.mailboxes), ("sender", self.senders), ("domain", self.domains))


def as_json(failures: Failures) -> dict[str, Any]:
    found: dict[str, Any] = to_json(failures)
    return found


def csv_rows(failures: Failures) -> Iterator[tuple[str, ...]]:
    """Yield a header, and a line for each row."""
    yield ("by", "name", "sent", *KINDS)
    for group, rows in failures.groups():
        for row in rows:
            sent = "" if row.sent is None else str(row.sent)
            yield (group, row.name or "other", sent, *map(str, row.counts.values()))


def as_text(failures: Failures) -> str:
    """Return the lines for a terminal; '' if nothing came back."""
    lines: list[str] = []
    titles = {"mailbox": "Came back, by mailbox provider", "sender": "Came back, by transport"}
    for group, rows in failures.groups():
        failed = [row for row in rows if row.total][:_LINES]
        if group in titles and failed:
            lines += ["", f"{titles[group]}:", *(f"  {row.name or 'other'}: {_words(row)}" for row in failed)]
    return "\n".join(lines)


def _words(row: FailureRow) -> str:
    counts = ", ".join(f"{count:,} {kind}" for kind, count in row.counts.items() if count)
    share = f" ({row.share:.2f} % of {row.sent:,})" if row.share is not None else ""
    return f"{counts}{share}"
