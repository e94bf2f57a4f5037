"""Lists of feeds that other readers write: OPML 1.0 and 2.0, or one URL a line; and writing OPML. Fetches nothing.

Never raises: what can't be taken is listed with its line, a document that is no list has an error. Which of the
feeds become sources, and under what names, is not decided here.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from digest.collect.decode import decode
from digest.collect.identity import absolute_url
from digest.collect.markup import plain
from digest.collect.sniff import FEED_ROOTS, sniff
from digest.collect.taming import sanitise_xml

MAX_BYTES = 5_000_000

# Far above any list that a person keeps; a longer one is a mistake or an attack.
MAX_FEEDS = 5_000

_BREAK = re.compile("\r\n|[\n\r]")
_AMPERSAND = re.compile("&(#?[A-Za-z0-9]{1,32};)?")
# Invisible, yet letters of Hindi words
_JOINERS = "\u200c\u200d"
_ADDRESS = re.compile(r"\sxmlurl\s{0,9}=", re.I)
_OWN = frozenset(["amp;", "lt;", "gt;", "quot;", "apos;"])
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Outline:
    """One feed of the list. `folders` are the names of the folders that it lies in, outermost first, then its
    categories; `line`, from 1, is where its tag ends."""

    url: str
    title: str = ""
    folders: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Rejected:
    """An entry that names no feed: what stood there, and why it can't be taken."""

    line: int
    found: str
    why: str


@dataclass(frozen=True, slots=True)
class FeedList:
    """`kind` is 'opml', 'text' or ''. `error` says in one sentence why there is no list, `line` where (0: nowhere)."""

    kind: str
    outlines: tuple[Outline, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str = ""
    line: int = 0


def read_feed_list(data: bytes) -> FeedList:
    """The feeds of an OPML document or of a text with one URL a line."""
    if len(data) > MAX_BYTES:
        return FeedList("", error=f"is larger than {MAX_BYTES:,} bytes, which no list of feeds needs")
    text, odd = decode(data)
    seen = sniff(text)
    warnings = [f"encoding: {odd}"] if odd else []
    begins = re.search(r"<opml[\s>]", text, re.I) if seen.kind == "text" else None
    body = text[begins.start() :] if begins else seen.text
    # The body is the text's end
    before = max(0, len(_BREAK.findall(text)) - len(_BREAK.findall(body)))
    if begins or (seen.kind in ("xml", "html") and seen.root in ("opml", "body")):
        return _opml(body, before, warnings)
    match seen.kind:
        case "empty":
            return FeedList("", error="is empty")
        case "bomb":
            return FeedList("", error="declares XML entities as attacks do and no list needs; refused", line=1)
        case "text":
            return _lines(text, warnings)
        case "xml" if seen.root in FEED_ROOTS:
            said = f"is a feed (<{seen.root}>) and no list of feeds; `digest sources add` takes one feed"
        case "json":
            said = "is JSON; expected OPML, or a text with one URL a line"
        case _:
            said = f"its root is <{seen.root}>; expected <opml>, or a text with one URL a line"
    return FeedList("", error=said, line=before + 1)


def write_opml(title: str, outlines: Iterable[Outline]) -> bytes:
    """OPML 2.0 with a folder for each first folder's name, in the order in which these come."""
    from lxml import etree

    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = _printable(title)
    body = etree.SubElement(root, "body")
    folders: dict[str, Any] = {}
    for outline in outlines:
        into = body
        if outline.folders:
            name = _printable(outline.folders[0])
            if name not in folders:
                folders[name] = etree.SubElement(body, "outline", text=name, title=name)
            into = folders[name]
        shown = _printable(outline.title)
        etree.SubElement(into, "outline", type="rss", text=shown, title=shown, xmlUrl=_printable(outline.url))
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True))


def _opml(text: str, before: int, warnings: list[str]) -> FeedList:
    """`before`: how many lines of the file stand before `text`."""
    from lxml import etree

    safe = {"encoding": "utf-8", "recover": True, "no_network": True, "huge_tree": False}
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, **safe)
    data = _NO_XML.sub("", sanitise_xml(_AMPERSAND.sub(_reference, text))).encode("utf-8", "replace")
    found = _entries(data, parser, before)
    if len(parser.error_log):
        warnings.append(f"it is not well-formed XML (line {before + parser.error_log[0].line}) and was read tolerantly")
        # XML's recovery drops a tag with an attribute that is not quoted, and all in it; HTML's does not.
        other = _entries(data, etree.HTMLParser(**safe), before)
        found = max(found, other, key=lambda entries: sum(isinstance(one, Outline) for one in entries))
        named = len(_ADDRESS.findall(text))
        if named > len(found):
            warnings.append(
                f"it names {named} addresses, of which {len(found)} could be read; mend it to get the others"
            )
    if len(found) > MAX_FEEDS:
        return FeedList("", error=f"lists more than {MAX_FEEDS:,} feeds", line=found[-1].line)
    if not found:
        return FeedList("", error="lists no feeds", line=before + 1)
    outlines = tuple(one for one in found if isinstance(one, Outline))
    rejected = tuple(one for one in found if isinstance(one, Rejected))
    return FeedList("opml", outlines, rejected, tuple(warnings))


def _entries(data: bytes, parser: Any, before: int) -> list[Outline | Rejected]:
    """The entries that one parser finds, in their order, and one more than are allowed at most."""
    from lxml import etree

    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        # Beyond recovery
        return []
    found: list[Outline | Rejected] = []
    for attributes, folders, leaf, line in _outlines(root) if root is not None else ():
        entry = _entry(attributes, folders, leaf, before + line)
        if entry is not None:
            found.append(entry)
        if len(found) > MAX_FEEDS:
            break
    return found


def _outlines(root: Any) -> Iterator[tuple[dict[str, str], tuple[str, ...], bool, int]]:
    """Every outline in the order of the document: attributes by lower-case name, folders, whether a leaf, line."""
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


def _entry(attributes: dict[str, str], folders: tuple[str, ...], leaf: bool, line: int) -> Outline | Rejected | None:
    """A feed, what is wrong with an entry that should be one, or None for a folder."""
    name, kind = _name(attributes), attributes.get("type", "").lower()
    url = attributes.get("xmlurl", "")
    if not url and kind not in ("link", "include"):
        url = attributes.get("url", "")
    if not url:
        if not leaf:
            return None
        page = attributes.get("htmlurl", "") or attributes.get("url", "")
        if kind == "include":
            return Rejected(line, name or page, f"names another list, {page}; import that one by itself")
        hint = f"; its page is {page}, and `digest sources add` finds a page's feed" if page else ""
        return Rejected(line, name, f"has no xmlUrl{hint}")
    taken = _web(url)
    if not taken:
        return Rejected(line, url, "is no http or https URL")
    words = (word.strip() for part in attributes.get("category", "").split(",") for word in part.split("/"))
    return Outline(taken, name, tuple(dict.fromkeys((*folders, *filter(None, words)))), line)


def _lines(text: str, warnings: list[str]) -> FeedList:
    """One URL a line; a name may follow it, `#` begins a comment line."""
    outlines: list[Outline] = []
    rejected: list[Rejected] = []
    for number, line in enumerate(_BREAK.split(text), 1):
        words = line.split(maxsplit=1)
        if not words or words[0].startswith("#"):
            continue
        url = _web(words[0])
        if url:
            outlines.append(Outline(url, plain(words[1]) if len(words) > 1 else "", line=number))
        else:
            rejected.append(Rejected(number, line.strip()[:100], "is no http or https URL"))
        if len(outlines) + len(rejected) > MAX_FEEDS:
            return FeedList("", error=f"lists more than {MAX_FEEDS:,} feeds", line=number)
    if not outlines:
        first = rejected[0] if rejected else Rejected(0, "nothing", "")
        said = f"is neither OPML nor a list of URLs: expected <opml> or a URL, found {first.found[:60]!r}"
        return FeedList("", error=said, line=first.line)
    return FeedList("text", tuple(outlines), tuple(rejected), tuple(warnings))


def _web(url: str) -> str:
    """The URL as written when it can be fetched, `feed:` taken off; '' for any other."""
    url = url.strip()
    if url[:5].lower() == "feed:":
        url = url[5:]
        url = f"http:{url}" if url.startswith("//") else url
    scheme, colon, rest = url.partition(":")
    shown = all(char.isprintable() or char in _JOINERS for char in rest) and " " not in rest
    return scheme.lower() + colon + rest if shown and absolute_url(url, "") else ""


def _name(attributes: dict[str, str]) -> str:
    return plain(attributes.get("title", "") or attributes.get("text", ""))


def _local(name: str) -> str:
    return name.rpartition("}")[2].rpartition(":")[2].lower()


def _reference(match: re.Match[str]) -> str:
    """XML's own references stay, HTML's become their letters, and a lone ampersand is escaped as it should be."""
    name = match[1]
    if name is None:
        return "&amp;"
    if name in _OWN or name.startswith("#"):
        return match[0]
    letter = html.unescape(match[0])
    return f"&amp;{name}" if letter == match[0] else html.escape(letter) if letter.isprintable() else " "


def _printable(text: str) -> str:
    """Without what XML can't hold."""
    return _NO_XML.sub("", text.encode("utf-8", "replace").decode())
