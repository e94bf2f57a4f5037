"""A model within the budget of one edition. It asks once for the same articles and counts what it used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from digest.curate.summary.types import Model, SummaryError
from digest.models import Article, ModelUse


class Metered:
    """`budget` is in tokens, for all stories of the edition; None has no limit."""

    own_words = True

    def __init__(self, model: Model, budget: int | None) -> None:
        self._model, self._budget = model, budget
        self._answers: dict[tuple[str, ...], str] = {}
        self._accepted: dict[tuple[str, ...], bool] = {}
        self._last: tuple[str, ...] = ()
        self._calls = self._tokens = 0

    @property
    def tokens(self) -> int:
        """Tokens used for the edition so far."""
        return self._tokens

    @property
    def use(self) -> ModelUse:
        """What the model did for the edition."""
        accepted = sum(self._accepted.values())
        return ModelUse(self._calls, self._tokens, accepted, len(self._accepted) - accepted)

    def record_verdict(self, *, accepted: bool) -> None:
        """Record whether the last answer was used or refused. The same answer counts once."""
        self._accepted[self._last] = accepted

    def __call__(
        self, articles: Sequence[Article], *, title: str, background: Mapping[str, float] | None, known: str
    ) -> str:
        """Return the model's sentences. Raises SummaryError, also when the budget is used up."""
        key = (title, known, *(f"{article.title}\n{article.text}" for article in articles))
        self._last = key
        if key in self._answers:
            return self._answers[key]
        if self._budget is not None and self._tokens >= self._budget:
            raise SummaryError(f"the edition has used its budget of {self._budget} tokens (summary.budget)")
        before = self._model.tokens
        self._calls += 1
        try:
            self._answers[key] = self._model(articles, title=title, background=background, known=known)
        finally:
            self._tokens += self._model.tokens - before
        return self._answers[key]
