"""What templates are handed: an edition made ready to print, every text cleaned, every date in words.

Owns the decisions of layout that are not looks: which story is the lead, what its meta line says, which
picture may be shown. Must not hold markup. The fields of Page are the names that a template may use.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from digest.hindi import cut, dates, reading
from digest.messages import translator
from digest.models import Edition, Image, Story
from digest.render import briefs, clean
from digest.render.colour import Palette
from digest.render.links import Links, links
from digest.render.masthead import Masthead
from digest.render.stops import alike
from digest.render.subject import date_only
from digest.render.themes import Look

if TYPE_CHECKING:
    from digest.messages.catalogue import Catalogue

LEAD_WIDTH = 544
THUMB_WIDTH = 112
ALT_LIMIT = 60
COARSEST = 0.7
"""Share of its slot that a picture's own width may have: a smaller one would be blown up and blurred."""
NBSP = "\u00a0"
"""Keeps 'शाम 7:26 बजे' and '2 अन्य' on one line, where a phone's column would leave the last word alone."""
_SLIMMEST = 4
_CID = re.compile(r"cid:[0-9a-f]{40}@digest")
_RIGHT_TO_LEFT = frozenset({"ar", "fa", "ks", "sd", "ur"})


@dataclass(frozen=True, slots=True)
class Picture:
    """An https or cid: picture for a slot: `width` in pixels of the letter, `height` '' when the file's isn't known."""

    url: str
    alt: str
    width: int
    height: int | str
    tall: bool


@dataclass(frozen=True, slots=True)
class Item:
    """A story as printed. `names` are its sources in words, `meta` those and when; each may be ''.

    `url` is '' when there is nothing to link to, `lang` when the language is the letter's own, `direction` when it
    runs as the letter does.
    """

    title: str
    summary: str
    url: str
    label: str
    names: str
    meta: str
    sources: int
    picture: Picture | None
    lang: str
    direction: str


@dataclass(frozen=True, slots=True)
class Group:
    """A section as printed: without the lead and the stories told in brief, never empty."""

    name: str
    stories: tuple[Item, ...]
    pictures: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that a template may use, by these names; beside them only `email`, the reader's address."""

    language: str
    direction: str
    subject: str
    preheader: str
    name: str
    date: str
    short_date: str
    number: int
    count: int
    minutes: int
    intro: tuple[str, ...]
    lead: Item | None
    sections: tuple[Group, ...]
    briefs: tuple[Item, ...]
    links: Links
    postal_address: str
    reply: bool
    theme: Look
    logo: Picture | None
    light: Palette
    dark: Palette
    test: bool


def page(edition: Edition, masthead: Masthead, *, subject: str, preheader: str, now: datetime, test: bool) -> Page:
    """`edition` (already the variant's selection) ready to print; `now` is aware and decides 'today'."""
    zone = ZoneInfo(masthead.timezone)
    local = now.astimezone(zone)
    words = translator(masthead.language)
    stories = list(edition.stories())
    theme = masthead.theme
    brief = briefs.told_in_brief(edition, theme.briefs)
    pictured = _pictured(edition, theme.max_images if theme.look.pictures else 0, brief)

    def item(story: Story, width: int) -> Item:
        lang = story.language if story.language != masthead.language else ""
        when = dates.moment(story.published.astimezone(zone), local, masthead.language)
        names = _names([clean.line(name) for name in story.sources], words)
        return Item(
            title=clean.line(story.title),
            summary=alike(clean.line(story.summary)),
            url=clean.web(story.url),
            label=words.gettext(story.label) if story.label else "",
            names=names,
            meta=" · ".join(filter(None, (names, when.replace(" ", NBSP) if story.dated else ""))),
            sources=len(story.sources),
            picture=_picture(story.image, width, story.title) if story.id in pictured else None,
            lang=lang,
            direction=_direction(lang) if lang and _direction(lang) != _direction(masthead.language) else "",
        )

    sections = []
    for section in edition.sections:
        told = (story for story in section.stories if story.id != edition.lead and story.id not in brief)
        items = tuple(item(story, THUMB_WIDTH) for story in told)
        if items:
            pictures = any(one.picture for one in items)
            sections.append(Group(clean.line(section.name), items, pictures))
    return Page(
        language=masthead.language,
        direction=_direction(masthead.language),
        subject=subject,
        preheader=preheader,
        name=clean.line(masthead.name),
        date=dates.day(edition.day, masthead.language),
        short_date=date_only(edition.day, masthead.language),
        number=edition.number,
        count=len(stories),
        minutes=reading.minutes(edition.intro, *(f"{story.title} {story.summary}" for story in stories)),
        intro=clean.paragraphs(edition.intro),
        lead=next((item(story, LEAD_WIDTH) for story in stories if story.id == edition.lead), None),
        sections=tuple(sections),
        briefs=tuple(item(story, THUMB_WIDTH) for story in stories if story.id in brief),
        links=links(masthead, edition.key),
        postal_address=clean.line(masthead.postal_address),
        reply=bool(masthead.reply_to),
        theme=theme.look,
        logo=_picture(Image(theme.logo, alt=masthead.name), theme.logo_width) if theme.logo else None,
        light=theme.light,
        dark=theme.dark,
        test=test,
    )


def _direction(language: str) -> str:
    return "rtl" if language in _RIGHT_TO_LEFT else "ltr"


def _names(names: list[str], words: Catalogue) -> str:
    """Up to two names, then how many others."""
    if len(names) < 2:
        return "".join(names)
    if len(names) == 2:
        return words.gettext("%(first)s and %(second)s") % {"first": names[0], "second": names[1]}
    others = len(names) - 2
    told = words.ngettext("%(names)s and %(num)s other", "%(names)s and %(num)s others", others)
    return (told % {"names": ", ".join(names[:2]), "num": others}).replace(f"{others} ", f"{others}{NBSP}")


def _pictured(edition: Edition, most: int, brief: set[str]) -> set[str]:
    """The ids of the stories whose pictures are shown: the lead's first, then in the order of reading."""
    order = sorted(edition.stories(), key=lambda story: story.id != edition.lead)
    widths = {edition.lead: LEAD_WIDTH}
    shown = (one.id for one in order if _picture(one.image, widths.get(one.id, THUMB_WIDTH)) and one.id not in brief)
    return set(islice(shown, most))


def _picture(image: Image | None, width: int, title: str = "") -> Picture | None:
    """`image` for a slot of `width` pixels; only https, because mail clients block or warn of anything else, and
    `cid:`, which travels in the mail. Feeds rarely say what a picture shows: then `title` does, as far as it fits."""
    if image is None or 0 < (image.width or 0) < COARSEST * width:
        return None
    url = image.url if _CID.fullmatch(image.url) else clean.web(image.url)
    if not url.startswith(("https://", "cid:")):
        return None
    fitting = min(ALT_LIMIT, width // 5)  # an akshara takes 8 px, and the lowest slot holds two lines
    alt = cut.shorten(clean.line(image.alt), ALT_LIMIT) or cut.shorten(clean.line(title), fitting)
    if not image.width or not image.height or image.width < 0 or image.height < 0:
        return Picture(url, alt, width, "", False)
    if not 1 / _SLIMMEST <= image.width / image.height <= _SLIMMEST:  # no picture is: the numbers are wrong
        return Picture(url, alt, width, "", False)
    return Picture(url, alt, width, max(1, round(width * image.height / image.width)), image.height > image.width)
