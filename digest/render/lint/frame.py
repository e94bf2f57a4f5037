"""The frame of the HTML: doctype, language, headings, tables, and elements that mail programs throw out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from digest.models import RenderedEmail
from digest.render.inline import DOCTYPE
from digest.render.lint.finding import Finding, error, shown, warning
from digest.render.lint.tree import Element, Tree

DEEPEST = 3
"""Levels of tables within each other that Word-Outlook and screen readers bear well."""

_THROWN_OUT = {
    "script": "every program removes scripts, and filters distrust them",
    "form": "Gmail and Outlook break forms; link to a page instead",
    "input": "Gmail and Outlook break forms; link to a page instead",
    "iframe": "no program shows frames",
    "object": "no program shows objects",
    "embed": "no program shows objects",
    "link": "no program loads style sheets from elsewhere",
    "video": "only Apple Mail plays it",
    "audio": "only Apple Mail plays it",
    "svg": "Gmail and Outlook show nothing of it",
    "base": "it breaks links in some programs",
}
_WEAK = {
    "position": "Gmail, Outlook and Yahoo drop it",
    "float": "Word-Outlook ignores it",
    "background-image": "Word-Outlook shows no background picture",
}
_WEAK_DISPLAY = frozenset({"flex", "grid", "inline-flex", "inline-grid"})


def check(letter: RenderedEmail, tree: Tree | None) -> Iterator[Finding]:
    if tree is None:
        return
    if not letter.html.startswith(DOCTYPE):
        yield error("frame", f"the HTML does not begin with {DOCTYPE}: programs would lay it out as in 1998")
    for element in tree.elements:
        why = _THROWN_OUT.get(element.tag)
        if why:
            yield error("element", f"<{element.tag}> has no place in a mail: {why}")
        if any(name.startswith("on") for name in element.attributes):
            yield error("element", f"<{element.tag}> has an event handler: every program removes scripts")
        yield from _styles(element)
    yield from _headings(tree)
    yield from _tables(tree)
    yield from _language(tree)


def _styles(element: Element) -> Iterator[Finding]:
    style = element.style
    if style.get("display") in _WEAK_DISPLAY:
        yield warning("style", f"<{element.tag}> uses display:{style['display']}, which Gmail and Word-Outlook ignore")
    for name, why in _WEAK.items():
        if name in style and style[name] not in ("static", "none"):
            yield warning("style", f"<{element.tag}> uses {name}: {why}")
    if "url(" in element.attributes.get("style", ""):
        yield warning("style", f"<{element.tag}> has url() in its style: Gmail may drop the whole style")


def _headings(tree: Tree) -> Iterator[Finding]:
    headings = [element for element in tree.all("h1", "h2", "h3", "h4", "h5", "h6") if not element.hidden]
    levels = [int(element.tag[1]) for element in headings]
    if levels.count(1) != 1:
        yield warning("headings", f"there are {levels.count(1)} <h1>; screen readers want exactly one")
    for (before, _), (after, element) in pairwise(zip(levels, headings, strict=True)):
        if after > before + 1:
            yield warning("headings", f"<h{after}> follows <h{before}>: {shown(element.all_text())}")
    for element in headings:
        if not element.all_text().strip():
            yield warning("headings", f"an empty <{element.tag}>")


def _tables(tree: Tree) -> Iterator[Finding]:
    for table in tree.all("table"):
        if table.attributes.get("role") != "presentation" and not any(
            child.tag == "th" for row in table.children for child in row.children
        ):
            yield warning("tables", 'a <table> without role="presentation" is read out as a table of data')
        depth = sum(one.tag == "table" for one in table.ancestors())
        if depth > DEEPEST:
            yield warning("tables", f"tables stand {depth} deep; {DEEPEST} are borne well")


def _language(tree: Tree) -> Iterator[Finding]:
    for body in tree.all("body"):
        for child in body.children:
            if not child.attributes.get("lang"):
                yield warning("language", f"<{child.tag}> below <body> has no lang: programs drop that of <html>")
