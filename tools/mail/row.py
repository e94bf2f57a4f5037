"""What a judge says: one figure against its bar. Judges nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """`value` of `what` in one letter; `bar` is the most that is allowed, None for a figure that is only told.

    `ok` None means that it could not be judged here; `detail` holds a sentence for each finding.
    """

    judge: str
    letter: str
    what: str
    value: float | str
    bar: float | None = None
    ok: bool | None = True
    detail: tuple[str, ...] = ()


def at_most(
    judge: str, letter: str, what: str, value: float, bar: float | None = None, detail: tuple[str, ...] = ()
) -> Row:
    """A row that is good when `value` is not above `bar`."""
    return Row(judge, letter, what, value, bar, bar is None or value <= bar, detail)
