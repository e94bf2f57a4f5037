"""Numbers in Hindi: lakh grouping, and digits of both scripts. News uses ASCII digits nearly always."""

from __future__ import annotations

WORDS_PER_MINUTE = 180
"""There is no established norm for Hindi. English is read at 238 silently and at 183 aloud (Brysbaert 2019)."""


def minutes(*texts: str) -> int:
    """Return the minutes to read all texts, rounded up; 0 if there are no words."""
    words = sum(len(text.split()) for text in texts)
    return -(-words // WORDS_PER_MINUTE)


_TO_DEVA = {ord(str(n)): chr(ord("०") + n) for n in range(10)}
_TO_LATIN = {deva: chr(latin) for latin, deva in ((k, ord(v)) for k, v in _TO_DEVA.items())}


def group(n: int | float) -> str:
    """Return the number with Indian grouping: 1234567 becomes '12,34,567'. At most two decimals."""
    if isinstance(n, float):
        if n != n or n in (float("inf"), float("-inf")):
            return str(n)
        whole, _, rest = f"{abs(n):.2f}".partition(".")
        rest = rest.rstrip("0")
    else:
        whole, rest = str(abs(n)), ""
    head, tail = whole[:-3], whole[-3:]
    parts = [tail]
    while head:
        parts.insert(0, head[-2:])
        head = head[:-2]
    sign = "-" if n < 0 and (whole.strip("0") or rest) else ""
    return sign + ",".join(parts) + (f".{rest}" if rest else "")


def devanagari_digits(text: str) -> str:
    """Return the text with ASCII digits replaced by Devanagari ones."""
    return text.translate(_TO_DEVA)


def latin_digits(text: str) -> str:
    """Return the text with Devanagari digits replaced by ASCII ones."""
    return text.translate(_TO_LATIN)
