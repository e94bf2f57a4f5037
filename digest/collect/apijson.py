"""Reads the JSON of a news API by a mapping: which path of an item holds what. Fetches nothing, never raises.

What the APIs look like are rows of apipresets; JSON Feed, which needs no mapping, is jsonfeed's.
"""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from digest.collect import jsonpath
from digest.collect.apipresets import PRESETS
from digest.collect.assemble import assemble
from digest.collect.entries import EXCERPT
from digest.collect.feeddates import parse_date
from digest.collect.identity import absolute_url
from digest.collect.markup import plain, read_html
from digest.collect.parsed import ParseResult, RawItem, WarningLog
from digest.collect.pictures import is_decoration
from digest.collect.taming import MAX_ITEMS
from digest.models import Image, JsonMapping, Source

_FIELDS = tuple(one.name for one in fields(JsonMapping) if one.name not in ("preset", "items", "utc"))
_CUT = re.compile(r"\[\+?[0-9]{1,7} char(?:acter)?s?\]")  # `… [+1234 chars]`, how NewsAPI and GNews cut a text
_LANGUAGE = re.compile("[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8}){0,3}")
_KEY_LIKE = re.compile("[A-Za-z0-9_-]{16,}")
_SAID = "message | error.message | error | errors | detail"
MAX_PARTS = 2_000_000
"""Objects, lists and values of one answer: a hundred thousand articles with twenty fields each."""

_SAMPLE = 5
"""Items that are looked at to know an API by its shape."""


def parse_api(text: str, *, source: Source, base_url: str, now: datetime, notes: WarningLog) -> ParseResult:
    """The articles of an API's answer, by the source's mapping; without one by the preset that its shape tells.

    An answer that is no such list gives `error`; a path that finds nothing in any item gives a warning.
    """
    if text.count(",") + text.count("[") + text.count("{") > MAX_PARTS:
        return ParseResult("", error=f"It has more than {MAX_PARTS:,} parts, which no news needs; refused.")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as mistake:
        return ParseResult("", error=f"It looks like JSON but can't be read ({str(mistake)[:100]}).")
    asked = source.mapping or JsonMapping(preset=evident(document))
    if asked.preset and asked.preset not in PRESETS:
        return ParseResult("", error=f"There is no preset {asked.preset!r}; known: {', '.join(PRESETS)}.")
    if source.mapping is None and not asked.preset:
        return ParseResult("", error=_unknown(document))
    mapping = _whole(asked)
    kind = f"api:{asked.preset}" if asked.preset else "api"
    entries = jsonpath.listed(document, mapping.items)
    if entries is None:
        return ParseResult("", error=_no_list(document, mapping.items))
    good = [entry for entry in entries if isinstance(entry, dict)]
    lost = len(entries) - len(good)
    if lost:
        notes.add(f"{lost} of its items are no objects")
    if not entries:
        notes.add("it holds no items")
    if len(good) > MAX_ITEMS:
        notes.add(f"{len(good)} items are too many; the newest {MAX_ITEMS} were read")
        lost += len(good) - MAX_ITEMS
        good = _newest(good, mapping)
    for name in _FIELDS:
        path = getattr(asked, name)
        if path and good and not any(jsonpath.values(entry, path, 1) for entry in good):
            notes.add(f"mapping.{name}: {path!r} finds nothing in any item (keys there: {jsonpath.keys(good[0])})")
    items = []
    for entry in good:
        try:
            items.append(_item(entry, mapping, base_url))
        except Exception as mistake:  # one odd item
            notes.count(f"could not be read ({type(mistake).__name__})")
            lost += 1
    articles, more, doubles = assemble(items, source=source, now=now, notes=notes)
    return ParseResult(kind, articles, lost + more, notes.told(), duplicates=doubles)


def evident(document: Any) -> str:
    """The preset that a document has the shape of, '' when it has none's."""
    for name, preset in PRESETS.items():
        entries = jsonpath.listed(document, preset.mapping.items)
        sample = [entry for entry in (entries or [])[:_SAMPLE] if isinstance(entry, dict)]
        if sample and all(set(preset.signs) <= set(entry) for entry in sample):
            titled = any(jsonpath.text(entry, preset.mapping.title) for entry in sample)
            if titled and any(jsonpath.text(entry, preset.mapping.url) for entry in sample):
                return name
    return ""


def _whole(asked: JsonMapping) -> JsonMapping:
    """The mapping with the fields that it leaves empty taken from its preset."""
    if not asked.preset:
        return asked
    own = {name: value for name in (*_FIELDS, "items") if (value := getattr(asked, name))}
    return replace(PRESETS[asked.preset].mapping, preset=asked.preset, **own)


def _item(entry: dict[str, Any], mapping: JsonMapping, base: str) -> RawItem:
    item = RawItem(guid=_unescaped(jsonpath.text(entry, mapping.guid)))
    item.title = _titled(plain(jsonpath.text(entry, mapping.title)), plain(jsonpath.text(entry, mapping.publisher)))
    raw = _address(jsonpath.text(entry, mapping.url))
    if not raw and item.guid.startswith(("http://", "https://")):
        raw = item.guid
    item.url = absolute_url(raw, base)
    if raw and not item.url:
        item.warnings.append("its link is not http or https, or relative to nothing")
    item.date, item.updated = _date(entry, mapping.published, mapping), _date(entry, mapping.updated, mapping)
    item.author = ", ".join(name for one in jsonpath.texts(entry, mapping.author)[:10] if (name := plain(one)))[:200]
    item.categories = [name for one in _parted(jsonpath.texts(entry, mapping.categories)) if (name := plain(one)[:100])]
    item.section = plain(jsonpath.text(entry, mapping.section))[:60]
    language = jsonpath.text(entry, mapping.language)
    item.language = language if _LANGUAGE.fullmatch(language) else ""
    content = read_html(_uncut(jsonpath.text(entry, mapping.body)), item.url or base)
    if content.cut:
        item.warnings.append("its text is absurdly long and was cut")
    item.body = content.blocks
    item.excerpt = " ".join(b.text for b in read_html(_uncut(jsonpath.text(entry, mapping.excerpt)), "").blocks)
    item.excerpt = item.excerpt[: 3 * EXCERPT]
    if not item.excerpt and len(item.body) == 1 and len(item.body[0].text) <= EXCERPT:
        item.excerpt, item.body = item.body[0].text, []
    pictures = (absolute_url(_address(one), item.url or base) for one in jsonpath.texts(entry, mapping.image))
    item.images = [Image(url) for url in pictures if url and not is_decoration(url, None, None)] + content.images
    return item


def _uncut(text: str) -> str:
    """The text with `…` for the `[+1234 chars]` behind a cut one; a line of it is a paragraph, as JSON wraps none."""
    at = text.rfind("[")
    if at > 0 and _CUT.fullmatch(text[at:].strip()):
        text = text[:at].rstrip(" .…\r\n") + " …"
    return text.replace("\r\n", "\n").replace("\n", "\n\n")


def _titled(title: str, publisher: str) -> str:
    """The title without the publisher's name behind it: `… - Village Times`."""
    front, found, name = title.rpartition(" - ")
    return front.strip() if found and front.strip() and publisher and name.strip() == publisher else title


def _parted(found: list[str]) -> list[str]:
    """Several names; one text with commas between is several."""
    return [one.strip() for one in found[0].split(",")] if len(found) == 1 else found


def _address(text: str) -> str:
    """An address; '' for a bare number, which is an id."""
    return "" if text.isdigit() else _unescaped(text)


def _unescaped(text: str) -> str:
    return text.replace("&#038;", "&").replace("&amp;", "&")


def _date(entry: dict[str, Any], path: str, mapping: JsonMapping) -> str:
    """The raw date: seconds, milli- or microseconds since 1970 in their usual form, a clock without a zone labelled."""
    raw = jsonpath.text(entry, path)[:100]
    whole = raw.partition(".")[0]
    if raw.replace(".", "", 1).isdigit() and len(whole) in (10, 13, 16, 19):
        return whole[:13] if len(whole) > 10 else whole
    # of two zones the first is heard, so this one counts only where the text has none
    return f"{raw} UTC" if raw and mapping.utc else raw


def _newest(entries: list[dict[str, Any]], mapping: JsonMapping) -> list[dict[str, Any]]:
    def age(at: int) -> float:
        date = parse_date(_date(entries[at], mapping.published, mapping))
        return date.timestamp() if date is not None and date.year > 1900 else 0.0

    order = sorted(range(len(entries)), key=age, reverse=True)[:MAX_ITEMS]
    return [entries[at] for at in sorted(order)]


def _no_list(document: Any, path: str) -> str:
    said = plain(jsonpath.text(document, _SAID))[:200]
    if said:  # an API's refusal may repeat the key
        return f"The API gives no articles but says: {_KEY_LIKE.sub('…', said).rstrip('.')}."
    where = f"{path!r} names no list in it" if path else "It is no list; name its list in mapping.items"
    return f"{where} (found: {jsonpath.keys(document)})."


def _unknown(document: Any) -> str:
    first = document[0] if isinstance(document, list) and document else document
    shape = f"a list of items with {jsonpath.keys(first)}" if isinstance(document, list) else jsonpath.keys(document)
    return (
        f"It is JSON, but no JSON Feed and no API that is known by its shape (found: {shape}). "
        f"Give the source a mapping: {', '.join(PRESETS)}, or the paths of its fields."
    )
