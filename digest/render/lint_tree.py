"""An email's HTML as a list of elements, for the checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from typing import Literal, Protocol

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One problem, in a sentence for an editor. `rule` is the check's short name (`link`, `size`)."""

    level: Level
    rule: str
    message: str
    # The message with placeholders, for translation, and the values by name. The value `reason` is a message itself.
    template: str = ""
    values: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.level}: {self.message}"

    def translated(self, translate: Callable[[str], str]) -> str:
        """Return the message in another language."""
        values = {name: translate(value) if name == "reason" else value for name, value in self.values}
        return _put_in(translate(self.template or self.message), values)


class MakeFinding(Protocol):
    """Creates a finding from the check's name, a message, and the values of its placeholders `%(name)s`."""

    def __call__(self, rule: str, message: str, /, **values: str) -> LintFinding: ...


def error(rule: str, message: str, /, **values: str) -> LintFinding:
    """Return a problem that stops a send."""
    return LintFinding("error", rule, _put_in(message, values), message, tuple(values.items()))


def warning(rule: str, message: str, /, **values: str) -> LintFinding:
    """Return a problem that is shown but does not stop a send."""
    return LintFinding("warning", rule, _put_in(message, values), message, tuple(values.items()))


def _put_in(message: str, values: Mapping[str, str]) -> str:
    # Without values, percent signs are literal.
    return message % values if values else message


_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
_INVISIBLE = frozenset({"style", "script", "title", "head"})


@dataclass(eq=False)
class Element:
    """One element. `text` is its direct text, without that of its children."""

    tag: str
    attributes: Mapping[str, str]
    parent: Element | None
    text: str = ""
    children: list[Element] = field(default_factory=list)

    @cached_property
    def style(self) -> dict[str, str]:
        """Its style attribute: lower-case property to value."""
        rows = (row.partition(":") for row in self.attributes.get("style", "").split(";"))
        return {name.strip().lower(): value.strip() for name, _, value in rows if name.strip()}

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.attributes.get("class", "").split())

    def ancestors(self) -> Iterator[Element]:
        """Yield the element itself, its parent, and so on to the root."""
        element: Element | None = self
        while element is not None:
            yield element
            element = element.parent

    def all_text(self) -> str:
        """Return the text of the element and its descendants, including the alt text of images."""
        own = [self.attributes.get("alt", "")] if self.tag == "img" else [self.text]
        return " ".join(part for part in (*own, *(child.all_text() for child in self.children)) if part.strip())

    @property
    def hidden(self) -> bool:
        return any(each.style.get("display") == "none" or each.tag in _INVISIBLE for each in self.ancestors())


@dataclass(slots=True)
class Tree:
    """The elements in document order, and the `<style>` blocks."""

    elements: list[Element]
    sheets: list[str]

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]


def parse(html: str) -> Tree:
    """Parse any HTML. An element that is never closed extends to the end."""
    parser = _Parser()
    parser.feed(html)
    parser.close()
    sheets = [element.text for element in parser.elements if element.tag == "style"]
    return Tree(parser.elements, sheets)


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
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
