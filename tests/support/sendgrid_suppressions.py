"""The local provider's suppression lists: newest first, at most 500 a page, with an inclusive time range."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.support.sendgrid_provider import Refused

NAMES = ("bounces", "blocks", "invalid_emails", "spam_reports", "unsubscribes")
_MAX_PAGE = 500


def page(rows: Sequence[dict[str, Any]], target: str) -> list[dict[str, Any]]:
    """Return the page of a request. Raises Refused for a page that is too long, ValueError for an invalid number."""
    query = {name: int(value) for name, value in parse_qsl(urlsplit(target).query)}
    limit, offset = query.get("limit", _MAX_PAGE), query.get("offset", 0)
    if not 1 <= limit <= _MAX_PAGE or offset < 0:
        raise Refused("limit must be between 1 and 500")
    since, until = query.get("start_time", 0), query.get("end_time", 2**40)
    found = [row for row in rows if since <= row["created"] <= until]
    return sorted(found, key=lambda row: -row["created"])[offset : offset + limit]
