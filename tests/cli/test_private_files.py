"""Files with addresses or keys are for their owner only, whatever the umask."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from digest.errors import ConfigurationError, StoreError
from digest.store.database import open_database, unopened
from digest.utils.files import open_private
from digest.yamlio.reader import read_file
from tests.cli.newsroom import Newsroom
from tests.support.profiles import first

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there are no such modes here")

NOBODY = 65534
# Nothing in these is about subscribers.
PUBLIC = ("samples", "templates", "schema")


@pytest.fixture(params=first([0o000, 0o277, 0o022], dev=2), ids=lambda umask: f"umask-{umask:03o}")
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    """Return the mode of the folder and of each file in it that concerns subscribers."""
    paths = [folder, *(path for path in sorted(folder.rglob("*")))]
    names = {path: path.relative_to(folder) for path in paths}
    return {
        str(name): f"{stat.S_IMODE(path.lstat().st_mode):04o}"
        for path, name in names.items()
        if not name.parts or name.parts[0] not in PUBLIC
    }


def expected(found: dict[str, str], folder: Path) -> dict[str, str]:
    return {name: "0700" if (folder / name).is_dir() else "0600" for name in found}


@pytest.mark.slow
@pytest.mark.usefixtures("umask")
def test_every_file_of_a_new_newsletter_is_private(tmp_path: Path) -> None:
    home = tmp_path / "newsletter"
    newsroom = Newsroom(home)
    home.mkdir()
    assert newsroom.digest("init", str(tmp_path / "made")).code == 0
    home.rmdir()
    (tmp_path / "made").rename(home)
    (tmp_path / "list.csv").write_text("email\nnew@example.com\nnot an address\n", encoding="utf-8")
    with closing(open_database("sqlite:///digest.db", home=home)) as database, database.read():
        assert newsroom.digest("check").code == 0
        assert newsroom.digest("send").code == 0
        assert newsroom.digest("subscribers", "add", "asha2@example.com").code == 0
        rejected = str(home / "rejected.csv")
        assert newsroom.digest("subscribers", "import", str(tmp_path / "list.csv"), "--rejected", rejected).code == 0
        assert newsroom.digest("subscribers", "export", str(home / "export.csv")).code == 0
        assert newsroom.digest("sources", "export", str(home / "feeds.opml")).code == 0
        found = modes(home)
    names = set(found)
    assert {"digest.db", "digest.db-wal", "digest.db-shm", "digest.db.sending.lock", "subscribers.yaml"} <= names
    assert {"subscribers.yaml.bak", "rejected.csv", "export.csv", "feeds.opml", "digest.yaml", "outbox"} <= names
    assert any(name.endswith(".eml") for name in names)
    assert found == expected(found, home)


@pytest.mark.usefixtures("umask")
def test_a_first_list_file_is_private(newsroom: Newsroom) -> None:
    (newsroom.home / "subscribers.yaml").unlink()
    assert newsroom.digest("subscribers", "add", "asha@example.com").code == 0
    assert modes(newsroom.home)["subscribers.yaml"] == "0600"


def test_an_edited_list_keeps_the_mode_that_the_admin_chose(newsroom: Newsroom) -> None:
    (newsroom.home / "subscribers.yaml").chmod(0o640)
    assert newsroom.digest("subscribers", "add", "new@example.com").code == 0
    found = modes(newsroom.home)
    assert (found["subscribers.yaml"], found["subscribers.yaml.bak"]) == ("0640", "0640")


@pytest.mark.slow
def test_an_older_store_and_outbox_are_closed_to_others_and_this_is_said_once(
    newsroom: Newsroom, caplog: pytest.LogCaptureFixture
) -> None:
    newsroom.json("send")
    (newsroom.home / "digest.db").chmod(0o644)
    (newsroom.home / "outbox/2026-11-23").chmod(0o755)
    first, second = newsroom.process("send"), newsroom.digest("send")
    assert "digest.db had mode 0644, which gives other users access; it is now 0600" in first.err
    assert "mode" not in second.err + caplog.text
    newsroom.set_subscribers("email: late@example.com")
    newsroom.json("send")
    found = modes(newsroom.home)
    assert (found["digest.db"], found["outbox/2026-11-23"]) == ("0600", "0700")


def test_a_store_is_closed_to_others_when_it_is_opened_and_not_when_its_url_is_looked_at(tmp_path: Path) -> None:
    url, store = "sqlite:///digest.db", tmp_path / "digest.db"
    unopened(url, home=tmp_path).close()
    assert not store.exists()
    with closing(open_database(url, home=tmp_path)) as first, first.read():
        files = [store, store.with_name("digest.db-wal"), store.with_name("digest.db-shm")]
        for file in files:
            file.chmod(0o644)
        unopened(url, home=tmp_path).close()
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o644}
        open_database(url, home=tmp_path).close()
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


@pytest.mark.slow
def test_check_names_the_files_that_others_can_read(newsroom: Newsroom) -> None:
    (newsroom.home / "subscribers.yaml").chmod(0o644)
    assert not newsroom.json("check")["warnings"], "the folder above is closed"
    with in_public_folder() as folder:
        home = folder / "newsletter"
        shutil.copytree(newsroom.home, home)
        home.chmod(0o755)
        (home / "subscribers.yaml").chmod(0o644)
        (home / ".env").write_text("SENDGRID_API_KEY=x\n", encoding="utf-8")
        (home / ".env").chmod(0o600)
        warnings = Newsroom(home).json("check")["warnings"]
        found = Newsroom(home).json("doctor", "--offline")["findings"]
    readable = "subscribers.yaml: other users of this machine can read it; run `chmod -R go= subscribers.yaml`"
    assert warnings == [readable]
    assert [finding["fix"] for finding in found if finding["check"] == "files"] == ["chmod -R go= subscribers.yaml"]


@contextmanager
def in_public_folder() -> Iterator[Path]:
    """A temporary folder that every user may enter."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("umask", [0o000, 0o022], indirect=True)
def test_another_user_can_read_nothing(umask: None) -> None:
    with in_public_folder() as folder:
        home = folder / "newsletter"

        def digest(*arguments: str) -> None:
            run = Newsroom(folder).digest(*arguments)
            assert run.code == 0, run.err

        digest("init", "newsletter")
        # Somebody opened the folder; the files within are still closed.
        home.chmod(0o755)
        digest("--home", "newsletter", "send")
        digest("--home", "newsletter", "subscribers", "add", "new@example.com")
        digest("--home", "newsletter", "subscribers", "export", "newsletter/list.csv")
        script = (
            "import pathlib, sys\nfor name in sys.argv[1:]:\n"
            "    try: pathlib.Path(name).read_bytes(); print(name)\n"
            "    except PermissionError: pass\n"
        )
        names = ["digest.db", "subscribers.yaml", "subscribers.yaml.bak", "list.csv", "digest.yaml"]
        names += [str(mail.relative_to(home)) for mail in home.glob("outbox/*/*.eml")]
        assert len(names) > 5
        # A control: a file that others may read, and the system's own Python.
        names.append("samples/feeds/subah-samachar.xml")
        python = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable
        other_user: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        done = subprocess.run(
            [python, "-c", script, *names], cwd=home, capture_output=True, text=True, check=True, **other_user
        )
        assert done.stdout.split() == ["samples/feeds/subah-samachar.xml"]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user")
def test_a_store_of_somebody_else_is_warned_about(newsroom: Newsroom) -> None:
    newsroom.json("send")
    with in_public_folder() as folder:
        home = folder / "newsletter"
        home.mkdir()
        home.chmod(0o777)
        shutil.copy(newsroom.home / "digest.db", home)
        (home / "digest.db").chmod(0o666)
        child = os.fork()
        if child == 0:
            # Only system calls and our own code: the test's process is copied.
            code = 1
            try:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
                code = _warns(home)
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert stat.S_IMODE((home / "digest.db").stat().st_mode) == 0o666


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_what_root_creates_belongs_to_the_owner_of_the_folder(newsroom: Newsroom) -> None:
    """A command that root ran must not lock out the service, which runs as the owner."""
    (newsroom.home / "digest.yaml").chmod(0o600)
    for path in (newsroom.home, newsroom.home / "digest.yaml"):
        os.chown(path, NOBODY, NOBODY)
    newsroom.json("compose")
    assert newsroom.digest("preview").code == 0
    newsroom.json("send")
    newsroom.edit_settings("sources:\n", "sources:\n  - {name: Paper, url: 'https://paper.example.com/rss'}\n")
    assert newsroom.digest("sources", "remove", "Paper").code == 0
    newsroom.json("store", "backup", str(newsroom.home / "copy.db"))
    newsroom.json("store", "restore", str(newsroom.home / "copy.db"))
    stores = ("digest.db", "digest.db.mark", "digest.db.sending.lock", "digest.db.delivering.lock")
    made = [newsroom.home / name for name in (*stores, "digest.yaml", "digest.yaml.bak", "outbox", "preview")]
    made += [*newsroom.home.glob("outbox/*"), *newsroom.home.glob("outbox/*/*"), *newsroom.home.glob("preview/*")]
    assert {str(path): path.stat().st_uid for path in made if path.stat().st_uid != NOBODY} == {}
    assert {f"{stat.S_IMODE(path.stat().st_mode):04o}" for path in made} == {"0600", "0700"}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user")
def test_root_gives_away_no_file_behind_a_link(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("of root", encoding="utf-8")
    folder = tmp_path / "folder"
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    for name, target in (("old", secret), ("new", tmp_path / "missing")):
        (folder / name).symlink_to(target)
        os.close(open_private(folder / name, os.O_RDWR))
        assert target.stat().st_uid == 0


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user")
def test_a_file_of_somebody_else_is_named_with_the_command_that_helps() -> None:
    from pwd import getpwuid

    with in_public_folder() as home:
        open_database("sqlite:///digest.db", home=home).close()
        settings = home / "digest.yaml"
        settings.touch(0o600)
        os.seteuid(NOBODY)
        try:
            with pytest.raises(ConfigurationError) as refused:
                read_file(settings)
            with closing(unopened("sqlite:///digest.db", home=home)) as store, pytest.raises(StoreError) as closed:
                store.read().__enter__()
        finally:
            os.seteuid(0)
        me = getpwuid(NOBODY).pw_name
        assert refused.value.problems[0].message == (
            f"can't be read: it belongs to root, and this is the user {me}: as root run `chown {me} {settings}`"
        )
        assert f"can't be opened: it belongs to root, and this is the user {me}: as root run" in str(closed.value)


def _warns(home: Path) -> int:
    """Open the store. Returns 0 if there is exactly one warning, with what the owner must do."""
    import logging

    from digest.store import database

    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    database.log.addHandler(handler)
    for _ in range(2):
        open_database("sqlite:///digest.db", home=home).close()
    return 0 if len(lines) == 1 and "its owner can run chmod 600" in lines[0] else 2
