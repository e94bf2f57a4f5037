"""Cache the results of slow pure functions for a whole test process: hundreds of tests compose the same stories. Errors
are not cached.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import digest.render.lint
from digest.collect.cleaning import normalise
from digest.collect.feeds import xml
from digest.config import json_schema
from digest.curate.summary.sentences import Extractive
from digest.deliver.smtp import dkim
from digest.i18n import catalogue, translator
from digest.models import Article, Edition, RenderedEmail
from digest.render import inline_css, pictures, renderer, subject
from digest.render.lint_tree import LintFinding
from digest.usecases import preflight

if TYPE_CHECKING:
    from PIL.Image import Image

_RESULTS = 1_000
_EMAILS = 500
# A summary does not depend on dates, and the samples have new ones in each run.
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


def remember() -> None:
    """Make articles, summaries, emails and their parts, catalogues, schemas, pictures and keys once for each input."""
    _remember_articles()
    _remember_summaries()
    _remember_emails()
    _remember_pictures()
    _remember_findings()
    # OpenSSL checks that the numbers of a key are prime.
    dkim._load_key = lru_cache(dkim._load_key)
    subject.clean_headline = lru_cache(_RESULTS)(subject.clean_headline)
    json_schema.settings_schema = lru_cache(json_schema.settings_schema)
    catalogue.parse_po = lru_cache(_RESULTS)(catalogue.parse_po)
    renderer.inline = inline_css.inline = lru_cache(_RESULTS)(inline_css.inline)  # type: ignore[attr-defined]


def _remember_articles() -> None:
    xml._feedparser = lru_cache(xml._feedparser)
    clean = lru_cache(_RESULTS)(normalise.clean_article)

    def clean_or_reuse(article: Article, *, sites: Sequence[str] = ()) -> Article:
        # What is cleaned does not depend on these, and the samples have new ones in each run.
        own = {"id": article.id, "published": article.published, "updated": article.updated}
        undated = replace(article, id="", published=_ANY_TIME, updated=None)
        return replace(clean(undated, sites=tuple(sites)), **own)

    normalise.clean_article = clean_or_reuse


def _remember_findings() -> None:
    lint = digest.render.lint.lint
    known: dict[tuple[object, ...], list[LintFinding]] = {}

    def find_or_reuse(
        email: RenderedEmail, edition: Edition | None = None, image_sizes: Mapping[str, int] | None = None
    ) -> list[LintFinding]:
        # The stories' texts are in the email. Their dates differ in each run.
        undated = edition and replace(edition, sections=(), composed_at=None)
        key = (email, repr(undated), repr(image_sizes))
        if key not in known:
            known[key] = lint(email, edition, image_sizes)
        return [*known[key]]

    preflight.lint = digest.render.lint.lint = find_or_reuse


def _remember_summaries() -> None:
    summarise = Extractive.__call__

    @lru_cache(_RESULTS)
    def write(
        language: str,
        words: int,
        articles: tuple[Article, ...],
        title: str,
        background: tuple[tuple[str, float], ...] | None,
        known: str,
    ) -> str:
        frequencies = None if background is None else dict(background)
        return summarise(Extractive(language, words), articles, title=title, background=frequencies, known=known)

    def write_or_reuse(
        self: Extractive,
        articles: Sequence[Article],
        *,
        title: str,
        background: Mapping[str, float] | None = None,
        known: str = "",
    ) -> str:
        undated = tuple(replace(article, published=_ANY_TIME, updated=None) for article in articles)
        frequencies = None if background is None else tuple(background.items())
        return write(self.language, self.words, undated, title, frequencies, known)

    Extractive.__call__ = write_or_reuse  # type: ignore[method-assign]


def _remember_emails() -> None:
    renderer.Renderer.render = _by_content(renderer.Renderer.render)  # type: ignore[method-assign]
    renderer.Renderer.archive_page = _by_content(renderer.Renderer.archive_page)  # type: ignore[method-assign]


def _by_content(render: Callable[..., Any]) -> Callable[..., Any]:
    known: dict[tuple[object, ...], Any] = {}

    def render_or_reuse(self: renderer.Renderer, edition: Edition, *arguments: Any, **options: Any) -> Any:
        own = self._dirs[:-1]
        # The templates of a newsletter change, and its links have its key. Tests of a renderer have one folder.
        if not own or self._clicks or any(folder.is_file() or any(folder.rglob("*")) for folder in own):
            return render(self, edition, *arguments, **options)
        messages = translator(self._branding.language)
        shown = _to_the_minute(repr((self._branding, edition, arguments, options)))
        key = (messages, self._dirs[-1], self._budget, shown)
        found = known.get(key, self)
        if found is self:
            # An email takes a tenth of a megabyte.
            if len(known) >= _EMAILS:
                known.clear()
            found = known[key] = render(self, edition, *arguments, **options)
        return found

    return render_or_reuse


# The clock of a test runs on, and a story's score with it. An email shows no seconds.
_SECONDS = re.compile(r"(datetime\.datetime\((?:\d+, ){4}\d+)[^a-z)]*")
_DECIMALS = re.compile(r"(score=\d+\.\d\d\d)\d+")


def _to_the_minute(text: str) -> str:
    return _DECIMALS.sub(r"\1", _SECONDS.sub(r"\1 ", text))


def _remember_pictures() -> None:
    encode = pictures._encode
    encoded: dict[Any, Any] = {}

    def encode_or_reuse(pixels: Image, slot: pictures.PictureSlot, *, is_drawing: bool) -> Any:
        key = (pixels.tobytes(), pixels.size, slot, is_drawing)
        if key not in encoded:
            encoded[key] = encode(pixels, slot, is_drawing=is_drawing)
        return encoded[key]

    pictures._encode = encode_or_reuse
