"""The tables of readers: the list, wishes and consent, who is barred. A change here needs a migration beside it."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from digest.store.tables import Id, Moment, metadata

subscriber = Table(
    "subscriber",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("address", Text, nullable=False),  # the address in its one comparable form
    Column("email", Text, nullable=False),  # as the list writes it
    Column("name", Text, nullable=False),
    Column("topics", JSON, nullable=False),
    Column("frequency", String(16), nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("hour", String(5), nullable=False),
    Column("format", String(8), nullable=False),
    Column("status", String(16), nullable=False),
    Column("listed", Boolean, nullable=False),
    Column("added_at", Moment, nullable=False),
    Column("origin", Text, nullable=False, server_default=""),  # '': subscribers.yaml; else the name of an import
    UniqueConstraint("address"),
)

suppression = Table(
    "suppression",
    metadata,
    Column("address", Text, primary_key=True),
    Column("reason", String(32), nullable=False),
    Column("detail", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

consent = Table(  # append-only; an erasure alone takes the person out of it
    "consent",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("address", Text, nullable=False),
    Column("what", String(32), nullable=False),
    Column("at", Moment, nullable=False),
    Column("source", Text, nullable=False),
    Column("wording", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index(None, "address"),
)

erased = Table(  # keyed hashes of addresses that must not come back
    "erased",
    metadata,
    Column("mark", String(64), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("reason", Text, nullable=False),
)

wish = Table(  # what readers chose themselves; null: as the list says
    "wish",
    metadata,
    Column("subscriber", Id, ForeignKey("subscriber.id"), primary_key=True),
    Column("topics", JSON(none_as_null=True)),
    Column("frequency", String(16)),
    Column("hour", String(5)),  # '': the newsletter's own
    Column("format", String(8)),
    Column("paused_until", Moment),
)

signup = Table(  # asked for on the page, waiting for the click in the mail
    "signup",
    metadata,
    Column(
        "id", BigInteger, primary_key=True, autoincrement=False
    ),  # random: a number used again would confirm another
    Column("address", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("confirmed_at", Moment),
    Column("wording", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index(None, "address"),
    Index(None, "asked_at"),
)
