"""Editions, their rendered emails and decisions, and everything that was published and sent.

A state changes only if it is one of those that the caller allows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    func,
    insert,
    or_,
    select,
    update,
)

from digest.curate.editorial import EditorialChanges
from digest.curate.sent_story import SentStory
from digest.errors import DigestError
from digest.messages import StoredText
from digest.models import (
    BEGUN_STATES,
    BREAKING,
    EDITABLE_STATES,
    GIVEN_UP_STATES,
    LETTERS_TO_SOME,
    SENT_STATES,
    WAITING_STATES,
    Actor,
    Article,
    Corrects,
    DeliveryOutcome,
    Edition,
    EditionBlock,
    EditionState,
    ModelUse,
    RenderedEmail,
    Section,
    Support,
    is_breaking,
    split_key,
)
from digest.store.content.article_rows import article_from_json, select_articles
from digest.store.database import Database, StorePart
from digest.store.desk import audit
from digest.store.desk.audit import ActKind, composed_again, edition_composed, edition_reached
from digest.store.schema import article, batch, decision, delivery, edition, rendered_email
from digest.store.schema import audit as audit_table
from digest.store.sending.decisions import Decision, DecisionGrounds, OperatorDecision, read_decisions, record_decision

# The parts of an edition that subscribers see.
SHOWN = ("subject", "preheader", "intro", "sections", "lead", "blocks")
_MARK_LENGTH = 16

_SECTIONS = tuple[Section, ...]
# Columns that hold an attribute of the same name as JSON.
_NESTED: dict[str, Any] = {
    "sections": _SECTIONS,
    "blocks": tuple[EditionBlock, ...],
    "warnings": tuple[StoredText, ...],
    "intro_support": tuple[Support, ...],
    "model_use": ModelUse | None,
    "model_answers": dict[str, str],
    "corrects": Corrects | None,
}
# Columns that hold an attribute of the same name.
_PLAIN = (
    "day", "number", "state", "subject", "preheader", "intro", "lead", "reason", "composed_at", "widened_hours",
    "sample", "revision",
)  # fmt: skip
# Later than any email can be scheduled.
_SURELY_DUE = timedelta(days=60)
# Conditions: everybody may see the edition.
_FOR_ALL = tuple(~edition.c.key.startswith(each) for each in LETTERS_TO_SOME)
_UNFINISHED = (*WAITING_STATES, EditionState.SENDING)


@dataclass(frozen=True, slots=True)
class Published:
    """An edition that went to subscribers."""

    key: str
    day: date
    number: int
    subject: str
    preheader: str
    frozen_at: datetime


@dataclass(frozen=True, slots=True)
class RecipientPlace:
    """A subscriber's place in an edition: variant, state and hour of their batch; None if they were excluded."""

    variant: str | None
    state: str | None
    due_at: datetime | None


# Built once, because many pages ask for it.
_place = (
    select(batch.c.variant, batch.c.state, batch.c.due_at, delivery.c.outcome)
    .select_from(delivery)
    .outerjoin(batch, batch.c.id == delivery.c.batch)
    .where(delivery.c.edition == bindparam("edition"), delivery.c.subscriber == bindparam("subscriber"))
)


class PublishedStore:
    """Reads editions for the web pages. Editions of samples are shown only with `samples`."""

    def __init__(self, database: Database, *, samples: bool = False) -> None:
        self.database = database
        self.samples = samples

    def newest(self, limit: int, now: datetime) -> list[Published]:
        return [Published(*row) for row in self.database.query(self._published_editions(now).limit(limit))]

    def get(self, key: str, now: datetime) -> Published | None:
        row = self.database.query(self._published_editions(now).where(edition.c.key == key)).one_or_none()
        return Published(*row) if row else None

    def place(self, key: str, id: int) -> RecipientPlace | None:
        """Return a subscriber's place in an edition."""
        row = self.database.query(_place, {"edition": key, "subscriber": id}).one_or_none()
        if row is None:
            return None
        if row.variant is None or row.outcome == DeliveryOutcome.EXCLUDED:
            return RecipientPlace(None, None, None)
        return RecipientPlace(row.variant, row.state, row.due_at)

    def stories_by_section(self, since: datetime, now: datetime) -> list[tuple[date, dict[str, int]]]:
        """Return the day of each edition of the schedule sent since, and section → number of its stories."""
        # Only editions of the schedule have a number.
        regular = (edition.c.frozen_at >= since) & (edition.c.number > 0)
        rows = self._published_editions(now).with_only_columns(edition.c.day, edition.c.sections).where(regular)
        return [
            (row.day, {section["name"]: len(section["stories"]) for section in row.sections})
            for row in self.database.query(rows)
        ]

    def keys(self, now: datetime) -> Select[Any]:
        """Select the keys of the editions that are shown."""
        return select(edition.c.key).where(self.is_shown(now))

    def is_shown(self, now: datetime) -> ColumnElement[bool]:
        """Return the condition that the edition is due for at least one subscriber.

        An edition whose batches are all due later is not shown yet.
        """
        sent = edition.c.state.in_(BEGUN_STATES) & edition.c.frozen_at.is_not(None)
        # Looking at the batches of all editions would take most of the time of a page.
        long_ago = edition.c.frozen_at < now - _SURELY_DUE
        due = select(batch.c.id).where(batch.c.edition == edition.c.key, batch.c.due_at <= now).exists()
        shown = and_(sent, or_(long_ago, due), *_FOR_ALL)
        return shown if self.samples else and_(shown, ~edition.c.sample)

    def _published_editions(self, now: datetime) -> Select[Any]:
        columns = [edition.c[name] for name in Published.__slots__]
        return select(*columns).where(self.is_shown(now)).order_by(edition.c.day.desc(), edition.c.frozen_at.desc())


def sections_json(item: Edition) -> Any:
    """Return the sections as the store keeps them."""
    return _adapter(_SECTIONS).dump_python(item.sections, mode="json")


@cache
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


class EditionStore(StorePart):
    def get(self, key: str) -> Edition | None:
        row = self.database.query(select(edition).where(edition.c.key == key)).one_or_none()
        return _from_row(row) if row else None

    def all(self, *, limit: int | None = None) -> list[Edition]:
        """Return all editions, newest first."""
        newest = select(edition).order_by(edition.c.day.desc(), edition.c.key.desc()).limit(limit)
        return [_from_row(row) for row in self.database.query(newest).all()]

    def breaking(self, since: date) -> list[BreakingEdition]:
        """Return the alert editions of the days from `since` on, oldest first."""
        rows = select(edition).where(edition.c.day >= since, edition.c.key.contains(f"-{BREAKING}-", autoescape=True))
        found = sorted(self.database.query(rows).all(), key=lambda row: (row.day, len(row.key), row.key))
        return [BreakingEdition(_from_row(row), row.frozen_at) for row in found if is_breaking(row.key)]

    def subjects(self, *, excluding: str, limit: int) -> list[str]:
        newest = select(edition.c.subject).where(edition.c.key != excluding).order_by(edition.c.day.desc()).limit(limit)
        return list(self.database.query(newest).scalars())

    def unfinished(self) -> list[Edition]:
        """Return the unfinished editions, oldest first."""
        rows = select(edition).where(edition.c.state.in_(_UNFINISHED)).order_by(edition.c.day, edition.c.key)
        return [_from_row(row) for row in self.database.query(rows).all()]

    def of_days(self, since: date, until: date) -> list[Edition]:
        """Return the editions of the days from `since` to before `until`, oldest first."""
        rows = select(edition).where(edition.c.day >= since, edition.c.day < until)
        return [_from_row(row) for row in self.database.query(rows.order_by(edition.c.day, edition.c.key))]

    def corrections(self, since: date) -> list[Edition]:
        """Return the editions of these days that correct others and are not stopped, oldest first."""
        rows = select(edition).where(edition.c.day >= since, edition.c.corrects.is_not(None))
        rows = rows.where(edition.c.state.in_((EditionState.APPROVED, EditionState.SENDING, EditionState.DONE)))
        return [_from_row(row) for row in self.database.query(rows.order_by(edition.c.day, edition.c.key))]

    def revised(self) -> list[str]:
        """Return the editions that were corrected while they were sent, and are not stopped."""
        rows = select(edition.c.key).where(edition.c.revision > 1, edition.c.state.in_(BEGUN_STATES))
        return list(self.database.query(rows.order_by(edition.c.key)).scalars())

    def newest(self) -> Edition | None:
        """Return the edition that was sent last, or composed last if none was sent."""
        order = (
            edition.c.frozen_at.desc().nulls_last(),
            edition.c.composed_at.desc().nulls_last(),
            edition.c.key.desc(),
        )
        rows = select(edition).where(*_FOR_ALL)
        row = self.database.query(rows.order_by(*order).limit(1)).one_or_none()
        return _from_row(row) if row else None

    def composed_last(self) -> Edition | None:
        """Return the edition composed last, whether it was sent or not."""
        newest = select(edition).order_by(edition.c.composed_at.desc().nulls_last(), edition.c.key.desc()).limit(1)
        row = self.database.query(newest).one_or_none()
        return _from_row(row) if row else None

    def has_older(self, moment: datetime) -> bool:
        """Whether an edition was composed before this moment."""
        older = select(edition.c.key).where(edition.c.composed_at < moment).limit(1)
        return self.database.query(older).first() is not None

    def put(
        self,
        item: Edition,
        *,
        over: Sequence[EditionState],
        expected_changes: EditorialChanges | None = None,
        earlier: Collection[str] = (),
        recomposed: bool = False,
    ) -> Edition | None:
        """Store an edition and return it with its number. `earlier` is as for `assign_number`.

        With `recomposed`, the log records a draft that gets other content, because no editor's act does.
        None if a stored edition with this key has a state that is not in `over`, or other editorial changes than
        expected.
        """
        values = {name: getattr(item, name) for name in _PLAIN}
        values |= {name: _adapter(kind).dump_python(getattr(item, name), mode="json") for name, kind in _NESTED.items()}
        with self.database.write(area="edition") as connection:
            old = connection.execute(select(edition).where(edition.c.key == item.key)).one_or_none()
            values["number"] = _number(connection, item.key, earlier, sample=item.sample)
            if old is None:
                connection.execute(insert(edition).values(key=item.key, editorial_changes={}, **values))
                _record_composed(connection, item, None)
                return replace(item, number=values["number"])
            if old.state not in over:
                return None
            if expected_changes is not None and read_changes(old.editorial_changes) != expected_changes:
                return None
            replaceable = (edition.c.key == item.key) & edition.c.state.in_(over)
            changed = connection.execute(update(edition).where(replaceable).values(values)).rowcount
            if changed:
                _record_composed(connection, item, old.state if old.composed_at else None)
                if recomposed and _is_other_draft(old, values):
                    composed_again(connection, item.key)
            return replace(item, number=values["number"]) if changed else None

    def mark(self, key: str) -> str:
        """Return a fingerprint of an edition, its decisions and its send, which changes with any of them.

        It is cheaper than reading the edition: open pages ask for it every second.
        """
        nested = [cast(edition.c[name], Text) for name in _NESTED]
        row = select(*(edition.c[name] for name in _PLAIN), *nested).where(edition.c.key == key)
        acts = select(func.max(audit_table.c.id)).where(audit_table.c.subject == key)
        batches = select(batch.c.state, func.count(), func.sum(batch.c.size)).where(batch.c.edition == key)
        with self.database.read() as connection:
            found = connection.execute(row).one_or_none()
            newest = connection.execute(acts).scalar()
            sent = sorted(map(tuple, connection.execute(batches.group_by(batch.c.state))))
        return hashlib.sha256(repr((found, newest, sent)).encode()).hexdigest()[:_MARK_LENGTH]

    def assign_number(self, key: str, earlier: Collection[str]) -> None:
        """Give an edition its final number, just before it is sent. A sent number never changes.

        `earlier` are the keys of planned editions with the same slug that may still be sent before it.
        """
        not_frozen = (edition.c.key == key) & edition.c.frozen_at.is_(None)
        with self.database.write(area="edition") as connection:
            sample = connection.execute(select(edition.c.sample).where(edition.c.key == key)).scalar()
            number = _number(connection, key, earlier, sample=bool(sample))
            connection.execute(update(edition).where(not_frozen).values(number=number))

    def move(self, key: str, state: EditionState, *, out_of: Sequence[EditionState], reason: str | None = None) -> bool:
        """Change the state, and the reason if one is given. False if the edition is in none of `out_of`.

        `enqueue` and the ledger make an edition `sending` or `done`, together with its batches.
        """
        movable = (edition.c.key == key) & edition.c.state.in_(out_of)
        with self.database.write() as connection:
            values = {"state": state} if reason is None else {"state": state, "reason": reason}
            moved = bool(connection.execute(update(edition).where(movable).values(values)).rowcount)
            if moved:
                edition_reached(connection, key, state)
            return moved

    def editorial_changes(self, key: str) -> EditorialChanges:
        stored = self.database.query(select(edition.c.editorial_changes).where(edition.c.key == key)).scalar()
        return read_changes(stored)

    def set_editorial_changes(self, key: str, changes: EditorialChanges) -> bool:
        """Store the editors' changes of a draft. False if the edition is no longer one."""
        editable = (edition.c.key == key) & edition.c.state.in_(EDITABLE_STATES)
        values = {"editorial_changes": _adapter(EditorialChanges).dump_python(changes, mode="json")}
        return bool(self.database.change(update(edition).where(editable).values(values)))

    def change_editorial(
        self,
        key: str,
        change: Callable[[EditorialChanges], EditorialChanges],
        by: Actor,
        what: ActKind,
        detail: str,
        *,
        now: datetime,
    ) -> EditorialChanges | None:
        """Change the editorial changes and log it, in one transaction. None if the edition is no longer a draft."""
        with self.database.write(area="edition") as connection:
            columns = (edition.c.state, edition.c.editorial_changes)
            row = connection.execute(select(*columns).where(edition.c.key == key)).one_or_none()
            if row is None or row.state not in EDITABLE_STATES:
                return None
            changed = change(read_changes(row.editorial_changes))
            stored = _adapter(EditorialChanges).dump_python(changed, mode="json")
            connection.execute(update(edition).where(edition.c.key == key).values(editorial_changes=stored))
            audit.add(connection, by, what, key, detail, now=now, before=row.editorial_changes or {}, after=stored)
        return changed

    def is_untouched(self, key: str) -> bool:
        """Whether the edition has no editorial changes."""
        return self.editorial_changes(key) == EditorialChanges()

    def save_emails(self, key: str, emails: Collection[RenderedEmail]) -> None:
        """Add the emails of new variants. A saved email never changes."""
        stored = select(rendered_email.c.variant).where(rendered_email.c.edition == key)
        with self.database.write() as connection:
            known = set(connection.execute(stored).scalars())
            rows = [
                {
                    "edition": key,
                    "variant": email.variant,
                    "subject": email.subject,
                    "html": email.html,
                    "text": email.text,
                }
                for email in emails
                if email.variant not in known
            ]
            if rows:
                connection.execute(insert(rendered_email), rows)

    def emails(self, key: str) -> dict[str, RenderedEmail]:
        """Return variant → saved email."""
        rows = self.database.query(select(rendered_email).where(rendered_email.c.edition == key)).all()
        return {row.variant: RenderedEmail(row.variant, row.subject, row.html, row.text) for row in rows}

    def frozen_at(self, key: str) -> datetime | None:
        """Return when the edition was last enqueued; None if it has no recipients."""
        return self.database.query(select(edition.c.frozen_at).where(edition.c.key == key)).scalar()

    def record_decision(
        self, key: str, what: Decision | EditionState, reason: str, *, now: datetime, by: str = "", evidence: str = ""
    ) -> None:
        """Record an editor's or operator's decision. `by` is who decided, if known."""
        with self.database.write() as connection:
            record_decision(connection, key, what, DecisionGrounds(reason, evidence, by), now)

    def newest_decision(self) -> int:
        """Return the number of the newest decision on any edition; 0 if there is none."""
        return self.database.query(select(func.max(decision.c.id))).scalar() or 0

    def reopened_since(self, key: str, moment: datetime) -> bool:
        """Whether the edition was reopened at this time or later."""
        return any(each.what == EditionState.DRAFT and each.at >= moment for each in self.decisions(key))

    def decisions(self, key: str) -> list[OperatorDecision]:
        """Return the decisions of editors and operators, oldest first."""
        with self.database.read() as connection:
            return read_decisions(connection, key)


@dataclass(frozen=True, slots=True)
class BreakingEdition:
    """An alert edition, and when its recipients were enqueued; None if it was only proposed."""

    edition: Edition
    sent_at: datetime | None


class SentHistoryStore(StorePart):
    """The history that composing needs: sent stories with their articles, and older articles as background."""

    def sent(
        self,
        since: datetime,
        until: datetime,
        *,
        excluding: str | None = None,
        include: Callable[[str], bool] = lambda _key: True,
    ) -> list[SentStory]:
        """Return the stories of the editions that were frozen in the interval, oldest first.

        Leaves out the edition `excluding`, and each edition if `include` returns false for its key.
        """
        rows = (
            select(edition.c.key, edition.c.frozen_at, edition.c.sections)
            .where(edition.c.state.in_(SENT_STATES), edition.c.key != excluding)
            .where(edition.c.frozen_at >= since, edition.c.frozen_at <= until)
            .order_by(edition.c.frozen_at, edition.c.key)
        )
        with self.database.read() as connection:
            stories = [
                (row.key, row.frozen_at, story)
                for row in connection.execute(rows).all()
                if include(row.key)
                for section in _adapter(_SECTIONS).validate_python(row.sections)
                for story in section.stories
            ]
            ids = sorted({id for *_, story in stories for id in story.article_ids})
            articles = select_articles(connection, ids)
        return [
            SentStory(key, at, story, tuple(articles[id] for id in story.article_ids if id in articles))
            for key, at, story in stories
        ]

    def background(self, since: datetime, until: datetime, *, limit: int) -> list[Article]:
        """Return at most `limit` articles published in the interval, the same ones in every run.

        Ids are hashes, so the first ones are a fair sample.
        """
        rows = (
            select(article.c.content, article.c.published)
            .where(article.c.published >= since, article.c.published < until)
            .order_by(article.c.id)
            .limit(limit)
        )
        return [article_from_json(*row) for row in self.database.query(rows).all()]


def _number(connection: Connection, key: str, earlier: Collection[str], *, sample: bool) -> int:
    """Return the number of an edition among those with its slug, by their dates.

    That is one more than the highest of those before its date, and one more for each planned edition in between. If a
    later edition was sent with that number already, it gets the next unused one. Editions of samples count only for
    one another. A special and an alert edition have no number: 0.
    """
    day, slug = split_key(key)
    if day is None or is_breaking(key):
        return 0
    columns = (edition.c.key, edition.c.day, edition.c.number, edition.c.state, edition.c.frozen_at)
    rows = select(*columns) if sample else select(*columns).where(~edition.c.sample)
    same = [row for row in connection.execute(rows) if row.key != key and split_key(row.key) == (row.day, slug)]
    sent = {row.day: row.number for row in same if row.frozen_at is not None}
    settled = {row.key for row in same if row.frozen_at is not None or row.state in GIVEN_UP_STATES}
    before = max((other for other in sent if other < day), default=None)
    highest = max((sent[other] for other in sent if other < day), default=0)
    waiting = (split_key(other)[0] for other in set(earlier) - settled)
    between = [other for other in waiting if other and other < day and (before is None or other > before)]
    number = highest + len(between) + 1
    later = [sent[other] for other in sent if other > day]
    return max(sent.values()) + 1 if later and number >= min(later) else number


def _is_other_draft(old: Row[Any], values: Mapping[str, Any]) -> bool:
    """Whether both are drafts, and subscribers would see another content."""
    drafts = old.state == values["state"] == EditionState.DRAFT
    return drafts and any(getattr(old, name) != values[name] for name in SHOWN)


def _record_composed(connection: Connection, item: Edition, before: str | None) -> None:
    """Record that an edition became a draft, or was skipped.

    An edition that was never composed is only a placeholder.
    """
    if item.composed_at is None or item.state == before:
        return
    if item.state == EditionState.SKIPPED:
        edition_reached(connection, item.key, EditionState.SKIPPED)
    elif before is None or before == EditionState.SKIPPED:
        edition_composed(connection, item.key, sum(1 for _ in item.stories()))


def read_changes(stored: Mapping[str, Any] | None) -> EditorialChanges:
    """Convert editorial changes from the JSON of an edition or of the audit log."""
    changes: EditorialChanges = _adapter(EditorialChanges).validate_python(stored) if stored else EditorialChanges()
    return changes


def _from_row(row: Row[Any]) -> Edition:
    if not isinstance(row.day, date):
        raise DigestError(f"edition {row.key} has no day in the store")
    plain = {name: getattr(row, name) for name in _PLAIN} | {"state": EditionState(row.state)}
    nested = {name: _adapter(kind).validate_python(getattr(row, name)) for name, kind in _NESTED.items()}
    # Composing again keeps the selection of a special edition, so its name is stored there.
    selection = (row.editorial_changes or {}).get("selection") or {}
    return Edition(key=row.key, **plain, **nested, name=selection.get("name", ""))
