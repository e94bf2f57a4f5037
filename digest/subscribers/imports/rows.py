"""Validate a row of an imported list: its fields, its suppression reason, and when the subscriber consented."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from datetime import MAXYEAR, MINYEAR, UTC, datetime, time
from typing import Any, NamedTuple

from digest.errors import quoted
from digest.messages import Message
from digest.subscribers import frequency, list_file
from digest.subscribers.address import normalise, refuse_tags
from digest.subscribers.imports.file import FileRow
from digest.subscribers.imports.formats import NO, STATUSES, UNCONFIRMED, YES
from digest.utils.clock import time_zones
from digest.utils.text import unescape_formula

# Columns that hold topics.
_TOPIC_COLUMNS = ("topics", "labels", "attributes")
# What people write, as `plain` returns it → the format.
_FORMATS = {
    **dict.fromkeys(("text only", "plain", "plain text", "सिर्फ़ टेक्स्ट", "टेक्स्ट", "सादा"), "text"),
    **dict.fromkeys(("designed", "पूरे डिज़ाइन में", "डिज़ाइन"), "html"),
}
_ALL_TOPICS = ("all", "all topics", "everything", "सब", "सभी", "सब विषय", "सभी विषय", "सब कुछ")
# “8 बजे”, “सुबह 8:30 बजे”, “8 am”, “शाम 6 बजे”, “6 pm”.
_HOUR = re.compile(r"(?:(सुबह|शाम)\s+)?(.+?)(?:\s*(बजे|am|pm))?\Z")
# How other programs write an address: with a name, as a link, in quotes, before the next one.
_NAMED = re.compile(r"([^<>]*)<([^<>]*)>")
_MAILTO = re.compile(r"\s*mailto:", re.IGNORECASE)
_AROUND = " \t\u00a0'\";,"
# Years that programs write for a date that nobody set. Their first and last day do not exist in every time zone.
_PLACEHOLDERS = (MINYEAR, MAXYEAR)
# Characters that nobody sees, from a copied web page. The joiners of Hindi are not among them.
_INVISIBLE = dict.fromkeys((0xAD, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF))


class Incoming(NamedTuple):
    """A valid row of an import; None where it has no value. A pause with an end is `active` with `paused_until`."""

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
    suppressed: str | None = None
    agreed_at: datetime | None = None
    detail: str = ""
    paused_until: datetime | None = None
    editions: list[str] | None = None


class RowValidator:
    """Converts rows to `Incoming`. `lenient` ignores values that only the exporting tool understands.

    Topics that nobody can choose are left out, and `on_unknown_topic` gets those in our own columns.
    """

    def __init__(
        self,
        columns: Mapping[str, str],
        defaults: Mapping[str, str],
        topics: Collection[str] | None,
        editions: Collection[str] | None,
        *,
        lenient: bool,
        weekday: str,
        on_unknown_topic: Callable[[str], None],
    ) -> None:
        self.columns = columns
        self.defaults = defaults
        self.topics = topics
        self.editions = editions
        self.lenient = lenient
        # The day of rows that say only that they come once a week; '' refuses them.
        self.weekday = weekday
        self.on_unknown_topic = on_unknown_topic
        self.zones = time_zones()
        self.simple_fields = [key for key in ("frequency", "timezone", "hour", "format") if self._has(key)]
        self.topic_columns = [key for key in _TOPIC_COLUMNS if self._has(key)]
        self.name_columns = [key for key in ("name", "first", "last") if key in self.columns]
        self.status_columns = [key for key in ("left", "bounced", "mailable", "stopped") if key in self.columns]

    def validate(self, row: FileRow) -> Incoming:
        """Convert one row. Raises ValueError with what is wrong with it."""
        if row.problem:
            raise ValueError(row.problem)
        cells, columns = row.cells, self.columns
        raw = cells.get(columns["email"]) or ""
        if not isinstance(raw, str):
            raise ValueError(_of_field("email", Message("expected text, found %(name)s", name=quoted(raw))))
        shown, raw = _name_and_address(raw)
        if not raw:
            raise ValueError(Message("this row has no email"))
        try:
            address = normalise(raw)
        except ValueError as error:
            raise ValueError(
                Message("%(email)s is not a valid email address: %(why)s", email=quoted(raw), why=error)
            ) from None
        refuse_tags(raw)
        email = raw if raw.isascii() else address
        values = {key: self._parse(key, cells, self._parse_field) for key in self.simple_fields}
        for key in self.topic_columns:
            values["topics"] = self._topics(key, cells) or values.get("topics")
        if self._has("editions"):
            values["editions"] = self._editions(cells)
        status, suppressed = self._status(cells)
        agreed_at, detail = self._consent(cells)
        paused_until = self._paused_until(cells)
        if paused_until is not None and status == "paused":
            status = "active"
            detail = ", ".join(filter(None, (detail, f"paused until {paused_until:%Y-%m-%d}")))
        else:
            paused_until = None
        return Incoming(row.line, address, email, self._name(cells, shown), status=status, suppressed=suppressed,
                        agreed_at=agreed_at, detail=detail, paused_until=paused_until, **values)  # fmt: skip

    def _has(self, key: str) -> bool:
        return key in self.columns or key in self.defaults

    def _text(self, key: str, cells: Mapping[str, Any]) -> str:
        value = cells.get(self.columns.get(key, ""), "")
        if type(value) is str:
            return value.strip() or self.defaults.get(key, "")
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return str(value)
        raise ValueError(_of_field(key, Message("expected text, found %(name)s", name=quoted(value))))

    def _name(self, cells: Mapping[str, Any], shown: str) -> str | None:
        """Return the name. If it is empty, the cell of the address may have one."""
        parts = [self._text(key, cells) for key in self.name_columns]
        name = unescape_formula(" ".join((" ".join(parts).strip() or shown).split()))
        # A joiner within a Hindi name is not printable but valid; a control character is not.
        if name and not name.isprintable():
            list_file.parse_field("name", name, topics=None)
        refuse_tags(name)
        return name or None

    def _topics(self, key: str, cells: Mapping[str, Any]) -> list[str] | None:
        value = cells.get(self.columns.get(key, ""))
        if isinstance(value, list):
            return self._known_topics(key, [str(one) for one in value])
        found: list[str] | None = self._parse(key, cells, self._split)
        return found

    def _editions(self, cells: Mapping[str, Any]) -> list[str] | None:
        value = cells.get(self.columns.get("editions", ""))
        names = [str(one) for one in value] if isinstance(value, list) else split_topics(self._text("editions", cells))
        if self.lenient and self.editions is not None:
            names = [name for name in names if name in self.editions]
        try:
            chosen = list_file.parse_field("editions", names, topics=None, editions=self.editions)
        except ValueError as error:
            raise ValueError(_of_field("editions", error)) from None
        return list(chosen) if isinstance(chosen, tuple) and chosen else None

    def _split(self, key: str, text: str) -> list[str] | None:
        return self._known_topics(key, _topics_in_attributes(text) if key == "attributes" else split_topics(text))

    def _known_topics(self, key: str, names: list[str]) -> list[str] | None:
        names = [name for name in names if not means_all_topics(name) or name.strip() in (self.topics or ())]
        if self.topics is not None:
            if key != "labels" and not self.lenient:
                for name in names:
                    if name.strip() not in self.topics:
                        self.on_unknown_topic(name.strip())
            names = [name for name in names if name.strip() in self.topics]
        chosen = list_file.parse_field("topics", names, topics=self.topics)
        return list(chosen) if isinstance(chosen, tuple) and chosen else None

    def _parse_field(self, key: str, text: str) -> str | None:
        try:
            word = value_of_word(key, text)
            if key == "frequency" and self.weekday and frequency.is_without_day(plain(word)):
                word = f"weekly:{self.weekday}"
            value = list_file.parse_field(key, word, topics=None, zones=self.zones)
        except ValueError as error:
            if self.lenient:
                return None
            raise ValueError(_of_field(key, error)) from None
        return value.isoformat("minutes") if isinstance(value, time) else str(value)

    def _status(self, cells: Mapping[str, Any]) -> tuple[str | None, str | None]:
        """Return the status and the suppression reason."""
        for key in self.status_columns:
            text = self._text(key, cells).lower()
            if key == "left" and text:
                return None, "unsubscribed"
            if key == "bounced" and text:
                return None, "bounced"
            if key in ("mailable", "stopped") and text:
                if text not in YES + NO:
                    wrong = Message("expected true or false, found %(name)s", name=quoted(text))
                    raise ValueError(_of_field(self.columns[key], wrong))
                if (text in NO) == (key == "mailable"):
                    return None, "unsubscribed"
        if not self._has("status"):
            return None, None
        return self._parse("status", cells, self._parse_status) or (None, None)

    def _parse_status(self, _key: str, raw: str) -> tuple[str | None, str | None]:
        text = plain(raw)
        if text in UNCONFIRMED:
            raise ValueError(Message("has not consented to mail (status %(name)s)", name=text))
        if text not in STATUSES:
            raise ValueError(
                Message(
                    "'status': expected active, paused, unsubscribed, bounced or complained, found %(name)s",
                    name=quoted(text),
                )
            )
        status = STATUSES[text]
        return (status, None) if status in list_file.STATUSES else (None, status)

    def _consent(self, cells: Mapping[str, Any]) -> tuple[datetime | None, str]:
        text = self._text("agreed", cells) if "agreed" in self.columns else ""
        ip = self._text("ip", cells) if "ip" in self.columns else ""
        details = [f"from {ip[:64]}"] if ip else []
        try:
            when = _moment(text) if text else None
        except ValueError:
            when = None
        if text and when is None:
            details.append(f"time as given in the list: {text[:64]}")
        return when, ", ".join(details)

    def _paused_until(self, cells: Mapping[str, Any]) -> datetime | None:
        """Return when a pause ends, in UTC; None if it has no end."""
        text = self._text("paused_until", cells) if "paused_until" in self.columns else ""
        if not text and "attributes" in self.columns:
            text = str(_attributes(self._text("attributes", cells)).get("paused_until") or "")
        if not text:
            return None
        try:
            return _moment(text)
        except ValueError:
            wrong = Message(
                "'paused_until': expected a time such as 2026-12-01T00:00:00+05:30, found %(name)s",
                name=quoted(text[:64]),
            )
            raise ValueError(wrong) from None

    def _parse(self, key: str, cells: Mapping[str, Any], parse: Callable[[str, str], Any]) -> Any:
        """Return the field's parsed value, None if it is empty."""
        text = self._text(key, cells)
        return parse(key, text) if text else None


def _of_field(key: str, why: object) -> Message:
    return Message("'%(field)s': %(why)s", field=key, why=why)


def _moment(text: str) -> datetime | None:
    """Return a time in UTC; None for a placeholder. Raises ValueError."""
    when = datetime.fromisoformat(text)
    if when.year in _PLACEHOLDERS:
        return None
    return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)


def _name_and_address(cell: str) -> tuple[str, str]:
    """Split a cell such as `Ravi <ravi@example.com>`, `mailto:ravi@example.com` or `'ravi@example.com';`."""
    text, name = cell.translate(_INVISIBLE).strip(_AROUND), ""
    if found := _NAMED.fullmatch(text):
        name, text = found[1].strip(_AROUND), found[2]
    return "" if "@" in name else name, _MAILTO.sub("", text).strip(_AROUND)


def split_topics(text: str) -> list[str]:
    """Split `देश, खेल` or `"देश","खेल"` or `देश; खेल` into names."""
    for separator in ";|":
        text = text.replace(separator, ",")
    return [name for part in text.split(",") if (name := part.strip().strip('"').strip())]


def _topics_in_attributes(text: str) -> list[str]:
    topics = _attributes(text).get("topics")
    return [str(one) for one in topics] if isinstance(topics, list) else []


def _attributes(text: str) -> dict[str, Any]:
    """Parse listmonk's JSON attributes."""
    try:
        attributes = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return attributes if isinstance(attributes, dict) else {}


def plain(text: str) -> str:
    """Return a heading or value for comparison: in lower case, single spaces, a nukta as its own character."""
    return " ".join(unicodedata.normalize("NFC", text).lower().split())


def value_of_word(key: str, text: str) -> str:
    """Return the value that a word means for a field; the text itself if it is no such word."""
    if key == "frequency":
        return frequency.from_words(plain(text)) or text
    if key == "hour":
        return _hour_of_words(plain(text)) or text
    return _FORMATS.get(plain(text), text) if key == "format" else text


def _hour_of_words(text: str) -> str:
    """Return the time that words mean; '' for none."""
    found = _HOUR.match(text)
    time = list_file.hour_from_words(found[2]) if found else ""
    if not found or not time:
        return ""
    hour, minutes = int(time[:2]), time[3:]
    if hour < 12 and (found[1] == "शाम" or found[3] == "pm"):
        hour += 12
    elif hour == 12 and found[3] == "am":
        hour = 0
    return f"{hour:02}:{minutes}"


def means_all_topics(name: str) -> bool:
    return plain(name) in _ALL_TOPICS
