"""Turns a template and values into a page in the language that was asked for. Knows no route and no reader.

Hindi, or the newsletter's own language, and English by one switch (`?lang=en`), which links and forms carry on: there
is no cookie to keep it in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode, urlsplit

from fastapi import Query, Request
from fastapi.responses import HTMLResponse

from digest.errors import StoreError
from digest.hindi import dates
from digest.messages import require_pages, translator
from digest.render.environment import localised, make_environment
from digest.render.masthead import Branding
from digest.render.mistakes import explain

if TYPE_CHECKING:
    from digest.messages.catalogue import Catalogue

_RETRY_AFTER = "120"  # seconds
_ANY_DAY = date(2026, 1, 1)
TEMPLATES = Path(__file__).parent / "templates"
"""Ours."""

OWN = "templates/pages"
"""Where a newsletter folder holds its own."""

PAGE: dict[int | str, dict[str, Any]] = {
    200: {"description": "A page.", "content": {"text/html": {}}},
    "4XX": {"description": "A page that says what is wrong.", "content": {"text/html": {}, "text/plain": {}}},
    "5XX": {"description": "Something is wrong here.", "content": {"text/html": {}, "text/plain": {}}},
}
"""What a route that answers with a page tells OpenAPI of its answers."""


Asked = Annotated[str, Query(description="`hi` or `en`; anything else is the newsletter's own")]


async def language_asked(lang: Asked = "") -> str:
    """The query parameter that every page takes, for the routers' dependencies. Async: it needs no thread."""
    return lang


class Pages:
    """The pages of one newsletter. `base` is the address under which readers reach them, without a slash at its end;
    `own` the folder whose templates go before ours. Templates are read once.
    Raises ConfigurationError for a language whose catalogue lacks what the pages say."""

    def __init__(self, masthead: Branding, base: str, *, archive: bool, signup: bool, own: Path | None = None) -> None:
        first = masthead.language
        self.languages = (first, "hi" if first == "en" else "en")
        for language in self.languages:
            require_pages(language)
        self.masthead = masthead
        self.base = base
        self.root = urlsplit(base).path.rstrip("/")
        folders = [own, TEMPLATES] if own else [TEMPLATES]
        self._environments = {language: make_environment(folders, language) for language in self.languages}
        for environment in self._environments.values():
            environment.auto_reload = False
        self._chrome = {"masthead": masthead, "root": self.root, "archive": archive, "signup": signup}

    @cached_property
    def css(self) -> str:
        """The one style sheet, in the colours of the letter."""
        theme = self.masthead.theme
        values = {"light": theme.light, "dark": theme.dark, "theme": theme.look}
        return self._rendered("pages.css.j2", self.languages[0], values)

    @cached_property
    def css_mark(self) -> str:
        """Changes when the style sheet does, so that browsers may keep it."""
        return hashlib.sha256(self.css.encode()).hexdigest()[:12]

    def language(self, request: Request) -> str:
        if not request.scope["query_string"]:
            return self.languages[0]
        asked = request.query_params.get("lang", "")
        return asked if asked in self.languages else self.languages[0]

    def words(self, request: Request) -> Catalogue:
        return translator(self.language(request))

    def path(self, place: str, language: str, **query: str) -> str:
        """A place of ours, such as `/join`, as pages link to it in this language."""
        if language != self.languages[0]:
            query["lang"] = language
        return f"{self.root}{place}" + (f"?{urlencode(query)}" if query else "")

    def show(self, request: Request, template: str, here: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A page. `here` is the place under which it can be looked at again, for the switch of language."""
        language = self.language(request)
        html = self.fill(template, language, here=here, **values)
        return HTMLResponse(html, status, headers={"content-language": language})

    def fill(self, template: str, language: str, **values: Any) -> str:
        """A template with its values in this language; for mails too. Raises TemplateMistake."""

        def url(place: str, **query: str) -> str:
            return self.path(place, language, **query)

        words = translator(language)
        other = next(each for each in self.languages if each != language)
        here = values.get("here", "/")
        rest = {
            "language": language,
            "direction": "rtl" if language in ("ur", "ks", "sd") else "ltr",
            "url": url,
            "day": lambda day: dates.day(day, language),
            "clock": lambda hour: dates.clock(datetime.combine(_ANY_DAY, hour), language),
            "style": f"{self.root}/style.css?v={self.css_mark}",
            "other": other,
            "other_name": translator(other).gettext("English"),
            "other_here": self.path(here, other),
            "personal": True,
            **localised(lambda: words),
        }
        return self._rendered(template, language, {**self._chrome, **rest, **values})

    def _rendered(self, template: str, language: str, values: Mapping[str, Any]) -> str:
        environment = self._environments[language]
        try:
            return environment.get_template(template).render(values)
        except Exception as error:
            raise explain(error, template, environment, values) from error

    def failed(self, request: Request, error: Exception) -> HTMLResponse:
        """A page that says that what was asked for was not done: a fault of ours, or the store can't be written now."""
        words = self.words(request)
        if isinstance(error, StoreError):
            said = words.gettext("Nothing has changed. Please try once more in a few minutes.")
            answer = self.problem(request, 503, words.gettext("That can't be done just now"), said)
            answer.headers["retry-after"] = _RETRY_AFTER
            return answer
        said = words.gettext("Please try once more in a while, or write to us.")
        return self.problem(request, 500, words.gettext("Something went wrong here"), said)

    def problem(self, request: Request, status: int, title: str, said: str = "") -> HTMLResponse:
        """A page that says what is wrong."""
        return self.show(request, "problem.html.j2", "/", status=status, title=title, said=said)
