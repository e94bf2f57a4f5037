"""Requests of 50 clients at once: reads JSON from stdin (host, port, requests), writes the statuses to stdout.

A request is (method, path, form, cookie). It uses bare sockets, because the server is what is measured.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
from collections import Counter

CLIENTS = 50
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)


class Client:
    """One connection, kept alive."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.host = f"{host}:{port}"
        self._received = b""

    def request(self, method: str, path: str, form: str, cookie: str) -> None:
        head = f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\n"
        if cookie:
            head += f"Cookie: {cookie}\r\n"
        if method == "POST":
            head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n"
        self._received = b""
        self.socket.sendall(f"{head}\r\n{form}".encode())

    def receive(self) -> int | None:
        """Read what has arrived; return the status when the response is complete."""
        self._received += self.socket.recv(1 << 16)
        if not self._received:
            raise SystemExit("the server closed the connection")
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or (length and len(body) < int(length[1])):
            return None
        return int(head.split(b" ", 2)[1])


def main() -> None:
    order = json.load(sys.stdin)
    clients = [Client(order["host"], order["port"]) for _ in range(CLIENTS)]
    rest = iter(order["requests"])
    statuses: Counter[int] = Counter()
    with selectors.DefaultSelector() as selector:
        busy = 0
        for client in clients:
            selector.register(client.socket, selectors.EVENT_READ, client)
            if following := next(rest, None):
                client.request(*following)
                busy += 1
        while busy:
            for key, _mask in selector.select(timeout=60):
                status = key.data.receive()
                if status is None:
                    continue
                statuses[status] += 1
                if following := next(rest, None):
                    key.data.request(*following)
                else:
                    busy -= 1
    json.dump(statuses, sys.stdout)


if __name__ == "__main__":
    main()
