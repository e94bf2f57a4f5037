"""Kill a program at the worst moment, and count afterwards who got what.

Owns starting, killing and the balance. Judges by the acceptance log of a local server alone, never by what the
killed program believes.
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
    """How a program ended. `killed`: by us; else `code` is its own exit code. `seconds` it lived."""

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
    """Start a program and SIGKILL its process group when the moment has come, unless it ends by itself before.

    `when`: seconds after the start, a predicate that is asked every 2 ms (see `lines`), or None for never. `env` is
    added to the environment. Raises TimeoutError, after the kill, when the program lives longer than `timeout` s.
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
            start_new_session=True,  # a group of its own, so that its children die with it
        )
        killed = late = False
        try:
            while process.poll() is None:
                lived = time.monotonic() - start
                late = lived > timeout
                if late or (when() if callable(when) else when is not None and lived >= when):
                    killed = True
                    break
                time.sleep(0.002)
        finally:
            # Also when it has ended by itself: a child of it may live on.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        seconds = time.monotonic() - start
        out.seek(0)
        err.seek(0)
        texts = [file.read().decode(errors="replace") for file in (out, err)]
    if late:
        raise TimeoutError(f"{argv[0]} lived longer than {timeout} s\n{texts[1][-2000:]}")
    # It may have ended between the last look and the kill: then it was not killed.
    return Run(killed and process.returncode == -signal.SIGKILL, process.returncode, seconds, *texts)


def lines(path: Path | str, at_least: int) -> Callable[[], bool]:
    """A predicate: the file has so many whole lines."""
    return lambda: acceptance.count(path) >= at_least


def exists(path: Path | str) -> Callable[[], bool]:
    """A predicate: the file is there."""
    return Path(path).exists


@dataclass(slots=True)
class Balance:
    """What an acceptance log says. Keys are addresses, or whatever `key` makes of a line.

    `counts`: letters that were or will be handed on. `cancelled`: acceptances that never reach anybody. `waiting`:
    how many of `counts` still wait for their send_at. `violations`: messages of broken rules.
    """

    counts: Counter[Any] = field(default_factory=Counter)
    cancelled: Counter[Any] = field(default_factory=Counter)
    waiting: int = 0
    violations: list[str] = field(default_factory=list)

    @property
    def duplicates(self) -> dict[Any, int]:
        """Who gets more than one letter, and how many."""
        return {key: n for key, n in self.counts.items() if n > 1}

    def missing(self, expected: Collection[Any]) -> set[Any]:
        """Who of the expected gets none."""
        return {key for key in expected if not self.counts[key]}

    def strangers(self, expected: Collection[Any]) -> set[Any]:
        """Who gets a letter without being expected to."""
        return self.counts.keys() - set(expected)


def balance(log_path: Path | str, *, key: Callable[[dict[str, Any]], Any] | None = None) -> Balance:
    """Read a log. `key` tells letters apart (default: the address; with many editions say (edition, address))."""
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
def serving(module: str, *arguments: str, timeout: float = 15.0) -> Iterator[str]:
    """Run `python -m MODULE ARGUMENTS`, give its first line of stdout, end it by SIGTERM.

    Raises RuntimeError when it ends without a word, or does not end within `timeout` s with code 0.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        greeting = process.stdout.readline().strip()
        if not greeting:
            raise RuntimeError(f"{module} ended without a word (code {process.wait(timeout)})")
        yield greeting
        process.terminate()
        if process.wait(timeout) != 0:
            raise RuntimeError(f"{module} ended with {process.returncode}")
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()
