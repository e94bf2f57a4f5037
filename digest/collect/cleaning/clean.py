"""Clean an article with text_rules.txt and ui_strings.txt. A rule that would remove all of the text removes nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from digest.collect.cleaning.dateline import MIN_REST, is_credit, split_dateline, unsigned_title
from digest.collect.cleaning.dedupe import WHOLE, begins, letters, strip_cut_mark, without_cut, without_repetition
from digest.collect.cleaning.identity import content_hash
from digest.collect.cleaning.text_rules import FEED_TAILS, OPENINGS
from digest.collect.cleaning.titles import headline, is_site_name, marked_off, split_title, subject_of
from digest.hindi.agencies import agency_of, removed_credit
from digest.hindi.sentences import split
from digest.hindi.text import repair, table_rows
from digest.models import Article, TextBlock

# Characters. A shorter paragraph may be a sub-heading.
SUBHEADING = 90

# Paragraphs that are searched for a dateline. A standfirst or a sub-headline may come before it.
_DATELINE_WITHIN = 5

# Words. An undated link without text and with a title as short as this is a menu entry.
_MENU_WORDS = 4

_ENDED = re.compile("[।॥?!.…|][\"'”’»)\\]]*$")
_OPEN_END = ("-", "–", "—", ":")
_MAX_LINE = 400


def clean_article(article: Article, *, sites: Sequence[str] = ()) -> Article:
    """Return the article, cleaned.

    `sites` are more names that may end the title, such as the feed's own. Idempotent.
    """
    title, kicker = split_title(repair(article.title).replace("\n", " "), sites)
    title, kicker = unsigned_title(title), kicker or article.kicker
    found, blocks = headline(title, article.body, repair(article.excerpt))
    title = title if found == title else split_title(found, sites)[0]
    title = title.rstrip("।॥ ") or title
    subject = kicker or subject_of(title)
    excerpt = _without_opening(_without_tails(_without_kicker(repair(article.excerpt).replace("\n", " "), subject)))
    if _is_interface(excerpt):
        excerpt = ""
    body = _clean_body(blocks, subject)
    body, place = _without_dateline(body, title, subject)
    agency = removed_credit(_join_blocks(blocks), _join_blocks(body))
    front, excerpt = split_dateline(excerpt, context=f"{title}\n{excerpt}")
    place, excerpt = place or front, _without_kicker(excerpt, subject)
    body = without_repetition(without_cut(body), title)
    body = _with_subheadings(body)
    excerpt = _excerpt(excerpt, title, body)
    cleaned = replace(
        article,
        title=title,
        kicker=kicker or "",
        excerpt=excerpt,
        body=tuple(body),
        place=place or article.place,
        author=_author(article.author, agency),
    )
    return replace(cleaned, content_hash=content_hash(cleaned.title, cleaned.text))


def _join_blocks(blocks: Sequence[TextBlock]) -> str:
    return "\n".join(block.text for block in blocks)


def _author(author: str | None, agency: str | None) -> str | None:
    """Return the byline, with the agency that the text credited."""
    byline = repair(author).replace("\n", " ") if author else ""
    if agency and agency_of(byline) is None:
        byline = f"{byline}, {agency.upper()}" if byline else agency.upper()
    return byline or None


def _without_kicker(text: str, kicker: str | None) -> str:
    """Return the text without the title's kicker at its start, unless there is nothing else."""
    if kicker and text[: len(kicker)].casefold() == kicker.casefold():
        rest = text[len(kicker) :].lstrip()
        if rest[:1] in (":", "|") and rest[1:].strip():
            return rest[1:].strip()
    return text


def _without_tails(text: str) -> str:
    for row in FEED_TAILS:
        text = row.apply(text).strip()
    return text


def _without_opening(text: str) -> str:
    """Return the text without a bullet, or a subject in Latin letters, before its first sentence."""
    for row in OPENINGS:
        rest = row.apply(text)
        text = rest if len(rest) >= MIN_REST else text
    return text


def _clean_body(blocks: Sequence[TextBlock], kicker: str | None) -> list[TextBlock]:
    """Return the blocks without kicker, tails and interface lines."""
    kept = []
    for block in blocks:
        if _is_interface(block.text) or is_site_name(block.text):
            continue
        text = _without_opening(_without_tails(_without_kicker(block.text, kicker)))
        if text and not (text != block.text and _is_interface(text)) and not is_credit(text):
            kept.append(block if text == block.text else TextBlock(block.kind, text))
    return kept


def _for_pattern(text: str) -> str:
    """Normalise to NFC without nukta, so that patterns match both फ़ॉलो and फॉलो."""
    return unicodedata.normalize("NFC", text).replace("\u093c", "")


# Patterns of lines that belong to a page, each with an example.
INTERFACE = tuple(tuple(row.split("\t")) for row in table_rows("digest.collect.cleaning", "ui_strings.txt"))
_INTERFACE = re.compile("|".join(f"(?:{_for_pattern(pattern)})" for pattern, _example in INTERFACE), re.IGNORECASE)


def menu_entries(articles: Sequence[Article]) -> set[str]:
    """Return the ids of the cleaned items of one feed that are menu entries: no text, no date, far shorter than the
    headlines.
    """
    bare = [article for article in articles if not (article.text or article.dated)]
    lengths = sorted(len(article.title.split()) for article in articles)
    headlines = bool(lengths) and lengths[len(lengths) // 2] > 2 * _MENU_WORDS
    return {
        article.id
        for article in bare
        if _is_interface(article.title)
        or (headlines and len(f"{article.kicker} {article.title}".split()) <= _MENU_WORDS)
    }


def _is_interface(text: str) -> bool:
    """Whether the whole line is a control or label of the page."""
    # The text is repaired, and so it is NFC.
    return len(text) < _MAX_LINE and _INTERFACE.fullmatch(text.replace("\u093c", "").strip()) is not None


def _without_dateline(body: list[TextBlock], title: str, subject: str | None) -> tuple[list[TextBlock], str | None]:
    """Return the body without the datelines of its first paragraphs (after a standfirst too), and the first place."""
    texts = [block.text for block in body if block.kind == "p"][:_DATELINE_WITHIN]
    context = "\n".join((title, *texts))
    first: str | None = None
    result, seen = list(body), 0
    for at, block in enumerate(body):
        if block.kind != "p":
            continue
        seen += 1
        if seen > _DATELINE_WITHIN:
            break
        place, text = split_dateline(block.text, opens=seen == 1, context=context)
        if text != block.text and (seen == 1 or len(text) >= WHOLE):
            result[at], first = TextBlock("p", _without_opening(_without_kicker(text, subject))), first or place
    return result, first


def _with_subheadings(body: list[TextBlock]) -> list[TextBlock]:
    """Turn short paragraphs without final punctuation into sub-headings, if a real paragraph follows.

    Two such lines in a row are a list or a verse, unless each ends with a dash or colon.
    """
    loose = [block.kind == "p" and _is_loose(block.text) for block in body]
    result = []
    for at, block in enumerate(body):
        follows = at + 1 < len(body) and not loose[at + 1] and body[at + 1].kind == "p"
        alone = at == 0 or not loose[at - 1]
        if block.kind == "h" or (loose[at] and follows and (alone or block.text.endswith(_OPEN_END))):
            text = block.text.rstrip(" " + "".join(_OPEN_END))
            if text:
                result.append(TextBlock("h", text))
            continue
        result.append(block)
    if result and not any(block.kind == "p" for block in result):
        return [TextBlock("p", block.text) for block in result]
    return result


def _is_loose(text: str) -> bool:
    return len(text) < SUBHEADING and (text.endswith(_OPEN_END) or not _ENDED.search(text))


def _excerpt(excerpt: str, title: str, body: Sequence[TextBlock]) -> str:
    """Return the excerpt without its cut end; '' if it repeats the title or begins the body."""
    if not excerpt:
        return ""
    cut = strip_cut_mark(excerpt)
    if cut != excerpt:
        text = " ".join(block.text for block in body if block.kind == "p")
        if text and begins(text, split_dateline(cut)[1]):
            return ""
        sentences = split(cut)
        while sentences and not _ENDED.search(sentences[-1]):
            sentences.pop()
        excerpt = " ".join(sentences)
    return "" if letters(marked_off(excerpt)) == letters(title) else excerpt
