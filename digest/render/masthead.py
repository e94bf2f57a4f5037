"""What of the newsletter's settings stands in every letter. Data only; reads no settings."""

from __future__ import annotations

import re
from dataclasses import dataclass

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class Masthead:
    """The newsletter's name and addresses.

    `language` is a code (`hi`), `timezone` an IANA name, `base_url` where the reader pages live without a
    trailing slash or '' when there are none, `accent` a colour as `#rrggbb`. Raises ValueError for another
    accent: it goes into style sheets unescaped.
    """

    name: str
    language: str
    timezone: str
    base_url: str
    postal_address: str
    sender_email: str
    reply_to: str
    accent: str = "#9c1c1c"

    def __post_init__(self) -> None:
        if not _COLOUR.fullmatch(self.accent):
            raise ValueError(f"accent must be a colour like #9c1c1c, not {self.accent!r}")
