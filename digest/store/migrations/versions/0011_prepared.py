"""What is a reader's own in a request, made beforehand; departures counted; deliveries without SQLite's row numbers."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("batch", sa.Column("departures", _ID, nullable=True))
    op.create_table(
        "personalization",
        sa.Column("block", _ID, autoincrement=False, nullable=False),
        sa.Column("form", sa.String(length=64), nullable=False),
        sa.Column("ids", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("block", name="pk_personalization"),
    )
    op.drop_index("ix_batch_edition_state_due_at", "batch")
    op.create_index("ix_batch_edition_state_due_at_tries_id", "batch", ["edition", "state", "due_at", "tries", "id"])
    op.drop_index("ix_delivery_batch", "delivery")
    if op.get_bind().dialect.name == "sqlite":
        _rebuild_delivery()
        _count_departures()
    # PostgreSQL indexes no JSON, but its text.
    topics = "topics" if op.get_bind().dialect.name == "sqlite" else "CAST(topics AS TEXT)"
    rest = "frequency, timezone, hour, format, status, listed"
    op.execute(f"CREATE INDEX ix_subscriber_profile ON subscriber ({topics}, {rest})")
    op.create_index("ix_delivery_batch_outcome", "delivery", ["batch", "outcome"])
    _forget_with_the_address()


def _rebuild_delivery() -> None:
    """Events name deliveries, so they step aside while the table is another."""
    op.execute("CREATE TEMPORARY TABLE kept_event AS SELECT * FROM delivery_event")
    op.execute("DELETE FROM delivery_event")
    op.create_table(
        "delivery_new",
        sa.Column("edition", sa.String(length=64), nullable=False),
        sa.Column("subscriber", _ID, nullable=False),
        sa.Column("batch", _ID, nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["batch"], ["batch.id"], name="fk_delivery_batch"),
        sa.ForeignKeyConstraint(["edition"], ["edition.key"], name="fk_delivery_edition"),
        sa.ForeignKeyConstraint(["subscriber"], ["subscriber.id"], name="fk_delivery_subscriber"),
        sa.PrimaryKeyConstraint("edition", "subscriber", name="pk_delivery"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO delivery_new (edition, subscriber, batch, outcome, reason) "
        "SELECT edition, subscriber, batch, outcome, reason FROM delivery ORDER BY edition, subscriber"
    )
    op.drop_table("delivery")
    op.rename_table("delivery_new", "delivery")
    op.create_index(
        "ix_delivery_parted", "delivery", ["edition", "outcome"], sqlite_where=sa.text("outcome IS NOT NULL")
    )
    op.execute("INSERT INTO delivery_event SELECT * FROM kept_event")
    op.execute("DROP TABLE kept_event")


def _count_departures() -> None:
    """Whatever may make a reader of a frozen batch one who must not be mailed any more counts one up."""
    op.execute("INSERT INTO meta (name, value) VALUES ('departures', '0')")
    for name, when in (
        ("barred", "INSERT ON suppression"),
        ("barred_elsewhere", "UPDATE OF address ON suppression"),
        ("pausing", "INSERT ON wish WHEN new.paused_until IS NOT NULL"),
        ("paused", "UPDATE OF paused_until ON wish WHEN new.paused_until IS NOT NULL"),
        (
            "unlisted",
            "UPDATE OF listed, status, address ON subscriber "
            "WHEN NOT new.listed OR new.status <> 'active' OR new.address <> old.address",
        ),
    ):
        count = "UPDATE meta SET value = value + 1 WHERE name = 'departures'"
        op.execute(f"CREATE TRIGGER departure_{name} AFTER {when} BEGIN {count}; END")


def _forget_with_the_address() -> None:
    """What was made for an address is not to be used when it is written in another way, or erased."""
    forget = "DELETE FROM personalization WHERE block = (OLD.id - 1) / 100"
    changed = "AFTER UPDATE OF email ON subscriber"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER readdressed {changed} WHEN new.email IS NOT old.email BEGIN {forget}; END")
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION forget_personalization() RETURNS trigger LANGUAGE plpgsql AS "
        f"'BEGIN {forget}; RETURN NULL; END'"
    )
    op.execute(
        f"CREATE TRIGGER readdressed {changed} FOR EACH ROW "
        "WHEN (OLD.email IS DISTINCT FROM NEW.email) EXECUTE FUNCTION forget_personalization()"
    )
