"""Workers as processes, and an edition that they send to a local SendGrid."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.outages import durable, newsroom_in
from tests.cli.newsroom import Newsroom
from tests.support import acceptance
from tests.support.databases import fresh_schema
from tests.support.killing import Balance, balance
from tests.support.outages import PostgresServer
from tests.support.sendgrid_server import KEY, sendgrid_environment, serving

EDITION = "2026-11-23"
# Seconds after which a test gives up. Programs start slowly on a busy machine.
PATIENCE = 240.0


def until(condition: Callable[[], Any], what: str) -> Any:
    """Wait for a condition and return its value. Raises AssertionError with the name of the condition."""
    end = time.monotonic() + PATIENCE
    while (start := time.monotonic()) < end:
        if found := condition():
            return found
        # A condition that starts a command takes CPU time from the workers that it waits for.
        time.sleep(0.05 + 2 * (time.monotonic() - start))
    raise AssertionError(f"{what} did not come within {PATIENCE:.0f} s")


@dataclass
class WorkerProcess:
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def lines(self) -> list[str]:
        return self.log.read_text(encoding="utf-8").splitlines()

    def says(self, words: str) -> bool:
        return any(words in line for line in self.lines)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def ask_to_end(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def end(self) -> int:
        """Ask the worker to end, and return its exit code."""
        if self.process.poll() is None:
            self.ask_to_end()
        return self.process.wait(PATIENCE)


@dataclass
class Team:
    """A newsletter with a composed edition on PostgreSQL, its workers, and the provider's acceptance log."""

    newsroom: Newsroom
    accepted_log: Path
    workers: list[WorkerProcess] = field(default_factory=list)

    def start(self, *arguments: str, command: str = "worker") -> WorkerProcess:
        path = self.newsroom.home.parent / f"worker-{len(self.workers)}.log"
        argv = self.newsroom.command(command, "--log-format", "text", *arguments)
        with path.open("wb") as log:
            process = subprocess.Popen(argv, env=self.newsroom.env(), cwd=self.newsroom.home, stderr=log)
        self.workers.append(WorkerProcess(process, path))
        return self.workers[-1]

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.newsroom.json("status", EDITION)
        return found

    def accepted(self) -> int:
        """Emails that the provider has accepted so far."""
        return acceptance.count(self.accepted_log)

    def finished(self) -> dict[str, Any]:
        """The status when the edition is done, or only waits for proof."""

        def look() -> dict[str, Any] | None:
            found = self.status()
            over = found["frozen"] and not found["pending"] and (found["state"] == "done" or found["unknown"])
            return found if over else None

        found: dict[str, Any] = until(look, "the end of the send")
        return found

    def balance(self) -> Balance:
        return balance(self.accepted_log)


@contextmanager
def team(
    prepared: Newsroom, folder: Path, *, server: PostgresServer | None = None, latency: int = 100, **settings: str
) -> Iterator[Team]:
    """Copy the prepared newsletter, let it send to a local SendGrid, and end its workers after the block.

    `server`: one that a test may stop.
    """
    log = folder / "accepted.jsonl"
    provider = ("--log", str(log), "--key", KEY, "--latency", str(latency), "--check-every", "20")
    with ExitStack() as stack:
        store = durable(server) if server else fresh_schema()
        newsroom = stack.enter_context(newsroom_in(prepared, folder / "newsletter", lambda _folder: store))
        url = stack.enter_context(serving(*provider))
        newsroom.environment |= {
            **sendgrid_environment(url),
            "DIGEST_DELIVERY__BATCH_SIZE": "20",
            **settings,
        }
        made = Team(newsroom, log)
        try:
            yield made
        finally:
            for worker in made.workers:
                if worker.process.poll() is None:
                    worker.kill()
