"""A letter as one reader's program would show it: its light or its dark side, with a name where tokens stand. Pure.

A browser shows the dark rules only where the whole system is dark; here both stand side by side, so the media
query is turned on or off in the text.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from typing import Literal

from digest.models import InlineImage

Scheme = Literal["light", "dark"]

_DARK = re.compile(r"@media\s*\(\s*prefers-color-scheme\s*:\s*dark\s*\)")
_LIGHT = re.compile(r"@media\s*\(\s*prefers-color-scheme\s*:\s*light\s*\)")


def in_scheme(html: str, scheme: Scheme) -> str:
    """`html` with the rules of this scheme always on and those of the other never."""
    on, off = "@media all", "@media not all"
    html = _DARK.sub(on if scheme == "dark" else off, html)
    html = _LIGHT.sub(on if scheme == "light" else off, html)
    # What no rule colours follows the program's own ground, which is dark in the dark.
    ground = f"<style>:root{{color-scheme:{scheme}!important}}</style></head>"
    return html.replace("</head>", ground, 1)


def with_pictures(html: str, pictures: Iterable[InlineImage]) -> str:
    """`html` with the pictures that travel in the mail as data: URIs, for a browser has no mail to find them in."""
    for picture in pictures:
        data = base64.b64encode(picture.data).decode("ascii")
        html = html.replace(f'"cid:{picture.cid}"', f'"data:{picture.type};base64,{data}"')
    return html


def policy(*, images: bool) -> str:
    """The Content-Security-Policy of a letter in a frame: nothing runs, nothing loads but pictures if wanted."""
    pictures = "https: http: data:" if images else "'none'"
    return f"default-src 'none'; style-src 'unsafe-inline'; img-src {pictures}"
