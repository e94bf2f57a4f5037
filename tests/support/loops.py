"""An asyncio loop in a thread of its own, and a process that serves until it is stopped.

After `stop` there is no task, no transport and no thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class LoopThread:
    """A running event loop. `call` runs a coroutine on it from another thread."""

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def is_current(self) -> bool:
        """Whether the caller runs on this loop's thread."""
        return threading.current_thread() is self._thread

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, T], timeout: float = 10.0) -> T:
        """Run a coroutine on the loop and return its result. Raises TimeoutError after `timeout` s."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout)

    def stop(self) -> None:
        """Cancel the remaining tasks, let transports close, and end the thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        if self._thread.is_alive():
            raise RuntimeError(f"{self._thread.name} did not stop")

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            tasks = asyncio.all_tasks(self.loop)
            for task in tasks:
                task.cancel()
            self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            # An aborted transport needs one or two turns of the loop to release its socket.
            for _ in range(3):
                self.loop.run_until_complete(asyncio.sleep(0))
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            asyncio.set_event_loop(None)
            self.loop.close()


class Port:
    """A port that stays reserved while its listener is closed and opened again."""

    def __init__(self, number: int = 0, host: str = "127.0.0.1") -> None:
        self.host = host
        # A bound socket that never listens: connections are refused, and no other process gets the port.
        self._guard = self._bound(number)
        self.number: int = self._guard.getsockname()[1]

    def listener(self) -> socket.socket:
        """Return a new bound socket, ready to listen. The caller closes it."""
        return self._bound(self.number)

    def close(self) -> None:
        """Release the port."""
        self._guard.close()

    def _bound(self, number: int) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((self.host, number))
        return sock


def reset(writer: asyncio.StreamWriter | asyncio.WriteTransport) -> None:
    """Close a connection so that its peer sees RST instead of FIN."""
    transport = writer.transport if isinstance(writer, asyncio.StreamWriter) else writer
    sock = transport.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    transport.abort()


def serve_until_stopped(greeting: str) -> None:
    """Print the greeting as the first line of stdout, then wait for SIGTERM, SIGINT or the parent's end."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    parent = os.getppid()
    # The parent waits for this line.
    print(greeting, flush=True)  # noqa: T201
    while not stopped.wait(0.5):
        if os.getppid() != parent:
            return
