"""`digest schema` and `digest completion`: help for editors and shells."""

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

from digest.cli.output import emit, json_option

_MAX_CANDIDATES = 60
_STORE_URL = re.compile(r"^\s+url:\s*[\"']?sqlite:///([^\"'\s#]+)", re.MULTILINE)
_SECTION = re.compile(r"\bsection:\s*[\"']?([^\"',}\n#]+)")


@click.command()
@json_option
@click.pass_obj
def schema(home: Path, as_json: bool) -> None:
    """Write JSON Schemas of digest.yaml and subscribers.yaml into schema/, for editors that support YAML.

    An editor finds them through the first line of each file, which `digest init` writes. Run this again after an
    update, and when the newsletter's sections have changed.
    """
    from digest.app import make_app
    from digest.config import json_schema

    with make_app(home) as app:
        paths = json_schema.write_schemas(home, app.topics, app.edition_slugs)
    if as_json:
        emit({"files": [str(path) for path in paths]})
        return
    for path in paths:
        name = path.name.partition(".")[0]
        click.echo(f"{path}: start {name}.yaml with  # yaml-language-server: $schema={json_schema.FOLDER}/{path.name}")


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that completes commands, editions, topics and subscribers in SHELL.

    For bash: eval "$(digest completion bash)"
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"click has no completion for {shell}")
    maker = kind(ctx.find_root().command, {}, "digest", "_DIGEST_COMPLETE")
    click.echo(maker.source_template % maker.source_vars())


def add_completions(command: click.Command) -> None:
    """Make the parameters of a command and its subcommands complete editions, subscribers, topics and origins.

    A completion runs at a key press, so it reads the files directly and loads neither the settings nor SQLAlchemy. A
    file that cannot be read completes nothing.
    """
    for parameter in command.params:
        if find := _CANDIDATES.get(parameter.name or ""):
            complete = _completer(find, several=parameter.name == "topics")
            parameter.shell_complete = complete  # type: ignore[method-assign]
    if isinstance(command, click.Group):
        for subcommand in command.commands.values():
            add_completions(subcommand)


def _completer(find: Callable[[Path, str], Iterable[str]], *, several: bool) -> Callable[..., list[CompletionItem]]:
    def complete(ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        home = ctx.find_root().params.get("home") or Path(os.environ.get("DIGEST_HOME", "."))
        done, comma, word = incomplete.rpartition(",") if several else ("", "", incomplete)
        found = (name for name in find(Path(home), word) if name.lower().startswith(word.lower()))
        return [
            CompletionItem(done + comma + name)
            for name, _n in zip(dict.fromkeys(found), range(_MAX_CANDIDATES), strict=False)
        ]

    return complete


def _editions(home: Path, word: str) -> Iterator[str]:
    return _query(home, "SELECT key FROM edition WHERE key LIKE ? || '%' ORDER BY day DESC LIMIT 60", word)


def _subscribers(home: Path, word: str) -> Iterator[str]:
    pattern = re.compile(rf"email:\s*[\"']?({re.escape(word)}[^\s\"',}}#]*)", re.IGNORECASE)
    with suppress(OSError, UnicodeError):
        for count, match in enumerate(pattern.finditer((home / "subscribers.yaml").read_text(encoding="utf-8"))):
            if count > _MAX_CANDIDATES:
                return
            yield match[1]
    yield from _query(
        home, "SELECT email FROM subscriber WHERE listed AND address LIKE ? || '%' LIMIT 60", word.lower()
    )


def _origins(home: Path, word: str) -> Iterator[str]:
    return _query(home, "SELECT DISTINCT origin FROM subscriber WHERE origin <> '' AND origin LIKE ? || '%'", word)


def _topics(home: Path, word: str) -> Iterator[str]:  # noqa: ARG001
    text = _read(home / "digest.yaml")
    listed = re.search(r"^\s+sections:\s*\[([^\]]*)\]", text, re.MULTILINE)
    if listed:
        yield from (name.strip().strip("\"'") for name in listed[1].split(","))
    else:
        from digest.curate.rules import SECTIONS

        yield from SECTIONS
    yield from (name.strip() for name in _SECTION.findall(text))


def _query(home: Path, sql: str, word: str) -> Iterator[str]:
    """Query an SQLite store. A PostgreSQL server may be too far away for a key press."""
    store = _STORE_URL.search(_read(home / "digest.yaml"))
    path = home / (store[1] if store else "digest.db")
    with suppress(sqlite3.Error, OSError):
        if path.is_file() and "DIGEST_STORE__URL" not in os.environ:
            with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=0.2)) as connection:
                yield from (str(row[0]) for row in connection.execute(sql, (word,)))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError):
        return ""


# Parameter name to the function that finds its candidates.
_CANDIDATES: dict[str, Callable[[Path, str], Any]] = {
    "edition": _editions,
    "key": _editions,
    "email": _subscribers,
    "topics": _topics,
    "origin": _origins,
}
