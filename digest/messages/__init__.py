"""The message catalogue: everything that a reader sees and that no article brought along.

Owns the lookup of a language's catalogue. Message ids are English sentences; `LANGUAGE.po` beside this file
holds what they are in that language. Must not hold a sentence itself and must not know a template.
"""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO


@cache
def translator(language: str) -> NullTranslations:
    """The catalogue of `language` (`hi`, `en`, `hi-IN` …); one object per language for the process's life.

    A language without a catalogue gives the English ids themselves, with English plurals. The `.po` file is
    compiled in memory, so that an edit needs no build step and no binary lies in the repository.
    """
    name = language.replace("_", "-").split("-")[0].lower()
    source = files(__name__).joinpath(f"{name}.po")
    if not name.isalpha() or not source.is_file():
        return NullTranslations()

    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    with source.open("rb") as stream:
        write_mo(compiled, read_po(stream, locale=name))
    compiled.seek(0)
    return GNUTranslations(compiled)
