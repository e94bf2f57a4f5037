"""The queue, the schedule's steps and the record of workers, on a real PostgreSQL."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from procrastinate.schema import SchemaManager
from sqlalchemy import text

from digest.app import make_app
from digest.errors import StoreError
from digest.store import meta
from digest.store.database import Database, open_database
from digest.store.workers import SILENT, Worker, WorkerState, WorkerStore, begin_steps
from digest.workers import queue
from digest.workers.port import Job, Queue
from digest.workers.queue import JobsSchema, ProcrastinateQueue, install
from digest.workers.start import InlineEngine, Process, make_engine
from tests.support.databases import fresh_schema
from tests.support.folders import newsletter_folder

# PostgreSQL, as everything of workers.
pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)


@pytest.fixture
def store(postgres_url: str) -> Iterator[Database]:
    database = open_database(postgres_url, home=Path())
    yield database
    database.close()


@pytest.fixture
def jobs(store: Database) -> JobsSchema:
    return install(store)


def waiting(store: Database, jobs: JobsSchema) -> list[tuple[str, str, str]]:
    """The jobs in their order: queue, task and lock."""
    found = text(f'SELECT queue_name, task_name, lock FROM "{jobs.name}".procrastinate_jobs ORDER BY id')
    with store.read() as connection:
        return [tuple(row) for row in connection.execute(found).all()]


def test_jobs_are_there_when_their_transaction_commits(store: Database, jobs: JobsSchema) -> None:
    queue = ProcrastinateQueue(jobs)
    job = Job("seat", Queue.SEND, "seat 0 of x", {"edition": "x", "seat": 0})

    def fail() -> None:
        with store.write() as connection:
            queue.defer(connection, [job])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert waiting(store, jobs) == []
    with store.write() as connection:
        queue.defer(connection, [job, job])
        # The store's own tables are found as before.
        assert connection.execute(text("SELECT count(*) FROM edition")).scalar() == 0
    assert waiting(store, jobs) == [(f"{jobs.name}.send", "seat", "seat 0 of x")] * 2


def test_a_job_that_waits_already_is_not_added(store: Database, jobs: JobsSchema) -> None:
    queue = ProcrastinateQueue(jobs)
    seats = [Job("seat", Queue.SEND, f"seat {seat} of x", {"edition": "x", "seat": seat}) for seat in range(3)]
    with store.write() as connection:
        queue.defer(connection, seats[:1])
        assert queue.defer_missing(connection, seats) == 2
        assert queue.defer_missing(connection, seats) == 0
        with jobs.on_path(connection):
            connection.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))
        assert queue.defer_missing(connection, seats) == 0
        # A step is queued again while it runs, because it may have missed what has just become due.
        assert queue.defer_missing(connection, seats, beside_running=True) == 3


def test_the_tables_are_made_once_and_recorded(store: Database) -> None:
    first = install(store)
    assert install(store) == first == queue.find(store)
    # Names of channels belong to the whole database.
    assert first.queue(Queue.SEND) == f"{first.name}.send"
    with fresh_schema() as url:
        other = open_database(url, home=Path())
        assert queue.find(other) is None
        assert install(other).name != first.name
        other.close()


def test_a_newer_procrastinate_brings_the_tables_up_to_date(
    store: Database, jobs: JobsSchema, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = json.loads(meta.get(store, queue.RECORD) or "")
    (tmp_path / recorded["migration"]).write_text("SELECT 1 / 0", encoding="utf-8")
    newer = "99.00.00_01_pre_add_a_table.sql"
    (tmp_path / newer).write_text("CREATE TABLE procrastinate_new (percent text DEFAULT '%')", encoding="utf-8")
    monkeypatch.setattr(SchemaManager, "get_migrations_path", staticmethod(lambda: str(tmp_path)))
    for _ in range(2):
        install(store)
    with store.read() as connection:
        assert connection.execute(text(f'SELECT count(*) FROM "{jobs.name}".procrastinate_new')).scalar() == 0
    assert json.loads(meta.get(store, queue.RECORD) or "")["migration"] == newer


def test_who_may_not_create_a_schema_is_told_what_to_run(store: Database, tmp_path: Path) -> None:
    with store.write() as connection:
        own = connection.execute(text("SELECT current_schema()")).scalar_one()
        # Roles belong to the whole server.
        role = f"guest_{own}"
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN")
        connection.exec_driver_sql(f'GRANT USAGE ON SCHEMA "{own}" TO {role}')
        connection.exec_driver_sql(f'GRANT ALL ON ALL TABLES IN SCHEMA "{own}" TO {role}')
    url = str(store.engine.url.render_as_string(hide_password=False)).replace("postgres@", f"{role}@", 1)
    guest = open_database(url, home=Path())
    try:
        with pytest.raises(StoreError, match=rf'run: CREATE SCHEMA "\w+" AUTHORIZATION "{role}"'):
            install(guest)
        # `digest run` does not need the others.
        newsletter_folder(tmp_path / "newsletter", all_sources=False)
        with make_app(tmp_path / "newsletter", environment={"DIGEST_STORE__URL": url}) as app:
            said: list[str] = []
            made = make_engine(
                app, Process(threading.Event(), said.append, said.append, lambda _scheduler, _worker: nullcontext())
            )
            assert isinstance(made, InlineEngine)
        assert "This `digest run` works alone: " in said[0]
    finally:
        guest.close()
        with store.write() as connection:
            connection.exec_driver_sql(f"DROP OWNED BY {role}")
            connection.exec_driver_sql(f"DROP ROLE {role}")


def test_a_step_is_queued_once_for_its_moment(store: Database) -> None:
    def begin(**slots: datetime) -> list[str]:
        with store.write() as connection:
            return list(begin_steps(connection, slots))

    assert begin(collect=NOW, watch=NOW) == ["collect", "watch"]
    assert begin(collect=NOW, watch=NOW + timedelta(seconds=30)) == ["watch"]
    assert begin(collect=NOW, watch=NOW + timedelta(seconds=30)) == []
    # The database's clock was set back.
    assert begin(collect=NOW - timedelta(days=1)) == ["collect"]


def test_workers_that_give_no_sign_do_not_count(store: Database) -> None:
    workers = WorkerStore(store)
    workers.beat(Worker("a", "one", 1, "0.1.0", 4, rate=12.5, jobs=("seat 0 of x",)))
    workers.beat(Worker("b", "two", 2, "0.1.0", 3, rate=9.0))
    workers.beat(Worker("c", "three", 3, "0.1.0", 2, state=WorkerState.DRAINING))
    with store.write() as connection:
        old = text("UPDATE worker SET seen_at = seen_at - make_interval(secs => :seconds) WHERE id = 'b'")
        connection.execute(old, {"seconds": SILENT.total_seconds() + 1})
    found = {each.id: each for each in workers.all()}
    assert (found["a"].rate, found["a"].jobs) == (12.5, ("seat 0 of x",))
    assert found["b"].rate == 0
    assert {id: each.state for id, each in found.items()} == {"a": "running", "b": "silent", "c": "draining"}
    # The one that drains takes no more.
    assert workers.seats() == 4
    workers.leave("a")
    assert workers.seats() == 0
