"""The table of a run: the worst email for each value, then the findings."""

from __future__ import annotations

from tabulate import tabulate

from tools.mail.row import Row

# How many findings of a row are printed. All are in rows.jsonl.
FINDINGS = 8


def report(rows: list[Row]) -> str:
    """Return the table and the findings."""
    worst: dict[tuple[str, str], Row] = {}
    for row in rows:
        key = (row.check, row.what)
        if key not in worst or _badness(row) > _badness(worst[key]):
            worst[key] = row
    table = [
        (
            row.check,
            row.what,
            f"{row.value:,}" if isinstance(row.value, int) else row.value,
            _limit(row),
            row.email,
            _ok(row),
        )
        for row in worst.values()
    ]
    text = tabulate(
        table,
        headers=("check", "what", "value", "limit", "worst in", "ok"),
        disable_numparse=True,
        colalign=("left", "left", "right", "right", "left", "left"),
    )
    lines = [text, ""]
    for row in worst.values():
        if row.ok is False:
            others = [other.email for other in rows if other.ok is False and other.what == row.what and other != row]
            also = f" (also in {', '.join(others)})" if others else ""
            lines.append(f"{row.what}: {row.value} in {row.email}{also}")
            lines += [f"    {sentence}" for sentence in row.detail[:FINDINGS]]
            if len(row.detail) > FINDINGS:
                lines.append(f"    … and {len(row.detail) - FINDINGS} more")
    return "\n".join(lines).rstrip() + "\n"


def _badness(row: Row) -> tuple[int, float]:
    return (row.ok is False), float(row.value) if isinstance(row.value, (int, float)) else 0.0


def _limit(row: Row) -> str:
    return "" if row.limit is None else f"{row.limit:,g}"


def _ok(row: Row) -> str:
    return {True: "yes" if row.limit is not None else "", False: "NO", None: "not checked"}[row.ok]
