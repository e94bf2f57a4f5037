"""Reads template files from folders. A file that is there but can't be used is told, never passed over for ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from jinja2 import BaseLoader, Environment, TemplateNotFound
from jinja2.loaders import split_template_path

from digest.errors import TemplateMistake

SUFFIX = ".j2"


class Folders(BaseLoader):
    """Templates of several folders, an earlier one's before a later one's."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)

    def get_source(
        self,
        environment: Environment,  # noqa: ARG002  # Jinja's signature
        template: str,
    ) -> tuple[str, str, Callable[[], bool]]:
        """Raises TemplateMistake for what stands in a template's place without being one."""
        parts = split_template_path(template)
        for folder in self._folders:
            for place in (folder, *(folder.joinpath(*parts[:depth]) for depth in range(1, len(parts)))):
                if place.is_file():
                    raise TemplateMistake(f"{place}: expected a folder of templates, found a file")
            path = folder.joinpath(*parts)
            if not path.exists() and not path.is_symlink():
                continue
            text, stamp = _text(path), _stamp(path)
            return text, str(path), lambda path=path, stamp=stamp: _stamp(path) == stamp
        raise TemplateNotFound(template)

    def list_templates(self) -> list[str]:
        """Names of the files that end in `.j2`; what else lies there is nobody's template."""
        found = {
            path.relative_to(folder).as_posix()
            for folder in self._folders
            if folder.is_dir()
            for path in folder.rglob(f"*{SUFFIX}")
            if path.is_file()
        }
        return sorted(found)


def _text(path: Path) -> str:
    """The file's text, without the mark that some editors put before it."""
    if path.is_dir():
        raise TemplateMistake(f"{path}: expected a template, found a folder")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TemplateMistake(f"{path}: can't be read: {error.strerror}") from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TemplateMistake(f"{path}: expected text in UTF-8, found UTF-16; save it anew as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        found = data[error.start : error.start + 1].hex()
        raise TemplateMistake(f"{path}:{line}: expected text in UTF-8, found the byte 0x{found}") from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise TemplateMistake(f"{path}:{line}: expected text, found a NUL: is it a binary file, or UTF-16?")
    return text


def _stamp(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError:
        return 0, 0
    return stat.st_mtime_ns, stat.st_size
