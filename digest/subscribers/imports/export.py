"""Export subscribers in the formats of other tools, by the tables in `formats`."""

from __future__ import annotations

import csv
import json
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TextIO

from digest.models import Subscriber
from digest.subscribers.imports.formats import EXPORT_COLUMNS
from digest.utils.text import escape_formula

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ExportRow:
    """A subscriber to export. `suppressed` is the reason for which the address must not be mailed.

    `origin` is the name of an import; None for subscribers.yaml.
    """

    subscriber: Subscriber
    origin: str | None = None
    suppressed: str | None = None
    suppressed_at: datetime | None = None
    agreed_at: datetime | None = None
    paused_until: datetime | None = None


def write(rows: Iterable[ExportRow], file: TextIO, format: str) -> int:
    """Write the rows in a format of `formats.EXPORT_COLUMNS` and return their number."""
    columns = EXPORT_COLUMNS[format]
    count = 0
    if format == "jsonl":
        for row in rows:
            values = {heading: _VALUES[key](row) for heading, key in columns}
            kept = {heading: value for heading, value in values.items() if value not in ("", [])}
            file.write(json.dumps(kept, ensure_ascii=False) + "\n")
            count += 1
        return count
    # RFC 4180.
    out = csv.writer(file, lineterminator="\r\n")
    out.writerow([heading for heading, _key in columns])
    for row in rows:
        out.writerow([_cell(_VALUES[key](row)) if key else "" for _heading, key in columns])
        count += 1
    return count


def _cell(value: Any) -> str:
    return ",".join(value) if isinstance(value, list) else escape_formula(str(value))


def _iso_time(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


def _zoneless_time(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def _suppressed_time(row: ExportRow) -> str:
    # Other tools take an empty time for "not suppressed".
    return _zoneless_time(row.suppressed_at or _EPOCH)


def _attributes(row: ExportRow) -> dict[str, Any]:
    pause = {"paused_until": _iso_time(row.paused_until)} if row.paused_until else {}
    return {"topics": row.subscriber.topics, **pause}


_LISTMONK = {"active": "enabled", "paused": "disabled"}
_VALUES: dict[str, Callable[[ExportRow], Any]] = {
    "email": lambda row: row.subscriber.email,
    "name": lambda row: row.subscriber.name,
    "topics": lambda row: list(row.subscriber.topics),
    "quoted topics": lambda row: ",".join(f'"{topic}"' for topic in row.subscriber.topics),
    "editions": lambda row: list(row.subscriber.editions),
    "frequency": lambda row: row.subscriber.frequency,
    "timezone": lambda row: row.subscriber.timezone,
    "hour": lambda row: row.subscriber.hour.isoformat("minutes") if row.subscriber.hour else "",
    "format": lambda row: row.subscriber.format,
    "status": lambda row: row.suppressed or row.subscriber.status,
    "origin": lambda row: row.origin or "",
    "agreed": lambda row: _iso_time(row.agreed_at),
    "agreed without zone": lambda row: _zoneless_time(row.agreed_at),
    "left": lambda row: _suppressed_time(row) if row.suppressed not in (None, "bounced") else "",
    "bounced": lambda row: _suppressed_time(row) if row.suppressed == "bounced" else "",
    "mailable": lambda row: "false" if row.suppressed else "true",
    "stopped": lambda row: "true" if row.suppressed else "false",
    "uuid": lambda row: str(uuid.uuid5(uuid.NAMESPACE_URL, f"mailto:{row.subscriber.email.lower()}")),
    "attributes": lambda row: json.dumps(_attributes(row), ensure_ascii=False),
    "paused_until": lambda row: _iso_time(row.paused_until),
    "listmonk status": lambda row: "blocklisted" if row.suppressed else _LISTMONK[row.subscriber.status],
}  # fmt: skip
"""Key of `formats.EXPORT_COLUMNS` → value."""
