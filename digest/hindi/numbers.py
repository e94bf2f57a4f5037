"""Numbers as Hindi readers write them: lakh grouping, and digits of either script.

Digits in news are ASCII nearly always (21,550 to 9 in one corpus), so Devanagari digits are a preference that
is applied at the very end and never to URLs or markup.
"""

from __future__ import annotations

_TO_DEVA = {ord(str(n)): chr(ord("०") + n) for n in range(10)}
_TO_LATIN = {deva: chr(latin) for latin, deva in ((k, ord(v)) for k, v in _TO_DEVA.items())}


def group(n: int | float) -> str:
    """The number with Indian grouping: 1234567 → '12,34,567'. At most two decimals."""
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
    """The text with every ASCII digit as a Devanagari one."""
    return text.translate(_TO_DEVA)


def latin_digits(text: str) -> str:
    """The text with every Devanagari digit as an ASCII one."""
    return text.translate(_TO_LATIN)
