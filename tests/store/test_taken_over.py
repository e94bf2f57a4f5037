"""A node loses PostgreSQL but not the provider: another one continues soon, and nobody is missed or gets two emails."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from digest.deliver.outcome import Accepted
from digest.errors import StoreUnavailable
from digest.store.content.editions import EditionStore
from digest.store.database import Database, open_database
from digest.store.high_water import HighWater, mark_file
from digest.store.people.subscribers import SubscriberStore
from digest.store.sending.ledger import SqlLedger
from tests.chaos.outages import durable
from tests.paths import ROOT
from tests.store.conftest import KEY, NOW, an_edition, enlist
from tests.store.test_ledger import tally
from tests.support.enqueue import Entry, enqueue
from tests.support.links import CENTRE, inside, star, why_not
from tests.support.outages import PostgresServer, postgres_programs
from tests.support.profiles import only_thorough

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def programs() -> Path:
    found = postgres_programs()
    if found is None:
        pytest.skip("needs initdb and pg_ctl of PostgreSQL")
    return found


@contextmanager
def frozen_edition(url: str) -> Iterator[Database]:
    """Twenty recipients in four batches."""
    database = open_database(url, home=Path())
    enlist(database, *(f"subscriber{number}@example.com" for number in range(20)))
    EditionStore(database).put(an_edition(), over=())
    ids = [each.id for each in SubscriberStore(database).candidates(KEY)]
    enqueue(database, KEY, [Entry(id, "html", NOW) for id in ids], 5, now=NOW)
    yield database
    database.close()


@contextmanager
def node(url: str, *options: str, prefix: Sequence[str] = ()) -> Iterator[subprocess.Popen[str]]:
    command = [*prefix, sys.executable, "-m", "tests.store.node", url, KEY, *options]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def printed(process: subprocess.Popen[str], answer: str | None = None) -> str:
    """Return the last line of a node, after it has got the provider's response."""
    out, errors = process.communicate(answer, timeout=60)
    assert process.returncode == 0, errors
    return out.split()[-1]


def assert_taken_over(
    database: Database, isolated: subprocess.Popen[str], other: Callable[[], str], reconnect: Callable[[], None]
) -> None:
    """The other node sends the rest. The isolated one then records its outcomes, and ends without an error."""
    assert other() == "15"
    # The server may notice the end of each of the node's connections at another moment.
    if tally(database).get("pending"):
        assert other() == "0"
    assert tally(database) == {"frozen": 20, "accepted": 15, "unknown": 5}
    reconnect()
    assert printed(isolated, "go on\n") == "5"
    assert tally(database) == {"frozen": 20, "accepted": 20}


def wait_until_submitted(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "submitted\n", process.communicate()


# test_outages.py breaks the connections of a send, and a test below stops a run within a commit.
@only_thorough
@pytest.mark.parametrize("mode", ["immediate", "fast"])
def test_after_a_restart_the_first_node_to_return_takes_over(programs: Path, mode: str) -> None:
    with (
        PostgresServer(programs) as server,
        durable(server) as url,
        frozen_edition(url) as database,
        node(url, "--slow") as isolated,
    ):
        wait_until_submitted(isolated)
        server.restart(mode)

        def other() -> str:
            with node(url) as second:
                return printed(second)

        assert_taken_over(database, isolated, other, lambda: None)


# As above. The last test here has the settings by which both ends notice the cut.
@only_thorough
def test_another_node_goes_on_within_fifteen_seconds_of_a_cut(programs: Path) -> None:
    if reason := why_not():
        pytest.skip(reason)
    with (
        star(1) as (centre, (client,), (link,)),
        PostgresServer(programs, centre, CENTRE) as server,
    ):
        # The socket file is in reach of every namespace.
        local = f"postgresql://postgres@/postgres?host={server.folder}&port={server.port}"
        far, near = (f"postgresql://postgres@{host}:{server.port}/postgres" for host in (CENTRE, "127.0.0.1"))
        with frozen_edition(local) as database, node(far, "--slow", prefix=inside(client)) as first:
            wait_until_submitted(first)
            link.is_cut = True

            def other() -> str:
                with node(near, prefix=inside(centre)) as second:
                    return printed(second)

            def reconnect() -> None:
                link.is_cut = False

            assert_taken_over(database, first, other, reconnect)


def test_a_run_that_is_stopped_within_a_commit_holds_up_nobody(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digest.store.locks._MAX_IDLE", 0.3)
    with frozen_edition(postgres_url) as database, closing(open_database(postgres_url, home=tmp_path)) as nearby:
        first, second = (SqlLedger(each, HighWater(each, mark_file(each, tmp_path))) for each in (database, nearby))
        with first.running(), second.running():
            [sent] = first.claim(1, KEY, "outbox", NOW, 5)

            def stopped() -> None:
                with first.transaction():
                    first.claim(1, KEY, "outbox", NOW, 5)
                    # It waits for the row that counts the batches.
                    [taken] = second.claim(1, KEY, "outbox", NOW, 5)
                    assert taken.batch != sent.batch

            with pytest.raises(StoreUnavailable):
                stopped()
            # After it wakes up, it continues as another run, and its outcome counts.
            before = first.run
            first.resume([sent.attempt], [], NOW)
            assert first.run != before
            first.settle(sent.attempt, Accepted(), NOW)
            assert tally(database)["accepted"] == 5


def test_both_ends_of_a_connection_notice_soon_that_the_other_is_gone(postgres_url: str, tmp_path: Path) -> None:
    names = ("idle", "interval", "count")

    def settings(url: str) -> list[int]:
        database = open_database(url, home=tmp_path)
        with database.read() as connection:
            found = [int(connection.execute(text(f"SHOW tcp_keepalives_{name}")).scalar_one()) for name in names]
        database.close()
        return found

    assert settings(postgres_url) == [5, 2, 3]
    # The settings of the newsletter have priority.
    assert settings(f"{postgres_url}%20-ctcp_keepalives_idle%3D60&keepalives_idle=60") == [60, 2, 3]
