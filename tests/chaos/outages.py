"""Take the store away in the middle of a send, and check the result with the provider's acceptance log.

`python -m tests.chaos.outages` prints a line for each fault.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.chaos.killed_send import EDITION, Verdict, compare_with_log, prepare, print_line
from tests.cli.newsroom import Newsroom
from tests.support.databases import fresh_schema
from tests.support.killing import lines
from tests.support.outages import PostgresServer, filled, no_space, postgres_programs
from tests.support.sendgrid_server import KEY, sendgrid_environment, serving

# Takes the store away and gives it back. The argument is the sending process.
Fault = Callable[[subprocess.Popen[bytes]], None]


@dataclass(frozen=True)
class Interrupted:
    """The send that met the fault: its numbers when it ended, and those after it was run once more."""

    code: int
    seconds: float
    stderr: str
    # From `status`.
    accepted: int
    pending: int
    unknown: int
    final: Verdict


def send_through(
    newsroom: Newsroom, recipients: int, fault: Fault, *, batch_size: int = 100, latency: int = 300, at: float = 0.3
) -> Interrupted:
    """Send the composed edition, cause the fault when the part `at` is accepted, and send once more.

    Raises AssertionError if the numbers of `status` do not add up."""
    # Not in the newsletter's folder, whose disk may be full.
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        log = Path(place) / "accepted.jsonl"
        server = ("--log", str(log), "--key", KEY, "--latency", str(latency), "--check-every", "50")
        newsroom.environment |= {
            **sendgrid_environment(stack.enter_context(serving(*server)).split()[0]),
            "DIGEST_DELIVERY__BATCH_SIZE": str(batch_size),
        }
        send = newsroom.command("--home", str(newsroom.home), "send", EDITION)
        environment = {**os.environ, **newsroom.env()}
        began = time.monotonic()
        process = subprocess.Popen(send, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        enough = lines(log, int(recipients * at))
        while not enough() and process.poll() is None:
            time.sleep(0.01)
        fault(process)
        _out, errors = process.communicate(timeout=300)
        seconds = time.monotonic() - began
        status = newsroom.json("status", EDITION, "--all")
        newsroom.digest("send", EDITION)
        final = compare_with_log(log, newsroom.json("status", EDITION, "--all"), recipients, killed=False)
    words = errors.decode(errors="replace")
    return Interrupted(
        process.returncode, seconds, words, status["accepted"], status["pending"], status["unknown"], final
    )


@dataclass(frozen=True)
class Scene:
    """A fault, and the store that meets it: its URL, and where the newsletter's folder is if not anywhere."""

    name: str
    fault: Fault
    store: Callable[[Path], AbstractContextManager[str]]
    folder: Path | None = None


def scenes(own: PostgresServer | None, small_disk: Path | None) -> Iterator[Scene]:
    """Yield every fault that this machine allows."""
    yield Scene("sqlite, no write succeeds for 20 s", lambda process: _no_space(process, 20), _sqlite)
    yield Scene("sqlite, no write succeeds for 90 s", lambda process: _no_space(process, 90), _sqlite)
    if small_disk:
        yield Scene("sqlite, disk full for 20 s", lambda _process: _fill(small_disk, 20), _sqlite, small_disk / "n")
    if own is None:
        return
    for mode in ("immediate", "fast"):
        yield Scene(f"PostgreSQL restarted, {mode}", partial(_restart, own, mode, 0.0), lambda _folder: durable(own))
    for down in (10.0, 90.0):
        name = f"PostgreSQL restarted, {down:.0f} s down"
        yield Scene(name, partial(_restart, own, "fast", down), lambda _folder: durable(own))


def _restart(server: PostgresServer, mode: str, down: float, _process: object) -> None:
    server.restart(mode, down=down)


def _no_space(process: subprocess.Popen[bytes], seconds: float) -> None:
    with no_space(process.pid):
        time.sleep(seconds)


def _fill(folder: Path, seconds: float) -> None:
    with filled(folder):
        time.sleep(seconds)


@contextmanager
def durable(server: PostgresServer) -> Iterator[str]:
    """A schema whose commits wait for the disk, unlike those of other tests: what a crash loses may be sent twice."""
    with fresh_schema(server.url) as url:
        yield url.replace("%20-csynchronous_commit%3Doff", "")


def _sqlite(folder: Path) -> AbstractContextManager[str]:
    return nullcontext(f"sqlite:///{folder / 'digest.db'}")


@contextmanager
def newsroom_in(
    prepared: Newsroom, folder: Path, scene_store: Callable[[Path], AbstractContextManager[str]]
) -> Iterator[Newsroom]:
    """Copy the prepared newsletter, with its edition in this store. The copy is deleted afterwards."""
    shutil.copytree(prepared.home, folder)
    try:
        with scene_store(folder) as url:
            newsroom = Newsroom(folder)
            newsroom.environment["DIGEST_STORE__URL"] = url
            if not url.startswith("sqlite"):
                newsroom.json("compose")
            yield newsroom
    finally:
        shutil.rmtree(folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipients", type=int, default=10_000)
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--latency", type=int, default=300, help="of the provider, in milliseconds")
    parser.add_argument("--small-disk", type=Path, help="a mounted file system of some 60 MB, to be filled")
    parser.add_argument("--only", default="", help="the faults whose name contains this")
    given = parser.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        prepared = prepare(Path(place) / "prepared", given.recipients)
        programs = postgres_programs()
        own = stack.enter_context(PostgresServer(programs)) if programs else None
        print_line(f"{'fault':36} {'exit':>4} {'s':>6}  accepted pending unknown  then: accepted unknown twice missed")
        for scene in scenes(own, given.small_disk):
            if given.only not in scene.name:
                continue
            with newsroom_in(prepared, scene.folder or Path(place) / "run", scene.store) as newsroom:
                found = send_through(
                    newsroom, given.recipients, scene.fault, batch_size=given.batch_size, latency=given.latency
                )
            final = found.final
            bad += not final.holds
            print_line(
                f"{scene.name:36} {found.code:>4} {found.seconds:>6.1f} {found.accepted:>9} {found.pending:>7} "
                f"{found.unknown:>7} {final.accepted:>15} {final.unknown:>7} {final.duplicates:>5} {final.missed:>6}"
                f"{'' if final.holds else '  WRONG'}"
            )
            print_line(f"    {' / '.join(found.stderr.strip().splitlines()[-3:])}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
