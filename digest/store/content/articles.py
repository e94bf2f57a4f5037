"""Articles with their pictures, and what is remembered of their sources. Keeps and hands back; judges nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from digest.collect.types import SaveCounts, SourceState, Validators
from digest.models import Article, Block, Image, InlineImage, SourceHealth
from digest.store.database import Database
from digest.store.schema import article, picture, source
from digest.utils.gc import gc_paused

"""Content-IDs in one question: PostgreSQL takes 65,535 parameters, SQLite at least 999."""


class ImageStore:
    """Pictures over an open store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def save(self, pictures: Sequence[InlineImage]) -> None:
        """Adds those that are not there yet."""
        given = {item.cid: item for item in pictures}
        with self.database.write(area="picture") as connection:
            for some in _chunks(given):
                known = set(connection.execute(select(picture.c.cid).where(picture.c.cid.in_(some))).scalars())
                new = [given[cid] for cid in some if cid not in known]
                if new:
                    connection.execute(insert(picture), [asdict(item) for item in new])

    def load(self, content_ids: Collection[str]) -> Mapping[str, InlineImage]:
        """The pictures of these Content-IDs, by Content-ID; unknown ones are left out."""
        found: dict[str, InlineImage] = {}
        if not content_ids:
            return found
        with self.database.read() as connection:
            for some in _chunks(content_ids):
                for row in connection.execute(select(picture).where(picture.c.cid.in_(some))):
                    found[row.cid] = InlineImage(row.cid, row.type, row.data, row.width, row.height)
        return found


def _chunks(content_ids: Collection[str]) -> list[list[str]]:
    wanted = list(dict.fromkeys(content_ids))
    return [wanted[at : at + _CHUNK] for at in range(0, len(wanted), _CHUNK)]


_PLAIN = tuple(
    each.name
    for each in fields(Article)
    if each.name not in ("published", "updated", "image", "categories", "body", "warnings")
)


def article_to_json(item: Article) -> dict[str, Any]:
    """The article as JSON has it: times in ISO form, tuples as lists."""
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
    """The article of a row, with the date that was stored first."""
    told = {name: content[name] for name in _PLAIN if name in content}
    updated, image = content.get("updated"), content.get("image")
    return Article(
        **told,
        published=published,
        updated=datetime.fromisoformat(updated) if updated else None,
        image=Image(**image) if image else None,
        categories=tuple(content.get("categories", ())),
        body=tuple([Block(block["kind"], block["text"]) for block in content.get("body", ())]),
        warnings=tuple(content.get("warnings", ())),
    )


_CHUNK = 500
"""Ids in one question: PostgreSQL takes 65,535 parameters, SQLite at least 999."""


class ArticleStore:
    """Implements the collector's Memory and its Shelf."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self.database = database
        self.clock = clock
        self.images = ImageStore(database)

    def load_states(self) -> Mapping[str, SourceState]:
        """What is remembered of every source, in one question."""
        with self.database.read() as connection:
            rows = connection.execute(select(source)).all()
        return {row.name: _remembered(row) for row in rows}

    def health(self) -> Mapping[str, SourceHealth]:
        """How every source that was ever collected is doing, by name."""
        return {name: remembered.health for name, remembered in self.load_states().items()}

    def save_state(self, remembered: SourceState) -> None:
        health, validators = remembered.health, remembered.validators
        values = {
            "etag": validators.etag,
            "last_modified": validators.last_modified,
            "body_hash": validators.body_hash,
            "url": health.url,
            "asked_at": remembered.asked_at,
            "last_good": health.last_good,
            "last_new": health.last_new,
            "failures": health.failures,
            "last_error": health.last_error,
            "not_before": health.not_before,
            "moved_to": health.moved_to,
        }
        with self.database.write(area="article") as connection:
            changed = connection.execute(update(source).where(source.c.name == health.name).values(values)).rowcount
            if not changed:
                connection.execute(insert(source).values(name=health.name, **values))

    def save(self, articles: Sequence[Article], *, listed: Collection[str] = ()) -> SaveCounts:
        """New ones are added; one whose content changed is updated and keeps its first date and first sight.

        One that a source of another name brought follows when that name is no longer `listed`; of two that are
        listed the first keeps it, and its words.
        """
        given = {item.id: item for item in articles}
        now = self.clock()
        columns = (article.c.id, article.c.content_hash, article.c.source, article.c.content["section"].as_string())
        with self.database.write(area="article") as connection:
            known = {row[0]: row for row in _rows(connection, columns, given)}
            new = [item for item in given.values() if item.id not in known]
            changed = [item for item in given.values() if item.id in known and _is_news(item, known[item.id], listed)]
            moved = [item for item in given.values() if item.id in known and _follows(item, known[item.id], listed)]
            if new:
                seen = [
                    {"id": item.id, "published": item.published, "dated": item.dated, "first_seen": now, **_row(item)}
                    for item in new
                ]
                connection.execute(insert(article), seen)
            if changed or moved:
                other = update(article).where(article.c.id == bindparam("known"))
                connection.execute(other, [{"known": item.id, **_row(item)} for item in (*changed, *moved)])
        return SaveCounts(new=len(new), updated=len(changed))

    def save_images(self, images: Sequence[InlineImage]) -> None:
        self.images.save(images)

    def by_ids(self, ids: Sequence[str]) -> Mapping[str, Article]:
        """The stored articles of these ids, by id, with the date that was stored first; from any thread."""
        with self.database.read() as connection:
            rows = list(_rows(connection, (article.c.content, article.c.published), ids))
        return {item.id: item for item in (article_from_json(*row) for row in rows)}

    @gc_paused()
    def between(self, since: datetime, until: datetime) -> list[Article]:
        """The articles published in the span, oldest first, with the date that was stored first."""
        with self.database.read() as connection:
            rows = connection.execute(
                select(article.c.content, article.c.published)
                .where(article.c.published >= since, article.c.published <= until)
                .order_by(article.c.published, article.c.id)
            ).all()
        return [article_from_json(*row) for row in rows]


def _rows(connection: Connection, columns: Sequence[Any], ids: Iterable[str]) -> Iterator[Any]:
    """These columns of the articles of these ids, whatever their number."""
    wanted = list(ids)
    for at in range(0, len(wanted), _CHUNK):
        query = select(*columns).where(article.c.id.in_(wanted[at : at + _CHUNK]))
        yield from connection.execute(query)


def _is_news(item: Article, known: Any, listed: Collection[str]) -> bool:
    """Whether an article says something else now. Another source has no say in it while its own is listed: any feed
    could put its words under another paper's address."""
    _id, content_hash, source_name, _section = known
    return item.content_hash != content_hash and (item.source == source_name or source_name not in listed)


def _follows(item: Article, known: Any, listed: Collection[str]) -> bool:
    """Whether an article whose words are the same has another section now, or has gone over to another source."""
    _id, content_hash, source_name, section = known
    if item.content_hash != content_hash:
        return False
    if item.source == source_name:
        return item.section != (section or "")
    return bool(listed) and source_name not in listed


def _row(item: Article) -> dict[str, Any]:
    """What changes of an article's row when its content does."""
    return {
        "source": item.source,
        "url": item.url,
        "title": item.title,
        "content_hash": item.content_hash,
        "content": article_to_json(item),
    }


def _remembered(row: Any) -> SourceState:
    health = SourceHealth(
        row.name,
        row.url,
        last_good=row.last_good,
        last_new=row.last_new,
        failures=row.failures,
        last_error=row.last_error,
        not_before=row.not_before,
        moved_to=row.moved_to,
    )
    return SourceState(health, Validators(row.etag, row.last_modified, row.body_hash), row.asked_at)
