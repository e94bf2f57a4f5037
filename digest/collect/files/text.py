"""Parse the text of a .txt or .md file into a raw item."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from digest.collect.cleaning.identity import absolute_url
from digest.collect.cleaning.images import resolve_image
from digest.collect.files.images import is_file_name
from digest.collect.items import RawItem
from digest.collect.markup import MAX_FIELD, paragraphs, plain, read_html
from digest.models import Block

# Characters. A longer first line is a paragraph, and the text has no title.
MAX_TITLE = 250

# Characters. The CommonMark parser takes 50 µs for each bracket that is never closed.
MAX_MARKDOWN = 100_000

# Characters. A longer block between `---` lines is text, not front matter.
MAX_FRONT_MATTER = 20_000

_CUT = "its text is extremely long and was cut"
_FENCED = re.compile(r"\A\s*---[ \t]*\r?\n(.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.S)

# Keys of the front matter by our field.
_NAMES = {
    "title": ("title", "headline", "शीर्षक"),
    "date": ("date", "published", "datepublished", "तारीख", "दिनांक"),
    "updated": ("updated", "modified", "lastmod"),
    "url": ("url", "link", "canonical", "permalink"),
    "author": ("author", "authors", "byline", "लेखक"),
    "section": ("section", "विभाग"),
    "image": ("image", "cover", "thumbnail", "तस्वीर"),
    "alt": ("image_alt", "alt"),
    "categories": ("categories", "category", "tags", "टैग"),
    "language": ("language", "lang"),
    "excerpt": ("excerpt", "summary", "description", "सार"),
    "guid": ("id", "guid"),
}


def read_text(text: str) -> RawItem:
    """The first line that is not empty is the title, unless it is too long. Blank lines separate paragraphs."""
    warnings = [_CUT] if len(text) > MAX_FIELD else []
    text = text[:MAX_FIELD].replace("\r\n", "\n").replace("\r", "\n").lstrip("\n \t\u00a0")
    lines = text.split("\n", 1)
    if len(lines[0]) > MAX_TITLE:
        return RawItem(body=paragraphs(text), warnings=warnings)
    return RawItem(title=plain_line(lines[0]), body=paragraphs("".join(lines[1:])), warnings=warnings)


def plain_line(line: str) -> str:
    """A title as typed by hand, with no markup: `<` is an ordinary character."""
    return " ".join(line.split())


def read_markdown(text: str) -> RawItem:
    """Parse YAML front matter, if any, and CommonMark. The first heading is the title if the front matter has none."""
    item, rest = RawItem(), text.lstrip("\ufeff")
    match = _FENCED.match(rest)
    if match and len(match[1]) <= MAX_FRONT_MATTER:
        rest = rest[match.end() :]
        _front_matter(match[1], item)
    from markdown_it import MarkdownIt

    if len(rest) > MAX_MARKDOWN:
        item.warnings.append(_CUT)
    content = read_html(MarkdownIt("commonmark").render(rest[:MAX_MARKDOWN]), item.url)
    body = content.blocks
    if (body and body[0].kind == "h" and (not item.title or body[0].text == item.title)) or (not item.title and body):
        item.title, body = body[0].text, body[1:]
    if body and not any(block.kind == "p" for block in body):
        body = [Block("p", block.text) for block in body]
    item.body = body
    item.images += content.images
    return item


def _front_matter(block: str, item: RawItem) -> None:
    import yaml

    try:
        values = yaml.safe_load(block)
    except Exception as error:
        # PyYAML lets errors of its constructors through (IndexError for `!!int ""`).
        item.warnings.append(f"its front matter is not YAML ({type(error).__name__})")
        return
    if not isinstance(values, dict):
        item.warnings.append("its front matter has no keys")
        return
    given = {str(key).strip().lower(): value for key, value in values.items()}
    found = {
        field: next((given[name] for name in names if given.get(name) is not None), None)
        for field, names in _NAMES.items()
    }
    item.title = plain(_scalar(found["title"]))
    item.date, item.updated = _scalar(found["date"]), _scalar(found["updated"])
    raw = _scalar(found["url"])
    item.url = absolute_url(raw, "")
    if raw and not item.url:
        item.warnings.append("its url is not http or https")
    item.author = plain(", ".join(_list(found["author"])))
    item.section, item.guid = plain(_scalar(found["section"])), _scalar(found["guid"])
    item.language = _scalar(found["language"])
    item.excerpt = plain(_scalar(found["excerpt"]))
    item.categories = [plain(name) for name in _list(found["categories"])]
    raw = _scalar(found["image"])
    if picture := resolve_image(raw, item.url):
        item.images.append(replace(picture, alt=plain(_scalar(found["alt"]))[:300]))
    elif found["image"] and not is_file_name(raw):
        item.warnings.append("its image is neither a file next to it nor an http or https URL")


def _scalar(value: Any) -> str:
    """A YAML value as text: dates in ISO form, '' for lists and mappings."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _list(value: Any) -> list[str]:
    values = value if isinstance(value, list) else str(value).split(",") if isinstance(value, str) else []
    return [text for one in values[:50] if (text := _scalar(one))]
