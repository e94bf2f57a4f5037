"""A local HTTPS server that answers every POST with 202 as fast as it can, or after a latency."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.support.tls import Identity

_LENGTH = re.compile(rb"content-length: *(\d+)", re.I)
_RESPONSE = b"HTTP/1.1 202 Accepted\r\nX-Message-Id: sink\r\nContent-Length: 0\r\n\r\n"
_MAX_CONNECTIONS, _MAX_BYTES, _TIMEOUT = 64, 32_000_000, 60.0


@dataclass(frozen=True)
class Sink:
    """The server's URL, and the certificate file that a client must trust."""

    url: str
    certificate: str


@contextmanager
def running(latency: float = 0.0) -> Iterator[Sink]:
    """Run a sink in a process of its own. It waits `latency` seconds before each response."""
    identity = Identity()
    command = [sys.executable, "-m", "bench.sink", str(identity.certificate), str(identity.key), str(latency)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield Sink(process.stdout.readline().strip(), str(identity.certificate))
    finally:
        process.communicate(timeout=10)
        identity.close()


def _main(certificate: str, key: str, latency: str) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0), backlog=_MAX_CONNECTIONS)
    print(f"https://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    threading.Thread(target=_accept, args=(listener, context, float(latency)), daemon=True).start()
    # Our input closes when the parent process ends.
    sys.stdin.read()


def _accept(listener: socket.socket, context: ssl.SSLContext, latency: float) -> None:
    slots = threading.Semaphore(_MAX_CONNECTIONS)
    while True:
        slots.acquire()
        plain, _ = listener.accept()
        threading.Thread(target=_serve, args=(plain, context, latency, slots), daemon=True).start()


def _serve(plain: socket.socket, context: ssl.SSLContext, latency: float, slots: threading.Semaphore) -> None:
    buffer = memoryview(bytearray(2**18))
    with contextlib.suppress(OSError), plain:
        plain.settimeout(_TIMEOUT)
        with context.wrap_socket(plain, server_side=True) as connection:
            while _discard_request(connection, buffer):
                time.sleep(latency)
                connection.sendall(_RESPONSE)
    slots.release()


def _discard_request(connection: ssl.SSLSocket, buffer: memoryview) -> bool:
    """Read one request and keep nothing of it. Return False at the end of the connection."""
    head = b""
    while b"\r\n\r\n" not in head:
        size = connection.recv_into(buffer)
        if not size or len(head) > 2**16:
            return False
        head += buffer[:size]
    headers, _, body = head.partition(b"\r\n\r\n")
    found = _LENGTH.search(headers)
    missing = (int(found[1]) if found else 0) - len(body)
    if missing > _MAX_BYTES:
        return False
    while missing > 0:
        size = connection.recv_into(buffer, min(missing, len(buffer)))
        if not size:
            return False
        missing -= size
    return True


if __name__ == "__main__":
    _main(*sys.argv[1:])
