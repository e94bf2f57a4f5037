"""Colour palettes for light and dark mode, and the WCAG contrast that keeps any accent readable."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
