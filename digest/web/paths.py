"""The paths of the archive's pages, which templates, feeds and sitemaps link to."""

from __future__ import annotations

from urllib.parse import quote


def edition_path(key: str) -> str:
    """Return the path of an edition's page."""
    return f"/archive/{quote(key, safe='')}"


def story_path(thread: str) -> str:
    """Return the path of a story's page."""
    return f"/story/{quote(thread, safe='')}"


def topic_path(name: str) -> str:
    """Return the path of a topic's page."""
    return f"/topic/{quote(name, safe='')}"
