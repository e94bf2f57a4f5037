"""Read lists that other tools exported. An invalid row is reported with its reason and does not stop the import."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from digest.errors import ConfigProblem, ConfigurationError
from digest.messages import Message, joined, message_of
from digest.subscribers import list_file
from digest.subscribers.imports.file import ListFile, open_list
from digest.subscribers.imports.formats import COLUMNS, SIGNATURES, STATUSES, UNCONFIRMED
from digest.subscribers.imports.rows import Incoming, RowValidator, plain, split_topics

# Characters of a rejected row's address, which may be anything.
_MAX_SHOWN = 320

Reject = Callable[[int, str, str], None]
"""Receives line, address and reason of a rejected row."""

LeftOut = Callable[[int, str, str], None]
"""Receives line, address and topic of a row that is imported without this topic."""


@dataclass(frozen=True, slots=True)
class ListReading:
    """A list ready to be read. `columns`: field → heading; `ignored`: headings that map to no field."""

    file: ListFile
    format: str
    columns: Mapping[str, str]
    ignored: tuple[str, ...]
    defaults: Mapping[str, str]
    topics: Collection[str] | None
    editions: Collection[str] | None = None
    weekday: str = ""

    def rows(self, reject: Reject, left_out: LeftOut = lambda _line, _email, _topic: None) -> Iterator[Incoming]:
        """Yield the valid rows; call `reject` for all others, and `left_out` for topics that were removed from rows."""
        lenient = self.format not in ("csv", "jsonl")
        unknown: list[str] = []
        validator = RowValidator(
            self.columns,
            self.defaults,
            self.topics,
            self.editions,
            lenient=lenient,
            weekday=self.weekday,
            on_unknown_topic=unknown.append,
        )
        for row in self.file.rows():
            unknown.clear()
            try:
                valid = validator.validate(row)
            except ValueError as error:
                found = str(row.cells.get(self.columns.get("email", ""), ""))
                reject(row.line, found[:_MAX_SHOWN], message_of(error))
                continue
            for topic in dict.fromkeys(unknown):
                left_out(row.line, valid.email, topic)
            yield valid


def read_list(
    path: Path,
    *,
    format: str | None = None,
    mapping: Mapping[str, str] | None = None,
    defaults: Mapping[str, str] | None = None,
    topics: Collection[str] | None,
    editions: Collection[str] | None = None,
    weekday: str = "",
) -> ListReading:
    """Open a list. `mapping` maps fields to headings (`email` → `Email Address`); `defaults` fill empty fields.

    `weekday` is the day of rows that are weekly and name no day.

    `topics` and `editions` are the names that a subscriber may choose; None allows any. Raises ConfigurationError:
    unreadable file, no column of addresses, unknown heading or value.
    """
    file = open_list(path, json_lines=None if format is None else format == "jsonl")
    headings = tuple(heading.strip().lower() for heading in file.headings)
    # JSON Lines has no headings: use the keys of the first rows.
    if not file.delimiter:
        first = [row for _n, row in zip(range(100), file.rows(), strict=False)]
        headings = tuple(dict.fromkeys(key for row in first for key in row.cells))
        if first and not headings and first[0].problem:
            raise ConfigurationError.at(path.name, first[0].problem, line=first[0].line)
    original = dict(zip(headings, file.headings, strict=False)) or {name: name for name in headings}
    found = format or next((name for name, signature in SIGNATURES.items() if len(signature & set(headings)) > 1), "")
    columns, problems = _columns(headings, mapping or {}, path.name)
    if "email" not in columns and not problems:
        known = ", ".join(original.values()) or "none"
        message = Message(
            "can't tell which column has the address; columns: %(names)s. Name it: --map email=COLUMN", names=known
        )
        problems.append(ConfigProblem(path.name, 1, message))
    row_defaults = dict(defaults or {})
    if found == "mailchimp" and path.name.startswith(("unsubscribed_", "cleaned_", "nonsubscribed_")):
        row_defaults.setdefault("status", path.name.partition("_")[0])
    for key, value in row_defaults.items():
        try:
            _check_default(key, value, topics, editions)
        except ValueError as error:
            problems.append(ConfigProblem("--default", 0, Message("'%(field)s': %(why)s", field=key, why=error)))
    if problems:
        raise ConfigurationError(problems)
    used = set(columns.values())
    ignored = tuple(original[name] for name in headings if name not in used)
    kind = found or ("csv" if file.delimiter else "jsonl")
    return ListReading(file, kind, columns, ignored, row_defaults, topics, editions, weekday)


def _columns(
    headings: tuple[str, ...], mapping: Mapping[str, str], name: str
) -> tuple[dict[str, str], list[ConfigProblem]]:
    columns: dict[str, str] = {}
    problems = []
    known = {plain(heading): heading for heading in reversed(headings)}
    for meaning, names in COLUMNS.items():
        heading = next((known[one] for one in names if one in known), None)
        if heading is not None:
            columns[meaning] = heading
    for meaning, heading in mapping.items():
        wanted = heading.strip().lower()
        if meaning not in COLUMNS:
            problems.append(
                ConfigProblem("--map", 0, f"unknown field '{meaning}'{list_file.nearest(meaning, COLUMNS)}")
            )
        elif wanted not in headings:
            missing = Message("no column '%(name)s'", name=heading)
            problems.append(ConfigProblem(name, 1, joined("", missing, list_file.nearest(wanted, headings))))
        else:
            columns = {key: one for key, one in columns.items() if one != wanted}
            columns[meaning] = wanted
    return columns, problems


def _check_default(key: str, value: str, topics: Collection[str] | None, editions: Collection[str] | None) -> None:
    if key == "status" and value.lower() in (*STATUSES, *UNCONFIRMED):
        return
    if key not in (*list_file.DEFAULTABLE, "status"):
        raise ValueError(f"unknown field{list_file.nearest(key, (*list_file.DEFAULTABLE, 'status'))}")
    given = split_topics(value) if key in list_file.LISTS else value
    list_file.parse_field(key, given, topics=topics, editions=editions)
