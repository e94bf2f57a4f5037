"""Kill a program at a chosen moment, and count afterwards who got what.

The acceptance log of a local server decides, not what the killed program recorded.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.paths import ROOT
from tests.support import acceptance


@dataclass(frozen=True, slots=True)
class Run:
    """How a program ended after `seconds`. `code` is its own exit code unless we killed it."""

    killed: bool
    code: int
    seconds: float
    stdout: str
    stderr: str


def run_until_killed(
    argv: Sequence[str],
    env: Mapping[str, str] | None = None,
    when: float | Callable[[], bool] | None = None,
    *,
    cwd: Path | str = ROOT,
    timeout: float = 60.0,
) -> Run:
    """Start a program and SIGKILL its process group at the chosen moment, unless it ends before.

    `when` is seconds after the start, a predicate that is called every 2 ms (see `lines`), or None for never. `env` is
    added to the environment. Raises TimeoutError, after the kill, if the program runs longer than `timeout` s.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.monotonic()
        process = subprocess.Popen(
            list(argv),
            env={**os.environ, **(env or {})},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            # A process group of its own, so that its children are killed with it.
            start_new_session=True,
        )
        killed = late = False
        try:
            while process.poll() is None:
                age = time.monotonic() - start
                late = age > timeout
                if late or (when() if callable(when) else when is not None and age >= when):
                    killed = True
                    break
                time.sleep(0.002)
        finally:
            # Its children may still run after it has ended.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        seconds = time.monotonic() - start
        out.seek(0)
        err.seek(0)
        texts = [file.read().decode(errors="replace") for file in (out, err)]
    if late:
        raise TimeoutError(f"{argv[0]} ran longer than {timeout} s\n{texts[1][-2000:]}")
    # It may have ended between the last check and the kill.
    return Run(killed and process.returncode == -signal.SIGKILL, process.returncode, seconds, *texts)


def lines(path: Path | str, at_least: int) -> Callable[[], bool]:
    """Return a predicate: the file has at least this many complete lines."""
    return lambda: acceptance.count(path) >= at_least


def exists(path: Path | str) -> Callable[[], bool]:
    """Return a predicate: the file exists."""
    return Path(path).exists


@dataclass(slots=True)
class Balance:
    """Totals of an acceptance log. Keys are addresses, or what `key` returns for a line.

    `counts`: emails that were or will be handed on. `cancelled`: accepted emails that nobody gets. `waiting`: how many
    of `counts` wait for their send_at. `violations`: messages of broken rules.
    """

    counts: Counter[Any] = field(default_factory=Counter)
    cancelled: Counter[Any] = field(default_factory=Counter)
    waiting: int = 0
    violations: list[str] = field(default_factory=list)

    @property
    def duplicates(self) -> dict[Any, int]:
        """Who gets more than one email, and how many."""
        return {key: n for key, n in self.counts.items() if n > 1}

    def missing(self, expected: Collection[Any]) -> set[Any]:
        """Return who of the expected gets no email."""
        return {key for key in expected if not self.counts[key]}

    def unexpected(self, expected: Collection[Any]) -> set[Any]:
        """Return who gets an email and is not expected to."""
        return self.counts.keys() - set(expected)


def balance(log_path: Path | str, *, key: Callable[[dict[str, Any]], Any] | None = None) -> Balance:
    """Read a log. `key` identifies an email: the address, or (edition, address) with several editions."""
    result = Balance()
    last: dict[tuple[str, str], dict[str, Any]] = {}
    for line in acceptance.read(log_path):
        if line["state"] == "violation":
            result.violations.append(f"{line['field']}: {line['message']}")
        else:
            last[line["message_id"], line["email"]] = line
    for line in last.values():
        who = key(line) if key else line["email"]
        if line["state"] in ("sent", "held"):
            result.counts[who] += 1
            result.waiting += line["state"] == "held"
        else:
            result.cancelled[who] += 1
    return result


@contextlib.contextmanager
def serving(module: str, *arguments: str, timeout: float = 60.0, prefix: Sequence[str] = ()) -> Iterator[str]:
    """Run `python -m MODULE ARGUMENTS`, yield its first line of stdout, and end it by SIGTERM.

    `prefix` is a program that runs it, such as `ip netns exec NAME`.

    Raises RuntimeError if it prints nothing, or does not end within `timeout` s with code 0.
    """
    process = subprocess.Popen(
        [*prefix, sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        greeting = process.stdout.readline().strip()
        if not greeting:
            raise RuntimeError(f"{module} printed nothing (code {process.wait(timeout)})")
        yield greeting
        process.terminate()
        if process.wait(timeout) != 0:
            raise RuntimeError(f"{module} ended with {process.returncode}")
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()
