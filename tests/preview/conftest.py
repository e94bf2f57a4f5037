"""Fixtures: a composed edition, and its preview served on 127.0.0.1."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from digest.cli.init import make_folder
from digest.preview.server import PreviewServer
from digest.preview.showing import PreviewState
from tests.cli.newsroom import NOW, Newsroom

KEY = "2026-11-23"


@dataclass
class Viewer:
    """A minimal browser."""

    server: PreviewServer

    def get(self, path: str, host: str = "") -> tuple[int, dict[str, str], str]:
        address = urlsplit(self.server.url).netloc
        connection = HTTPConnection(address, timeout=30)
        try:
            connection.request("GET", path, headers={"Host": host or address})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
        finally:
            connection.close()

    def state(self) -> Any:
        return json.loads(self.get("/state.json")[2])


@pytest.fixture
def newsroom(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    home = tmp_path / "my-letter"
    make_folder(home)
    monkeypatch.setenv("DIGEST_NOW", NOW)
    room = Newsroom(home)
    room.json("compose")
    return room


@pytest.fixture
def viewer(newsroom: Newsroom) -> Iterator[Viewer]:
    server = PreviewServer(PreviewState(newsroom.home, KEY))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Viewer(server)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
