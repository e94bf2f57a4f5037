"""A model within the budget of one edition. It requests each text once, and counts requests and tokens.

A draft is composed again for each preview and each edit. The model's responses are stored with the edition, so
composing again costs nothing, and the texts that an editor saw go out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from digest.curate.summary.types import Model, SummaryError
from digest.messages import Message
from digest.models import Article, ModelUse, RefusedSummary


@dataclass(frozen=True, slots=True)
class ModelTasks:
    """The texts that a model may write besides summaries, and its tokens per edition; None means no limit."""

    budget: int | None = None
    headlines: bool = False
    intro: bool = False


class Metered:
    """A model with its tasks for one edition.

    `before` is its use when the edition was composed earlier, and `known` are its responses then.
    """

    own_words = True

    def __init__(
        self,
        model: Model,
        tasks: ModelTasks | None = None,
        before: ModelUse | None = None,
        known: Mapping[str, str] | None = None,
    ) -> None:
        self._model, self.tasks = model, tasks or ModelTasks()
        self._known = known or {}
        self._answers: dict[str, str] = {}
        self._accepted: dict[str, bool] = {}
        self._last = ""
        self._calls, self._tokens = (before.calls, before.tokens) if before else (0, 0)

    @property
    def tokens(self) -> int:
        """Tokens used for the edition so far."""
        return self._tokens

    @property
    def use(self) -> ModelUse:
        """The model's work for the edition."""
        accepted = sum(self._accepted.values())
        return ModelUse(self._calls, self._tokens, accepted, len(self._accepted) - accepted)

    @property
    def answers(self) -> Mapping[str, str]:
        """Hash of the request → the model's response, for composing the edition again."""
        return dict(self._answers)

    def record_verdict(self, *, accepted: bool) -> None:
        """Record whether the last answer was used or refused. The same answer counts once."""
        self._accepted[self._last] = accepted

    def __call__(
        self,
        articles: Sequence[Article],
        *,
        title: str,
        background: Mapping[str, float] | None,
        known: str,
        refused: RefusedSummary | None = None,
    ) -> str:
        """Return the model's sentences. Raises SummaryError, also when the budget is used up."""
        key = ("summary", title, known, *_texts(articles), *((refused.text, refused.problem) if refused else ()))
        return self._ask(
            key, lambda: self._model(articles, title=title, background=background, known=known, refused=refused)
        )

    def headline(self, articles: Sequence[Article], *, title: str) -> str:
        """Return the model's headline. Raises SummaryError, also when the budget is used up."""
        return self._ask(("headline", title, *_texts(articles)), lambda: self._model.headline(articles, title=title))

    def intro(self, stories: Sequence[tuple[str, str]]) -> str:
        """Return the model's intro for the stories (title, summary). Raises SummaryError like the others."""
        key = ("intro", *(f"{title}\n{summary}" for title, summary in stories))
        return self._ask(key, lambda: self._model.intro(stories))

    def _ask(self, asked: tuple[str, ...], write: Callable[[], str]) -> str:
        text = "\0".join((self._model.name, *asked))
        self._last = key = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
        if key in self._known:
            self._answers[key] = self._known[key]
        if key in self._answers:
            return self._answers[key]
        budget = self.tasks.budget
        if budget is not None and self._tokens >= budget:
            raise SummaryError(
                Message("the edition has used its budget of %(num)s tokens (summary.budget)", num=budget)
            )
        calls, tokens = self._model.calls, self._model.tokens
        try:
            self._answers[key] = write()
        finally:
            self._calls += self._model.calls - calls
            self._tokens += self._model.tokens - tokens
        return self._answers[key]


def _texts(articles: Sequence[Article]) -> tuple[str, ...]:
    return tuple(f"{article.title}\n{article.text}" for article in articles)
