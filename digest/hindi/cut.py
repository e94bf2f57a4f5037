"""Cutting and measuring text in the units a reader sees: grapheme clusters, display columns, whole words.

Clusters follow UAX #29 with rule GB9c (Unicode 15.1), so a conjunct such as 'क्षे' or 'ष्ट्र' is one and is never
split. Must not decide limits: callers give them.
"""

from __future__ import annotations

_LOOSE_END = " ,;:-–—‘“("
ELLIPSIS = "…"


def clusters(text: str) -> list[str]:
    """The grapheme clusters of the text; joined they are the text again."""
    from wcwidth import iter_graphemes

    return list(iter_graphemes(text))


def length(text: str) -> int:
    """How many grapheme clusters the text has."""
    return len(clusters(text))


def shorten(text: str, limit: int) -> str:
    """The text with single spaces, cut between words to at most `limit` clusters, '…' included when cut.

    A first word longer than the limit is cut between two clusters; a limit below 1 gives ''.
    """
    text = " ".join(text.split())
    pieces = clusters(text)
    if len(pieces) <= limit:
        return text
    if limit < 1:
        return ""
    kept = pieces[: limit - 1]
    if pieces[limit - 1] != " ":
        space = next((at for at in range(len(kept) - 1, 0, -1) if kept[at] == " "), 0)
        kept = kept[:space] if space else kept
    return "".join(kept).rstrip(_LOOSE_END) + ELLIPSIS


def width(text: str) -> int:
    """Columns that one line of text takes in fixed pitch; control characters count nothing."""
    import wcwidth

    return wcwidth.width(text)


def wrap(text: str, columns: int) -> list[str]:
    """Lines of at most `columns` display columns, broken at spaces; a wider word stands alone on its line.

    Newlines stay breaks and blank lines stay as ''. Empty text gives no line. No word is lost or split.
    """
    if not text:
        return []
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line: list[str] = []
        taken = 0
        for word in paragraph.split():
            wide = width(word)
            if line and taken + 1 + wide > columns:
                lines.append(" ".join(line))
                line, taken = [], 0
            taken += wide + bool(line)
            line.append(word)
        lines.append(" ".join(line))
    return lines
