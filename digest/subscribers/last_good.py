"""Find the people who are clearly no longer on a list with errors.

While `subscribers.yaml` has errors, `digest run` sends to the last valid list. The edit with the error may also have
deleted a person, who must not get mail. So every address anywhere in the files, except in comments, counts as still
listed. Everyone else was removed, unless an unreadable row may be theirs, or a file may be truncated.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digest.errors import ConfigurationError
from digest.subscribers.address import comparable
from digest.subscribers.includes import read_all
from digest.yamlio import reader
from digest.yamlio.reader import LocatedDict

# A run of characters that may contain an address. Its front may be other text, as in `email:asha@example.com`.
_CANDIDATE = re.compile(r"[^\s\"<>,;()\[\]\\@]{1,320}@[^\s\"<>,;()\[\]\\@:'{}|]{1,320}")
# Marks after which an address may begin.
_FRONT = re.compile(r"[:'{}|=!*&]+")
# If a file may be truncated, missing people do not count as removed if they are more than this, or than a tenth of a
# longer list.
_FEW = 10
_SHARE = 10
# Pairs of rows and people that are compared.
_MAX_COMPARED = 100_000
# difflib's ratio from which a text that is not an address resembles one. `ahsa@example.co,` has 0.87.
_SIMILAR = 0.75


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row of the list without a valid email: the text of its email, its name, and addresses in its other text.

    Each may be empty.
    """

    email: str
    name: str
    addresses: frozenset[str]


@dataclass(frozen=True, slots=True)
class FaultyList:
    """The readable part of a list with errors."""

    # Addresses that occur anywhere in its text, in comparable form.
    named: frozenset[str]
    # Addresses whose readable row says `status: paused`.
    paused: frozenset[str]
    unreadable: tuple[UnreadableRow, ...]
    # Every file could be read.
    complete: bool
    # No file looks cut off.
    whole: bool

    def removed(self, listed: dict[str, str]) -> frozenset[str]:
        """Return the people of the last valid list (comparable address → name, in order) who were clearly removed."""
        missing = {address: name for address, name in listed.items() if address not in self.named}
        if not self.complete or not self.named or len(missing) * len(self.unreadable) > _MAX_COMPARED:
            return frozenset()
        for row in self.unreadable:
            if row.addresses & listed.keys():
                continue
            if missing and not (row.email or row.name or row.addresses):
                # It may be anyone's.
                return frozenset()
            if (owner := _owner(row, missing)) is not None:
                del missing[owner]
        if self.whole:
            return frozenset(missing)
        for address in reversed(listed):
            if address in self.named:
                break
            # They may be in the truncated end of the list.
            missing.pop(address, None)
        return frozenset() if len(missing) > max(_FEW, len(listed) // _SHARE) else frozenset(missing)


def read_faulty(path: Path) -> FaultyList:
    """Read the readable part of the list `path` and the files it includes. Never raises."""
    found = read_all(path)
    complete, whole = found.complete, True
    named: set[str] = set()
    paused: set[str] = set()
    unreadable: list[UnreadableRow] = []
    for data in found.files.values():
        rows: list[Any] = []
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            complete = False
            continue
        whole = _parse(text, rows) and whole
        named |= _addresses(text)
        for row in rows:
            address = _address(row)
            if address:
                named.add(address)
                if isinstance(row, LocatedDict) and row.get("status") == "paused":
                    paused.add(address)
            else:
                unreadable.append(_unreadable(row))
    return FaultyList(frozenset(named), frozenset(paused), tuple(unreadable), complete, whole)


def _parse(text: str, rows: list[Any]) -> bool:
    """Add the rows under `subscribers` to `rows`, as far as the file can be parsed. False if it may be cut off."""
    try:
        value = reader.read_text(text, "", each={"subscribers": lambda row, _line: rows.append(row)})
    except ConfigurationError as error:
        # The parser notices a quotation mark or bracket that is not closed at the end.
        last = text.rstrip().count("\n") + 1
        return text.endswith("\n") and all(0 < problem.line < last for problem in error.problems)
    # A list behind an anchor is not streamed.
    behind = value.get("subscribers") if isinstance(value, LocatedDict) else None
    rows.extend(behind if isinstance(behind, list) else ())
    return text.endswith("\n")


def _addresses(text: str) -> set[str]:
    """Return every address in a text, in comparable form, except those in comments."""
    found: set[str] = set()
    for line in text.splitlines():
        if "@" not in line:
            continue
        for match in _CANDIDATE.findall(_without_comment(line)):
            for candidate in (match, *_ends(match)):
                if address := comparable(candidate.rstrip(".")):
                    found.add(address)
    return found


def _ends(text: str) -> Iterator[str]:
    for mark in _FRONT.finditer(text):
        yield text[mark.end() :]


def _without_comment(line: str) -> str:
    """Cut a comment off. A `#` within quotation marks does not start one; if in doubt, the line stays whole."""
    if line.lstrip().startswith("#"):
        return ""
    before, mark, _comment = line.partition(" #")
    return before if mark and before.count('"') % 2 == 0 and before.count("'") % 2 == 0 else line


def _address(row: Any) -> str | None:
    email = row.get("email") if isinstance(row, LocatedDict) else None
    return comparable(email) if isinstance(email, str) else None


def _words(row: Any) -> Iterator[str]:
    values = row.values() if isinstance(row, LocatedDict) else (row,)
    return (value for value in values if isinstance(value, str))


def _unreadable(row: Any) -> UnreadableRow:
    addresses = frozenset(address for word in _words(row) for address in _addresses(word))
    email, name = (row.get("email"), row.get("name")) if isinstance(row, LocatedDict) else (row, None)
    text = "" if email is None else str(email).strip().lower()
    return UnreadableRow(text, name.strip() if isinstance(name, str) else "", addresses)


def _owner(row: UnreadableRow, missing: Mapping[str, str]) -> str | None:
    """Return the missing person to whom this row probably belongs."""
    if row.email:
        front = row.email.partition("@")[0]
        for address in missing:
            if front and address.partition("@")[0] == front:
                return address
        similar = difflib.get_close_matches(row.email, list(missing), n=1, cutoff=_SIMILAR)
        if similar:
            return similar[0]
    return next((address for address, name in missing.items() if row.name and name == row.name), None)
