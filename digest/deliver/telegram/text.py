"""Telegram's limits count UTF-16 code units. Text is cut between grapheme clusters only."""

from __future__ import annotations

from collections.abc import Sequence

from digest.hindi.cut import ELLIPSIS, clusters

# Code units of a message, and of the caption of a photo (core.telegram.org/bots/api).
MAX_MESSAGE, MAX_CAPTION = 4096, 1024


def utf16_length(text: str) -> int:
    """The number of UTF-16 code units: two for an emoji, one for a letter of Hindi."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int) -> str:
    """Cut the text to at most `limit` code units, with '…' if something was cut."""
    if utf16_length(text) <= limit:
        return text
    kept, room = [], limit - utf16_length(ELLIPSIS)
    for cluster in clusters(text):
        room -= utf16_length(cluster)
        if room < 0:
            break
        kept.append(cluster)
    return "".join(kept).rstrip() + ELLIPSIS if limit > 0 else ""


def compose(head: str, title: str, points: Sequence[str], tail: str, limit: int) -> str:
    """Head, title, points and tail as paragraphs, within the limit.

    Points are left out from the last one on, then the title is cut. The tail has the link and stays whole.
    """
    for number in range(len(points), -1, -1):
        text = "\n\n".join(filter(None, (head, "\n".join([title, *points[:number]]), tail)))
        if utf16_length(text) <= limit:
            return text
    rest = utf16_length("\n\n".join(filter(None, (head, "", tail)))) + 2
    return cut("\n\n".join(filter(None, (head, cut(title, max(limit - rest, 0)), tail))), limit)
