"""What templates receive: an edition ready to print, with all texts cleaned and all dates in words.

The fields of the classes here are the names that a template may use (docs/letter.md).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import quote
from zoneinfo import ZoneInfo

from digest.hindi import cut, dates, numbers
from digest.i18n import translator
from digest.models import PLACEHOLDERS, Edition, Image, Story, is_breaking
from digest.render import texts
from digest.render.texts import unify_sentence_ends
from digest.render.themes import Branding, Look, Palette

if TYPE_CHECKING:
    from digest.i18n.catalogue import Catalogue

LEAD_WIDTH = 544
THUMBNAIL_WIDTH = 112
ALT_LIMIT = 60
MIN_SCALE = 0.7
"""An image must have this share of its slot's width: a smaller one would be enlarged and blurred."""

BRIEFS_FROM = 8
"""Stories that an email needs before a short list at its end is worth a heading."""

PINNED = "pinned by the desk"
"""The reason of a story that an editor wants seen."""

NBSP = "\u00a0"
"""Keeps 'शाम 7:26 बजे' and '2 अन्य' on one line."""

_MAX_ASPECT = 4
_CONTENT_ID = re.compile(r"cid:[0-9a-f]{40}@digest")
_RIGHT_TO_LEFT = frozenset({"ar", "fa", "ks", "sd", "ur"})


@dataclass(frozen=True, slots=True)
class Picture:
    """An https: or cid: image in its slot: `width` in the email's pixels, `height` '' if the file's size is unknown."""

    url: str
    alt: str
    width: int
    height: int | str
    tall: bool


@dataclass(frozen=True, slots=True)
class Item:
    """A story as printed. Text fields are '' if there is nothing to show.

    `names` are its sources in words, `meta` those and the time. `lang` and `direction` are set only where they
    differ from the email's.
    """

    title: str
    summary: str
    url: str
    label: str
    names: str
    meta: str
    sources: int
    picture: Picture | None
    # Whether a model wrote the summary. `meta` says so.
    machine: bool
    lang: str
    direction: str


@dataclass(frozen=True, slots=True)
class Group:
    """A section as printed: without the lead and the stories in brief, never empty."""

    name: str
    stories: tuple[Item, ...]
    pictures: bool


@dataclass(frozen=True, slots=True)
class Links:
    """URLs of the reader pages, with placeholders for tokens. Without pages: empty, and `leave` is a mailto link."""

    view: str
    preferences: str
    leave: str
    by_mail: bool


@dataclass(frozen=True, slots=True)
class Page:
    """All names that a template may use, apart from `email`, the recipient's address."""

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
    # Whether it is an alert edition of breaking news.
    breaking: bool
    # The window of an edition with few stories, in hours; 0 if it is the usual one.
    widened_hours: int
    # Whether a model wrote any of the summaries.
    machine: bool
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


def build_page(
    edition: Edition, branding: Branding, *, subject: str, preheader: str, now: datetime, test: bool
) -> Page:
    """Prepare `edition`, already reduced to one variant, for printing. `now` (aware) decides what 'today' means."""
    zone = ZoneInfo(branding.timezone)
    local_now = now.astimezone(zone)
    catalogue = translator(branding.language)
    stories = list(edition.stories())
    theme = branding.theme
    brief = brief_stories(edition, theme.briefs)
    with_picture = _stories_with_picture(edition, theme.max_images if theme.look.pictures else 0, brief)

    def item(story: Story, width: int) -> Item:
        lang = story.language if story.language != branding.language else ""
        when = dates.moment(story.published.astimezone(zone), local_now, branding.language)
        machine = story.is_by_machine and story.id not in brief
        told = catalogue.gettext("Written by a machine") if machine else ""
        names = _names([texts.one_line(name) for name in story.sources], catalogue)
        return Item(
            title=texts.one_line(story.title),
            summary=unify_sentence_ends(texts.one_line(story.summary)),
            url=texts.web_address(story.url),
            label=catalogue.gettext(story.label) if story.label else "",
            names=names,
            meta=" · ".join(filter(None, (names, when.replace(" ", NBSP) if story.dated else "", told))),
            sources=len(story.sources),
            picture=_picture(story.image, width, story.title) if story.id in with_picture else None,
            machine=machine,
            lang=lang,
            direction=_direction(lang) if lang and _direction(lang) != _direction(branding.language) else "",
        )

    sections = []
    for section in edition.sections:
        full = (story for story in section.stories if story.id != edition.lead and story.id not in brief)
        items = tuple(item(story, THUMBNAIL_WIDTH) for story in full)
        if items:
            sections.append(Group(texts.one_line(section.name), items, any(each.picture for each in items)))
    return Page(
        language=branding.language,
        direction=_direction(branding.language),
        subject=subject,
        preheader=preheader,
        name=texts.one_line(branding.name),
        date=" · ".join(filter(None, (dates.day(edition.day, branding.language), branding.edition_name(edition.key)))),
        short_date=dates.long(edition.day, branding.language),
        number=edition.number,
        count=len(stories),
        minutes=numbers.minutes(edition.intro, *(f"{story.title} {story.summary}" for story in stories)),
        breaking=is_breaking(edition.key),
        widened_hours=edition.widened_hours or 0,
        machine=any(story.is_by_machine and story.id not in brief for story in stories),
        intro=texts.paragraphs(edition.intro),
        lead=next((item(story, LEAD_WIDTH) for story in stories if story.id == edition.lead), None),
        sections=tuple(sections),
        briefs=tuple(item(story, THUMBNAIL_WIDTH) for story in stories if story.id in brief),
        links=build_links(branding, edition.key),
        postal_address=texts.one_line(branding.postal_address),
        reply=bool(branding.reply_to),
        theme=theme.look,
        logo=_picture(Image(theme.logo, alt=branding.name), theme.logo_width) if theme.logo else None,
        light=theme.light,
        dark=theme.dark,
        test=test,
    )


def brief_stories(edition: Edition, limit: int) -> set[str]:
    """The ids of the stories that are only a headline at the end: without a summary, and the `limit` lowest-scored.

    At most a third of the email, never the lead, and never a pinned story.
    """
    stories = [story for story in edition.stories() if story.id != edition.lead]
    brief = {story.id for story in stories if not story.summary}
    room = min(limit, (len(stories) + 1) // 3) if len(stories) + 1 >= BRIEFS_FROM else 0
    lowest = sorted(
        (story for story in stories if story.summary and PINNED not in story.reasons),
        key=lambda story: (story.score, story.id),
    )
    return brief | {story.id for story in lowest[: max(room - len(brief), 0)]}


def build_links(branding: Branding, edition_key: str) -> Links:
    """The links of every email. Placeholders are at the end, where a token needs no quoting."""
    base = texts.web_address(branding.base_url or "").rstrip("/")
    if base:
        return Links(
            view=f"{base}/view/{quote(edition_key, safe='')}/{PLACEHOLDERS['view']}",
            preferences=f"{base}/preferences/{PLACEHOLDERS['preferences']}",
            leave=f"{base}/leave/{PLACEHOLDERS['unsubscribe']}",
            by_mail=False,
        )
    sender = texts.mail_address(branding.reply_to or "") or texts.mail_address(branding.sender_email)
    mail = f"mailto:{sender}?subject=unsubscribe%20{PLACEHOLDERS['unsubscribe']}" if sender else ""
    return Links(view="", preferences="", leave=mail, by_mail=True)


def _direction(language: str) -> str:
    return "rtl" if language in _RIGHT_TO_LEFT else "ltr"


def _names(names: list[str], catalogue: Catalogue) -> str:
    """Up to two names, then the number of others."""
    if len(names) < 2:
        return "".join(names)
    if len(names) == 2:
        return catalogue.gettext("%(first)s and %(second)s") % {"first": names[0], "second": names[1]}
    others = len(names) - 2
    text = catalogue.ngettext("%(names)s and %(num)s other", "%(names)s and %(num)s others", others)
    return (text % {"names": ", ".join(names[:2]), "num": others}).replace(f"{others} ", f"{others}{NBSP}")


def _stories_with_picture(edition: Edition, limit: int, brief: set[str]) -> set[str]:
    """The ids of the stories whose images are shown: the lead's first, then in reading order."""
    order = sorted(edition.stories(), key=lambda story: story.id != edition.lead)
    widths = {edition.lead: LEAD_WIDTH}
    usable = (
        story.id
        for story in order
        if _picture(story.image, widths.get(story.id, THUMBNAIL_WIDTH)) and story.id not in brief
    )
    return set(islice(usable, limit))


def _picture(image: Image | None, width: int, title: str = "") -> Picture | None:
    """`image` in a slot of `width` pixels, or None if it is too small or not https: or cid:.

    Mail clients block other addresses. Feeds rarely describe an image, so `title` is its alt text, as far as it fits.
    """
    if image is None or 0 < (image.width or 0) < MIN_SCALE * width:
        return None
    url = image.url if _CONTENT_ID.fullmatch(image.url) else texts.web_address(image.url)
    if not url.startswith(("https://", "cid:")):
        return None
    # An akshara is 8 px wide, and the lowest slot has two lines.
    title_limit = min(ALT_LIMIT, width // 5)
    alt = cut.shorten(texts.one_line(image.alt), ALT_LIMIT) or cut.shorten(texts.one_line(title), title_limit)
    if not image.width or not image.height or image.width < 0 or image.height < 0:
        return Picture(url, alt, width, "", False)
    # No real image is that narrow: the numbers are wrong.
    if not 1 / _MAX_ASPECT <= image.width / image.height <= _MAX_ASPECT:
        return Picture(url, alt, width, "", False)
    return Picture(url, alt, width, max(1, round(width * image.height / image.width)), image.height > image.width)
