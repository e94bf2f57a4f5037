"""Fixtures: a composed edition, and its preview served on 127.0.0.1."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from digest.preview import PreviewServer, PreviewState
from tests.cli.newsroom import NOW, Newsroom
from tests.support.folders import newsletter_folder

KEY = "2026-11-23"


@dataclass
class Viewer:
    """A client of the preview server."""

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


@pytest.fixture(scope="session")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with today's edition, for each test to copy."""
    home = tmp_path_factory.mktemp("composed") / "newsletter"
    newsletter_folder(home)
    Newsroom(home).json("compose")
    return home


@pytest.fixture
def newsroom(composed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    shutil.copytree(composed, tmp_path / "newsletter")
    monkeypatch.setenv("DIGEST_NOW", NOW)
    return Newsroom(tmp_path / "newsletter")


@pytest.fixture
def viewer(newsroom: Newsroom) -> Iterator[Viewer]:
    server = PreviewServer(PreviewState(newsroom.home, KEY))
    # A server looks every half second whether it is to stop.
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield Viewer(server)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
