"""Parse the JSON of a news API with a mapping from our fields to paths. Also JSON Feed. Never raises."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, fields, replace
from typing import Any

from digest.collect.cleaning.identity import absolute_url
from digest.collect.cleaning.normalise import normalise_items
from digest.collect.feeds.dates import parse_date
from digest.collect.feeds.entry import EXCERPT
from digest.collect.feeds.sanitise_xml import MAX_ITEMS
from digest.collect.images import is_decoration, resolve_image
from digest.collect.markup import paragraphs, plain, read_html
from digest.collect.types import FeedInfo, ParseContext, ParseResult, RawItem, WarningLog
from digest.messages import Message
from digest.models import JsonMapping


# Sources: https://newsapi.org/docs/endpoints/everything, https://docs.gnews.io/endpoints/search-endpoint,
# https://developer.wordpress.org/rest-api/reference/posts/ (with and without `_embed`).
@dataclass(frozen=True, slots=True)
class Preset:
    """One news API."""

    # Keys that every item of this API has. They identify the API if the source has no mapping.
    signs: tuple[str, ...]
    mapping: JsonMapping


_NEWSAPI = JsonMapping(
    items="articles",
    title="title",
    url="url",
    published="publishedAt",
    body="content",
    excerpt="description",
    image="urlToImage",
    author="author",
    publisher="source.name",
    utc=True,
)

_JSON_FEED = JsonMapping(
    title="title",
    url="url | external_url",
    published="date_published",
    updated="date_modified",
    body="content_html",
    excerpt="summary",
    image="image | banner_image",
    author="authors[].name | authors.name | author.name | author[].name | authors | author",
    categories="tags",
    language="language",
    guid="id",
)

# API by name, in the order in which they are tried: NewsAPI has all keys of GNews.
PRESETS: dict[str, Preset] = {
    "newsapi": Preset(("title", "url", "publishedAt", "urlToImage"), _NEWSAPI),
    "gnews": Preset(("title", "url", "publishedAt"), replace(_NEWSAPI, image="image", author="", language="lang")),
    "wordpress": Preset(
        ("title", "link", "date_gmt"),
        JsonMapping(
            title="title.rendered",
            url="link",
            published="date_gmt",
            updated="modified_gmt",
            body="content.rendered",
            excerpt="excerpt.rendered",
            image="_embedded.wp:featuredmedia.source_url | jetpack_featured_media_url | yoast_head_json.og_image.url",
            author="_embedded.author.name | yoast_head_json.author",
            categories="_embedded.wp:term[][].name",
            guid="guid.rendered",
            utc=True,
        ),
    ),
}


# Values that one path may give: no article has more categories.
MAX_VALUES = 50

# Elements of the list of items. Ten million bytes can't contain more objects.
MAX_LISTED = 200_000

# Halves of a UTF-16 pair, which can't be encoded.
_SURROGATES = re.compile("[\ud800-\udfff]")


def values(holder: Any, path: str, limit: int = MAX_VALUES) -> list[Any]:
    """Return all values that the path names, without null, '' and empty lists and objects."""
    for choice in path.split("|"):
        found = [holder]
        for step in choice.strip().split("."):
            found = [after for value in found for after in _step(value, step, limit)][:limit]
        found = [value for value in found if value is not None and value != "" and value != [] and value != {}]
        if found:
            return found
    return []


def find_list(document: Any, path: str) -> list[Any] | None:
    """Return the list that the path names, or the document itself if the path is ''; None if there is no list."""
    if not path:
        return document if isinstance(document, list) else None
    for choice in path.split("|"):
        found = document
        for step in choice.strip().split("."):
            found = next(iter(_step(found, step, MAX_LISTED)), None)
        if isinstance(found, list):
            return found[:MAX_LISTED]
    return None


def texts(holder: Any, path: str) -> list[str]:
    """Return the values that the path names, as texts. Lists are flattened; objects are left out."""
    flat = (one for value in values(holder, path) for one in (value if isinstance(value, list) else [value]))
    return [text for one in flat if (text := as_text(one))][:MAX_VALUES]


def text(holder: Any, path: str) -> str:
    """Return the first text that the path names, or ''."""
    return next(iter(texts(holder, path)), "")


def as_text(value: Any) -> str:
    """Return a string or a number as text; '' for anything else."""
    if isinstance(value, str):
        return _SURROGATES.sub("", value).strip()
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > 1e18:
        return ""
    return str(int(value)) if value == int(value) else str(value)


def describe_keys(value: Any) -> str:
    """Return the first ten keys of an object, for a message; otherwise what kind of value it is."""
    if isinstance(value, dict):
        names = [_SURROGATES.sub("", str(name))[:40] for name in list(value)[:10]]
        return ", ".join(names) + (", …" if len(value) > len(names) else "") if names else "no keys"
    return "a list" if isinstance(value, list) else "no object"


def _step(value: Any, step: str, limit: int) -> list[Any]:
    """Return the values to which one step of a path leads."""
    name = step.rstrip("[]")
    flatten = step[len(name) :].count("[]")
    if isinstance(value, list):
        if name.isascii() and name.isdigit() and len(name) < 7:
            found = value[int(name) : int(name) + 1]
        else:
            found = [inner[name] for inner in value[:1] if isinstance(inner, dict) and name in inner]
    else:
        found = [value[name]] if isinstance(value, dict) and name in value else []
    for _ in range(flatten):
        found = [one for inner in found if isinstance(inner, list) for one in inner[:limit]][:limit]
    return found


_FIELDS = tuple(one.name for one in fields(JsonMapping) if one.name not in ("preset", "items", "utc"))
# NewsAPI and GNews cut a text like this: `… [+1234 chars]`.
_CUT = re.compile(r"\[\+?[0-9]{1,7} char(?:acter)?s?\]")
_LANGUAGE = re.compile("[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8}){0,3}")
_KEY_LIKE = re.compile("[A-Za-z0-9_-]{16,}")
_ERROR_MESSAGE = "message | error.message | error | errors | detail"

# Objects, lists and values of one response: a hundred thousand articles with twenty fields each.
MAX_PARTS = 2_000_000

# Items that are examined to recognise an API.
_SAMPLE = 5


def parse_api(text: str, context: ParseContext) -> ParseResult:
    """Return the articles of an API's response, by the source's mapping, or by the preset that the items look like."""
    source, log = context.source, context.log
    if text.count(",") + text.count("[") + text.count("{") > MAX_PARTS:
        return ParseResult(None, error=f"It has more than {MAX_PARTS:,} parts, which no news feed needs; refused.")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        return ParseResult(None, error=Message("It looks like JSON but can't be read (%(why)s).", why=str(error)[:100]))
    given = source.mapping or JsonMapping(preset=recognise_preset(document) or "")
    if given.preset and given.preset not in PRESETS:
        return ParseResult(None, error=f"There is no preset {given.preset!r}; known: {', '.join(PRESETS)}.")
    if source.mapping is None and not given.preset:
        return ParseResult(None, error=_unknown_api(document))
    mapping = _with_preset(given)
    kind = f"api:{given.preset}" if given.preset else "api"
    elements = find_list(document, mapping.items)
    if elements is None:
        return ParseResult(None, error=_no_list(document, mapping.items))
    entries = _entries(elements, mapping, log)
    _warn_unused_paths(entries, given, log)
    items = _items(entries, mapping, context.url, log)
    made = normalise_items(items, context)
    lost = len(elements) - len(items) + made.lost
    return ParseResult(kind, made.articles, lost, log.messages(), duplicates=made.duplicates)


def read_json_feed(text: str, context: ParseContext) -> tuple[FeedInfo, list[RawItem], int] | str:
    """Read a JSON Feed 1.0 or 1.1 (https://www.jsonfeed.org/version/1.1/): its info, items and lost items; or an error.

    Lenient about types, as publishers are: accepts a number as id, a string as author list, a missing version.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Message("It looks like JSON but can't be read (%(why)s).", why=str(error)[:100])
    elements = document.get("items") if isinstance(document, dict) else None
    if not isinstance(elements, list):
        return Message("It is JSON, but not a JSON Feed (it has no list named items).")
    base = context.url or absolute_url(as_text(document.get("home_page_url")), None)
    authors = _author(document, _JSON_FEED)
    items = _items(_entries(elements, _JSON_FEED, context.log), _JSON_FEED, base, context.log)
    for item in items:
        item.author = item.author or authors
    info = FeedInfo(plain(as_text(document.get("title"))), as_text(document.get("language")) or None)
    return info, items, len(elements) - len(items)


def _entries(elements: list[Any], mapping: JsonMapping, log: WarningLog) -> list[dict[str, Any]]:
    """Return the objects among the elements, at most the newest MAX_ITEMS, in the document's order."""
    entries = [element for element in elements if isinstance(element, dict)]
    if len(entries) < len(elements):
        log.add(f"{len(elements) - len(entries)} of its items are not objects")
    if not elements:
        log.add("it has no items")
    if len(entries) <= MAX_ITEMS:
        return entries
    log.add(f"{len(entries)} items are too many; the newest {MAX_ITEMS} were read")

    def age(at: int) -> float:
        date = parse_date(_date(entries[at], mapping.published, mapping))
        return date.timestamp() if date is not None and date.year > 1900 else 0.0

    order = sorted(range(len(entries)), key=age, reverse=True)[:MAX_ITEMS]
    return [entries[at] for at in sorted(order)]


def _items(entries: list[dict[str, Any]], mapping: JsonMapping, base: str | None, log: WarningLog) -> list[RawItem]:
    items = []
    for entry in entries:
        try:
            items.append(_item(entry, mapping, base))
        except Exception as error:
            # One odd item must not lose the others.
            log.count(f"could not be read ({type(error).__name__})")
    return items


def _warn_unused_paths(entries: list[dict[str, Any]], given: JsonMapping, log: WarningLog) -> None:
    for name in _FIELDS:
        path = getattr(given, name)
        if path and entries and not any(values(entry, path, 1) for entry in entries):
            keys = describe_keys(entries[0])
            log.add(f"mapping.{name}: {path!r} finds nothing in any item (keys there: {keys})")


def recognise_preset(document: Any) -> str | None:
    """Return the name of the preset that the document's items look like; None if there is none."""
    for name, preset in PRESETS.items():
        elements = find_list(document, preset.mapping.items)
        sample = [element for element in (elements or [])[:_SAMPLE] if isinstance(element, dict)]
        if sample and all(set(preset.signs) <= set(entry) for entry in sample):
            has_title = any(text(entry, preset.mapping.title) for entry in sample)
            if has_title and any(text(entry, preset.mapping.url) for entry in sample):
                return name
    return None


def _with_preset(given: JsonMapping) -> JsonMapping:
    """Return the mapping, with its empty fields filled from its preset."""
    if not given.preset:
        return given
    own = {name: value for name in (*_FIELDS, "items") if (value := getattr(given, name))}
    return replace(PRESETS[given.preset].mapping, preset=given.preset, **own)


def _item(entry: dict[str, Any], mapping: JsonMapping, base: str | None) -> RawItem:
    item = RawItem(guid=_unescape(text(entry, mapping.guid)) or None)
    title, publisher = (plain(text(entry, path)) for path in (mapping.title, mapping.publisher))
    item.title = _without_publisher(title, publisher)
    raw = _url(text(entry, mapping.url))
    if not raw and item.guid and item.guid.startswith(("http://", "https://")):
        raw = item.guid
    item.url = absolute_url(raw, base)
    if raw and not item.url:
        item.warnings.append("its link is not http or https, or is relative without a base")
    item.date = _date(entry, mapping.published, mapping) or None
    item.updated = _date(entry, mapping.updated, mapping) or None
    item.author = _author(entry, mapping)
    categories = _split_names(texts(entry, mapping.categories))
    # A bare number is an id.
    item.categories = [name for one in categories if (name := plain(one)[:100]) and not name.isdigit()]
    item.section = plain(text(entry, mapping.section))[:60] or None
    language = text(entry, mapping.language)
    item.language = language if _LANGUAGE.fullmatch(language) else None
    content = read_html(_text_to_html(text(entry, mapping.body)), item.url or base)
    if content.cut:
        item.warnings.append("its text is extremely long and was cut")
    item.body = content.blocks
    if mapping is _JSON_FEED and not item.body:
        item.body = paragraphs(text(entry, "content_text"))
    item.excerpt = " ".join(b.text for b in read_html(_text_to_html(text(entry, mapping.excerpt)), None).blocks)
    item.excerpt = item.excerpt[: 3 * EXCERPT]
    if not item.excerpt and len(item.body) == 1 and len(item.body[0].text) <= EXCERPT:
        item.excerpt, item.body = item.body[0].text, []
    images = (resolve_image(_url(one), item.url or base) for one in texts(entry, mapping.image))
    item.images = [one for one in images if one and not is_decoration(one.url, None, None)] + content.images
    return item


def _author(entry: dict[str, Any], mapping: JsonMapping) -> str | None:
    return ", ".join(name for one in texts(entry, mapping.author)[:10] if (name := plain(one)))[:200] or None


def _text_to_html(text: str) -> str:
    """Return the text with `…` for `[+1234 chars]`, and each line as a paragraph: texts in JSON are not wrapped."""
    at = text.rfind("[")
    if at > 0 and _CUT.fullmatch(text[at:].strip()):
        text = text[:at].rstrip(" .…\r\n") + " …"
    return text.replace("\r\n", "\n").replace("\n", "\n\n")


def _without_publisher(title: str, publisher: str) -> str:
    """Return the title without the publisher's name at its end: `… - Village Times`."""
    front, found, name = title.rpartition(" - ")
    return front.strip() if found and front.strip() and publisher and name.strip() == publisher else title


def _split_names(found: list[str]) -> list[str]:
    """Return several names; a single text is split at its commas."""
    return [one.strip() for one in found[0].split(",")] if len(found) == 1 else found


def _url(text: str) -> str:
    """Return a URL; '' for a bare number, which is an id."""
    return "" if text.isdigit() else _unescape(text)


def _unescape(text: str) -> str:
    return text.replace("&#038;", "&").replace("&amp;", "&")


def _date(entry: dict[str, Any], path: str, mapping: JsonMapping) -> str:
    """Return the raw date.

    Micro- and nanoseconds are cut to milliseconds, and the API's time zone is added to local times.
    """
    raw = text(entry, path)[:100]
    whole = raw.partition(".")[0]
    if raw.replace(".", "", 1).isdigit() and len(whole) in (10, 13, 16, 19):
        return whole[:13] if len(whole) > 10 else whole
    # Of two zones the first counts, so this one applies only if the text has none.
    return f"{raw} UTC" if raw and mapping.utc else raw


def _no_list(document: Any, path: str) -> str:
    message = plain(text(document, _ERROR_MESSAGE))[:200]
    if message:
        # An API's error message may repeat the key.
        return Message(
            "The API returned this message instead of articles: %(words)s.",
            words=_KEY_LIKE.sub("…", message).rstrip("."),
        )
    where = "It is not a list; name its list in mapping.items"
    if path:
        where = f"mapping.items: {path!r} names no list in it"
    return f"{where} (found: {describe_keys(document)})."


def _unknown_api(document: Any) -> str:
    first = document[0] if isinstance(document, list) and document else document
    keys = describe_keys(first)
    shape = f"a list of items with {keys}" if isinstance(document, list) else keys
    return Message(
        "It is JSON, but neither a JSON Feed nor a known API (found: %(name)s). Give the source a mapping: %(why)s",
        name=shape,
        why=Message("%(names)s, or the paths of its fields.", names=", ".join(PRESETS)),
    )
