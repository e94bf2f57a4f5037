"""Where one case happens: a newsletter folder, its store, the provider's server, and processes that send."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.chaos.killed_send import EDITION
from tests.chaos.outages import durable
from tests.cli.newsroom import Newsroom, Run
from tests.paths import ROOT
from tests.proof.cases import Case
from tests.proof.providers import BY_NAME, STORM
from tests.support.databases import store
from tests.support.killing import serving
from tests.support.links import CENTRE, Link, inside, star
from tests.support.outages import PostgresServer, postgres_programs

# Whether this machine has the extra `workers`.
WORKERS = find_spec("procrastinate") is not None
# Seconds without an email after which the ledger is asked.
_QUIET = 5.0
# Batches of an edition, about.
_BATCHES, _LARGEST_BATCH = 40, 1000
# Recipients a second in a storm at least, and the seconds of a large one: it would be over before the second fault.
_SLOW, _STORM_SECONDS = 60, 600
# Seconds that a sender may take, or for so many recipients a second. More than it waits for a store.
_PATIENCE, _PACE = 150, 1000


@dataclass
class Field:
    """`prefixes` are what runs a program on each worker, `settings` those of store and provider.

    `links` are empty without namespaces, `server` is None without a PostgreSQL server of its own."""

    case: Case
    newsroom: Newsroom
    log: Path
    recipients: int
    prefixes: Sequence[Sequence[str]]
    settings: Mapping[str, str]
    links: Sequence[Link]
    server: PostgresServer | None
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    # Bytes of the log, and the emails in them, as far as it was counted: it may have a million lines.
    _read: tuple[int, int] = (0, 0)

    def start(self, worker: int, **environment: str) -> subprocess.Popen[bytes]:
        """Start to send on this worker, numbered from 0."""
        what = ("worker", "--seats", "1") if self.has_workers else ("send", EDITION)
        process = subprocess.Popen(
            [*self.prefixes[worker], *self.newsroom.command("--home", str(self.newsroom.home), *what)],
            env=self.newsroom.env({**self.settings, **environment}),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.running.append(process)
        return process

    def restart(self, worker: int) -> None:
        """Start to send again on a worker whose process has ended."""
        self.running[worker].wait()
        self.start(worker)
        self.running[worker] = self.running.pop()

    def accepted(self) -> int:
        """The emails that the provider has so far."""
        offset, lines = self._read
        if self.log.exists():
            with self.log.open("rb") as file:
                file.seek(offset)
                while block := file.read(1 << 20):
                    offset, lines = offset + len(block), lines + block.count(b"\n")
        self._read = offset, lines
        return lines

    @property
    def has_workers(self) -> bool:
        """Whether the processes are those of `digest worker`, which run until they get SIGTERM."""
        # Their schedule would follow the clocks that the case sets.
        return self.case.workers > 1 and WORKERS and self.case.fault != "clock steps"

    def start_all(self) -> None:
        for worker in range(self.case.workers):
            self.start(worker)

    def await_emails(self, number: int) -> None:
        """Wait until the provider has `count` emails, or every process has ended."""
        until = time.monotonic() + _PATIENCE
        while self.accepted() < number and time.monotonic() < until:
            if all(process.poll() is not None for process in self.running):
                return
            time.sleep(0.002)

    def await_progress(self, seconds: float) -> None:
        """Wait until the provider has more emails than now, or so many seconds have passed."""
        before, until = self.accepted(), time.monotonic() + seconds
        while self.accepted() == before and time.monotonic() < until:
            if all(process.poll() is not None for process in self.running):
                return
            time.sleep(0.01)

    @property
    def patience(self) -> float:
        """The seconds that its senders may take."""
        slow = 2 * self.recipients / _storm_rate(self.recipients) if self.case.fault == STORM else 0.0
        return max(_PATIENCE, self.recipients / _PACE, slow)

    def await_end(self) -> None:
        """Wait for every sender. Raises TimeoutError."""
        patience = self.patience
        until = time.monotonic() + patience
        if self.has_workers:
            self._await_workers(until)
        for process in self.running:
            try:
                process.wait(max(until - time.monotonic(), 1))
            except subprocess.TimeoutExpired:
                raise TimeoutError(f"a sender did not end within {patience:.0f} s") from None
        self.running.clear()

    def _await_workers(self, until: float) -> None:
        """Wait until nothing is pending, and end the workers."""
        while time.monotonic() < until:
            seen, pause = self.accepted(), time.monotonic() + _QUIET
            # `digest status` costs more than the send of a batch.
            while self.accepted() == seen < self.recipients and time.monotonic() < pause:
                time.sleep(0.1)
            if self.accepted() == seen and not self._is_open():
                break
        for process in self.running:
            process.terminate()

    def _is_open(self) -> bool:
        status = self.status()
        return not status["frozen"] or bool(status["pending"])

    def digest(self, *arguments: str, **environment: str) -> Run:
        """Run a command where the first worker is. In this process if possible, which is faster."""
        arguments = ("--home", str(self.newsroom.home), *arguments)
        if not self.links:
            return self.newsroom.digest(*arguments, **self.settings, **environment)
        done = subprocess.run(
            [*self.prefixes[0], *self.newsroom.command(*arguments)],
            env=self.newsroom.env({**self.settings, **environment}),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=self.patience,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def status(self) -> dict[str, Any]:
        run = self.digest("status", EDITION, "--all", "--json")
        found: dict[str, Any] = json.loads(run.out)
        if "frozen" not in found:
            raise AssertionError(found)
        return found


def _storm_rate(recipients: int) -> int:
    """Recipients a second that a storm's senders may reach together."""
    return max(_SLOW, recipients // _STORM_SECONDS)


@contextmanager
def make_field(case: Case, prepared: Newsroom, folder: Path, recipients: int) -> Iterator[Field]:
    """Copy the prepared newsletter, and yield it with its store and its provider's server, ready to be sent."""
    provider = BY_NAME[case.provider]
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        shutil.copytree(prepared.home, folder)
        newsroom = Newsroom(folder, dict(prepared.environment))
        log = folder / "accepted.jsonl"
        prefixes: list[list[str]] = [[] for _ in range(case.workers)]
        links: Sequence[Link] = ()
        host, centre = "127.0.0.1", ""
        if case.needs_network:
            centre, names, links = stack.enter_context(star(case.workers, case.seed))
            host, prefixes = CENTRE, [inside(name) for name in names]
        own = stack.enter_context(_own_server(centre, host)) if case.needs_own_server else None
        store_url = stack.enter_context(_store(case, folder, own))
        options = ["--log", str(log), *provider.options, *provider.faults(case.fault, 2 * recipients, case.rng())]
        prefix = inside(centre) if centre else []
        greeting = stack.enter_context(serving(provider.module, "--host", host, *options, prefix=prefix))
        port = greeting.split()[0].rpartition(":")[2]
        settings = {**provider.settings(host, port), "DIGEST_STORE__URL": store_url}
        newsroom.environment |= {
            "DIGEST_DELIVERY__BATCH_SIZE": str(min(max(recipients // _BATCHES, 10), _LARGEST_BATCH)),
            "DIGEST_DELIVERY__THREADS": "2",
        }
        if case.fault == STORM:
            newsroom.environment["DIGEST_DELIVERY__RATE__PER_SECOND"] = str(_storm_rate(recipients))
        made = Field(case, newsroom, log, recipients, prefixes, settings, links, own)
        try:
            # The folder's copy has the edition in SQLite only.
            if case.store != "sqlite" and (composed := made.digest("compose")).code:
                raise AssertionError(composed.err)
            yield made
        finally:
            for process in made.running:
                process.kill()
                process.wait()


@contextmanager
def _own_server(namespace: str, address: str) -> Iterator[PostgresServer]:
    programs = postgres_programs()
    assert programs
    with PostgresServer(programs, namespace, address) as server:
        yield server


@contextmanager
def _store(case: Case, folder: Path, own: PostgresServer | None) -> Iterator[str]:
    """Yield the URL of an empty store, whose commits wait for the disk."""
    if own is None:
        with store(case.store, folder) as url:
            yield url.replace("%20-csynchronous_commit%3Doff", "")
    elif case.needs_network:
        yield f"postgresql+psycopg://postgres@{CENTRE}:{own.port}/postgres"
    else:
        with durable(own) as url:
            yield url


def memory_folder() -> str | None:
    """Where temporary folders are fastest; None if there is no such place."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
