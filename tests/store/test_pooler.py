"""PgBouncer between digest and PostgreSQL. Needs the program `pgbouncer`."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from digest.errors import StoreError
from digest.store.database import open_database
from digest.store.locks import exclusive
from tests.cli.newsroom import Newsroom, newsroom  # noqa: F401
from tests.support.databases import REQUIRED

pytestmark = pytest.mark.slow

_PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")


@contextmanager
def pooled(url: str, mode: str, **settings: object) -> Iterator[str]:
    """Run PgBouncer before this store, and yield its URL. `options` does not pass it, so the role has the schema."""
    if _PROGRAM is None:
        if os.environ.get(REQUIRED) == "1":
            pytest.fail("needs the program pgbouncer")
        pytest.skip("needs the program pgbouncer")
    parts = urlsplit(url)
    schema = parse_qs(parts.query)["options"][0].split("search_path=")[1].split()[0]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    given = {
        "listen_addr": "127.0.0.1",
        "listen_port": port,
        "auth_type": "any",
        "pool_mode": mode,
        "unix_socket_dir": "",
        "ignore_startup_parameters": "options",
        **settings,
    }
    server = f"host={parts.hostname} port={parts.port} user={parts.username} connect_query='SET search_path={schema}'"
    lines = [f"[databases]\n{parts.path[1:]} = {server}\n[pgbouncer]", *(f"{k} = {v}" for k, v in given.items())]
    # It refuses to run as root, and nobody else may read the folders of tests.
    user = "nobody" if os.getuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="pgbouncer", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        file = Path(folder) / "pgbouncer.ini"
        file.write_text("\n".join(lines) + "\n")
        process = subprocess.Popen([_PROGRAM, "-q", str(file)], user=user, stderr=subprocess.PIPE)
        try:
            for _ in range(200):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert process.poll() is None, process.communicate()
                time.sleep(0.05)
            yield f"postgresql://{parts.username}@127.0.0.1:{port}{parts.path}"
        finally:
            process.terminate()
            process.communicate(timeout=10)


@pytest.mark.parametrize("settings", [{}, {"server_round_robin": 1}, {"default_pool_size": 1}], ids=str)
def test_transaction_mode_is_refused(postgres_url: str, tmp_path: Path, settings: dict[str, object]) -> None:
    with pooled(postgres_url, "transaction", **settings) as url:
        with pytest.raises(StoreError, match="pooler in transaction mode") as raised:
            open_database(url, home=tmp_path)
        assert "pool_mode = session" in str(raised.value)
        assert "\n" not in str(raised.value)


def test_session_mode_works(postgres_url: str, tmp_path: Path) -> None:
    with pooled(postgres_url, "session") as url:
        database = open_database(url, home=tmp_path)
        with exclusive(database, "sending", wait=0.0) as lock:
            assert lock.is_held()
        database.close()


def test_a_pooler_that_refuses_our_settings_is_named(postgres_url: str, tmp_path: Path) -> None:
    with (
        pooled(postgres_url, "session", ignore_startup_parameters="extra_float_digits") as url,
        pytest.raises(StoreError, match="ignore_startup_parameters = options"),
    ):
        open_database(url, home=tmp_path)


def test_statement_mode_is_refused(postgres_url: str, tmp_path: Path) -> None:
    with pooled(postgres_url, "statement") as url, pytest.raises(StoreError, match="pool"):
        open_database(url, home=tmp_path)


@pytest.mark.parametrize("command", ["check", "doctor --offline", "status"])
def test_every_command_refuses_it_with_one_sentence(
    newsroom: Newsroom,  # noqa: F811
    postgres_url: str,
    command: str,
) -> None:
    with pooled(postgres_url, "transaction") as url:
        newsroom.environment["DIGEST_STORE__URL"] = url
        done = newsroom.digest(*command.split())
        assert done.code == 1
        assert "pooler in transaction mode" in done.out + done.err
        assert "Traceback" not in done.err
