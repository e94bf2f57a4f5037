"""The store can't be written (locked, the disk full): the reader is told so in Hindi, and nothing is half done."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager

import pytest
from sqlalchemy import select

from digest.store.tables import metadata
from tests.web.site import Site, said, site

Away = Callable[[Site], AbstractContextManager[None]]


@contextmanager
def locked(pages: Site) -> Iterator[None]:
    """Another program writes, and takes its time."""
    with closing(sqlite3.connect(pages.app.home / "digest.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def full(_pages: Site) -> Iterator[None]:
    """No file of this process may grow."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def waiting(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr("digest.store.troubles.BUSY_SECONDS", 0.2)
    with site(tmp_path_factory.mktemp("away") / "letter", ["asha@example.com", "ravi@example.com"]) as pages:
        yield pages


def rows(pages: Site) -> dict[str, list[object]]:
    """All that the store holds, but for how often something was asked."""
    with pages.app.database.read() as connection:
        tables = [table for table in metadata.sorted_tables if table.name != "rate_window"]
        return {table.name: [tuple(row) for row in connection.execute(select(table))] for table in tables}


@pytest.mark.parametrize("away", [locked, full])
def test_nobody_is_told_a_success_and_the_second_try_is_one(waiting: Site, away: Away) -> None:
    pages = waiting
    leave, wishes = pages.token("leave", "asha@example.com"), pages.token("preferences", "ravi@example.com")
    pages.post("/join", email="neha@example.org")
    (mail,) = pages.mails("neha@example.org")
    assert mail
    number = next(iter(rows(pages)["signup"]))[0]  # type: ignore[index]
    confirm = pages.app.signer.sign("confirm", number)
    form = {"frequency": "weekdays", "hour": "", "format": "html", "topics": pages.app.topics[0]}
    steps: list[tuple[str, dict[str, str]]] = [
        (f"/leave/{leave}", {"List-Unsubscribe": "One-Click"}),
        (f"/leave/{leave}/pause", {"weeks": "2"}),
        (f"/leave/{leave}/why", {"why": "other"}),
        (f"/preferences/{wishes}", form),
        (f"/preferences/{wishes}/pause", {"weeks": "1"}),
        (f"/confirm/{confirm}", {}),
        ("/join", {"email": "kavita@example.org"}),
    ]
    before = rows(pages)
    with away(pages):
        for path, fields in steps:
            answer = pages.post(path, *fields.items())
            assert (answer.status, answer.title) == (503, said("That can't be done just now")), path
            assert answer.headers["retry-after"]
            assert answer.headers["content-language"] == "hi"
        english = pages.post(f"/leave/{leave}?lang=en")
        assert (english.status, english.title) == (503, "That can&#39;t be done just now")
        assert pages.get(f"/leave/{leave}").title == said("Do you want to leave?")  # looking is possible
    assert rows(pages) == before
    assert pages.mails("kavita@example.org", wait=0.3) == []
    for path, fields in steps:
        assert pages.post(path, *fields.items()).status == 200, path


def test_fifty_who_leave_while_it_is_locked_are_each_told(waiting: Site) -> None:
    from concurrent.futures import ThreadPoolExecutor

    leave = waiting.token("leave", "asha@example.com")
    with locked(waiting), ThreadPoolExecutor(50) as pool:
        told = list(pool.map(lambda _: waiting.post(f"/leave/{leave}").status, range(50)))
    assert told == [503] * 50
    assert waiting.post(f"/leave/{leave}").status == 200
    assert list(waiting.app.readers.suppressed()) == ["asha@example.com"]


def test_an_address_that_was_erased_comes_back_though_the_first_click_failed_half_way(waiting: Site) -> None:
    pages = waiting
    pages.app.people.erasures.erase("neha@example.org", "asked", now=pages.app.now())
    pages.post("/join", email="neha@example.org")
    assert pages.mails("neha@example.org")
    number = next(iter(rows(pages)["signup"]))[0]  # type: ignore[index]
    confirm = f"/confirm/{pages.app.signer.sign('confirm', number)}"
    with pages.app.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE erased RENAME TO elsewhere")
    assert pages.post(confirm).status == 503
    with pages.app.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO erased")
    assert pages.post(confirm).status == 200
    assert pages.app.people.erasures.among(["neha@example.org"]) == set()
