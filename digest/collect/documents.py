"""Finds who can read a fetched document, and lets them. Fetches nothing, and parses nothing itself."""

from __future__ import annotations

from datetime import datetime

from digest.collect.feeds import parse_feed
from digest.collect.fetch import Fetched
from digest.collect.parsed import Parsed
from digest.models import Source


def read_document(fetched: Fetched, *, source: Source, now: datetime) -> Parsed:
    """The articles of one document, whatever its kind. Never raises: what is wrong stands in the result."""
    return parse_feed(fetched.body, source=source, base_url=fetched.url, content_type=fetched.content_type, now=now)
