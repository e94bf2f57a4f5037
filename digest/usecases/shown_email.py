"""Prepare an email for a preview in a browser, as an invented recipient would get it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal

from digest.models import Edition, InlineImage, RenderedEmail

if TYPE_CHECKING:
    from digest.mail.message import Outgoing, Sender
    from digest.store.content.articles import ImageStore
    from digest.subscribers.tokens import TokenSigner

Scheme = Literal["light", "dark"]
# Returns an image with the pixels that a page needs to show it in this width.
Fit = Callable[[InlineImage, int], InlineImage]
RECIPIENT = "asha@example.com"

_DARK = re.compile(r"@media\s*\(\s*prefers-color-scheme\s*:\s*dark\s*\)")
_LIGHT = re.compile(r"@media\s*\(\s*prefers-color-scheme\s*:\s*light\s*\)")
_ON_OUR_PAGES = re.compile(r'"https://[^"]*/picture/([0-9a-f]{40}@digest)"')
_CONTENT_ID = re.compile(r'"cid:([0-9a-f]{40}@digest)"')


def in_scheme(html: str, scheme: Scheme) -> str:
    """Return `html` with the rules of `scheme` always on and those of the other scheme off."""
    on, off = "@media all", "@media not all"
    html = _DARK.sub(on if scheme == "dark" else off, html)
    html = _LIGHT.sub(on if scheme == "light" else off, html)
    # Where no rule sets a colour, the browser's default background must match the scheme too.
    default = f"<style>:root{{color-scheme:{scheme}!important}}</style></head>"
    return html.replace("</head>", default, 1)


def with_images(html: str, images: Iterable[InlineImage], fit: Fit | None = None) -> str:
    """Return `html` with attached images as data: URIs, because a browser cannot load `cid:` URLs."""
    for image in images:
        place = f'"cid:{image.cid}"'

        def fitted(tag: re.Match[str], image: InlineImage = image, place: str = place) -> str:
            return tag[0].replace(place, _data_uri(fit(image, int(tag[1])))) if fit else tag[0]

        html = re.sub(rf'<img\b[^>]*?\ssrc={re.escape(place)}[^>]*?\swidth="(\d+)"', fitted, html)
        html = html.replace(place, _data_uri(image))
    return html


def _data_uri(image: InlineImage) -> str:
    return f'"data:{image.type};base64,{base64.b64encode(image.data).decode("ascii")}"'


def fill_placeholders(
    edition: Edition,
    email: RenderedEmail,
    sender: Sender,
    signer: TokenSigner,
    stored: ImageStore,
    *,
    fit: Fit | None = None,
) -> tuple[Outgoing, str, str]:
    """Return the email for the invented recipient, and its HTML and text with images and all placeholders replaced.

    Without `fit` the HTML has the images that are sent.
    """
    from digest.mail.message import Outgoing, content_ids, inline_images, recipient, substitute

    to = recipient(0, RECIPIENT, sender, signer.sign_email)
    images = inline_images(email, stored.load(content_ids([email])))
    outgoing = Outgoing(edition.key, "preview", "preview", email, sender, (to,), images)
    # Pictures on our pages come from the store too, because the pages may not run yet.
    html = _ON_OUR_PAGES.sub(r'"cid:\1"', substitute(email.html, to.values))
    shown = stored.load(_CONTENT_ID.findall(html))
    return outgoing, with_images(html, shown.values(), fit), substitute(email.text, to.values)
