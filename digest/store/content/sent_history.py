"""What went before: the stories of sent editions with their articles, and older articles to learn from. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import select

from digest.curate.already_sent import SentStory
from digest.models import Article, EditionState, Section
from digest.store.content.articles import article_from_json
from digest.store.database import Database
from digest.store.schema import article, edition

_WITH_READERS = (EditionState.FROZEN, EditionState.SENDING, EditionState.PAUSED, EditionState.DONE)
_AT_ONCE = 500  # ids in one statement: databases have a limit


@cache
def _codec() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(tuple[Section, ...])


class SentHistoryStore:
    """Implements what composing asks of the days before."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def sent(self, since: datetime, until: datetime, *, but: str = "") -> list[SentStory]:
        """The stories of the editions frozen in the span, oldest first, except those of the edition `but`."""
        sections = _codec()
        asked = (
            select(edition.c.key, edition.c.frozen_at, edition.c.sections)
            .where(edition.c.state.in_(_WITH_READERS), edition.c.key != but)
            .where(edition.c.frozen_at >= since, edition.c.frozen_at <= until)
            .order_by(edition.c.frozen_at, edition.c.key)
        )
        with self.database.read() as connection:
            rows = connection.execute(asked).all()
        stories = [
            (row.key, row.frozen_at, story)
            for row in rows
            for section in sections.validate_python(row.sections)
            for story in section.stories
        ]
        kept = {each.id: each for each in self._articles({name for *_, story in stories for name in story.article_ids})}
        return [
            SentStory(key, at, story, tuple(kept[name] for name in story.article_ids if name in kept))
            for key, at, story in stories
        ]

    def background(self, since: datetime, until: datetime, *, most: int) -> list[Article]:
        """At most so many articles published in the span; the same ones from run to run, whatever else was added.

        Ids are hashes, so that the first in their order are a fair sample.
        """
        asked = (
            select(article.c.id, article.c.content, article.c.published)
            .where(article.c.published >= since, article.c.published < until)
            .order_by(article.c.id)
            .limit(most)
        )
        with self.database.read() as connection:
            return _read(connection.execute(asked).all())

    def _articles(self, ids: Iterable[str]) -> list[Article]:
        ordered, found = sorted(ids), []
        with self.database.read() as connection:
            for start in range(0, len(ordered), _AT_ONCE):
                asked = select(article.c.content, article.c.published).where(
                    article.c.id.in_(ordered[start : start + _AT_ONCE])
                )
                found += _read(connection.execute(asked).all())
        return found


def _read(rows: Iterable[Any]) -> list[Article]:
    return [article_from_json(row.content, row.published) for row in rows]
