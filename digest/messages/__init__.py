"""The message catalogue: everything that a reader sees and that no article brought along.

Owns the lookup of a language's catalogue. Message ids are English sentences; `LANGUAGE.po` beside this file, and in
the newsroom's own folder, holds what they are in that language. Must not hold a sentence itself and must not know a
template.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from digest.errors import ConfigurationError, Fault
from digest.messages.catalogue import SOURCE_LANGUAGE, Catalogue, Layer, build

__all__ = ["PAGES", "TEMPLATE", "Catalogue", "bound", "require", "require_pages", "translator"]

_OURS = Path(__file__).parent
TEMPLATE = _OURS / "template.pot"
"""Every message without its translation: what a new catalogue is copied from."""

PAGES = _OURS / "pages.pot"
"""What the reader pages say beyond the letter: a catalogue needs it where the pages are served."""

_folder: Path | None = None


@contextmanager
def bound(folder: Path) -> Iterator[None]:
    """Within the block `folder` is where the newsroom's own catalogues lie, for the whole process: gettext's
    `bindtextdomain`, undone at the end. The composition root alone calls it."""
    global _folder
    before, _folder = _folder, folder
    try:
        yield
    finally:
        _folder = before


def require(language: str) -> None:
    """Raises ConfigurationError where neither the newsroom nor we have a catalogue of `language`. Reads none."""
    code = _code(language)
    if not _ours(code).is_file() and not (own := _own(code)):
        wanted = f"{_folder.name}/{code}.po" if _folder else f"{code}.po"
        there = sorted(path.stem for path in _OURS.glob("*.po"))
        theirs = sorted(path.name for path in _folder.glob("*.po")) if _folder and _folder.is_dir() else []
        also = f"; {_folder.name}/ holds {', '.join(theirs)}" if own is None and theirs and _folder else ""
        said = (
            f"there is no such file, and newsletter.language is '{code}': {', '.join(there)} come with us{also}. "
            f"Make it from {TEMPLATE}, as docs/templates.md says"
        )
        raise ConfigurationError([Fault(wanted, 0, said)])


def require_pages(language: str) -> None:
    """Raises ConfigurationError where the catalogue of `language` lacks what the reader pages say."""
    words = translator(language)
    faults = [Fault(words.name, 0, f"{fault} (web pages need it)") for fault in words.lacking(PAGES.read_bytes())]
    if faults:
        raise ConfigurationError(faults)


def translator(language: str) -> Catalogue:
    """The catalogue of `language` (`hi`, `mr`, `hi-IN` …), the newsroom's own messages over ours.

    One object per language until its file changes. Raises ConfigurationError for a language without a catalogue and
    for whatever is wrong in one, every fault with its line.
    """
    require(language)
    code = _code(language)
    own = _own(code)
    stat = own.stat() if own else None
    return _load(code, own, (stat.st_mtime_ns, stat.st_size) if stat else None)


@lru_cache(maxsize=32)
def _load(code: str, own: Path | None, stamp: object) -> Catalogue:  # noqa: ARG001  # an edited file is another one
    ours = _ours(code)
    layers = [Layer(f"digest/messages/{code}.po", ours.read_bytes())] if ours.is_file() else []
    if own:
        name = f"{own.parent.name}/{own.name}"
        try:
            layers.append(Layer(name, own.read_bytes()))
        except OSError as error:
            raise ConfigurationError([Fault(name, 0, f"can't be read: {error.strerror}")]) from error
    if not ours.is_file():
        _calendar(code)
    return build(code, layers, None if code == SOURCE_LANGUAGE else TEMPLATE.read_bytes())


def _calendar(code: str) -> None:
    """Raises ConfigurationError where Babel has no names of days and months."""
    from babel.localedata import exists

    if not exists(code):
        said = f"'newsletter.language': there are no names of days and months for '{code}'"
        raise ConfigurationError([Fault("digest.yaml", 0, said)])


def _code(language: str) -> str:
    code = language.replace("_", "-").split("-")[0].lower()
    return code if code.isascii() and code.isalpha() else ""


def _ours(code: str) -> Path:
    return _OURS / f"{code}.po"


def _own(code: str) -> Path | None:
    path = _folder / f"{code}.po" if _folder and code else None
    return path if path and path.exists() else None
