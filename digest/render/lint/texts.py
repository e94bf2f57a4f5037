"""The words of a letter: subject, preheader, text part, and what a template left behind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from digest.hindi import cut
from digest.models import PLACEHOLDERS, Edition, RenderedEmail
from digest.render.lint.finding import Finding, error, shown, warning
from digest.render.lint.tree import Tree

LONGEST_SUBJECT = 60
"""Grapheme clusters: a phone shows 26 to 38 of them, a wide window about 60."""

_LEFT = re.compile(
    r"\{\{|\}\}|\{%|%\}|%\([a-z_]{1,40}\)s"  # Jinja's, gettext's
    r"|\*\||\|\*|\[\[|\]\]|\$\{|<%|%>|\[%|%[a-z]{3,}(?:[_.][a-z]+)*%"  # merge tags of mailing services
    r"|lorem ipsum",
    re.I,
)
_SHOUTING = re.compile(r"(?<![A-Za-z])[A-Z]{3,}(?![A-Za-z])[^A-Za-z]*(?<![A-Za-z])[A-Z]{3,}(?![A-Za-z])")
_NOTHING = frozenset({"None", "nan", "null", "NaN", "[]", "()"})


def check(letter: RenderedEmail, tree: Tree | None, edition: Edition | None) -> Iterator[Finding]:
    """`edition` is None for a letter of stories that hold nothing odd: then all that is odd is the template's."""
    told = warning if edition else error
    yield from _subject(letter.subject)
    if not letter.text.strip():
        yield error("text-part", "the text part is empty: programs without HTML would show nothing")
    elif "http" not in letter.text and tree is not None:
        yield warning("text-part", "the text part holds no address of any story")
    if edition:
        yield from _residue("the editor's intro", edition.intro, error)
    yield from _residue("the text part", letter.text, told)
    if tree is None:
        return
    for element in tree.elements:
        if element.tag in ("style", "script"):
            continue
        yield from _residue(f"<{element.tag}>", element.text, told)
        if element.text.strip() in _NOTHING:
            yield told("residue", f"<{element.tag}> shows {element.text.strip()!r}: a value was missing")
    yield from _preheader(letter, tree)


def _subject(subject: str) -> Iterator[Finding]:
    if not subject.strip():
        yield error("subject", "the subject is empty")
    length = cut.length(subject)
    if length > LONGEST_SUBJECT:
        yield warning("subject", f"the subject has {length} aksharas; programs show 38 on a phone and 60 at most")
    if _SHOUTING.search(subject):
        yield warning("subject", f"the subject shouts in Latin capitals: {shown(subject)}")
    if any(tag in subject for tag in PLACEHOLDERS.values()):
        yield error("subject", "the subject holds a placeholder, which is filled in the parts only")


def _residue(where: str, text: str, told: Callable[[str, str], Finding]) -> Iterator[Finding]:
    found = _LEFT.search(text)
    if found:
        around = shown(text[max(found.start() - 15, 0) : found.end() + 25])
        yield told("residue", f"{where} holds what looks like a template's leftover: {around}")


def _preheader(letter: RenderedEmail, tree: Tree) -> Iterator[Finding]:
    bodies = tree.all("body")
    first = bodies[0].children[0] if bodies and bodies[0].children else None
    if first is None or first.style.get("display") != "none":
        yield warning("preheader", "there is no hidden preheader: mail lists would show the letter's first words")
        return
    said = " ".join(word for word in first.all_text().split() if any(mark.isalpha() for mark in word))
    if not said:
        yield warning("preheader", "the preheader is empty")
    elif said == letter.subject.strip():
        yield warning("preheader", "the preheader repeats the subject")
