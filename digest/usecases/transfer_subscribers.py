"""Import a list of subscribers into the store, and export the store's subscribers."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO

from digest.errors import ConfigurationError, DigestError
from digest.messages import Message, joined
from digest.models import Actor, SubscriberRecord
from digest.store.desk.audit import ActKind
from digest.store.people.import_undo import KEPT, UndoneImport
from digest.store.people.imports import ImportResult, ImportTerms
from digest.store.people.preferences import PreferenceStore
from digest.subscribers.imports.formats import PAUSABLE
from digest.subscribers.imports.mailchimp import ListBundle, extract_lists
from digest.subscribers.imports.reader import ListReading, read_list
from digest.subscribers.list_file import FILE_NAME
from digest.subscribers.typos import suggest
from digest.usecases.edit_subscribers import source_of
from digest.utils.files import replacing
from digest.utils.text import escape_formula

if TYPE_CHECKING:
    from digest.store.desk.audit import AuditLog
    from digest.store.people.subscribers import SubscriberAdmin
    from digest.subscribers.imports.rows import Incoming
    from digest.usecases.subscriber_list import SubscriberList

# Rows of a list that a report shows.
_SAMPLE = 5
# Mistyped addresses that a report names.
_MAX_MISTYPED = 50
# Rows in which ignored columns are looked at, values of each that are shown, and their characters.
_LOOKED_AT, _VALUES, _MAX_VALUE = 1000, 3, 40
# Columns of our own exports and rejected rows that say nothing about a subscriber.
_NOT_FIELDS = ("origin", "rejected file", "rejected line", "rejected because")

Rejected = tuple[int, str, str]
"""(line, address, reason) of a row that was not imported."""

# Wraps the rows as they are read, to show progress. The second argument returns the number of unreadable rows.
Counting = Callable[[Iterator["Incoming"], Callable[[], int]], Iterable["Incoming"]]


class ImportNotUndoable(DigestError):
    """What the import replaced is not in the store."""


class UndoChanged(DigestError):
    """The import would now be undone in another way than the plan showed."""


@dataclass(frozen=True, slots=True)
class ListMapping:
    """How to read a list: field → heading, and the values for absent fields."""

    # None detects it by the headings.
    format: str | None = None
    columns: Mapping[str, str] | None = None
    defaults: Mapping[str, str] | None = None
    # The day of rows that say weekly without one; '' rejects them.
    weekday: str = ""


@dataclass(frozen=True, slots=True)
class ListToImport:
    """A file of subscribers, and how to import it."""

    path: Path
    # The name of the import.
    origin: str
    mapping: ListMapping = ListMapping()
    # What to do with subscribers who were imported before.
    existing: Literal["update", "keep"] = "update"
    # The file's name for people; None is the path's.
    shown_name: str | None = None
    # Where and how the people agreed, for the consent log.
    consent: str = ""

    @property
    def name(self) -> str:
        return self.shown_name or self.path.name


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The result of an import, or of its dry run.

    `without` has the line, address and topic of rows that lost a topic which nobody can choose. `others` are files of
    the archive that are no lists.
    """

    origin: str
    lists: ListBundle
    done: ImportResult
    rejected: tuple[Rejected, ...]
    without: tuple[Rejected, ...]
    others: tuple[str, ...]
    # The first rows of the first list, as field → texts.
    sample: tuple[tuple[str, list[str]], ...]
    # The columns with values that no field is read from, with some of these values. Exports of other tools have many,
    # which are left out.
    unread: tuple[tuple[str, tuple[str, ...]], ...] = ()
    # The first addresses whose domain looks mistyped, each with what was probably meant. They are imported as they are.
    mistyped: tuple[tuple[str, str], ...] = ()


def shared_reasons(rejected: Iterable[Rejected], most: int) -> dict[str, int]:
    """Return the reasons that several rows share, such as the same unknown word, each with their number."""
    counted = Counter(reason for _line, _email, reason in rejected).most_common(most)
    return {reason: times for reason, times in counted if times > 1}


@dataclass(frozen=True)
class SubscriberTransfer:
    subscriber_list: SubscriberList
    subscriber_admin: SubscriberAdmin
    preferences: PreferenceStore
    audit: AuditLog
    topics: tuple[str, ...]
    editions: tuple[str, ...]
    now: Callable[[], datetime]

    def import_list(
        self,
        file: ListToImport,
        by: Actor,
        *,
        dry_run: bool = False,
        rejected_to: Path | None = None,
        counting: Counting = lambda rows, _unreadable: rows,
    ) -> ImportReport:
        """Import a file under a name: all of it, or nothing if it cannot be read. `dry_run` changes nothing.

        `rejected_to` gets the rejected rows with reasons. Raises ConfigurationError.
        """
        name = file.origin.strip()
        if not name or not name.isprintable():
            raise ConfigurationError.at("--origin", "expected a name on one line")
        rejections: list[Rejected] = []
        without: list[Rejected] = []
        mistyped: dict[str, str] = {}
        unreadable = 0

        def reject(line: int, email: str, reason: str) -> None:
            rejections.append((line, email, reason))

        def reject_unread(line: int, email: str, reason: str) -> None:
            nonlocal unreadable
            unreadable += 1
            reject(line, email, reason)

        def leave_out(line: int, email: str, topic: str) -> None:
            without.append((line, email, topic))

        def noting_typos(rows: Iterable[Incoming]) -> Iterator[Incoming]:
            for row in rows:
                meant = suggest(row.address) if len(mistyped) < _MAX_MISTYPED and not row.suppressed else None
                if meant:
                    mistyped[row.email] = meant
                yield row

        with extract_lists(file.path) as (files, others):
            # Subscribers of the list file stay in the file, so the store must know them before the import.
            self.subscriber_list.sync(may_be_empty=True)
            lists = ListBundle(tuple(self._reading(one, file.mapping) for one in files))
            done = self.subscriber_admin.imports.run(
                counting(noting_typos(lists.rows(reject_unread, leave_out)), lambda: unreadable),
                ImportTerms(name, f"import {name} of {file.name}", file.consent.strip(), file.existing == "update"),
                by,
                now=self.now(),
                rejected=reject,
                dry_run=dry_run,
                where=lists.describe_line,
            )
            rejections.sort()
            if rejected_to is not None:
                write_rejected(rejected_to, lists, rejections)
            sample, unread = _sample(lists.parts[0]), _unread(lists.parts[0])
        refused = {line for line, _email, _reason in rejections}
        kept = tuple(each for each in without if each[0] not in refused)
        unlisted = {email for _line, email, _reason in rejections}
        found = tuple((email, meant) for email, meant in mistyped.items() if email not in unlisted)
        return ImportReport(name, lists, done, tuple(rejections), kept, tuple(others), sample, unread, found)

    def plan_undo(self, act: int) -> UndoneImport:
        """Return what undoing the import would do. `act` is its number in the log. Raises ImportNotUndoable."""
        found = self.subscriber_admin.import_undo.plan(act)
        if found is None:
            raise _not_undoable(act)
        return found

    def undo_import(self, act: int, by: Actor, *, seen: str = "") -> UndoneImport:
        """Undo the changes of an import, except for people whose entry changed again since.

        `seen` is the mark of the plan that was shown. Raises UndoChanged if the plan has changed since, and
        ImportNotUndoable.
        """
        database, now = self.subscriber_admin.database, self.now()
        # Whoever is in the list file now belongs to it.
        self.subscriber_list.sync(may_be_empty=True)
        with database.transaction(area="subscriber"):
            done = self.subscriber_admin.import_undo.run(act, source=source_of(by, "undo-import"), now=now)
            if done is None:
                raise _not_undoable(act)
            if seen and seen != done.mark:
                raise UndoChanged("Meanwhile something has changed; nothing was undone. Look again.")
            removed, changed = len(done.removed), len(done.changed)
            detail = joined(
                "; ",
                Message("%(num)s taken off the list, %(changed)s changed back", num=removed, changed=changed),
                Message("%(num)s get mail again", num=len(done.mailed)) if done.mailed else "",
                Message("%(num)s stay as they are", num=len(done.kept)) if done.kept else "",
            )
            self.audit.record(by, ActKind.IMPORT_UNDONE, f"import {done.origin}", detail, now=now)
        return done

    def _reading(self, file: Path, mapping: ListMapping) -> ListReading:
        return read_list(
            file,
            format=mapping.format,
            mapping=mapping.columns,
            defaults=mapping.defaults,
            topics=self.topics,
            editions=self.editions,
            weekday=mapping.weekday,
        )

    def export_rows(
        self, kind: str, excluded: Counter[str], *, origin: str | None, suppressed: bool, only: Collection[str] | None
    ) -> Iterator[SubscriberRecord]:
        """Yield the subscribers who may be mailed, or the suppressed addresses.

        `only`: those with these comparable addresses. Counts in `excluded` who is left out, by reason. Sync the list
        file first. Raises ConfigurationError for an unknown origin.
        """
        admin = self.subscriber_admin
        known = [FILE_NAME, *admin.import_counts()]
        if origin is not None and origin not in known:
            raise ConfigurationError.at("--origin", f"there is no '{origin}'; known: {', '.join(known)}")
        if suppressed:
            records = admin.suppressed()
        else:
            records = admin.of_file() if origin == FILE_NAME else admin.subscribers(origin)
        if only is not None:
            records = (record for record in records if record.address in only)
        return self._rows(self._with_preferences(records), kind, excluded, suppressed=suppressed)

    def _with_preferences(self, records: Iterable[SubscriberRecord]) -> Iterator[SubscriberRecord]:
        """Yield subscribers with their own preferences applied, and the end of their own pause."""
        pauses, own = self.preferences.paused(self.now()), self.preferences.chosen()
        for row in records:
            fields: dict[str, Any] = dict(own.get(row.address, {}))
            if "topics" in fields:
                fields["topics"] = tuple(fields["topics"])
            if "hour" in fields:
                fields["hour"] = time.fromisoformat(fields["hour"]) if fields["hour"] else None
            until = pauses.get(row.address) if row.subscriber.status == "active" else None
            if until:
                fields["status"] = "paused"
            yield replace(row, subscriber=replace(row.subscriber, **fields), paused_until=until) if fields else row

    def _rows(
        self,
        records: Iterable[SubscriberRecord],
        kind: str,
        excluded: Counter[str],
        *,
        suppressed: bool,
    ) -> Iterator[SubscriberRecord]:
        for row in records:
            if row.suppressed and not suppressed:
                excluded["suppressed (--barred exports these)"] += 1
            elif row.subscriber.status != "active" and not suppressed and kind not in PAUSABLE:
                excluded[f"paused, which {kind} cannot express"] += 1
            else:
                yield row


def _not_undoable(act: int) -> ImportNotUndoable:
    return ImportNotUndoable(
        Message(
            "Entry %(num)s of the log is no import that can be undone: it is undone already, older than "
            "%(later_num)s days, or from an earlier version.",
            num=act,
            later_num=KEPT.days,
        )
    )


def _sample(part: ListReading) -> tuple[tuple[str, list[str]], ...]:
    rows = list(islice(part.file.rows(), _SAMPLE))
    return tuple((field, [str(row.cells.get(name, "")) for row in rows]) for field, name in part.columns.items())


def _unread(part: ListReading) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the ignored columns that have values in the first rows, with some of them."""
    names = [name for name in part.ignored if name.strip().lower() not in _NOT_FIELDS]
    if part.format not in ("csv", "jsonl") or not names:
        return ()
    values: dict[str, dict[str, None]] = {name: {} for name in names}
    for row in islice(part.file.rows(), _LOOKED_AT):
        for name in names:
            if text := str(row.cells.get(name.strip().lower()) or "").strip():
                values[name].setdefault(text[:_MAX_VALUE])
    return tuple((name, tuple(islice(found, _VALUES))) for name, found in values.items() if found)


def write_rejected(target: Path, lists: ListBundle, rejected: Iterable[Rejected]) -> None:
    """Write the rejected rows with line and reason, ready to be fixed and imported again."""
    reasons = {line: reason for line, _email, reason in rejected}
    with replacing(target) as file:
        _write_rejected(file, lists, reasons)


def _write_rejected(file: TextIO, lists: ListBundle, reasons: Mapping[int, str]) -> None:
    several = len(lists.parts) > 1
    out = csv.writer(file)
    out.writerow([*lists.headings, *(["rejected file"] if several else []), "rejected line", "rejected because"])
    for line, cells, reason in lists.original_rows(reasons):
        name, own = lists.locate(line)
        out.writerow([*map(escape_formula, cells), *([name] if several else []), own, escape_formula(reason)])
