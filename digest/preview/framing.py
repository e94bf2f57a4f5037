"""Adapt an email's HTML to a frame in the browser: light or dark mode, attached images, security policy."""

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
    """`html` with the rules of `scheme` always on and those of the other always off.

    A browser follows the system's mode, but the preview shows both side by side.
    """
    on, off = "@media all", "@media not all"
    html = _DARK.sub(on if scheme == "dark" else off, html)
    html = _LIGHT.sub(on if scheme == "light" else off, html)
    # Where no rule sets a colour, the browser's default background must match the scheme too.
    default = f"<style>:root{{color-scheme:{scheme}!important}}</style></head>"
    return html.replace("</head>", default, 1)


def with_images(html: str, images: Iterable[InlineImage]) -> str:
    """`html` with the attached images as data: URIs, because a browser has no email to find them in."""
    for image in images:
        data = base64.b64encode(image.data).decode("ascii")
        html = html.replace(f'"cid:{image.cid}"', f'"data:{image.type};base64,{data}"')
    return html


def content_security_policy(*, images: bool) -> str:
    """The policy of an email in a frame: no scripts, and nothing is loaded except images if wanted."""
    sources = "https: http: data:" if images else "'none'"
    return f"default-src 'none'; style-src 'unsafe-inline'; img-src {sources}"
