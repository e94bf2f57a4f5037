"""A provider's whole answer, and what HTTP itself says in it. Knows no provider."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

_DIGITS = re.compile(r"[0-9]{1,12}\Z")
_LEAST_WAIT, _LONGEST_WAIT = 1.0, 3600.0


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """Status, headers in lower case, body. `whole` is False when the body broke off; the headers never have."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool = True

    @property
    def is_html(self) -> bool:
        """An HTML page: no API said this, but a proxy, a gateway or a network that wants a login."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return kind in ("text/html", "application/xhtml+xml") or self.body.lstrip()[:1] == b"<"

    def json(self) -> Any:
        """The body's JSON; None when it is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None

    def field(self, name: str) -> str:
        """A text in the body's JSON object; '' where there is none."""
        found = self.json()
        value = found.get(name) if isinstance(found, dict) else None
        return value if isinstance(value, str) else ""

    def wait(self, reset: str = "") -> float | None:
        """Seconds that the other side asks to be left alone: by Retry-After (RFC 9110 section 10.2.3) or by the header
        `reset`, an epoch second. Counted from the answer's own Date, so that a wrong clock here does no harm. Kept
        between a second and an hour; None when nothing readable is asked."""
        now = _epoch(self.headers.get("date", ""))
        now = time.time() if now is None else now
        after, until = self.headers.get("retry-after", "").strip(), self.headers.get(reset, "").strip()
        asked = []
        if _DIGITS.match(after):
            asked.append(float(after))
        elif (moment := _epoch(after)) is not None:
            asked.append(moment - now)
        if _DIGITS.match(until):
            asked.append(float(until) - now)
        return min(max(*asked, _LEAST_WAIT), _LONGEST_WAIT) if asked else None


def _epoch(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
