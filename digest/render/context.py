"""The data for templates: an edition ready to print, with cleaned texts and dates in words.

The fields of the classes here are the names that a template may use (docs/templates.md).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import quote
from zoneinfo import ZoneInfo

from digest.hindi import cut, dates, numbers
from digest.i18n import translator
from digest.mail.provider_tags import neutral_url
from digest.models import PLACEHOLDERS, Edition, Image, Section, Story, is_breaking
from digest.render import texts
from digest.render.intro import paragraphs as intro_paragraphs
from digest.render.pictures import MIN_SCALE
from digest.render.subject import SUBJECT_MIN, SUBJECT_MOST, shorten
from digest.render.texts import unify_sentence_ends
from digest.render.themes import SECTION_COLOURS, Branding, Look, Palette, SectionColour, Theme, section_colours

if TYPE_CHECKING:
    from digest.i18n.catalogue import Catalogue
    from digest.render.blocks.printing import Block

ALT_LIMIT = 60
LONG = 8
"""Stories from which an email is long enough for headlines on top and a short list at its end."""

HEADLINES = 5
"""Headlines on top: what a phone shows before the first scroll."""

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
class PrintedCorrection:
    """A correction of a story, for the edition's page in the archive."""

    date: str
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """A story as printed. Text fields are '' if there is nothing to show."""

    title: str
    summary: str
    url: str
    label: str
    section: str
    colour: SectionColour
    # Its only source, in an edition with several sources.
    source: str
    # What is unusual: several sources, another day than most stories, a headline or summary by a language model.
    notes: tuple[str, ...]
    # Its sources in words, and the same with the time.
    names: str
    meta: str
    sources: int
    picture: Picture | None
    # Whether a model wrote the headline or the summary. `notes` say so.
    machine: bool
    # Set only where they differ from the email's.
    lang: str
    direction: str
    # Names its page in the archive.
    id: str
    corrections: tuple[PrintedCorrection, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A section as printed: without the lead and the stories in brief, never empty."""

    name: str
    colour: SectionColour
    stories: tuple[Item, ...]
    pictures: bool


@dataclass(frozen=True, slots=True)
class Links:
    """URLs of the reader pages, with placeholders for tokens; '' without pages."""

    view: str
    preferences: str
    pause: str
    # Without pages a mailto link.
    leave: str
    by_mail: bool
    privacy: str = ""
    # These contain nothing personal. They are '' without a public archive, and `join` without a sign-up form.
    archive: str = ""
    join: str = ""
    whatsapp: str = ""
    forward: str = ""


@dataclass(frozen=True, slots=True)
class DeskLink:
    """A link of a test to the desk, where its recipient decides on the edition."""

    label: str
    url: str


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
    # Its name if there are several a day, or that of a special edition; else ''.
    edition_name: str
    number: int
    count: int
    minutes: int
    # Whether it is an alert edition of breaking news.
    breaking: bool
    # Whether it corrects an edition that was sent, for those who have the wrong text.
    correction: bool
    # The window of an edition with few stories, in hours; 0 if it is the usual one.
    widened_hours: int
    # Whether a model wrote any of the headlines and summaries, or the intro.
    machine: bool
    intro: tuple[str, ...]
    # Whether a model wrote the intro, and no editor.
    intro_machine: bool
    headlines: tuple[Item, ...]
    lead: Item | None
    sections: tuple[Group, ...]
    briefs: tuple[Item, ...]
    # Blocks, such as the weather.
    blocks: tuple[Block, ...]
    # The names of shown sections, each once.
    colours: tuple[SectionColour, ...]
    links: Links
    postal_address: str
    reply: bool
    theme: Look
    # Size of the newsletter's name on a phone, in pixels.
    name_size: int
    logo: Picture | None
    light: Palette
    dark: Palette
    test: bool
    # Only in a test.
    desk: tuple[DeskLink, ...] = ()


def build_page(
    edition: Edition,
    branding: Branding,
    *,
    now: datetime,
    test: bool = False,
    blocks: tuple[Block, ...] = (),
    absolute: bool = False,
    view_code: str = "",
) -> Page:
    """Prepare `edition`, with the stories, subject and preheader of one variant, for printing.

    `now` (aware) defines 'today'. With `absolute`, dates are not relative, for a page that is read later. `view_code`
    is that of `build_links`.
    """
    stories = list(edition.stories())
    theme = branding.theme
    look = theme.look
    name = texts.one_line(branding.name)
    printer = _Printer(edition, branding, now, absolute=absolute)
    brief, on_top = printer.brief, headline_stories(edition, printer.brief)
    headlines = tuple(
        replace(each, title=shorten(each.title, SUBJECT_MOST, SUBJECT_MIN))
        for each in printer.items(lambda story: story.id in on_top)
    )
    lead = next(iter(printer.items(lambda story: story.id == edition.lead, look.lead_width)), None)
    sections = []
    for section in edition.sections:
        rows = printer.items(lambda story: story.id != edition.lead and story.id not in brief, of=section)
        if rows:
            sections.append(Group(rows[0].section, rows[0].colour, rows, any(row.picture for row in rows)))
    intro = intro_paragraphs(edition)
    edition_name = edition.name or branding.edition_name(edition.key)
    return Page(
        language=branding.language,
        direction=_direction(branding.language),
        subject=edition.subject,
        preheader=edition.preheader,
        name=name,
        date=" · ".join(filter(None, (dates.day(edition.day, branding.language), edition_name))),
        edition_name=edition_name,
        short_date=dates.long(edition.day, branding.language),
        number=edition.number,
        count=len(stories),
        minutes=numbers.minutes(*intro, *(f"{story.title} {story.summary}" for story in stories)),
        breaking=is_breaking(edition.key),
        correction=edition.corrects is not None,
        widened_hours=edition.widened_hours or 0,
        machine=edition.is_intro_by_machine or any(map(printer.is_by_machine, stories)),
        intro=intro,
        intro_machine=edition.is_intro_by_machine,
        headlines=headlines,
        lead=lead,
        sections=tuple(sections),
        briefs=printer.items(lambda story: story.id in brief),
        blocks=blocks,
        colours=tuple(dict.fromkeys(each.colour for each in headlines)),
        links=build_links(branding, edition, view_code),
        postal_address=texts.one_line(branding.postal_address),
        reply=bool(branding.reply_to),
        theme=look,
        name_size=look.size_of(cut.length(name)),
        logo=_picture(Image(theme.logo, alt=branding.name), theme.logo_width) if theme.logo else None,
        light=theme.light,
        dark=theme.dark,
        test=test,
    )


# A story of so many days before the edition has its date.
OLD_DAYS = 2


class _Printer:
    """Prints the stories of one edition."""

    def __init__(self, edition: Edition, branding: Branding, now: datetime, *, absolute: bool = False) -> None:
        self.absolute = absolute
        self.edition = edition
        self.branding = branding
        self.zone = ZoneInfo(branding.timezone)
        self.now = now.astimezone(self.zone)
        self.catalogue = translator(branding.language)
        self.brief = brief_stories(edition, branding.theme.briefs)
        self.with_picture = _stories_with_picture(edition, branding.theme, self.brief)
        stories = list(edition.stories())
        self.mixed = len({name for story in stories for name in story.sources}) > 1
        # The day that most stories share is not shown.
        days = Counter(self.local(story).date() for story in stories if story.dated)
        self.usual_day = max(days, key=lambda day: (days[day], day), default=None)
        messages = {self.catalogue.gettext(message): message for message in SECTION_COLOURS}
        self.colours = section_colours([section.name for section in edition.sections], messages)

    def local(self, story: Story) -> datetime:
        return story.published.astimezone(self.zone)

    def moment(self, story: Story) -> str:
        if self.absolute:
            return dates.absolute(self.local(story), self.edition.day.year, self.branding.language)
        return dates.moment(self.local(story), self.now, self.branding.language)

    def is_old(self, story: Story) -> bool:
        """Whether the story is from before yesterday: readers take everything else for today's news.

        An edition of older stories, such as one of a week, does not tell the day of most of them.
        """
        day = self.local(story).date()
        return (self.now.date() - day).days >= OLD_DAYS and day != self.usual_day

    def items(self, chosen: Callable[[Story], bool], width: int = 0, *, of: Section | None = None) -> tuple[Item, ...]:
        """Return the chosen stories in reading order, of one section or of all, with images of `width` pixels."""
        width = width or self.branding.theme.look.thumbnail_width
        sections = [of] if of else self.edition.sections
        return tuple(
            self.item(story, section, width) for section in sections for story in section.stories if chosen(story)
        )

    def item(self, story: Story, section: Section, width: int) -> Item:
        language = self.branding.language
        lang = story.language if story.language != language else ""
        when = self.moment(story) if story.dated else ""
        names = _names([texts.one_line(name) for name in story.sources], self.catalogue)
        return Item(
            title=texts.one_line(story.title),
            summary=unify_sentence_ends(texts.one_line(story.summary), story.language),
            url=texts.web_address(story.url),
            label=self.catalogue.gettext(story.label) if story.label else "",
            section=texts.one_line(section.name),
            colour=self.colours[section.name],
            source=names if self.mixed and story.origin_count == 1 else "",
            notes=self.notes(story),
            names=names,
            meta=" · ".join(filter(None, (names, when.replace(" ", NBSP)))),
            sources=story.origin_count,
            picture=self.picture(story, width) if story.id in self.with_picture else None,
            machine=self.is_by_machine(story),
            lang=lang,
            direction=_direction(lang) if lang and _direction(lang) != _direction(language) else "",
            id=story.id,
            corrections=tuple(
                PrintedCorrection(dates.long(each.at.astimezone(self.zone).date(), language), each.text)
                for each in story.corrections
            ),
        )

    def picture(self, story: Story, width: int) -> Picture | None:
        """Return the image of a story. A stored image is on our pages or attached, by the settings."""
        is_small = width == self.branding.theme.look.thumbnail_width
        picture = _picture(story.image, width, "" if is_small else story.title)
        if picture and is_small and picture.alt and story.title.startswith(picture.alt.rstrip(cut.ELLIPSIS)):
            # The headline is next to the picture: a screen reader would read it twice.
            picture = replace(picture, alt="")
        base = texts.web_address(self.branding.base_url or "")
        if picture is None or not _is_stored(picture.url):
            return picture
        if self.branding.theme.images != "pages" or not base:
            return picture if self.branding.theme.can_attach else None
        return replace(picture, url=f"{base.rstrip('/')}/picture/{picture.url.removeprefix('cid:')}")

    def notes(self, story: Story) -> tuple[str, ...]:
        count, when = story.origin_count, ""
        if story.dated and is_breaking(self.edition.key):
            when = self.moment(story)
        elif story.dated and self.is_old(story):
            when = dates.short(self.local(story).date(), self.branding.language)
        sources = self.catalogue.ngettext("%(num)s source", "%(num)s sources", count) % {"num": count}
        by_machine = self.catalogue.gettext("Written by a machine") if self.is_by_machine(story) else ""
        return tuple(note.replace(" ", NBSP) for note in (sources if count > 1 else "", when, by_machine) if note)

    def is_by_machine(self, story: Story) -> bool:
        """Whether a language model wrote anything that is shown of the story."""
        return story.is_title_by_machine or (story.is_by_machine and story.id not in self.brief)


def brief_stories(edition: Edition, limit: int) -> set[str]:
    """Return the ids of the stories that appear only as a headline at the end.

    These are stories without a summary, and the `limit` lowest-scored ones: at most a third of the email, never the
    lead or a pinned story. In a long email the five best stories stay in their sections even without a summary, unless
    no story has a summary.
    """
    stories = sorted(
        (story for story in edition.stories() if story.id != edition.lead and not story.recurring),
        key=lambda story: (story.score, story.id),
    )
    is_long = len(stories) + 1 >= LONG
    best = stories[-HEADLINES:] if is_long and any(story.summary for story in stories) else []
    brief = {story.id for story in stories if not story.summary and story not in best}
    room = min(limit, (len(stories) + 1) // 3) if is_long else 0
    lowest = [story.id for story in stories if story.summary and PINNED not in story.reasons]
    return brief | set(lowest[: max(room - len(brief), 0)])


def headline_stories(edition: Edition, brief: set[str]) -> set[str]:
    """Return the ids of stories whose headlines are listed on top: the first of each section, then the best others.

    The lead is left out, because it follows right below. Stories that are only a headline come last. A short email has
    no list. An email of headlines alone has none either.
    """
    sections = [
        sorted(
            (each for each in section.stories if each.url and each.id != edition.lead and not each.recurring),
            key=lambda story: story.id in brief,
        )
        for section in edition.sections
    ]
    order = sorted(
        (story.id in brief, position > 0, -story.score, story.id)
        for section in sections
        for position, story in enumerate(section)
    )
    if sum(len(section.stories) for section in edition.sections) < LONG or len(order) < HEADLINES or order[0][0]:
        return set()
    return {id for *_, id in order[:HEADLINES]}


def build_links(branding: Branding, edition: Edition, view_code: str = "") -> Links:
    """Return the links of every email. Placeholders are at the end, where a token needs no quoting.

    With `view_code`, which is the same for all recipients, the view opens this edition only.
    """
    base = texts.web_address(branding.base_url or "").rstrip("/")
    if base:
        key = quote(edition.key, safe="")
        links = Links(
            view=f"{base}/view/{key}/{f'{view_code}/' if view_code else ''}{PLACEHOLDERS['view']}",
            preferences=f"{base}/preferences/{PLACEHOLDERS['preferences']}",
            pause=f"{base}/pause/{PLACEHOLDERS['preferences']}",
            # A forwarded email contains this link, but not the one of the header, which unsubscribes at once.
            leave=f"{base}/leave/{PLACEHOLDERS['preferences']}",
            by_mail=False,
            privacy=f"{base}/privacy",
        )
        if not branding.archive:
            return links
        # A correction goes only to some people and has no page. That of the corrected edition shows it.
        public = edition.corrects.edition if edition.corrects else edition.key
        archive = f"{base}/archive/{quote(public, safe='')}"
        join = f"{base}/join" if branding.signup else ""
        name = texts.one_line(branding.name)
        whatsapp = texts.web_address(f"https://wa.me/?text={quote(f'{edition.subject} {archive}', safe='')}")
        line = translator(branding.language).gettext("You may like this edition of %(name)s:") % {"name": name}
        forward = f"mailto:?subject={quote(name, safe='')}&body={quote(f'{line} {archive}', safe='')}"
        return replace(links, archive=archive, join=join, whatsapp=whatsapp, forward=neutral_url(forward))
    sender = texts.mail_address(branding.reply_to or "") or texts.mail_address(branding.sender_email)
    mail = f"mailto:{sender}?subject=unsubscribe%20{PLACEHOLDERS['unsubscribe']}" if sender else ""
    return Links(view="", preferences="", pause="", leave=mail, by_mail=True)


def _direction(language: str) -> str:
    return "rtl" if language in _RIGHT_TO_LEFT else "ltr"


def _names(names: list[str], catalogue: Catalogue) -> str:
    """Return up to two names, then the number of others."""
    if len(names) < 2:
        return "".join(names)
    if len(names) == 2:
        return catalogue.gettext("%(first)s and %(second)s") % {"first": names[0], "second": names[1]}
    others = len(names) - 2
    text = catalogue.ngettext("%(names)s and %(num)s other", "%(names)s and %(num)s others", others)
    return (text % {"names": ", ".join(names[:2]), "num": others}).replace(f"{others} ", f"{others}{NBSP}")


def _stories_with_picture(edition: Edition, theme: Theme, brief: set[str]) -> set[str]:
    """Return the ids of the stories whose images are shown: the lead's first, then in reading order."""
    look = theme.look
    order = sorted(edition.stories(), key=lambda story: story.id != edition.lead)
    widths = {edition.lead: look.lead_width}
    usable = (
        story.id
        for story in order
        if _picture(story.image, widths.get(story.id, look.thumbnail_width)) and story.id not in brief
    )
    return set(islice(usable, min(theme.max_images, look.pictures)))


def _is_stored(url: str) -> bool:
    return bool(_CONTENT_ID.fullmatch(url))


def _picture(image: Image | None, width: int, title: str = "") -> Picture | None:
    """Return `image` in a slot of `width` pixels, or None if it is too small or not https: or cid:.

    Mail clients block other addresses. Feeds rarely describe an image, so `title` is its alt text, as far as it fits.
    """
    if image is None or 0 < (image.width or 0) < MIN_SCALE * width:
        return None
    url = image.url if _is_stored(image.url) else texts.web_address(image.url)
    if not url.startswith(("https://", "cid:")):
        return None
    # For alt text: an akshara is 8 px wide, and the lowest slot has two lines.
    title_limit = min(ALT_LIMIT, width // 5)
    alt = cut.shorten(texts.one_line(image.alt), ALT_LIMIT) or cut.shorten(texts.one_line(title), title_limit)
    if not image.width or not image.height or image.width < 0 or image.height < 0:
        return Picture(url, alt, width, "", False)
    # No real image is that narrow: the numbers are wrong.
    if not 1 / _MAX_ASPECT <= image.width / image.height <= _MAX_ASPECT:
        return Picture(url, alt, width, "", False)
    return Picture(url, alt, width, max(1, round(width * image.height / image.width)), image.height > image.width)
