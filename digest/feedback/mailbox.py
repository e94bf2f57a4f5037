"""Read bounce mail from a Maildir, an mbox, a file or a pipe, as bytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from digest.feedback.dsn import MAX_MAIL_BYTES

_LINE_BYTES = 1 << 16


def iter_messages(stream: BinaryIO) -> Iterator[bytes]:
    """The messages of an mbox, or the stream as one message. Messages are cut at the maximum size."""
    message = bytearray()
    after_blank = True
    while line := stream.readline(_LINE_BYTES):
        if after_blank and line.startswith(b"From "):
            if message.strip():
                yield bytes(message)
            message.clear()
        elif len(message) < MAX_MAIL_BYTES:
            message += line
        after_blank = not line.strip()
    if message.strip():
        yield bytes(message)


def iter_maildir(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """The new messages of a Maildir with their files. Call `mark_seen` for each one that is processed."""
    for path in sorted((folder / "new").iterdir()):
        if path.is_file():
            with path.open("rb") as stream:
                yield path, stream.read(MAX_MAIL_BYTES)


def mark_seen(path: Path) -> None:
    """Move a file from `new` to `cur`. If it is gone, someone else has processed it."""
    with suppress(FileNotFoundError):
        path.rename(path.parent.parent / "cur" / f"{path.name}:2,S")
