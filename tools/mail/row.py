"""The result of a check: a value and its limit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """`value` of `what` in one email. `limit` is the highest allowed value, or None for information only.

    `ok` is None if the check could not run here. `detail` has a sentence for each finding.
    """

    check: str
    email: str
    what: str
    value: float | str
    limit: float | None = None
    ok: bool | None = True
    detail: tuple[str, ...] = ()


def at_most(
    check: str, email: str, what: str, value: float, limit: float | None = None, detail: tuple[str, ...] = ()
) -> Row:
    """Return a row that is ok if `value` is not above `limit`."""
    return Row(check, email, what, value, limit, limit is None or value <= limit, detail)
