"""Whether every text can be read on its ground, in light and in dark. Sees style attributes and simple class rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from digest.models import RenderedEmail
from digest.render.colour import contrast
from digest.render.lint.finding import Finding, error, shown, warning
from digest.render.lint.tree import Element, Tree

LEAST, UNREADABLE = 4.5, 2.5
"""WCAG 2 asks 4.5 of text of ordinary size; below 2.5 nobody reads it."""

_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})\Z")
_NAMED = {"black": "#000000", "white": "#ffffff"}
_DARK = re.compile(r"@media[^{]*prefers-color-scheme\s*:\s*dark[^{]*\{((?:[^{}]|\{[^{}]*\})*)\}")
_RULE = re.compile(r"\.([A-Za-z0-9_-]+)\s*\{([^{}]*)\}")
_Rules = Mapping[str, Mapping[str, str]]


def check(letter: RenderedEmail, tree: Tree | None) -> Iterator[Finding]:  # noqa: ARG001  # the signature of every rule
    if tree is None:
        return
    dark = _dark_rules(tree)
    for element in tree.elements:
        words = element.attributes.get("alt", "") if element.tag == "img" else element.text
        if not any(mark.isalnum() for mark in words) or element.hidden or not _in_body(element):
            continue
        yield from _judged(element, {}, "in light", words)
        if dark:
            yield from _judged(element, dark, "in dark", words)


def _judged(element: Element, rules: _Rules, scheme: str, words: str) -> Iterator[Finding]:
    text = _found(element, "color", rules)
    ground = _found(element, "background-color", rules) or ("#ffffff" if not rules else "")
    if not text or not ground:
        return
    ratio = contrast(text, ground)
    if ratio < LEAST:
        said = f"{shown(words, 40)!r} is hard to read {scheme}: {text} on {ground} has a contrast of {ratio:.1f}"
        yield error("contrast", said) if ratio < UNREADABLE else warning("contrast", said)


def _found(element: Element, name: str, rules: _Rules) -> str:
    """The colour that holds here: the nearest ancestor's, dark class rules (`!important`) before its style."""
    for one in element.ancestors():
        for called in one.classes:
            if colour := _colour(rules.get(called, {}).get(name, "")):
                return colour
        style = one.style
        shorthand = style.get("background", "") if name == "background-color" else ""
        attribute = one.attributes.get("bgcolor", "") if name == "background-color" else ""
        if colour := _colour(style.get(name, "")) or _colour(shorthand) or _colour(attribute):
            return colour
    return ""


def _dark_rules(tree: Tree) -> _Rules:
    rules: dict[str, dict[str, str]] = {}
    for sheet in tree.sheets:
        for block in _DARK.findall(sheet):
            for called, body in _RULE.findall(block):
                for row in body.split(";"):
                    name, _, value = row.partition(":")
                    rules.setdefault(called, {})[name.strip()] = value.replace("!important", "").strip()
    return rules


def _colour(value: str) -> str:
    value = value.strip().lower()
    value = _NAMED.get(value, value)
    match = _HEX.match(value)
    if not match:
        return ""
    return value if len(value) == 7 else "#" + "".join(digit * 2 for digit in match[1])


def _in_body(element: Element) -> bool:
    return any(one.tag == "body" for one in element.ancestors())
