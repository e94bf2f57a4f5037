"""Runs the checks in Python here, and those that need Chromium or node's libraries in one node process."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.mail import sizes, spam, words
from tools.mail.emails import CheckedEmail
from tools.mail.row import Row

HERE = Path(__file__).resolve().parent
IN_PYTHON: dict[str, Callable[[Sequence[CheckedEmail]], Iterator[Row]]] = {
    "sizes": lambda emails: (row for email in emails for row in sizes.check(email)),
    "words": lambda emails: (row for email in emails for row in words.check(email)),
    "spam": spam.check,
}
IN_NODE = ("axe", "width", "top", "alt", "clipping", "pixels", "shots", "validate", "clients", "circles")


def missing() -> str | None:
    """Return what must be installed first, or None."""
    if not (HERE / "node_modules").is_dir():
        return "node's libraries are missing: run `make mailtools`"
    return None


def check(emails: list[CheckedEmail], names: list[str]) -> tuple[list[Row], int]:
    """Return the rows of the checks, and the exit code of node (0 unless a check could not run)."""
    in_node = [name for name in names if name in IN_NODE]
    with ThreadPoolExecutor(2) as pool:
        node = pool.submit(_in_node, in_node, emails)
        rows = [row for name in names if name in IN_PYTHON for row in IN_PYTHON[name](emails)]
        found, code = node.result()
    return rows + found, code


def _in_node(names: list[str], emails: list[CheckedEmail]) -> tuple[list[Row], int]:
    if not names:
        return [], 0
    done = subprocess.run(_node(",".join(names), emails), cwd=HERE, stdout=subprocess.PIPE, check=False)
    values = [json.loads(line) for line in done.stdout.decode("utf-8").split("\n") if line]
    return [Row(**(value | {"detail": tuple(value["detail"])})) for value in values], done.returncode


def _node(names: str, emails: list[CheckedEmail]) -> list[str]:
    return ["node", "checks/run.mjs", names, *(str(email.folder.resolve()) for email in emails)]


def accept_clients(emails: list[CheckedEmail]) -> int:
    """Make what caniemail finds in these emails the baseline. Return the exit code of node."""
    return subprocess.run(_node("accept-clients", emails), cwd=HERE, check=False).returncode
