"""Change the most used settings in `digest.yaml`, preserving its comments."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest.config import loader
from digest.config.schedule import WEEKDAYS
from digest.config.types import parse_clock
from digest.errors import ConfigurationError, DigestError
from digest.messages import Message
from digest.models import Actor
from digest.store.desk.audit import ActKind
from digest.utils.text import one_line
from digest.yamlio import reader
from digest.yamlio.editor import edit_lock
from digest.yamlio.keys import Value, YamlKeys

if TYPE_CHECKING:
    from digest.config.settings import Settings
    from digest.store.desk.audit import AuditLog
    from digest.usecases.topics import TopicsInUse


class InputKind(StrEnum):
    """How a value is written in a form."""

    TEXT = "text"
    NUMBER = "number"
    # Such as `07:00`; '' means no hour.
    CLOCK = "clock"
    # Separated by commas.
    LIST = "list"
    # One a line, because a name may have a comma.
    LINES = "lines"
    DAYS = "days"


EDITABLE: Mapping[str, InputKind] = {
    "newsletter.name": InputKind.TEXT,
    "newsletter.reply_to": InputKind.TEXT,
    "schedule.days": InputKind.DAYS,
    "schedule.holidays": InputKind.LIST,
    "schedule.compose_at": InputKind.CLOCK,
    "schedule.send_at": InputKind.CLOCK,
    "schedule.approval": InputKind.TEXT,
    "schedule.approve_by": InputKind.CLOCK,
    "schedule.on_no_approval": InputKind.TEXT,
    "edition.max_stories": InputKind.NUMBER,
    "edition.min_stories": InputKind.NUMBER,
    "edition.sections": InputKind.LINES,
    "summary.words": InputKind.NUMBER,
    "theme.name": InputKind.TEXT,
    "theme.accent": InputKind.TEXT,
    "theme.logo": InputKind.TEXT,
    "alerts.email": InputKind.LIST,
}
"""The settings of the form. What is secret, or decides how email is delivered, is not among them."""

# Settings with addresses. The log leaves out their values; `digest.yaml.bak` has the old ones.
_ADDRESSES = frozenset({"alerts.email"})
_PATH = re.compile(r"'([a-z_.]+)(?:\[[^]]*\])*'")


class SettingsChanged(DigestError):
    """The file was changed after the form was shown. Nothing was written."""


@dataclass(frozen=True, slots=True)
class HeldSettings:
    """The settings, the values of the form as text, and the version of the file that they are from.

    `fixed`: setting → the environment variable that overrides it. `faults`: the present errors of the file.
    """

    settings: Settings
    values: Mapping[str, str]
    version: str
    fixed: Mapping[str, str]
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A setting that was changed, with its value before and after as text."""

    key: str
    before: str
    after: str


@dataclass(frozen=True)
class SettingsEditor:
    home: Path
    environment: Mapping[str, str]
    # The settings in use while the file has errors.
    last_valid: Settings
    audit: AuditLog
    topics: TopicsInUse
    now: Callable[[], datetime]

    def read(self) -> HeldSettings:
        version = _version(self._path.read_bytes())
        faults: tuple[str, ...] = ()
        try:
            raw = reader.read_file(self._path)
            settings = loader.from_data(raw, self.environment)
        except ConfigurationError as error:
            raw, settings, faults = {}, self.last_valid, tuple(str(each) for each in error.problems)
        return HeldSettings(settings, _texts(settings), version, self._fixed_by_environment(raw), faults)

    def planned(self, given: Mapping[str, str]) -> Settings:
        """Return the settings as they would be. Writes nothing. Raises ConfigurationError with every problem."""
        raw = reader.read_file(self._path)
        wanted, _changes = self._wanted_values(raw, given)
        return loader.from_data(wanted, self.environment)

    def change(self, given: Mapping[str, str], version: str, by: Actor) -> list[SettingChange]:
        """Write all differences or none, and return them.

        Raises ConfigurationError with every problem, TopicsChosen if subscribers chose a section that would be removed,
        SettingsChanged if the file has another version by now, and EditNotPossible for a value in an unusual
        notation.
        """
        self.topics.require(loader.from_data(reader.read_file(self._path), self.environment), self.planned(given))
        # The file is edited within the transaction: if the store is busy, it stays as it is.
        with self.audit.database.transaction(), edit_lock(self._path):
            editor = YamlKeys(self._path)
            if _version(editor.raw) != version:
                raise SettingsChanged("digest.yaml was changed meanwhile")
            raw = reader.read_text(editor.text, loader.FILE_NAME)
            wanted, changes = self._wanted_values(raw, given)
            if not changes:
                return []
            loader.from_data(wanted, self.environment)
            for change in changes:
                editor.set(change.key.split("."), _value(EDITABLE[change.key], given[change.key]))
            editor.write(wanted)
            for change in changes:
                self.audit.record(by, ActKind.SETTING_CHANGED, change.key, _detail(change), now=self.now())
        return changes

    def _wanted_values(self, raw: Any, given: Mapping[str, str]) -> tuple[dict[str, Any], list[SettingChange]]:
        """Return the file's values updated by the form, and the differences."""
        held, fixed = _texts(loader.from_data(raw, self.environment)), self._fixed_by_environment(raw)
        wanted: dict[str, Any] = _plain(raw)
        changes = []
        for key, kind in EDITABLE.items():
            if key not in given or key in fixed:
                continue
            value = _value(kind, given[key])
            if value == _value(kind, held[key]):
                continue
            place, keys = wanted, key.split(".")
            for each in keys[:-1]:
                if not isinstance(place.get(each), dict):
                    place[each] = {}
                place = place[each]
            place[keys[-1]] = value
            changes.append(SettingChange(key, held[key], _form_text(kind, value, given[key])))
        return wanted, changes

    def _fixed_by_environment(self, raw: Any) -> dict[str, str]:
        _merged, origin, _problems = loader.overlay(raw or {}, self.environment)
        return {
            key: variable
            for key in EDITABLE
            for path, variable in origin.items()
            if key == path or key.startswith(f"{path}.")
        }

    @property
    def _path(self) -> Path:
        return self.home / loader.FILE_NAME


def problems_by_setting(error: ConfigurationError) -> tuple[dict[str, str], list[str]]:
    """Return the problem of each setting in the form, and all other problems."""
    found: dict[str, str] = {}
    others = []
    for problem in error.problems:
        match = _PATH.match(problem.message)
        path, text = (match[1], problem.message[match.end() :].lstrip(": ")) if match else ("", problem.message)
        named = [key for key in EDITABLE if key.startswith(f"{path}.") and _names(problem.message, key)]
        if path in EDITABLE:
            found.setdefault(path, text)
        elif path and named:
            found.setdefault(min(named, key=lambda key: problem.message.index(key.rpartition(".")[2])), text)
        else:
            others.append(str(problem))
    return found, others


def _names(message: str, key: str) -> bool:
    return key.rpartition(".")[2] in re.split("[^a-z_]+", message)


def _version(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _texts(settings: Settings) -> dict[str, str]:
    """Return the values as a form shows them."""
    return {key: _text(kind, _read(settings, key)) for key, kind in EDITABLE.items()}


def _read(settings: Settings, key: str) -> Any:
    section, _, name = key.partition(".")
    return getattr(getattr(settings, section), name)


def _text(kind: InputKind, value: Any) -> str:
    if value is None:
        return ""
    if kind == InputKind.CLOCK:
        return f"{value:%H:%M}"
    if kind in (InputKind.LIST, InputKind.LINES, InputKind.DAYS):
        return ("\n" if kind == InputKind.LINES else ", ").join(str(each) for each in value)
    return str(value)


def _value(kind: InputKind, text: str) -> Value:
    """Convert the text of a form to its value in `digest.yaml`.

    Text that cannot be converted stays text, and is then rejected.
    """
    text = text.strip()
    if kind == InputKind.NUMBER:
        return int(text) if text.isdecimal() and len(text) < 10 else text
    if kind == InputKind.CLOCK:
        try:
            at = parse_clock(text)
        except ValueError:
            return text or None
        return f"{at:%H:%M}" if isinstance(at, time) else text
    if kind in (InputKind.LIST, InputKind.LINES, InputKind.DAYS):
        rows = text.splitlines() if kind == InputKind.LINES else re.split(r"[,\n]", text)
        named = [one_line(each) for each in rows if each.strip()]
        return _days(named) if kind == InputKind.DAYS else named
    return text


def _form_text(kind: InputKind, value: Value, given: str) -> str:
    """Return a new value as a form will show it."""
    if kind in (InputKind.NUMBER, InputKind.CLOCK):
        return "" if value is None else str(value)
    if isinstance(value, list):
        return ("\n" if kind == InputKind.LINES else ", ").join(value)
    return given.strip()


def _plain(value: Any) -> Any:
    """Return a copy without lines of the file, in which aliases share nothing."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _days(named: list[str]) -> Value:
    """Return the days in their order, or the word for all of them or for those from Monday to Friday."""
    days = [day for day in WEEKDAYS if day in named]
    if len(days) < len(named):
        return named
    return "daily" if len(days) == 7 else "weekdays" if days == list(WEEKDAYS[:5]) else list(days)


def _detail(change: SettingChange) -> str:
    if change.key in _ADDRESSES:
        before, after = change.before.count("@"), change.after.count("@")
        return Message("%(num)s → %(later_num)s addresses", num=before, later_num=after)
    sides = (", ".join(text.splitlines()) or "—" for text in (change.before, change.after))
    return " → ".join(sides)[:2000]
