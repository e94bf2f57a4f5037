"""The interface of summarisers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from digest.errors import DigestError
from digest.messages import Message
from digest.models import Article, RefusedSummary


class SummaryError(DigestError):
    """A summariser failed; the message is one English sentence. The extractive summary is used instead."""

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message


class Summariser(Protocol):
    """Summarises a story in two or three sentences of its language; '' or SummaryError if it cannot.

    `articles` has the leading article first; `title` is shown above the summary. `background` maps stems to inverse
    document frequencies; `known` is text that subscribers know and that must not be repeated.
    """

    # Whether the words are the summariser's own and must be checked against the articles.
    own_words: bool

    def __call__(
        self, articles: Sequence[Article], *, title: str, background: Mapping[str, float] | None, known: str
    ) -> str: ...


class Model(Protocol):
    """A summariser with words of its own, which also writes headlines and intros.

    `calls` and `tokens` are totals so far.
    """

    own_words: bool

    calls: int
    tokens: int
    # Identifies the model and its settings.
    name: str

    def __call__(
        self,
        articles: Sequence[Article],
        *,
        title: str,
        background: Mapping[str, float] | None,
        known: str,
        refused: RefusedSummary | None,
    ) -> str:
        """Return a summary like a Summariser. `refused` is the model's first one, if it must write another."""
        ...

    def headline(self, articles: Sequence[Article], *, title: str) -> str:
        """Return another headline than `title` for the story, on one line. Raises SummaryError."""
        ...

    def intro(self, stories: Sequence[tuple[str, str]]) -> str:
        """Return two or three sentences about an edition's stories (title, summary). Raises SummaryError."""
        ...
