"""Move the store between SQLite and PostgreSQL, so that only one of the two sends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from digest.errors import AlreadyRunning, ConfigurationError, StoreError
from digest.store import copies
from digest.store.copy_tables import CopiedTable, Report, copy_tables, first_used_table, lock_tables, mark_moved
from digest.store.database import Database, open_database, sqlite_file, unopened
from digest.store.high_water import HighWaterMark, StoreIdentity, mark_file, read_identity
from digest.store.locks import exclusive

_LOCK_WAIT = 1.0


@dataclass(frozen=True, slots=True)
class CopyResult:
    # Names without passwords.
    source: str
    target: str
    tables: list[CopiedTable]


@dataclass(frozen=True)
class StoreCopier:
    """Copies a store of the newsletter in the folder `home`."""

    home: Path

    def copy(self, source_url: str, target_url: str, report: Report = lambda _what, _done, _total: None) -> CopyResult:
        """Copy everything, compare both stores, and make the source refuse every later send.

        The source refuses before the copy is complete, so at no moment can both send. If the process dies in between,
        run the same copy again. Raises ConfigurationError for unusable URLs or a target with rows, AlreadyRunning while
        another process uses the source, and StoreError.
        """
        self._refuse_missing_file(source_url)
        # An unusable URL must be found before anything else happens.
        unopened(target_url, home=self.home).close()
        with ExitStack() as stack:
            source = stack.enter_context(self._source(source_url))
            identity = read_identity(source)
            target = stack.enter_context(closing(open_database(target_url, home=self.home)))
            if source.engine.url == target.engine.url:
                raise ConfigurationError.at(target.name, "is the store itself; name another one")
            _check(source, identity, target)
            file = mark_file(target, self.home)
            mark = file.read()
            if mark is not None and mark.store == identity.store and mark.claims > identity.claims:
                raise StoreError(
                    f"{source.name} is older than the store that was sent from as {target.name} "
                    f"({file.path.name}); nothing was copied"
                )
            # The source is committed first.
            with target.write() as into, source.write() as out:
                lock_tables(out)
                tables = copy_tables(out, into, report)
                mark_moved(out, target.name)
            file.replace(HighWaterMark(identity.store, identity.claims))
        return CopyResult(source.name, target.name, tables)

    def _refuse_missing_file(self, url: str) -> None:
        """Refuse a missing file: opening the store would create it."""
        with suppress(ArgumentError):
            parsed = make_url(url)
            file = self.home / (parsed.database or "")
            if parsed.drivername == "sqlite" and not file.exists():
                raise ConfigurationError.at(str(file), "does not exist; name the store to copy")
            if parsed.drivername == "sqlite" and file.is_dir():
                raise ConfigurationError.at(str(file), "is a folder; name the store's file in it, such as digest.db")

    @contextmanager
    def _source(self, url: str) -> Iterator[Database]:
        """Yield the store to copy, locked against senders."""
        with closing(unopened(url, home=self.home)) as unused:
            path = sqlite_file(unused) if unused.sqlite else None
        # What `digest web` wrote into it afterwards would be lost.
        if path and not copies.detach(path):
            raise StoreError(f"{path}: can't be read as a store; restore a backup first (`digest store restore`)")
        with closing(open_database(url, home=self.home)) as database, ExitStack() as held:
            for work in ("sending", "running the schedule"):
                try:
                    held.enter_context(exclusive(database, work, wait=_LOCK_WAIT))
                except AlreadyRunning:
                    busy = (
                        f"another digest process is {work}; stop `digest run`, `digest worker` and `digest web` first"
                    )
                    raise AlreadyRunning(busy) from None
            yield database


def _check(source: Database, identity: StoreIdentity, target: Database) -> None:
    if identity.moved_to not in (None, target.name):
        raise StoreError(
            f"store {source.name} was copied to {identity.moved_to} already, which may have sent since; copy that one"
        )
    if used := first_used_table(target):
        raise ConfigurationError.at(target.name, f"is not empty (table {used}); name a new file or an empty database")
