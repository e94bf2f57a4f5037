"""Extract text and images from HTML, without recursion and with limits, so that extreme input is cheap."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from digest.collect.feeds.sanitise_xml import drop_long_attributes
from digest.collect.images import is_decoration, resolve_image
from digest.hindi.text import repair
from digest.models import Image, TextBlock

_INVALID_CHARS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def html_tree(text: str) -> Any:
    """Parse a page or a fragment of a page or a fragment; None if there is nothing to parse."""
    from lxml import etree
    from lxml import html as lxml_html

    # Bytes with a stated encoding: a <meta charset> or XML declaration inside must not count.
    parser = lxml_html.HTMLParser(encoding="utf-8", recover=True, no_network=True, huge_tree=False)
    try:
        return lxml_html.document_fromstring(drop_long_attributes(_INVALID_CHARS.sub("", text)).encode(), parser=parser)
    except (etree.LxmlError, ValueError):
        return None


# Characters of one HTML field that are read: about twenty times the longest article that was measured.
MAX_FIELD = 400_000

MAX_BLOCK = 20_000
MAX_WORD = 1_000
MAX_BLOCKS = 2_000

_DROPPED = frozenset(
    {"script", "style", "iframe", "form", "noscript", "template", "object", "embed", "svg", "math", "button"}
    | {"select", "textarea", "video", "audio", "canvas", "head", "title", "figcaption", "nav", "dialog"}
)
_BREAKS = frozenset(
    {"p", "br", "li", "ul", "ol", "dl", "dd", "dt", "div", "section", "article", "aside", "header", "footer"}
    | {"main", "blockquote", "pre", "table", "tr", "td", "th", "figure", "hr", "center", "body", "html"}
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9:-]*(?:\s[^<>]{0,2000})?/?>|<!--(?:[^<]|<(?!!--)){0,2000}?-->", re.S)
_DROPPED_ELEMENT = re.compile(r"<(script|style|iframe|form|noscript|svg)(?:\s[^<>]*)?>.*?(?:</\1>|$)", re.S | re.I)
_LONG_WORD = re.compile(rf"(?<!\S)(\S{{{MAX_WORD}}})\S+")
_INVALID_REFERENCE = re.compile("&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{8,});?")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")


@dataclass(slots=True)
class Content:
    """The content of HTML: paragraphs and headings in order, and the images that are not decoration."""

    blocks: list[TextBlock] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    # The HTML was longer than MAX_FIELD.
    cut: bool = False


def plain(text: str) -> str:
    """Return one line of text from a field that may contain tags and entities, even if escaped twice; repaired."""
    text = _unescape(text[:MAX_BLOCK])
    if "<" in text:
        text = _unescape(_TAG.sub(lambda tag: "" if _is_inline(tag.group()) else " ", text))
    return _line(text)


def _line(text: str) -> str:
    """Return the text on one line, repaired."""
    return repair(_limit_words(" ".join(text.split())))


def _limit_words(text: str) -> str:
    """Return the text with words cut to a thousand characters. Patterns would take minutes for longer ones."""
    return _LONG_WORD.sub(r"\1", text) if len(text) > MAX_WORD else text


def read_html(markup: str, base: str | None) -> Content:
    """Return the blocks and images of an HTML fragment with the base URL `base`.

    Without tags, blank lines end paragraphs.
    """
    content = Content(cut=len(markup) > MAX_FIELD)
    markup = markup[:MAX_FIELD]
    # Markup that was escaped once too often: &lt;p&gt; instead of <p>.
    for _ in range(2):
        if "<" in markup or "&" not in markup or not _TAG.search(_unescape_once(markup)):
            break
        markup = _unescape_once(markup)
    if not _TAG.search(markup):
        content.blocks = paragraphs(_unescape(markup))
        return content
    if (root := html_tree(f"<div>{markup}</div>")) is not None:
        walk(root, content, base)
    # It is nested too deeply for libxml2, or all of its text is in elements that are left out.
    if not content.blocks:
        rest = _DROPPED_ELEMENT.sub(" ", markup)
        content.blocks = paragraphs(_unescape(_TAG.sub(" ", rest)))
    return content


def _block_line(text: str) -> str:
    return repair(_limit_words(" ".join(_unescape(text).split()))[:MAX_BLOCK])


def paragraphs(text: str) -> list[TextBlock]:
    """Split plain text into paragraphs: a blank line ends one, a single line break is a space."""
    pieces = re.split(r"\n[ \t\u00a0]*(?:\n[ \t\u00a0]*)+", text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = (_line(piece) for piece in pieces)
    return [TextBlock("p", line[:MAX_BLOCK]) for line in lines if line][:MAX_BLOCKS]


def walk(root: Any, content: Content, base: str | None) -> None:
    """Add the blocks and images below an lxml element to `content`."""
    from lxml import etree

    buffer: list[str] = []
    heading = 0

    def flush() -> None:
        text = _block_line("".join(buffer))
        buffer.clear()
        if text and len(content.blocks) < MAX_BLOCKS:
            kind: Literal["p", "h"] = "h" if heading else "p"
            content.blocks.append(TextBlock(kind, text))

    walker = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, node in walker:
        if event in ("comment", "pi"):
            buffer.append(node.tail or "")
            continue
        name = node.tag if isinstance(node.tag, str) else ""
        if event == "start":
            if name in _DROPPED:
                walker.skip_subtree()
                continue
            if name in _BREAKS or name in _HEADINGS:
                flush()
            if name in _HEADINGS:
                heading += 1
            if name == "img" and (image := image_of(dict(node.attrib), base)):
                content.images.append(image)
            buffer.append(node.text or "")
            continue
        if name in _BREAKS or name in _HEADINGS:
            flush()
            heading -= name in _HEADINGS
        if node is not root:
            buffer.append(node.tail or "")
    flush()


def image_of(attributes: dict[str, str], base: str | None) -> Image | None:
    """Return the image that an `<img>` shows: the URL for lazy loading first; None for decoration."""
    names = ("data-src", "data-lazy-src", "data-original", "src")
    sizes = pixels(attributes.get("width")), pixels(attributes.get("height"))
    for name in names:
        raw = attributes.get(name, "").strip()
        image = resolve_image(raw, base, *sizes) if raw and not raw.lower().startswith("data:") else None
        if image:
            break
    else:
        return None
    if is_decoration(image.url, image.width, image.height):
        return None
    return replace(image, alt=plain(attributes.get("alt", ""))[:300])


def pixels(value: object) -> int | None:
    """Return a width or height in pixels from an attribute; None for percentages, `auto` and extreme numbers."""
    match = re.fullmatch(r"\s*([0-9]{1,6})(?:\.[0-9]+)?\s*(?:px)?\s*", str(value or ""))
    number = int(match[1]) if match else 0
    return number if 0 < number < 100_000 else None


def _unescape_once(text: str) -> str:
    # Python refuses numbers of more than 4,300 digits, and no character has a number of eight.
    return html.unescape(_INVALID_REFERENCE.sub("", text) if "&#" in text else text)


def _unescape(text: str) -> str:
    for _ in range(3):
        if "&" not in text or not _ENTITY.search(text):
            break
        text = _unescape_once(text)
    return text


def _is_inline(tag: str) -> bool:
    name = re.match(r"</?([A-Za-z0-9]+)", tag)
    return bool(name) and name[1].lower() not in _BREAKS | _HEADINGS if name else True
