"""The tables. A change needs a migration too; a test compares both.

A delivery has the state of its batch, which takes one small UPDATE per 1,000 recipients. The row of a delivery changes
only when its recipient leaves the batch: excluded, rejected, or moved to another one.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    DDL,
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Float,
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
    event,
    false,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from digest.messages import decode, encode

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


@event.listens_for(metadata, "before_create")
def _postgresql_options(_target: MetaData, connection: Connection, **_options: Any) -> None:
    """Give PostgreSQL the partitions, and the conditions of SQLite's partial indexes.

    Declared in the tables, they would load SQLAlchemy's PostgreSQL code, a twentieth of the time of a short command.
    """
    if connection.dialect.name != "postgresql":
        return
    for table in metadata.tables.values():
        table.dialect_options["postgresql"]["partition_by"] = table.info.get("partition_by")
        for index in table.indexes:
            if (where := index.dialect_options["sqlite"]["where"]) is not None:
                index.dialect_options["postgresql"]["where"] = where


class Moment(TypeDecorator[datetime]):
    """An aware datetime. SQLite stores no zone, so values are converted to UTC."""

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


class MessageText(TypeDecorator[str]):
    """A text that may be a message, see `digest.messages`. Other texts are stored and read as they are."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else encode(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else decode(value)


# SQLite numbers rows only in a column declared INTEGER. PostgreSQL needs BIGINT for more than two billion.
Id = BigInteger().with_variant(Integer(), "sqlite")


subscriber = Table(
    "subscriber",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    # The normalised address, by which rows are compared; `email` is written as in the list.
    Column("address", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("topics", JSON, nullable=False),
    Column("frequency", String(32), nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("hour", String(5), nullable=False),
    Column("format", String(8), nullable=False),
    Column("status", String(16), nullable=False),
    Column("listed", Boolean, nullable=False),
    Column("added_at", Moment, nullable=False),
    # The name of an import; '' for subscribers.yaml.
    Column("origin", Text, nullable=False, server_default=""),
    # Slugs of the chosen editions; []: the default ones.
    Column("editions", JSON, nullable=False, server_default="[]"),
    UniqueConstraint("address"),
    Index("ix_subscriber_origin", "origin", "listed"),
    # Indexes of values that few subscribers have. Most have the default, so these indexes are small.
    Index("ix_subscriber_status", "status", sqlite_where=text("status <> 'active'")),
    Index("ix_subscriber_unlisted", "listed", sqlite_where=text("NOT listed")),
    Index("ix_subscriber_frequency", "frequency", sqlite_where=text("frequency <> 'daily'")),
    Index("ix_subscriber_timezone", "timezone", sqlite_where=text("timezone <> 'Asia/Kolkata'")),
    # PostgreSQL compares JSON as text only, see below.
    Index("ix_subscriber_topics", "topics", sqlite_where=text("topics <> '[]'")).ddl_if("sqlite"),
)

# Indexes for the prefix search: address, name, and the name after its first word. They compare bytes, so they work
# whatever the database's locale is.
SUBSCRIBER_SEARCH = {
    "sqlite": (
        "CREATE INDEX ix_search_name ON subscriber (lower(name)) WHERE name <> ''",
        "CREATE INDEX ix_search_last_name ON subscriber (substr(lower(name), instr(name, ' ') + 1))"
        " WHERE instr(name, ' ') > 0",
    ),
    "postgresql": (
        "CREATE INDEX ix_search_address ON subscriber (lower(address) text_pattern_ops)",
        "CREATE INDEX ix_search_name ON subscriber (lower(name) text_pattern_ops) WHERE name <> ''",
        "CREATE INDEX ix_search_last_name ON subscriber"
        " (substr(lower(name), strpos(name, ' ') + 1) text_pattern_ops) WHERE strpos(name, ' ') > 0",
        "CREATE INDEX ix_search_topics ON subscriber ((topics::text)) WHERE topics::text <> '[]'",
    ),
}
"""The statements that create them, for a new store and for a migration."""

SUBSCRIBER_DOMAIN = {
    "sqlite": "CREATE INDEX ix_search_domain ON subscriber"
    " (substr(address, instr(address, '@') + 1)) WHERE address <> ''",
    "postgresql": "CREATE INDEX ix_search_domain ON subscriber"
    " (substr(lower(address), strpos(address, '@') + 1) text_pattern_ops) WHERE address <> ''",
}
"""The statement that creates the index of the domains."""

for _dialect, _statements in SUBSCRIBER_SEARCH.items():
    for _statement in (*_statements, SUBSCRIBER_DOMAIN[_dialect]):
        event.listen(subscriber, "after_create", DDL(_statement).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]

suppression = Table(
    "suppression",
    metadata,
    Column("address", Text, primary_key=True),
    Column("reason", String(32), nullable=False),
    Column("detail", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "reason"),
    Index(None, "at"),
)

# Append-only, except for erasure.
consent = Table(
    "consent",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("address", Text, nullable=False),
    Column("what", String(32), nullable=False),
    Column("at", Moment, nullable=False),
    Column("source", Text, nullable=False),
    Column("wording", Text, nullable=False),
    Column("detail", Text, nullable=False),
    # The hash of the privacy notice that was shown, see `consent_notice`; '' if none was.
    Column("notice", String(64), nullable=False, server_default=""),
    Index(None, "address"),
    # How many joined and left, by day.
    Index(None, "at"),
)

# The privacy notices to which people consented, word for word. Append-only.
consent_notice = Table(
    "consent_notice",
    metadata,
    # SHA-256 of the text.
    Column("hash", String(64), primary_key=True),
    Column("language", String(16), nullable=False),
    # Counts the notices of a language, from 1.
    Column("version", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("first_at", Moment, nullable=False),
)

# Requests that subscribers confirm by email: see `people.requests`.
person_request = Table(
    "person_request",
    metadata,
    # Random: if a number were used again, an old link would confirm another request.
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("subscriber", Id, nullable=False),
    Column("kind", String(16), nullable=False),
    # The new address, normalised and as written; '' if it is not about one.
    Column("address", Text, nullable=False, server_default=""),
    Column("email", Text, nullable=False, server_default=""),
    Column("asked_at", Moment, nullable=False),
    # When it was confirmed from the present address, and from the new one.
    Column("confirmed_at", Moment),
    Column("confirmed_new_at", Moment),
    Column("done_at", Moment),
    # What to put back: columns of `preference` with their earlier values, and `left`. Only for a request to undo.
    Column("undo", JSON(none_as_null=True)),
    Index(None, "subscriber"),
    Index(None, "asked_at"),
)

# Changed addresses: a list or an import that still has the old address means the new one.
moved_address = Table(
    "moved_address",
    metadata,
    Column("old", Text, primary_key=True),
    Column("new", Text, nullable=False),
    Column("subscriber", Id, nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "subscriber"),
)

# Addresses that imports must not bring back, as keyed hashes.
erased = Table(
    "erased",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("reason", Text, nullable=False),
)

# What subscribers chose themselves. NULL: as in the list.
preference = Table(
    "preference",
    metadata,
    Column("subscriber", Id, ForeignKey("subscriber.id"), primary_key=True),
    Column("topics", JSON(none_as_null=True)),
    Column("frequency", String(32)),
    # '': the newsletter's.
    Column("hour", String(5)),
    Column("format", String(8)),
    Column("paused_until", Moment),
    Column("editions", JSON(none_as_null=True)),
    Index(None, "paused_until", sqlite_where=text("paused_until IS NOT NULL")),
)

# Sign-ups on the web page, until and after the click in the email.
signup = Table(
    "signup",
    metadata,
    # Random: if a number were used again, an old link would confirm another address.
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("address", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("confirmed_at", Moment),
    Column("wording", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("notice", String(64), nullable=False, server_default=""),
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
    # The URL (without its secrets) or path that the validators belong to.
    Column("url", Text, nullable=False, server_default=""),
    Column("asked_at", Moment),
    Column("last_good", Moment),
    Column("last_new", Moment),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("last_error", MessageText, nullable=False, server_default=""),
    Column("not_before", Moment),
    Column("moved_to", Text, nullable=False, server_default=""),
    # How long the last successful fetch took.
    Column("seconds", Float),
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
    # How many came since an edition was composed.
    Index(None, "first_seen"),
)

# Images of drop folders, so that emails do not depend on the files.
inline_image = Table(
    "inline_image",
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
    Column("reason", MessageText, nullable=False),
    Column("sections", JSON, nullable=False),
    # What an editor changed. It survives composing again.
    Column("editorial_changes", JSON, nullable=False),
    Column("composed_at", Moment),
    Column("frozen_at", Moment),
    Column("done_at", Moment),
    # The window of an edition with few stories, if it was widened.
    Column("widened_hours", Integer),
    # When it was folded: since then its recipients are only counted, see `edition_count`.
    Column("folded_at", Moment),
    # Whether it has a sample article.
    Column("sample", Boolean, nullable=False, server_default=false()),
    # Its blocks, and warnings about what was left out of it.
    Column("blocks", JSON, nullable=False, server_default="[]"),
    Column("warnings", JSON, nullable=False, server_default="[]"),
    # Use of a language model: the sources of an intro that it wrote, its work for the edition, and its answers.
    Column("intro_support", JSON, nullable=False, server_default="[]"),
    Column("model_use", JSON),
    Column("model_answers", JSON, nullable=False, server_default="{}"),
    # The hashes of its emails once `digest store prune` has deleted some, see `evidence`.
    Column("email_hashes", JSON(none_as_null=True)),
    # Incremented by each correction while the edition is being sent: recipients without an email get the newest one.
    Column("revision", Integer, nullable=False, server_default="1"),
    # Of an edition that corrects another one: its key, and the revision from which on its emails are right.
    Column("corrects", JSON(none_as_null=True)),
    # Every page asks which editions are shown. In the table these columns are stored behind long texts.
    Index("ix_edition_shown", "key", "state", "frozen_at", "sample", "day"),
)

# The counts that replace an old edition's deliveries and events: recipients by kind and reason, see `sending.folding`.
edition_count = Table(
    "edition_count",
    metadata,
    Column("edition", String(64), ForeignKey("edition.key"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("reason", String(200), primary_key=True),
    Column("recipients", Integer, nullable=False),
)

# Answers to a poll, quiz or feedback of an edition. Those of old editions are counted in `edition_count`.
answer = Table(
    "answer",
    metadata,
    Column("edition", String(64), ForeignKey("edition.key"), primary_key=True),
    Column("block", String(32), primary_key=True),
    Column("subscriber", Id, ForeignKey("subscriber.id"), primary_key=True),
    # The number of the option, from 1.
    Column("choice", Integer, nullable=False),
    Column("at", Moment, nullable=False),
)

# Requests for the links of emails that count clicks. They are counted within two days and then deleted.
click_visit = Table(
    "click_visit",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    # No foreign key: a click on a link to an unknown edition must not fail.
    Column("edition", String(64), nullable=False),
    # `render.clicks.Target.name`.
    Column("target", String(80), nullable=False),
    # A hash of the address and the browser with a key of the day, which is deleted with it.
    Column("visitor", String(32), nullable=False),
    # Only with `clicks.subscribers`.
    Column("subscriber", Id),
    # `feedback.clicks.MachineSign`.
    Column("sign", String(16), nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "edition"),
    Index(None, "at"),
)

# Clicks of an edition that are counted. `people` clicked once or more; `machine` are requests of machines.
click_count = Table(
    "click_count",
    metadata,
    Column("edition", String(64), primary_key=True),
    Column("target", String(80), primary_key=True),
    Column("people", Integer, nullable=False),
    Column("clicks", Integer, nullable=False),
    Column("machine", Integer, nullable=False),
)

# When a subscriber clicked last, with `clicks.subscribers`.
last_click = Table(
    "last_click",
    metadata,
    Column("subscriber", Id, ForeignKey("subscriber.id"), primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
)

# Texts from subscribers: a comment with an answer, or a reply by mail.
subscriber_text = Table(
    "reader_word",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    # NULL if the person was erased or is unknown.
    Column("subscriber", Id, ForeignKey("subscriber.id")),
    Column("edition", String(64), nullable=False, server_default=""),
    # `answer`, `reply` or `auto-reply`.
    Column("kind", String(16), nullable=False),
    # The block of an answer and its option; the subject of a reply.
    Column("about", Text, nullable=False, server_default=""),
    Column("text", Text, nullable=False),
    Column("at", Moment, nullable=False),
    # Of an answer or of a mail, so that a repeated one is stored once.
    Column("hash", String(64), nullable=False),
    UniqueConstraint("hash"),
    Index(None, "edition"),
    Index(None, "subscriber"),
)

# The question whether to continue, for subscribers who were inactive for long, and its outcome.
reengagement = Table(
    "reengagement",
    metadata,
    Column("subscriber", Id, ForeignKey("subscriber.id"), primary_key=True, autoincrement=False),
    # The edition by which they were asked.
    Column("edition", String(64), nullable=False),
    Column("asked_at", Moment, nullable=False),
    # `stayed` or `paused`; NULL while it is open.
    Column("outcome", String(16)),
    Column("ended_at", Moment),
)

# Posts of editions in channels: see `sending.channel_posts`.
channel_post = Table(
    "channel_post",
    metadata,
    Column("edition", String(64), ForeignKey("edition.key"), primary_key=True),
    Column("channel", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("message", BigInteger, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    Column("at", Moment, nullable=False),
    Column("not_before", Moment),
)

rendered_email = Table(
    "rendered_email",
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
    # The order of claims.
    Index(None, "edition", "state", "due_at", "tries", "id"),
)

# Both are partitioned by edition on PostgreSQL, see `sending.partitions`: name the edition in every query.
_PARTITIONED = {"partition_by": "LIST (edition)"}
_WITH_OUTCOME, _HAS_OUTCOME = "ix_delivery_with_outcome", text("outcome IS NOT NULL")

delivery = Table(
    "delivery",
    metadata,
    # No foreign keys: PostgreSQL's checks cost seconds per 100,000 rows.
    Column("edition", String(64), primary_key=True),
    Column("subscriber", Id, primary_key=True, autoincrement=False),
    Column("batch", Id),
    # NULL: the state of the batch. Else excluded or rejected.
    Column("outcome", String(16)),
    Column("reason", Text),
    # With the outcome, a batch's recipients are read from the index alone.
    Index(None, "batch", "outcome"),
    # Reports read the failed recipients and their reasons from it alone. On PostgreSQL a long reason would not fit.
    Index(_WITH_OUTCOME, "edition", "outcome", "subscriber", "reason", sqlite_where=_HAS_OUTCOME).ddl_if("sqlite"),
    Index(_WITH_OUTCOME, "edition", "outcome", sqlite_where=_HAS_OUTCOME).ddl_if("postgresql"),
    # Large table: two trees to write instead of three.
    sqlite_with_rowid=False,
    info=_PARTITIONED,
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
    # The run that it belongs to, see `locks.mark_running`.
    Column("run", String(32), nullable=False, server_default=""),
    # When the provider sends it, if it was scheduled. Without a schedule id nothing was submitted.
    Column("send_at", Moment),
    Column("schedule_id", Text, nullable=False, server_default=""),
    # Transports that send to one recipient at a time: the current one, and the machine's boot id, see `attempts`.
    Column("current_recipient", Id),
    Column("boot", String(64), nullable=False, server_default=""),
    Column("provider_id", Text, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),
    # The server and port of such a transport, when the current recipient was begun, and what the server said last
    # before the connection broke.
    Column("host", Text, nullable=False, server_default=""),
    Column("current_at", Moment),
    Column("last_reply", Text, nullable=False, server_default=""),
    Index(None, "batch"),
)

decision = Table(
    "decision",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("edition", String(64), ForeignKey("edition.key"), nullable=False),
    Column("batch", Id),
    Column("what", String(32), nullable=False),
    Column("reason", MessageText, nullable=False),
    Column("at", Moment, nullable=False),
    # The recipient that an operator decided about, what they saw, and who they are.
    Column("subscriber", Id),
    Column("evidence", Text, nullable=False, server_default=""),
    Column("decided_by", Text, nullable=False, server_default=""),
)

# Few payloads have one. SQLite uses the partial index only for a query with the same text. Conditions for PostgreSQL
# are in the migrations: here, they would import its dialect in every command.
HAS_ERROR = text("error IS NOT NULL")
# Webhook payloads, and returned mails that could not be processed. They are kept for some days after processing.
webhook = Table(
    "webhook",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("provider", String(16), nullable=False),
    # SHA-256 of the body: a repeated payload is stored once.
    Column("digest", String(64), nullable=False),
    Column("received_at", Moment, nullable=False),
    # Compressed by zlib.
    Column("body", LargeBinary, nullable=False),
    Column("processed_at", Moment),
    # Why it could not be processed.
    Column("error", Text),
    UniqueConstraint("digest"),
    Index(None, "processed_at"),
    Index("ix_webhook_failed", "received_at", sqlite_where=HAS_ERROR),
)

# Kinds of events that alerts count again and again. There are few of them, so a partial index is small and an index of
# all events would not be. SQLite uses it only for a query with the same text.
IS_FAILURE = text("kind IN ('blocked', 'bounced', 'complained', 'deferred', 'dropped')")

# The first event of each kind for a delivery. Repeated events change nothing.
delivery_event = Table(
    "delivery_event",
    metadata,
    Column("edition", String(64), primary_key=True),
    Column("subscriber", Id, primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    # On PostgreSQL it would keep partitions of deliveries from being dropped.
    ForeignKeyConstraint(["edition", "subscriber"], ["delivery.edition", "delivery.subscriber"]).ddl_if("sqlite"),
    Index("ix_delivery_event_failure", "edition", "kind", sqlite_where=IS_FAILURE),
    # Large table: half the bytes.
    sqlite_with_rowid=False,
    info=_PARTITIONED,
)

# Counts of time windows, see `rate_limits`.
rate_window = Table(
    "rate_window",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("seconds", Integer, primary_key=True, autoincrement=False),
    Column("start", Moment, nullable=False),
    Column("used", Integer, nullable=False),
)

# Conditions that still hold and that the admins were alerted to.
alert = Table(
    "alert",
    metadata,
    Column("kind", String(32), primary_key=True),
    # What it is about: a source, an edition, a transport.
    Column("subject", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("raised_at", Moment, nullable=False),
    # When the alert ends without a message, because it no longer matters.
    Column("until", Moment),
)

# Messages to the admins, one row a channel, kept for some days after they were sent.
alert_message = Table(
    "alert_message",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("content", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("tries", Integer, nullable=False),
    # When another process may send it. That is later than any attempt takes.
    Column("not_before", Moment, nullable=False),
    # When it was sent or given up.
    Column("ended_at", Moment),
    Column("error", Text, nullable=False, server_default=""),
)

# Events for outgoing webhooks, one row an endpoint, kept for some days after they were sent.
outgoing_webhook = Table(
    "outgoing_webhook",
    metadata,
    Column("id", String(32), primary_key=True),
    # A hash of its URL, which may hold a secret.
    Column("endpoint", String(32), primary_key=True),
    Column("type", String(32), nullable=False),
    Column("content", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("tries", Integer, nullable=False),
    # When another process may send it. That is later than any attempt takes.
    Column("not_before", Moment, nullable=False),
    # When it was sent or given up.
    Column("ended_at", Moment),
    Column("error", Text, nullable=False, server_default=""),
    Index(None, "created_at"),
)

# Processes that run the newsletter's jobs, on PostgreSQL: `digest worker` and `digest run`.
worker = Table(
    "worker",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", String(32), nullable=False),
    Column("seats", Integer, nullable=False),
    Column("started_at", Moment, nullable=False),
    # By the database's clock, as is every comparison with it.
    Column("seen_at", Moment, nullable=False),
    # Whether it finishes its jobs and takes no more.
    Column("draining", Boolean, nullable=False),
    # Current rate, in recipients per second.
    Column("rate", Float, nullable=False),
    # The names of the jobs that it holds.
    Column("jobs", JSON, nullable=False),
)

# The steps of the schedule, and for which moment each was queued last.
step = Table(
    "step",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("slot", Moment, nullable=False),
)

# An edition as the archive shows it, printed once when it was enqueued. Nothing in it is personal.
archive_page = Table(
    "archive_page",
    metadata,
    Column("edition", String(64), ForeignKey("edition.key"), primary_key=True),
    # Its top headline, and a sentence for search engines and link previews.
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    # The image of the top story: `cid:…`, an address, or ''.
    Column("picture", Text, nullable=False),
    Column("stories", Integer, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("made_at", Moment, nullable=False),
    # The article, in the newsletter's language. Links to our own pages start with `render.archive_page.SITE`. It is
    # last, because SQLite reads a row up to the column that it needs.
    Column("html", Text, nullable=False),
)

# The stories of these editions, as they were sent.
archive_story = Table(
    "archive_story",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("edition", String(64), ForeignKey("edition.key"), nullable=False),
    Column("story", String(64), nullable=False),
    # The id of the first story about the same event: the name of its page.
    Column("thread", String(64), nullable=False),
    Column("day", Date, nullable=False),
    Column("position", Integer, nullable=False),
    Column("section", Text, nullable=False),
    Column("language", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("picture", Text, nullable=False),
    # In pixels; 0 if it is not known.
    Column("picture_width", Integer, nullable=False),
    # When its source published it; None if that is not known.
    Column("published", Moment),
    # [{name, title, url, published}], the lead's first.
    Column("sources", JSON, nullable=False),
    # The words that a search looks through: see `hindi.tokens.index_words`.
    Column("words", Text, nullable=False),
    UniqueConstraint("edition", "story"),
    Index(None, "thread"),
    Index(None, "section", "day"),
    Index(None, "day"),
)

# Corrections that editions published.
archive_correction = Table(
    "archive_correction",
    metadata,
    Column("edition", String(64), ForeignKey("edition.key"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("url", Text, nullable=False),
    # The corrected story's; '' if it is not in the archive.
    Column("thread", String(64), nullable=False),
    Index(None, "thread"),
)

# The index of the words. All of them are ASCII (see `hindi.tokens.index_words`), so the databases' own tokenizers need
# no Hindi.
SEARCH_INDEX = {
    "sqlite": (
        "CREATE VIRTUAL TABLE archive_search USING fts5("
        "words, content='archive_story', content_rowid='id', tokenize='ascii', detail='none')",
        "CREATE TRIGGER archive_story_insert AFTER INSERT ON archive_story BEGIN "
        "INSERT INTO archive_search(rowid, words) VALUES (new.id, new.words); END",
        "CREATE TRIGGER archive_story_delete AFTER DELETE ON archive_story BEGIN "
        "INSERT INTO archive_search(archive_search, rowid, words) VALUES ('delete', old.id, old.words); END",
        "CREATE TRIGGER archive_story_update AFTER UPDATE OF words ON archive_story BEGIN "
        "INSERT INTO archive_search(archive_search, rowid, words) VALUES ('delete', old.id, old.words); "
        "INSERT INTO archive_search(rowid, words) VALUES (new.id, new.words); END",
    ),
    "postgresql": ("CREATE INDEX ix_archive_search ON archive_story USING gin (to_tsvector('simple', words))",),
}
"""The statements that create it, for a new store and for a migration."""

for _dialect, _statements in SEARCH_INDEX.items():
    for _statement in _statements:
        event.listen(archive_story, "after_create", DDL(_statement).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]

# People who work at the desk in the browser.
desk_user = Table(
    "desk_user",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("created_at", Moment, nullable=False),
    # Where test emails go; '' until the user sets it.
    Column("email", Text, nullable=False, server_default=""),
    UniqueConstraint("name"),
)

# Credentials: a password, an authenticator app, passkeys, a one-time link.
desk_credential = Table(
    "desk_credential",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("user", Id, ForeignKey("desk_user.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    # A hash of the password or of the link; the key of the authenticator app; the id of a passkey; an email address.
    Column("secret", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    # The number of the last code of the app that was used: a code works once. Of a passkey: its count of signatures.
    Column("counter", BigInteger, nullable=False, server_default="0"),
    # Of a passkey: its public key in COSE, as base64url, and what the user calls it. Of an email address for OpenID
    # Connect: the provider and its name for the account that had it first.
    Column("public_key", Text, nullable=False, server_default=""),
    Column("label", Text, nullable=False, server_default=""),
    Index(None, "user", "kind"),
    Index(None, "secret"),
)

# Tokens of programs that use the API for a user. Their role is the lesser of their own and the user's.
desk_token = Table(
    "desk_token",
    metadata,
    # SHA-256 of the token.
    Column("hash", String(64), primary_key=True),
    Column("user", Id, ForeignKey("desk_user.id"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("used_at", Moment),
    UniqueConstraint("user", "name"),
)

# Open sessions of the desk. A session ends when its row is deleted.
desk_session = Table(
    "desk_session",
    metadata,
    # SHA-256 of the cookie's value.
    Column("hash", String(64), primary_key=True),
    Column("user", Id, ForeignKey("desk_user.id"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    # The browser's name for itself.
    Column("agent", Text, nullable=False, server_default=""),
    # How the user signed in: "password", "passkey" or "oidc".
    Column("method", String(16), nullable=False, server_default="password"),
    Index(None, "user"),
)

# Links in the test emails of an edition. Each is for one act on one revision, and works once.
desk_link = Table(
    "desk_link",
    metadata,
    # SHA-256 of the link's token.
    Column("hash", String(64), primary_key=True),
    Column("edition", String(64), ForeignKey("edition.key"), nullable=False),
    # The revision that the test email showed (`usecases.approval.revision`), and what the link does.
    Column("revision", String(16), nullable=False),
    Column("act", String(16), nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    Column("used_by", Text, nullable=False, server_default=""),
)

# Saved filters of the list of subscribers.
segment = Table(
    "segment",
    metadata,
    Column("name", Text, primary_key=True),
    # Field → value, see `people.directory.SubscriberFilter`.
    Column("filter", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
)

# The audit log: who did what, by the desk, a command or a link. Append-only.
audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    # A user of the desk, or the operating system's user for a command.
    Column("who", Text, nullable=False),
    Column("via", String(16), nullable=False),
    Column("what", String(32), nullable=False),
    # The edition or the user that it concerns.
    Column("subject", Text, nullable=False),
    Column("detail", MessageText, nullable=False, server_default=""),
    # Editorial changes before and after it, so that it can be undone.
    Column("before", JSON(none_as_null=True)),
    Column("after", JSON(none_as_null=True)),
    Index(None, "subject", "id"),
    # The filters of the log.
    Index(None, "who", "at", "id"),
    Index(None, "what", "at", "id"),
    Index(None, "at", "id"),
)

# What an import replaced, so that it can be undone. Rows go with the undo, with an erasure, and after some weeks.
import_change = Table(
    "import_change",
    metadata,
    Column("address", Text, primary_key=True),
    # The act of the log.
    Column("act", Id, ForeignKey("audit.id"), primary_key=True, autoincrement=False),
    # added, returned, changed or suppressed.
    Column("what", String(16), nullable=False),
    # The values before, as in `subscriber`. A person who was added has none.
    Column("email", Text),
    Column("name", Text),
    Column("topics", JSON(none_as_null=True)),
    Column("frequency", String(32)),
    Column("timezone", String(64)),
    Column("hour", String(5)),
    Column("format", String(8)),
    Column("status", String(16)),
    Column("editions", JSON(none_as_null=True)),
    Column("origin", Text),
    Column("paused_until", Moment),
    # The reason of the suppression before.
    Column("reason", String(32)),
    Index(None, "act"),
)
