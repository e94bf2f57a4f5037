"""Sentences as data: a message id and its values. The desk can show them in its language.

`Message("%(num)s stories", num=3)` is the text `3 stories`, for the command line, logs and JSON. The store keeps id and
values (`encode`), and the desk translates them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

# How an encoded message begins.
_MARK = '{"msgid": '
# A value in the middle of a sentence.
_INSIDE = re.compile(r"%\(([a-z_0-9]+)\)s(?=[.।)]| \()")


class Message(str):
    """An English sentence that knows its message id and its values. A value may be a message, or a tuple of texts.

    Other texts made of it, such as `f"{message}."`, are plain texts, which nobody can translate.
    """

    __slots__ = ("msgid", "values")

    msgid: str
    values: dict[str, str | tuple[str, ...]]

    def __new__(cls, msgid: str, /, **values: object) -> Message:
        kept = {name: _value(value) for name, value in values.items()}
        texts = {name: ", ".join(value) if isinstance(value, tuple) else value for name, value in kept.items()}
        self = super().__new__(cls, filled(msgid, texts))
        self.msgid, self.values = msgid, kept
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, str | tuple[str, ...]]]:
        """Return the arguments that make a copy."""
        return (self.msgid,), self.values


def _value(value: object) -> str | tuple[str, ...]:
    if isinstance(value, str | tuple):
        return value
    return message_of(value) if isinstance(value, BaseException) else str(value)


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its values. A sentence in the middle of another one loses its full stop."""
    inside = {name: values[name].rstrip(".।") for name in _INSIDE.findall(text) if values[name].endswith((".", "।"))}
    return text % {**values, **inside}


def message_of(error: BaseException) -> str:
    """Return the message with which an error was raised. `str(error)` makes a plain text of it."""
    return error.args[0] if error.args and isinstance(error.args[0], Message) else str(error)


def mapped(text: str, change: Callable[[str], str]) -> str:
    """Return a text after `change`; of a message, each of its values."""
    if not isinstance(text, Message):
        return change(text)
    values = {
        name: tuple(mapped(each, change) for each in value) if isinstance(value, tuple) else mapped(value, change)
        for name, value in text.values.items()
    }
    return Message(text.msgid, **values)


def joined(separator: str, *parts: str) -> str:
    """Join the sentences that are not empty into one text, and keep each as a message."""
    parts = tuple(filter(None, parts))
    if len(parts) == 1 or not any(isinstance(part, Message) for part in parts):
        return parts[0] if len(parts) == 1 else separator.join(parts)
    names = [f"part{number}" for number in range(len(parts))]
    return Message(separator.join(f"%({name})s" for name in names), **dict(zip(names, parts, strict=True)))


def is_joined(message: Message) -> bool:
    """Whether a message consists of several sentences. Some may be another program's."""
    return "part0" in message.values


def encode(text: str) -> str:
    """Return a text for the store: a message as JSON, and any other text as it is."""
    if not isinstance(text, Message):
        if not text.startswith(_MARK):
            return text
        # It only looks like a message.
        text = Message("%(text)s", text=text)
    return json.dumps(_to_json(text), ensure_ascii=False)


def decode(text: str) -> str:
    """Return a text of the store: a message if it was one."""
    if not text.startswith(_MARK):
        return text
    message: Message = _from_json(json.loads(text))
    return message


def _to_json(value: str | tuple[str, ...]) -> Any:
    if isinstance(value, Message):
        return {"msgid": value.msgid, "values": {name: _to_json(each) for name, each in value.values.items()}}
    return [_to_json(each) for each in value] if isinstance(value, tuple) else value


def _from_json(stored: Any) -> Any:
    if isinstance(stored, dict):
        return Message(stored["msgid"], **{name: _from_json(each) for name, each in stored["values"].items()})
    return tuple(map(_from_json, stored)) if isinstance(stored, list) else stored


class _Stored:
    """Tells pydantic to write a text with `encode` and to read it with `decode`."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> CoreSchema:
        from pydantic_core import core_schema

        writes = core_schema.plain_serializer_function_ser_schema(encode)
        return core_schema.no_info_after_validator_function(decode, core_schema.str_schema(), serialization=writes)


StoredText = Annotated[str, _Stored]
"""A text of a JSON document of the store that may be a message."""
