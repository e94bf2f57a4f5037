"""Who gets no mail, and why: the one place that bars an address and lets it back in, within transactions of others.

A graver reason takes the place of a lesser one and never the other way round; what was said before the reader came
back themselves, however late it is heard, bars nobody. Which reasons there are is `events.rules`'.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from digest.feedback.rules import COMPLAINED, UNSUBSCRIBED, severity
from digest.store.schema import consent, subscriber, suppression

CAME_BACK, SIGNED_UP = "came back", "signed up"
"""In the log of consent: took back their own leaving; confirmed a sign-up, which takes back anything."""

_HELD = select(suppression.c.reason, suppression.c.detail).where(suppression.c.address == bindparam("who"))
_RETURNED = select(func.max(consent.c.at)).where(
    consent.c.address == bindparam("who"), consent.c.what.in_(bindparam("words", expanding=True))
)


def suppress_from_event(connection: Connection, address: str, reason: str, *, at: datetime, detail: str = "") -> bool:
    """`bar` for what others said `at`, unless the reader came back since."""
    back = resubscribed_at(connection, address, reason)
    if back is not None and at < back.replace(microsecond=0):  # providers tell whole seconds
        return False
    return suppress(connection, address, reason, at=at, detail=detail)


def suppress(connection: Connection, address: str, reason: str, *, at: datetime, detail: str = "") -> bool:
    """Bars a comparable address. True when it was not barred before; a graver reason than the one that holds takes its
    place all the same."""
    held = connection.execute(_HELD, {"who": address}).one_or_none()
    if held is None:
        connection.execute(insert(suppression), {"address": address, "reason": reason, "detail": detail, "at": at})
        return True
    if severity(reason) > severity(held.reason):
        told = "; ".join(word for word in (detail, f"before: {held.reason}") if word)
        own = suppression.c.address == address
        connection.execute(update(suppression).where(own).values(reason=reason, detail=told, at=at))
    return False


def undo_unsubscribe(connection: Connection, address: str) -> bool:
    """Lets in who takes back their own leaving. False when that is not what holds them out."""
    own = (suppression.c.address == address) & (suppression.c.reason == UNSUBSCRIBED)
    return bool(connection.execute(delete(suppression).where(own)).rowcount)


def unsuppress(connection: Connection, address: str) -> str:
    """Takes any bar away at its owner's confirmed sign-up. Answers its reason, '' when there was none."""
    own = suppression.c.address == address
    reason = connection.execute(select(suppression.c.reason).where(own)).scalar() or ""
    if reason:
        connection.execute(delete(suppression).where(own))
    return reason


def resubscribed_at(connection: Connection, address: str, reason: str) -> datetime | None:
    """When the reader last did what ends a bar of this reason; None for never."""
    words = (SIGNED_UP, CAME_BACK) if reason == UNSUBSCRIBED else (SIGNED_UP,)
    back: datetime | None = connection.execute(_RETURNED, {"who": address, "words": words}).scalar()
    return back


def resubscribed_at_id(connection: Connection, reader: int) -> datetime | None:
    """When a reader last signed up anew; None for never."""
    who = select(subscriber.c.address).where(subscriber.c.id == reader).scalar_subquery()
    back = select(func.max(consent.c.at)).where(consent.c.address == who, consent.c.what == SIGNED_UP)
    found: datetime | None = connection.execute(back).scalar()
    return found


def unsubscribed_since_complaint(connection: Connection, address: str) -> bool:
    """Whether one who complained has asked to leave besides: it is written down once."""
    said = (consent.c.address == address) & (consent.c.what == UNSUBSCRIBED)
    since = suppression.c.address == consent.c.address, suppression.c.reason == COMPLAINED
    rows = select(consent.c.id).join(suppression, since[0]).where(said, since[1], consent.c.at >= suppression.c.at)
    return connection.execute(rows.limit(1)).first() is not None
