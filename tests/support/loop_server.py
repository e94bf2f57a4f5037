"""The base of servers that run on an event loop in their own thread."""

from __future__ import annotations

import ssl
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.acceptance import AcceptanceLog
from tests.support.loops import LoopThread, Port
from tests.support.tls import Identity


class LoopServer:
    """A server with a port, an acceptance log, and with `tls` a certificate that clients must trust (`cafile`)."""

    def __init__(self, name: str, *, port: int, log: Path | str | None, fsync: bool, tls: bool, host: str) -> None:
        self._log = AcceptanceLog(log, fsync=fsync)
        self._identity = Identity() if tls else None
        self._port = Port(port, host)
        self._thread = LoopThread(name)

    @property
    def port(self) -> int:
        """The port. It stays the same until the server stops."""
        return self._port.number

    @property
    def cafile(self) -> Path | None:
        """The certificate that a client must trust, if TLS is on."""
        return self._identity.certificate if self._identity else None

    def start(self) -> Self:
        """Start to listen."""
        self._thread.start()
        self._thread.call(self._begin())
        return self

    def stop(self) -> None:
        """Close all connections and release thread, port, log and certificate."""
        try:
            self._thread.call(self._end())
        finally:
            self._thread.stop()
            self._port.close()
            self._log.close()
            if self._identity:
                self._identity.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _tls_context(self) -> ssl.SSLContext | None:
        return self._identity.server_context() if self._identity else None

    async def _begin(self) -> None:
        """Open the listener."""
        raise NotImplementedError

    async def _end(self) -> None:
        """Close the listener and all connections."""
        raise NotImplementedError
