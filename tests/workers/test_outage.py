"""A worker survives an outage of the database of any length."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.killed_send import prepare
from tests.support.outages import PostgresServer, postgres_programs
from tests.support.profiles import only_thorough
from tests.workers.running import team, until

# It starts and stops a server.
pytestmark = pytest.mark.slow

RECIPIENTS = 400


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    programs = postgres_programs()
    if programs is None:
        pytest.skip("needs initdb and pg_ctl of PostgreSQL")
    with PostgresServer(programs) as running:
        yield running


# tests/chaos/test_outages.py restarts the database under a send.
@only_thorough
def test_a_worker_goes_on_when_the_database_is_back(server: PostgresServer, tmp_path: Path) -> None:
    prepared = prepare(tmp_path / "prepared", RECIPIENTS)
    with team(prepared, tmp_path, server=server, latency=300) as made:
        worker = made.start("--seats", "1")
        until(lambda: made.accepted() >= RECIPIENTS * 0.2, "a fifth")
        server.stop("immediate")
        # It has stopped fetching jobs and has closed its connections.
        until(lambda: worker.says("No new jobs are fetched until the database answers"), "its notice")
        server.start()
        until(lambda: worker.says("Jobs are fetched again"), "its return")
        status = made.finished()
        assert (status["state"], status["accepted"], status["unknown"]) == ("done", RECIPIENTS, 0)
        assert made.balance().duplicates == {}
        assert worker.end() == 0
        assert not worker.says("Traceback")
