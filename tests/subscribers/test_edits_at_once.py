"""Two edits of a file at once, by the desk and by commands: none is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest

from digest.app import App, make_app
from digest.config import source_list
from digest.errors import ConfigurationError, DigestError
from digest.models import Actor
from digest.store.people.consent import ConsentLog
from digest.subscribers import list_editor, list_file
from digest.yamlio import editor, reader
from tests.support.folders import newsletter_folder

BY = Actor("asha", "desk")
LIST = "subscribers:\n  - {email: first@example.com}  # ours\n"
# Each works for itself, as another process would: a lock of the file does not know threads.
WRITERS, EACH = 4, 6


def at_once(work: Callable[[int], object]) -> None:
    """Call it with 0, 1, …, in a thread each, and raise what one of them raises."""
    ready = Barrier(WRITERS)

    def start(number: int) -> None:
        ready.wait()
        work(number)

    with ThreadPoolExecutor(WRITERS) as pool:
        for each in [pool.submit(start, number) for number in range(WRITERS)]:
            each.result()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    newsletter_folder(tmp_path / "newsletter", all_sources=False)
    (tmp_path / "newsletter" / "subscribers.yaml").write_text(LIST, encoding="utf-8")
    return tmp_path / "newsletter"


def emails(home: Path) -> list[str]:
    return [row["email"] for row in reader.read_file(home / "subscribers.yaml")["subscribers"]]


def test_subscribers_added_at_once_are_all_on_the_list(home: Path) -> None:
    def add(number: int) -> None:
        for turn in range(EACH):
            assert list_editor.add(home / "subscribers.yaml", {"email": f"reader-{number}-{turn}@example.com"})

    at_once(add)
    assert len(set(emails(home))) == 1 + WRITERS * EACH


def test_sources_added_at_once_are_all_in_the_settings(home: Path) -> None:
    def add(number: int) -> None:
        for turn in range(EACH):
            row = {"name": f"paper {number} {turn}", "url": f"https://paper{number}.example.com/{turn}"}
            source_list.add(home, [row], {})

    before = len(source_list.list_sources(home))
    at_once(add)
    assert len(source_list.list_sources(home)) == before + WRITERS * EACH


@pytest.mark.slow
def test_a_subscriber_whom_two_add_at_once_is_on_the_list_once(home: Path) -> None:
    refused: list[str] = []
    with make_app(home, environment={}) as app:
        app.subscriber_list.sync()

    def add(_number: int) -> None:
        with make_app(home, environment={}) as app:
            for turn in range(EACH):
                try:
                    app.subscriber_editor.add(f"reader-{turn}@example.com", {}, BY, wording="at the fair")
                except DigestError as error:
                    refused.append(str(error))

    at_once(add)
    assert len(emails(home)) == len(set(emails(home))) == 1 + EACH
    assert len(refused) == (WRITERS - 1) * EACH
    assert all("is already on the list" in each for each in refused)


def test_an_edit_says_that_another_process_edits_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editor, "_WAIT", 0.05)
    path = home / "subscribers.yaml"
    with editor.edit_lock(path), pytest.raises(DigestError, match="another process is editing it"):
        list_editor.remove(path, "first@example.com")
    assert list_editor.remove(path, "first@example.com")


def test_what_somebody_saves_in_a_text_editor_meanwhile_stays(home: Path) -> None:
    path = home / "subscribers.yaml"
    edit = list_editor.ListEditor(path)
    edit.add({"email": "asha@example.com"})
    path.write_text(LIST + "  - {email: ravi@example.com}\n", encoding="utf-8")
    with pytest.raises(DigestError, match="it was changed meanwhile"):
        edit.save()
    assert emails(home) == ["first@example.com", "ravi@example.com"]


@pytest.fixture
def app(home: Path) -> Iterator[App]:
    with make_app(home, environment={}) as opened:
        opened.subscriber_list.sync()
        yield opened


def test_an_address_that_somebody_writes_into_another_file_meanwhile_is_not_added_twice(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "subscribers.yaml").write_text("include: [more.yaml]\n" + LIST, encoding="utf-8")
    (home / "more.yaml").write_text("subscribers:\n  - email: other@example.com\n", encoding="utf-8")
    add = list_editor.add

    def after_them(*given: Any, **options: Any) -> bool:
        (home / "more.yaml").write_text("subscribers:\n  - email: asha@example.com\n", encoding="utf-8")
        return add(*given, **options)

    monkeypatch.setattr(list_editor, "add", after_them)
    with make_app(home, environment={}) as app:
        app.subscriber_list.sync()
        with pytest.raises(ConfigurationError, match=r"asha@example\.com"):
            app.subscriber_editor.add("asha@example.com", {}, BY, wording="at the fair")
        assert "subscriber added" not in [act.what for act in app.audit.newest(9)]
    assert "asha@example.com" not in (home / "subscribers.yaml").read_text(encoding="utf-8")


def test_an_older_list_does_not_replace_a_newer_one(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one process reads the list, another changes the file and stores it."""
    read = list_file.read_files
    others: list[Thread] = []

    def slowly(path: Path, **options: object) -> list[list_file.ListedSubscriber]:
        found = read(path, **options)  # type: ignore[arg-type]
        if not others:
            others.append(Thread(target=other))
            others[0].start()
            others[0].join()
        return found

    def other() -> None:
        with make_app(app.home, environment={}) as own:
            own.subscriber_editor.add("new@example.com", {}, BY, wording="at the fair")

    (app.home / "subscribers.yaml").write_text(LIST + "# a word\n", encoding="utf-8")
    monkeypatch.setattr(list_file, "read_files", slowly)
    app.subscriber_list.sync()
    assert [each.email for each in app.subscribers.candidates("2026-11-23")] == ["first@example.com", "new@example.com"]
    zone = app.settings.newsletter.zone
    assert "removed" not in [each.what for each in app.subscriber_admin.history.entries("new@example.com", zone, {})]


ACTS: dict[str, Callable[[App], object]] = {
    "add": lambda app: app.subscriber_editor.add("new@example.com", {}, BY, wording="at the fair"),
    "change": lambda app: app.subscriber_editor.change("first@example.com", {"name": "आशा"}, BY),
    "remove": lambda app: app.subscriber_editor.remove("first@example.com", BY),
}


@pytest.mark.parametrize("act", ACTS)
def test_others_can_write_to_the_store_while_the_list_is_parsed(
    app: App, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parsing a long list takes many seconds."""
    parse, parsed = reader.read_text, []

    def others_write(text: str, *given: Any, **options: Any) -> Any:
        # The lines of `include:` are read by themselves.
        if "subscribers:" in text:
            with closing(sqlite3.connect(app.home / "digest.db", isolation_level=None, timeout=0)) as other:
                other.execute("BEGIN IMMEDIATE")
                other.execute("ROLLBACK")
            parsed.append(text)
        return parse(text, *given, **options)

    monkeypatch.setattr(reader, "read_text", others_write)
    ACTS[act](app)
    assert len(parsed) > 2


def test_an_edit_that_cannot_be_written_leaves_nothing_in_the_store(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    parse, by_hand = reader.read_text, LIST + "# by hand\n"

    def meanwhile(text: str, *given: Any, **options: Any) -> Any:
        if "new@example.com" in text:
            (app.home / "subscribers.yaml").write_text(by_hand, encoding="utf-8")
        return parse(text, *given, **options)

    monkeypatch.setattr(reader, "read_text", meanwhile)
    with pytest.raises(DigestError, match="it was changed meanwhile"):
        ACTS["add"](app)
    assert (app.home / "subscribers.yaml").read_text(encoding="utf-8") == by_hand
    assert app.subscriber_admin.find("new@example.com") is None
    assert ConsentLog(app.database).entries("new@example.com") == []
    assert "subscriber added" not in [each.what for each in app.audit.newest(9)]
