"""The table of a run: for each figure the letter in which it is worst, then what was found. Pure."""

from __future__ import annotations

from tabulate import tabulate

from tools.mail.row import Row

FINDINGS = 8
"""How many findings of a row are printed; all are in rows.jsonl."""


def report(rows: list[Row]) -> str:
    """The worst letter for each figure, then what was found."""
    worst: dict[tuple[str, str], Row] = {}
    for row in rows:
        key = (row.judge, row.what)
        if key not in worst or _badness(row) > _badness(worst[key]):
            worst[key] = row
    table = [
        (
            row.judge,
            row.what,
            f"{row.value:,}" if isinstance(row.value, int) else row.value,
            _bar(row),
            row.letter,
            _ok(row),
        )
        for row in worst.values()
    ]
    text = tabulate(
        table,
        headers=("judge", "what", "value", "bar", "worst in", "ok"),
        disable_numparse=True,
        colalign=("left", "left", "right", "right", "left", "left"),
    )
    lines = [text, ""]
    for row in worst.values():
        if row.ok is False:
            others = [other.letter for other in rows if other.ok is False and other.what == row.what and other != row]
            also = f" (also in {', '.join(others)})" if others else ""
            lines.append(f"{row.what}: {row.value} in {row.letter}{also}")
            lines += [f"    {sentence}" for sentence in row.detail[:FINDINGS]]
            if len(row.detail) > FINDINGS:
                lines.append(f"    … and {len(row.detail) - FINDINGS} more")
    return "\n".join(lines).rstrip() + "\n"


def _badness(row: Row) -> tuple[int, float]:
    return (row.ok is False), float(row.value) if isinstance(row.value, (int, float)) else 0.0


def _bar(row: Row) -> str:
    return "" if row.bar is None else f"{row.bar:,g}"


def _ok(row: Row) -> str:
    return {True: "yes" if row.bar is not None else "", False: "NO", None: "not judged"}[row.ok]
