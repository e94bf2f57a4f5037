"""If a worker cannot start, one sentence says why and what to do."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from digest import __version__
from digest.app import make_app
from digest.errors import ConfigurationError, StoreError
from digest.store.workers import Worker
from digest.workers.compatibility import check_before_opening, refuse_blind_resends
from digest.workers.start import Process, make_engine
from tests.cli.newsroom import Newsroom


def test_sqlite_has_no_workers(newsroom: Newsroom) -> None:
    run = newsroom.digest("worker")
    assert run.code == 2
    assert run.err == (
        "digest: digest.yaml: 'store.url': workers need PostgreSQL, and one process sends from a SQLite file; "
        "run `digest run`, or move the store: digest store copy\n"
    )


def test_the_missing_extra_is_named(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    _remove_the_extra(monkeypatch)
    run = newsroom.digest("worker", DIGEST_STORE__URL="postgresql://127.0.0.1:1/none")
    assert (run.code, run.err) == (
        2,
        "digest: digest.yaml: workers need Procrastinate; install hindi-digest[workers]\n",
    )


@pytest.mark.slow
def test_workers_of_two_minor_versions_do_not_work_side_by_side(newsroom: Newsroom, postgres_url: str) -> None:
    environment = {"DIGEST_STORE__URL": postgres_url}
    with make_app(newsroom.home, environment=environment) as app:
        app.workers.beat(Worker("a", "db1", 1, "0.4.2", 4))
        check_before_opening(app.settings, app.home, "0.4.9")
        with pytest.raises(StoreError, match=r"a worker of version 0.4.2 runs on db1, and this is version 0.5.0; end"):
            check_before_opening(app.settings, app.home, "0.5.0")
        run = newsroom.digest("worker", **environment)
        assert (run.code, "a worker of version 0.4.2 runs on db1" in run.err) == (1, True)
        app.workers.leave("a")
        check_before_opening(app.settings, app.home, "0.5.0")


@pytest.mark.slow
def test_workers_are_shown_before_there_is_an_edition(newsroom: Newsroom, postgres_url: str) -> None:
    environment = {"DIGEST_STORE__URL": postgres_url}
    with make_app(newsroom.home, environment=environment) as app:
        app.workers.beat(Worker("a", "db1", 1, "0.4.2", 4))
    run = newsroom.digest("status", **environment)
    assert (run.code, run.err) == (1, "digest: There is no edition yet. `digest send` makes one.\n")
    assert "db1:1   0.4.2    running      4" in run.out


@pytest.mark.slow
def test_a_store_that_is_new_has_no_workers(newsroom: Newsroom, tmp_path: Path) -> None:
    with make_app(newsroom.home, environment={}) as app:
        check_before_opening(app.settings, tmp_path)


@pytest.mark.slow
def test_several_workers_never_send_again_what_is_unknown(newsroom: Newsroom, postgres_url: str) -> None:
    environment = {"DIGEST_STORE__URL": postgres_url, "DIGEST_DELIVERY__ON_UNKNOWN": "resend"}
    with make_app(newsroom.home, environment=environment) as app:
        refuse_blind_resends(app.settings, app.workers.all())
        app.workers.beat(Worker("a", "db1", 1, "0.1.0", 4))
        with pytest.raises(ConfigurationError, match="expected fence or hold"):
            refuse_blind_resends(app.settings, app.workers.all())
        run = newsroom.digest("worker", **environment)
        assert (run.code, "resend is for one worker, and another one runs on db1" in run.err) == (2, True)


@pytest.mark.slow
def test_a_run_without_the_extra_obeys_the_rules_of_the_workers(
    newsroom: Newsroom, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _remove_the_extra(monkeypatch)
    environment = {"DIGEST_STORE__URL": postgres_url}
    said: list[str] = []
    with make_app(newsroom.home, environment=newsroom.env(environment)) as app:
        process = Process(threading.Event(), pytest.fail, said.append, lambda *_: pytest.fail("it ran"))
        make_engine(app, process)
        assert said == []
        app.workers.beat(Worker("a", "db1", 7, __version__, 4))
        make_engine(app, process)
        assert said == [
            "This `digest run` is no worker, though there are some (db1:7 is one): install hindi-digest[workers] here "
            "and restart it."
        ]
        run = newsroom.digest("run", **environment, DIGEST_DELIVERY__ON_UNKNOWN="resend")
        assert (run.code, "resend is for one worker, and another one runs on db1" in run.err) == (2, True)
        app.workers.beat(Worker("a", "db1", 7, "0.0.9", 4))
        with pytest.raises(StoreError, match=r"a worker of version 0.0.9 runs on db1"):
            make_engine(app, process)


@pytest.mark.slow
def test_no_command_migrates_the_store_below_live_workers(newsroom: Newsroom, postgres_url: str) -> None:
    environment = {"DIGEST_STORE__URL": postgres_url}
    with make_app(newsroom.home, environment=environment) as app:
        app.workers.beat(Worker("a", "db1", 1, "0.4.2", 4))
        app.database.change(text("UPDATE alembic_version SET version_num = '0001'"))
    run = newsroom.digest("status", **environment)
    assert run.code == 1
    assert run.err.startswith("digest: a worker of version 0.4.2 runs on db1, and this version migrates store ")
    assert run.err.endswith("; end all workers first\n")


def _remove_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    find: Callable[[str], object] = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "procrastinate" else find(name))
