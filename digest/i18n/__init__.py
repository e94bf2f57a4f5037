"""Message catalogues: every text that subscribers and editors see, except those of articles.

Message ids are English sentences. `LANGUAGE.po` in this folder translates them, and a file of the same name in the
newsroom's own `messages/` folder overrides single translations.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from digest.errors import ConfigurationError

if TYPE_CHECKING:
    # It imports Babel, which commands that render nothing should not pay for.
    from digest.i18n.catalogue import Catalogue

__all__ = ["DESK", "PAGES", "REASONS", "TEMPLATE", "bound", "require", "require_pages", "translator", "unused"]

_BUILT_IN = Path(__file__).parent
TEMPLATE = _BUILT_IN / "template.pot"
"""The messages of the email, untranslated: the file to copy for a new catalogue."""

PAGES = _BUILT_IN / "pages.pot"
"""The messages of the reader pages. A catalogue needs them only if the pages are served."""

DESK = _BUILT_IN / "desk.pot"
"""The messages of the desk, which is in Hindi and English."""

REASONS = _BUILT_IN / "reasons.pot"
"""The reasons for the rank of a story, which editors read. A catalogue without them shows them in English."""

_LANGUAGES = frozenset(path.stem for path in _BUILT_IN.glob("*.po"))
_own_folder: Path | None = None


@contextmanager
def bound(folder: Path) -> Iterator[None]:
    """Use `folder` for the newsroom's own catalogues within the block, process-wide (like `bindtextdomain`)."""
    global _own_folder
    before, _own_folder = _own_folder, folder
    try:
        yield
    finally:
        _own_folder = before


def require(language: str) -> None:
    """Raise ConfigurationError if there is no catalogue for `language`. Does not read any."""
    code = _code(language)
    if code in _LANGUAGES or _own(code) is not None:
        return
    wanted = f"{_own_folder.name}/{code}.po" if _own_folder else f"{code}.po"
    available = f"{', '.join(sorted(_LANGUAGES))} are built in"
    if _own_folder and (own := sorted(path.name for path in _own_folder.glob("*.po"))):
        available += f"; {_own_folder.name}/ has {', '.join(own)}"
    reason = (
        f"file not found, but newsletter.language is '{code}' ({available}). "
        f"Copy {TEMPLATE} to {wanted} and translate it; see docs/letter.md"
    )
    raise ConfigurationError.at(wanted, reason)


def unused(language: str, templates: str) -> Iterator[str]:
    """Yield a warning for each own message that nothing uses. `templates` is the text of all own templates."""
    from digest.i18n.catalogue import PoSyntaxError, parse_po

    own = _own(_code(language))
    if own is None:
        return
    known = parse_po((_BUILT_IN / "hi.po").read_bytes()).messages
    try:
        messages = parse_po(own.read_bytes()).messages
    except (OSError, PoSyntaxError):
        # Loading the catalogue reports it.
        return
    for id, message in messages.items():
        if id not in known and id not in templates:
            close = difflib.get_close_matches(id, known, n=1, cutoff=0.8)
            hint = f'; did you mean "{close[0]}"?' if close else ""
            yield f'{own.parent.name}/{own.name}:{message.lineno}: nothing uses the msgid "{id}"{hint}'


def require_pages(language: str) -> None:
    """Raise ConfigurationError if the catalogue of `language` lacks messages of the reader pages."""
    catalogue = translator(language)
    missing = catalogue.missing(PAGES.read_bytes())
    problems = [replace(problem, message=f"{problem.message} (the reader pages need it)") for problem in missing]
    if problems:
        raise ConfigurationError(problems)


def translator(language: str) -> Catalogue:
    """Return the catalogue of `language` (`hi`, `hi-IN` …), own messages over the built-in ones.

    Raises ConfigurationError.

    It is loaded once per process, and again when the newsletter's file changes.
    """
    code = _code(language)
    own = _own(code)
    stat = own.stat() if own else None
    return _load(code, own, (stat.st_mtime_ns, stat.st_size) if stat else None)


# `stamp` is part of the cache key only: an edited file is loaded again.
@lru_cache(maxsize=32)
def _load(code: str, own: Path | None, stamp: object) -> Catalogue:  # noqa: ARG001
    from digest.i18n.catalogue import Catalogue, CatalogueFile

    require(code)
    layers: list[CatalogueFile] = []
    if code in _LANGUAGES:
        layers.append(CatalogueFile(f"digest/i18n/{code}.po", (_BUILT_IN / f"{code}.po").read_bytes()))
    if own:
        name = f"{own.parent.name}/{own.name}"
        try:
            layers.append(CatalogueFile(name, own.read_bytes()))
        except OSError as error:
            raise ConfigurationError.at(name, f"cannot be read: {error.strerror}") from error
    if code not in _LANGUAGES:
        _require_calendar(code)
    catalogue = Catalogue(code, layers)
    if problems := catalogue.missing(TEMPLATE.read_bytes()):
        raise ConfigurationError(problems)
    return catalogue


def _require_calendar(code: str) -> None:
    """Raise ConfigurationError if Babel has no names of days and months."""
    from babel.localedata import exists

    if not exists(code):
        reason = f"'newsletter.language': there are no names of days and months for '{code}'"
        raise ConfigurationError.at("digest.yaml", reason)


def _code(language: str) -> str:
    code = language.replace("_", "-").split("-")[0].lower()
    return code if code.isascii() and code.isalpha() else ""


def _own(code: str) -> Path | None:
    path = _own_folder / f"{code}.po" if _own_folder and code else None
    return path if path and path.exists() else None
