"""The archive keeps sent editions as they were, with their stories, corrections and an index of their words."""

import sqlalchemy as sa
from alembic import op

from digest.store.schema import SEARCH_INDEX, Id, Moment

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
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
    op.create_index("ix_archive_story_thread", "archive_story", ["thread"])
    op.create_index("ix_archive_story_section_day", "archive_story", ["section", "day"])
    op.create_index("ix_archive_story_day", "archive_story", ["day"])
    op.create_table(
        "archive_correction",
        sa.Column("edition", sa.String(64), sa.ForeignKey("edition.key"), primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("thread", sa.String(64), nullable=False),
    )
    op.create_index("ix_archive_correction_thread", "archive_correction", ["thread"])
    op.create_index("ix_edition_shown", "edition", ["key", "state", "frozen_at", "sample", "day"])
    for statement in SEARCH_INDEX[op.get_bind().dialect.name]:
        op.execute(statement)
