"""The picture of a link preview: the headline in large letters, the newsletter's name, and the top story's picture.

Pillow shapes Devanagari with Raqm, which needs FriBidi on the machine (Debian: libfribidi0). Without it vowel signs
would be misplaced, so no picture is drawn.
"""

from __future__ import annotations

import re
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps, features

from digest.render.themes import Palette

WIDTH, HEIGHT = 1200, 630
"""Pixels, in the proportions that WhatsApp, Facebook and X show whole."""

_FONT = Path(__file__).parent / "fonts/NotoSansDevanagari-Bold.ttf"
# Text is to the left of the picture.
_MARGIN, _PICTURE = 64, 460
# Sizes of the headline, of which the first that fits is used; and the line spacing relative to the size.
_SIZES, _LEADING = (92, 84, 76, 68, 62, 56, 50), 1.42
_NAME, _DATE = 40, 30
# Above and below the headline, for the name and the date.
_TOP, _BOTTOM = 150, 110
# The largest picture that is opened, in pixels.
_MAX_PIXELS = 20_000_000
# The characters of the font: Devanagari, Latin-1 and punctuation.
_DRAWABLE = re.compile(
    "[\u0020-\u007e\u00a0-\u00ff\u0900-\u097f\u200c\u200d\u2010-\u2014\u2018-\u201f\u2022\u2026\u20b9]*\\Z"
)


def can_shape() -> bool:
    """Whether this machine can draw Devanagari."""
    return bool(features.check("raqm") and features.check("fribidi"))


def can_draw(text: str) -> bool:
    """Whether the font has every letter of the text."""
    return bool(_DRAWABLE.match(text))


def draw(headline: str, name: str, date: str, palette: Palette, picture: bytes | None = None) -> bytes:
    """Return the picture as JPEG. A `picture` that cannot be read is left out."""
    card = Image.new("RGB", (WIDTH, HEIGHT), palette.paper)
    pen = ImageDraw.Draw(card)
    room = WIDTH - 2 * _MARGIN
    beside = _open(picture) if picture else None
    if beside is not None:
        card.paste(ImageOps.fit(beside, (_PICTURE, HEIGHT)), (WIDTH - _PICTURE, 0))
        room -= _PICTURE
    pen.rectangle((0, 0, WIDTH, 16), fill=palette.band)
    pen.text((_MARGIN, 56), _fit(name, _font(_NAME), room), font=_font(_NAME), fill=palette.accent, language="hi")
    size, lines = _layout(headline, room, HEIGHT - _TOP - _BOTTOM)
    height = round(size * _LEADING)
    # In the middle of its room.
    top = _TOP + (HEIGHT - _TOP - _BOTTOM - height * len(lines)) // 2
    for number, line in enumerate(lines):
        pen.text((_MARGIN, top + number * height), line, font=_font(size), fill=palette.ink, language="hi")
    pen.text(
        (_MARGIN, HEIGHT - 84), _fit(date, _font(_DATE), room), font=_font(_DATE), fill=palette.grey, language="hi"
    )
    data = BytesIO()
    card.save(data, "JPEG", quality=88, optimize=True)
    return data.getvalue()


def _layout(text: str, room: int, height: int) -> tuple[int, list[str]]:
    """Return the largest size at which the text fits, and its lines. At the smallest size the text is cut at a word."""
    lines: list[str] = []
    for size in _SIZES:
        lines = _wrap(text, _font(size), room)
        most = int(height / (size * _LEADING))
        if len(lines) <= most and all(_length(line, _font(size)) <= room for line in lines):
            return size, _balance(text, _font(size), room, lines)
    size = _SIZES[-1]
    most = int(height / (size * _LEADING))
    kept = lines[:most]
    if len(lines) > most:
        kept[-1] = f"{kept[-1]} …"
    return size, [_fit(line, _font(size), room) for line in kept]


def _wrap(text: str, font: ImageFont.FreeTypeFont, room: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _length(longer, font) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _balance(text: str, font: ImageFont.FreeTypeFont, room: int, lines: list[str]) -> list[str]:
    """Rebalance the lines to similar lengths, so that no word is alone in the last line."""
    for percent in range(96, 50, -4):
        narrower = _wrap(text, font, room * percent // 100)
        if len(narrower) > len(lines):
            break
        lines = narrower
    return lines


def _fit(text: str, font: ImageFont.FreeTypeFont, room: int) -> str:
    """Return the text without the last words that do not fit."""
    words = text.removesuffix(" …").split()
    cut = text
    while len(words) > 1 and _length(cut, font) > room:
        words.pop()
        cut = f"{' '.join(words)} …"
    return cut


def _length(text: str, font: ImageFont.FreeTypeFont) -> float:
    return font.getlength(text, language="hi")


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FONT, size, layout_engine=ImageFont.Layout.RAQM)


def _open(data: bytes) -> Image.Image | None:
    """Return the picture, if it can be read and is not too large."""
    try:
        with Image.open(BytesIO(data), formats=("PNG", "JPEG", "GIF")) as picture:
            if picture.width * picture.height > _MAX_PIXELS:
                return None
            return picture.convert("RGB")
    # Pillow raises many kinds of errors for a damaged file.
    except Exception:
        return None
