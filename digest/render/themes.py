"""The looks that a newsletter may choose between: a row of data each. Colours of one letter are colour.py's work.

A look decides what differs between themes and nothing else; what all letters share stands in the templates. Must
hold no markup.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from digest.render.colour import Palette, readable

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
SERIF = '"Noto Serif Devanagari","Kohinoor Devanagari","Nirmala UI",serif'


@dataclass(frozen=True, slots=True)
class Look:
    """One theme. `light` and `dark` are its grounds with its own accents, a pair picked by hand.

    `headings` is the font stack of headings or '' for the letter's own; `top`, `section`: how the masthead and
    each section are ruled; `radius` rounds pictures, buttons and labels, in pixels; sizes are pixels. `boxes` says
    whether grounds are tinted, `pictures` whether stories show any, `badges` whether labels stand in a coloured box.
    """

    name: str
    light: Palette
    dark: Palette
    headings: str
    align: Literal["center", "left"]
    name_colour: Literal["ink", "accent"]
    name_size: int
    lead_size: int
    top: Literal["double", "accent", "line"]
    section: Literal["ink", "line"]
    radius: int
    button_radius: int
    bullet: str
    boxes: bool = True
    pictures: bool = True
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
        headings="",
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
        headings="",
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
"""Name → look. Colours: the design's drawings; each accent has a contrast of 5 or more on every ground of its look."""


@dataclass(frozen=True, slots=True)
class Theme:
    """A look with what a newsletter sets itself.

    `accent` is a colour as `#rrggbb` or '' for the look's own; `logo` an absolute https address or '', shown
    `logo_width` pixels wide; at most `max_images` pictures are shown; `briefs` of the lowest stories stand in a short
    list at the end; `digits` are the script's of all numbers.
    Raises ValueError for another accent: it goes into style sheets unescaped.
    """

    look: Look = LOOKS["newspaper"]
    accent: str = ""
    logo: str = ""
    logo_width: int = 200
    max_images: int = 5
    briefs: int = 3
    digits: Literal["latn", "deva"] = "latn"

    def __post_init__(self) -> None:
        if self.accent and not _COLOUR.fullmatch(self.accent):
            raise ValueError(f"accent must be a colour like #9c1c1c, not {self.accent!r}")

    @property
    def light(self) -> Palette:
        """The scheme that is inlined; another accent is darkened until it can be read."""
        return self.look.light if self._own else readable(self.look.light, self.accent, towards="#000000")

    @property
    def dark(self) -> Palette:
        """The scheme for dark readers; another accent is lightened until it can be read."""
        return self.look.dark if self._own else readable(self.look.dark, self.accent, towards="#ffffff")

    @property
    def _own(self) -> bool:
        return self.accent.lower() in ("", self.look.light.accent)


HOUSE = Theme()
"""What a newsletter gets that sets nothing."""
