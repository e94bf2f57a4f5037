"""A server that takes every POST over TLS and answers 202 as fast as it can, on 127.0.0.1."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.support.tls import Identity

_LENGTH = re.compile(rb"content-length: *(\d+)", re.I)
_ANSWER = b"HTTP/1.1 202 Accepted\r\nX-Message-Id: sink\r\nContent-Length: 0\r\n\r\n"
_MOST_CONNECTIONS, _MOST_BYTES, _PATIENCE = 64, 32_000_000, 60.0


@dataclass(frozen=True)
class Sink:
    """Where it listens, and the file of the certificate that a client must trust."""

    url: str
    certificate: str


@contextmanager
def running() -> Iterator[Sink]:
    """A sink that ends with the block."""
    identity = Identity()
    command = [sys.executable, "-m", "bench.sink", str(identity.certificate), str(identity.key)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield Sink(process.stdout.readline().strip(), str(identity.certificate))
    finally:
        process.communicate(timeout=10)
        identity.close()


def _main(certificate: str, key: str) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0), backlog=_MOST_CONNECTIONS)
    print(f"https://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    threading.Thread(target=_accept, args=(listener, context), daemon=True).start()
    sys.stdin.read()  # ends with the process that reads our output: its end closes our input


def _accept(listener: socket.socket, context: ssl.SSLContext) -> None:
    room = threading.Semaphore(_MOST_CONNECTIONS)
    while True:
        room.acquire()
        plain, _ = listener.accept()
        threading.Thread(target=_serve, args=(plain, context, room), daemon=True).start()


def _serve(plain: socket.socket, context: ssl.SSLContext, room: threading.Semaphore) -> None:
    buffer = memoryview(bytearray(2**18))
    with contextlib.suppress(OSError), plain:
        plain.settimeout(_PATIENCE)
        with context.wrap_socket(plain, server_side=True) as connection:
            while _swallow(connection, buffer):
                connection.sendall(_ANSWER)
    room.release()


def _swallow(connection: ssl.SSLSocket, buffer: memoryview) -> bool:
    """Reads one request and keeps nothing of it. False at the end of the connection."""
    head = b""
    while b"\r\n\r\n" not in head:
        got = connection.recv_into(buffer)
        if not got or len(head) > 2**16:
            return False
        head += buffer[:got]
    start, _, body = head.partition(b"\r\n\r\n")
    found = _LENGTH.search(start)
    missing = (int(found[1]) if found else 0) - len(body)
    if missing > _MOST_BYTES:
        return False
    while missing > 0:
        got = connection.recv_into(buffer, min(missing, len(buffer)))
        if not got:
            return False
        missing -= got
    return True


if __name__ == "__main__":
    _main(*sys.argv[1:])
