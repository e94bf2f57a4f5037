"""Kill a send, resume it, and check the result with the provider's acceptance log."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.newsroom import Newsroom, subscriber_rows
from tests.support.databases import store
from tests.support.folders import newsletter_folder
from tests.support.killing import balance, run_until_killed
from tests.support.sendgrid_server import KEY, sendgrid_environment, serving

EDITION = "2026-11-23"


@dataclass(frozen=True)
class Verdict:
    """Numbers of recipients."""

    killed: bool
    frozen: int
    accepted: int
    unknown: int
    duplicates: int
    # Not in the provider's log, and not listed as unknown by `status`.
    missed: int
    unexpected: int
    # `status` counts them as accepted, but the provider never had them.
    falsely_accepted: int
    # `status` lists them as unknown, but the provider has them. Its webhooks resolve these.
    unresolved: int

    @property
    def holds(self) -> bool:
        return not (self.duplicates or self.missed or self.unexpected or self.falsely_accepted)


def prepare(folder: Path, recipients: int) -> Newsroom:
    """Create a newsletter folder with a composed edition, to be copied for each send."""
    newsletter_folder(folder, all_sources=False)
    newsroom = Newsroom(folder)
    newsroom.set_subscribers(*subscriber_rows(recipients))
    newsroom.json("compose")
    return newsroom


@contextmanager
def copied(prepared: Newsroom, folder: Path, kind: str) -> Iterator[Newsroom]:
    """Copy the prepared folder, and yield it with the composed edition in a store of this kind.

    `kind` is "sqlite" or "postgresql"."""
    shutil.copytree(prepared.home, folder)
    newsroom = Newsroom(folder)
    with store(kind, folder) as url:
        newsroom.environment["DIGEST_STORE__URL"] = url
        # The copy contains the SQLite store, but not PostgreSQL's.
        if kind != "sqlite":
            newsroom.json("compose")
        yield newsroom


def kill_and_resume(
    prepared: Newsroom,
    folder: Path,
    recipients: int,
    moment: Callable[[Path], float | Callable[[], bool]],
    *,
    batch_size: int = 1000,
    latency: int = 20,
    kind: str = "sqlite",
) -> Verdict:
    """Kill a send at `moment` (a function of the path of the acceptance log), run it again twice, and check the result.

    Raises AssertionError if the numbers of `status` do not add up.
    """
    log = folder / "accepted.jsonl"
    server = ("--log", str(log), "--key", KEY, "--latency", str(latency), "--check-every", "50")
    with copied(prepared, folder, kind) as newsroom, serving(*server) as url:
        newsroom.environment |= {
            **sendgrid_environment(url),
            "DIGEST_DELIVERY__BATCH_SIZE": str(batch_size),
        }
        send = newsroom.command("--home", str(folder), "send", EDITION)
        first = run_until_killed(send, newsroom.env(), moment(log))
        # In this process, which is faster. Only the send that is killed needs a process of its own.
        for _ in range(2):
            newsroom.digest("send", EDITION)
        status = newsroom.json("status", EDITION, "--all")
    return compare_with_log(log, status, recipients, killed=first.killed)


def compare_with_log(log: Path, status: dict[str, Any], recipients: int, *, killed: bool) -> Verdict:
    """Compare the provider's log of a finished send with `status --all`.

    Raises AssertionError if the numbers do not add up, or if the provider got a request that breaks its rules."""
    parts = ("accepted", "rejected", "excluded", "pending", "unknown")
    numbers = {part: status[part] for part in ("state", "frozen", *parts)}
    assert status["frozen"] == sum(status[part] for part in parts) == recipients, numbers
    assert status["pending"] == 0, (numbers, {row["reason"] for row in status["not_reached"]})
    expected = {f"subscriber{number}@example.com" for number in range(recipients)}
    unknown = {row["email"] for row in status["not_reached"] if row["state"] == "unknown"}
    judged = balance(log)
    assert not judged.violations, judged.violations[:3]
    reached = {email for email, count in judged.counts.items() if count}
    return Verdict(
        killed=killed,
        frozen=status["frozen"],
        accepted=status["accepted"],
        unknown=status["unknown"],
        duplicates=sum(count - 1 for count in judged.duplicates.values()),
        missed=len(expected - reached - unknown),
        unexpected=len(reached - expected),
        falsely_accepted=len(expected - unknown - reached),
        unresolved=len(unknown & reached),
    )


def print_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
