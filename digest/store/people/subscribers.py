"""Subscribers in the store: the list as last synced, its suppressions, and its administration."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache, cached_property, reduce
from operator import add
from typing import TYPE_CHECKING, Any, Literal

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
    exists,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    tuple_,
    update,
)

from digest.feedback.rules import COMPLAINED, UNSUBSCRIBED
from digest.models import Subscriber, SubscriberRecord
from digest.store import meta
from digest.store.database import Database, StorePart, analyze, copy_rows, format_topics, hash_in_memory, temp_table
from digest.store.people import moves, suppressions
from digest.store.people.consent import Consent, ConsentLog, append, queue_counts_event
from digest.store.people.erasure import Erasures
from digest.store.schema import Moment, consent, preference, subscriber, suppression
from digest.store.sending.enqueue import RecipientGroup, comparable, parse_topics, preferred, unplaced_subscribers
from digest.store.statements import chunks
from digest.subscribers.due import Candidate
from digest.subscribers.list_file import FILE_NAME

if TYPE_CHECKING:
    from digest.store.people.history import SubscriberHistory
    from digest.store.people.import_undo import ImportUndo
    from digest.store.people.imports import SubscriberImport

# Rows to read at a time.
_CHUNK = 5000
# The consent log's words for the first consent.
_AGREED = ("agreed", "confirmed", "signed up", "added")
# Reasons that follow a person to their new address.
_OWN_WISH = (UNSUBSCRIBED, COMPLAINED)
# The name under which the list's version is stored.
_VERSION = "list"
_FIELDS = ("email", "name", "topics", "frequency", "timezone", "hour", "format", "status", "editions")
_incoming = Table(
    "incoming",
    MetaData(),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("address", Text, unique=True),
    *(Column(name, subscriber.c[name].type) for name in _FIELDS),
    prefixes=["TEMPORARY"],
)
_same = subscriber.c.address == _incoming.c.address


@dataclass(frozen=True, slots=True)
class ListSyncResult:
    listed: int
    added: int
    removed: int


class SubscriberStore(StorePart):
    """The subscriber queries that sending and feedback need."""

    def sync(
        self,
        listed: Iterable[tuple[str, Subscriber]],
        *,
        now: datetime,
        version: str = "",
        reported: Collection[str] = (),
    ) -> ListSyncResult:
        """Make the store's list equal to the file's (address, subscriber) pairs, in one transaction.

        Removed subscribers stay known, with their history and suppressions. If somebody changed their address, the old
        one in the file means the new one. A listed subscriber of an import belongs to the file from now on. Erased
        subscribers are left out. New ids follow the order of the list. `version` is stored for `synced_version`.
        `reported` are addresses whose change has a webhook event of its own, so the event about the list does not count
        them.
        """
        theirs = [_incoming.c[name] for name in _FIELDS]
        in_file = and_(subscriber.c.listed, subscriber.c.origin == "")
        own_count = select(func.count()).select_from(subscriber).where(in_file)
        with self.database.write(area="subscriber") as connection, temp_table(connection, _incoming):
            copy_rows(connection, _incoming, _rows(listed))
            moves.follow(connection, _incoming)
            analyze(connection, _incoming)
            differs = _differs()
            if _log(connection, "changed", select(subscriber.c.address, _difference()).where(differs), now):
                values = {column.name: column for column in theirs}
                connection.execute(update(subscriber).where(differs).values(listed=True, origin="", **values))
            self._drop_erased(connection)
            reported_added = _count(connection, _incoming.c.address.in_(reported) & _is_new()) if reported else 0
            fresh = (
                select(_incoming.c.address, literal(True), literal(now, subscriber.c.added_at.type), *theirs)
                .where(_is_new())
                .order_by(_incoming.c.place)
            )
            new = insert(subscriber).from_select(["address", "listed", "added_at", *_FIELDS], fresh).inline()
            added = connection.execute(new.execution_options(preserve_rowcount=True)).rowcount
            total = connection.execute(select(func.count()).select_from(_incoming)).scalar_one()
            removed = reported_removed = 0
            if connection.execute(own_count).scalar_one() > total:
                gone = and_(in_file, subscriber.c.address.not_in(select(_incoming.c.address)))
                _log(connection, "removed", select(subscriber.c.address, literal("")).where(gone), now)
                reported_removed = _count(connection, gone & subscriber.c.address.in_(reported)) if reported else 0
                removed = connection.execute(update(subscriber).where(gone).values(listed=False)).rowcount
            meta.put(connection, _VERSION, version)
            others = {"added": added - reported_added, "removed": removed - reported_removed}
            queue_counts_event(connection, "list file", now, **others)
        return ListSyncResult(listed=total, added=added, removed=removed)

    def of_list_file(self) -> dict[str, str]:
        """Return address → name of everyone who is listed by the list file, in its order."""
        rows = select(subscriber.c.address, subscriber.c.name).where(subscriber.c.listed, subscriber.c.origin == "")
        with self.database.read() as connection:
            return dict(connection.execute(rows.order_by(subscriber.c.id)).all())

    def moved(self) -> dict[str, str]:
        """Return old → new address of subscribers who changed theirs."""
        with self.database.read() as connection:
            return moves.new_addresses(connection)

    def suspend(self, removed: Collection[str], *, paused: Collection[str], now: datetime) -> None:
        """Stop mail to people whom a list file with errors no longer lists, or pauses.

        The next valid file decides about them, even if it equals the one that was synced last.
        """
        in_file = and_(subscriber.c.listed, subscriber.c.origin == "")
        active = and_(in_file, subscriber.c.status == "active")
        why = "the file has errors elsewhere"
        with self.database.write(area="subscriber") as connection:
            changed = _suspend(connection, "removed", removed, in_file, {"listed": False}, why, now)
            why = f"status: active → paused; {why}"
            changed += _suspend(connection, "changed", paused, active, {"status": "paused"}, why, now)
            if changed:
                meta.put(connection, _VERSION, "")

    def _drop_erased(self, connection: Connection) -> None:
        erasures = Erasures(self.database)
        if erasures.any():
            new = connection.execute(select(_incoming.c.address).where(_is_new())).scalars()
            connection.execute(delete(_incoming).where(_incoming.c.address.in_(erasures.among(new))))

    def synced_version(self) -> str | None:
        """Return the version of the last `sync`: None if there was none, '' if `suspend` has changed the list since."""
        return meta.get(self.database, _VERSION)

    def candidates(self, edition: str) -> Iterator[Candidate]:
        """Yield the listed subscribers without a place in the edition, by id."""
        with self.database.read() as connection:
            rows = unplaced_subscribers(connection, edition).order_by(subscriber.c.id)
            for id, email, *group in connection.execution_options(yield_per=_CHUNK).execute(rows):
                yield RecipientGroup(*group).candidate(id, email)

    def recipient_groups(self, edition: str) -> list[RecipientGroup]:
        """Return the groups of the listed subscribers without a place in the edition."""
        with self.database.read() as connection:
            hash_in_memory(connection)
            rows = unplaced_subscribers(connection, edition).subquery()
            groups = select(*(rows.c[name] for name in RecipientGroup._fields)).distinct()
            return sorted(RecipientGroup(*row) for row in connection.execute(groups))

    def group_sizes(self, edition: str) -> list[tuple[RecipientGroup, int]]:
        """Return the groups as `recipient_groups` does, each with its number of subscribers."""
        with self.database.read() as connection:
            hash_in_memory(connection)
            rows = unplaced_subscribers(connection, edition).subquery()
            names = [rows.c[name] for name in RecipientGroup._fields]
            found = connection.execute(select(*names, func.count()).group_by(*names)).all()
        return [(RecipientGroup(*row[:-1]), row[-1]) for row in found]

    def preference_combinations(self) -> list[tuple[tuple[str, ...], Literal["html", "text"]]]:
        """Return the combinations of topics and format among listed subscribers."""
        found = (
            select(preferred("topics"), preferred("format"))
            .outerjoin(preference, preference.c.subscriber == subscriber.c.id)
            .where(subscriber.c.listed)
            .distinct()
        )
        return sorted((parse_topics(topics), form) for topics, form in self.database.query(found))

    def count_listed(self) -> int:
        listed = select(func.count()).select_from(subscriber).where(subscriber.c.listed)
        return int(self.database.query(listed).scalar_one())

    def any_outside(self, domains: Iterable[str]) -> bool:
        """Whether a listed address is outside these domains and their subdomains."""
        found = select(subscriber.c.id).where(subscriber.c.listed, not_(_is_within(domains))).limit(1)
        return self.database.query(found).first() is not None

    def imported_within(self, domains: Iterable[str]) -> list[str]:
        """Return the addresses in these domains that are listed, but not by the list file."""
        found = select(subscriber.c.email).where(subscriber.c.listed, subscriber.c.origin != "", _is_within(domains))
        return list(self.database.query(found.order_by(subscriber.c.id)).scalars())

    def email_of(self, id: int) -> str | None:
        """Return the email address of a subscriber, listed or not."""
        return self.database.query(select(subscriber.c.email).where(subscriber.c.id == id)).scalar()

    def suppress(self, address: str, reason: str, *, now: datetime, detail: str = "") -> bool:
        """Suppress an address because of an event at `now`. True if it was not suppressed before."""
        with self.database.write(area="suppression") as connection:
            if reason in _OWN_WISH:
                address = moves.new_addresses(connection, [address]).get(address, address)
            return suppressions.suppress_from_event(connection, address, reason, at=now, detail=detail)

    def unsuppress(self, address: str) -> bool:
        """Remove a suppression. False if there is none."""
        with self.database.write(area="suppression") as connection:
            return suppressions.unsuppress(connection, address) is not None

    def eligible_among(self, addresses: Collection[str]) -> set[str]:
        """Return those among a few hundred addresses that are listed and not suppressed."""
        eligible = (
            select(subscriber.c.address)
            .outerjoin(suppression, suppression.c.address == subscriber.c.address)
            .where(subscriber.c.address.in_(addresses), subscriber.c.listed, suppression.c.address.is_(None))
        )
        return set(self.database.query(eligible).scalars())

    def suppressed(self) -> dict[str, str]:
        """Return suppressed address → reason."""
        with self.database.read() as connection:
            return dict(connection.execute(select(suppression.c.address, suppression.c.reason)).all())


@dataclass(frozen=True, slots=True)
class RemovedImport:
    """What became of an import's subscribers, by their addresses."""

    removed: tuple[str, ...]
    # They also signed up themselves, so they stay.
    kept: tuple[str, ...]


class SubscriberAdmin:
    """The queries of the `digest subscribers` commands."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.consents = ConsentLog(database)
        self.erasures = Erasures(database)

    @cached_property
    def history(self) -> SubscriberHistory:
        from digest.store.people.history import SubscriberHistory

        return SubscriberHistory(self.database, self.erasures)

    @cached_property
    def imports(self) -> SubscriberImport:
        from digest.store.people.imports import SubscriberImport

        return SubscriberImport(self.database, self.erasures)

    @cached_property
    def import_undo(self) -> ImportUndo:
        from digest.store.people.import_undo import ImportUndo

        return ImportUndo(self.database)

    def subscribers(self, origin: str | None = None) -> Iterator[SubscriberRecord]:
        """Yield the listed subscribers by id, all of them or only those of one import."""
        rows = _records().where(subscriber.c.listed).order_by(subscriber.c.id)
        return self._stream(rows if origin is None else rows.where(subscriber.c.origin == origin))

    def of_file(self) -> Iterator[SubscriberRecord]:
        """Yield the listed subscribers of subscribers.yaml."""
        return self.subscribers(origin="")

    def imported(self) -> Iterator[SubscriberRecord]:
        """Yield the listed subscribers of imports."""
        rows = _records().where(subscriber.c.listed, subscriber.c.origin != "")
        return self._stream(rows.order_by(subscriber.c.id))

    def suppressed(self) -> Iterator[SubscriberRecord]:
        """Yield the suppressed addresses, known otherwise or not."""
        return self._stream(_records(suppressed=True).order_by(suppression.c.at, suppression.c.address))

    def why_suppressed(self, address: str) -> str | None:
        """Return why an address gets no mail, on the list or not; None if it may get it."""
        with self.database.read() as connection:
            return suppressions.reason_of(connection, address)

    def import_counts(self) -> dict[str, int]:
        """Return origin → number of listed subscribers."""
        rows = select(subscriber.c.origin, func.count()).where(subscriber.c.listed, subscriber.c.origin != "")
        return dict(self.database.query(rows.group_by(subscriber.c.origin).order_by(subscriber.c.origin)).all())

    def find(self, address: str) -> SubscriberRecord | None:
        """Return the subscriber of an address, listed or not."""
        row = self.database.query(_records().where(subscriber.c.address == address)).first()
        return _record(row) if row else None

    def update(self, address: str, fields: Mapping[str, Any], *, source: str, now: datetime) -> bool:
        """Set fields of an imported subscriber; None restores the default. False if there is none."""
        usual = Subscriber("")
        values = {key: _to_column(getattr(usual, key) if value is None else value) for key, value in fields.items()}
        detail = ", ".join(
            f"{key}: {', '.join(value) if isinstance(value, list) else value}" for key, value in values.items()
        )
        return self._update(address, values, Consent(address, "changed", now, source, detail=detail))

    def set_all(self, connection: Connection, fields: Mapping[str, Mapping[str, Any]]) -> None:
        """Set fields of imported subscribers by address, in the caller's transaction. Others keep theirs."""
        for address, values in fields.items():
            if values:
                imported = (subscriber.c.address == address, subscriber.c.listed, subscriber.c.origin != "")
                connection.execute(update(subscriber).where(*imported).values(values))

    def remove(self, address: str, *, source: str, now: datetime) -> bool:
        """Remove an imported subscriber from the list. False if there is none."""
        return self._update(address, {"listed": False}, Consent(address, "removed", now, source))

    def remove_import(self, origin: str, *, source: str, now: datetime, dry_run: bool = False) -> RemovedImport:
        """Remove the subscribers of an import from the list, except those who signed up themselves.

        Their rows, consents, preferences and suppressions stay, so a later import lists them again as they were.
        """
        of_import = and_(subscriber.c.listed, subscriber.c.origin == origin)
        signed_up = exists().where(consent.c.address == subscriber.c.address, consent.c.what == suppressions.SIGNED_UP)
        gone = and_(of_import, ~signed_up)
        with self.database.write(area="subscriber") as connection:
            emails = select(subscriber.c.email).order_by(subscriber.c.id)
            removed = tuple(connection.execute(emails.where(gone)).scalars())
            kept = tuple(connection.execute(emails.where(of_import, signed_up)).scalars())
            if removed and not dry_run:
                fields = (literal("removed"), literal(now, Moment), literal(source), literal(""))
                rows = select(subscriber.c.address, *fields, literal(f"import {origin}")).where(gone)
                names = ("address", "what", "at", "source", "wording", "detail")
                connection.execute(insert(consent).from_select(names, rows.order_by(subscriber.c.id)))
                connection.execute(update(subscriber).where(gone).values(listed=False))
                queue_counts_event(connection, f"import {origin}", now, removed=len(removed))
        return RemovedImport(removed, kept)

    def _update(self, address: str, values: dict[str, Any], entry: Consent) -> bool:
        imported = (subscriber.c.address == address, subscriber.c.listed, subscriber.c.origin != "")
        with self.database.write(area="subscriber") as connection:
            if not connection.execute(update(subscriber).where(*imported).values(values)).rowcount:
                return False
            append(connection, [entry])
        return True

    def _stream(self, rows: Select[Any]) -> Iterator[SubscriberRecord]:
        with self.database.read() as connection, connection.execution_options(yield_per=_CHUNK).execute(rows) as found:
            for row in found:
                yield _record(row)


def _records(*, suppressed: bool = False) -> Select[Any]:
    """Select subscribers with their suppressions, or suppressions with their subscribers."""
    agreed = (
        select(func.min(consent.c.at))
        .where(consent.c.address == func.coalesce(subscriber.c.address, suppression.c.address))
        .where(consent.c.what.in_(_AGREED))
        .scalar_subquery()
    )
    rows = select(
        subscriber,
        suppression.c.address.label("suppressed_address"),
        suppression.c.reason,
        suppression.c.at,
        agreed.label("agreed_at"),
    )
    same = subscriber.c.address == suppression.c.address
    return rows.select_from(
        suppression.outerjoin(subscriber, same) if suppressed else subscriber.outerjoin(suppression, same)
    )


def _record(row: Row[Any]) -> SubscriberRecord:
    state = row.reason, row.at, row.agreed_at
    # A suppressed address that was never listed.
    if row.id is None:
        return SubscriberRecord(row.suppressed_address, Subscriber(row.suppressed_address), None, False, *state)
    known = Subscriber(
        row.email,
        row.name,
        tuple(row.topics),
        row.frequency,
        row.timezone,
        time.fromisoformat(row.hour) if row.hour else None,
        row.status,
        row.format,
        tuple(row.editions),
    )
    return SubscriberRecord(row.address, known, row.origin or None, row.listed, *state)


def _to_column(value: Any) -> Any:
    if isinstance(value, time):
        return value.isoformat("minutes")
    return list(value) if isinstance(value, tuple) else value or ""


def _count(connection: Connection, condition: ColumnElement[bool]) -> int:
    """Return the number of rows that meet a condition."""
    return connection.execute(select(func.count()).where(condition)).scalar_one()


def _is_new() -> ColumnElement[bool]:
    """Return the condition that an incoming row is of an unknown address."""
    return ~select(subscriber.c.id).where(_same).exists()


def _is_within(domains: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition that the address is in one of these domains, or in a subdomain."""
    return or_(*(_ends_with(subscriber.c.address, mark + domain) for mark in "@." for domain in domains))


def _ends_with(column: ColumnElement[str], end: str) -> ColumnElement[bool]:
    # Twice as fast as LIKE.
    return func.substr(column, func.length(column) - len(end) + 1) == end


def _log(connection: Connection, what: str, rows: Select[Any], now: datetime) -> int:
    """Log a change by the file. `rows` select address and detail. Returns their number."""
    of = rows.subquery()
    at = literal(now, consent.c.at.type)
    entries = select(of.c[0], literal(what), at, literal(FILE_NAME), literal(""), of.c[1])
    names = ("address", "what", "at", "source", "wording", "detail")
    log = insert(consent).from_select(names, entries).execution_options(preserve_rowcount=True)
    return connection.execute(log).rowcount


def _suspend(
    connection: Connection,
    what: str,
    addresses: Collection[str],
    rows: ColumnElement[bool],
    values: Mapping[str, Any],
    why: str,
    now: datetime,
) -> int:
    """Set values of the rows with these addresses, and log it. Returns their number."""
    changed = 0
    for part in chunks(sorted(addresses)):
        theirs = and_(rows, subscriber.c.address.in_(part))
        _log(connection, what, select(subscriber.c.address, literal(why)).where(theirs), now)
        changed += connection.execute(update(subscriber).where(theirs).values(values)).rowcount
    return changed


@cache
def _differs() -> ColumnElement[bool]:
    """Return the condition that an incoming row differs from the known row of its address, or that the known row does
    not belong to the file.
    """
    in_file = and_(subscriber.c.listed, subscriber.c.origin == "")
    theirs, ours = ([comparable(table.c[name]) for name in _FIELDS] for table in (_incoming, subscriber))
    return and_(_same, or_(~in_file, tuple_(*theirs) != tuple_(*ours)))


@cache
def _difference() -> ColumnElement[str]:
    """Describe changes as `hour: 07:00 → 08:30; `. Changed names and addresses are not shown."""
    parts = []
    for name in _FIELDS:
        old, new = comparable(subscriber.c[name]), comparable(_incoming.c[name])
        detail = literal("; ") if name in ("name", "email") else literal(": ") + old + " → " + new + "; "
        parts.append(case((old != new, literal(name) + detail), else_=""))
    again = case((~subscriber.c.listed, "on the list again; "), else_="")
    return func.rtrim(reduce(add, parts, again), "; ")


def _rows(listed: Iterable[tuple[str, Subscriber]]) -> Iterator[tuple[Any, ...]]:
    for place, (address, each) in enumerate(listed):
        hour = each.hour.isoformat("minutes") if each.hour else ""
        topics = format_topics(each.topics)
        yield (
            place, address, each.email, each.name, topics, each.frequency, each.timezone, hour, each.format,
            each.status, format_topics(each.editions),
        )  # fmt: skip
