"""The built-in looks, and the theme that a newsletter makes of one. WCAG contrast keeps any accent readable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from digest.models import split_key

MIN_CONTRAST = 5.0
"""Contrast of the accent on paper. WCAG 2 asks for 4.5 for text; the rest allows for tinted boxes."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one mode as `#rrggbb`. `page` is around the paper, `tint` behind boxes, `line` a hairline."""

    page: str
    paper: str
    tint: str
    ink: str
    grey: str
    line: str
    accent: str


def readable(palette: Palette, accent: str, *, towards: str) -> Palette:
    """`palette` with another accent, mixed with `towards` (black or white) until it is readable on the tint."""
    return replace(palette, accent=_mix_until_readable(accent, towards, palette.tint))


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio, 1.0 to 21.0."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _mix_until_readable(colour: str, end: str, background: str) -> str:
    """`colour` mixed with as little of `end` (in twentieths) as gives MIN_CONTRAST on `background`."""
    for step in range(21):
        mixed = _mix(colour, end, step / 20)
        if contrast(mixed, background) >= MIN_CONTRAST:
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
SERIF = '"Noto Serif Devanagari","Kohinoor Devanagari","Nirmala UI",serif'


@dataclass(frozen=True, slots=True)
class Look:
    """What differs between themes. Sizes are in pixels."""

    name: str
    # Two palettes with accents picked by hand for each other.
    light: Palette
    dark: Palette
    # Font stack of headings; None for that of the body.
    headings: str | None
    align: Literal["center", "left"]
    name_colour: Literal["ink", "accent"]
    name_size: int
    lead_size: int
    # The rules below the newsletter's name and above each section.
    top: Literal["double", "accent", "line"]
    section: Literal["ink", "line"]
    # Rounded corners of images and labels.
    radius: int
    button_radius: int
    # Before a story in brief.
    bullet: str
    # Whether boxes have a tinted background.
    boxes: bool = True
    # Whether stories show images.
    pictures: bool = True
    # Whether labels have a coloured background.
    badges: bool = True


LOOKS = {
    "newspaper": Look(
        name="newspaper",
        light=Palette("#efe9dc", "#fffdf8", "#f6f0e2", "#1d1a16", "#5d554a", "#d8cfbe", "#9c1c1c"),
        dark=Palette("#13110e", "#1d1a16", "#262119", "#f1ebe0", "#b9ad9b", "#453e33", "#ff9d8a"),
        headings=SERIF,
        align="center",
        name_colour="ink",
        name_size=38,
        lead_size=28,
        top="double",
        section="ink",
        radius=0,
        button_radius=3,
        bullet="■",
    ),
    "modern": Look(
        name="modern",
        light=Palette("#eef1f4", "#ffffff", "#fff4ec", "#15202b", "#52606d", "#d9dfe5", "#b83c0b"),
        dark=Palette("#0e1319", "#151c24", "#221a14", "#e9eef4", "#a9b5c1", "#36424e", "#ffa36b"),
        headings=None,
        align="left",
        name_colour="accent",
        name_size=36,
        lead_size=27,
        top="accent",
        section="line",
        radius=10,
        button_radius=20,
        bullet="●",
    ),
    "plain": Look(
        name="plain",
        light=Palette("#ffffff", "#ffffff", "#ffffff", "#1b1b1b", "#565656", "#cfcfcf", "#174ea6"),
        dark=Palette("#161616", "#161616", "#161616", "#ececec", "#b3b3b3", "#444444", "#9cc0ff"),
        headings=None,
        align="left",
        name_colour="ink",
        name_size=24,
        lead_size=21,
        top="line",
        section="line",
        radius=0,
        button_radius=0,
        bullet="–",
        boxes=False,
        pictures=False,
        badges=False,
    ),
}
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
    # How many of the lowest-scored stories are in brief at the end.
    briefs: int = 3
    # The script of all numbers.
    digits: Literal["latn", "deva"] = "latn"

    def __post_init__(self) -> None:
        # The accent is printed into style sheets unescaped.
        if self.accent and not _COLOUR.fullmatch(self.accent):
            raise ValueError(f"accent must be a colour like #9c1c1c, not {self.accent!r}")

    @property
    def light(self) -> Palette:
        """The palette that is inlined. An own accent is darkened until it is readable."""
        return readable(self.look.light, self._own_accent, towards="#000000") if self._own_accent else self.look.light

    @property
    def dark(self) -> Palette:
        """The palette of dark mode. An own accent is lightened until it is readable."""
        return readable(self.look.dark, self._own_accent, towards="#ffffff") if self._own_accent else self.look.dark

    @property
    def _own_accent(self) -> str | None:
        """The accent, if it differs from the look's."""
        return self.accent if self.accent and self.accent.lower() != self.look.light.accent else None


DEFAULT_THEME = Theme()


@dataclass(frozen=True, slots=True)
class Branding:
    """The newsletter's name and addresses, and how its emails look."""

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

    def edition_name(self, key: str) -> str:
        """Return the name of the edition with this key, such as शाम; '' if it has none."""
        day, slug = split_key(key)
        return self.edition_names.get(slug, "") if day else ""
