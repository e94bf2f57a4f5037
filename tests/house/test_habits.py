"""Habits that a machine can hold us to: size of files, docstrings, no `\\w` on Hindi, light start."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.newsroom import Newsroom
from tests.paths import ROOT

MODULES = sorted((ROOT / "digest").rglob("*.py"))
LONGEST = 300
"""Lines; the aim is 60 to 250."""

HEAVY = ("premailer", "sendgrid", "lxml", "babel", "apscheduler", "fastapi", "uvicorn")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_one_concept_and_says_which(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), f"{path} has no docstring"
    assert len(text.splitlines()) <= LONGEST


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_word_class_of_the_standard_library_meets_hindi(path: Path) -> None:
    """Matras are not `\\w`: `re.findall(r'\\w+', 'हिंदी')` gives ['ह', 'द']."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and not _is_prose(node.value):
            banned = "wW" if node.value.isascii() else "wWbB"  # an edge between Latin letters is one
            assert not re.search(rf"(?<!\\)(\\\\)*\\[{banned}]", node.value), f"{path}:{node.lineno}: {node.value!r}"


def _is_prose(text: str) -> bool:
    """Docstrings may speak of what is banned."""
    return ". " in text or "\n" in text


def loaded(*arguments: str, cwd: Path) -> set[str]:
    """The heavy modules that a run of the command has loaded."""
    script = (
        "import sys; sys.argv = ['digest', *sys.argv[1:]]\n"
        "from digest.cli import main\n"
        "try: main()\n"
        "except SystemExit as ended: code = ended.code\n"
        f"print('LOADED', *[name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
        "sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=cwd, capture_output=True, text=True, timeout=60, check=True
    )
    return set(done.stderr.rpartition("LOADED")[2].split())


def test_help_and_status_load_nothing_heavy(newsroom: Newsroom) -> None:
    newsroom.json("send")
    assert loaded("--help", cwd=newsroom.home) == set()
    assert loaded("status", "2026-11-23", cwd=newsroom.home) == set()
    assert loaded("subscribers", "list", cwd=newsroom.home) == set()


def test_the_samples_newsletter_is_the_one_at_the_top() -> None:
    for name in ("digest.yaml", "subscribers.yaml"):
        assert (ROOT / name).read_bytes() == (ROOT / "samples/newsletter" / name).read_bytes()


def test_no_lock_names_a_host() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    assert "--hash=sha256:" in lock
