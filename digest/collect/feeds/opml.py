"""Read lists of feeds (OPML 1.0 and 2.0, or one URL per line), listing entries that can't be used; write OPML."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from digest.collect.cleaning.identity import absolute_url
from digest.collect.feeds.sanitise_xml import sanitise_xml
from digest.collect.http.decode import decode
from digest.collect.markup import plain
from digest.collect.sniff import FEED_ROOTS, sniff

MAX_BYTES = 5_000_000

# Far above any list that a person keeps. A longer one is an error or an attack.
MAX_FEEDS = 5_000

_BREAK = re.compile("\r\n|[\n\r]")
_AMPERSAND = re.compile("&(#?[A-Za-z0-9]{1,32};)?")
# Invisible, but part of Hindi words.
_JOINERS = "\u200c\u200d"
_ADDRESS = re.compile(r"\sxmlurl\s{0,9}=", re.I)
_XML_ENTITIES = frozenset(["amp;", "lt;", "gt;", "quot;", "apos;"])
_INVALID_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Outline:
    """One feed of the list."""

    url: str
    title: str = ""
    # Names of the folders around it, outermost first, then its categories.
    folders: tuple[str, ...] = ()
    # The line in which its tag ends, from 1.
    line: int = 0


@dataclass(frozen=True, slots=True)
class RejectedEntry:
    """An entry that is not a usable feed."""

    line: int
    # The entry's text.
    found: str
    why: str


@dataclass(frozen=True, slots=True)
class FeedList:
    """A parsed list of feeds."""

    # 'opml' or 'text'; None if it is neither.
    kind: str | None
    outlines: tuple[Outline, ...] = ()
    rejected: tuple[RejectedEntry, ...] = ()
    warnings: tuple[str, ...] = ()
    # Why there is no list, in one sentence, and in which line (0: none).
    error: str | None = None
    line: int = 0


def read_feed_list(data: bytes) -> FeedList:
    """Return the feeds of an OPML document, or of a text with one URL per line."""
    if len(data) > MAX_BYTES:
        return FeedList(None, error=f"is larger than {MAX_BYTES:,} bytes, which no list of feeds needs")
    text, encoding_problem = decode(data)
    document = sniff(text)
    warnings = [f"encoding: {encoding_problem}"] if encoding_problem else []
    begins = re.search(r"<opml[\s>]", text, re.I) if document.kind == "text" else None
    body = text[begins.start() :] if begins else document.text
    # The body is the end of the text.
    before = max(0, len(_BREAK.findall(text)) - len(_BREAK.findall(body)))
    if begins or (document.kind in ("xml", "html") and document.root in ("opml", "body")):
        return _opml(body, before, warnings)
    match document.kind:
        case "empty":
            return FeedList(None, error="is empty")
        case "dangerous":
            return FeedList(None, error="declares dangerous XML entities, which no list needs; refused", line=1)
        case "text":
            return _url_list(text, warnings)
        case "xml" if document.root in FEED_ROOTS:
            message = f"is a feed (<{document.root}>), not a list of feeds; add one feed with `digest sources add`"
        case "json":
            message = "is JSON; expected OPML, or a text with one URL per line"
        case _:
            message = f"its root is <{document.root}>; expected <opml>, or a text with one URL per line"
    return FeedList(None, error=message, line=before + 1)


def write_opml(title: str, outlines: Iterable[Outline]) -> bytes:
    """Write OPML 2.0 with a folder for the first folder of each outline, in the order in which they occur."""
    from lxml import etree

    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = _valid_xml(title)
    body = etree.SubElement(root, "body")
    folders: dict[str, Any] = {}
    for outline in outlines:
        into = body
        if outline.folders:
            name = _valid_xml(outline.folders[0])
            if name not in folders:
                folders[name] = etree.SubElement(body, "outline", text=name, title=name)
            into = folders[name]
        shown = _valid_xml(outline.title)
        etree.SubElement(into, "outline", type="rss", text=shown, title=shown, xmlUrl=_valid_xml(outline.url))
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True))


def _opml(text: str, before: int, warnings: list[str]) -> FeedList:
    """Parse OPML. `before` is the number of lines in the file before `text`."""
    from lxml import etree

    safe = {"encoding": "utf-8", "recover": True, "no_network": True, "huge_tree": False}
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, **safe)
    data = _INVALID_XML.sub("", sanitise_xml(_AMPERSAND.sub(_to_xml_reference, text))).encode("utf-8", "replace")
    found = _entries(data, parser, before)
    if len(parser.error_log):
        warnings.append(f"it is not well-formed XML (line {before + parser.error_log[0].line}) and may be incomplete")
        # XML's recovery drops a tag with an unquoted attribute, and everything in it. HTML's does not.
        other = _entries(data, etree.HTMLParser(**safe), before)
        found = max(found, other, key=lambda entries: sum(isinstance(one, Outline) for one in entries))
        named = len(_ADDRESS.findall(text))
        if named > len(found):
            warnings.append(
                f"it names {named} addresses, of which {len(found)} could be read; correct it to get the others"
            )
    if len(found) > MAX_FEEDS:
        return FeedList(None, error=f"lists more than {MAX_FEEDS:,} feeds", line=found[-1].line)
    if not found:
        return FeedList(None, error="lists no feeds", line=before + 1)
    outlines = tuple(one for one in found if isinstance(one, Outline))
    rejected = tuple(one for one in found if isinstance(one, RejectedEntry))
    return FeedList("opml", outlines, rejected, tuple(warnings))


def _entries(data: bytes, parser: Any, before: int) -> list[Outline | RejectedEntry]:
    """Return the entries that a parser finds, in their order; at most one more than the limit."""
    from lxml import etree

    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        # Not even recovery helps.
        return []
    found: list[Outline | RejectedEntry] = []
    for attributes, folders, leaf, line in _walk_outlines(root) if root is not None else ():
        entry = _entry(attributes, folders, leaf, before + line)
        if entry is not None:
            found.append(entry)
        if len(found) > MAX_FEEDS:
            break
    return found


def _walk_outlines(root: Any) -> Iterator[tuple[dict[str, str], tuple[str, ...], bool, int]]:
    """Yield all outlines in document order: attributes by lower-case name, folders, whether it is a leaf, and line."""
    waiting: list[tuple[Any, tuple[str, ...]]] = [(root, ())]
    while waiting:
        element, folders = waiting.pop()
        children = [child for child in element if isinstance(child.tag, str)]
        inner = folders
        if _local(element.tag) == "outline":
            attributes = {_local(name): value.strip() for name, value in element.attrib.items()}
            yield attributes, folders, not children, int(element.sourceline or 1)
            name = _name(attributes)
            inner = (*folders, name) if name else folders
        waiting += [(child, inner) for child in reversed(children)]


def _entry(
    attributes: dict[str, str], folders: tuple[str, ...], leaf: bool, line: int
) -> Outline | RejectedEntry | None:
    """Return a feed, or why the entry is not usable, or None for a folder."""
    name, kind = _name(attributes), attributes.get("type", "").lower()
    url = attributes.get("xmlurl", "")
    if not url and kind not in ("link", "include"):
        url = attributes.get("url", "")
    if not url:
        if not leaf:
            return None
        page = attributes.get("htmlurl", "") or attributes.get("url", "")
        if kind == "include":
            return RejectedEntry(line, name or page, f"names another list, {page}; import that one separately")
        hint = f"; its page is {page}, and `digest sources add` finds a page's feed" if page else ""
        return RejectedEntry(line, name, f"has no xmlUrl{hint}")
    taken = _fetchable(url)
    if not taken:
        return RejectedEntry(line, url, "is not an http or https URL")
    words = (word.strip() for part in attributes.get("category", "").split(",") for word in part.split("/"))
    return Outline(taken, name, tuple(dict.fromkeys((*folders, *filter(None, words)))), line)


def _url_list(text: str, warnings: list[str]) -> FeedList:
    """Parse one URL per line. A name may follow the URL; `#` begins a comment line."""
    outlines: list[Outline] = []
    rejected: list[RejectedEntry] = []
    for number, line in enumerate(_BREAK.split(text), 1):
        words = line.split(maxsplit=1)
        if not words or words[0].startswith("#"):
            continue
        url = _fetchable(words[0])
        if url:
            outlines.append(Outline(url, plain(words[1]) if len(words) > 1 else "", line=number))
        else:
            rejected.append(RejectedEntry(number, line.strip()[:100], "is not an http or https URL"))
        if len(outlines) + len(rejected) > MAX_FEEDS:
            return FeedList(None, error=f"lists more than {MAX_FEEDS:,} feeds", line=number)
    if not outlines:
        first = rejected[0] if rejected else RejectedEntry(0, "nothing", "")
        message = f"is neither OPML nor a list of URLs: expected <opml> or a URL, found {first.found[:60]!r}"
        return FeedList(None, error=message, line=first.line)
    return FeedList("text", tuple(outlines), tuple(rejected), tuple(warnings))


def _fetchable(url: str) -> str | None:
    """Return the URL as written, without `feed:`; None if it can't be fetched."""
    url = url.strip()
    if url[:5].lower() == "feed:":
        url = url[5:]
        url = f"http:{url}" if url.startswith("//") else url
    scheme, colon, rest = url.partition(":")
    shown = all(char.isprintable() or char in _JOINERS for char in rest) and " " not in rest
    return scheme.lower() + colon + rest if shown and absolute_url(url, None) else None


def _name(attributes: dict[str, str]) -> str:
    return plain(attributes.get("title", "") or attributes.get("text", ""))


def _local(name: str) -> str:
    return name.rpartition("}")[2].rpartition(":")[2].lower()


def _to_xml_reference(match: re.Match[str]) -> str:
    """Keep XML's own references, replace HTML's by their characters, and escape a single ampersand."""
    name = match[1]
    if name is None:
        return "&amp;"
    if name in _XML_ENTITIES or name.startswith("#"):
        return match[0]
    letter = html.unescape(match[0])
    return f"&amp;{name}" if letter == match[0] else html.escape(letter) if letter.isprintable() else " "


def _valid_xml(text: str) -> str:
    """Return the text without characters that XML does not allow."""
    return _INVALID_XML.sub("", text.encode("utf-8", "replace").decode())
