"""Resolve the images that documents name, and recognise decoration: tracking pixels, spacers, emoji, placeholders."""

from __future__ import annotations

import re

from digest.collect.cleaning.identity import absolute_url
from digest.collect.files import images
from digest.models import Image

# Pixels. What is smaller in one direction is a spacer or a counter.
MIN_SIDE = 10

# Patterns of URLs, each with an example that is its test.

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


def resolve_image(raw: str, base: str, width: int | None = None, height: int | None = None) -> Image | None:
    """The image that a document names: a file next to it, else a URL relative to `base`; None if it is neither.

    The size of a file is read from the file.
    """
    is_local, image = images.find_local(raw)
    if is_local:
        return image
    url = absolute_url(raw, base)
    if not url:
        images.warn_missing(raw)
        return None
    return Image(url, width, height)


def is_decoration(url: str, width: int | None, height: int | None) -> bool:
    """Whether an image only counts visitors or decorates. Sizes are in pixels, None if unknown."""
    is_small = any(side is not None and side < MIN_SIDE for side in (width, height))
    return is_small or bool(_DECORATION.search(url))
