"""Count the recipients of editions: in batches by their state, by outcome, and by the failures that came later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import Connection, func, select

from digest.models import BatchState, DeliveryOutcome, RecipientCounts
from digest.store.schema import IS_FAILURE, batch, delivery, delivery_event


def recipient_counts(sizes: Mapping[str, int], outcomes: Mapping[str, int]) -> RecipientCounts:
    """Return the counts of an edition from one entry each of `sizes_by_state` and `outcomes_by_edition`."""
    return RecipientCounts(
        frozen=sum(sizes.values()) + sum(outcomes.get(kind, 0) for kind in DeliveryOutcome),
        accepted=sizes.get(BatchState.ACCEPTED, 0),
        rejected=outcomes.get(DeliveryOutcome.REJECTED, 0),
        excluded=outcomes.get(DeliveryOutcome.EXCLUDED, 0),
        pending=sizes.get(BatchState.PENDING, 0) + sizes.get(BatchState.SUBMITTING, 0),
        unknown=sizes.get(BatchState.UNKNOWN, 0),
    )


def sizes_by_state(connection: Connection, keys: Collection[str]) -> Mapping[str, dict[str, int]]:
    """Return edition → state of its batches → their recipients without an outcome."""
    of = batch.c
    rows = select(of.edition, of.state, func.sum(of.size)).where(of.edition.in_(list(keys)))
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for key, state, size in connection.execute(rows.group_by(of.edition, of.state)):
        found[key][state] = int(size)
    return found


def outcomes_by_edition(connection: Connection, keys: Collection[str]) -> Mapping[str, dict[str, int]]:
    """Return edition → outcome → recipients. Reads a row per recipient with an outcome."""
    of = delivery.c
    rows = select(of.edition, of.outcome, func.count()).where(of.edition.in_(list(keys)), of.outcome.is_not(None))
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for key, outcome, count in connection.execute(rows.group_by(of.edition, of.outcome)):
        found[key][outcome] = count
    return found


def failure_counts(connection: Connection, keys: Collection[str]) -> Mapping[str, dict[str, int]]:
    """Return edition → kind of failure → recipients. Deferred emails are left out: they may still arrive."""
    of = delivery_event.c
    rows = (
        select(of.edition, of.kind, func.count())
        .where(of.edition.in_(list(keys)), IS_FAILURE, of.kind != "deferred")
        .group_by(of.edition, of.kind)
    )
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for key, kind, count in connection.execute(rows):
        found[key][kind] = count
    return found
