"""Readers in the store: the list as last read, and who may not be mailed whatever the list says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import cached_property, reduce
from operator import add
from typing import Any, Literal

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    Row,
    Select,
    Table,
    Text,
    and_,
    case,
    delete,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    tuple_,
    update,
)

from digest.models import Subscriber
from digest.store import meta
from digest.store.database import Database, analyze, copy_rows, format_topics, temp_table
from digest.store.people import suppressions
from digest.store.people.consent import Consent, ConsentLog, append
from digest.store.people.erasure import Erasures
from digest.store.people.history import SubscriberHistory
from digest.store.people.imports import SubscriberImport
from digest.store.schema import consent, subscriber, suppression, wish
from digest.store.sending.enqueue import (
    RecipientGroup,
    comparable,
    parse_topics,
    preferred,
    recipient_groups,
    unplaced_subscribers,
)
from digest.subscribers.due import Candidate
from digest.subscribers.list_file import FILE_NAME

_AGREED = ("agreed", "confirmed", "signed up", "added")


@dataclass(frozen=True, slots=True)
class SubscriberRecord:
    """A subscriber with the state of their address.

    `suppressed` is the reason of a suppression, or ''. `agreed_at` is the first known consent.
    """

    address: str
    subscriber: Subscriber
    origin: str = ""
    listed: bool = True
    suppressed: str = ""
    suppressed_at: datetime | None = None
    agreed_at: datetime | None = field(default=None, compare=False)


def _roster_rows(*, suppressed: bool = False) -> Select[Any]:
    agreed = (
        select(func.min(consent.c.at))
        .where(consent.c.address == func.coalesce(subscriber.c.address, suppression.c.address))
        .where(consent.c.what.in_(_AGREED))
        .scalar_subquery()
    )
    mine = subscriber.c.address == suppression.c.address
    rows = select(
        subscriber,
        suppression.c.address.label("suppressed_address"),
        suppression.c.reason,
        suppression.c.at,
        agreed.label("agreed_at"),
    )
    return rows.select_from(
        suppression.outerjoin(subscriber, mine) if suppressed else subscriber.outerjoin(suppression, mine)
    )


def _listed(row: Row[Any]) -> SubscriberRecord:
    if row.id is None:  # an address that is barred and never was on the list
        return SubscriberRecord(
            row.suppressed_address, Subscriber(row.suppressed_address), "", False, row.reason, row.at, row.agreed_at
        )
    reader = Subscriber(
        row.email,
        row.name,
        tuple(row.topics),
        row.frequency,
        row.timezone,
        time.fromisoformat(row.hour) if row.hour else None,
        row.status,
        row.format,
    )
    return SubscriberRecord(row.address, reader, row.origin, row.listed, row.reason or "", row.at, row.agreed_at)


def _stored(value: Any) -> Any:
    if isinstance(value, time):
        return value.isoformat("minutes")
    return list(value) if isinstance(value, tuple) else value or ""


def _told(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


class SubscriberAdmin:
    """Over an open store; each part is made when first asked for."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @cached_property
    def consents(self) -> ConsentLog:
        return ConsentLog(self.database)

    @cached_property
    def erasures(self) -> Erasures:
        return Erasures(self.database)

    @cached_property
    def history(self) -> SubscriberHistory:
        return SubscriberHistory(self.database, self.erasures)

    @cached_property
    def imports(self) -> SubscriberImport:
        return SubscriberImport(self.database, self.erasures)

    def subscribers(self, origin: str | None = None) -> Iterator[SubscriberRecord]:
        """Everyone on the list in the order of coming, barred or not; `origin` '' for those of subscribers.yaml, None
        for all."""
        rows = _roster_rows().where(subscriber.c.listed).order_by(subscriber.c.id)
        return self._streamed(rows if origin is None else rows.where(subscriber.c.origin == origin))

    def imported(self) -> Iterator[SubscriberRecord]:
        """Everyone on the list who came by an import."""
        return self._streamed(
            _roster_rows().where(subscriber.c.listed, subscriber.c.origin != "").order_by(subscriber.c.id)
        )

    def suppressed(self) -> Iterator[SubscriberRecord]:
        """Every address that gets no mail, whether or not anything else is known of it."""
        rows = _roster_rows(suppressed=True).order_by(suppression.c.at, suppression.c.address)
        return self._streamed(rows)

    def any_imported(self) -> bool:
        """Whether an import brought anybody who is on the list."""
        with self.database.read() as connection:
            who = select(subscriber.c.id).where(subscriber.c.listed, subscriber.c.origin != "")
            return connection.execute(who.limit(1)).first() is not None

    def import_counts(self) -> dict[str, int]:
        """How many readers of the list came by each import."""
        rows = select(subscriber.c.origin, func.count()).where(subscriber.c.listed, subscriber.c.origin != "")
        with self.database.read() as connection:
            return dict(connection.execute(rows.group_by(subscriber.c.origin).order_by(subscriber.c.origin)).all())

    def find(self, address: str) -> SubscriberRecord | None:
        """The reader of a comparable address, listed or not."""
        with self.database.read() as connection:
            row = connection.execute(_roster_rows().where(subscriber.c.address == address)).first()
        return _listed(row) if row else None

    def update(self, address: str, fields: Mapping[str, Any], *, source: str, now: datetime) -> bool:
        """Sets fields of an imported reader; None means the usual value. False when no import brought such a reader."""
        usual = Subscriber("")
        values = {key: _stored(getattr(usual, key) if value is None else value) for key, value in fields.items()}
        told = ", ".join(f"{key}: {_told(value)}" for key, value in values.items())
        return self._edit(address, values, Consent(address, "changed", now, source, detail=told))

    def remove(self, address: str, *, source: str, now: datetime) -> bool:
        """Takes an imported reader off the list. False when no import brought such a reader."""
        return self._edit(address, {"listed": False}, Consent(address, "removed", now, source))

    def _edit(self, address: str, values: dict[str, Any], entry: Consent) -> bool:
        whose = (subscriber.c.address == address, subscriber.c.listed, subscriber.c.origin != "")
        with self.database.write(area="subscriber") as connection:
            if not connection.execute(update(subscriber).where(*whose).values(values)).rowcount:
                return False
            append(connection, [entry])
        return True

    def _streamed(self, rows: Select[Any]) -> Iterator[SubscriberRecord]:
        with (
            self.database.read() as connection,
            connection.execution_options(yield_per=_CHUNK).execute(rows) as found,
        ):
            for row in found:
                yield _listed(row)


_CHUNK = 5000
_FIELDS = ("email", "name", "topics", "frequency", "timezone", "hour", "format", "status")
_VERSION = "list"
_incoming = Table(
    "incoming",
    MetaData(),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("address", Text, unique=True),
    *(Column(name, subscriber.c[name].type) for name in _FIELDS),
    prefixes=["TEMPORARY"],
)


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What reading the list changed."""

    listed: int
    added: int
    removed: int


class SubscriberStore:
    """Readers over an open store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def sync(self, readers: Iterable[tuple[str, Subscriber]], *, now: datetime, version: str = "") -> SyncResult:
        """Makes the store's list the file's: (comparable address, reader) pairs, each address once. Who is no longer
        in it stays known but unlisted, so that history and suppressions outlive any edit. A reader of an import is the
        file's from when it lists them; one who was erased is not taken in. New readers get ids in the order of the
        list. `version` is kept for `synced`. One transaction, in which few readers are held at a time."""
        theirs = [_incoming.c[name] for name in _FIELDS]
        changed = tuple_(*map(comparable, theirs)) != tuple_(*(comparable(subscriber.c[name]) for name in _FIELDS))
        same = subscriber.c.address == _incoming.c.address
        listed = and_(subscriber.c.listed, subscriber.c.origin == "")
        ours = select(func.count()).select_from(subscriber).where(listed)
        with self.database.write(area="subscriber") as connection, temp_table(connection, _incoming):
            copy_rows(connection, _incoming, _rows(readers))
            analyze(connection, _incoming)
            differs = and_(same, or_(~listed, changed))
            if _log(connection, "changed", select(subscriber.c.address, _difference()).where(differs), now):
                connection.execute(
                    update(subscriber)
                    .where(differs)
                    .values(listed=True, origin="", **{column.name: column for column in theirs})
                )
            self._leave_out_erased(connection, same)
            fresh = (
                select(_incoming.c.address, literal(True), literal(now, subscriber.c.added_at.type), *theirs)
                .where(~select(subscriber.c.id).where(same).exists())
                .order_by(_incoming.c.place)
            )
            new = insert(subscriber).from_select(["address", "listed", "added_at", *_FIELDS], fresh).inline()
            added = connection.execute(new.execution_options(preserve_rowcount=True)).rowcount
            total = connection.execute(select(func.count()).select_from(_incoming)).scalar_one()
            removed = 0
            if connection.execute(ours).scalar_one() > total:
                gone = and_(listed, subscriber.c.address.not_in(select(_incoming.c.address)))
                _log(connection, "removed", select(subscriber.c.address, literal("")).where(gone), now)
                removed = connection.execute(update(subscriber).where(gone).values(listed=False)).rowcount
            meta.put(connection, _VERSION, version)
        return SyncResult(listed=total, added=added, removed=removed)

    def _leave_out_erased(self, connection: Connection, same: ColumnElement[bool]) -> None:
        erasures = Erasures(self.database)
        if erasures.any():
            fresh = select(_incoming.c.address).where(~select(subscriber.c.id).where(same).exists())
            gone = erasures.among(connection.execute(fresh).scalars())
            connection.execute(delete(_incoming).where(_incoming.c.address.in_(gone)))

    def synced_version(self) -> str:
        """The version that `sync` was last told; '' before the first time."""
        return meta.get(self.database, _VERSION)

    def candidates(self, edition: str) -> Iterator[Candidate]:
        """Listed readers who have no place in the edition yet, in the order of their ids."""
        rows = unplaced_subscribers(edition).order_by(subscriber.c.id)
        with self.database.read() as connection:
            for id, email, *profile in connection.execution_options(yield_per=_CHUNK).execute(rows):
                yield RecipientGroup(*profile).candidate(id, email)

    def recipient_groups(self, edition: str) -> list[RecipientGroup]:
        """Every profile that a listed reader without a place in the edition has."""
        with self.database.read() as connection:
            return recipient_groups(connection, edition)

    def preference_combinations(self) -> list[tuple[tuple[str, ...], Literal["html", "text"]]]:
        """The topics and format of each kind of listed reader, those with a place in an edition too."""
        found = (
            select(preferred("topics"), preferred("format"))
            .outerjoin(wish, wish.c.subscriber == subscriber.c.id)
            .where(subscriber.c.listed)
            .distinct()
        )
        with self.database.read() as connection:
            return sorted((parse_topics(topics), form) for topics, form in connection.execute(found))

    def any_outside(self, domains: Iterable[str]) -> bool:
        """Whether anybody on the list has an address in none of these domains or those below them."""
        ends = [mark + domain for mark in "@." for domain in domains]
        within = or_(*(_ends_with(subscriber.c.address, end) for end in ends))
        with self.database.read() as connection:
            found = select(subscriber.c.id).where(subscriber.c.listed, not_(within)).limit(1)
            return connection.execute(found).first() is not None

    def email_of(self, id: int) -> str | None:
        """The address of a reader, listed or not."""
        with self.database.read() as connection:
            return connection.execute(select(subscriber.c.email).where(subscriber.c.id == id)).scalar()

    def suppress(self, address: str, reason: str, *, now: datetime, detail: str = "") -> bool:
        """Bars an address by the rules of `barring`, for what was said at `now`. True when it was not barred before."""
        with self.database.write(area="suppression") as connection:
            return suppressions.suppress_from_event(connection, address, reason, at=now, detail=detail)

    def unsuppress(self, address: str) -> bool:
        """Takes a bar away. False when there was none."""
        with self.database.write(area="suppression") as connection:
            return bool(suppressions.unsuppress(connection, address))

    def eligible_among(self, addresses: Collection[str]) -> set[str]:
        """Those of a few hundred addresses that are on the list and barred from nothing."""
        free = (
            select(subscriber.c.address)
            .outerjoin(suppression, suppression.c.address == subscriber.c.address)
            .where(subscriber.c.address.in_(addresses), subscriber.c.listed, suppression.c.address.is_(None))
        )
        with self.database.read() as connection:
            return set(connection.execute(free).scalars())

    def suppressed(self) -> dict[str, str]:
        """Address → reason of everyone barred."""
        with self.database.read() as connection:
            return dict(connection.execute(select(suppression.c.address, suppression.c.reason)).all())


def _ends_with(column: ColumnElement[str], end: str) -> ColumnElement[bool]:
    """As LIKE says it, in half the time."""
    return func.substr(column, func.length(column) - len(end) + 1) == end


def _log(connection: Connection, what: str, who: Select[Any], now: datetime) -> int:
    """Writes down what the file did to whom: (address, detail) rows. Answers how many."""
    of = who.subquery()
    rows = select(
        of.c[0], literal(what), literal(now, consent.c.at.type), literal(FILE_NAME), literal(""), of.c[1]
    )  # fmt: skip
    names = ("address", "what", "at", "source", "wording", "detail")
    log = insert(consent).from_select(names, rows).execution_options(preserve_rowcount=True)
    return connection.execute(log).rowcount


def _difference() -> ColumnElement[str]:
    """What of a reader is new, as `hour: 07:00 → 08:30; `; a name or an address is only named, not told."""
    parts = []
    for name in _FIELDS:
        old, new = comparable(subscriber.c[name]), comparable(_incoming.c[name])
        told = literal("; ") if name in ("name", "email") else literal(": ") + old + " → " + new + "; "
        parts.append(case((old != new, literal(name) + told), else_=""))
    again = case((~subscriber.c.listed, "on the list again; "), else_="")
    return func.rtrim(reduce(add, parts, again), "; ")


def _rows(readers: Iterable[tuple[str, Subscriber]]) -> Iterator[tuple[Any, ...]]:
    for place, (address, reader) in enumerate(readers):
        hour = reader.hour.isoformat("minutes") if reader.hour else ""
        topics = format_topics(reader.topics)
        yield (
            place, address, reader.email, reader.name, topics, reader.frequency, reader.timezone, hour, reader.format,
            reader.status,
        )  # fmt: skip
