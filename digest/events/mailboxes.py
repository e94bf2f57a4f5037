"""Where bounced mail lies: a Maildir, an mbox, one mail in a file or from a pipe. Gives bytes and reads no meaning."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from digest.events.mail import MOST_BYTES

_LINE = 1 << 16


def iter_messages(stream: BinaryIO) -> Iterator[bytes]:
    """The mails of an mbox, or the one mail that the stream is. What is over the bound of a mail is not kept."""
    mail = bytearray()
    blank = True
    while line := stream.readline(_LINE):
        if blank and line.startswith(b"From "):
            if mail.strip():
                yield bytes(mail)
            mail.clear()
        elif len(mail) < MOST_BYTES:
            mail += line
        blank = not line.strip()
    if mail.strip():
        yield bytes(mail)


def maildir(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """The new mails of a Maildir, each with its file; `seen` puts one away when it was dealt with."""
    for path in sorted((folder / "new").iterdir()):
        if path.is_file():
            with path.open("rb") as stream:
                yield path, stream.read(MOST_BYTES)


def seen(path: Path) -> None:
    """Moves a file of `new` to `cur`, marked as seen. One that is gone already was dealt with by someone else."""
    with suppress(FileNotFoundError):
        path.rename(path.parent.parent / "cur" / f"{path.name}:2,S")
