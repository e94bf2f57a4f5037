"""Load templates from folders. A file that cannot be used is an error; the built-in template never replaces it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from jinja2 import BaseLoader, Environment, TemplateNotFound
from jinja2.loaders import split_template_path

from digest.errors import TemplateFault

SUFFIX = ".j2"


class FolderLoader(BaseLoader):
    """Templates of several folders; an earlier folder wins."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)

    def get_source(
        self,
        environment: Environment,  # noqa: ARG002
        template: str,
    ) -> tuple[str, str, Callable[[], bool]]:
        """Raise TemplateMistake if something that is not a template has the template's path."""
        parts = split_template_path(template)
        for folder in self._folders:
            for parent in (folder, *(folder.joinpath(*parts[:depth]) for depth in range(1, len(parts)))):
                if parent.is_file():
                    raise TemplateFault(f"{parent}: expected a folder of templates, found a file")
            path = folder.joinpath(*parts)
            if not path.exists() and not path.is_symlink():
                continue
            text, stamp = _read(path), _stamp(path)
            return text, str(path), lambda path=path, stamp=stamp: _stamp(path) == stamp
        raise TemplateNotFound(template)

    def list_templates(self) -> list[str]:
        """The names of all files that end in `.j2`."""
        found = {
            path.relative_to(folder).as_posix()
            for folder in self._folders
            if folder.is_dir()
            for path in folder.rglob(f"*{SUFFIX}")
            if path.is_file()
        }
        return sorted(found)


def _read(path: Path) -> str:
    """The file's text, without a byte order mark."""
    if path.is_dir():
        raise TemplateFault(f"{path}: expected a template, found a folder")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TemplateFault(f"{path}: cannot be read: {error.strerror}") from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TemplateFault(f"{path}: expected text in UTF-8, found UTF-16; save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        found = data[error.start : error.start + 1].hex()
        raise TemplateFault(f"{path}:{line}: expected text in UTF-8, found the byte 0x{found}") from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise TemplateFault(f"{path}:{line}: expected text, found a NUL character: is it a binary file or UTF-16?")
    return text


def _stamp(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError:
        return 0, 0
    return stat.st_mtime_ns, stat.st_size
