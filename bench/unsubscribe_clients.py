"""HTTP clients for one-click unsubscribe, in a process of their own: one, 50 in bursts, 50 in a closed loop.

Reads JSON from stdin (host, port, the tokens of each pattern) and writes the milliseconds of each request to stdout.
It uses bare sockets, because the server is what is measured.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import time
from collections.abc import Callable, Sequence

CLIENTS = 50
_BODY = b"List-Unsubscribe=One-Click"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)


class Client:
    """One connection, kept alive. `started` is when its last request began."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.host = f"{host}:{port}".encode()
        self.started = 0.0
        self._received = b""

    def request(self, token: str) -> None:
        content = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d" % len(_BODY)
        head = b"POST /leave/%s HTTP/1.1\r\nHost: %s\r\n%s\r\n\r\n" % (token.encode(), self.host, content)
        self._received = b""
        self.started = time.perf_counter()
        self.socket.sendall(head + _BODY)

    def receive(self) -> bool:
        """Read the bytes that have arrived; return whether the response is complete."""
        self._received += self.socket.recv(1 << 16)
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or length is None or len(body) < int(length[1]):
            assert self._received, "the server closed the connection"
            return False
        assert head.startswith(b"HTTP/1.1 200"), head
        return True


def one(clients: Sequence[Client], tokens: Sequence[str]) -> list[float]:
    times = []
    for token in tokens:
        clients[0].request(token)
        while not clients[0].receive():
            pass
        times.append(time.perf_counter() - clients[0].started)
    return times


def bursts(clients: Sequence[Client], tokens: Sequence[str]) -> list[float]:
    times = []
    with _selector(clients) as selector:
        for at in range(0, len(tokens), len(clients)):
            burst = tokens[at : at + len(clients)]
            for client, token in zip(clients, burst, strict=False):
                client.request(token)
            left = len(burst)
            while left:
                for client in _ready(selector):
                    if client.receive():
                        times.append(time.perf_counter() - client.started)
                        left -= 1
    return times


def closed_loop(clients: Sequence[Client], tokens: Sequence[str]) -> list[float]:
    times: list[float] = []
    rest = iter(tokens)
    with _selector(clients) as selector:
        for client in clients:
            client.request(next(rest))
        while len(times) < len(tokens):
            for client in _ready(selector):
                if client.receive():
                    times.append(time.perf_counter() - client.started)
                    if token := next(rest, ""):
                        client.request(token)
    return times


def _selector(clients: Sequence[Client]) -> selectors.BaseSelector:
    selector = selectors.DefaultSelector()
    for client in clients:
        selector.register(client.socket, selectors.EVENT_READ, client)
    return selector


def _ready(selector: selectors.BaseSelector) -> list[Client]:
    return [key.data for key, _mask in selector.select(timeout=60)]


PATTERNS: dict[str, Callable[[Sequence[Client], Sequence[str]], list[float]]] = {
    "one client": one,
    f"{CLIENTS} in bursts": bursts,
    f"{CLIENTS} in a closed loop": closed_loop,
}


def main() -> None:
    order = json.load(sys.stdin)
    clients = [Client(order["host"], order["port"]) for _ in range(CLIENTS)]
    times = {name: PATTERNS[name](clients, tokens) for name, tokens in order["tokens"].items()}
    json.dump({name: [each * 1000 for each in took] for name, took in times.items()}, sys.stdout)


if __name__ == "__main__":
    main()
