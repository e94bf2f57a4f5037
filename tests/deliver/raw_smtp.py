"""An SMTP server that keeps each email's raw bytes, and reads slowly or stays silent on request."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from types import TracebackType

from tests.support.tls import Identity

_END = b"\r\n.\r\n"


class RawSmtp:
    """Serves its connections side by side and offers PIPELINING.

    `silent` is what it never answers (`CONNECT`, `EHLO`, `RCPT`, `.`), `late` seconds pass before the answer to a final
    dot, `pause` between two readings of 64 kB, after `cut` bytes of an email it hangs up, MAIL is answered by `dribble`
    again and again. With `tls` it speaks nothing else. `emails` are whole ones with dots as on the wire, without the
    final dot; `helloes` the names given at EHLO.
    """

    def __init__(
        self,
        *,
        silent: str = "",
        late: float = 0.0,
        pause: float = 0.0,
        cut: int = 0,
        dribble: bytes = b"",
        tls: Identity | None = None,
    ) -> None:
        self.silent, self.late, self.pause, self.cut = silent, late, pause, cut
        self.dribble = dribble
        self.emails: list[bytes] = []
        self.helloes: list[str] = []
        self.pauses = 0
        self._context = tls.server_context() if tls else None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._serve, name="raw-smtp")]
        self._over = threading.Event()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._talk, args=[connection], name="raw-smtp-connection")
            self._threads.append(thread)
            thread.start()

    def _talk(self, plain: socket.socket) -> None:
        plain.settimeout(10)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError), plain:
            connection = self._context.wrap_socket(plain, server_side=True) if self._context else plain
            with connection:
                self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        self._say(connection, "CONNECT", b"220 here\r\n")
        held, in_data = b"", False
        while not self._over.is_set():
            if in_data and self.cut and len(held) >= self.cut:
                return
            if in_data and _END in held:
                mail, _, held = held.partition(_END)
                self.emails.append(mail + b"\r\n")
                in_data = False
                self._over.wait(self.late)
                self._say(connection, ".", b"250 taken\r\n")
            elif not in_data and b"\r\n" in held:
                line, _, held = held.partition(b"\r\n")
                verb = line[:4].decode().upper()
                if verb == "EHLO":
                    self.helloes.append(line[5:].decode())
                in_data = verb == "DATA"
                self._say(connection, verb, _ANSWERS.get(verb, b"250 fine\r\n"))
            else:
                more = connection.recv(65_536)
                if not more:
                    return
                held += more
                if in_data and self.pause:
                    self.pauses += 1
                    time.sleep(self.pause)

    def _say(self, connection: socket.socket, verb: str, answer: bytes) -> None:
        while self.dribble and verb == "MAIL" and not self._over.wait(0.1):
            connection.sendall(self.dribble)
        if verb == self.silent:
            self._over.wait(30)
        connection.sendall(answer)

    def __enter__(self) -> RawSmtp:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(11)


_ANSWERS = {"EHLO": b"250-here\r\n250 PIPELINING\r\n", "DATA": b"354 go on\r\n", "QUIT": b"221 bye\r\n"}
