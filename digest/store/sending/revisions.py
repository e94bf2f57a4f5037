"""Revisions of an edition that is corrected while it is sent.

Each variant that shows the corrected story has a new email, `html~2` after `html`. A batch takes the newest email when
it is claimed, so recipients who have none yet get the corrected one. A batch that may have been sent already keeps its
email, because a repetition must have the same content. So the variant of a batch always names the email that its
recipients got.

Functions that take a connection run in the caller's transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, Select, and_, func, insert, select, update

from digest.models import AttemptState, BatchState, Edition, EditionState, RenderedEmail, split_variant
from digest.store.content.editions import sections_json
from digest.store.database import Database
from digest.store.schema import attempt, batch, delivery, delivery_event, rendered_email
from digest.store.schema import edition as editions

# An edition in one of these states has been begun.
REVISABLE = (EditionState.SENDING, EditionState.PAUSED, EditionState.DONE, EditionState.CANCELLED)
# Events after which a recipient did not get the email that the provider had accepted.
_NOT_RECEIVED = ("bounced", "dropped", "blocked")


@dataclass(frozen=True, slots=True)
class RevisionReach:
    """How many recipients of an edition a revision reaches in time. Each recipient is counted once."""

    # They get the corrected email.
    waiting: int
    # They have the wrong text, or may have it: the outcome is unknown, or they were being handed over.
    received: int
    unknown: int
    in_flight: int
    # Their email does not show the story.
    unaffected: int


def begin_revision(
    connection: Connection, changed: Edition, emails: Collection[RenderedEmail], *, before: Edition
) -> bool:
    """Replace the edition by `changed`, with its emails.

    False if the edition or its state changed meanwhile. The state stays the same. Batches that are claimed later get
    the new emails.
    """
    revisable = and_(
        editions.c.key == changed.key,
        editions.c.revision == before.revision,
        editions.c.folded_at.is_(None),
        editions.c.state.in_(REVISABLE),
    )
    values = {
        "revision": changed.revision,
        "subject": changed.subject,
        "preheader": changed.preheader,
        "sections": sections_json(changed),
    }
    if not connection.execute(update(editions).where(revisable).values(values)).rowcount:
        return False
    rows = [
        {"edition": changed.key, "variant": each.variant, "subject": each.subject, "html": each.html, "text": each.text}
        for each in emails
    ]
    connection.execute(insert(rendered_email), rows)
    return True


def newest_emails(connection: Connection, edition: str) -> Mapping[str, str]:
    """Return variant → the key of its newest email, for an edition that was corrected."""
    return _newest(_emails(connection, edition))


def bring_up_to_date(connection: Connection, number: int, variant: str, newest: Mapping[str, str]) -> str:
    """Give a batch the newest email of its variant, and return the email's key.

    A batch that may have been sent already, and is only repeated, keeps its email.
    """
    wanted = newest.get(split_variant(variant)[0], variant)
    if wanted == variant:
        return variant
    repeated = select(attempt.c.id).where(attempt.c.batch == number, attempt.c.state == AttemptState.RETRYABLE)
    if connection.execute(repeated.limit(1)).first() is not None:
        return variant
    connection.execute(update(batch).where(batch.c.id == number).values(variant=wanted))
    return wanted


def superseded(connection: Connection, edition: str, revision: int | None = None) -> list[str]:
    """Return the keys of all replaced emails; with `revision`, only of those that this revision replaced."""
    keys = _emails(connection, edition)
    if revision is None:
        newest = _newest(keys)
        return [key for key in keys if newest[split_variant(key)[0]] != key]
    replaced = {split_variant(key)[0] for key in keys if split_variant(key)[1] == revision}
    return [key for key in keys if split_variant(key)[0] in replaced and split_variant(key)[1] < revision]


def recipients_of(edition: str, variants: Sequence[str]) -> Select[tuple[int]]:
    """Select the subscribers who received one of these emails: it was accepted and did not come back."""
    returned = select(delivery_event.c.subscriber).where(
        delivery_event.c.edition == edition,
        delivery_event.c.subscriber == delivery.c.subscriber,
        delivery_event.c.kind.in_(_NOT_RECEIVED),
    )
    accepted = select(batch.c.id).where(
        batch.c.edition == edition, batch.c.state == BatchState.ACCEPTED, batch.c.variant.in_(variants)
    )
    return select(delivery.c.subscriber).where(
        delivery.c.edition == edition, delivery.c.outcome.is_(None), delivery.c.batch.in_(accepted), ~returned.exists()
    )


def corrected_by(connection: Connection, edition: str) -> Select[tuple[int]] | None:
    """Select the recipients of a correction edition; None for any other edition."""
    given = connection.execute(select(editions.c.corrects).where(editions.c.key == edition)).scalar()
    if not given:
        return None
    found = orjson.loads(given) if isinstance(given, str) else given
    return recipients_of(found["edition"], superseded(connection, found["edition"], found["revision"]))


def count_by_state(database: Database, edition: str, *, revision: int | None = None) -> dict[str, int]:
    """Return state of the batch → number of recipients of replaced emails: by any revision, or by this one."""
    with database.read() as connection:
        old = superseded(connection, edition, revision)
        rows = select(batch.c.state, func.sum(batch.c.size)).where(
            batch.c.edition == edition, batch.c.size > 0, batch.c.variant.in_(old)
        )
        return {state: int(size) for state, size in connection.execute(rows.group_by(batch.c.state)).all()}


def count_reach(
    database: Database, edition: str, revision: int, *, planned: Collection[str] | None = None
) -> RevisionReach:
    """Count the recipients of an edition by the effect of a revision on them. Counts batches, not single recipients.

    `planned` are the variants of a revision that is not stored yet.
    """
    with database.read() as connection:
        if planned is None:
            old = set(superseded(connection, edition, revision))
        else:
            old = {key for key in _emails(connection, edition) if split_variant(key)[0] in planned}
        sizes = (
            select(batch.c.variant, batch.c.state, func.sum(batch.c.size))
            .where(batch.c.edition == edition, batch.c.size > 0)
            .group_by(batch.c.variant, batch.c.state)
        )
        rows = [(variant, state, int(size)) for variant, state, size in connection.execute(sizes)]
    showing = {split_variant(key)[0] for key in old}
    affected = sum(size for variant, _state, size in rows if split_variant(variant)[0] in showing)
    # A batch that is claimed after the correction no longer has an old email.
    wrong = Counter[str]()
    for variant, state, size in rows:
        if variant in old:
            wrong[state] += size
    received, unknown, in_flight = (
        wrong[state] for state in (BatchState.ACCEPTED, BatchState.UNKNOWN, BatchState.SUBMITTING)
    )
    everybody = sum(size for _variant, _state, size in rows)
    return RevisionReach(affected - received - unknown - in_flight, received, unknown, in_flight, everybody - affected)


def _emails(connection: Connection, edition: str) -> list[str]:
    rows = select(rendered_email.c.variant).where(rendered_email.c.edition == edition)
    return list(connection.execute(rows.order_by(rendered_email.c.variant)).scalars())


def _newest(keys: Sequence[str]) -> dict[str, str]:
    newest: dict[str, str] = {}
    for key in sorted(keys, key=lambda key: split_variant(key)[1]):
        newest[split_variant(key)[0]] = key
    return newest
