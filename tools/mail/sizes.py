"""The size of an email, and how much of it is markup."""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.models import RenderedEmail
from digest.render.size_budget import measure
from tools.mail.emails import CheckedEmail
from tools.mail.row import Row, at_most

# Bytes of 20 stories, without and with five images. More stories may have more.
DECODED = 34_000
DECODED_WITH_IMAGES = 36_000
STORIES = 20
# Every block at once, which no newsletter shows, may add this.
EVERY_BLOCK = 1_000
# Gmail clips an email here. It must not be reached even in quoted-printable, the longest encoding.
CLIPPED = 102_400
# Gmail drops every style beyond 16 kB; a small style sheet leaves the bytes to the news.
KEPT_CSS = 3_000

DEPTH = 3

_COMMENT = re.compile(r"<!--.*?-->", re.S)
_SHEET = re.compile(r"<style\b[^>]*>(.*?)</style>", re.S)
_INLINE = re.compile(r"""\sstyle=(?:"([^"]*)"|'([^']*)')""")


def check(email: CheckedEmail) -> Iterator[Row]:
    from lxml import html as parser

    sizes = measure(RenderedEmail("", email.subject, email.html, email.text))
    shown = _COMMENT.sub("", email.html)
    page = parser.document_fromstring(shown)
    tables = [1 + sum(1 for _ in table.iterancestors("table")) for table in page.iter("table")]
    kept = sum(len(sheet.encode()) for sheet in _SHEET.findall(shown))
    inline = sum(len((double or single).encode()) for double, single in _INLINE.findall(shown))
    with_images = email.images > 0
    decoded = (DECODED_WITH_IMAGES if with_images else DECODED) * max(email.stories, STORIES) // STORIES
    decoded += EVERY_BLOCK if email.name.startswith("every-block") else 0

    def row(what: str, value: float, limit: float | None = None) -> Row:
        return at_most("sizes", email.name, what, value, limit)

    yield row(f"decoded bytes, {'with' if with_images else 'without'} images", sizes.decoded, decoded)
    yield row("bytes as base64", sizes.base64, CLIPPED - 1)
    yield row("bytes as quoted-printable", sizes.quoted_printable, CLIPPED - 1)
    yield row("bytes of kept CSS", kept, KEPT_CSS)
    yield row("bytes of inline CSS", inline)
    yield row("tables within tables", max(tables, default=0), DEPTH)
    yield row("elements", sum(1 for _ in page.iter("*")))
