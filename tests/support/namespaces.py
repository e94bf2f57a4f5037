"""Machines of a network: network namespaces whose link can be cut. Needs root and `ip`."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Link:
    """Two namespaces with an address each, and the cable between them."""

    server: str
    client: str
    server_address: str = "10.99.15.1"
    client_address: str = "10.99.15.2"

    def cut(self) -> None:
        """Nothing arrives any more, and neither side is told."""
        _ip("-n", self.server, "link", "set", "cable", "down")

    def mend(self) -> None:
        _ip("-n", self.server, "link", "set", "cable", "up")

    def inside(self, namespace: str) -> tuple[str, ...]:
        """What to write before a command."""
        return ("ip", "netns", "exec", namespace)


@contextmanager
def linked() -> Iterator[Link]:
    """Make the namespaces, and delete them afterwards. Skips the test without the rights to do so."""
    if os.getuid() != 0 or shutil.which("ip") is None:
        pytest.skip("needs root and the program ip, to make network namespaces")
    link = Link(f"db{os.getpid()}", f"w{os.getpid()}")
    made: list[str] = []
    try:
        for name in (link.server, link.client):
            try:
                _ip("netns", "add", name)
            except subprocess.CalledProcessError as error:
                pytest.skip(f"can't make network namespaces: {error.stderr.decode().strip()}")
            made.append(name)
        _ip("-n", link.server, "link", "add", "cable", "type", "veth", "peer", "name", "eth0", "netns", link.client)
        for name, end, address in (
            (link.server, "cable", link.server_address),
            (link.client, "eth0", link.client_address),
        ):
            _ip("-n", name, "address", "add", f"{address}/24", "dev", end)
            for device in ("lo", end):
                _ip("-n", name, "link", "set", device, "up")
        yield link
    finally:
        for name in made:
            _ip("netns", "delete", name)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], capture_output=True, check=True, timeout=30)
