"""How big a letter is, and how much of it is frame. Bars: docs of the README beside this file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.models import RenderedEmail
from digest.render.size_budget import measure
from tools.mail.letters import Made
from tools.mail.row import Row, at_most

DECODED = 34_000
DECODED_WITH_PICTURES = 40_000
"""Bytes of 20 stories, without and with five pictures."""

CLIPPED = 102_400
"""Where Gmail cuts a letter off; not to be reached even when it counts quoted-printable, the longest form."""

KEPT_CSS = 2_000
"""Gmail drops every style beyond 16 kB; a small kept sheet leaves the bytes to the news."""

DEPTH = 3

_COMMENT = re.compile(r"<!--.*?-->", re.S)
_SHEET = re.compile(r"<style\b[^>]*>(.*?)</style>", re.S)
_INLINE = re.compile(r"""\sstyle=(?:"([^"]*)"|'([^']*)')""")


def judge(made: Made) -> Iterator[Row]:
    from lxml import html as parser

    sizes = measure(RenderedEmail("", made.subject, made.html, made.text))
    shown = _COMMENT.sub("", made.html)
    page = parser.document_fromstring(shown)
    tables = [1 + sum(1 for _ in table.iterancestors("table")) for table in page.iter("table")]
    kept = sum(len(sheet.encode()) for sheet in _SHEET.findall(shown))
    inline = sum(len((double or single).encode()) for double, single in _INLINE.findall(shown))
    with_pictures = made.pictures > 0
    decoded = DECODED_WITH_PICTURES if with_pictures else DECODED

    def row(what: str, value: float, bar: float | None = None) -> Row:
        return at_most("sizes", made.name, what, value, bar)

    yield row(f"decoded bytes, {'with' if with_pictures else 'without'} pictures", sizes.decoded, decoded)
    yield row("bytes as base64", sizes.base64, CLIPPED - 1)
    yield row("bytes as quoted-printable", sizes.quoted_printable, CLIPPED - 1)
    yield row("bytes of kept CSS", kept, KEPT_CSS)
    yield row("bytes of inline CSS", inline)
    yield row("tables within tables", max(tables, default=0), DEPTH)
    yield row("elements", sum(1 for _ in page.iter("*")))
