"""Suppressions: addresses that get no mail, and why. All functions run in the caller's transaction.

A more severe reason replaces a lesser one, never the reverse. An event from before the subscriber came back suppresses
nobody, however late it arrives. `feedback.rules` has the reasons. A stop for several people ends together only for
those without a later event.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, ScalarSelect, bindparam, delete, func, insert, select, update

from digest.feedback.bounce_patterns import classify
from digest.feedback.rules import COMPLAINED, UNSUBSCRIBED, severity
from digest.store.database import Database, StorePart
from digest.store.desk.audit import ActKind
from digest.store.schema import audit, batch, consent, subscriber, suppression
from digest.store.statements import chunks

# Entries of the consent log that end suppressions: an unsubscribe taken back, and a confirmed sign-up, which ends any.
CAME_BACK, SIGNED_UP = "came back", "signed up"
# An admin ended a suppression, of any reason but a complaint.
LIFTED = "suppression lifted"
# The source of a stop that an admin or operator made.
_BY_ADMIN = r"(?:the desk|the API|digest subscribers [a-z-]+)(?:, by [^)]*)?"
# An answer by SMTP. Our own checks and providers' APIs give reasons in words.
_REPLY = re.compile(r"5\d\d[ -]")

ACTS = (
    ActKind.MANY_CHANGED,
    ActKind.MANY_PAUSED,
    ActKind.MANY_PAUSES_ENDED,
    ActKind.MANY_SUPPRESSED,
    ActKind.MANY_LIFTED,
)
"""The acts of the log for several subscribers."""

FREQUENCY, TO = "frequency: ", " → "
"""What an entry of the consent log on a frequency begins with, and what is between the earlier and the new one."""

is_stopped_together = suppression.c.at.in_(select(audit.c.at).where(audit.c.what == ActKind.MANY_SUPPRESSED))
"""The condition that an act for several suppressed an address, and nothing else did since."""

is_lifted_together = consent.c.at.in_(select(audit.c.at).where(audit.c.what == ActKind.MANY_LIFTED))
"""The condition that an act for several ended a suppression."""

_current = select(suppression.c.reason, is_stopped_together.label("stopped_together")).where(
    suppression.c.address == bindparam("address")
)
# The end of a stop for several says nothing about one of them.
_resubscribed = select(func.max(consent.c.at)).where(
    consent.c.address == bindparam("address"),
    consent.c.what.in_(bindparam("words", expanding=True)),
    ~is_lifted_together,
)


_address = select(subscriber.c.address).where(subscriber.c.id == bindparam("id")).scalar_subquery()


def is_by_admin(what: str, source: str) -> bool:
    """Whether an admin or operator stopped somebody's email. `source` is of an entry of the consent log."""
    return what == UNSUBSCRIBED and re.fullmatch(_BY_ADMIN, source) is not None


def is_stopped_by_admin(reason: str, detail: str) -> bool:
    """Whether an admin or operator made a suppression. Otherwise the person left, or their mailbox is at fault."""
    return reason == UNSUBSCRIBED and re.search(rf"\({_BY_ADMIN}\)", detail) is not None


def signed_up(address: ColumnElement[str]) -> ScalarSelect[datetime]:
    """Return when a subscriber last confirmed a sign-up."""
    at = select(func.max(consent.c.at)).where(consent.c.address == address, consent.c.what == SIGNED_UP)
    return at.scalar_subquery()


_signed_up = select(signed_up(_address))


def suppress_from_event(connection: Connection, address: str, reason: str, *, at: datetime, detail: str) -> bool:
    """Like `suppress`, unless the subscriber came back after the event."""
    back = resubscribed_at(connection, address, reason)
    # Providers report whole seconds.
    if back is not None and at < back.replace(microsecond=0):
        return False
    return suppress(connection, address, reason, at=at, detail=detail)


def suppress(connection: Connection, address: str, reason: str, *, at: datetime, detail: str = "") -> bool:
    """Suppress an address, or make its reason more severe. True if it was not suppressed before.

    Whoever was stopped together with others is stopped alone from now on.
    """
    current = connection.execute(_current, {"address": address}).one_or_none()
    if current is None:
        add(connection, address, reason, at=at, detail=detail)
        return True
    if current.stopped_together or severity(reason) > severity(current.reason):
        details = "; ".join(part for part in (detail, f"before: {current.reason}") if part)
        values = {"reason": max(current.reason, reason, key=severity), "detail": details, "at": at}
        connection.execute(update(suppression).where(suppression.c.address == address).values(values))
    return False


def reason_of(connection: Connection, address: str) -> str | None:
    """Return why an address is suppressed; None if it is not."""
    found: str | None = connection.execute(select(suppression.c.reason).where(_is(address))).scalar()
    return found


def add(connection: Connection, address: str, reason: str, *, at: datetime, detail: str = "") -> None:
    """Suppress an address that is not suppressed."""
    add_all(connection, [address], reason, at=at, detail=detail)


def add_all(connection: Connection, addresses: Sequence[str], reason: str, *, at: datetime, detail: str = "") -> None:
    """Suppress addresses that are not suppressed."""
    if addresses:
        rows = [{"address": address, "reason": reason, "detail": detail, "at": at} for address in addresses]
        connection.execute(insert(suppression), rows)


def undo_unsubscribe(connection: Connection, address: str) -> bool:
    """Remove a suppression whose reason is an unsubscribe. False if there is none."""
    unsubscribed = _is(address) & (suppression.c.reason == UNSUBSCRIBED)
    return bool(connection.execute(delete(suppression).where(unsubscribed)).rowcount)


def lift_stopped_together(connection: Connection, addresses: Sequence[str]) -> int:
    """Remove the suppressions of those addresses that were stopped together and not alone. Returns their number."""
    rows = delete(suppression).where(suppression.c.reason == UNSUBSCRIBED, is_stopped_together)
    parts = (suppression.c.address.in_(part) for part in chunks(addresses))
    return sum(connection.execute(rows.where(part)).rowcount for part in parts)


def unsuppress(connection: Connection, address: str) -> str | None:
    """Remove any suppression, and return its reason."""
    of_address = suppression.c.address == address
    reason = connection.execute(select(suppression.c.reason).where(of_address)).scalar()
    if reason is not None:
        connection.execute(delete(suppression).where(of_address))
    return reason


def resubscribed_at(connection: Connection, address: str, reason: str) -> datetime | None:
    """Return when the subscriber last did something that ends a suppression for this reason."""
    words = [SIGNED_UP]
    if reason != COMPLAINED:
        words.append(LIFTED)
    if reason == UNSUBSCRIBED:
        words.append(CAME_BACK)
    back: datetime | None = connection.execute(_resubscribed, {"address": address, "words": words}).scalar()
    return back


def _is(address: str) -> ColumnElement[bool]:
    return suppression.c.address == address


def signed_up_at(connection: Connection, id: int) -> datetime | None:
    """Return when a subscriber last confirmed a sign-up."""
    found: datetime | None = connection.execute(_signed_up, {"id": id}).scalar()
    return found


def unsubscribed_since_complaint(connection: Connection, address: str) -> bool:
    """Whether the consent log has an unsubscribe after the complaint."""
    rows = (
        select(consent.c.id)
        .join(suppression, suppression.c.address == consent.c.address)
        .where(consent.c.address == address, consent.c.what == UNSUBSCRIBED)
        .where(suppression.c.reason == COMPLAINED, consent.c.at >= suppression.c.at)
    )
    return connection.execute(rows.limit(1)).first() is not None


def suppress_missing_mailboxes(
    database: Database, connection: Connection, number: int, rejected: Mapping[int, str], at: datetime
) -> None:
    """Suppress the recipients of a batch to whom a mail server answered "no such mailbox", as bounce mail does."""
    missing = {id: reason for id, reason in rejected.items() if is_missing_mailbox(reason)}
    if not missing:
        return
    # Like every writer of suppressions, because an event may suppress the same address now.
    database.advisory_lock(connection, "suppression")
    edition = connection.execute(select(batch.c.edition).where(batch.c.id == number)).scalar()
    addresses = select(subscriber.c.id, subscriber.c.address).where(subscriber.c.id.in_(missing))
    for id, address in connection.execute(addresses).all():
        suppress_from_event(connection, address, "bounced", at=at, detail=f"edition {edition} · {missing[id]}")


def is_missing_mailbox(reason: str) -> bool:
    """Whether a rejection is a hard bounce: `550 5.1.1 No such user`."""
    return bool(_REPLY.match(reason)) and classify("failed", "", reason) == "bounced"


class BulkActs(StorePart):
    def people_of(self, act: int) -> list[int]:
        """Return the numbers of the subscribers that an act changed, without erased ones. `act` is its number."""
        at = select(audit.c.at).where(audit.c.id == act, audit.c.what.in_(ACTS)).scalar_subquery()
        rows = select(subscriber.c.id).distinct().join(consent, consent.c.address == subscriber.c.address)
        return list(self.database.query(rows.where(consent.c.at == at).order_by(subscriber.c.id)).scalars())

    def stopped_together(self, addresses: Iterable[str]) -> set[str]:
        """Return the addresses that only an act for several stopped. Their people did not leave, bounce or complain."""
        found: set[str] = set()
        rows = select(suppression.c.address).where(suppression.c.reason == UNSUBSCRIBED, is_stopped_together)
        for part in chunks(addresses):
            found.update(self.database.query(rows.where(suppression.c.address.in_(part))).scalars())
        return found

    def earlier_frequencies(self, addresses: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Return address → the frequency before and after the newest act for several that changed it."""
        found: dict[str, tuple[str, str]] = {}
        together = consent.c.at.in_(select(audit.c.at).where(audit.c.what == ActKind.MANY_CHANGED))
        rows = select(consent.c.address, consent.c.detail).order_by(consent.c.at, consent.c.id)
        changes = rows.where(consent.c.detail.startswith(FREQUENCY), consent.c.detail.contains(TO), together)
        for part in chunks(addresses):
            for address, detail in self.database.query(changes.where(consent.c.address.in_(part))):
                before, _to, after = detail.removeprefix(FREQUENCY).partition(TO)
                found[address] = (before, after)
        return found
