"""Find the people whose data leaked: the recipients of editions, or everybody in the store or in a copy of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, true

from digest.errors import DigestError
from digest.models import DeliveryOutcome
from digest.store.database import Database
from digest.store.people.consent import nominees
from digest.store.people.preferences import ERASED
from digest.store.people.requests import RequestKind
from digest.store.schema import (
    answer,
    consent,
    delivery,
    desk_user,
    edition,
    last_click,
    person_request,
    preference,
    reengagement,
    signup,
    subscriber,
    subscriber_text,
    suppression,
)
from digest.store.sending.enqueue import preferred
from digest.store.statements import chunks


@dataclass(frozen=True, slots=True)
class BreachScope:
    """The data that leaked: the present store, a copy of it that was made at `held_at`, or the recipients of editions.

    Editions are given by key, or by the period in which they were enqueued.
    """

    editions: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    held_at: datetime | None = None
    store: bool = False

    @property
    def concerns_store(self) -> bool:
        """Whether everything about a person leaked, and not only that they got an edition."""
        return self.store or self.held_at is not None


@dataclass(frozen=True, slots=True)
class AffectedPerson:
    """An affected person. `unreached` says why no email goes to them; None if one does.

    `id` is None for people who are not subscribers: an unconfirmed sign-up, a nominee (`email` has the name, and how to
    reach the person), an account of the desk.
    """

    id: int | None
    email: str
    format: str
    unreached: str | None = None


@dataclass(frozen=True, slots=True)
class AffectedPeople:
    """The affected people, and how much was held about them."""

    people: tuple[AffectedPerson, ...]
    editions: tuple[str, ...]
    # Kind of data → the number of people.
    held: dict[str, int]

    @property
    def reached(self) -> tuple[AffectedPerson, ...]:
        return tuple(person for person in self.people if not person.unreached)


def find_affected(database: Database, scope: BreachScope) -> AffectedPeople:
    """Find the affected people. Raises DigestError for an unknown edition, or for one that has only counts left."""
    with database.read() as connection:
        keys = _editions(connection, scope)
        rows: dict[int, Any] = {}
        for key in keys:
            received = and_(
                delivery.c.edition == key,
                or_(delivery.c.outcome.is_(None), delivery.c.outcome != DeliveryOutcome.EXCLUDED),
            )
            of = _people().join(delivery, delivery.c.subscriber == subscriber.c.id).where(received)
            rows |= {row.id: row for row in connection.execute(of)}
        if scope.concerns_store:
            known = _people()
            if not scope.store:
                known = known.where(subscriber.c.added_at <= scope.held_at)
            rows |= {row.id: row for row in connection.execute(known)}
        people = [
            AffectedPerson(row.id, row.email, row.format, _why_unreached(row)) for _id, row in sorted(rows.items())
        ]
        held = {"email address": len(people), "which editions they got": len(people) if keys else 0}
        if scope.concerns_store:
            held |= _count_held(connection, rows, scope)
            for what, why, found in _others(connection, rows, scope):
                people += [AffectedPerson(None, each, "html", why) for each in found]
                held[what] = len(found)
    return AffectedPeople(tuple(people), keys, {what: number for what, number in held.items() if number})


def _editions(connection: Connection, scope: BreachScope) -> tuple[str, ...]:
    keys = dict.fromkeys(scope.editions)
    if scope.since is not None or scope.until is not None:
        rows = select(edition.c.key).where(edition.c.frozen_at.is_not(None))
        if scope.since is not None:
            rows = rows.where(edition.c.frozen_at >= scope.since)
        if scope.until is not None:
            rows = rows.where(edition.c.frozen_at <= scope.until)
        keys |= dict.fromkeys(connection.execute(rows.order_by(edition.c.frozen_at)).scalars())
    known = dict(connection.execute(select(edition.c.key, edition.c.folded_at).where(edition.c.key.in_(keys))).all())
    for key in keys:
        if key not in known:
            raise DigestError(f"There is no edition {key}. `digest edition list` shows them.")
        if known[key] is not None:
            raise DigestError(
                f"Edition {key} is too old: only counts of its recipients are kept (store.keep.deliveries). "
                "Name who was on the list instead, with --copy-of."
            )
    return tuple(keys)


def _people() -> Select[Any]:
    return (
        select(
            subscriber.c.id,
            subscriber.c.email,
            subscriber.c.address,
            subscriber.c.name,
            subscriber.c.listed,
            subscriber.c.status,
            preferred("format").label("format"),
            suppression.c.reason,
            preference.c.subscriber.label("chose"),
        )
        .outerjoin(preference, preference.c.subscriber == subscriber.c.id)
        .outerjoin(suppression, suppression.c.address == subscriber.c.address)
        .where(subscriber.c.status != ERASED)
    )


def _why_unreached(row: Any) -> str | None:
    if row.reason:
        return str(row.reason)
    if not row.listed:
        return "not on the list"
    return None if row.status == "active" else "paused"


def _count_held(connection: Connection, rows: dict[int, Any], scope: BreachScope) -> dict[str, int]:
    """Return kind of data about subscribers → about how many of them the store, or its copy, has it."""
    agreed = 0
    for part in chunks(rows):
        addresses = select(subscriber.c.address).where(subscriber.c.id.in_(part))
        people = select(func.count(consent.c.address.distinct())).where(
            consent.c.address.in_(addresses), _by_then(consent.c.at, scope)
        )
        agreed += connection.execute(people).scalar_one()

    def count(column: ColumnElement[Any], at: ColumnElement[Any], *where: ColumnElement[bool]) -> int:
        ids = connection.execute(select(column).distinct().where(_by_then(at, scope), *where)).scalars()
        return sum(1 for id in ids if id in rows)

    got = delivery.c.outcome.is_(None) | (delivery.c.outcome != DeliveryOutcome.EXCLUDED)
    return {
        "which editions they got": count(
            delivery.c.subscriber, edition.c.frozen_at, got, delivery.c.edition == edition.c.key
        ),
        "name": sum(1 for row in rows.values() if row.name),
        "choices": sum(1 for row in rows.values() if row.chose is not None),
        "consents with network addresses": agreed,
        "unsubscribes, bounces and complaints": sum(1 for row in rows.values() if row.reason),
        "answers to polls and quizzes": count(answer.c.subscriber, answer.c.at),
        "comments and replies": count(subscriber_text.c.subscriber, subscriber_text.c.at),
        "when they last opened a link": count(last_click.c.subscriber, last_click.c.at),
        "the question whether to continue": count(reengagement.c.subscriber, reengagement.c.asked_at),
        "requests about their data": count(
            person_request.c.subscriber, person_request.c.asked_at, person_request.c.kind != RequestKind.AGAIN
        ),
    }


def _others(connection: Connection, rows: dict[int, Any], scope: BreachScope) -> list[tuple[str, str, list[str]]]:
    """Return the other people: the data about them, the reason that they get no letter, and who they are."""
    waiting = select(signup.c.email).where(signup.c.confirmed_at.is_(None), _by_then(signup.c.asked_at, scope))
    named = nominees(connection, _by_then(consent.c.at, scope))
    known = {row.address for row in rows.values()}
    accounts = select(desk_user.c.name, desk_user.c.email).where(_by_then(desk_user.c.created_at, scope))
    users = [", ".join(filter(None, row)) for row in connection.execute(accounts)]
    return [
        ("unconfirmed sign-up", "signed up and never confirmed", sorted(set(connection.execute(waiting).scalars()))),
        (
            "nominee, with how to reach the person",
            "named by a subscriber; tell them yourself",
            sorted({each for address, each in named.items() if address in known}),
        ),
        ("account of the desk", "has an account of the desk; tell them yourself", sorted(users)),
    ]


def _by_then(at: ColumnElement[Any], scope: BreachScope) -> ColumnElement[bool]:
    """Return the condition that a row was in the leaked store, the present one or the copy."""
    return true() if scope.store else at <= scope.held_at


def already_informed(database: Database, key: str) -> Collection[int]:
    """Return the ids of the people who have a place in the letter already."""
    return set(database.query(select(delivery.c.subscriber).where(delivery.c.edition == key)).scalars())
