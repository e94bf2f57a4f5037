"""A letter's HTML as a list of elements, each with its text, its style and where it stands. Judges nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
_SILENT = frozenset({"style", "script", "title", "head"})


@dataclass(slots=True, eq=False)
class Element:
    """One element. `text` is what stands directly in it; `parent` None for the root."""

    tag: str
    attributes: Mapping[str, str]
    parent: Element | None
    text: str = ""
    children: list[Element] = field(default_factory=list)

    @property
    def style(self) -> dict[str, str]:
        """Its own style attribute: property → value, lower-case names."""
        rows = (row.partition(":") for row in self.attributes.get("style", "").split(";"))
        return {name.strip().lower(): value.strip() for name, _, value in rows if name.strip()}

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.attributes.get("class", "").split())

    def ancestors(self) -> Iterator[Element]:
        """Itself first, then outwards."""
        at: Element | None = self
        while at is not None:
            yield at
            at = at.parent

    def all_text(self) -> str:
        """Its text and that of all within it, pictures by their alt."""
        inner = [self.attributes.get("alt", "")] if self.tag == "img" else [self.text]
        return " ".join(part for part in (*inner, *(child.all_text() for child in self.children)) if part.strip())

    @property
    def hidden(self) -> bool:
        return any(one.style.get("display") == "none" or one.tag in _SILENT for one in self.ancestors())


@dataclass(slots=True)
class Tree:
    """The elements in the order of the document, the style sheets that were kept, and the conditional comments."""

    elements: list[Element]
    sheets: list[str]
    comments: list[str]

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]


def read(html: str) -> Tree:
    """The tree of a letter. Never raises: what is not closed lasts to the end."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    sheets = [element.text for element in reader.elements if element.tag == "style"]
    return Tree(reader.elements, sheets, reader.comments)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.comments: list[str] = []
        self._open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        parent = self._open[-1] if self._open else None
        element = Element(tag, {name: value or "" for name, value in attrs}, parent)
        if parent is not None:
            parent.children.append(element)
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        for at in range(len(self._open) - 1, -1, -1):
            if self._open[at].tag == tag:
                del self._open[at:]
                return

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1].text += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)
