"""What a row of a foreign list says of a reader: its values, why nobody may mail the address, when they agreed. Pure.

Owns what is wrong with a row. Which column means what is `importing`'s; what becomes of a reader who is there already
is `store.importing`'s.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, time
from typing import Any, NamedTuple
from zoneinfo import available_timezones

from digest.errors import quoted
from digest.subscribers import listing
from digest.subscribers.address import normalise
from digest.subscribers.formats import FORMULA, NO, STATUSES, UNCONFIRMED, YES
from digest.subscribers.listfile import Row

_REMEMBERED = 10_000
_MANY = ("topics", "labels", "attributes")


class Incoming(NamedTuple):
    """A reader of an import. None: the row says nothing. `barred` is why the address must not be mailed, or ''; who
    pauses for a time is `active`, with the end of it in `paused_until`."""

    line: int
    address: str
    email: str
    name: str | None = None
    topics: list[str] | None = None
    frequency: str | None = None
    timezone: str | None = None
    hour: str | None = None
    format: str | None = None
    status: str | None = None
    barred: str = ""
    agreed_at: datetime | None = None
    detail: str = ""
    paused_until: datetime | None = None


class RowValidator:
    """Turns rows into readers. Raises ValueError with what is wrong with one."""

    def __init__(
        self,
        columns: Mapping[str, str],
        usual: Mapping[str, str],
        topics: Collection[str] | None,
        *,
        lenient: bool,
    ) -> None:
        self.columns = columns
        self.usual = usual
        self.topics = topics
        self.lenient = lenient  # another tool's zones and labels are its own
        self.zones = available_timezones()
        self.remembered: dict[tuple[str, str], Any] = {}
        self.plain = [key for key in ("frequency", "timezone", "hour", "format") if self._has(key)]
        self.many = [key for key in _MANY if self._has(key)]
        self.names = [key for key in ("name", "first", "last") if key in self.columns]
        self.states = [key for key in ("left", "bounced", "mailable", "stopped") if key in self.columns]

    def validate(self, row: Row) -> Incoming:
        if row.fault:
            raise ValueError(row.fault)
        cells, columns = row.cells, self.columns
        said = cells.get(columns["email"]) or ""
        if not isinstance(said, str):
            raise ValueError(f"'email': expected text, found {quoted(said)}")
        said = _unguarded(said.strip())
        if not said:
            raise ValueError("this row has no email")
        try:
            address = normalise(said)
        except ValueError as error:
            raise ValueError(f"{quoted(said)} is no address that can be mailed: {error}") from None
        email = said if said.isascii() else address
        values = {key: self._once(key, cells, self._parsed) for key in self.plain}
        for key in self.many:
            values["topics"] = self._topics(key, cells) or values.get("topics")
        status, barred = self._status(cells)
        agreed, detail = self._agreed(cells)
        until = self._until(cells)
        if until is not None and status == "paused":
            status = "active"
            detail = ", ".join(filter(None, (detail, f"paused until {until:%Y-%m-%d}")))
        else:
            until = None
        return Incoming(row.line, address, email, self._name(cells), status=status, barred=barred, agreed_at=agreed,
                        detail=detail, paused_until=until, **values)  # fmt: skip

    def _has(self, key: str) -> bool:
        return key in self.columns or key in self.usual

    def _text(self, key: str, cells: Mapping[str, Any]) -> str:
        value = cells.get(self.columns.get(key, ""), "")
        if type(value) is str:
            return value.strip() or self.usual.get(key, "")
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return str(value)
        raise ValueError(f"'{key}': expected text, found {quoted(value)}")

    def _name(self, cells: Mapping[str, Any]) -> str | None:
        parts = [self._text(key, cells) for key in self.names]
        name = _unguarded(" ".join(" ".join(parts).split()))
        if name and not name.isprintable():  # a joiner within a Hindi name is fine, a control character is not
            listing.parse_field("name", name, topics=None)
        return name or None

    def _topics(self, key: str, cells: Mapping[str, Any]) -> list[str] | None:
        value = cells.get(self.columns.get(key, ""))
        if isinstance(value, list):
            return self._chosen(key, [str(one) for one in value])
        found: list[str] | None = self._once(key, cells, self._split)
        return found

    def _split(self, key: str, text: str) -> list[str] | None:
        return self._chosen(key, _in_attributes(text) if key == "attributes" else split_topics(text))

    def _chosen(self, key: str, names: list[str]) -> list[str] | None:
        if self.topics is not None and (key == "labels" or self.lenient):
            names = [name for name in names if name in self.topics]
        chosen = listing.parse_field("topics", names, topics=self.topics)
        return list(chosen) if isinstance(chosen, tuple) and chosen else None

    def _parsed(self, key: str, text: str) -> str | None:
        try:
            value = listing.parse_field(key, text, topics=None, zones=self.zones)
        except ValueError as error:
            if self.lenient:
                return None
            raise ValueError(f"'{key}': {error}") from None
        return value.isoformat("minutes") if isinstance(value, time) else str(value)

    def _status(self, cells: Mapping[str, Any]) -> tuple[str | None, str]:
        for key in self.states:
            text = self._text(key, cells).lower()
            if key == "left" and text:
                return None, "unsubscribed"
            if key == "bounced" and text:
                return None, "bounced"
            if key in ("mailable", "stopped") and text:
                if text not in YES + NO:
                    raise ValueError(f"'{self.columns[key]}': expected true or false, found {quoted(text)}")
                if (text in NO) == (key == "mailable"):
                    return None, "unsubscribed"
        if not self._has("status"):
            return None, ""
        return self._once("status", cells, self._standing) or (None, "")

    def _standing(self, _key: str, said: str) -> tuple[str | None, str]:
        text = said.lower()
        if text in UNCONFIRMED:
            raise ValueError(f"has not agreed to get mail (status {text})")
        if text not in STATUSES:
            raise ValueError(
                f"'status': expected active, paused, unsubscribed, bounced or complained, found {quoted(text)}"
            )
        word = STATUSES[text]
        return (word, "") if word in listing.STATUSES else (None, word)

    def _agreed(self, cells: Mapping[str, Any]) -> tuple[datetime | None, str]:
        text = self._text("agreed", cells) if "agreed" in self.columns else ""
        ip = self._text("ip", cells) if "ip" in self.columns else ""
        told = [f"from {ip[:64]}"] if ip else []
        when = None
        if text:
            try:
                when = datetime.fromisoformat(text)
                when = when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
            except (ValueError, OverflowError):
                told.append(f"when, as the list says: {text[:64]}")
        return when, ", ".join(told)

    def _until(self, cells: Mapping[str, Any]) -> datetime | None:
        """When a pause ends; UTC."""
        text = self._text("paused_until", cells) if "paused_until" in self.columns else ""
        if not text and "attributes" in self.columns:
            text = str(_attributes(self._text("attributes", cells)).get("paused_until") or "")
        if not text:
            return None
        try:
            until = datetime.fromisoformat(text)
            return until.astimezone(UTC) if until.tzinfo else until.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            expected = "expected a time such as 2026-12-01T00:00:00+05:30"
            raise ValueError(f"'paused_until': {expected}, found {quoted(text[:64])}") from None

    def _once(self, key: str, cells: Mapping[str, Any], parse: Callable[[str, str], Any]) -> Any:
        """What a field says, None where it is empty. Lists say the same few things a million times."""
        value = cells.get(self.columns.get(key, ""), "")
        if type(value) is not str:  # 1 and True are one key of a dict
            text = self._text(key, cells)
            return parse(key, text) if text else None
        try:
            return self.remembered[key, value]
        except KeyError:
            text = self._text(key, cells)
            if len(self.remembered) > _REMEMBERED:
                self.remembered.clear()
            found = self.remembered[key, value] = parse(key, text) if text else None
            return found


def split_topics(text: str) -> list[str]:
    """`देश, खेल` or `"देश","खेल"` or `देश; खेल` as names."""
    for sign in ";|":
        text = text.replace(sign, ",")
    return [name for part in text.split(",") if (name := part.strip().strip('"').strip())]


def _in_attributes(text: str) -> list[str]:
    topics = _attributes(text).get("topics")
    return [str(one) for one in topics] if isinstance(topics, list) else []


def _attributes(text: str) -> dict[str, Any]:
    """listmonk's JSON of attributes."""
    try:
        held = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return held if isinstance(held, dict) else {}


def _unguarded(text: str) -> str:
    """Without the mark that keeps a spreadsheet from taking a text for a formula (`exporting.guarded`)."""
    return text[1:] if text[:1] == "'" and text[1:].lstrip()[:1] in FORMULA else text
