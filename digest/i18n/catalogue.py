"""Message catalogues: read `.po` files, check them, and look up the messages of one language.

Babel parses the files. It accepts broken quotes, repeated messages and stray msgstr rows without a warning, so
`_rows` and `PoCatalogue` reject those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email import message_from_string
from gettext import c2py

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import PoFileError, PoFileParser

from digest.errors import ConfigProblem, ConfigurationError

SOURCE_LANGUAGE = "en"
"""The language of the message ids. It needs no translations."""

_KEYWORDS = {None: '"', "msgid": "i", "msgid_plural": "p", "msgstr": "s"}
_ROW = re.compile(r'(?:(msgid_plural|msgid|msgstr)(\[[0-9]{1,2}\])? +)?"(?:[^"\\]|\\[ntr"\\])*"')
# Entries as the letters of their rows: msgid and msgstr, or msgid, msgid_plural and msgstr[0] to msgstr[n].
_ENTRIES = re.compile('(?:i"*(?:s"*|p"*(?:x"*)+))*')
_PLACEHOLDER = re.compile(r"%\([A-Za-z_][A-Za-z0-9_]{0,40}\)s")
_PLURAL_FORMS = re.compile(r"nplurals\s*=\s*([0-9]{1,2})\s*;\s*plural\s*=\s*([^;]{1,500})")


@dataclass(frozen=True, slots=True)
class PluralRule:
    """How many plural forms a language has, and which one a number takes."""

    count: int
    form: Callable[[int], int]


ENGLISH_PLURAL = PluralRule(2, lambda n: int(n != 1))


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """The bytes of one `.po` file, and the name to use for it in error messages."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class _Translation:
    forms: tuple[str, ...]
    # None for a message without plural.
    rule: PluralRule | None


class PoSyntaxError(Exception):
    """A `.po` file that cannot be parsed. `line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


class PoCatalogue(Catalog):
    """The messages of one file by id, as Babel's parser finds them. Rejects a repeated message, which Babel merges."""

    def __init__(self, plural_rule: PluralRule) -> None:
        super().__init__()
        self.plural_rule = plural_rule
        self.messages: dict[str, Message] = {}

    @property
    def num_plurals(self) -> int:
        return self.plural_rule.count

    def __setitem__(self, id: object, message: Message) -> None:
        key = _ids(message)[0]
        if key in self.messages:
            raise PoSyntaxError(_line(message), f'msgid "{key}" is already on line {_line(self.messages[key])}')
        if key:
            self.messages[key] = message
        else:
            self.plural_rule = _plural_rule(message) or self.plural_rule


class Catalogue:
    """The messages of one language. A missing translation should be added to the file `name`."""

    def __init__(self, language: str, layers: Sequence[CatalogueFile]) -> None:
        """Combine `layers`; a later one overrides an earlier one. Raises ConfigurationError with all problems found."""
        self.language = language
        self.name = layers[-1].name if layers else ""
        self._translations: dict[str, _Translation] = {}
        self._lines: dict[str, int] = {}
        rule = ENGLISH_PLURAL
        problems: list[ConfigProblem] = []
        for layer in layers:
            try:
                file = parse_po(layer.data, rule)
            except PoSyntaxError as error:
                problems.append(ConfigProblem(layer.name, error.line, str(error)))
                continue
            rule = file.plural_rule
            self._lines = {id: _line(message) for id, message in file.messages.items()}
            for id, message in file.messages.items():
                if message.fuzzy or not any(text.strip() for text in _forms(message)):
                    continue
                if reason := _problem(message):
                    problems.append(ConfigProblem(layer.name, _line(message), f'msgid "{id}": {reason}'))
                self._translations[id] = _Translation(_forms(message), rule if message.pluralizable else None)
        if problems:
            raise ConfigurationError(problems)

    def has(self, message: str) -> bool:
        """Whether `message` is translated. In English every message is."""
        return message in self._translations or self.language == SOURCE_LANGUAGE

    def missing(self, template: bytes) -> list[ConfigProblem]:
        """Return the messages of the `.pot` file `template` that have no usable translation."""
        needed = {} if self.language == SOURCE_LANGUAGE else parse_po(template).messages
        found = ((id, self._missing(id, message)) for id, message in needed.items())
        return [
            ConfigProblem(self.name, self._lines.get(id, 0), f'msgid "{id}" {reason}') for id, reason in found if reason
        ]

    def _missing(self, id: str, needed: Message) -> str | None:
        translation = self._translations.get(id)
        if translation is None:
            return "is marked fuzzy or has no text" if id in self._lines else "is missing"
        if needed.pluralizable and not translation.rule:
            return f'needs msgid_plural "{needed.id[1]}"'
        return "has a msgid_plural; remove it" if translation.rule and not needed.pluralizable else None

    def gettext(self, message: str) -> str:
        """Return the translation of `message`, or `message` itself if there is none."""
        translation = self._translations.get(message)
        return translation.forms[0] if translation else message

    def containing(self, word: str) -> list[str]:
        """Return the messages whose translation has a word, in any case of its letters."""
        folded = word.casefold()
        return [id for id, each in self._translations.items() if any(folded in text.casefold() for text in each.forms)]

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """Return the translation for the number `n`, or the English form if there is none."""
        translation = self._translations.get(singular)
        if translation is None or translation.rule is None:
            return singular if n == 1 else plural
        return translation.forms[translation.rule.form(n)]


def parse_po(data: bytes, plural_rule: PluralRule = ENGLISH_PLURAL) -> PoCatalogue:
    """Parse a `.po` file; `plural_rule` applies if its header has none. Raises PoSyntaxError."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PoSyntaxError(data[: error.start].count(b"\n") + 1, "expected text in UTF-8") from error
    catalogue = PoCatalogue(plural_rule)
    try:
        PoFileParser(catalogue, ignore_obsolete=True, abort_invalid=True).parse(_rows(text))
    except PoFileError as error:
        # Babel counts lines from 0 and ends its message with the number.
        reason = str(error).rpartition(" on ")[0]
        if "num_plurals" in reason:
            reason = f"Plural-Forms allows msgstr[0] to msgstr[{catalogue.num_plurals - 1}] only"
        raise PoSyntaxError(error.lineno + 1, reason) from error
    return catalogue


def placeholders(text: str) -> set[str]:
    """Return the placeholders of `text`, such as `%(name)s`."""
    return set(_PLACEHOLDER.findall(text))


def _rows(text: str) -> list[str]:
    """Return the lines of a `.po` file for Babel.

    Raises PoSyntaxError for lines that Babel would accept and misread.
    """
    rows = [line.strip() for line in text.split("\n")]
    numbers, kinds = [], ""
    for number, row in enumerate(rows, 1):
        if not row or row.startswith("#"):
            continue
        match = _ROW.fullmatch(row)
        if match is None:
            raise PoSyntaxError(
                number, f"expected msgid, msgid_plural or msgstr and a text in quotes, found {row[:40]}"
            )
        numbers.append(number)
        kinds += "x" if match[2] else _KEYWORDS[match[1]]
    good = len(_ENTRIES.match(kinds)[0])  # type: ignore[index]
    if good < len(kinds):
        order = "expected msgid and msgstr, or msgid, msgid_plural and msgstr[0], msgstr[1] …, in this order"
        raise PoSyntaxError(numbers[good], order)
    # Of the comments only flags matter. Obsolete entries and source locations may contain anything.
    return [row if row.startswith("#,") or not row.startswith("#") else "" for row in rows]


def _plural_rule(header: Message) -> PluralRule | None:
    """Return the rule in the header of a file, None if it has none. Raises PoSyntaxError."""
    value = message_from_string(_forms(header)[0])["Plural-Forms"]
    if value is None:
        return None
    match = _PLURAL_FORMS.search(value)
    try:
        if match is None:
            raise ValueError("write it as nplurals=2; plural=(n != 1);")
        rule = PluralRule(int(match[1]), c2py(match[2].strip()))
        if any(not 0 <= rule.form(n) < rule.count for n in range(200)):
            raise ValueError("its plural expression gives a form beyond nplurals")
    except (ValueError, ZeroDivisionError, RecursionError, SyntaxError) as error:
        raise PoSyntaxError(_line(header), f"Plural-Forms in the header is invalid: {error}") from error
    return rule


def _problem(message: Message) -> str | None:
    """Return why a translation cannot be used.

    Checks more than Babel's checkers, which allow a placeholder to be dropped.
    """
    expected = set[str]().union(*map(placeholders, _ids(message)))
    for index, text in enumerate(_forms(message)):
        form = f"msgstr[{index}]" if message.pluralizable else "msgstr"
        found = placeholders(text)
        if not text.strip():
            return f"{form} has no text"
        if found != expected:
            needed = ", ".join(sorted(expected)) or "no placeholder"
            return f"{form}: expected {needed}, found {', '.join(sorted(found)) or 'none'}"
        if "%" in _PLACEHOLDER.sub("", text.replace("%%", "")):
            return f"{form}: write a % that starts no placeholder as %%"
    return None


def _ids(message: Message) -> tuple[str, ...]:
    """Return the msgid, and the msgid_plural if there is one."""
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def _forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def _line(message: Message) -> int:
    return message.lineno or 0
