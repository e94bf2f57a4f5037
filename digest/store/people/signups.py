"""Sign-ups on the web page, with double opt-in: pending until the click in the email."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from digest.models import Subscriber
from digest.store.database import Database
from digest.store.people import consent, moves, suppressions
from digest.store.people.consent import Consent
from digest.store.people.erasure import Erasures
from digest.store.schema import signup, subscriber

# The origin of subscribers who signed up. No edit of subscribers.yaml removes them.
ORIGIN = "web"
# The page's name in the consent log.
JOINED = "web:join"
# How long the link in the email is valid.
PENDING = timedelta(days=3)
_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class PendingSignup:
    """A sign-up whose link was not used yet. The link works until `until`."""

    email: str
    until: datetime


@dataclass(frozen=True, slots=True)
class ConfirmedSignup:
    """The subscriber of a confirmed sign-up, and whether it was confirmed just now."""

    subscriber: int
    first_time: bool


class SignupStore:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.erasures = Erasures(database)

    def request(self, address: str, email: str, *, wording: str, detail: str, now: datetime, notice: str = "") -> int:
        """Store a sign-up and return the number for its link. Deletes old sign-ups.

        Each request has its own number, so that no mailbox hides its email as a duplicate. Only the first link that is
        followed confirms.
        """
        with self.database.write(area="signup") as connection:
            unconfirmed = signup.c.confirmed_at.is_(None) & (signup.c.asked_at < now - PENDING)
            connection.execute(delete(signup).where((signup.c.asked_at < now - _KEPT) | unconfirmed))
            number = secrets.randbits(62)
            values = {"asked_at": now, "wording": wording, "detail": detail, "email": email, "notice": notice}
            connection.execute(insert(signup).values(id=number, address=address, **values))
            return number

    def pending(self, number: int, now: datetime) -> PendingSignup | None:
        """Return the sign-up of a link, if it can still be confirmed."""
        pending = (signup.c.id == number) & signup.c.confirmed_at.is_(None) & (signup.c.asked_at >= now - PENDING)
        row = self.database.query(select(signup.c.email, signup.c.asked_at).where(pending)).one_or_none()
        return PendingSignup(row.email, row.asked_at + PENDING) if row else None

    def subscriber(self, number: int) -> int | None:
        """Return the id of the subscriber whom this link confirmed, or another link to the same address."""
        confirmed = (signup.c.id == number) & signup.c.confirmed_at.is_not(None)
        rows = select(subscriber.c.id).join(signup, signup.c.address == subscriber.c.address).where(confirmed)
        return self.database.query(rows).scalar()

    def confirm(
        self,
        number: int,
        *,
        timezone: str,
        source: str,
        detail: str,
        now: datetime,
        wording: str = "",
        notice: str = "",
    ) -> ConfirmedSignup | None:
        """List the subscriber and log their consent. None for an unknown or expired sign-up.

        `wording` and `notice` are what the page with the button shows, which may have changed since the request.

        Ends any suppression or erasure, because this is the owner's latest decision. Repeating it changes nothing, so
        an old link cannot bring back someone who unsubscribed since.
        """
        # If there is no key yet, it is created in its own transaction.
        _ = self.erasures.key
        with self.database.write(area="subscriber") as connection:
            row = connection.execute(select(signup).where(signup.c.id == number)).one_or_none()
            if row is None or (row.confirmed_at is None and row.asked_at < now - PENDING):
                return None
            known = connection.execute(select(subscriber.c.id).where(subscriber.c.address == row.address)).scalar()
            if row.confirmed_at is not None:
                return ConfirmedSignup(int(known), first_time=False) if known is not None else None
            # This uses up all links of the address. A link that is followed later must not bring back somebody who
            # unsubscribed.
            open_ = (signup.c.address == row.address) & signup.c.confirmed_at.is_(None)
            connection.execute(update(signup).where(open_).values(confirmed_at=now))
            reason = suppressions.unsuppress(connection, row.address)
            self.erasures.allow_return(connection, row.address)
            id = _list(connection, known, row.address, row.email, timezone, now)
            ended = f"was suppressed before: {reason}" if reason else ""
            details = "; ".join(part for part in (row.detail, detail, ended) if part)
            moves.free_old_address(connection, row.address)
            agreed, notice = wording or row.wording, notice or row.notice
            entry = Consent(row.address, suppressions.SIGNED_UP, now, source, agreed, details, notice)
            consent.append(connection, [entry])
            return ConfirmedSignup(id, first_time=True)


def _list(connection: Connection, known: int | None, address: str, email: str, timezone: str, now: datetime) -> int:
    """List a known or new subscriber. A listed one stays as they are."""
    if known is not None:
        unlisted = (subscriber.c.id == known) & subscriber.c.listed.is_(False)
        values = {"listed": True, "status": "active", "origin": ORIGIN, "email": email}
        connection.execute(update(subscriber).where(unlisted).values(values))
        return known
    usual = Subscriber(email)
    key = connection.execute(
        insert(subscriber).values(
            address=address,
            email=email,
            name="",
            topics=[],
            editions=[],
            frequency=usual.frequency,
            timezone=timezone,
            hour="",
            format=usual.format,
            status="active",
            listed=True,
            added_at=now,
            origin=ORIGIN,
        )
    ).inserted_primary_key
    return int(key[0]) if key else 0
