"""Clients that press one-click unsubscribe, in a process of their own: one, 50 in bursts, 50 that never rest.

Reads a document from stdin (host, port, the tokens of each of `WAYS`), writes the milliseconds of each press to stdout.
Bare sockets: what is measured is the server. Imports nothing but the standard library.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import time
from collections.abc import Callable, Sequence

TOGETHER = 50
_BODY = b"List-Unsubscribe=One-Click"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)


class Client:
    """One connection, kept alive; `begun` is when its last press began."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.host = f"{host}:{port}".encode()
        self.begun = 0.0
        self._got = b""

    def press(self, token: str) -> None:
        kind = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d" % len(_BODY)
        head = b"POST /leave/%s HTTP/1.1\r\nHost: %s\r\n%s\r\n\r\n" % (token.encode(), self.host, kind)
        self._got = b""
        self.begun = time.perf_counter()
        self.socket.sendall(head + _BODY)

    def answered(self) -> bool:
        """Reads what has come; whether that was the whole answer."""
        self._got += self.socket.recv(1 << 16)
        head, end, body = self._got.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or length is None or len(body) < int(length[1]):
            assert self._got, "the server went away"
            return False
        assert head.startswith(b"HTTP/1.1 200"), head
        return True


def one(clients: Sequence[Client], tokens: Sequence[str]) -> list[float]:
    times = []
    for token in tokens:
        clients[0].press(token)
        while not clients[0].answered():
            pass
        times.append(time.perf_counter() - clients[0].begun)
    return times


def bursts(clients: Sequence[Client], tokens: Sequence[str]) -> list[float]:
    times = []
    with _watched(clients) as watch:
        for at in range(0, len(tokens), len(clients)):
            pressing = tokens[at : at + len(clients)]
            for client, token in zip(clients, pressing, strict=False):
                client.press(token)
            left = len(pressing)
            while left:
                for client in _ready(watch):
                    if client.answered():
                        times.append(time.perf_counter() - client.begun)
                        left -= 1
    return times


def closed_loop(clients: Sequence[Client], tokens: Sequence[str]) -> list[float]:
    times: list[float] = []
    more = iter(tokens)
    with _watched(clients) as watch:
        for client in clients:
            client.press(next(more))
        while len(times) < len(tokens):
            for client in _ready(watch):
                if client.answered():
                    times.append(time.perf_counter() - client.begun)
                    if token := next(more, ""):
                        client.press(token)
    return times


def _watched(clients: Sequence[Client]) -> selectors.BaseSelector:
    watch = selectors.DefaultSelector()
    for client in clients:
        watch.register(client.socket, selectors.EVENT_READ, client)
    return watch


def _ready(watch: selectors.BaseSelector) -> list[Client]:
    return [key.data for key, _mask in watch.select(timeout=60)]


WAYS: dict[str, Callable[[Sequence[Client], Sequence[str]], list[float]]] = {
    "one client": one,
    f"{TOGETHER} in bursts": bursts,
    f"{TOGETHER} that never rest": closed_loop,
}


def main() -> None:
    asked = json.load(sys.stdin)
    clients = [Client(asked["host"], asked["port"]) for _ in range(TOGETHER)]
    times = {way: WAYS[way](clients, tokens) for way, tokens in asked["tokens"].items()}
    json.dump({way: [each * 1000 for each in took] for way, took in times.items()}, sys.stdout)


if __name__ == "__main__":
    main()
