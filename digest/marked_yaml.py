"""YAML as a person wrote it: plain values with the line of every key and item, so that faults can name their place.

Reads by the core schema of YAML 1.2 (`07:00` and `off` are text, not 420 and False), refuses a key given twice.
Owns what is said of a file that is no YAML; has no knowledge of what the file means, and never writes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from digest import plain_rows
from digest.errors import ConfigurationError, Fault
from digest.marked_values import AstrayError, Builder, Each, MarkedDict, MarkedList, scalar

__all__ = ["Each", "MarkedDict", "MarkedList", "file_bytes", "read_bytes", "read_file", "read_text", "scalar"]

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_file(path: Path) -> Any:
    """The file's value (None for an empty file). Raises ConfigurationError when unreadable or no YAML."""
    return read_bytes(file_bytes(path), path.name)


def file_bytes(path: Path) -> bytes:
    """What the file holds. Raises ConfigurationError when there is none or it can't be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ConfigurationError([Fault(path.name, 0, "there is no such file")]) from None
    except OSError as error:
        raise ConfigurationError([Fault(path.name, 0, f"can't be read: {error.strerror}")]) from None


def read_bytes(data: bytes, name: str, *, each: Mapping[str, Each] | None = None) -> Any:
    """Like `read_file`, from the bytes; `name` is what faults call it, `each` is `read_text`'s."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigurationError([Fault(name, line, "is not UTF-8 text; save it as UTF-8")]) from None
    if (at := data.find(b"\0")) >= 0:
        said = "holds a NUL character, as UTF-16 does or a broken file; save it as UTF-8"
        raise ConfigurationError([Fault(name, data.count(b"\n", 0, at) + 1, said)])
    return read_text(text, name, each=each)


def read_text(text: str, name: str, *, each: Mapping[str, Each] | None = None) -> Any:
    """Like `read_file`, from text; `name` is what faults call it.

    The items of a list under a top-level key of `each` are handed over one by one as they are read, and the list in the
    value is left empty: so a long list needs no memory. What was handed over counts for nothing when this raises.
    """
    run = next(filter(None, (plain_rows.find(text, key) for key in each or ())), None)
    if run is not None:
        try:
            return _read(text, name, each or {}, run)
        except AstrayError:
            pass  # before anything was handed over
    return _read(text, name, each or {}, None)


def _read(whole: str, name: str, each: Mapping[str, Each], run: plain_rows.Run | None) -> Any:
    text = run.rest if run else whole
    builder = Builder(name, each, len(whole), run)
    try:
        value = _built(builder, text)
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        if builder.run:
            raise AstrayError from None
        raise ConfigurationError([_fault(error, text, name)]) from None
    if builder.run:
        raise AstrayError
    if builder.faults:
        raise ConfigurationError(builder.faults)
    return value


def _built(builder: Builder, text: str) -> Any:
    loader = _LOADER(text)
    try:
        return builder.document(loader.get_event)
    finally:
        loader.dispose()


def _fault(error: Exception, text: str, name: str) -> Fault:
    if isinstance(error, yaml.reader.ReaderError):
        return _character_fault(error, text, name)
    if isinstance(error, yaml.YAMLError):
        return _syntax_fault(error, text, name)
    return Fault(name, 0, "is nested too deeply" if isinstance(error, RecursionError) else "is not UTF-8 text")


def _character_fault(error: yaml.reader.ReaderError, text: str, name: str) -> Fault:
    # libyaml counts in bytes of UTF-8, the reader in pure Python in characters.
    before = text.encode()[: error.position] if _LOADER is not yaml.SafeLoader else text[: error.position].encode()
    return Fault(name, before.count(b"\n") + 1, f"is no valid YAML: {error.reason}")


def _syntax_fault(error: yaml.YAMLError, text: str, name: str) -> Fault:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "can't be parsed"
    context = getattr(error, "context", None)
    said = f"{problem} {context}" if context else str(problem)
    begun = getattr(error, "context_mark", None)
    if context and begun and mark and begun.line < mark.line:
        said += f" that begins on line {begun.line + 1}"
    if mark and re.match(r"[ ]*\t", next(islice(StringIO(text), mark.line, None), "")):
        return Fault(name, mark.line + 1, "is no valid YAML: a tab indents this line; YAML wants spaces")
    last = text.rstrip().count("\n") + 1  # what is never closed is missed only after the end
    return Fault(name, min(mark.line + 1, last) if mark else 0, f"is no valid YAML: {said}")
