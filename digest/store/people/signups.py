"""Sign-ups: asked for on the page, pending until the click in the mail, then readers. Double opt-in in the store."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from digest.models import Subscriber
from digest.store.database import Database
from digest.store.people import consent, suppressions
from digest.store.people.consent import Consent
from digest.store.people.erasure import Erasures
from digest.store.schema import signup, subscriber

ORIGIN = "web"
"""Where readers come from who signed up themselves: no edit of subscribers.yaml takes them off the list."""

JOINED = "web:join"
"""What the log of consent calls the page where they did."""

PENDING = timedelta(days=3)
"""How long the link in the mail confirms."""

_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The reader whom a confirmation made or found; `first_time` is false when it had been confirmed before."""

    subscriber: int
    first_time: bool


class SignupStore:
    """Sign-ups over an open store."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.erasures = Erasures(database)

    def request(self, address: str, email: str, *, wording: str, detail: str, now: datetime) -> int:
        """Notes the wish of whoever typed this (comparable) address; answers the number for the link. Asked again it
        gets another one, and so a mail that no receiver takes for a repeat of the first; either link confirms, once.
        What nobody confirmed is forgotten here."""
        with self.database.write(area="signup") as connection:
            stale = (signup.c.asked_at < now - _KEPT) | (
                signup.c.confirmed_at.is_(None) & (signup.c.asked_at < now - PENDING)
            )
            connection.execute(delete(signup).where(stale))
            number = secrets.randbits(62)
            values = {"asked_at": now, "wording": wording, "detail": detail, "email": email}
            connection.execute(insert(signup).values(id=number, address=address, **values))
            return number

    def pending(self, number: int, now: datetime) -> str | None:
        """The email address that waits under this number; None when it is too late or nobody does."""
        mine = (signup.c.id == number) & signup.c.confirmed_at.is_(None) & (signup.c.asked_at >= now - PENDING)
        with self.database.read() as connection:
            return connection.execute(select(signup.c.email).where(mine)).scalar()

    def confirm(self, number: int, *, timezone: str, source: str, detail: str, now: datetime) -> Confirmed | None:
        """Makes the address a reader on the list, with the consent written down, in one transaction. Whatever barred
        it before is lifted, an erasure too: this is its owner's newest word. None for what was never asked for or is
        too old; a second time changes nothing, so that an old link can't bring back who left since."""
        _ = self.erasures.key  # made, where there is none, in a transaction of its own
        with self.database.write(area="subscriber") as connection:
            asked = connection.execute(select(signup).where(signup.c.id == number)).one_or_none()
            if asked is None or (asked.confirmed_at is None and asked.asked_at < now - PENDING):
                return None
            known = connection.execute(select(subscriber.c.id).where(subscriber.c.address == asked.address)).scalar()
            if asked.confirmed_at is not None:
                return Confirmed(int(known), first_time=False) if known is not None else None
            # Every link that is out by now: one that were followed later would bring back who left since.
            open_ = (signup.c.address == asked.address) & signup.c.confirmed_at.is_(None)
            connection.execute(update(signup).where(open_).values(confirmed_at=now))
            barred = suppressions.unsuppress(connection, asked.address)
            self.erasures.allow_return_within(connection, asked.address)
            if known is None:
                fresh = Subscriber(asked.email, timezone=timezone)
                made = connection.execute(
                    insert(subscriber).values(
                        address=asked.address, email=fresh.email, name="", topics=[], frequency=fresh.frequency,
                        timezone=timezone, hour="", format=fresh.format, status="active", listed=True, added_at=now,
                        origin=ORIGIN,
                    )
                ).inserted_primary_key  # fmt: skip
                known = made[0] if made else 0
            else:
                off = (subscriber.c.id == known) & subscriber.c.listed.is_(False)
                values = {"listed": True, "status": "active", "origin": ORIGIN, "email": asked.email}
                connection.execute(update(subscriber).where(off).values(values))
            lifted = f"was barred before: {barred}" if barred else ""
            told = "; ".join(word for word in (asked.detail, detail, lifted) if word)
            entry = Consent(asked.address, suppressions.SIGNED_UP, now, source, asked.wording, told)
            consent.append(connection, [entry])
            return Confirmed(int(known), first_time=True)
