"""The archive: sent editions as they were, their stories, corrections, and search.

Reads return only what `PublishedStore` shows: editions that are due for at least one subscriber and not cancelled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, Select, case, column, delete, func, insert, literal, or_, select, text, tuple_, update

from digest.hindi.tokens import index_words
from digest.models import LETTERS_TO_SOME, is_breaking
from digest.store.content.editions import PublishedStore
from digest.store.database import Database
from digest.store.schema import Id, archive_correction, archive_page, archive_story, decision, edition
from digest.store.sending.decisions import Decision

if TYPE_CHECKING:
    from digest.render.archive_page import ArchivePage

MOST_MATCHES = 1_000
"""The newest stories that a search looks at."""

# Rows in one statement that rebuilds the index.
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class ArchivedSource:
    """One report of a story. `title` and `published` are None if the article was no longer in the store."""

    name: str
    url: str
    title: str | None = None
    published: datetime | None = None


@dataclass(frozen=True, slots=True)
class ArchivedStory:
    """A story as an edition had it. `thread` is the id of the first story about the same event."""

    edition: str
    story: str
    thread: str
    day: date
    position: int
    section: str
    language: str
    title: str
    summary: str
    picture: str
    picture_width: int
    published: datetime | None
    sources: tuple[ArchivedSource, ...] = ()


@dataclass(frozen=True, slots=True)
class ArchivedEdition:
    """An archived edition. `html` is its page; '' in lists."""

    key: str
    day: date
    number: int
    title: str
    description: str
    picture: str
    stories: int
    minutes: int
    # When it was enqueued.
    at: datetime
    preheader: str
    # That of a special edition; '' for others.
    name: str
    # When a story of it was last corrected.
    corrected_at: datetime | None = None
    html: str = ""

    @property
    def modified(self) -> datetime:
        return self.corrected_at or self.at

    @property
    def is_breaking(self) -> bool:
        return is_breaking(self.key)

    @property
    def month(self) -> date:
        """The first day of its month."""
        return self.day.replace(day=1)


@dataclass(frozen=True, slots=True)
class ArchivedCorrection:
    """A correction that an edition published, or one that was made to the edition itself."""

    edition: str
    day: date
    text: str
    url: str
    thread: str
    # The title of the corrected story; '' if that is not in the archive.
    title: str = ""
    # When the edition itself was last corrected; None if it only published the correction.
    corrected_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Matches:
    """One page of matching stories, and the total number of matches."""

    stories: tuple[ArchivedStory, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Month:
    """A month with editions. `first` is its first day."""

    first: date
    editions: int


@dataclass(frozen=True, slots=True)
class Topic:
    """A section, and the number of its stories in the archive. One of several editions counts once."""

    name: str
    stories: int


_CORRECTED_AT = case(
    (
        # Most editions were not, and need no second look-up.
        edition.c.revision > 1,
        select(func.max(decision.c.at))
        .where(decision.c.edition == edition.c.key, decision.c.what == Decision.CORRECTED)
        .correlate(edition)
        .scalar_subquery(),
    )
)
_NAME = func.coalesce(edition.c.editorial_changes[("selection", "name")].as_string(), "")
_LISTED = (
    edition.c.key, edition.c.day, edition.c.number, archive_page.c.title, archive_page.c.description,
    archive_page.c.picture, archive_page.c.stories, archive_page.c.minutes, archive_page.c.made_at, edition.c.preheader,
    _NAME, _CORRECTED_AT,
)  # fmt: skip
_STORY = tuple(archive_story.c[name] for name in ArchivedStory.__slots__)


class ArchiveStore:
    """Reads and writes the archive. With `samples`, reads include editions of sample articles."""

    def __init__(self, database: Database, *, samples: bool = False) -> None:
        self.database = database
        self._published = PublishedStore(database, samples=samples)

    def put(
        self,
        key: str,
        page: ArchivePage,
        at: datetime,
        stories: Sequence[ArchivedStory],
        corrections: Sequence[ArchivedCorrection],
        *,
        revised: bool = False,
    ) -> bool:
        """Add an edition with its stories. False if it is archived already: sent content never changes.

        A `revised` one is replaced by its corrected form. Stored corrections stay.
        """
        with self.database.write(area="archive") as connection:
            known = select(archive_page.c.edition).where(archive_page.c.edition == key)
            if not revised and connection.execute(known).first() is not None:
                return False
            if revised:
                kept = select(archive_correction).where(archive_correction.c.edition == key)
                old = [
                    ArchivedCorrection(key, date.min, row.text, row.url, row.thread)
                    for row in connection.execute(kept.order_by(archive_correction.c.position))
                ]
                corrections = [*old, *(each for each in corrections if each.text not in {one.text for one in old})]
                for table in (archive_story, archive_correction, archive_page):
                    connection.execute(delete(table).where(table.c.edition == key))
            connection.execute(insert(archive_page).values(edition=key, made_at=at, **asdict(page)))
            if stories:
                connection.execute(insert(archive_story), [_story_values(each) for each in stories])
            if corrections:
                rows = [
                    {"edition": key, "position": position, "text": each.text, "url": each.url, "thread": each.thread}
                    for position, each in enumerate(corrections)
                ]
                connection.execute(insert(archive_correction), rows)
        return True

    def has(self, key: str) -> bool:
        known = select(archive_page.c.edition).where(archive_page.c.edition == key)
        return self.database.query(known).first() is not None

    def missing(self) -> list[str]:
        """Return the keys of editions that were enqueued and have no page, oldest first."""
        rows = (
            select(edition.c.key)
            .outerjoin(archive_page, archive_page.c.edition == edition.c.key)
            .where(edition.c.frozen_at.is_not(None), archive_page.c.edition.is_(None))
            .where(*(~edition.c.key.startswith(each) for each in LETTERS_TO_SOME))
            .order_by(edition.c.frozen_at, edition.c.key)
        )
        return list(self.database.query(rows).scalars())

    def rebuild_index(self) -> int:
        """Rebuild the search words of all stories, after a change of the Hindi library. Return their number."""
        rows = select(archive_story.c.id, archive_story.c.title, archive_story.c.summary, archive_story.c.sources)
        found = self.database.query(rows.order_by(archive_story.c.id)).all()
        for start in range(0, len(found), _CHUNK):
            with self.database.write(area="archive") as connection:
                for row in found[start : start + _CHUNK]:
                    words = _words(row.title, row.summary, [_source(each) for each in row.sources])
                    this_story = archive_story.c.id == row.id
                    connection.execute(update(archive_story).where(this_story).values(words=words))
        return len(found)

    def earlier_stories(self, key: str, since: date, until: date) -> list[ArchivedStory]:
        """Return the stories of other editions of these days, newest first."""
        rows = (
            select(*_STORY)
            .where(archive_story.c.edition != key, archive_story.c.day >= since, archive_story.c.day <= until)
            .order_by(archive_story.c.day.desc(), archive_story.c.id.desc())
        )
        return [_to_story(row) for row in self.database.query(rows)]

    def version(self, now: datetime) -> str:
        """Return a version that changes whenever the content of the archive changes."""
        columns = (archive_page.c.made_at, edition.c.key)
        rows = select(func.count(), *map(func.max, columns), func.sum(edition.c.revision))
        rows = rows.join_from(edition, archive_page).where(self._published.is_shown(now))
        return repr(tuple(self.database.query(rows).one()))

    def page(self, key: str, now: datetime) -> ArchivedEdition | None:
        """Return an edition with its article."""
        rows = select(*_LISTED, archive_page.c.html).join_from(edition, archive_page)
        row = self.database.query(rows.where(edition.c.key == key, self._published.is_shown(now))).one_or_none()
        return ArchivedEdition(*row) if row else None

    def neighbours(
        self, found: ArchivedEdition, now: datetime
    ) -> tuple[ArchivedEdition | None, ArchivedEdition | None]:
        """Return the previous and the next edition."""
        place = (edition.c.day, archive_page.c.made_at, edition.c.key)
        position = (found.day, found.at, found.key)
        here = tuple_(*(literal(value, column.type) for value, column in zip(position, place, strict=True)))
        before = self._list(now).where(tuple_(*place) < here).limit(1)
        after = self._list(now).where(tuple_(*place) > here).order_by(None).order_by(*place).limit(1)
        with self.database.read() as connection:
            rows = [connection.execute(each).one_or_none() for each in (before, after)]
        previous, following = (ArchivedEdition(*row) if row else None for row in rows)
        return previous, following

    def newest(
        self,
        now: datetime,
        *,
        limit: int,
        offset: int = 0,
        since: date | None = None,
        until: date | None = None,
        regular: bool = False,
    ) -> list[ArchivedEdition]:
        """Return editions, newest first. `since` is the first day, `until` the day after the last.

        With `regular`, special editions and breaking news are left out.
        """
        rows = self._list(now).limit(limit).offset(offset)
        if regular:
            # Only they have a number.
            rows = rows.where(edition.c.number > 0)
        if since is not None:
            rows = rows.where(edition.c.day >= since)
        if until is not None:
            rows = rows.where(edition.c.day < until)
        return [ArchivedEdition(*row) for row in self.database.query(rows)]

    def pages(self, keys: Collection[str]) -> dict[str, str]:
        """Return key → article, for feeds."""
        rows = select(archive_page.c.edition, archive_page.c.html).where(archive_page.c.edition.in_(keys))
        return {row.edition: row.html for row in self.database.query(rows)}

    def months(self, now: datetime) -> list[Month]:
        """Return the months that have editions, newest first."""
        rows = select(edition.c.day).join_from(edition, archive_page).where(self._published.is_shown(now))
        counts = Counter(day.replace(day=1) for day in self.database.query(rows).scalars())
        return [Month(first, counts[first]) for first in sorted(counts, reverse=True)]

    def stories(self, key: str, *, limit: int) -> list[ArchivedStory]:
        """Return the first stories of an edition in its order. The lead comes first, because the edition's page is
        named after it.
        """
        is_lead = archive_story.c.title == archive_page.c.title
        rows = (
            select(*_STORY)
            .join(archive_page, archive_page.c.edition == archive_story.c.edition)
            .where(archive_story.c.edition == key)
            .order_by(case((is_lead, 0), else_=1), archive_story.c.position)
            .limit(limit)
        )
        return [_to_story(row) for row in self.database.query(rows)]

    def thread_of(self, story: str) -> str | None:
        rows = select(archive_story.c.thread).where(
            or_(archive_story.c.story == story, archive_story.c.thread == story)
        )
        return self.database.query(rows.order_by(archive_story.c.id).limit(1)).scalar()

    def thread(self, thread: str, now: datetime) -> list[ArchivedStory]:
        """Return the stories about one event, newest first."""
        rows = self._stories(now).where(archive_story.c.thread == thread)
        return [_to_story(row) for row in self.database.query(rows)]

    def topic(self, name: str, now: datetime, *, limit: int, offset: int = 0) -> list[ArchivedStory]:
        """Return the stories of a section, newest first, each as its newest edition has it."""
        # Later ones have higher ids.
        newest = (
            select(func.max(archive_story.c.id))
            .where(archive_story.c.edition.in_(self._published.keys(now)), archive_story.c.section == name)
            .group_by(archive_story.c.thread)
        )
        rows = self._stories(now).where(archive_story.c.id.in_(newest)).limit(limit).offset(offset)
        return [_to_story(row) for row in self.database.query(rows)]

    def editions_of(self, threads: Collection[str], now: datetime) -> dict[str, int]:
        """Return thread → how many editions carried it."""
        rows = (
            select(archive_story.c.thread, func.count(archive_story.c.edition.distinct()))
            .where(archive_story.c.thread.in_(threads), archive_story.c.edition.in_(self._published.keys(now)))
            .group_by(archive_story.c.thread)
        )
        return {row[0]: row[1] for row in self.database.query(rows)}

    def topics(self, now: datetime) -> list[Topic]:
        """Return the sections that have stories, the largest first."""
        count = func.count(archive_story.c.thread.distinct())
        rows = (
            select(archive_story.c.section, count)
            .where(archive_story.c.edition.in_(self._published.keys(now)))
            .group_by(archive_story.c.section)
            .order_by(count.desc(), archive_story.c.section)
        )
        return [Topic(*row) for row in self.database.query(rows)]

    def threads(self, now: datetime, since: date, until: date) -> list[tuple[str, date]]:
        """Return each thread whose newest day is in [`since`, `until`), with that day."""
        newest = func.max(archive_story.c.day)
        rows = (
            select(archive_story.c.thread, newest)
            .where(archive_story.c.edition.in_(self._published.keys(now)))
            .group_by(archive_story.c.thread)
            .having(newest >= since, newest < until)
            .order_by(newest.desc(), archive_story.c.thread)
        )
        return [(row[0], row[1]) for row in self.database.query(rows)]

    def corrections(self, now: datetime, *, thread: str | None = None) -> list[ArchivedCorrection]:
        """Return corrections, newest first; with `thread` only those of one story."""
        of = archive_correction.c
        title = (
            select(archive_story.c.title)
            .where(
                archive_story.c.thread == of.thread,
                of.thread != "",
                archive_story.c.edition.in_(self._published.keys(now)),
            )
            .order_by(archive_story.c.id.desc())
            .limit(1)
            .scalar_subquery()
        )
        rows = (
            select(of.edition, edition.c.day, of.text, of.url, of.thread, func.coalesce(title, ""), _CORRECTED_AT)
            .join_from(archive_correction, edition)
            .where(self._published.is_shown(now))
            .order_by(edition.c.day.desc(), edition.c.frozen_at.desc(), of.edition, of.position)
        )
        if thread is not None:
            rows = rows.where(of.thread == thread)
        return [ArchivedCorrection(*row) for row in self.database.query(rows)]

    def search(self, words: Sequence[Sequence[str]], now: datetime, *, limit: int, offset: int = 0) -> Matches:
        """Return the newest story of each thread, newest first, that has a word of each group."""
        ids = self._matching(words, now)
        wanted = ids[offset : offset + limit]
        rows = select(*_STORY).where(archive_story.c.id.in_(wanted)).order_by(archive_story.c.id.desc())
        stories = tuple(_to_story(row) for row in self.database.query(rows)) if wanted else ()
        return Matches(stories, len(ids))

    def count_matches(self, words: Sequence[Sequence[str]], now: datetime) -> int:
        """Return the number of threads with a story that contains all words. Counts at most `MOST_MATCHES` stories."""
        return len(self._matching(words, now))

    def newest_titles(self, now: datetime, limit: int) -> list[str]:
        """Return the titles of the newest stories. A search takes its suggestions from them."""
        rows = select(archive_story.c.title).where(archive_story.c.edition.in_(self._published.keys(now)))
        rows = rows.order_by(archive_story.c.day.desc(), archive_story.c.id.desc())
        return list(self.database.query(rows.limit(limit)).scalars())

    def _matching(self, words: Sequence[Sequence[str]], now: datetime) -> list[int]:
        """Return the id of the newest story of each thread that matches, newest first. Later ones have higher ids."""
        if not words:
            return []
        if self.database.sqlite:
            query = "SELECT rowid AS id FROM archive_search WHERE archive_search MATCH :query"
        else:
            query = "SELECT id FROM archive_story WHERE to_tsvector('simple', words) @@ to_tsquery('simple', :query)"
        # A common word is in ten thousand stories, and nobody turns that many pages.
        newest = text(f"{query} ORDER BY 1 DESC LIMIT {MOST_MATCHES}").columns(column("id", Id)).subquery("newest")
        rows = (
            select(func.max(archive_story.c.id).label("id"))
            .join(newest, newest.c.id == archive_story.c.id)
            .where(archive_story.c.edition.in_(self._published.keys(now)))
            .group_by(archive_story.c.thread)
            .order_by(func.max(archive_story.c.id).desc())
        )
        return list(self.database.query(rows, self._query(words)).scalars())

    def _query(self, words: Sequence[Sequence[str]]) -> dict[str, str]:
        """Build the query for FTS5 or PostgreSQL. The words consist of ASCII letters and digits."""
        both, either = (" AND ", " OR ") if self.database.sqlite else (" & ", " | ")
        return {"query": both.join(f"({either.join(group)})" for group in words)}

    def _list(self, now: datetime) -> Select[Any]:
        return (
            select(*_LISTED)
            .join_from(edition, archive_page)
            .where(self._published.is_shown(now))
            .order_by(edition.c.day.desc(), archive_page.c.made_at.desc(), edition.c.key.desc())
        )

    def _stories(self, now: datetime) -> Select[Any]:
        return (
            select(*_STORY)
            .where(archive_story.c.edition.in_(self._published.keys(now)))
            .order_by(archive_story.c.day.desc(), archive_story.c.id.desc())
        )


def _story_values(story: ArchivedStory) -> dict[str, Any]:
    values = {name: getattr(story, name) for name in ArchivedStory.__slots__}
    sources = [asdict(each) | {"published": each.published and each.published.isoformat()} for each in story.sources]
    return values | {"sources": sources, "words": _words(story.title, story.summary, story.sources)}


def _words(title: str, summary: str, sources: Sequence[ArchivedSource]) -> str:
    """Return the text in which a story is searched: its own words, and the headlines of its sources."""
    return index_words(title, summary, *(each.title or "" for each in sources))


def _source(value: Mapping[str, Any]) -> ArchivedSource:
    published = value.get("published")
    return ArchivedSource(
        value["name"], value["url"], value.get("title"), datetime.fromisoformat(published) if published else None
    )


def _to_story(row: Row[Any]) -> ArchivedStory:
    values = row._asdict() | {"sources": tuple(map(_source, row.sources))}
    return ArchivedStory(**values)
