"""The schema of the second release: the desk, workers, alerts, blocks, the archive, privacy and much else.

On PostgreSQL deliveries and their events are partitioned by edition from now on. Existing rows become one partition for
all existing editions, so no row is moved. They are deleted as before, and the partition is dropped when it is empty
(`sending.partitions`).
"""

import sqlalchemy as sa
from alembic import op

from digest.store.schema import SEARCH_INDEX, SUBSCRIBER_DOMAIN, SUBSCRIBER_SEARCH, Id, Moment

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    connection = op.get_bind()
    is_sqlite = connection.dialect.name == "sqlite"
    _add_columns()
    if is_sqlite:
        _lengthen_frequencies(connection)
    else:
        for table in ("subscriber", "preference"):
            op.alter_column(table, "frequency", type_=sa.String(32))
    _create_tables_of_editions()
    _create_tables_of_people()
    _create_tables_of_the_desk()
    _create_tables_of_operations()
    _create_indexes(is_sqlite)
    if not is_sqlite:
        _partition(connection)
    for statement in (
        *SEARCH_INDEX[connection.dialect.name],
        *SUBSCRIBER_SEARCH[connection.dialect.name],
        SUBSCRIBER_DOMAIN[connection.dialect.name],
    ):
        op.execute(statement)


def _add_columns() -> None:
    # Each in the order of the tables in `schema`.
    for table, column in (
        ("attempt", sa.Column("host", sa.Text(), nullable=False, server_default="")),
        ("attempt", sa.Column("current_at", Moment)),
        ("attempt", sa.Column("last_reply", sa.Text(), nullable=False, server_default="")),
        ("consent", sa.Column("notice", sa.String(64), nullable=False, server_default="")),
        ("decision", sa.Column("subscriber", Id)),
        ("decision", sa.Column("evidence", sa.Text(), nullable=False, server_default="")),
        ("decision", sa.Column("decided_by", sa.Text(), nullable=False, server_default="")),
        ("edition", sa.Column("widened_hours", sa.Integer())),
        ("edition", sa.Column("folded_at", Moment)),
        ("edition", sa.Column("sample", sa.Boolean(), nullable=False, server_default=sa.false())),
        ("edition", sa.Column("blocks", sa.JSON(), nullable=False, server_default="[]")),
        ("edition", sa.Column("warnings", sa.JSON(), nullable=False, server_default="[]")),
        ("edition", sa.Column("intro_support", sa.JSON(), nullable=False, server_default="[]")),
        ("edition", sa.Column("model_use", sa.JSON())),
        ("edition", sa.Column("model_answers", sa.JSON(), nullable=False, server_default="{}")),
        ("edition", sa.Column("email_hashes", sa.JSON())),
        ("edition", sa.Column("revision", sa.Integer(), nullable=False, server_default="1")),
        ("edition", sa.Column("corrects", sa.JSON())),
        ("preference", sa.Column("editions", sa.JSON(none_as_null=True))),
        ("signup", sa.Column("notice", sa.String(64), nullable=False, server_default="")),
        ("source", sa.Column("seconds", sa.Float())),
        ("subscriber", sa.Column("editions", sa.JSON(), nullable=False, server_default="[]")),
    ):
        op.add_column(table, column)


def _lengthen_frequencies(connection: sa.Connection) -> None:
    """Allow frequencies with several days, such as `weekly:mon,wed,fri`, on SQLite.

    It does not check the length, so only the text of the schema changes and no row is copied: the procedure of
    https://www.sqlite.org/lang_altertable.html (section 7) for a change that does not affect the stored content.
    """
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, 'frequency VARCHAR(16)', 'frequency VARCHAR(32)')"
        " WHERE type = 'table' AND name IN ('subscriber', 'preference')"
    )
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")


def _create_tables_of_editions() -> None:
    op.create_table(
        "edition_count",
        sa.Column("edition", sa.String(64), sa.ForeignKey("edition.key"), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("reason", sa.String(200), primary_key=True),
        sa.Column("recipients", sa.Integer(), nullable=False),
    )
    op.create_table(
        "answer",
        sa.Column("edition", sa.String(64), sa.ForeignKey("edition.key"), primary_key=True),
        sa.Column("block", sa.String(32), primary_key=True),
        sa.Column("subscriber", Id, sa.ForeignKey("subscriber.id"), primary_key=True),
        sa.Column("choice", sa.Integer(), nullable=False),
        sa.Column("at", Moment, nullable=False),
    )
    op.create_table(
        "archive_page",
        sa.Column("edition", sa.String(64), sa.ForeignKey("edition.key"), primary_key=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("picture", sa.Text(), nullable=False),
        sa.Column("stories", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("made_at", Moment, nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
    )
    op.create_table(
        "archive_story",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("edition", sa.String(64), sa.ForeignKey("edition.key"), nullable=False),
        sa.Column("story", sa.String(64), nullable=False),
        sa.Column("thread", sa.String(64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("picture", sa.Text(), nullable=False),
        sa.Column("picture_width", sa.Integer(), nullable=False),
        sa.Column("published", Moment),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.UniqueConstraint("edition", "story"),
    )
    op.create_table(
        "archive_correction",
        sa.Column("edition", sa.String(64), sa.ForeignKey("edition.key"), primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("thread", sa.String(64), nullable=False),
    )
    op.create_table(
        "channel_post",
        sa.Column("edition", sa.String(64), sa.ForeignKey("edition.key"), primary_key=True),
        sa.Column("channel", sa.String(64), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("message", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False, server_default=""),
        sa.Column("at", Moment, nullable=False),
        sa.Column("not_before", Moment),
    )
    op.create_table(
        "click_visit",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("edition", sa.String(64), nullable=False),
        sa.Column("target", sa.String(80), nullable=False),
        sa.Column("visitor", sa.String(32), nullable=False),
        sa.Column("subscriber", Id),
        sa.Column("sign", sa.String(16), nullable=False),
        sa.Column("at", Moment, nullable=False),
    )
    op.create_table(
        "click_count",
        sa.Column("edition", sa.String(64), primary_key=True),
        sa.Column("target", sa.String(80), primary_key=True),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.Column("machine", sa.Integer(), nullable=False),
    )


def _create_tables_of_people() -> None:
    op.create_table(
        "segment",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("filter", sa.JSON(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
    )
    op.create_table(
        "consent_notice",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("first_at", Moment, nullable=False),
    )
    op.create_table(
        "person_request",
        sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("subscriber", Id, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("address", sa.Text(), nullable=False, server_default=""),
        sa.Column("email", sa.Text(), nullable=False, server_default=""),
        sa.Column("asked_at", Moment, nullable=False),
        sa.Column("confirmed_at", Moment),
        sa.Column("confirmed_new_at", Moment),
        sa.Column("done_at", Moment),
        sa.Column("undo", sa.JSON(none_as_null=True)),
    )
    op.create_table(
        "moved_address",
        sa.Column("old", sa.Text(), primary_key=True),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column("subscriber", Id, nullable=False),
        sa.Column("at", Moment, nullable=False),
    )
    op.create_table(
        "last_click",
        sa.Column("subscriber", Id, sa.ForeignKey("subscriber.id"), primary_key=True, autoincrement=False),
        sa.Column("at", Moment, nullable=False),
    )
    op.create_table(
        "reader_word",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("subscriber", Id, sa.ForeignKey("subscriber.id")),
        sa.Column("edition", sa.String(64), nullable=False, server_default=""),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("about", sa.Text(), nullable=False, server_default=""),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.UniqueConstraint("hash"),
    )
    op.create_table(
        "reengagement",
        sa.Column("subscriber", Id, sa.ForeignKey("subscriber.id"), primary_key=True, autoincrement=False),
        sa.Column("edition", sa.String(64), nullable=False),
        sa.Column("asked_at", Moment, nullable=False),
        sa.Column("outcome", sa.String(16)),
        sa.Column("ended_at", Moment),
    )


def _create_tables_of_the_desk() -> None:
    op.create_table(
        "desk_user",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("email", sa.Text(), nullable=False, server_default=""),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "desk_credential",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("user", Id, sa.ForeignKey("desk_user.id"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("expires_at", Moment),
        sa.Column("counter", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("public_key", sa.Text(), nullable=False, server_default=""),
        sa.Column("label", sa.Text(), nullable=False, server_default=""),
    )
    op.create_table(
        "desk_session",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("user", Id, sa.ForeignKey("desk_user.id"), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("seen_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("agent", sa.Text(), nullable=False, server_default=""),
        sa.Column("method", sa.String(16), nullable=False, server_default="password"),
    )
    op.create_table(
        "desk_link",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("edition", sa.String(64), sa.ForeignKey("edition.key"), nullable=False),
        sa.Column("revision", sa.String(16), nullable=False),
        sa.Column("act", sa.String(16), nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("used_at", Moment),
        sa.Column("used_by", sa.Text(), nullable=False, server_default=""),
    )
    op.create_table(
        "desk_token",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("user", Id, sa.ForeignKey("desk_user.id"), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("expires_at", Moment),
        sa.Column("used_at", Moment),
        sa.UniqueConstraint("user", "name"),
    )
    op.create_table(
        "audit",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("at", Moment, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("via", sa.String(16), nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False, server_default=""),
        sa.Column("before", sa.JSON()),
        sa.Column("after", sa.JSON()),
    )
    op.create_table(
        "import_change",
        sa.Column("address", sa.Text(), primary_key=True),
        sa.Column("act", Id, sa.ForeignKey("audit.id"), primary_key=True, autoincrement=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("email", sa.Text()),
        sa.Column("name", sa.Text()),
        sa.Column("topics", sa.JSON(none_as_null=True)),
        sa.Column("frequency", sa.String(32)),
        sa.Column("timezone", sa.String(64)),
        sa.Column("hour", sa.String(5)),
        sa.Column("format", sa.String(8)),
        sa.Column("status", sa.String(16)),
        sa.Column("editions", sa.JSON(none_as_null=True)),
        sa.Column("origin", sa.Text()),
        sa.Column("paused_until", Moment),
        sa.Column("reason", sa.String(32)),
    )


def _create_tables_of_operations() -> None:
    op.create_table(
        "alert",
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("subject", sa.Text(), primary_key=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("since", Moment, nullable=False),
        sa.Column("raised_at", Moment, nullable=False),
        sa.Column("until", Moment),
    )
    op.create_table(
        "alert_message",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("channel", sa.Text(), primary_key=True),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", Moment, nullable=False),
        sa.Column("ended_at", Moment),
        sa.Column("error", sa.Text(), nullable=False, server_default=""),
    )
    op.create_table(
        "outgoing_webhook",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("endpoint", sa.String(32), primary_key=True),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", Moment, nullable=False),
        sa.Column("ended_at", Moment),
        sa.Column("error", sa.Text(), nullable=False, server_default=""),
    )
    op.create_table(
        "worker",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("started_at", Moment, nullable=False),
        sa.Column("seen_at", Moment, nullable=False),
        sa.Column("draining", sa.Boolean(), nullable=False),
        sa.Column("rate", sa.Float(), nullable=False),
        sa.Column("jobs", sa.JSON(), nullable=False),
    )
    op.create_table(
        "step",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("slot", Moment, nullable=False),
    )


_INDEXES = (
    ("archive_correction", "thread"),
    ("archive_story", "day"),
    ("archive_story", "section", "day"),
    ("archive_story", "thread"),
    ("article", "first_seen"),
    ("audit", "at", "id"),
    ("audit", "subject", "id"),
    ("audit", "what", "at", "id"),
    ("audit", "who", "at", "id"),
    ("click_visit", "at"),
    ("click_visit", "edition"),
    ("consent", "at"),
    ("desk_credential", "secret"),
    ("desk_credential", "user", "kind"),
    ("desk_session", "user"),
    ("import_change", "act"),
    ("moved_address", "subscriber"),
    ("outgoing_webhook", "created_at"),
    ("person_request", "asked_at"),
    ("person_request", "subscriber"),
    ("reader_word", "edition"),
    ("reader_word", "subscriber"),
    ("suppression", "at"),
    ("suppression", "reason"),
)
_NAMED_INDEXES = (
    ("ix_edition_shown", "edition", ("key", "state", "frozen_at", "sample", "day"), None),
    ("ix_subscriber_origin", "subscriber", ("origin", "listed"), None),
    ("ix_subscriber_status", "subscriber", ("status",), "status <> 'active'"),
    ("ix_subscriber_unlisted", "subscriber", ("listed",), "NOT listed"),
    ("ix_subscriber_frequency", "subscriber", ("frequency",), "frequency <> 'daily'"),
    ("ix_subscriber_timezone", "subscriber", ("timezone",), "timezone <> 'Asia/Kolkata'"),
    ("ix_preference_paused_until", "preference", ("paused_until",), "paused_until IS NOT NULL"),
    ("ix_webhook_failed", "webhook", ("received_at",), "error IS NOT NULL"),
    (
        "ix_delivery_event_failure",
        "delivery_event",
        ("edition", "kind"),
        "kind IN ('blocked', 'bounced', 'complained', 'deferred', 'dropped')",
    ),
)
_SQLITE_INDEXES = (
    ("ix_subscriber_topics", "subscriber", ("topics",), "topics <> '[]'"),
    ("ix_delivery_with_outcome", "delivery", ("edition", "outcome", "subscriber", "reason"), "outcome IS NOT NULL"),
)


def _create_indexes(is_sqlite: bool) -> None:
    for table, *columns in _INDEXES:
        op.create_index("_".join(("ix", table, *columns)), table, columns)
    if is_sqlite:
        op.drop_index("ix_delivery_with_outcome", "delivery")
    for name, table, columns, condition in (*_NAMED_INDEXES, *(_SQLITE_INDEXES if is_sqlite else ())):
        where = None if condition is None else sa.text(condition)
        op.create_index(name, table, list(columns), sqlite_where=where, postgresql_where=where)


_PARTITIONED = (
    """CREATE TABLE delivery (
        edition VARCHAR(64) NOT NULL, subscriber BIGINT NOT NULL, batch BIGINT, outcome VARCHAR(16), reason TEXT,
        CONSTRAINT pk_delivery PRIMARY KEY (edition, subscriber)
    ) PARTITION BY LIST (edition)""",
    "CREATE INDEX ix_delivery_batch_outcome ON delivery (batch, outcome)",
    "CREATE INDEX ix_delivery_with_outcome ON delivery (edition, outcome) WHERE outcome IS NOT NULL",
    """CREATE TABLE delivery_event (
        edition VARCHAR(64) NOT NULL, subscriber BIGINT NOT NULL, kind VARCHAR(16) NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL, reason TEXT DEFAULT '' NOT NULL,
        CONSTRAINT pk_delivery_event PRIMARY KEY (edition, subscriber, kind)
    ) PARTITION BY LIST (edition)""",
    """CREATE INDEX ix_delivery_event_failure ON delivery_event (edition, kind)
        WHERE kind IN ('blocked', 'bounced', 'complained', 'deferred', 'dropped')""",
)


def _partition(connection: sa.Connection) -> None:
    # The partitions of an edition come and go together.
    distinct = "SELECT DISTINCT edition FROM delivery UNION SELECT DISTINCT edition FROM delivery_event"
    keys = connection.execute(sa.text(distinct)).scalars().all()
    connection.execute(sa.text("ALTER TABLE delivery_event DROP CONSTRAINT IF EXISTS fk_delivery_event_edition"))
    tables = ("delivery", "delivery_event")
    for table in tables:
        _rename(connection, table)
    for statement in _PARTITIONED:
        connection.execute(sa.text(statement))
    bound = ", ".join(connection.execute(sa.select(sa.func.quote_literal(key))).scalar_one() for key in sorted(keys))
    for table in tables:
        old = f"{table}_unpartitioned"
        attach = f"ALTER TABLE {table} ATTACH PARTITION {old} FOR VALUES IN ({bound})"
        connection.exec_driver_sql(attach if keys else f"DROP TABLE {old}")


def _rename(connection: sa.Connection, table: str) -> None:
    """Rename a table, its key and its indexes."""
    connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {table}_unpartitioned")
    own = sa.text("SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = to_regclass(:name)")
    for name in connection.execute(own, {"name": f"{table}_unpartitioned"}).scalars().all():
        connection.exec_driver_sql(f"ALTER INDEX {name} RENAME TO {name}_unpartitioned")
