"""A language's messages: ours with the newsroom's own laid over them. Judges them; must not decide where they lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from gettext import NullTranslations

from digest.errors import ConfigurationError, Fault
from digest.messages.pofile import Broken, Message, plural_forms, read, wrong

SOURCE_LANGUAGE = "en"
"""The language of the message ids: it needs no catalogue."""


@dataclass(frozen=True, slots=True)
class Layer:
    """The bytes of one catalogue and the name that faults call it by."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class _Entry:
    strings: tuple[str, ...]
    form: Callable[[int], int]


class Catalogue(NullTranslations):
    """gettext's face over the messages of `language`; `name` is the file in which a missing one is to be written.

    What it does not hold comes back as it was asked for; `has` tells beforehand.
    """

    def __init__(self, language: str, name: str, entries: dict[str, _Entry]) -> None:
        super().__init__()
        self.language = language
        self.name = name
        self._entries = entries

    def has(self, message: str) -> bool:
        """Whether `message` can be said in this language; English ids always can in English."""
        return message in self._entries or self.language == SOURCE_LANGUAGE

    def lacking(self, needed: bytes) -> list[str]:
        """A sentence for each message of the template `needed` that can't be said in this language."""
        if self.language == SOURCE_LANGUAGE:
            return []
        there = ((message, self._entries.get(message.id)) for message in read(needed) if message.id)
        return [f'msgid "{message.id}" is missing' for message, entry in there if not _fits(entry, message)]

    def gettext(self, message: str) -> str:
        entry = self._entries.get(message)
        return entry.strings[0] if entry else message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        entry = self._entries.get(msgid1)
        if entry is None:
            return msgid1 if n == 1 else msgid2
        return entry.strings[entry.form(n)] if len(entry.strings) > 1 else entry.strings[0]


def build(language: str, layers: Sequence[Layer], needed: bytes | None) -> Catalogue:
    """The catalogue out of `layers`, a later one over an earlier. Raises ConfigurationError with every fault.

    `needed` is the template: each of its messages must be there, unless it is None.
    """
    entries: dict[str, _Entry] = {}
    lines: dict[str, int] = {}
    faults: list[Fault] = []
    forms: tuple[int, Callable[[int], int]] = (2, lambda n: int(n != 1))
    for layer in layers:
        lines = {}
        try:
            messages = read(layer.data)
            header = next((message for message in messages if not message.id), None)
            forms = (plural_forms(header) if header else None) or forms
        except Broken as error:
            faults.append(Fault(layer.name, error.line, str(error)))
            continue
        for message in messages:
            if not message.id:
                continue
            lines[message.id] = message.line
            said = [text for text in message.strings.values() if text.strip()]
            if not said or message.fuzzy:
                continue
            what = wrong(message, forms[0]) or ("" if len(said) == len(message.strings) else "a form is empty")
            if what:
                faults.append(Fault(layer.name, message.line, f'msgid "{message.id}": {what}'))
            else:
                entries[message.id] = _Entry(tuple(text for _, text in sorted(message.strings.items())), forms[1])
    name = layers[-1].name if layers else ""
    if needed is not None and not faults:
        for message in read(needed):
            if message.id and not _fits(entries.get(message.id), message):
                what = "is marked fuzzy or has no text" if message.id in lines else "is missing"
                faults.append(Fault(name, lines.get(message.id, 0), f'msgid "{message.id}" {what}'))
    if faults:
        raise ConfigurationError(faults)
    return Catalogue(language, name, entries)


def _fits(entry: _Entry | None, needed: Message) -> bool:
    return entry is not None and (bool(needed.plural) or len(entry.strings) == 1)
