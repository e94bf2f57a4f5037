"""The table of summarisers: one file and one row each. No rule about summaries: `telling` checks them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol

from digest.errors import DigestError
from digest.models import Article

SUMMARISERS: dict[str, str] = {
    "extractive": "digest.curate.summarisers.extractive:Extractive",
    "openai": "digest.curate.summarisers.openai:OpenAI",
}
"""Name in the settings → `module:class`."""


class SummaryError(DigestError):
    """A summariser could not do it; the message is one English sentence. The extractive summary is used instead."""


class Summariser(Protocol):
    """Tells a story in two or three sentences of its language; '' or SummaryError when it can't.

    `articles` are those to be told of, the leading one first; `title` is what will stand above. `background` maps
    stems to inverse document frequencies; `known` is text that readers had before, not to be told again.
    """

    own_words: bool
    """Whether the words are the summariser's own, and have to be checked against the articles'."""

    def __call__(
        self, articles: Sequence[Article], *, title: str, background: Mapping[str, float] | None, known: str
    ) -> str: ...


def load(name: str) -> Any:
    """The class for a name of the table."""
    module, _, attribute = SUMMARISERS[name].partition(":")
    return getattr(import_module(module), attribute)
