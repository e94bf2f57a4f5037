"""Cleans an article of what its site, feed and editor left in it. Applies rules.py; parses no markup.

Every rule may be wrong about one article in a hundred, so none may empty it: where a rule would take all, it
takes nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from digest.collect.dateline import split_dateline
from digest.collect.identity import content_hash
from digest.collect.rules import FEED_TAILS, INTERFACE, SITES, TITLE_MARKS, TRUNCATED
from digest.hindi.sentences import split
from digest.hindi.text import fold, repair
from digest.models import Article, Block

SUBHEADING = 90
"""Characters; a paragraph shorter than this may be a sub-heading."""

PREFIX = 200
"""Letters of a cut excerpt that must begin the body for the excerpt to be a repetition of it."""

DEVANAGARI_WORDS = 4
"""So many Devanagari words must remain of a title for a Latin kicker to be taken off its front."""

_KICKER = re.compile(r"^([^:|]{3,40}?)\s*[:|]\s+(?=\S)")
_DEVA_WORD = re.compile("[\u0900-\u0963\u0971-\u097f\u200c\u200d]+")
_LATIN = re.compile("[A-Za-z]{2}")
_NOT_LETTERS = re.compile("[^\u0900-\u0963\u0971-\u097fA-Za-z0-9]+")
_ENDED = re.compile("[।॥?!.…|][\"'”’»)\\]]*$")
_OPEN_END = re.compile(r"\s*(?:[-–—:]\s*)+$")


def clean_article(article: Article, *, sites: Sequence[str] = ()) -> Article:
    """The article without kicker, site name, interface lines, feed tails, cut excerpts and repetitions.

    `sites` are further names that may stand at the title's end (the feed's own). Idempotent; recomputes the
    content hash. Rules: see the tables and the constants of this module.
    """
    title, kicker = _title(repair(article.title).replace("\n", " "), sites)
    kicker = kicker or article.kicker
    excerpt = _tailless(_without_kicker(repair(article.excerpt).replace("\n", " "), kicker))
    if _is_interface(excerpt):
        excerpt = ""
    body = _body(article.body, kicker)
    body, place = _without_dateline(body)
    if not body:
        front, excerpt = split_dateline(excerpt)
        place = place or front
    body = _without_repetition(_without_cut(body), title)
    body = _headed(body)
    excerpt = _excerpt(excerpt, title, body)
    cleaned = replace(
        article,
        title=title,
        kicker=kicker,
        excerpt=excerpt,
        body=tuple(body),
        place=place or article.place,
        author=repair(article.author).replace("\n", " "),
    )
    return replace(cleaned, content_hash=content_hash(cleaned.title, cleaned.text))


def _title(title: str, sites: Sequence[str]) -> tuple[str, str]:
    """The title without marks, site name and Latin kicker; and that kicker."""
    for _ in range(3):  # marks stand beside each other: `LIVE … | NBT 0:39 Play video`
        before = title
        for row in TITLE_MARKS:
            title = row.pattern.sub(row.put, title) or title
        title = _without_site(title, sites)
        if title == before:
            break
    match = _KICKER.match(title)
    if match and _LATIN.search(match[1]) and not _DEVA_WORD.search(match[1]):
        rest = title[match.end() :].strip()
        if len(_DEVA_WORD.findall(rest)) >= DEVANAGARI_WORDS:
            return rest, match[1].strip()
    return title, ""


def _without_site(title: str, sites: Sequence[str]) -> str:
    """The title without ` | Site` or ` - Site` at its end."""
    for separator in (" | ", " - ", " – ", " — ", "| ", " |"):
        front, found, name = title.rpartition(separator)
        if found and len(front) >= 8 and fold(name.strip()) in _KNOWN_SITES | {fold(site) for site in sites}:
            return front.rstrip(" |-–—")
    return title


_KNOWN_SITES = {fold(site) for site in SITES}


def _without_kicker(text: str, kicker: str) -> str:
    """The text without the title's kicker on its front, when more than the kicker is there."""
    if kicker and text[: len(kicker)].casefold() == kicker.casefold():
        rest = text[len(kicker) :].lstrip()
        if rest[:1] in (":", "|") and rest[1:].strip():
            return rest[1:].strip()
    return text


def _tailless(text: str) -> str:
    for row in FEED_TAILS:
        text = row.pattern.sub(row.put, text).strip()
    return text


def _body(blocks: Sequence[Block], kicker: str) -> list[Block]:
    """The blocks repaired, without kicker, tails and interface lines."""
    repaired = [Block(block.kind, repair(block.text).replace("\n", " ")) for block in blocks]
    kept = []
    for block in repaired:
        text = _tailless(_without_kicker(block.text, kicker))
        if text and not _is_interface(text):
            kept.append(Block(block.kind, text))
    return kept


def _bare(text: str) -> str:
    """NFC without nukta: for patterns, so that फ़ॉलो and फॉलो are one."""
    return unicodedata.normalize("NFC", text).replace("\u093c", "")


_INTERFACE = re.compile("|".join(f"(?:{_bare(pattern)})" for pattern, _example in INTERFACE), re.IGNORECASE)


def _is_interface(text: str) -> bool:
    """Whether the whole line is a control or a label of the page."""
    return len(text) < 400 and _INTERFACE.fullmatch(_bare(text).strip()) is not None


def _without_dateline(body: list[Block]) -> tuple[list[Block], str]:
    """The body with its first paragraph's dateline taken off, and the place."""
    for at, block in enumerate(body[:3]):
        if block.kind == "p":
            place, text = split_dateline(block.text)
            if text != block.text:
                return [*body[:at], Block("p", text), *body[at + 1 :]], place
            break
    return body, ""


def _letters(text: str) -> str:
    return _NOT_LETTERS.sub("", fold(text))


def _begins(whole: str, cut: str) -> bool:
    """Whether a cut text begins the whole one; its last word may be broken, so it doesn't count."""
    letters = _letters(cut.rpartition(" ")[0] or cut)[:PREFIX]
    return bool(letters) and _letters(whole[: 4 * PREFIX + len(cut)]).startswith(letters)


def _without_cut(body: list[Block]) -> list[Block]:
    """The body without a cut paragraph that a later one says in full (an excerpt pasted on top)."""
    kept = []
    for at, block in enumerate(body):
        later = " ".join(other.text for other in body[at + 1 :])
        cut = TRUNCATED.sub("", block.text)
        if cut != block.text and later:
            fuller = any(_begins(split_dateline(other.text)[1], cut) for other in body[at + 1 : at + 6])
            if fuller or _begins(later, cut):
                continue
        kept.append(block)
    return kept


def _without_repetition(body: list[Block], title: str) -> list[Block]:
    """The body without paragraphs that stood before, and without the title on top of it."""
    seen: set[str] = set()
    kept = []
    for at, block in enumerate(body):
        key = _letters(split_dateline(block.text)[1]) or block.text
        if key in seen or (at < 2 and key == _letters(title) and len(body) > 1):
            continue
        seen.add(key)
        kept.append(block)
    return kept


def _headed(body: list[Block]) -> list[Block]:
    """Short paragraphs without an end become sub-headings, when a real paragraph follows them.

    Two such lines in a row are a list or a verse, unless each ends in a dash or colon: then they stay.
    """
    loose = [block.kind == "p" and _is_loose(block.text) for block in body]
    result = []
    for at, block in enumerate(body):
        follows = at + 1 < len(body) and not loose[at + 1] and body[at + 1].kind == "p"
        alone = at == 0 or not loose[at - 1]
        if block.kind == "h" or (loose[at] and follows and (alone or _OPEN_END.search(block.text))):
            text = _OPEN_END.sub("", block.text)
            if text:
                result.append(Block("h", text))
            continue
        result.append(block)
    if result and not any(block.kind == "p" for block in result):
        return [Block("p", block.text) for block in result]
    return result


def _is_loose(text: str) -> bool:
    return len(text) < SUBHEADING and (bool(_OPEN_END.search(text)) or not _ENDED.search(text))


def _excerpt(excerpt: str, title: str, body: Sequence[Block]) -> str:
    """The excerpt without its cut end; '' when it repeats the title or begins the body."""
    cut = TRUNCATED.sub("", excerpt)
    if cut != excerpt:
        text = " ".join(block.text for block in body if block.kind == "p")
        if text and _begins(text, split_dateline(cut)[1]):
            return ""
        sentences = split(cut)
        while sentences and not _ENDED.search(sentences[-1]):
            sentences.pop()
        excerpt = " ".join(sentences)
    return "" if _letters(excerpt) == _letters(title) else excerpt
