"""Conventions that no linter checks: no `\\w` on Hindi, a light start, locks that work anywhere."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.cli.newsroom import Newsroom
from tests.paths import ROOT

# The last two compile patterns for Hindi when they are imported.
HEAVY = (
    "premailer",
    "sendgrid",
    "lxml",
    "babel",
    "icalendar",
    "fastapi",
    "sqlalchemy.dialects.postgresql",
    "uvicorn",
    "digest.scheduler",
    "digest.hindi.text",
    "digest.curate.sections",
)


def strings(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of every string literal in a module, without docstrings and other prose."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            prose = ". " in node.value or "\n" in node.value
            if not prose:
                yield node.lineno, node.value


@pytest.mark.slow
def test_no_pattern_uses_word_classes_on_hindi() -> None:
    """Matras are not `\\w`: `re.findall(r'\\w+', 'हिंदी')` gives ['ह', 'द']. Use digest.hindi instead."""
    found = []
    for path in sorted((ROOT / "digest").rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        # Parsing every module takes seconds.
        for line, text in strings(source) if re.search(r"\\[wWbB]", source) else ():
            # A word boundary between Latin letters is safe.
            banned = "wW" if text.isascii() else "wWbB"
            if re.search(rf"(?<!\\)(\\\\)*\\[{banned}]", text):
                found.append(f"{path.relative_to(ROOT)}:{line}: {text!r}")
    assert not found


def test_templates_shorten_text_between_grapheme_clusters() -> None:
    """Jinja's `truncate` counts code points, and cuts क्षेत्र within क्षे."""
    templates = [*(ROOT / "digest").rglob("*.j2"), *(ROOT / "templates").rglob("*.j2")]
    assert len(templates) > 50
    assert [path for path in templates if "truncate(" in path.read_text()] == []


def test_docstrings_of_functions_begin_with_a_verb_or_whether() -> None:
    """The texts of commands are for users: they say what the command is."""
    begins = re.compile(r" *(?:(?:async )?def .*|\) -> .*):$")
    found = []
    for path in sorted((ROOT / "digest").rglob("*.py")):
        lines = path.read_text(encoding="utf-8").splitlines() if path.parent.name != "cli" else []
        for number, line in enumerate(lines):
            if not re.match(r' +"{3}(Return whether|The|An?) ', line) or not begins.match(lines[number - 1]):
                continue
            is_whether = "Return whether" in line
            start = next(at for at in range(number, -1, -1) if " def " in f" {lines[at]}")
            is_fine = "-> bool:" not in lines[number - 1] if is_whether else "property" in lines[start - 1]
            if not is_fine:
                found.append(f"{path.relative_to(ROOT)}:{number + 1}: {line.strip()}")
    assert not found


def loaded(newsroom: Newsroom, *groups: list[str]) -> list[set[str]]:
    """Return the heavy modules that are loaded after each group of commands, which all run in one process."""
    script = (
        "import sys\n"
        "from digest.cli import main\n"
        "for group in sys.argv[1:]:\n"
        "    for command in group.split(';'):\n"
        "        sys.argv = ['digest', *command.split()]\n"
        "        try: main()\n"
        "        except SystemExit as ended: assert ended.code == 0, command\n"
        f"    print('LOADED', *[name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *map(";".join, groups)],
        cwd=newsroom.home,
        env=newsroom.env(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [set(found.split()) for found in re.findall("^LOADED(.*)$", done.stderr, re.M)]


@pytest.mark.slow
def test_help_and_status_load_nothing_heavy(newsroom: Newsroom) -> None:
    newsroom.json("send")
    light, found = loaded(
        newsroom,
        ["--help", "status 2026-11-23", "subscribers list"],
        ["check --offline", "send 2026-11-23"],
    )
    assert light == set()
    assert "fastapi" not in found, "nothing here serves pages"
    assert "digest.scheduler" not in found, "nothing here runs at its time"


def test_the_samples_newsletter_is_the_one_at_the_top() -> None:
    for name in ("digest.yaml", "subscribers.yaml"):
        assert (ROOT / name).read_bytes() == (ROOT / "samples/newsletter" / name).read_bytes()


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_hold_pinned_packages_with_hashes_and_no_local_paths(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    kinds = (r"[a-z0-9.-]+==\S+( ; .+)? \\", r"    --hash=sha256:[0-9a-f]{64}( \\)?", r"\s*#.*", "")
    strange = [line for line in lines if not any(re.fullmatch(kind, line) for kind in kinds)]
    assert not strange
