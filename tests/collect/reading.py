"""Parse a document as if it had been fetched."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from digest.collect.dispatch import read_document
from digest.collect.http.fetch import Response
from digest.collect.types import ParseResult
from digest.models import Source

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
URL = "https://www.village.example/zila/"


def read(document: bytes | str, url: str = URL, content_type: str = "", **source: Any) -> ParseResult:
    """What `document`, found at `url`, gives to a source with the fields `source`."""
    body = document if isinstance(document, bytes) else document.encode("utf-8", "surrogatepass")
    fetched = Response(200, url, body, content_type)
    return read_document(fetched, source=Source("गांव", url=url, **source), now=NOW)
