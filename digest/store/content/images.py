"""Pictures that travel inside letters, by their Content-ID. Keeps and hands back; a picture once kept never changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import insert, select

from digest.models import InlineImage
from digest.store.database import Database
from digest.store.schema import picture

_CHUNK = 500
"""Content-IDs in one question: PostgreSQL takes 65,535 parameters, SQLite at least 999."""


class PictureStore:
    """Pictures over an open store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def keep(self, pictures: Sequence[InlineImage]) -> None:
        """Adds those that are not there yet."""
        given = {item.cid: item for item in pictures}
        with self.database.write(area="picture") as connection:
            for some in _chunks(given):
                known = set(connection.execute(select(picture.c.cid).where(picture.c.cid.in_(some))).scalars())
                new = [given[cid] for cid in some if cid not in known]
                if new:
                    connection.execute(insert(picture), [asdict(item) for item in new])

    def held(self, content_ids: Collection[str]) -> Mapping[str, InlineImage]:
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
