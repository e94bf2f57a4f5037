"""The store cannot be written (locked, disk full): pages respond 503 in Hindi, and no change is incomplete."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager

import pytest
from sqlalchemy import select

from digest.store.schema import metadata
from tests.web.site import Site, site, translated

Failure = Callable[[Site], AbstractContextManager[None]]


@contextmanager
def locked(pages: Site) -> Iterator[None]:
    """Another program holds the write lock."""
    with closing(sqlite3.connect(pages.app.home / "digest.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def full(_pages: Site) -> Iterator[None]:
    """The disk is full: no file of this process can grow."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def impatient(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr("digest.store.errors.BUSY_SECONDS", 0.2)
    with site(tmp_path_factory.mktemp("away") / "newsletter", ["asha@example.com", "ravi@example.com"]) as pages:
        yield pages


def rows(pages: Site) -> dict[str, list[object]]:
    """Everything in the store except the rate limits."""
    with pages.app.database.read() as connection:
        tables = [table for table in metadata.sorted_tables if table.name != "rate_window"]
        return {table.name: [tuple(row) for row in connection.execute(select(table))] for table in tables}


@pytest.mark.slow
@pytest.mark.parametrize("failure", [locked, full])
def test_no_page_claims_success_and_a_retry_succeeds(impatient: Site, failure: Failure) -> None:
    pages = impatient
    leave, preferences = pages.token("leave", "asha@example.com"), pages.preferences("ravi@example.com")
    pages.post("/join", email="neha@example.org")
    (mail,) = pages.mails("neha@example.org")
    assert mail
    number = next(iter(rows(pages)["signup"]))[0]  # type: ignore[index]
    confirm = pages.app.signer.sign("confirm", number)
    form = {"days": "mon", "hour": "", "format": "html", "topics": pages.app.topics[0]}
    steps: list[tuple[str, dict[str, str]]] = [
        (f"/leave/{leave}", {"List-Unsubscribe": "One-Click"}),
        (preferences.replace("preferences", "leave", 1) + "/pause", {"weeks": "2"}),
        (preferences, form),
        (f"{preferences}/resume", {}),
        (f"/confirm/{confirm}", {}),
        ("/join", {"email": "kavita@example.org"}),
    ]
    before = rows(pages)
    with failure(pages):
        for path, fields in steps:
            answer = pages.post(path, *fields.items())
            assert (answer.status, answer.title) == (503, translated("This does not work right now")), path
            assert answer.headers["retry-after"]
            assert answer.headers["content-language"] == "hi"
        english = pages.post(f"/leave/{leave}?lang=en")
        assert (english.status, english.title) == (503, "This does not work right now")
        # Reading still works.
        assert pages.get(f"/leave/{leave}").title == translated("Do you want to unsubscribe?")
    assert rows(pages) == before
    assert pages.mails("kavita@example.org", wait=0.3) == []
    for path, fields in steps:
        assert pages.post(path, *fields.items()).status == 200, path


@pytest.mark.slow
def test_fifty_concurrent_unsubscribes_of_a_locked_store_all_fail_visibly(impatient: Site) -> None:
    from concurrent.futures import ThreadPoolExecutor

    leave = impatient.token("leave", "asha@example.com")
    with locked(impatient), ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(lambda _: impatient.post(f"/leave/{leave}").status, range(50)))
    assert statuses == [503] * 50
    assert impatient.post(f"/leave/{leave}").status == 200
    assert list(impatient.app.subscribers.suppressed()) == ["asha@example.com"]


@pytest.mark.slow
def test_an_erased_address_can_sign_up_again_after_a_failed_confirmation(impatient: Site) -> None:
    pages = impatient
    pages.app.subscriber_admin.erasures.erase("neha@example.org", "asked", now=pages.app.now())
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
    assert pages.app.subscriber_admin.erasures.among(["neha@example.org"]) == set()
