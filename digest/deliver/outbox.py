"""Write each email as an .eml file. Needs no account, no server and no key.

Files and folders are for their owner only. A recipient has one file for each edition. It is replaced as a whole, so
submitting a batch again changes nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from digest.deliver.outcome import Accepted, NotSent, Outcome, Rejected
from digest.deliver.ports import RecipientLog, Recovery
from digest.mail.message import Outgoing, invalid_recipients
from digest.mail.mime import template
from digest.utils.files import PRIVATE_FOLDER, make_private_folder, open_mode, write_private

_UNSAFE = re.compile(r"[^A-Za-z0-9@._+-]+")


class Outbox:
    """One folder for each edition, with one file for each recipient: `00000042-asha@example.com.eml`."""

    name = "outbox"
    recovery: Recovery = "redo"

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        self.folder = folder
        self.clock = clock

    # All transports have the same signature.
    def submit(self, outgoing: Outgoing, log: RecipientLog) -> Outcome:  # noqa: ARG002
        folder = self.folder / _folder_name(outgoing.edition)
        if invalid := invalid_recipients(outgoing.recipients):
            return Rejected(invalid)
        try:
            mail_template = template(outgoing)
            make_private_folder(self.folder)
            make_private_folder(folder)
            _close_to_others(folder)
            for recipient in outgoing.recipients:
                name = f"{recipient.id:08d}-{_UNSAFE.sub('_', recipient.email)[:80]}.eml"
                _replace(folder / name, mail_template.mail(recipient, self.clock()))
        except ValueError as error:
            return NotSent(f"cannot encode the email: {error}", permanent=True)
        except OSError as error:
            return NotSent(f"outbox {folder}: {error.strerror}", permanent=True)
        return Accepted()

    def probe(self) -> str | None:
        try:
            make_private_folder(self.folder)
            _replace(self.folder / "probe", b"")
            (self.folder / "probe").unlink()
        except OSError as error:
            return f"outbox {self.folder}: {error.strerror}"
        return None

    def close(self) -> None:
        pass


def _folder_name(edition: str) -> str:
    """Return the edition's key if it can name a folder; otherwise its safe characters and a short hash."""
    name = _UNSAFE.sub("_", edition)
    if name == edition and name.strip("."):
        return name
    return f"{name.strip('.')[:60]}-{hashlib.sha256(edition.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _close_to_others(folder: Path) -> None:
    """Close the folder to others. Earlier versions made folders with the mode that the umask gave."""
    if open_mode(folder):
        with contextlib.suppress(OSError):
            folder.chmod(PRIVATE_FOLDER)


def _replace(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        write_private(part, data)
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise
