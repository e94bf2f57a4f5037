"""An SMTP server with scripted replies, for replies that no real server should give."""

from __future__ import annotations

import socket
import threading
from types import TracebackType

GOOD = {"CONNECT": b"220 here\r\n", "DATA": b"354 go on\r\n", "QUIT": b"221 bye\r\n"}


class ScriptedSmtp:
    """Serves one connection after the other.

    `script` maps a verb (`connect`, `ehlo`, `mail`, `rcpt`, `data`, `dot`) to its replies, used up in order; the rest
    is 250. None hangs up. A reply without a line end is cut off: it is sent, then the server hangs up.

    `seen` is every verb in order, over all connections; `taken` the addresses of emails that came whole and had, or
    would have had, a 2xx. `pipelining` offers it.
    """

    def __init__(self, *, pipelining: bool = False, **script: list[bytes | None]) -> None:
        self.hello = b"250-here\r\n250 PIPELINING\r\n" if pipelining else b"250 here\r\n"
        self.taken: list[str] = []
        # Emails without any content.
        self.empty = 0
        self.script = {("." if verb == "dot" else verb.upper()): list(response) for verb, response in script.items()}
        self.seen: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, name="scripted-smtp")

    def _answer(self, verb: str) -> bytes | None:
        self.seen.append(verb)
        response = self.script.get(verb)
        if response:
            return response.pop(0)
        return self.hello if verb == "EHLO" else GOOD.get(verb, b"250 fine\r\n")

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
        verb, in_data, to, asked = "CONNECT", False, "", ""
        with connection.makefile("rb") as lines:
            while True:
                response = self._answer(verb)
                if verb == "." and to and (response is None or response.startswith(b"2")):
                    self.taken.append(to)
                if verb in ("MAIL", "RSET", "."):
                    to = ""
                if verb == "RCPT" and response is not None and response.startswith(b"2"):
                    to = asked
                if response is None:
                    return
                connection.sendall(response)
                if not response.endswith(b"\n"):
                    return
                in_data = verb == "DATA" and response.startswith(b"354")
                if in_data:
                    size = 0
                    while (line := lines.readline()) != b".\r\n":
                        if not line:
                            return
                        size += len(line)
                    self.empty += not size
                    verb = "."
                    continue
                line = lines.readline()
                asked = line.partition(b":<")[2].partition(b">")[0].decode()
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
