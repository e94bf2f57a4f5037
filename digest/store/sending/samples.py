"""Remove an edition of sample articles, so that a real one can take its key."""

from __future__ import annotations

from sqlalchemy import delete, select

from digest.errors import DigestError
from digest.models import AttemptState, EditionState
from digest.store.database import Database
from digest.store.schema import (
    archive_correction,
    archive_page,
    archive_story,
    attempt,
    batch,
    decision,
    delivery,
    delivery_event,
    desk_link,
    edition,
    edition_count,
    rendered_email,
)


def discard_samples(database: Database, key: str) -> None:
    """Delete an edition of samples with everything about it.

    The caller holds the `sending` lock. Raises DigestError for an edition without samples, and for one that may have
    gone out by real email, because its recipients must stay known.
    """
    numbers = select(batch.c.id).where(batch.c.edition == key)
    attempts = select(attempt.c.transport, attempt.c.state).where(attempt.c.batch.in_(numbers)).distinct()
    with database.write() as connection:
        stored_state = select(edition.c.sample, edition.c.state).where(edition.c.key == key).with_for_update()
        stored = connection.execute(stored_state).one_or_none()
        if stored is None or not stored.sample:
            skipped = stored is not None and stored.state == EditionState.SKIPPED
            how = "It is skipped, so nobody gets it." if skipped else f"`digest edition cancel {key}` gives it up."
            raise DigestError(f"Edition {key} has no sample articles. {how}")
        found = connection.execute(attempts).all()
        if any(row.state == AttemptState.SUBMITTING for row in found):
            raise DigestError(f"Edition {key} is being sent. Run this again when that has ended.")
        if others := sorted({row.transport or "a transport that is not known" for row in found} - {"outbox"}):
            raise DigestError(
                f"Edition {key} was handed to {', '.join(others)}, so it stays: nobody may get an edition twice. "
                f"`digest edition cancel {key}` gives it up, and `digest compose --slug NAME` makes a special edition."
            )
        connection.execute(delete(attempt).where(attempt.c.batch.in_(numbers)))
        # Events refer to deliveries, and everything to the edition.
        archived = (archive_story, archive_correction, archive_page)
        more = (decision, rendered_email, edition_count, desk_link)
        for table in (delivery_event, delivery, batch, *more, *archived):
            connection.execute(delete(table).where(table.c.edition == key))
        connection.execute(delete(edition).where(edition.c.key == key))
