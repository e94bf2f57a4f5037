"""Answers of subscribers to the polls, quizzes and feedback of editions. A subscriber has one answer to a question."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, delete, func, insert, select, update

from digest.store.database import StorePart
from digest.store.schema import answer, edition, edition_count

ANSWERED = "answered"
"""The kind of the counts that are kept of a folded edition."""


class AnswerResult(StrEnum):
    """The result of an answer. Templates compare the values."""

    SAVED = "saved"
    # Another answer was given before.
    BEFORE = "before"
    # Only the counts of the edition are kept.
    LATE = "late"


class AnswerStore(StorePart):
    def save(self, key: str, block: str, subscriber: int, choice: int, *, now: datetime, replace: bool) -> AnswerResult:
        """Save an answer. `replace` says whether it takes the place of an earlier one."""
        this_answer = (answer.c.edition == key) & (answer.c.block == block) & (answer.c.subscriber == subscriber)
        with self.database.write(area="answer") as connection:
            # On PostgreSQL `fold` and this wait for each other here.
            row = connection.execute(select(edition.c.folded_at).where(edition.c.key == key).with_for_update()).first()
            if row is None or row.folded_at is not None:
                return AnswerResult.LATE
            earlier = connection.execute(select(answer.c.choice).where(this_answer)).scalar()
            values = {"choice": choice, "at": now}
            if earlier is None:
                row_key = {"edition": key, "block": block, "subscriber": subscriber}
                connection.execute(insert(answer).values(**row_key, **values))
            elif earlier != choice and not replace:
                return AnswerResult.BEFORE
            else:
                connection.execute(update(answer).where(this_answer).values(values))
        return AnswerResult.SAVED

    def counts(self, key: str, block: str) -> Mapping[int, int]:
        """Return number of an option, from 1 → how many subscribers chose it."""
        with self.database.read() as connection:
            found = count_answers(connection, key)
            kept = select(edition_count.c.reason, edition_count.c.recipients)
            rows = connection.execute(kept.where(edition_count.c.edition == key, edition_count.c.kind == ANSWERED))
            found |= {row.reason: row.recipients for row in rows}
        prefix = f"{block}:"
        return {int(name.removeprefix(prefix)): number for name, number in found.items() if name.startswith(prefix)}


def count_answers(connection: Connection, key: str) -> dict[str, int]:
    """Count the answers of an edition that is not folded: `poll:2` → how many chose the poll's second option."""
    of = answer.c
    rows = select(of.block, of.choice, func.count()).where(of.edition == key).group_by(of.block, of.choice)
    return {
        f"{block}:{choice}": number for block, choice, number in connection.execute(rows.order_by(of.block, of.choice))
    }


def delete_answers(connection: Connection, *, edition: str | None = None, subscriber: int | None = None) -> None:
    of = answer.c
    connection.execute(
        delete(answer).where(of.edition == edition if edition is not None else of.subscriber == subscriber)
    )
