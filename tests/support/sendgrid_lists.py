"""The local provider's suppression lists: newest first, at most 500 a page, a span with both ends in. Knows no HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.support.sendgrid_provider import Refused

NAMES = ("bounces", "blocks", "invalid_emails", "spam_reports", "unsubscribes")
_MOST = 500


def page(rows: Sequence[dict[str, Any]], target: str) -> list[dict[str, Any]]:
    """What a request asks for. Raises Refused for a page too long, ValueError for what is no number."""
    asked = {name: int(value) for name, value in parse_qsl(urlsplit(target).query)}
    limit, offset = asked.get("limit", _MOST), asked.get("offset", 0)
    if not 1 <= limit <= _MOST or offset < 0:
        raise Refused("limit must be between 1 and 500")
    since, until = asked.get("start_time", 0), asked.get("end_time", 2**40)
    found = [row for row in rows if since <= row["created"] <= until]
    return sorted(found, key=lambda row: -row["created"])[offset : offset + limit]
