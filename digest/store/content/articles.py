"""Articles, inline images, and the state of sources. Old articles are deleted with the images that only they have."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Text, and_, bindparam, cast, delete, func, insert, or_, select, update

from digest.collect.health import place_of
from digest.collect.types import FROM_THE_FUTURE, SaveCounts, SourceState, Validators
from digest.models import Article, InlineImage, Source, SourceHealth
from digest.store.content.article_rows import article_from_json, article_to_json, select_articles, select_rows
from digest.store.database import Database, StorePart
from digest.store.schema import article, edition, inline_image, rendered_email, source
from digest.store.statements import chunks
from digest.utils.memory import gc_paused

# Columns of a source in which '' means unknown.
_TEXTS = frozenset({"etag", "last_modified", "body_hash", "url", "last_error", "moved_to"})
# Appears in the JSON (`as_json`) of every article with a text.
_HAS_TEXT = '"body": [{'
_CONTENT_ID = re.compile(r"[0-9a-f]{40}@digest")


class ImageStore(StorePart):
    def save(self, images: Sequence[InlineImage]) -> None:
        """Add the images that are new."""
        by_cid = {image.cid: image for image in images}
        with self.database.write(area="image") as connection:
            for some in chunks(by_cid):
                stored = select(inline_image.c.cid).where(inline_image.c.cid.in_(some))
                known = set(connection.execute(stored).scalars())
                new = [by_cid[cid] for cid in some if cid not in known]
                if new:
                    connection.execute(insert(inline_image), [asdict(image) for image in new])

    def load(self, content_ids: Collection[str]) -> Mapping[str, InlineImage]:
        """Return Content-ID → image, without unknown ones."""
        found: dict[str, InlineImage] = {}
        if content_ids:
            with self.database.read() as connection:
                for some in chunks(content_ids):
                    for row in connection.execute(select(inline_image).where(inline_image.c.cid.in_(some))):
                        found[row.cid] = InlineImage(row.cid, row.type, row.data, row.width, row.height)
        return found


class FoundArticle(NamedTuple):
    """An article as a list of results shows it."""

    id: str
    title: str
    source: str
    url: str
    published: datetime


class ArticleStore:
    """Implements `collect.types.CollectStore` and `ArticleLookup`."""

    def __init__(self, database: Database, clock: Callable[[], datetime], *, keep: timedelta | None = None) -> None:
        """`keep`: how long articles are kept, see `delete_articles`."""
        self.database = database
        self.clock = clock
        self.keep = keep
        self.images = ImageStore(database)

    def load_states(self) -> Mapping[str, SourceState]:
        rows = self.database.query(select(source)).all()
        return {row.name: _source_state(row) for row in rows}

    def health_of(self, sources: Iterable[Source]) -> Mapping[str, SourceHealth]:
        """Return name → health of the sources that were collected at their current address. Samples have none."""
        places = {source.name: place_of(source) for source in sources if not source.replay}
        found = {name: state.health for name, state in self.load_states().items() if name in places}
        return {name: health for name, health in found.items() if health.url == places[name]}

    def save_state(self, state: SourceState) -> None:
        values = {**asdict(state.health), **asdict(state.validators), "asked_at": state.asked_at}
        values |= {name: values[name] or "" for name in _TEXTS}
        this_source = source.c.name == state.health.name
        with self.database.write(area="article") as connection:
            if not connection.execute(update(source).where(this_source).values(values)).rowcount:
                connection.execute(insert(source).values(values))

    def save(self, articles: Sequence[Article], *, listed: Collection[str] = ()) -> SaveCounts:
        """Add new articles and update changed ones, which keep their first date and first sight.

        An article that was dated in the future, or collected while our clock was behind, has the time of its
        collection. It gets its own date as soon as that is past.

        An article of two listed sources belongs to the first, and only that one may change its text. If the first is no
        longer `listed`, the other takes over. An article that would be pruned at once is not added: otherwise a feed
        that lists it for years would seem to have news.
        """
        by_id = {item.id: item for item in articles}
        now = self.clock()
        stored = article.c.content
        columns = (article.c.id, article.c.content_hash, article.c.source)
        parts = (stored["section"].as_string(), stored["warnings"].as_json())
        with self.database.write(area="article") as connection:
            known = {row[0]: _ComparedFields(*row[1:]) for row in select_rows(connection, (*columns, *parts), by_id)}
            new = [item for id, item in by_id.items() if id not in known and not self._is_too_old(item, now)]
            changed = [by_id[id] for id in known if _has_changed(by_id[id], known[id], listed)]
            moved = [by_id[id] for id in known if _has_moved(by_id[id], known[id], listed)]
            redated = [by_id[id] for id in known if _gets_own_date(by_id[id], known[id], listed)]
            if new:
                rows = [
                    {"id": item.id, "published": item.published, "dated": item.dated, "first_seen": now, **_row(item)}
                    for item in new
                ]
                connection.execute(insert(article), rows)
            if changed or moved:
                statement = update(article).where(article.c.id == bindparam("known"))
                connection.execute(statement, [{"known": item.id, **_row(item)} for item in (*changed, *moved)])
            if redated:
                statement = update(article).where(article.c.id == bindparam("known"))
                rows = [{"known": item.id, "published": item.published, **_row(item)} for item in redated]
                connection.execute(statement, rows)
        return SaveCounts(new=len(new), updated=len(changed))

    def _is_too_old(self, item: Article, now: datetime) -> bool:
        return self.keep is not None and item.dated and item.published < now - self.keep

    def save_images(self, images: Sequence[InlineImage]) -> None:
        self.images.save(images)

    def by_ids(self, ids: Iterable[str]) -> Mapping[str, Article]:
        with self.database.read() as connection:
            return select_articles(connection, ids)

    def named(self, name: str) -> Article | None:
        """Return the article with this id or URL, the newest if several have the URL."""
        named = (article.c.id == name) | (article.c.url == name)
        rows = select(article.c.content, article.c.published).where(named).order_by(article.c.published.desc()).limit(1)
        row = self.database.query(rows).one_or_none()
        return article_from_json(*row) if row else None

    def hashes(self, since: datetime) -> list[tuple[str, str, datetime]]:
        """Return id, content hash and time of collection of the articles published since a moment."""
        rows = select(article.c.id, article.c.content_hash, article.c.first_seen).where(article.c.published >= since)
        return [(row.id, row.content_hash, row.first_seen) for row in self.database.query(rows)]

    def count_seen_since(self, moment: datetime) -> int:
        """Return how many articles were collected after a moment."""
        rows = select(func.count()).select_from(article).where(article.c.first_seen > moment)
        return int(self.database.query(rows).scalar_one())

    def newest(self, source: str, *, since: datetime, limit: int) -> tuple[list[FoundArticle], int]:
        """Return the newest articles of a source since a moment, and how many there are."""
        wanted = (article.c.published >= since, article.c.source == source)
        columns = [article.c[name] for name in FoundArticle._fields]
        newest = select(*columns).where(*wanted).order_by(article.c.published.desc(), article.c.id).limit(limit)
        with self.database.read() as connection:
            found = [FoundArticle(*row) for row in connection.execute(newest)]
            if len(found) < limit:
                return found, len(found)
            # A window function over all of them would take three times as long.
            return found, int(connection.execute(select(func.count()).where(*wanted)).scalar_one())

    @gc_paused()
    def between(
        self, since: datetime, until: datetime, *, seen_by: datetime | None = None, besides: Sequence[str] = ()
    ) -> list[Article]:
        """Return the articles published in the interval, oldest first.

        With `seen_by`, only those that were collected by then, and `besides` (ids or URLs) whenever they came.
        """
        wanted = (article.c.published >= since) & (article.c.published <= until)
        if seen_by is not None:
            wanted &= article.c.first_seen <= seen_by
        if seen_by is not None and besides:
            wanted |= (article.c.published >= since) & (article.c.id.in_(besides) | article.c.url.in_(besides))
        wanted_rows = select(article.c.content, article.c.published).where(wanted)
        with self.database.read() as connection:
            # Row by row, because the parsed JSON of a whole day takes 30 MB.
            rows = connection.execute(wanted_rows.order_by(article.c.published, article.c.id))
            return [article_from_json(*row) for row in rows]


class _ComparedFields(NamedTuple):
    """The fields of a stored article that are compared."""

    content_hash: str
    source: str
    section: str | None
    warnings: Sequence[str] | None


def _has_changed(item: Article, known: _ComparedFields, listed: Collection[str]) -> bool:
    """Whether the content is new.

    Only the article's own source may change it while it is listed: any feed could put its text under another
    newspaper's URL.
    """
    return item.content_hash != known.content_hash and _may_change(item, known, listed)


def _may_change(item: Article, known: _ComparedFields, listed: Collection[str]) -> bool:
    return item.source == known.source or known.source not in listed


def _gets_own_date(item: Article, known: _ComparedFields, listed: Collection[str]) -> bool:
    """Whether the stored date is the time of a collection, and the article's own date has come."""
    had_none = FROM_THE_FUTURE in (known.warnings or ())
    return had_none and item.dated and FROM_THE_FUTURE not in item.warnings and _may_change(item, known, listed)


def _has_moved(item: Article, known: _ComparedFields, listed: Collection[str]) -> bool:
    """Whether the same content has another section, or now belongs to another source."""
    if item.content_hash != known.content_hash:
        return False
    if item.source == known.source:
        return item.section != known.section
    return bool(listed) and known.source not in listed


def _row(item: Article) -> dict[str, Any]:
    """Return the columns that change with the content."""
    return {
        "source": item.source,
        "url": item.url or "",
        "title": item.title,
        "content_hash": item.content_hash,
        "content": article_to_json(item),
    }


def _source_state(row: Any) -> SourceState:
    values: dict[str, Any] = {name: value or None if name in _TEXTS else value for name, value in row._mapping.items()}
    health = SourceHealth(**{each.name: values[each.name] for each in fields(SourceHealth)})
    validators = Validators(**{each.name: values[each.name] for each in fields(Validators)})
    return SourceState(health, validators, row.asked_at)


@dataclass(frozen=True, slots=True)
class OldArticles:
    """The numbers of articles that were deleted and that lost only their text, and the bytes freed by both,
    approximately.
    """

    deleted: int = 0
    emptied: int = 0
    bytes: int = 0
    # Content-IDs of images that the deleted articles had.
    images: frozenset[str] = frozenset()


def measure(database: Database, before: datetime) -> OldArticles:
    size = func.coalesce(func.sum(func.length(cast(article.c.content, Text))), 0)
    with database.read() as connection:
        deleted, first = connection.execute(select(func.count(), size).where(_old(before))).one()
        emptied, second = connection.execute(select(func.count(), size).where(_is_undated(before))).one()
    return OldArticles(deleted, emptied, int(first) + int(second))


def delete_articles(database: Database, before: datetime, limit: int) -> OldArticles:
    """Delete, or empty, at most `limit` articles published before this time.

    An undated article keeps its row but loses its text. Otherwise it would look new while its source still lists it. An
    article with a date is recognised as old (`ArticleStore.save`).
    """
    rows = select(article.c.id, article.c.dated, article.c.content).where(or_(_old(before), _is_undated(before)))
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
    unused = _unused_among(database, cids)
    with database.write(area="image") as connection:
        return sum(connection.execute(delete(inline_image).where(inline_image.c.cid == cid)).rowcount for cid in unused)


def unused_images(database: Database) -> set[str]:
    """Return the Content-IDs of the images that no article, edition or email uses."""
    stored = set(database.query(select(inline_image.c.cid)).scalars())
    return _unused_among(database, stored)


def _unused_among(database: Database, cids: Collection[str]) -> set[str]:
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


def _is_undated(before: datetime) -> ColumnElement[bool]:
    return and_(article.c.published < before, ~article.c.dated, cast(article.c.content, Text).contains(_HAS_TEXT))
