"""From a foreign list to readers: which format it has, and which of its columns means what.

Pure but for reading the file. One bad row is a value with its reason; nobody is left out in silence. What a row says
is `incoming`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from digest.errors import ConfigurationError, Fault
from digest.subscribers import listing
from digest.subscribers.formats import COLUMNS, SIGNS, STATUSES, UNCONFIRMED
from digest.subscribers.incoming import Incoming, RowValidator, split_topics
from digest.subscribers.listfile import ListFile, open_list

_LONGEST = 320
"""Characters of what stands in place of an address."""

Reject = Callable[[int, str, str], None]


@dataclass(frozen=True, slots=True)
class ListReading:
    """A list that is understood. `columns`: meaning → heading; `ignored`: headings that mean nothing to us."""

    file: ListFile
    format: str
    columns: Mapping[str, str]
    ignored: tuple[str, ...]
    usual: Mapping[str, str]
    topics: Collection[str] | None

    def readers(self, reject: Reject) -> Iterator[Incoming]:
        """Every row that is a reader; `reject` is told (line, address, reason) of each other."""
        validator = RowValidator(self.columns, self.usual, self.topics, lenient=self.format not in ("csv", "jsonl"))
        for row in self.file.rows():
            try:
                yield validator.validate(row)
            except ValueError as error:
                told = str(row.cells.get(self.columns.get("email", ""), ""))
                reject(row.line, told[:_LONGEST], str(error))


def read_list(
    path: Path,
    *,
    format: str = "",
    mapping: Mapping[str, str] | None = None,
    usual: Mapping[str, str] | None = None,
    topics: Collection[str] | None,
) -> ListReading:
    """Looks at a list. `mapping` says which heading has what (`email` → `Mail des Lesers`), `usual` what holds for rows
    that say nothing. `topics` are the names that a reader may choose; None allows any.

    Raises ConfigurationError: no file, no text, no column of addresses, an unknown heading or value.
    """
    file = open_list(path, json_lines=None if not format else format == "jsonl")
    headings = tuple(heading.strip().lower() for heading in file.headings)
    if not file.delimiter:  # of JSON Lines the first few rows tell the keys
        headings = tuple(
            dict.fromkeys(key for _n, row in zip(range(100), file.rows(), strict=False) for key in row.cells)
        )
    written = dict(zip(headings, file.headings, strict=False)) or {name: name for name in headings}
    found = format or next((name for name, signs in SIGNS.items() if len(signs & set(headings)) > 1), "")
    columns, faults = _columns(headings, mapping or {}, path.name)
    if "email" not in columns and not faults:
        known = ", ".join(written.values()) or "none"
        said = f"no column is known as the address; its columns: {known}. Name it: --map email=COLUMN"
        faults.append(Fault(path.name, 1, said))
    held = dict(usual or {})
    if found == "mailchimp" and path.name.startswith(("unsubscribed_", "cleaned_", "nonsubscribed_")):
        held.setdefault("status", path.name.partition("_")[0])
    for key, value in held.items():
        try:
            _check_usual(key, value, topics)
        except ValueError as error:
            faults.append(Fault("--default", 0, f"'{key}': {error}"))
    if faults:
        raise ConfigurationError(faults)
    used = set(columns.values())
    ignored = tuple(written[name] for name in headings if name not in used)
    kind = found or ("csv" if file.delimiter else "jsonl")
    return ListReading(file, kind, columns, ignored, held, topics)


def _columns(headings: tuple[str, ...], mapping: Mapping[str, str], name: str) -> tuple[dict[str, str], list[Fault]]:
    columns: dict[str, str] = {}
    faults = []
    for meaning, names in COLUMNS.items():
        heading = next((one for one in names if one in headings), None)
        if heading is not None:
            columns[meaning] = heading
    for meaning, heading in mapping.items():
        wanted = heading.strip().lower()
        if meaning not in COLUMNS:
            faults.append(Fault("--map", 0, f"there is no field '{meaning}'{listing.nearest(meaning, COLUMNS)}"))
        elif wanted not in headings:
            faults.append(Fault(name, 1, f"there is no column '{heading}'{listing.nearest(wanted, headings)}"))
        else:
            columns = {key: one for key, one in columns.items() if one != wanted}
            columns[meaning] = wanted
    return columns, faults


def _check_usual(key: str, value: str, topics: Collection[str] | None) -> None:
    if key == "status" and value.lower() in (*STATUSES, *UNCONFIRMED):
        return
    if key not in (*listing.DEFAULTABLE, "status"):
        raise ValueError(f"there is no such field{listing.nearest(key, (*listing.DEFAULTABLE, 'status'))}")
    listing.parse_field(key, split_topics(value) if key == "topics" else value, topics=topics)
