"""Writes readers in the shapes that other tools read, by the tables of `formats`, row by row."""

from __future__ import annotations

import csv
import json
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TextIO

from digest.models import Subscriber
from digest.subscribers.formats import FORMULA, WRITTEN


@dataclass(frozen=True, slots=True)
class Leaving:
    """A reader to write. `barred` is why the address must not be mailed, or ''; then `barred_at` says since when.
    `paused_until` is the end of a pause that has one."""

    reader: Subscriber
    origin: str = ""
    barred: str = ""
    barred_at: datetime | None = None
    agreed_at: datetime | None = None
    paused_until: datetime | None = None


def write(readers: Iterable[Leaving], file: TextIO, format: str) -> int:
    """Writes the readers in a format of `formats.WRITTEN`; answers how many."""
    columns = WRITTEN[format]
    count = 0
    if format == "jsonl":
        for row in readers:
            values = {heading: _VALUES[what](row) for heading, what in columns}
            kept = {heading: value for heading, value in values.items() if value not in ("", [])}
            file.write(json.dumps(kept, ensure_ascii=False) + "\n")
            count += 1
        return count
    out = csv.writer(file, lineterminator="\r\n")  # RFC 4180
    out.writerow([heading for heading, _what in columns])
    for row in readers:
        out.writerow([_cell(_VALUES[what](row)) if what else "" for _heading, what in columns])
        count += 1
    return count


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula; `importing` takes the mark off again."""
    return "'" + text if text.lstrip()[:1] in FORMULA else text


def _cell(value: Any) -> str:
    return ",".join(value) if isinstance(value, list) else guarded(str(value))


def _when(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


def _plain_time(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def _attributes(row: Leaving) -> dict[str, Any]:
    pause = {"paused_until": _when(row.paused_until)} if row.paused_until else {}
    return {"topics": row.reader.topics, **pause}


_LISTMONK = {"active": "enabled", "paused": "disabled"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VALUES: dict[str, Callable[[Leaving], Any]] = {
    "email": lambda row: row.reader.email,
    "name": lambda row: row.reader.name,
    "topics": lambda row: list(row.reader.topics),
    "quoted topics": lambda row: ",".join(f'"{topic}"' for topic in row.reader.topics),
    "frequency": lambda row: row.reader.frequency,
    "timezone": lambda row: row.reader.timezone,
    "hour": lambda row: row.reader.hour.isoformat("minutes") if row.reader.hour else "",
    "format": lambda row: row.reader.format,
    "status": lambda row: row.barred or row.reader.status,
    "origin": lambda row: row.origin,
    "agreed": lambda row: _when(row.agreed_at),
    "agreed plainly": lambda row: _plain_time(row.agreed_at),
    "left": lambda row: _plain_time(row.barred_at or _EPOCH) if row.barred and row.barred != "bounced" else "",
    "bounced": lambda row: _plain_time(row.barred_at or _EPOCH) if row.barred == "bounced" else "",
    "mailable": lambda row: "false" if row.barred else "true",
    "stopped": lambda row: "true" if row.barred else "false",
    "uuid": lambda row: str(uuid.uuid5(uuid.NAMESPACE_URL, f"mailto:{row.reader.email.lower()}")),
    "attributes": lambda row: json.dumps(_attributes(row), ensure_ascii=False),
    "paused_until": lambda row: _when(row.paused_until),
    "listmonk status": lambda row: "blocklisted" if row.barred else _LISTMONK[row.reader.status],
}  # fmt: skip
"""What of a reader → its value."""
