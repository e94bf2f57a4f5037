"""The default summariser: whole sentences of the articles. It needs no service and never fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from digest.curate.summary.second_source import with_another_source
from digest.curate.summary.sentences import summarise
from digest.models import Article


class Extractive:
    """Uses sentences of the leading article, and an attributed one of another source if it adds something."""

    own_words = False

    def __init__(self, language: str = "hi") -> None:
        self.language = language

    def __call__(
        self, articles: Sequence[Article], *, title: str, background: Mapping[str, float] | None = None, known: str = ""
    ) -> str:
        for at, article in enumerate(articles):
            text = summarise(article, title=title, background=background, known=known)
            if text:
                others = [each for each in articles[at + 1 :] if each.source != article.source]
                return with_another_source(
                    article, text, others, title=title, background=background, known=known, language=self.language
                )
        return ""
