"""One item of a well-formed feed → the entry that feedparser makes of it, field by field.

Its rules of which of several values stays are feedparser's, odd ones too. What elements hold is feedelements.py's.
"""

from __future__ import annotations

from typing import Any

from digest.collect.feeddates import parse_date
from digest.collect.feedelements import Elements, UnsureError, with_href
from digest.collect.feednames import AUTHORS, CONTRIBUTORS, DATES, HANDLED, LEAVES, RESERVED

_DEEPEST = 6
"""Levels of elements below an item; Media RSS needs two."""


class EntryReader:
    """One entry's fields so far, and how deep each stood."""

    def __init__(self, elements: Elements) -> None:
        self.elements = elements
        self.entry: dict[str, Any] = {}
        self.depths: dict[str, int] = {}
        self.tags: set[tuple[str | None, ...]] = set()
        self.has_content = False

    def read(self, element: Any, depth: int, language: str | None) -> dict[str, Any]:
        """The entry; `depth` is the element's own, `language` that of what it stands in."""
        self.elements.title_depth = -1
        attributes = self.elements.plain_attributes(element)
        if "lastmod" in attributes or "href" in attributes:
            raise UnsureError("cdf")
        if about := attributes.get("rdf:about"):
            self.entry["id"] = about
        self._fields(element, depth + 1, self.elements.language(attributes, language), _DEEPEST)
        for name in ("published", "created", "updated"):
            raw = self.entry.get(name)
            if raw and parse_date(raw) is None:  # feedparser may know the form
                raise UnsureError(raw)
        return self.entry

    def _fields(self, element: Any, depth: int, language: str | None, deeper: int) -> None:
        entry = self.entry
        for child in element:
            name = self.elements.key(child)
            if name == "title" or name == "dc_title":
                self._title(child, depth, language)
            elif name == "link":
                self.elements.link(child, entry, entry=True)
                if len(child):
                    self._inside(child, depth, self.elements.language_of(child, language), deeper)
            elif name == "description" or name == "summary" or name == "dc_description":
                self._description(child, depth)
            elif name == "guid" or name == "id":
                self._guid(child, depth)
            elif name in DATES:
                self._date(DATES[name], self.elements.text(child), depth)
            elif name == "content_encoded" or name == "content":
                self._body(child)
            elif name == "category" or name == "dc_subject" or name == "keywords":
                self._category(child)
            elif name in AUTHORS:
                self._author(child, depth)
            elif name == "enclosure":
                self.elements.leaf(child)
                link = with_href(self.elements.attributes(child))
                link["rel"] = "enclosure"
                entry.setdefault("links", []).append(link)
            elif name == "media_content" or name == "media_group":
                attributes = self.elements.plain_attributes(child)
                if name == "media_content":
                    entry.setdefault("media_content", []).append(attributes)
                if len(child):
                    self._inside(child, depth, self.elements.language(attributes, language), deeper)
            elif name == "media_thumbnail":
                self._thumbnail(child)
                if len(child):
                    self._inside(child, depth, self.elements.language_of(child, language), deeper)
            elif name == "media_title":
                before = self.elements.title_depth
                self._title(child, depth, language)
                self.elements.title_depth = before
            elif name == "media_description":
                self._description(child, depth)
            elif name == "media_keywords":
                self._keywords(child)
            elif name == "image" or name == "source":
                self.elements.leaf(child)
                self.elements.title_depth = -1
            elif name == "itunes_image":
                self.elements.leaf(child)
                attributes = self.elements.attributes(child)
                if address := attributes.get("href") or attributes.get("url"):
                    entry["image"] = {"href": address}
            elif name in ("language", "dc_language"):
                self._store("language", self.elements.text(child), depth)
            elif name in CONTRIBUTORS:
                self.elements.person(child)
            elif name in LEAVES:
                self.elements.leaf(child)
            elif name in HANDLED or name in RESERVED:
                raise UnsureError(name)
            else:
                attributes = self.elements.plain_attributes(child)
                if len(child):  # feedparser reads what stands in unknown elements as the entry's own
                    self._inside(child, depth, self.elements.language(attributes, language), deeper)

    def _inside(self, element: Any, depth: int, language: str | None, deeper: int) -> None:
        if not deeper:
            raise UnsureError("depth")
        self._fields(element, depth + 1, language, deeper - 1)

    def _store(self, name: str, value: str, depth: int) -> bool:
        """Keep a field unless one less deep is there; the last of equals stays."""
        old = self.depths.get(name)
        if old is not None and depth > old:
            return False
        self.depths[name] = depth
        self.entry[name] = value
        return True

    def _date(self, name: str, value: str, depth: int) -> None:
        if not self._store(name, value, depth) and value and not self.entry[name]:
            raise UnsureError(name)  # feedparser keeps the words of the one and what it understood of the other

    def _title(self, element: Any, depth: int, language: str | None) -> None:
        value, _ = self.elements.content(element)
        if not -1 < self.elements.title_depth <= depth:
            self._store("title", value, depth)
            own = self.elements.language(self.elements.attributes(element), language) if element.attrib else language
            self.entry["title_detail"] = {"language": own.replace("_", "-") if own else own}
        if value:
            self.elements.title_depth = depth

    def _description(self, element: Any, depth: int) -> None:
        if "summary" in self.entry and not self.has_content:
            self._body(element)
        else:
            self._store("summary", self.elements.content(element)[0], depth)

    def _body(self, element: Any) -> None:
        self.has_content = True
        value, base = self.elements.content(element)
        self.entry.setdefault("content", []).append({"value": value, "base": base})
        self.entry.setdefault("summary", value)

    def _guid(self, element: Any, depth: int) -> None:
        self.elements.leaf(element)
        is_link = self.elements.attributes(element).get("ispermalink", "true") == "true"
        value = self.elements.text(element, resolved=is_link)
        self._store("id", value, depth)
        self.entry.setdefault("guidislink", is_link and "link" not in self.entry)
        if is_link:
            self.entry.setdefault("link", value)

    def _category(self, element: Any) -> None:
        self.elements.leaf(element)
        attributes = self.elements.attributes(element)
        scheme = attributes.get("scheme", attributes.get("domain"))
        self._tag(attributes.get("term"), scheme, attributes.get("label"))
        if value := self.elements.text(element):
            tags = self.entry["tags"]
            if tags and not tags[-1]["term"]:
                self.tags.discard(tuple(tags[-1].values()))
                tags[-1]["term"] = value
                self.tags.add(tuple(tags[-1].values()))
            else:
                self._tag(value, None, None)

    def _keywords(self, element: Any) -> None:
        self.elements.leaf(element)
        if not element.attrib:
            for term in self.elements.text(element).split(","):
                if term.strip():
                    self._tag(term.strip(), None, None)

    def _tag(self, term: str | None, scheme: str | None, label: str | None) -> None:
        tags = self.entry.setdefault("tags", [])
        tag = term, scheme, label
        if any(tag) and tag not in self.tags:
            self.tags.add(tag)
            tags.append({"term": term, "scheme": scheme, "label": label})

    def _author(self, element: Any, depth: int) -> None:
        person = self.elements.person(element)
        if person and "name" not in person and self.entry.get("author"):
            raise UnsureError("author")  # feedparser gives him the name of the one before
        self._store("author", "" if len(element) else self.elements.text(element), depth)
        name, mail = person.get("name"), person.get("email")
        if name or mail:
            self.entry["author"] = f"{name} ({mail})" if name and mail else name or mail

    def _thumbnail(self, element: Any) -> None:
        attributes = self.elements.plain_attributes(element)
        if "url" not in attributes and (text := self.elements.text(element, resolved=True)):
            attributes["url"] = text
        self.entry.setdefault("media_thumbnail", []).append(attributes)
