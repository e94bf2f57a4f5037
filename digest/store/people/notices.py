"""The privacy notices that people saw when they consented, word for word, with a number for each version."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, insert, select

from digest.store.database import Database
from digest.store.schema import consent_notice


@dataclass(frozen=True, slots=True)
class Notice:
    """`version` counts the notices of a language, from 1; `hash` is the SHA-256 of the text in UTF-8."""

    hash: str
    language: str
    version: int
    text: str
    first_at: datetime


def hash_of(text: str) -> str:
    """Return the hash by which consents refer to the notice."""
    return hashlib.sha256(text.encode()).hexdigest()


class NoticeStore:
    def __init__(self, database: Database) -> None:
        self.database = database
        # Notices that are stored.
        self._known: dict[str, Notice] = {}

    def keep(self, text: str, language: str, now: datetime) -> Notice:
        """Return the notice with this text. A new one gets the next version."""
        hash = hash_of(text)
        if (known := self._known.get(hash)) is None:
            known = self._get(hash) or self._add(hash, text, language, now)
            self._known[hash] = known
        return known

    def named(self, hashes: Collection[str]) -> dict[str, Notice]:
        """Return hash → notice."""
        columns = [consent_notice.c[name] for name in Notice.__slots__]
        with self.database.read() as connection:
            rows = connection.execute(select(*columns).where(consent_notice.c.hash.in_(hashes)))
            return {row.hash: Notice(*row) for row in rows}

    def _get(self, hash: str) -> Notice | None:
        return self.named([hash]).get(hash)

    def _add(self, hash: str, text: str, language: str, now: datetime) -> Notice:
        columns = [consent_notice.c[name] for name in Notice.__slots__]
        with self.database.write(area="signup") as connection:
            # Another process may have been faster.
            row = connection.execute(select(*columns).where(consent_notice.c.hash == hash)).one_or_none()
            if row is not None:
                return Notice(*row)
            of_language = consent_notice.c.language == language
            last = connection.execute(select(func.max(consent_notice.c.version)).where(of_language)).scalar() or 0
            added = Notice(hash, language, last + 1, text, now)
            connection.execute(insert(consent_notice).values(asdict(added)))
        return added
