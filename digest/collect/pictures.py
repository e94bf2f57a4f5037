"""What picture a document names, and which are no pictures of the story: counting pixels, smileys. Rows with examples.

Knows addresses and sizes only; fetches nothing.
"""

from __future__ import annotations

import re

from digest.collect import beside
from digest.collect.identity import absolute_url
from digest.models import Image

SMALLEST = 10
"""Pixels; what is smaller in one direction is a spacer or a counter."""

DECORATION: tuple[tuple[str, str], ...] = (
    (r"/1x1\.", "https://example.com/img/1x1.gif"),
    (r"//feeds\.feedburner\.com/~", "http://feeds.feedburner.com/~r/example/~4/abc"),
    (r"//pixel\.", "https://pixel.example.com/p.gif?id=1"),
    (r"//stats\.wordpress\.com/", "https://stats.wordpress.com/b.gif?v=noscript"),
    (r"//pixel\.wp\.com/", "https://pixel.wp.com/b.gif?host=example.com"),
    (r"//s\.w\.org/images/core/emoji/", "https://s.w.org/images/core/emoji/14.0.0/72x72/1f600.png"),
    (r"//[a-z0-9.]*\.gravatar\.com/", "https://secure.gravatar.com/avatar/00"),
    (r"//ad\.doubleclick\.net/", "https://ad.doubleclick.net/ddm/trackimp/x"),
    (r"//(?:www\.)?google-analytics\.com/", "https://www.google-analytics.com/collect?v=1"),
    (r"//(?:www\.)?facebook\.com/tr\b", "https://www.facebook.com/tr?id=1&ev=PageView"),
    (r"//sb\.scorecardresearch\.com/", "https://sb.scorecardresearch.com/p?c1=2"),
    (r"/(?:default|social-banner)[^/]*\.(?:png|jpe?g|webp)", "https://example.com/img/default_500.png"),
    (r"/(?:tracking|beacon|counter|count)(?:[./?]|$)", "https://example.com/tracking.gif"),
    (r"/(?:spacer|blank|transparent|placeholder)[^/]*\.(?:gif|png|svg)", "https://example.com/spacer.gif"),
)

_DECORATION = re.compile("|".join(f"(?:{pattern})" for pattern, _example in DECORATION), re.I)


def named(raw: str, base: str, width: int | None = None, height: int | None = None) -> Image | None:
    """The picture that a document names by `raw`: a file that lies beside it, if it was read from a folder, else an
    address on the web, made absolute against `base`; None when it is neither. A file's own sides win."""
    here, picture = beside.found(raw)
    if here:
        return picture
    url = absolute_url(raw, base)
    if not url:
        beside.missed(raw)
        return None
    return Image(url, width, height)


def is_decoration(url: str, width: int | None, height: int | None) -> bool:
    """Whether a picture is there to count or to decorate; sizes in pixels, None where unknown."""
    small = any(side is not None and side < SMALLEST for side in (width, height))
    return small or bool(_DECORATION.search(url))
