"""The log of acts: who, what, when and to what. Rows are only added."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    collate,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    tuple_,
    update,
)

from digest.messages import Message
from digest.models import Actor, EditionState
from digest.store import outgoing_webhooks
from digest.store.database import StorePart
from digest.store.desk.acting import actor
from digest.store.schema import Moment, audit
from digest.store.statements import distinct_texts


class ActKind(StrEnum):
    """What somebody did, besides moving an edition to a state."""

    # Stories, and the texts of an edition.
    PINNED = "pinned"
    ADDED = "added"
    UNPINNED = "unpinned"
    DROPPED = "dropped"
    # A story takes the place of a removed one.
    CAME_IN = "came in"
    SPLIT_OFF = "split off"
    MERGED = "merged"
    LET_IN_AGAIN = "let in again"
    MOVED = "moved"
    TEXTS = "texts"
    STORY_TEXT = "story text"
    # Somebody replaced texts that somebody else had saved meanwhile.
    NEWER_TEXT_REPLACED = "newer text replaced"
    # Somebody accepted the text that replaced their own.
    NEWER_TEXT_KEPT = "newer text kept"
    TEXTS_TAKEN_OVER = "texts taken over"
    REFUSED_SUMMARY_TAKEN = "refused summary taken"
    UNDONE = "undone"
    SEEN = "seen"
    PICTURE = "picture"
    BLOCK_LEFT_OUT = "block left out"
    BLOCK_TAKEN_BACK = "block taken back"
    BLOCK_TEXT = "block text"
    # Editions.
    COMPOSED = "composed"
    COMPOSED_AGAIN = "composed again"
    SPECIAL_COMPOSED = "special composed"
    # An approval ended with a change. The detail is the name of the approver.
    APPROVAL_VOID = "approval void"
    RESUMED = "resumed"
    REOPENED = "reopened"
    SENDING_BEGAN = "sending began"
    SENT = "sent"
    CORRECTED = "corrected"
    TEST_SENT = "test sent"
    SENT_TO_NEWCOMERS = "sent to newcomers"
    # Subscribers.
    SUBSCRIBER_ADDED = "subscriber added"
    SUBSCRIBER_CHANGED = "subscriber changed"
    SUBSCRIBER_REMOVED = "subscriber removed"
    ADDRESS_CHANGED = "subscriber's address changed"
    NOMINATED = "subscriber nominated somebody"
    SUBSCRIBER_PAUSED = "subscriber paused"
    PAUSE_ENDED = "pause ended"
    SUPPRESSED = "suppressed"
    SUPPRESSION_LIFTED = "suppression lifted"
    SUBSCRIBER_ERASED = "subscriber erased"
    DATA_GIVEN_OUT = "data given out"
    SUBSCRIBERS_IMPORTED = "subscribers imported"
    SUBSCRIBERS_EXPORTED = "subscribers exported"
    IMPORT_REMOVED = "import removed"
    IMPORT_UNDONE = "import undone"
    MANY_CHANGED = "many changed"
    MANY_PAUSED = "many paused"
    MANY_PAUSES_ENDED = "many pauses ended"
    MANY_LIFTED = "many lifted"
    MANY_SUPPRESSED = "many suppressed"
    SEGMENT_SAVED = "segment saved"
    SEGMENT_DROPPED = "segment dropped"
    BREACH_LETTER = "breach"
    # Sources, settings and webhooks.
    SOURCE_ADDED = "source added"
    SOURCE_CHANGED = "source changed"
    SOURCE_PAUSED = "source paused"
    SOURCE_RESUMED = "source resumed"
    SOURCE_REMOVED = "source removed"
    SETTING_CHANGED = "setting changed"
    WEBHOOK_AGAIN = "webhook again"
    # Users of the desk.
    USER_ADDED = "user added"
    USER_EMAIL = "email"
    USER_ROLE = "role"
    USER_REMOVED = "user removed"
    SESSIONS_ENDED = "sessions ended"
    LINK_MADE = "link made"
    LINK_USED = "link used"
    SIGNED_IN = "signed in"
    SIGNED_OUT = "signed out"
    SIGN_IN_REFUSED = "sign-in refused"
    PASSKEY_ADDED = "passkey added"
    PASSKEY_REMOVED = "passkey removed"
    TOKEN_MADE = "token made"  # noqa: S105
    TOKEN_REVOKED = "token revoked"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Act:
    """One row of the log. `before` and `after` are an edition's editorial changes, if it changed them."""

    id: int
    at: datetime
    who: str
    via: str
    # An `ActKind` or an `EditionState`.
    what: str
    subject: str
    detail: str
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which acts to find. Empty values match all.

    Each word of `text` is in the subject or the details, as people read them. What is found too: acts by the names
    `people`, acts of the kinds `kinds`, and acts on the `subjects`. `since` and `until` are moments; `until` is not
    included.
    """

    text: str = ""
    # Word of `text` → messages whose translation has it.
    messages: Mapping[str, Sequence[str]] = field(default_factory=dict)
    people: Sequence[str] = ()
    kinds: Sequence[str] = ()
    subjects: Sequence[str] = ()
    who: str = ""
    what: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None


# The most rows in which one page looks for a text, and the most that it translates for that.
_SPAN, _READ = 25_000, 2_500
# The most messages with a word for which the store looks.
_MOST_MESSAGES = 40
_COLUMNS = [column for column in audit.c if column.name not in ("before", "after")]
_ORDER = (audit.c.at.desc(), audit.c.id.desc())


class AuditLog(StorePart):
    def record(
        self, actor: Actor, what: ActKind | EditionState, subject: str, detail: str = "", *, now: datetime
    ) -> None:
        with self.database.write() as connection:
            add(connection, actor, what, subject, detail, now=now)

    def newest(self, limit: int | None, *, subject: str | None = None, after: int | None = None) -> list[Act]:
        """Return acts, newest first. They can be limited to one subject, and to acts after a given one."""
        rows = select(*_COLUMNS).order_by(audit.c.id.desc()).limit(limit)
        if subject is not None:
            rows = rows.where(audit.c.subject == subject)
        if after is not None:
            rows = rows.where(audit.c.id > after)
        return [Act(**row._mapping) for row in self.database.query(rows)]

    def search(
        self, wanted: LogFilter, limit: int, before: int | None = None, *, shown: Callable[[Act], str] = str
    ) -> tuple[list[Act], int | None]:
        """Return a page of acts, the newest first, and the number of the act that the next page starts `before`.

        `shown` returns the subject and the details of an act as the page shows them. A page that is not full may have a
        next one: a text is looked for in `_SPAN` rows at a time.
        """
        matching = self._conditions(wanted)
        with self.database.read() as connection:
            if before is not None:
                at = connection.execute(select(audit.c.at).where(audit.c.id == before)).scalar()
                matching.append(tuple_(audit.c.at, audit.c.id) < tuple_(literal(at, Moment), before))
            rows = select(*_COLUMNS).order_by(*_ORDER)
            if not wanted.text:
                found = [Act(**row._mapping) for row in connection.execute(rows.where(*matching).limit(limit + 1))]
                return found[:limit], found[limit - 1].id if len(found) > limit else None
            last = select(audit.c.at, audit.c.id).where(*matching).order_by(*_ORDER).offset(_SPAN - 1).limit(1)
            if (end := connection.execute(last).first()) is not None:
                matching.append(tuple_(audit.c.at, audit.c.id) >= tuple_(literal(end.at, Moment), end.id))
            rows = rows.where(self._may_have_text(wanted), *matching).limit(_READ)
            read = [Act(**row._mapping) for row in connection.execute(rows)]
        found = []
        for act in read:
            if not _has_text(act, wanted, shown):
                continue
            if len(found) == limit:
                return found, found[-1].id
            found.append(act)
        if len(read) == _READ:
            return found, read[-1].id
        return found, end.id if end else None

    @staticmethod
    def _conditions(wanted: LogFilter) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if wanted.who:
            found.append(audit.c.who == wanted.who)
        if wanted.what:
            found.append(audit.c.what == wanted.what)
        if wanted.subject:
            found.append(audit.c.subject == wanted.subject)
        if wanted.since:
            found.append(audit.c.at >= wanted.since)
        if wanted.until:
            found.append(audit.c.at < wanted.until)
        return found

    def _may_have_text(self, wanted: LogFilter) -> ColumnElement[bool]:
        """Return a condition that holds for all acts with the text, and for some others.

        A message is stored as JSON with its id and its values: the names in it match too, and translations do not.
        """
        # One text is searched faster than two.
        text: ColumnElement[str] = audit.c.subject + "\n" + audit.c.detail
        if not self.database.sqlite:
            # SQLite's LIKE ignores the case of ASCII anyway. PostgreSQL is slow with letters of a locale.
            text = func.lower(collate(text, "C"))
        words = []
        for word in wanted.text.lower().split():
            messages = wanted.messages.get(word, ())
            # So many messages are in most acts.
            if len(messages) <= _MOST_MESSAGES:
                words.append(or_(*(_contains(text, each.lower()) for each in (word, *messages))))
        lists = ((audit.c.who, wanted.people), (audit.c.what, wanted.kinds), (audit.c.subject, wanted.subjects))
        return or_(and_(true(), *words), *(column.in_(values) for column, values in lists if values))

    def several(self, ids: Collection[int]) -> list[Act]:
        """Return the acts with these numbers, the newest first."""
        rows = select(*_COLUMNS).where(audit.c.id.in_(ids)).order_by(*_ORDER)
        return [Act(**row._mapping) for row in self.database.query(rows)]

    def names(self) -> list[str]:
        """Return everybody who did something, by name."""
        return distinct_texts(self.database, audit.c.who)

    def kinds(self) -> list[str]:
        return distinct_texts(self.database, audit.c.what)

    def last_change(self, edition: str) -> Act | None:
        """Return the last act that changed the content of an edition."""
        return next(iter(self.changes(edition, limit=1)), None)

    def changes(self, edition: str, *, limit: int) -> list[Act]:
        """Return the last acts that changed the content of an edition, newest first."""
        of_edition = (audit.c.subject == edition) & audit.c.before.is_not(None)
        rows = select(audit).where(of_edition).order_by(audit.c.id.desc()).limit(limit)
        return [Act(**row._mapping) for row in self.database.query(rows)]

    def is_done_by_others(self, subject: str, what: ActKind, who: str) -> bool:
        """Whether somebody other than `who` did this act to a subject."""
        done = (audit.c.subject == subject) & (audit.c.what == what) & (audit.c.who != who)
        return self.database.query(select(audit.c.id).where(done).limit(1)).first() is not None

    def details(self, subject: str, what: ActKind, who: str) -> set[str]:
        """Return the details of each time that `who` did this to a subject."""
        done = (audit.c.subject == subject) & (audit.c.what == what) & (audit.c.who == who)
        return set(self.database.query(select(audit.c.detail).where(done)).scalars())


def _has_text(act: Act, wanted: LogFilter, shown: Callable[[Act], str]) -> bool:
    """Whether an act matches a search. The English sentence counts as the one of the page does."""
    if act.who in wanted.people or act.what in wanted.kinds or act.subject in wanted.subjects:
        return True
    text = f"{act.subject} {act.detail} {shown(act)}".lower()
    return all(word in text for word in wanted.text.lower().split())


def _contains(text: ColumnElement[str], word: str) -> ColumnElement[bool]:
    """Return the condition that a text of the store has a word, also in a message, which is JSON."""
    spellings = {word, json.dumps(word, ensure_ascii=False)[1:-1]}
    return or_(*(text.contains(each, autoescape=True) for each in sorted(spellings)))


def add(
    connection: Connection,
    actor: Actor,
    what: ActKind | EditionState,
    subject: str,
    detail: str = "",
    *,
    now: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> int:
    """Add a row in the caller's transaction, and return its number."""
    values = {"at": now, "who": actor.name, "via": actor.via, "what": what, "subject": subject, "detail": detail}
    done = connection.execute(insert(audit).values({**values, "before": before, "after": after}))
    key = done.inserted_primary_key
    return int(key[0]) if key else 0


def set_detail(connection: Connection, id: int, detail: str) -> None:
    """Complete a row that this transaction added."""
    connection.execute(update(audit).where(audit.c.id == id).values(detail=detail))


_EVENTS = {
    EditionState.APPROVED: "edition.approved",
    EditionState.SENDING: "edition.sending",
    EditionState.DONE: "edition.sent",
    EditionState.PAUSED: "edition.paused",
    EditionState.CANCELLED: "edition.cancelled",
    EditionState.SKIPPED: "edition.skipped",
    EditionState.EXPIRED: "edition.expired",
}
# Decisions such as an approval are in the log already, with the revision and the reason.
_LOGGED: Mapping[EditionState, ActKind | EditionState] = {
    EditionState.SENDING: ActKind.SENDING_BEGAN,
    EditionState.DONE: ActKind.SENT,
    EditionState.SKIPPED: EditionState.SKIPPED,
    EditionState.EXPIRED: EditionState.EXPIRED,
}


def edition_reached(connection: Connection, key: str, state: EditionState) -> None:
    """Record that an edition reached a state, in the transaction that brings it there."""
    now = outgoing_webhooks.clock_of(connection)
    if (type := _EVENTS.get(state)) is not None:
        outgoing_webhooks.add(connection, type, {"edition": key}, now)
    if (what := _LOGGED.get(state)) is not None:
        add(connection, actor(), what, key, now=now)


def edition_composed(connection: Connection, key: str, stories: int) -> None:
    """Record that an edition was composed for the first time."""
    now = outgoing_webhooks.clock_of(connection)
    outgoing_webhooks.add(connection, "edition.composed", {"edition": key, "stories": stories}, now)
    detail = Message("%(num)s story", num=1) if stories == 1 else Message("%(num)s stories", num=stories)
    add(connection, actor(), ActKind.COMPOSED, key, detail, now=now)


def composed_again(connection: Connection, key: str) -> None:
    """Record that a draft was composed again and has other content."""
    add(connection, actor(), ActKind.COMPOSED_AGAIN, key, now=outgoing_webhooks.clock_of(connection))
