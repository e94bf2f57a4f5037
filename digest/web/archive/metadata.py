"""Metadata of a page for search engines and link previews: canonical URL, description, picture and JSON-LD."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from markupsafe import Markup

from digest.web.pages import edition_path, story_path

if TYPE_CHECKING:
    from fastapi import Request

    from digest.render.themes import Editor
    from digest.store.content.archive import ArchivedEdition, ArchivedStory
    from digest.web.pages import Pages

CARD_SIZE = (1200, 630)
"""Pixels of the picture of a link preview, in the proportions that WhatsApp, Facebook and X show whole."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """Values that `page.html.j2` prints into the head. Addresses are absolute; `image` is '' without a picture."""

    canonical: str
    title: str
    description: str
    kind: str = "website"
    image: str = ""
    published: str = ""
    modified: str = ""
    # (language, address) of the same page in each language, if its whole text is translated.
    alternates: tuple[tuple[str, str], ...] = ()
    json_ld: Markup = field(default_factory=Markup)


def of_edition(pages: Pages, found: ArchivedEdition, *, card: bool) -> Metadata:
    """Return the metadata of an edition. With `card` its picture carries the headline."""
    address = pages.base + edition_path(found.key)
    image = _edition_card(pages, found.key) if card else ""
    return _article(
        pages, address, found.title, found.description, image, published=found.at, modified=found.modified, based_on=()
    )


def of_story(
    pages: Pages, thread: Sequence[ArchivedStory], published: datetime, modified: datetime, *, card: bool
) -> Metadata:
    """Return the metadata of a story's page: the newest headline, and the reports that it is based on."""
    newest = thread[0]
    address = pages.base + story_path(newest.thread)
    image = f"{pages.base}/card/story/{quote(newest.thread, safe='')}.jpg" if card else ""
    based_on = list(dict.fromkeys(source.url for source in newest.sources if source.url))
    description = newest.summary or newest.title
    return _article(
        pages, address, newest.title, description, image, published=published, modified=modified, based_on=based_on
    )


def home_metadata(pages: Pages, request: Request, *, card_of: str | None = None) -> Metadata:
    """Return the metadata of the home page, which is also the sign-up form. It is in two languages.

    Its picture is the card of the edition `card_of`, if there is one.
    """
    words = pages.catalogue(request).gettext("%(name)s comes by email: a short selection of the day's news.")
    image = _edition_card(pages, card_of) if card_of else ""
    return _translated(pages, request, "/", pages.branding.name, words % {"name": pages.branding.name}, image)


def privacy_metadata(pages: Pages, request: Request) -> Metadata:
    """Return the metadata of the privacy notice. It is in two languages."""
    _, name = pages.catalogue(request).gettext, {"name": pages.branding.name}
    words = _("This page says what %(name)s keeps about you, what for and how long, and what you can do about it.")
    return _translated(pages, request, "/privacy", f"{_('Your privacy')} · {pages.branding.name}", words % name)


def alternates(pages: Pages, path: str) -> tuple[tuple[str, str], ...]:
    """Return (language, address) of a page whose whole text is translated, itself included, and of the default.

    The archive's pages are not among them: only their frame is in English, so that form is a duplicate.
    """
    by_language = {each: pages.absolute_url(path, each) for each in pages.languages}
    return (*by_language.items(), ("x-default", by_language[pages.languages[0]]))


def _translated(pages: Pages, request: Request, path: str, title: str, description: str, image: str = "") -> Metadata:
    address = pages.absolute_url(path, pages.language(request))
    return Metadata(address, title, description, image=image, alternates=alternates(pages, path))


def json_ld(value: Mapping[str, Any]) -> Markup:
    """Return JSON that is safe inside a script element: no text of a source can end the element."""
    text = json.dumps(value, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(text)  # noqa: S704 (escaped above)


def publisher(pages: Pages) -> dict[str, Any]:
    """Return the newsroom as schema.org's Organization."""
    organisation: dict[str, Any] = {"@type": "Organization", "name": pages.branding.name, "url": f"{pages.base}/"}
    if pages.branding.theme.logo:
        organisation["logo"] = {"@type": "ImageObject", "url": pages.branding.theme.logo}
    return organisation


def _person(editor: Editor) -> dict[str, Any]:
    person = {"@type": "Person", "name": editor.name, "description": editor.about, "url": editor.url}
    return {name: value for name, value in person.items() if value}


def _edition_card(pages: Pages, key: str) -> str:
    return f"{pages.base}/card/edition/{quote(key, safe='')}.jpg"


def _article(
    pages: Pages,
    address: str,
    title: str,
    description: str,
    image: str,
    *,
    published: datetime,
    modified: datetime,
    based_on: Sequence[str],
) -> Metadata:
    organisation = publisher(pages)
    first, last = (moment.astimezone(pages.zone).isoformat(timespec="seconds") for moment in (published, modified))
    values: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": title,
        "description": description,
        "url": address,
        "mainEntityOfPage": {"@type": "WebPage", "@id": address},
        "datePublished": first,
        "dateModified": last,
        "inLanguage": pages.branding.language,
        "isAccessibleForFree": True,
        "author": organisation,
        "publisher": organisation,
    }
    if pages.branding.editors:
        values["editor"] = [_person(each) for each in pages.branding.editors]
    if image:
        width, height = CARD_SIZE
        values["image"] = [{"@type": "ImageObject", "url": image, "width": width, "height": height}]
    if based_on:
        values["isBasedOn"] = list(based_on)
    return Metadata(
        canonical=address,
        title=title,
        description=description,
        kind="article",
        image=image,
        published=first,
        modified=last,
        json_ld=json_ld(values),
    )
