"""Articles and what is remembered of their sources. Keeps and hands back; judges nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import insert, select, update

from digest.collect.collector import Saved, Validators
from digest.models import Article
from digest.store.database import Database
from digest.store.schema import article, source


@cache
def _codec() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Article)


class ArticleStore:
    """Implements the collector's Memory."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self.database = database
        self.clock = clock

    def validators(self, name: str) -> Validators | None:
        with self.database.read() as connection:
            row = connection.execute(select(source).where(source.c.name == name)).one_or_none()
        return Validators(row.etag, row.last_modified, row.body_hash) if row else None

    def remember(self, name: str, validators: Validators) -> None:
        values = {
            "etag": validators.etag,
            "last_modified": validators.last_modified,
            "body_hash": validators.body_hash,
        }
        with self.database.write(area="article") as connection:
            changed = connection.execute(update(source).where(source.c.name == name).values(values)).rowcount
            if not changed:
                connection.execute(insert(source).values(name=name, **values))

    def save(self, articles: Sequence[Article]) -> Saved:
        """New ones are added; one whose content changed is updated and keeps its first date and first sight."""
        new = updated = 0
        now = self.clock()
        with self.database.write(area="article") as connection:
            for item in articles:
                known = connection.execute(
                    select(article.c.content_hash, article.c.published, article.c.dated).where(article.c.id == item.id)
                ).one_or_none()
                values = {
                    "source": item.source,
                    "url": item.url,
                    "title": item.title,
                    "content_hash": item.content_hash,
                    "content": _codec().dump_python(item, mode="json"),
                }
                if known is None:
                    connection.execute(
                        insert(article).values(
                            id=item.id, published=item.published, dated=item.dated, first_seen=now, **values
                        )
                    )
                    new += 1
                elif known.content_hash != item.content_hash:
                    connection.execute(update(article).where(article.c.id == item.id).values(values))
                    updated += 1
        return Saved(new=new, updated=updated)

    def between(self, since: datetime, until: datetime) -> list[Article]:
        """The articles published in the span, oldest first, with the date that was stored first."""
        from dataclasses import replace

        with self.database.read() as connection:
            rows = connection.execute(
                select(article.c.content, article.c.published)
                .where(article.c.published >= since, article.c.published <= until)
                .order_by(article.c.published, article.c.id)
            ).all()
        return [replace(_codec().validate_python(row.content, strict=False), published=row.published) for row in rows]
