"""Texts from subscribers: a comment with an answer, or a reply by mail."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, delete, func, insert, select, update

from digest.store.database import StorePart
from digest.store.schema import subscriber, subscriber_text


class TextKind(StrEnum):
    """How a text came. An automatic reply has no text."""

    ANSWER = "answer"
    REPLY = "reply"
    AUTO_REPLY = "auto-reply"


@dataclass(frozen=True, slots=True)
class SubscriberText:
    """A comment or a reply."""

    # The writer.
    subscriber: int | None
    email: str
    # '' if it is unknown.
    edition: str
    kind: TextKind
    # The question that was answered, or the subject of the mail.
    about: str
    text: str
    at: datetime


class SubscriberTextStore(StorePart):
    def answer(self, edition: str, block: str, subscriber: int, text: str, *, about: str, now: datetime) -> None:
        """Store a comment with an answer, in place of an earlier one."""
        name = hashlib.sha256(f"answer\n{edition}\n{block}\n{subscriber}".encode()).hexdigest()
        with self.database.write(area="reader_word") as connection:
            this_text = subscriber_text.c.hash == name
            values = {"text": text, "about": about, "at": now}
            if connection.execute(select(subscriber_text.c.text).where(this_text)).scalar() is None:
                fixed = {"subscriber": subscriber, "edition": edition, "kind": TextKind.ANSWER, "hash": name}
                connection.execute(insert(subscriber_text).values(**fixed, **values))
            else:
                connection.execute(update(subscriber_text).where(this_text).values(values))

    def reply(
        self, subscriber: int, edition: str, kind: TextKind, text: str, *, about: str, hash: str, at: datetime
    ) -> bool:
        """Store a reply by mail. False if it is stored already."""
        with self.database.write(area="reader_word") as connection:
            if connection.execute(select(subscriber_text.c.id).where(subscriber_text.c.hash == hash)).first():
                return False
            values = {"subscriber": subscriber, "edition": edition, "kind": kind, "about": about, "text": text}
            connection.execute(insert(subscriber_text).values(**values, at=at, hash=hash))
        return True

    def newest(self, limit: int, *, edition: str | None = None, automatic: bool = False) -> list[SubscriberText]:
        """Return the newest texts, of one edition or of all. Automatic replies are left out unless asked for."""
        of = subscriber_text.c
        rows = _texts().where(of.edition == edition) if edition is not None else _texts()
        rows = rows if automatic else rows.where(of.kind != TextKind.AUTO_REPLY)
        return self._read(rows.order_by(of.at.desc(), of.id.desc()).limit(limit))

    def of(self, subscriber: int) -> list[SubscriberText]:
        """Return everything that a subscriber wrote, oldest first."""
        of = subscriber_text.c
        return self._read(_texts().where(of.subscriber == subscriber).order_by(of.at, of.id))

    def _read(self, rows: Select[Any]) -> list[SubscriberText]:
        found = self.database.query(rows).all()
        return [
            SubscriberText(id, email, key, TextKind(kind), about, text, at)
            for id, email, key, kind, about, text, at in found
        ]

    def counts(self, edition: str) -> dict[TextKind, int]:
        """Return the number of texts of each kind about an edition."""
        kinds = select(subscriber_text.c.kind).where(subscriber_text.c.edition == edition)
        found = Counter(self.database.query(kinds).scalars())
        return {TextKind(kind): number for kind, number in found.items()}

    def delete_old(self, before: datetime) -> int:
        return self.database.change(delete(subscriber_text).where(subscriber_text.c.at < before))


def _texts() -> Select[Any]:
    of = subscriber_text.c
    columns = (of.subscriber, func.coalesce(subscriber.c.email, ""), of.edition, of.kind, of.about, of.text, of.at)
    return select(*columns).outerjoin(subscriber, subscriber.c.id == of.subscriber)
