"""Render the pages in the newsletter's language or, by `?lang=`, in English (else Hindi). No cookie is needed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import time
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, urlencode, urlsplit
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from digest.curate.section_names import translated_sections
from digest.errors import StoreError
from digest.hindi import dates
from digest.i18n import require_pages, translator
from digest.render.environment import localise, make_environment
from digest.render.template_errors import explain
from digest.render.texts import devanagari_digits_in_html, devanagari_digits_in_text
from digest.render.themes import Branding
from digest.web.consent import consent_wording

if TYPE_CHECKING:
    from digest.i18n.catalogue import Catalogue

# What the address of a picture has on a page. Mail programs get the file itself.
ON_PAGE = "at=page"
_PICTURE = re.compile(r'(/picture/[0-9a-f]{40}@digest)"')

# Seconds
_RETRY_AFTER = "120"

TEMPLATES = Path(__file__).parent / "templates"
"""The built-in templates."""

CUSTOM_TEMPLATES = "templates/pages"
"""Where a newsletter folder has its own templates."""

PAGE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "A page.", "content": {"text/html": {}}},
    "4XX": {"description": "A page that explains the error.", "content": {"text/html": {}, "text/plain": {}}},
    "5XX": {"description": "A server error.", "content": {"text/html": {}, "text/plain": {}}},
}
"""The OpenAPI description of the responses of every route that answers with a page."""

MAY_GO_BACK = "private, no-cache"
"""The Cache-Control of the response of a POST to which people go back. With `no-store` browsers show an error there."""

REDIRECTS: dict[str, Any] = {"responses": {303: {"description": "Done. The page that the redirect opens says so."}}}
"""What a route that redirects after a POST adds to its description."""

Done = Annotated[str, Query(description="What was done before; chooses a message")]
Language = Annotated[str, Query(description="`hi` or `en`; anything else selects the newsletter's language")]


async def language_parameter(lang: Language = "") -> str:
    """Declare the query parameter that every page accepts. Async, so that FastAPI runs it without a thread."""
    return lang


def page_routes(tag: str, prefix: str = "", access: Sequence[Any] = ()) -> APIRouter:
    """Return a router of pages, which accept the language parameter. `access` are dependencies that may refuse."""
    return APIRouter(
        prefix=prefix,
        tags=[tag],
        responses=PAGE_RESPONSES,
        dependencies=[Depends(language_parameter), *access],
        default_response_class=HTMLResponse,
    )


class Pages:
    """The pages of one newsletter; `base` is their public address. Raises ConfigurationError.

    Templates in the `custom` folder override the built-in ones; all are read once. `archive` is the setting
    `web.archive`, `send_at` the hour of a newsletter with one daily edition, `minimum_age` the age that a new
    subscriber confirms, `topics` the newsroom's descriptions of topics.
    """

    def __init__(
        self,
        branding: Branding,
        base: str,
        *,
        archive: str,
        signup: bool,
        send_at: time | None = None,
        minimum_age: int = 18,
        topics: Mapping[str, str] | None = None,
        custom: Path | None = None,
    ) -> None:
        first = branding.language
        self.languages = (first, "hi" if first == "en" else "en")
        for language in self.languages:
            require_pages(language)
        self.branding = branding
        self.minimum_age = minimum_age
        self.base = base
        self.root = urlsplit(base).path.rstrip("/")
        folders = [custom, TEMPLATES] if custom else [TEMPLATES]
        self._environments = {language: make_environment(folders, language) for language in self.languages}
        for environment in self._environments.values():
            environment.auto_reload = False
        # Looked up once for a page: a newsroom's own catalogue is a file that may change.
        self._catalogues = {language: translator(language) for language in self.languages}
        self._localised = {
            language: localise(partial(self._catalogues.__getitem__, language)) for language in self.languages
        }
        self._topics = {language: describe_topics(topics or {}, first, language) for language in self.languages}
        self.zone = ZoneInfo(branding.timezone)
        self._common = {
            "branding": branding,
            "root": self.root,
            # Whether past editions can be read, and whether the archive is public.
            "archive": archive != "off",
            "feeds": archive == "public",
            "for_subscribers": archive == "subscribers",
            "signup": signup,
            "send_at": send_at,
            "read": "",
            "meta": None,
            "edition_path": edition_path,
            "story_path": story_path,
            "topic_path": topic_path,
            "picture_of": self.picture,
        }

    @cached_property
    def css(self) -> str:
        """The stylesheet, in the colours of the email."""
        theme = self.branding.theme
        values = {"light": theme.light, "dark": theme.dark, "theme": theme.look}
        return self._render("pages.css.j2", self.languages[0], values)

    @cached_property
    def css_version(self) -> str:
        """A hash of the stylesheet, so that browsers can cache it until it changes."""
        return hashlib.sha256(self.css.encode()).hexdigest()[:12]

    def language(self, request: Request) -> str:
        requested = request.query_params.get("lang", "")
        return requested if requested in self.languages else self.languages[0]

    def catalogue(self, request: Request) -> Catalogue:
        """Return the messages in the language of the response."""
        return translator(self.language(request))

    def agreement(self, language: str) -> str:
        """Return the wording that a subscriber agrees to, as the sign-up shows it and the consent log records it."""
        return consent_wording(language, self.branding.name, self.minimum_age)

    def path(self, place: str, language: str, **query: str) -> str:
        """Return the path that links to a page such as `/join` in this language."""
        if language != self.languages[0]:
            query["lang"] = language
        return f"{self.root}{place}" + (f"?{urlencode(query)}" if query else "")

    def absolute_url(self, place: str, language: str) -> str:
        """Return the full address of a page, for emails."""
        return self.base + self.path(place, language).removeprefix(self.root)

    def picture(self, url: str) -> str:
        """Return the address of a stored image; '' for an image on another site, which would learn of the visit."""
        return f"{self.root}/picture/{url.removeprefix('cid:')}?{ON_PAGE}" if url.startswith("cid:") else ""

    def response(self, request: Request, template: str, here: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Respond with a page. `here` is its path, for the link to the other language."""
        language = self.language(request)
        html = self.render(template, language, here=here, **values)
        headers = {"content-language": language}
        # A form with an error. Nothing was changed, so it is the response and not a redirect.
        if request.method == "POST" and status >= 400:
            headers["cache-control"] = MAY_GO_BACK
        return HTMLResponse(html, status, headers=headers)

    def error(
        self, request: Request, status: int, title: str, advice: str = "", *, offers_link: bool = False
    ) -> HTMLResponse:
        """Respond with a page that explains an error. `offers_link`: how to get another link by email."""
        values = {"missing": status == 404, "title": title, "advice": advice, "offers_link": offers_link}
        return self.response(request, "problem.html.j2", "/", status=status, **values)

    def server_error(self, request: Request, error: Exception) -> HTMLResponse:
        """Respond with 503 if the store is temporarily unavailable, else 500."""
        catalogue = self.catalogue(request)
        if isinstance(error, StoreError):
            advice = catalogue.gettext("Nothing has changed. Please try again in a few minutes.")
            response = self.error(request, 503, catalogue.gettext("This does not work right now"), advice)
            response.headers["retry-after"] = _RETRY_AFTER
            return response
        advice = catalogue.gettext("Please try again later, or write to us.")
        return self.error(request, 500, catalogue.gettext("Something went wrong here"), advice)

    def render(self, template: str, language: str, **values: Any) -> str:
        """Render a template of a page or an email in this language. Raises TemplateProblem."""

        def url(place: str, **query: str) -> str:
            return self.path(place, language, **query)

        self._catalogues[language] = translator(language)
        other = next(each for each in self.languages if each != language)
        here = values.get("here", "/")
        defaults = {
            "language": language,
            "direction": "rtl" if language in ("ur", "ks", "sd") else "ltr",
            "url": url,
            "day": lambda day: dates.day(day, language),
            "long_day": lambda day: dates.long(day, language),
            "date_of": lambda moment: dates.long(moment.astimezone(self.zone).date(), language),
            "weekday": lambda day: dates.weekday(day, language),
            "month_name": lambda day: dates.month(day, language),
            # Year 0 never matches, so the year is always written.
            "moment": lambda moment: dates.absolute(moment.astimezone(self.zone), 0, language),
            "clock": lambda hour: dates.hour(hour, language),
            "style": f"{self.root}/style.css?v={self.css_version}",
            "hour": lambda hour: dates.hour(hour, language),
            "zone_name": lambda zone: zone_name(zone, translator(language)),
            "privacy_link": self.absolute_url("/privacy", language),
            "about_topics": self._topics[language],
            "other": other,
            "other_name": translator(other).gettext("English"),
            "other_here": self.path(here, other),
            "personal": True,
            **self._localised[language],
        }
        return self._with_digits(
            template, language, self._render(template, language, {**self._common, **defaults, **values})
        )

    def _render(self, template: str, language: str, values: Mapping[str, Any]) -> str:
        environment = self._environments[language]
        try:
            return environment.get_template(template).render(values)
        except Exception as error:
            raise explain(error, template, environment, values) from error

    def _with_digits(self, template: str, language: str, text: str) -> str:
        """Return the page or email with the digits of the newsletter's theme."""
        if self.branding.theme.digits != "deva" or language == "en":
            return text
        return devanagari_digits_in_html(text) if ".html." in template else devanagari_digits_in_text(text)


def with_page_pictures(html: str) -> str:
    """Return the HTML of an email or an article with the addresses that its pictures have on a page."""
    return _PICTURE.sub(rf'\1?{ON_PAGE}"', html)


def zone_name(zone: str, catalogue: Catalogue) -> str:
    """Return a time zone in words: India by its country, all others by their city."""
    if zone in ("Asia/Kolkata", "Asia/Calcutta"):
        return catalogue.gettext("India")
    return zone.rpartition("/")[2].replace("_", " ")


def redirect(pages: Pages, request: Request, place: str, **query: str) -> RedirectResponse:
    """Redirect to a page after a POST, in the same language, so that going back and reloading repeat nothing."""
    return RedirectResponse(pages.path(place, pages.language(request), **query), status_code=303)


def edition_path(key: str) -> str:
    """Return the path of an edition's page."""
    return f"/archive/{quote(key, safe='')}"


def story_path(thread: str) -> str:
    """Return the path of a story's page."""
    return f"/story/{quote(thread, safe='')}"


def topic_path(name: str) -> str:
    """Return the path of a topic's page."""
    return f"/topic/{quote(name, safe='')}"


def describe_topics(own: Mapping[str, str], newsletter: str, language: str) -> dict[str, str]:
    """Return topic → its description in the language of a page.

    `own` has the newsroom's, `newsletter` is its language.
    """
    _ = translator(language).gettext
    built_in = {
        "देश": _("States, cities, what governments decide"),
        "दुनिया": _("The big news from other countries"),
        "राजनीति": _("Parties, parliament, elections"),
        "व्यापार": _("Markets, jobs, prices"),
        "विज्ञान": _("Discoveries, technology, space"),
        "खेल": _("Matches, players, results"),
        "मनोरंजन": _("Cinema, music, books"),
        "स्वास्थ्य": _("Diseases, treatment, prevention"),
        "शिक्षा": _("Exams, schools, scholarships"),
    }
    names = translated_sections(newsletter)
    return {**{names.get(section, section): about for section, about in built_in.items()}, **own}
