"""An SMTP server that says exactly what it is told, for answers that no real one should give."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from types import TracebackType

Answer = Callable[[str], bytes | None]
"""From a verb (`CONNECT`, `EHLO`, `MAIL`, `RCPT`, `DATA`, `.`, …) to the bytes of the reply; None hangs up."""

GOOD = {"CONNECT": b"220 here\r\n", "DATA": b"354 go on\r\n", "EHLO": b"250 here\r\n", "QUIT": b"221 bye\r\n"}


class ScriptedSmtp:
    """Serves one connection after the other. `script` maps a verb to its replies, used up in order; the rest is 250.

    `seen` is every verb in order, over all connections.
    """

    def __init__(self, **script: list[bytes | None]) -> None:
        self.script = {("." if verb == "dot" else verb.upper()): list(said) for verb, said in script.items()}
        self.seen: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, name="scripted-smtp")

    def _answer(self, verb: str) -> bytes | None:
        self.seen.append(verb)
        said = self.script.get(verb)
        return said.pop(0) if said else GOOD.get(verb, b"250 fine\r\n")

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                try:
                    self._talk(connection)
                except OSError:
                    continue

    def _talk(self, connection: socket.socket) -> None:
        verb, letter = "CONNECT", False
        with connection.makefile("rb") as lines:
            while (said := self._answer(verb)) is not None:
                connection.sendall(said)
                letter = verb == "DATA" and said.startswith(b"354")
                if letter:
                    while (line := lines.readline()) != b".\r\n":
                        if not line:
                            return
                    verb = "."
                    continue
                line = lines.readline()
                if not line:
                    return
                verb = line.split()[0].decode().upper()

    def __enter__(self) -> ScriptedSmtp:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(6)
