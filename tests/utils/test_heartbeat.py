"""The heartbeat, and its messages to systemd."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from digest.utils.heartbeat import Heartbeat, ServiceNotifier, beat, keeping


def test_only_the_thread_that_keeps_it_gives_signs() -> None:
    signs: list[int] = []
    heartbeat = Heartbeat(lambda: signs.append(1))
    beat()
    with keeping(heartbeat):
        other = threading.Thread(target=beat)
        other.start()
        other.join()
        assert heartbeat.age is None
        beat()
    beat()
    assert signs == [1]
    assert heartbeat.age is not None


def test_the_first_sign_says_ready_and_frequent_ones_are_left_out(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(5)
        service = ServiceNotifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        for _ in range(100):
            service.alive()
        service.stopping()
        assert [manager.recv(100), manager.recv(100)] == [b"READY=1", b"STOPPING=1"]


def test_later_signs_are_for_the_watchdog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.utils.heartbeat._PAUSE", 0.0)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(5)
        service = ServiceNotifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        for expected in (b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"):
            service.alive()
            assert manager.recv(100) == expected


def test_an_abstract_socket_is_understood() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        # Linux chooses a free abstract name.
        manager.bind("")
        name = manager.getsockname().decode()
        manager.settimeout(5)
        ServiceNotifier({"NOTIFY_SOCKET": "@" + name[1:]}).alive()
        assert manager.recv(100) == b"READY=1"


def test_without_a_service_manager_nothing_happens() -> None:
    for environment in ({}, {"NOTIFY_SOCKET": "/nowhere/notify"}, {"NOTIFY_SOCKET": "relative"}):
        service = ServiceNotifier(environment)
        service.alive()
        service.stopping()
