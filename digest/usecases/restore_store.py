"""Restore the store from a copy, so that nobody gets an edition twice and nobody is left out unnoticed."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import delete

from digest.errors import AlreadyRunning, ConfigurationError, StoreError
from digest.store import copies, meta
from digest.store.database import STORE_ID, Database, open_database, sqlite_file, unopened
from digest.store.high_water import (
    CLAIMS,
    COPIED_AT,
    MOVED_TO,
    HighWater,
    HighWaterMark,
    MarkFile,
    StoreIdentity,
    mark_file,
    read_identity,
)
from digest.store.locks import Lock, exclusive
from digest.store.people.carry_over import CarryOverResult, carry_over, reserve_ids
from digest.store.schema import desk_link, desk_session
from digest.store.schema import meta as values
from digest.store.sending import restored
from digest.store.sending.recovery import live_runs
from digest.store.sending.restored import HeldEdition, RestoredStore, SentSince, take_over_sends
from digest.store.workers import WorkerStore
from digest.utils.files import real_path

_LOCK_WAIT = 1.0
_BUSY = "; stop it before you restore the store"


@dataclass(frozen=True)
class RestoreResult:
    # When the copy was made, or the latest time in it.
    copied_at: datetime
    # Counts of recipients who may have been sent to since, and are unknown now.
    held: list[HeldEdition]
    # Editions without recipients in the store that may have been sent since.
    doubtful: list[str]
    # Where the replaced store is kept.
    kept: Path | None = None
    # Changes by people since the copy; None if the replaced store could not be read.
    carried: CarryOverResult | None = None
    # Editions that the replaced store had sent since the copy. They were taken over, so none of them is unknown. None
    # if that store could not tell: then every edition up to the day of the restore may have been sent, and special
    # editions until `specials_until`.
    sent: list[SentSince] | None = None
    specials_until: date | None = None
    # Editions that were composed, changed or approved since the copy, and not sent. The copy has nothing of them. None
    # if the replaced store could not be read.
    left_behind: list[str] | None = None


@dataclass(frozen=True)
class StoreRestorer:
    """Puts copies in the place of the store at `url`."""

    url: str
    home: Path
    now: Callable[[], datetime]

    def restore(self, file: Path) -> RestoreResult:
        """Put the copy in `file` in the store's place. The present store is kept next to it.

        The copy is changed before it is put in place, so no send ever sees its original state. Raises
        ConfigurationError for PostgreSQL, AlreadyRunning while another process uses the store, and StoreError for an
        unusable copy.
        """
        now = self.now()
        with ExitStack() as stack:
            target = stack.enter_context(closing(unopened(self.url, home=self.home)))
            if not target.sqlite:
                steps = "restore the dump with pg_restore, then run `digest store restore --in-place`"
                raise ConfigurationError.at(str(file), f"the store is PostgreSQL: {steps}")
            store = sqlite_file(target)
            if real_path(file) == store:
                problem = "is the store itself; `--in-place` restores a copy that is in place already"
                raise ConfigurationError.at(str(file), problem)
            part = stack.enter_context(copies.working_copy(file, store))
            for work in ("sending", "delivering"):
                stack.enter_context(_alone(target, work))
            readable = copies.detach(store)
            with closing(open_database(f"sqlite:///{part}", home=self.home)) as copy:
                file_of_mark = mark_file(target, self.home)
                carried, sent, left = (
                    self._carry_over(store, copy, file_of_mark, now) if readable else (None, None, None)
                )
                result = self._hold(copy, file_of_mark, now, sent, reserve=carried is None)
                mark = read_identity(copy)
            copies.complete(part)
            kept = copies.free_name(store, now)
            present = store.exists()
            copies.replace(store, part, kept)
            file_of_mark.replace(HighWaterMark(mark.store, mark.claims))
        return replace(result, kept=kept if present else None, carried=carried, left_behind=left)

    def restore_in_place(self) -> RestoreResult:
        """Treat the present store as a copy that other means, such as pg_restore, put in place.

        Raises AlreadyRunning while another process sends, and while a worker runs.
        """
        now = self.now()
        with closing(open_database(self.url, home=self.home)) as database, _alone(database, "sending"):
            if alive := [each for each in WorkerStore(database).all() if each.is_alive]:
                raise AlreadyRunning(f"a worker runs on {alive[0].host}{_BUSY}")
            if live_runs(database):
                raise AlreadyRunning(f"another digest process is delivering{_BUSY}")
            file = mark_file(database, self.home)
            result = self._hold(database, file, now, None, reserve=True)
            found = read_identity(database)
            file.replace(HighWaterMark(found.store, found.claims))
        return result

    def _carry_over(
        self, store: Path, copy: Database, file: MarkFile, now: datetime
    ) -> tuple[CarryOverResult | None, list[SentSince] | None, list[str] | None]:
        """Carry over people's changes, and the sends since the copy, into the copy. Return both, and what was left
        behind.

        All are None if the present store is a different one, or cannot be read.
        """
        try:
            with closing(open_database(f"sqlite:///{store}", home=self.home)) as newer:
                ids = read_identity(newer).store, read_identity(copy).store
                if ids[1] not in ("", ids[0]):
                    return None, None, None
                # Before anything is changed. Stores of 0.1.0 have no id.
                sent = _sent_since(newer, copy, file) if ids[1] else None
                found = carry_over(newer, copy, now=now)
                if sent is not None:
                    copied_at = _copied_at(read_identity(copy), copy, now)
                    with newer.read() as source, copy.write() as target:
                        take_over_sends(source, target, [each.edition for each in sent], copied_at)
                with newer.read() as source, copy.read() as target:
                    left = restored.left_behind(source, target)
            copies.complete(store)
        except StoreError:
            return None, None, None
        return found, sent, left

    def _hold(
        self, database: Database, file: MarkFile, now: datetime, sent: list[SentSince] | None, *, reserve: bool
    ) -> RestoreResult:
        """Make everything unknown that may have been sent since the copy, in one transaction. Does nothing if `sent` is
        known.
        """
        try:
            mark = file.read()
        except StoreError:
            # The mark file is damaged. It is written again below.
            mark = None
        identity = read_identity(database)
        copied_at = _copied_at(identity, database, now)
        with database.write(area="meta") as connection:
            about = RestoredStore(copied_at.astimezone(now.tzinfo), now, now.date())
            held: list[HeldEdition] = []
            doubtful: list[str] = []
            if sent is None:
                held = restored.hold_unsettled(connection, about)
                doubtful = restored.doubtful_unsent(connection, about.copied_at.date())
            if reserve:
                reserve_ids(connection, now)
            # Higher than every number that was claimed since. So the same copy is noticed if it is put in place again.
            claims = max(identity.claims, mark.claims if mark else 0) + 1
            meta.put(connection, CLAIMS, str(claims))
            meta.put(connection, STORE_ID, identity.store or secrets.token_hex(16))
            connection.execute(delete(values).where(values.c.name.in_((COPIED_AT, MOVED_TO))))
            if identity.copied_at:
                # The copy was made before it was marked as one.
                meta.put_backup_time(connection, identity.copied_at)
            # A session that was ended since the copy must not come back.
            connection.execute(delete(desk_session))
            # A link that was used since the copy would work again.
            connection.execute(delete(desk_link))
        return RestoreResult(copied_at, held, doubtful, sent=sent, specials_until=about.day + restored.SPECIALS)


def _copied_at(identity: StoreIdentity, copy: Database, now: datetime) -> datetime:
    with copy.read() as connection:
        return identity.copied_at or restored.last_activity(connection) or now.astimezone(UTC)


def _sent_since(newer: Database, copy: Database, file: MarkFile) -> list[SentSince] | None:
    """Return the sends of the present store since the copy; None if the store may itself be an older copy.

    Without its mark file, it may be.
    """
    if HighWater(newer, file).problem() or file.read() is None:
        return None
    with newer.read() as present, copy.read() as known:
        return restored.sent_since(present, known)


def _alone(database: Database, work: str) -> AbstractContextManager[Lock]:
    return exclusive(database, work, wait=_LOCK_WAIT)
