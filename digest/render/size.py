"""How big a letter is, by each reading of Gmail's clipping limit. Must not decide what to do about it.

Gmail hides what lies beyond about 102 KB, footer and unsubscribe link included. Nobody outside knows whether
it counts the decoded text, base64 or quoted-printable, and Devanagari differs by two between them, so all
three are told.
"""

from __future__ import annotations

import base64
import quopri
from dataclasses import dataclass
from typing import Literal

from digest.models import RenderedEmail

CLIPPED = 102_400
"""Bytes beyond which Gmail hides the rest, by whichever of the readings."""

WARN = 60_000
"""Decoded bytes beyond which the operator is told: quoted-printable (x1.95) passes 102,400 at about 53,000,
base64 (x1.35) at 76,000. facts: measured on a 20-item Hindi letter."""

STOP = 90_000
"""Decoded bytes beyond which a letter should not go out: leaves 12 KB for what a provider's click tracking
adds to links before Gmail clips it by the mildest reading."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of the part that counts: as UTF-8, and as base64 and quoted-printable with their line ends."""

    decoded: int
    base64: int
    quoted_printable: int

    @property
    def level(self) -> Literal["ok", "warn", "stop"]:
        """`stop` beyond STOP, `warn` beyond WARN, else `ok`."""
        return "stop" if self.decoded > STOP else "warn" if self.decoded > WARN else "ok"


def measure(letter: RenderedEmail) -> Sizes:
    """The sizes of the HTML part, or of the text part of a letter that has no other."""
    data = (letter.html or letter.text).encode()
    return Sizes(len(data), len(base64.encodebytes(data)), len(quopri.encodestring(data)))
