"""Delete old articles, with the images that only they have.

An undated article keeps its row but loses its text. Otherwise it would look new while its source still lists it. An
article with a date is recognised as old (`ArticleStore.save`).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Text, and_, cast, delete, func, or_, select, update

from digest.store.database import Database
from digest.store.schema import article, edition, inline_image, rendered_email

# Appears in the JSON (`as_json`) of every article with a text.
_HAS_TEXT = '"body": [{'
_CONTENT_ID = re.compile(r"[0-9a-f]{40}@digest")


@dataclass(frozen=True, slots=True)
class OldArticles:
    """Numbers of deleted articles and of those that only lost their text, and the approximate bytes that both free."""

    deleted: int = 0
    emptied: int = 0
    bytes: int = 0
    # Content-IDs of images that the deleted articles had.
    images: frozenset[str] = frozenset()


def measure(database: Database, before: datetime) -> OldArticles:
    size = func.coalesce(func.sum(func.length(cast(article.c.content, Text))), 0)
    with database.read() as connection:
        deleted, first = connection.execute(select(func.count(), size).where(_old(before))).one()
        emptied, second = connection.execute(select(func.count(), size).where(_undated(before))).one()
    return OldArticles(deleted, emptied, int(first) + int(second))


def delete_articles(database: Database, before: datetime, limit: int) -> OldArticles:
    """Delete, or empty, at most `limit` articles published before this time."""
    rows = select(article.c.id, article.c.dated, article.c.content).where(or_(_old(before), _undated(before)))
    with database.write(area="article") as connection:
        found = connection.execute(rows.limit(limit)).all()
        old = [row.id for row in found if row.dated]
        connection.execute(delete(article).where(article.c.id.in_(old)))
        for row in found:
            if not row.dated:
                emptied = {**row.content, "body": [], "excerpt": ""}
                connection.execute(update(article).where(article.c.id == row.id).values(content=emptied))
    urls = [(row.content.get("image") or {}).get("url", "") for row in found if row.dated]
    images = frozenset(cid for url in urls for cid in _CONTENT_ID.findall(url))
    return OldArticles(len(old), len(found) - len(old), images=images)


def delete_images(database: Database, cids: Collection[str]) -> int:
    """Delete the images among `cids` that no article, edition or email uses. Return their number."""
    if not cids:
        return 0
    unused = _unused(database, cids)
    with database.write(area="image") as connection:
        return sum(connection.execute(delete(inline_image).where(inline_image.c.cid == cid)).rowcount for cid in unused)


def unused_images(database: Database) -> set[str]:
    """Return the Content-IDs of the images that no article, edition or email uses."""
    stored = set(database.query(select(inline_image.c.cid)).scalars())
    return _unused(database, stored)


def _unused(database: Database, cids: Collection[str]) -> set[str]:
    """Return the images among `cids` that nothing uses. Reads long texts, so call it outside a write transaction."""
    texts: tuple[ColumnElement[str], ...] = (
        cast(article.c.content, Text),
        cast(edition.c.sections, Text),
        cast(edition.c.editorial_changes, Text),
        rendered_email.c.html,
    )
    unused = set(cids)
    with database.read() as connection:
        for text in texts:
            for found in connection.execute(select(text).where(text.contains("@digest"))).scalars():
                unused.difference_update(_CONTENT_ID.findall(found))
    return unused


def _old(before: datetime) -> ColumnElement[bool]:
    return and_(article.c.published < before, article.c.dated)


def _undated(before: datetime) -> ColumnElement[bool]:
    return and_(article.c.published < before, ~article.c.dated, cast(article.c.content, Text).contains(_HAS_TEXT))
