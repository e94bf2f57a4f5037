"""A store that goes away in the middle of a send and returns: nobody is unknown, nobody gets two emails."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.chaos.killed_send import prepare
from tests.chaos.outages import Fault, durable, newsroom_in, send_through
from tests.cli.newsroom import Newsroom
from tests.support.outages import PostgresServer, Proxy, no_space, postgres_programs
from tests.support.profiles import only_thorough

pytestmark = pytest.mark.slow

RECIPIENTS = 600
DOWN = 1.5


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    return prepare(tmp_path_factory.mktemp("outages") / "prepared", RECIPIENTS)


def assert_unharmed(prepared: Newsroom, folder: Path, url: str, fault: Fault) -> None:
    with newsroom_in(prepared, folder / "run", lambda _folder: nullcontext(url)) as newsroom:
        found = send_through(newsroom, RECIPIENTS, fault, batch_size=20, latency=200)
    assert found.code == 0, found
    assert (found.accepted, found.pending, found.unknown) == (RECIPIENTS, 0, 0)
    assert found.final.holds, found.final
    assert "when it returned" in found.stderr


def test_an_sqlite_store_whose_disk_is_full_for_a_while(prepared: Newsroom, tmp_path: Path) -> None:
    def fault(process: subprocess.Popen[bytes]) -> None:
        with no_space(process.pid):
            time.sleep(DOWN)

    assert_unharmed(prepared, tmp_path, f"sqlite:///{tmp_path / 'run' / 'digest.db'}", fault)


# The test above has a store that goes away from a process; tests/store/test_outages.py breaks connections of a send.
@only_thorough
def test_a_postgresql_that_breaks_its_connections(prepared: Newsroom, tmp_path: Path, postgres_url: str) -> None:
    with Proxy(postgres_url) as proxy:

        def fault(_process: object) -> None:
            proxy.cut()
            time.sleep(DOWN)
            proxy.repair()

        assert_unharmed(prepared, tmp_path, proxy.url, fault)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    programs = postgres_programs()
    if programs is None:
        pytest.skip("needs initdb and pg_ctl of PostgreSQL")
    with PostgresServer(programs) as running:
        yield running


# A restart also breaks connections, as the test above does.
@only_thorough
@pytest.mark.parametrize("mode", ["immediate", "fast"])
def test_a_postgresql_that_is_restarted(prepared: Newsroom, server: PostgresServer, tmp_path: Path, mode: str) -> None:
    with durable(server) as url:
        assert_unharmed(prepared, tmp_path, url, lambda _process: server.restart(mode, down=1.0))
