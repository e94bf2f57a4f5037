"""What every element of a well-formed feed is read by: its name, attributes, text, base and language.

Knows no item and no channel; wellformed.py and feedentry.py do. Raises UnsureError for what only
feedparser can read.
"""

from __future__ import annotations

import contextlib
import re
from typing import Any
from urllib.parse import urljoin

from digest.collect.feednames import HANDLED, NAMESPACES, PERSON, RESERVED

_XML = "{http://www.w3.org/XML/1998/namespace}"
_TEXTS = ("text", "plain", "html", "text/plain", "text/html")
_CONTROLS = re.compile("[\x80-\x9f]")
_DOUBLE_SLASHES = re.compile(r"^([A-Za-z][A-Za-z0-9+-.]*://)/+")
_STRAY_REFERENCE = re.compile(r"&([A-Za-z0-9_]+);", re.ASCII)
_PREFIXES = frozenset(NAMESPACES.values()) - {""}


class UnsureError(Exception):
    """The feed holds what only feedparser reads as feedparser does."""


class Elements:
    """One document's names, bases and titles so far; what feedparser keeps while it goes from element to element."""

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}
        self.prefixes: dict[str, str] = {}
        self.title_depth = -1
        self.root_base = self.base = ""

    def link(self, element: Any, context: dict[str, Any], *, entry: bool) -> None:
        """Add a link to an entry, or to the feed, in whose addresses `&amp;` is left as it is."""
        attributes = self.plain_attributes(element)
        attributes.setdefault("rel", "alternate")
        attributes.setdefault("type", "application/atom+xml" if attributes["rel"] == "self" else "text/html")
        attributes = with_href(attributes)
        links = context.setdefault("links", [])
        links.append(attributes)
        if "href" in attributes:
            attributes["href"] = _join(self.base, attributes["href"])
            kind = attributes["type"]
            if attributes["rel"] == "alternate" and kind in ("html", "text/html", "xhtml", "application/xhtml+xml"):
                context["link"] = attributes["href"]
            return
        value = self.text(element, resolved=True)
        if entry:
            value = value.replace("&amp;", "&")
        value = _STRAY_REFERENCE.sub(r"&\1", value)
        context["link"] = value
        if value or not entry:
            links[-1]["href"] = value

    def person(self, element: Any) -> dict[str, str]:
        """What stands inside an author: `name`, `email`, `uri` and the like; empty for one that is a mere text."""
        self.plain_attributes(element)
        found: dict[str, str] = {}
        if not len(element):
            return found
        for child in element:
            name = self.key(child)
            self.leaf(child)
            text = (child.text or "").strip()
            if (child.tail or "").strip() or (name not in PERSON and (text or name in HANDLED or name in RESERVED)):
                raise UnsureError(name)
            if name in PERSON:
                found[name] = text
        if (element.text or "").strip():
            raise UnsureError("author")
        return found

    def leaf(self, element: Any) -> None:
        """Make sure that nothing stands inside."""
        if len(element):
            raise UnsureError(element.tag)
        if element.attrib:
            self.plain_attributes(element)

    def content(self, element: Any) -> tuple[str, str]:
        """The text of an element that may hold markup, escaped, and what its addresses are relative to."""
        base = self.base
        if element.attrib:
            attributes = self.attributes(element)
            kind = attributes.get("type", "text/plain")
            if kind not in _TEXTS or attributes.get("mode", "escaped") != "escaped":
                raise UnsureError("type")
            if own := attributes.get("xml:base", attributes.get("base")):
                base = self.joined(base, own)
                self.base = self.root_base or base  # feedparser forgets to leave an element's base where there was none
        return self.text(element), base

    def text(self, element: Any, *, resolved: bool = False) -> str:
        """The stripped text of an element without others inside; `resolved`: it is an address."""
        if len(element):
            raise UnsureError(element.tag)
        text: str = (element.text or "").strip()
        if resolved and text:
            text = _join(self.base, text)
        if text.isascii():
            return text
        with contextlib.suppress(UnicodeError):  # feedparser heals UTF-8 that was read as latin-1
            text = text.encode("iso-8859-1").decode("utf-8")
        if _CONTROLS.search(text):
            raise UnsureError("controls")
        return text

    def attributes(self, element: Any) -> dict[str, str]:
        """By names in lower case, `xml:base` and `rdf:about` with their prefixes."""
        result: dict[str, str] = {}
        for name, value in element.items():
            if name[0] == "{":
                namespace, _, local = name[1:].partition("}")
                if name.startswith(_XML):
                    name = f"xml:{local}"
                else:
                    known = NAMESPACES.get(namespace.lower())
                    if known == "":
                        raise UnsureError(name)
                    name = f"{known}:{local}" if known else f"other:{local}"
            name = name.lower()
            result[name] = value.lower() if name in ("rel", "type") else value
        return result

    def plain_attributes(self, element: Any) -> dict[str, str]:
        """The attributes of an element that must not have a base of its own."""
        attributes = self.attributes(element) if element.attrib else {}
        if "base" in attributes or "xml:base" in attributes:
            raise UnsureError("base")
        return attributes

    def language_of(self, element: Any, outer: str | None) -> str | None:
        """The language that an element names, else that of what it stands in."""
        return self.language(self.attributes(element), outer)

    @staticmethod
    def language(attributes: dict[str, str], outer: str | None) -> str | None:
        own = attributes.get("xml:lang", attributes.get("lang"))
        return outer if own is None else own or None

    @staticmethod
    def joined(outer: str, base: str) -> str:
        """The base that an element names, inside another."""
        joined = _join(outer, base)
        if not joined.startswith(("http://", "https://")) or _join(joined, joined) != joined:
            raise UnsureError("base")
        return joined

    def key(self, element: Any) -> str:
        """The name by which feedparser knows the element: `content_encoded`, `guid`, in lower case."""
        tag = element.tag
        key = self.keys.get(tag)
        if key is None:
            key = self.keys[tag] = self._named(element)
        return key

    def _named(self, element: Any) -> str:
        tag: str = element.tag
        if not tag.isascii():
            raise UnsureError(tag)
        namespace, _, local = tag[1:].rpartition("}") if tag[0] == "{" else ("", "", tag)
        known = self.bound(element.prefix, namespace)
        prefix = (element.prefix or "").lower() if known is None else known
        return f"{prefix}_{local}".lower() if prefix else local.lower()

    def bound(self, prefix: str | None, namespace: str) -> str | None:
        """feedparser's prefix for a namespace, None when it has none; no prefix may mean two things."""
        lower = namespace.lower()
        known = "" if "backend.userland.com/rss" in lower else NAMESPACES.get(lower)
        if not namespace:
            known = ""
        if prefix:
            if self.prefixes.setdefault(prefix, namespace) != namespace:
                raise UnsureError(prefix)
            if known is not None and prefix in _PREFIXES and prefix != known:
                raise UnsureError(prefix)
        return known


def _join(base: str, address: str) -> str:
    address = _DOUBLE_SLASHES.sub(r"\1", address)
    try:
        return urljoin(base, address) if base else address
    except ValueError:
        return ""


def with_href(attributes: dict[str, str]) -> dict[str, str]:
    href = attributes.get("url", attributes.get("uri", attributes.get("href")))
    if href:
        attributes.pop("url", None)
        attributes.pop("uri", None)
        attributes["href"] = href
    return attributes
