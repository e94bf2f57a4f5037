"""Emails that came back, by mailbox provider, transport and domain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from digest.utils.documents import to_json

KINDS = ("bounced", "blocked", "dropped", "complained")
# A complaint is about an email that arrived.
_RETURNED = ("bounced", "blocked", "dropped")
_LINES = 10


@dataclass(frozen=True, slots=True)
class FailureRow:
    """One mailbox provider, transport or domain. An empty name: none of the known ones."""

    name: str
    counts: Mapping[str, int]
    # Emails that were handed over; None if they are not counted.
    sent: int | None = None

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def share(self) -> float | None:
        """The percentage that came back."""
        return 100 * sum(self.counts.get(kind, 0) for kind in _RETURNED) / self.sent if self.sent else None


@dataclass(frozen=True, slots=True)
class Failures:
    """The failed emails of some editions. Rows with most failures come first."""

    mailboxes: Sequence[FailureRow] = ()
    senders: Sequence[FailureRow] = ()
    domains: Sequence[FailureRow] = ()

    def groups(self) -> Iterator[tuple[str, Sequence[FailureRow]]]:
        yield from (("mailbox", self.mailboxes), ("sender", self.senders), ("domain", self.domains))


@dataclass(frozen=True, slots=True)
class FailureLine:
    """A row of the JSON document."""

    name: str
    sent: int | None
    bounced: int
    blocked: int
    dropped: int
    complained: int


@dataclass(frozen=True, slots=True)
class FailuresDocument:
    """Failed emails by mailbox provider, transport and domain."""

    mailboxes: tuple[FailureLine, ...]
    senders: tuple[FailureLine, ...]
    domains: tuple[FailureLine, ...]


def failures_document(failures: Failures) -> FailuresDocument:
    return FailuresDocument(*(tuple(map(_line, rows)) for _group, rows in failures.groups()))


def _line(row: FailureRow) -> FailureLine:
    return FailureLine(row.name, row.sent, **{kind: row.counts.get(kind, 0) for kind in KINDS})


def as_json(failures: Failures) -> dict[str, Any]:
    found: dict[str, Any] = to_json(failures_document(failures))
    return found


def csv_rows(failures: Failures) -> Iterator[tuple[str, ...]]:
    """Yield a header, and a line for each row."""
    yield ("by", "name", "sent", *KINDS)
    for group, rows in failures.groups():
        for row in rows:
            sent = "" if row.sent is None else str(row.sent)
            yield (group, row.name or "other", sent, *(str(row.counts.get(kind, 0)) for kind in KINDS))


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
    counts = ", ".join(f"{row.counts[kind]:,} {kind}" for kind in KINDS if row.counts.get(kind))
    share = f" ({row.share:.2f} % of {row.sent:,})" if row.share is not None else ""
    return f"{counts}{share}"
