"""Several machines on this one: network namespaces, and links that lose packets or are cut. Needs root.

A link is a TUN device at each end, and a thread that carries the packets between them. So it works on every kernel,
and which packets are lost depends only on the seed and their order. A cut link is as silent as a pulled cable.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import select
import struct
import subprocess
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_TUN = Path("/dev/net/tun")
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
# The address of the servers.
CENTRE = "10.231.0.1"
# Longer than any packet.
_LARGEST = 65_536


@cache
def why_not() -> str | None:
    """Why there are no namespaces here, or None."""
    if os.getuid() != 0:
        return "needs root"
    if not _TUN.exists():
        return "needs /dev/net/tun"
    try:
        with namespace("try"):
            return None
    except (OSError, subprocess.SubprocessError):
        return "needs network namespaces (`ip netns`)"


def inside(namespace: str) -> list[str]:
    """The command that runs a program in the namespace."""
    return ["ip", "netns", "exec", namespace]


class Link:
    """A link between the namespace `centre` and that of node `number`."""

    def __init__(self, centre: str, node: str, number: int, seed: int = 0) -> None:
        self.is_cut = False
        # The part of the packets that get lost.
        self.loss = 0.0
        self._random = random.Random(seed)
        name, address = f"dg{os.getpid() % 100_000}n{number}", f"10.231.0.{10 + number}"
        self._ends = [
            _device(f"{name}a", centre, CENTRE, address),
            _device(f"{name}b", node, address, CENTRE),
        ]
        self._stop, self._stopped = os.pipe()
        self._thread = threading.Thread(target=self._carry, name=name, daemon=True)
        self._thread.start()

    def _carry(self) -> None:
        there = dict(zip(self._ends, reversed(self._ends), strict=True))
        while True:
            ready, _, _ = select.select([*self._ends, self._stop], [], [])
            if self._stop in ready:
                return
            for end in ready:
                packet = os.read(end, _LARGEST)
                if self.is_cut or (self.loss and self._random.random() < self.loss):
                    continue
                # A device that was taken down, or whose queue is full, loses the packet too.
                with contextlib.suppress(OSError):
                    os.write(there[end], packet)

    def close(self) -> None:
        os.close(self._stopped)
        self._thread.join(10)
        for end in (*self._ends, self._stop):
            os.close(end)


def _device(name: str, namespace: str, address: str, peer: str) -> int:
    """Make a TUN device in the namespace. Returns its handle, whose end deletes it."""
    handle = os.open(_TUN, os.O_RDWR)
    fcntl.ioctl(handle, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
    _ip("link", "set", name, "netns", namespace)
    _ip("-n", namespace, "address", "add", address, "peer", peer, "dev", name)
    _ip("-n", namespace, "link", "set", name, "up")
    return handle


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=30)


@contextlib.contextmanager
def namespace(name: str) -> Iterator[str]:
    """A namespace with a loopback device. Yields its full name, which no other process uses."""
    full = f"dg{os.getpid()}{name}"
    _ip("netns", "add", full)
    try:
        _ip("-n", full, "link", "set", "lo", "up")
        yield full
    finally:
        _ip("netns", "delete", full)


@contextlib.contextmanager
def star(nodes: int, seed: int = 0) -> Iterator[tuple[str, list[str], list[Link]]]:
    """A namespace for servers, and for each node one with a link to it. Yields the names and the links.

    The nodes find the servers at `CENTRE`.
    """
    with contextlib.ExitStack() as stack:
        centre = stack.enter_context(namespace("s"))
        names = [stack.enter_context(namespace(f"w{number}")) for number in range(1, nodes + 1)]
        links = []
        for number, name in enumerate(names, 1):
            links.append(Link(centre, name, number, seed + number))
            stack.callback(links[-1].close)
        yield centre, names, links
