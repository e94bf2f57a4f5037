"""The built-in looks, and a newsletter's theme based on one. WCAG contrast keeps any accent readable."""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from digest.models import split_key
from digest.render.pictures import PictureSlot, slots

MIN_CONTRAST = 5.0
"""Contrast of the accent on paper. WCAG 2 asks for 4.5 for text; the rest allows for tinted boxes."""

MIN_EDGE = 3.0
"""Contrast of rules and boxes (WCAG 2, non-text), on our papers and on AUTO_DARK."""

AUTO_DARK = "#18181b"
"""The ground on which Thunderbird's dark mode puts an email. It keeps the colours of borders."""

WHITE, BLACK = "#ffffff", "#000000"


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one mode as `#rrggbb`."""

    # Around the paper.
    page: str
    paper: str
    # Behind boxes.
    tint: str
    ink: str
    grey: str
    # A hairline.
    line: str
    accent: str
    # A mid-tone for rules, boxes and the edges of buttons.
    rule: str
    # A background for white text.
    band: str
    # The colour of marks besides the accent.
    second: str


def with_accent(palette: Palette, accent: str, *, towards: str, papers: Collection[str]) -> Palette:
    """Return `palette` in another accent, mixed with `towards` (black or white) until it is readable on the tint.

    Its rules and its band are derived from the same colour. `papers` are the backgrounds of both modes.
    """
    readable = _mix_until(accent, towards, palette.tint)
    band = _mix_until(accent, BLACK, WHITE, minimum=7)
    return replace(palette, accent=readable, second=readable, rule=mid_tone(accent, papers), band=band)


def mid_tone(colour: str, papers: Collection[str]) -> str:
    """Return `colour`, mixed with as little black or white as it takes to be visible on all `papers` and on
    AUTO_DARK.
    """
    shades = (_mix(colour, end, step / 40) for step in range(41) for end in (BLACK, WHITE))
    grounds = (*papers, AUTO_DARK)
    return next(shade for shade in shades if all(contrast(shade, ground) >= MIN_EDGE for ground in grounds))


def contrast(one: str, other: str) -> float:
    """Return the WCAG 2 contrast ratio, 1.0 to 21.0."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _mix_until(colour: str, end: str, background: str, minimum: float = MIN_CONTRAST) -> str:
    """Return `colour` mixed with as little of `end` (in twentieths) as gives the contrast `minimum` on `background`."""
    for step in range(21):
        mixed = _mix(colour, end, step / 20)
        if contrast(mixed, background) >= minimum:
            return mixed
    return end


def _mix(one: str, other: str, share: float) -> str:
    return "#" + "".join(
        f"{round(a + (b - a) * share):02x}" for a, b in zip(_channels(one), _channels(other), strict=True)
    )


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def _luminance(colour: str) -> float:
    parts = (value / 255 for value in _channels(colour))
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
# Latin letters come from Georgia. Behind it are fonts for systems without a Devanagari serif.
SERIF = '"Noto Serif Devanagari","Tiro Devanagari Hindi",Georgia,"Kohinoor Devanagari","Nirmala UI",serif'


@dataclass(frozen=True, slots=True)
class SectionColour:
    """The colours of a section: `fill` under white text, `light` and `dark` as text on the paper of each mode."""

    fill: str
    light: str
    dark: str


SECTION_COLOURS = {
    "Nation": SectionColour("#0b6b73", "#0a5f67", "#6fd6da"),
    "World": SectionColour("#1d5fa6", "#1d5fa6", "#8fc3ff"),
    "Politics": SectionColour("#a3342b", "#a3342b", "#ff9a85"),
    "Business": SectionColour("#9a5200", "#8f4c00", "#ffba6b"),
    "Science": SectionColour("#5341b8", "#5341b8", "#b9adff"),
    "Sport": SectionColour("#1d7436", "#1d7436", "#7fdc99"),
    "Entertainment": SectionColour("#b0175a", "#b0175a", "#ff8dbd"),
    "Health": SectionColour("#4d6a12", "#4d6a12", "#bfd98a"),
    "Education": SectionColour("#7b3f98", "#7b3f98", "#dba8f2"),
}
"""By the message id of the section's name. White text has a contrast of 5 or more on each fill."""


def section_colours(names: Collection[str], messages: Mapping[str, str]) -> dict[str, SectionColour]:
    """Return the colours of an edition's sections.

    `messages` has the message id of a name, if it is a built-in section.

    A newsroom's own section gets a colour by its name, or the next one that is free in the edition.
    """
    chosen = {name: SECTION_COLOURS[messages[name]] for name in names if name in messages}
    colours = list(SECTION_COLOURS.values())
    for name in names:
        if name not in chosen:
            first = zlib.crc32(name.encode()) % len(colours)
            order = colours[first:] + colours[:first]
            chosen[name] = next((each for each in order if each not in chosen.values()), order[0])
    return chosen


@dataclass(frozen=True, slots=True)
class Look:
    """The values that differ between themes, besides the folder of templates. Sizes are in pixels."""

    name: str
    # Two palettes with accents picked by hand for each other.
    light: Palette
    dark: Palette
    # Font stack of headings; None for that of the body.
    headings: str | None
    align: Literal["center", "left"]
    name_colour: Literal["ink", "accent"]
    # The largest size of the newsletter's name on a phone. A longer name is smaller: see `Look.size_of`.
    name_size: int
    # Font size × number of letters of a name that fills its line.
    name_room: int
    lead_size: int
    # Size of the top story's image, width of the others on a phone and at most, and the most images that it shows.
    lead_width: int
    lead_height: int
    thumbnail_width: int
    widest_thumbnail: int
    pictures: int
    # On the reader pages: the rules below the newsletter's name and above each section.
    top: Literal["double", "accent", "line"]
    section: Literal["ink", "line"]
    # Rounded corners of images and labels.
    radius: int
    button_radius: int

    def size_of(self, letters: int) -> int:
        """Return the font size of a name of `letters` grapheme clusters on a phone. A very long name wraps."""
        return max(MIN_NAME, min(self.name_size, self.name_room // max(letters, 1)))


MIN_NAME = 26
"""The smallest size of a newsletter's name."""

LOOKS = {
    "newspaper": Look(
        name="newspaper",
        light=Palette(
            page="#ece4d3", paper="#fcf8ee", tint="#f4ecda", ink="#1c1712", grey="#5d5347", line="#9a8d78",
            accent="#a3201a", rule="#bd4a35", band="#a3201a", second="#a3201a",
        ),
        dark=Palette(
            page="#100e0b", paper="#1b1814", tint="#262119", ink="#efe6d6", grey="#b8ac99", line="#6a604f",
            accent="#ff9a85", rule="#d2604b", band="#a3201a", second="#ff9a85",
        ),
        headings=SERIF,
        align="center",
        name_colour="accent",
        name_size=53,
        name_room=560,
        lead_size=27,
        lead_width=544,
        lead_height=272,
        thumbnail_width=96,
        widest_thumbnail=120,
        pictures=40,
        top="double",
        section="ink",
        radius=0,
        button_radius=2,
    ),
    "modern": Look(
        name="modern",
        light=Palette(
            page="#e6eeed", paper="#ffffff", tint="#fff4dc", ink="#12262a", grey="#4f6265", line="#a3b6b6",
            accent="#0a5f67", rule="#1c8a94", band="#0a4a52", second="#c01a63",
        ),
        dark=Palette(
            page="#0a1214", paper="#152124", tint="#2a2418", ink="#e8f0ef", grey="#a8b8b8", line="#35484b",
            accent="#6fd6da", rule="#1c8a94", band="#0a4a52", second="#ff8dbd",
        ),
        headings=None,
        align="left",
        name_colour="accent",
        name_size=39,
        name_room=390,
        lead_size=26,
        lead_width=566,
        lead_height=283,
        thumbnail_width=112,
        widest_thumbnail=144,
        pictures=40,
        top="accent",
        section="line",
        radius=10,
        button_radius=26,
    ),
    "plain": Look(
        name="plain",
        light=Palette(
            page="#ffffff", paper="#ffffff", tint="#ffffff", ink="#1a1d21", grey="#555c64", line="#8f979f",
            accent="#1450a3", rule="#3f7fd1", band="#1450a3", second="#1450a3",
        ),
        dark=Palette(
            page="#121519", paper="#121519", tint="#121519", ink="#e9ecef", grey="#adb5bd", line="#59626b",
            accent="#8fc3ff", rule="#4f93e6", band="#1450a3", second="#8fc3ff",
        ),
        headings=None,
        align="left",
        name_colour="ink",
        name_size=30,
        name_room=540,
        lead_size=24,
        lead_width=544,
        lead_height=218,
        thumbnail_width=100,
        widest_thumbnail=100,
        pictures=2,
        top="line",
        section="line",
        radius=0,
        button_radius=6,
    ),
}  # fmt: skip
"""By name. Each accent has a contrast of 5 or more on every background of its look."""


@dataclass(frozen=True, slots=True)
class Theme:
    """A look with the newsletter's own settings. Raises ValueError for an invalid accent."""

    look: Look = LOOKS["newspaper"]
    # `#rrggbb`; None for the look's own.
    accent: str | None = None
    # An absolute https address.
    logo: str | None = None
    logo_width: int = 200
    max_images: int = 5
    # Where a mail program gets images: attached to the email, from our pages, or from the sites that published them.
    images: Literal["attach", "pages", "source"] = "source"
    # Whether the provider can attach images. Otherwise stories whose picture could only be attached have none.
    can_attach: bool = True
    # How many of the lowest-scored stories are in brief at the end.
    briefs: int = 3
    # The script of all numbers.
    digits: Literal["latn", "deva"] = "latn"

    def __post_init__(self) -> None:
        # Validated, because the accent is printed into style sheets unescaped.
        if self.accent and not _COLOUR.fullmatch(self.accent):
            raise ValueError(f"accent must be a colour like #9c1c1c, not {self.accent!r}")

    @property
    def picture_slots(self) -> tuple[PictureSlot, PictureSlot]:
        """The places of the top story's image and of the others. Thumbnails are 4 to 3."""
        look = self.look
        lead = (look.lead_width, look.lead_height)
        thumbnail = (look.widest_thumbnail, look.widest_thumbnail * 3 // 4)
        return slots(lead, thumbnail, min(self.max_images, look.pictures))

    @property
    def light(self) -> Palette:
        """The palette that is inlined. The newsletter's accent is darkened until it is readable."""
        return self._own(self.look.light, towards=BLACK)

    @property
    def dark(self) -> Palette:
        """The palette of dark mode. The newsletter's accent is lightened until it is readable."""
        return self._own(self.look.dark, towards=WHITE)

    def _own(self, palette: Palette, *, towards: str) -> Palette:
        """Return `palette` in the newsroom's accent, if that differs from the look's."""
        look = self.look
        if not self.accent or self.accent.lower() == look.light.accent:
            return palette
        papers = (look.light.paper, look.light.page, look.dark.paper, look.dark.page)
        return with_accent(palette, self.accent, towards=towards, papers=papers)


DEFAULT_THEME = Theme()


@dataclass(frozen=True, slots=True)
class Editor:
    """Somebody who makes the newsletter. `about` and `url`, a page about them, may be ''."""

    name: str
    about: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Branding:
    """The newsletter's name, addresses and theme."""

    name: str
    # A code such as `hi`.
    language: str
    # An IANA name.
    timezone: str
    # Address of the reader pages without a trailing slash; None if there are none.
    base_url: str | None
    postal_address: str
    sender_email: str
    # None if replies go to `sender_email`.
    reply_to: str | None
    theme: Theme = DEFAULT_THEME
    # Slug → name of each of several editions that has a name.
    edition_names: Mapping[str, str] = field(default_factory=dict)
    editors: tuple[Editor, ...] = ()
    # Whether the reader pages have a public archive, and a sign-up form.
    archive: bool = False
    signup: bool = False

    def edition_name(self, key: str) -> str:
        """Return the name of the edition with this key, such as शाम; '' if it has none."""
        day, slug = split_key(key)
        return self.edition_names.get(slug, "") if day else ""
