"""Article rows: their content as JSON. Code that only reads editions needs nothing else about articles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from digest.models import Article, Image, TextBlock
from digest.store.schema import article
from digest.store.statements import chunks

_PLAIN = tuple(
    each.name
    for each in fields(Article)
    if each.name not in ("published", "updated", "image", "categories", "body", "warnings")
)


def article_to_json(item: Article) -> dict[str, Any]:
    """Convert an article to JSON types."""
    content = {name: getattr(item, name) for name in _PLAIN}
    return content | {
        "published": item.published.isoformat(),
        "updated": item.updated.isoformat() if item.updated else None,
        "image": asdict(item.image) if item.image else None,
        "categories": list(item.categories),
        "body": [{"kind": block.kind, "text": block.text} for block in item.body],
        "warnings": list(item.warnings),
    }


def article_from_json(content: Mapping[str, Any], published: datetime) -> Article:
    """Convert a row's content to the article, with the date that was stored first."""
    plain = {name: content[name] for name in _PLAIN if name in content}
    updated, image = content.get("updated"), content.get("image")
    return Article(
        **plain,
        published=published,
        updated=datetime.fromisoformat(updated) if updated else None,
        image=Image(**image) if image else None,
        categories=tuple(content.get("categories", ())),
        body=tuple([TextBlock(block["kind"], block["text"]) for block in content.get("body", ())]),
        warnings=tuple(content.get("warnings", ())),
    )


def select_articles(connection: Connection, ids: Iterable[str]) -> dict[str, Article]:
    rows = list(select_rows(connection, (article.c.content, article.c.published), ids))
    return {item.id: item for item in (article_from_json(*row) for row in rows)}


def select_rows(connection: Connection, columns: Sequence[Any], ids: Iterable[str]) -> Iterator[Any]:
    for some in chunks(ids):
        yield from connection.execute(select(*columns).where(article.c.id.in_(some)))
