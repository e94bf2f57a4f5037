"""A story's summary by the chosen summariser, checked, with the extractive one to fall back on; and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from digest.curate.faithful import faults
from digest.curate.summarisers import Summariser, SummaryError
from digest.curate.summarisers.extractive import Extractive
from digest.models import Article


def tell(
    articles: Sequence[Article],
    *,
    title: str,
    summariser: Summariser | None,
    background: Mapping[str, float],
    known: str = "",
    language: str = "hi",
) -> tuple[str, tuple[str, ...]]:
    """(summary or '', reasons). Words that are not the papers' own are shown only when `faithful` finds no fault."""
    reasons: tuple[str, ...] = ()
    if summariser is not None and summariser.own_words:
        try:
            text = summariser(articles, title=title, background=background, known=known)
            wrong = faults(text, articles, title)
        except SummaryError as error:
            text, wrong = "", [str(error)]
        if not wrong:
            return text, ("summary: in the words of a model, checked against the articles",)
        reasons = (f"summary: extractive, because {wrong[0]}",)
    plain = summariser if summariser is not None and not summariser.own_words else Extractive(language)
    return plain(articles, title=title, background=background, known=known), reasons
