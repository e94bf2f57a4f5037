"""What a shell may complete within a newsletter folder: editions, readers, topics, origins.

A key is pressed for each call, so this looks at the files themselves and loads neither settings nor SQLAlchemy. What
can't be read completes nothing: a shell has no place for faults.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

_MOST = 60
_STORE = re.compile(r"^\s+url:\s*[\"']?sqlite:///([^\"'\s#]+)", re.MULTILINE)
_SECTION = re.compile(r"\bsection:\s*[\"']?([^\"',}\n#]+)")


def complete(command: click.Command) -> None:
    """Gives the parameters of a command, and of those below it, what their names stand for."""
    for parameter in command.params:
        if source := _SOURCES.get(parameter.name or ""):
            ask = _completer(source, several=parameter.name == "topics")
            parameter.shell_complete = ask  # type: ignore[method-assign]
    if isinstance(command, click.Group):
        for below in command.commands.values():
            complete(below)


def _completer(source: Callable[[Path, str], Iterable[str]], *, several: bool) -> Callable[..., list[CompletionItem]]:
    def candidates(ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        home = ctx.find_root().params.get("home") or Path(os.environ.get("DIGEST_HOME", "."))
        done, sign, word = incomplete.rpartition(",") if several else ("", "", incomplete)
        found = (name for name in source(Path(home), word) if name.lower().startswith(word.lower()))
        return [
            CompletionItem(done + sign + name) for name, _n in zip(dict.fromkeys(found), range(_MOST), strict=False)
        ]

    return candidates


def _editions(home: Path, word: str) -> Iterator[str]:
    return _asked(home, "SELECT key FROM edition WHERE key LIKE ? || '%' ORDER BY day DESC LIMIT 60", word)


def _readers(home: Path, word: str) -> Iterator[str]:
    pattern = re.compile(rf"email:\s*[\"']?({re.escape(word)}[^\s\"',}}#]*)", re.IGNORECASE)
    with suppress(OSError, UnicodeError):
        for count, match in enumerate(pattern.finditer((home / "subscribers.yaml").read_text(encoding="utf-8"))):
            if count > _MOST:
                return
            yield match[1]
    yield from _asked(
        home, "SELECT email FROM subscriber WHERE listed AND address LIKE ? || '%' LIMIT 60", word.lower()
    )


def _origins(home: Path, word: str) -> Iterator[str]:
    return _asked(home, "SELECT DISTINCT origin FROM subscriber WHERE origin <> '' AND origin LIKE ? || '%'", word)


def _topics(home: Path, word: str) -> Iterator[str]:  # noqa: ARG001
    text = _read(home / "digest.yaml")
    listed = re.search(r"^\s+sections:\s*\[([^\]]*)\]", text, re.MULTILINE)
    if listed:
        yield from (name.strip().strip("\"'") for name in listed[1].split(","))
    else:
        from digest.curate.rules import SECTIONS

        yield from SECTIONS
    yield from (name.strip() for name in _SECTION.findall(text))


def _asked(home: Path, question: str, word: str) -> Iterator[str]:
    """Of a SQLite store alone: a server may be far away."""
    store = _STORE.search(_read(home / "digest.yaml"))
    path = home / (store[1] if store else "digest.db")
    with suppress(sqlite3.Error, OSError):
        if path.is_file() and "DIGEST_STORE__URL" not in os.environ:
            with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=0.2)) as connection:
                yield from (str(row[0]) for row in connection.execute(question, (word,)))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError):
        return ""


_SOURCES: dict[str, Callable[[Path, str], Any]] = {
    "edition": _editions,
    "key": _editions,
    "email": _readers,
    "topics": _topics,
    "origin": _origins,
}
"""Name of a parameter → what it may be."""
