"""Writes each letter as an .eml file: the whole job without an account, a server or a key.

A reader's file has one name per edition and is replaced whole, so handing a batch over again changes nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from digest.deliver.message import Outgoing, invalid_recipients
from digest.deliver.mime import template
from digest.deliver.outcome import Accepted, NotSent, Outcome, Rejected
from digest.deliver.ports import RecipientLog, Recovery

_UNSAFE = re.compile(r"[^A-Za-z0-9@._+-]+")


class Outbox:
    """One folder per edition under `folder`, one file per reader: `00000042-asha@example.com.eml`."""

    name = "outbox"
    recovery: Recovery = "redo"

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        self.folder = folder
        self.clock = clock

    def submit(self, outgoing: Outgoing, log: RecipientLog) -> Outcome:  # noqa: ARG002  one port for all
        place = self.folder / _folder_name(outgoing.edition)
        if bad := invalid_recipients(outgoing.recipients):
            return Rejected(bad)
        try:
            letter = template(outgoing)
            place.mkdir(parents=True, exist_ok=True)
            for reader in outgoing.recipients:
                name = f"{reader.id:08d}-{_UNSAFE.sub('_', reader.email)[:80]}.eml"
                _replace(place / name, letter.mail(reader, self.clock()))
        except ValueError as error:
            return NotSent(f"the letter can't be written as a mail: {error}", permanent=True)
        except OSError as error:
            return NotSent(f"outbox {place}: {error.strerror}", permanent=True)
        return Accepted()

    def probe(self) -> str:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _replace(self.folder / "probe", b"")
            (self.folder / "probe").unlink()
        except OSError as error:
            return f"outbox {self.folder}: {error.strerror}"
        return ""

    def close(self) -> None:
        pass


def _folder_name(edition: str) -> str:
    """The edition's key where it can name a folder; else what is left of it, told apart by a short hash."""
    name = _UNSAFE.sub("_", edition)
    if name == edition and name.strip("."):
        return name
    return f"{name.strip('.')[:60]}-{hashlib.sha256(edition.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _replace(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise
