"""A server that accepts connections and sends nothing, or nothing useful, until it is closed."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor


class Silent:
    """Sends `word` repeatedly, without a line end. `taken` counts connections."""

    def __init__(self, word: bytes = b"") -> None:
        self.word = word
        self.taken = 0
        self.closed = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.pool = ThreadPoolExecutor(8)
        self.pool.submit(self._serve)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.taken += 1
            self.pool.submit(self._send, connection)

    def _send(self, connection: socket.socket) -> None:
        with connection:
            while not self.closed.wait(0.05):
                try:
                    connection.sendall(self.word)
                except OSError:
                    return

    def __enter__(self) -> Silent:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.pool.shutdown()
