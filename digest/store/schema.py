"""The tables. A change here needs a migration beside it; a test proves that both give the same schema.

The hot state of a delivery lives on its batch (one small UPDATE per 1,000 readers); a delivery row of its own
changes only when its reader parts from the batch: excluded, rejected, or told of by an event.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """An aware datetime. SQLite keeps no zone, so it is stored there in UTC and comes back aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime can't be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite counts rows only in a column declared INTEGER; PostgreSQL wants room for more than two thousand million.
Id = BigInteger().with_variant(Integer(), "sqlite")


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


meta = Table(
    "meta",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

source = Table(
    "source",
    metadata,
    Column("name", Text, primary_key=True),
    Column("etag", Text, nullable=False, server_default=""),
    Column("last_modified", Text, nullable=False, server_default=""),
    Column("body_hash", Text, nullable=False, server_default=""),
    Column("url", Text, nullable=False, server_default=""),  # the place for which the row holds; a path where it is one
    Column("asked_at", Moment),
    Column("last_good", Moment),
    Column("last_new", Moment),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("last_error", Text, nullable=False, server_default=""),
    Column("not_before", Moment),
    Column("moved_to", Text, nullable=False, server_default=""),
)

article = Table(
    "article",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("source", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("published", Moment, nullable=False),
    Column("dated", Boolean, nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("content", JSON, nullable=False),
    Index(None, "published"),
)

picture = Table(  # of drop folders, so that a letter does not need the file any more
    "picture",
    metadata,
    Column("cid", String(64), primary_key=True),
    Column("type", String(16), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

edition = Table(
    "edition",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("day", Date, nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("subject", Text, nullable=False),
    Column("preheader", Text, nullable=False),
    Column("intro", Text, nullable=False),
    Column("lead", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("sections", JSON, nullable=False),
    Column("desk", JSON, nullable=False),  # what an editor changed: survives composing again
    Column("composed_at", Moment),
    Column("frozen_at", Moment),
    Column("done_at", Moment),
)

letter = Table(
    "letter",
    metadata,
    Column("edition", String(64), ForeignKey("edition.key"), primary_key=True),
    Column("variant", String(64), primary_key=True),
    Column("subject", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
)

batch = Table(
    "batch",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("edition", String(64), ForeignKey("edition.key"), nullable=False),
    Column("variant", String(64), nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("state", String(16), nullable=False),
    Column("size", Integer, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("parent", Id),
    Index(None, "edition", "state", "due_at", "tries", "id"),  # the order of claims
)

delivery = Table(
    "delivery",
    metadata,
    # No foreign keys: on PostgreSQL their checks cost seconds per 100,000 subscribers.
    Column("edition", String(64), primary_key=True),
    Column("subscriber", Id, primary_key=True, autoincrement=False),
    Column("batch", Id),
    Column("outcome", String(16)),  # null: as the batch says; else excluded or rejected
    Column("reason", Text),
    Index(None, "batch", "outcome"),  # with the outcome, so that a batch's readers are read from it alone
    Index(
        "ix_delivery_parted",
        "edition",
        "outcome",
        sqlite_where=text("outcome IS NOT NULL"),
        postgresql_where=text("outcome IS NOT NULL"),
    ),
    sqlite_with_rowid=False,  # a row a reader and edition: two trees to write instead of three
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("batch", Id, ForeignKey("batch.id"), nullable=False),
    Column("transport", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("run", String(32), nullable=False, server_default=""),  # of the process that holds it (`locks.at_work`)
    Column("send_at", Moment),  # submitted ahead, for this time; without a schedule id nothing can have left
    Column("schedule_id", Text, nullable=False, server_default=""),  # the id under which the provider can cancel it
    Column("in_doubt", Id),  # per-reader transports: the one reader being handed over right now
    Column("boot", String(64), nullable=False, server_default=""),  # id of the machine's boot (`progress`)
    Column("provider_id", Text, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),
    Index(None, "batch"),
)

decision = Table(
    "decision",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("edition", String(64), ForeignKey("edition.key"), nullable=False),
    Column("batch", Id),
    Column("what", String(32), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

webhook = Table(  # what a provider posted, as it came; gone some days after it was handled
    "webhook",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("provider", String(16), nullable=False),
    Column("digest", String(64), nullable=False),  # SHA-256 of the body: a post that comes again is kept once
    Column("received_at", Moment, nullable=False),
    Column("body", LargeBinary, nullable=False),  # zlib
    Column("handled_at", Moment),
    Column("fault", Text, nullable=False, server_default=""),
    UniqueConstraint("digest"),
    Index(None, "handled_at"),
)

delivery_event = Table(  # what became of a letter: the first word of each kind, so that a repeat changes nothing
    "delivery_event",
    metadata,
    Column("edition", String(64), primary_key=True),
    Column("subscriber", Id, primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    ForeignKeyConstraint(["edition", "subscriber"], ["delivery.edition", "delivery.subscriber"]),
    sqlite_with_rowid=False,  # a row a reader and edition: half the bytes
)

# What was counted in a time window (`rate_limits`).
rate_window = Table(
    "rate_window",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("seconds", Integer, primary_key=True, autoincrement=False),
    Column("start", Moment, nullable=False),
    Column("used", Integer, nullable=False),
)
