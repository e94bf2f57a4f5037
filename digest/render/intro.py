"""The intro of an edition: an editor's Markdown (bold, italic and links only) as HTML and as text.

Each line is a paragraph. All other markup, including HTML, is shown as typed. A model's intro is plain text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from digest.models import Edition
from digest.render import texts

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

MAX_LENGTH = 5_000
"""Characters of an intro. Longer ones, which older versions accepted, are plain text: the parser is not fast."""

_MARKUP = re.compile(r"[*_\[\\]")
# Markdown that an email shows as typed: headings, lists, quotations, and links without https.
_NO_MARKUP = re.compile(r"^(?:#{1,6}|[-+*>]|[0-9]+[.)]) |\[[^\]]*\]\((?!https?://)[^)]*\)", re.MULTILINE)
_TAGS = {"strong_open": "<b>", "strong_close": "</b>", "em_open": "<i>", "em_close": "</i>"}


class Paragraph(str):
    """A paragraph as plain text, for the text part. In HTML, templates print what `__html__` returns."""

    __slots__ = ("_html",)
    _html: str

    def __new__(cls, text: str, html: str) -> Paragraph:
        made = super().__new__(cls, text)
        made._html = html
        return made

    def __html__(self) -> str:
        return self._html


def paragraphs(edition: Edition) -> tuple[Paragraph, ...]:
    """Return the intro's paragraphs, without placeholders, and with links to web pages only."""
    lines = texts.paragraphs(edition.intro)
    if len(edition.intro) > MAX_LENGTH or _is_all_by_machine(edition):
        return tuple(map(_plain, lines))
    return tuple(_parse_line(line) if _MARKUP.search(line) else _plain(line) for line in lines)


def unknown_markup(intro: str) -> list[str]:
    """Return the Markdown of an intro that its email shows as typed."""
    return list(dict.fromkeys(found[0].strip() for found in _NO_MARKUP.finditer(intro)))


def _is_all_by_machine(edition: Edition) -> bool:
    """Whether a model wrote every word. Its links are not rendered, because it may invent them."""
    rest = edition.intro
    for each in edition.intro_support:
        rest = rest.replace(each.sentence, "", 1)
    return bool(edition.intro_support) and not rest.strip()


def _plain(line: str) -> Paragraph:
    from markupsafe import escape

    return Paragraph(line, str(escape(line)))


@lru_cache(maxsize=64)
def _parse_line(line: str) -> Paragraph:
    """Parse one line of Markdown."""
    from markupsafe import escape

    html: list[str] = []
    text: list[str] = []
    # (URL, start of the text) of each open link. Without a URL only the text is shown.
    links: list[tuple[str, int]] = []
    for token in _parser().parseInline(line)[0].children or ():
        if token.type in _TAGS:
            html.append(_TAGS[token.type])
        elif token.type == "link_open":
            url = str(token.attrs.get("href") or "")
            links.append((url, len(text)))
            html.append(f'<a class="a" href="{escape(url)}">' if url else "")
        elif token.type == "link_close":
            url, start = links.pop()
            html.append("</a>" if url else "")
            if url and "".join(text[start:]).strip() != url:
                text.append(f" ({url})")
        else:
            # An escaped character may have completed a placeholder.
            part = texts.without_placeholders(token.content)
            html.append(str(escape(part)))
            text.append(part)
    return Paragraph(texts.without_placeholders("".join(text)), texts.without_placeholders("".join(html)))


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    # Most intros have no markup, and then the library is not imported.
    from markdown_it import MarkdownIt

    parser = MarkdownIt("zero").enable(["emphasis", "link", "escape"])
    parser.normalizeLink = texts.web_address  # type: ignore[method-assign]
    parser.validateLink = bool  # type: ignore[method-assign,assignment]
    return parser
