"""Measure and cut text in the units that people see: grapheme clusters, display columns, whole words.

Clusters follow UAX #29 with rule GB9c (Unicode 15.1), so a conjunct such as 'क्षे' or 'ष्ट्र' is never split.
"""

from __future__ import annotations

_TRAILING = " ,;:-–—‘“("
ELLIPSIS = "…"


def clusters(text: str) -> list[str]:
    """Return the grapheme clusters of the text. Joined, they give the text again."""
    from wcwidth import iter_graphemes

    return list(iter_graphemes(text))


def length(text: str) -> int:
    """Return the number of grapheme clusters."""
    return len(clusters(text))


def shorten(text: str, limit: int) -> str:
    """Return the text with single spaces, cut to at most `limit` clusters with the '…', between words if possible."""
    text = " ".join(text.split())
    all_clusters = clusters(text)
    if len(all_clusters) <= limit:
        return text
    if limit < 1:
        return ""
    kept = all_clusters[: limit - 1]
    if all_clusters[limit - 1] != " ":
        space = next((index for index in range(len(kept) - 1, 0, -1) if kept[index] == " "), 0)
        kept = kept[:space] if space else kept
    return "".join(kept).rstrip(_TRAILING) + ELLIPSIS


def width(text: str) -> int:
    """Return the columns of one line of text in a monospaced font. Control characters do not count."""
    if text.isascii() and text.isprintable():
        return len(text)
    import wcwidth

    return wcwidth.width(text)


def wrap(text: str, columns: int) -> list[str]:
    """Break the text at spaces into lines of at most `columns` columns; a wider word gets its own line."""
    if not text:
        return []
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line: list[str] = []
        used = 0
        for word in paragraph.split():
            word_width = width(word)
            if line and used + 1 + word_width > columns:
                lines.append(" ".join(line))
                line, used = [], 0
            used += word_width + bool(line)
            line.append(word)
        lines.append(" ".join(line))
    return lines
