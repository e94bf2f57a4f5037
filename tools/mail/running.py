"""Runs judges on letters: those in Python here, those that need Chromium or node's libraries in one node process."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.mail import sizes, spam, words
from tools.mail.letters import Made
from tools.mail.row import Row

HERE = Path(__file__).resolve().parent
IN_PYTHON: dict[str, Callable[[Sequence[Made]], Iterator[Row]]] = {
    "sizes": lambda made: (row for one in made for row in sizes.judge(one)),
    "words": lambda made: (row for one in made for row in words.judge(one)),
    "spam": spam.judge,
}
IN_NODE = ("axe", "width", "alt", "clipping", "pixels", "shots", "validate", "clients", "circles")


def missing() -> str:
    """What has to be installed first, in a sentence; '' when all is there."""
    if not (HERE / "node_modules").is_dir():
        return "the judges' libraries are missing: run `make mailtools`"
    return ""


def judge(made: list[Made], judges: list[str]) -> tuple[list[Row], int]:
    """The rows of all judges, and the exit code of those that run in node (0 unless one could not work)."""
    in_node = [name for name in judges if name in IN_NODE]
    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(_in_node, in_node, made)
        rows = [row for name in judges if name in IN_PYTHON for row in IN_PYTHON[name](made)]
        found, ended = running.result()
    return rows + found, ended


def _in_node(judges: list[str], made: list[Made]) -> tuple[list[Row], int]:
    if not judges:
        return [], 0
    done = subprocess.run(_node(",".join(judges), made), cwd=HERE, stdout=subprocess.PIPE, check=False)
    values = [json.loads(line) for line in done.stdout.decode("utf-8").split("\n") if line]
    return [Row(**(value | {"detail": tuple(value["detail"])})) for value in values], done.returncode


def _node(what: str, made: list[Made]) -> list[str]:
    return ["node", "judges/judge.mjs", what, *(str(one.folder.resolve()) for one in made)]


def accept_clients(made: list[Made]) -> int:
    """Makes what caniemail finds in these letters the baseline; the exit code of node."""
    return subprocess.run(_node("accept-clients", made), cwd=HERE, check=False).returncode
