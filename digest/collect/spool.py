"""Holds a body while it waits to be parsed: in memory while it is small, beyond that in a temporary file.

Two hundred fetches at a time with bodies of up to 10 MB would be 2 GB; so only the one that is parsed is loaded.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable

SMALL = 256 * 1024
"""Bytes of one body that stay in memory: 50 MB for two hundred of them."""


class Spool:
    """A body, its size in bytes and the BLAKE2b of it in hex. Close it, or use it in a `with`."""

    def __init__(self, pieces: Iterable[bytes] = ()) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=SMALL)  # noqa: SIM115  closed by close()
        self._hash = hashlib.blake2b(digest_size=16)
        self.size = 0
        try:
            for piece in pieces:
                self.write(piece)
        except BaseException:
            self.close()
            raise

    def write(self, piece: bytes) -> None:
        self._file.write(piece)
        self._hash.update(piece)
        self.size += len(piece)

    @property
    def hash(self) -> str:
        return self._hash.hexdigest()

    def read(self) -> bytes:
        """All of it; may be called again."""
        self._file.seek(0)
        return self._file.read()

    def close(self) -> None:
        self._file.close()
