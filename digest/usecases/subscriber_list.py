"""The list file of one newsletter and its copy in the store, which follows the file as long as the file is valid."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from digest.errors import ConfigProblem, ConfigurationError
from digest.subscribers import list_file
from digest.subscribers.includes import contents
from digest.subscribers.last_good import read_faulty
from digest.utils.files import real_path
from digest.utils.memory import gc_paused

if TYPE_CHECKING:
    from digest.store.people.subscribers import SubscriberAdmin, SubscriberStore


@dataclass(frozen=True, slots=True)
class EditedList:
    """The list as it will be with edits of its files, by their contents."""

    files: Mapping[Path, bytes]
    subscribers: list[list_file.ListedSubscriber]
    version: str


@dataclass(frozen=True)
class SubscriberList:
    """The list file of one newsletter, and its copy in the store."""

    path: Path
    # The topics and editions that a subscriber may choose.
    topics: tuple[str, ...]
    editions: tuple[str, ...]
    subscribers: SubscriberStore
    subscriber_admin: SubscriberAdmin
    now: Callable[[], datetime]
    # Whether a file with errors leaves the last valid list in use, instead of raising.
    keep_last_good: bool = False
    # Version of the file → its errors, for the version read last if it has errors and the last valid list is in use.
    _faulty: dict[str, tuple[ConfigProblem, ...]] = field(default_factory=dict, repr=False)

    # Version of the file that `faults` read last → its errors.
    _checked: dict[str, tuple[ConfigProblem, ...]] = field(default_factory=dict, repr=False)

    @property
    def problems(self) -> tuple[ConfigProblem, ...]:
        """The errors that keep the last valid list in use; empty if the file is valid."""
        # Another thread may change it meanwhile.
        return next(iter([*self._faulty.values()]), ())

    def read(
        self, *, may_be_empty: bool = False, edited: Mapping[Path, bytes] = {}
    ) -> list[list_file.ListedSubscriber]:
        """Return the subscribers of the file with their comparable addresses.

        An empty file is an error, unless an import brought subscribers or `may_be_empty` is set. Raises
        ConfigurationError with every error.
        """
        empty = may_be_empty or bool(self.subscriber_admin.import_counts())
        if self.keep_last_good:
            # A file that is empty for a moment, such as while it is replaced, must not remove everyone.
            empty = empty and not self.subscribers.of_list_file()
        return list_file.read_files(
            self.path, topics=self.topics, editions=self.editions, may_be_empty=empty, edited=edited
        )

    def faults(self) -> tuple[ConfigProblem, ...]:
        """Return the errors of the present file; empty if it is valid.

        Does not change the store. An unchanged file is not read again.
        """
        version = self._version()
        if self.subscribers.synced_version() == version:
            return ()
        if version not in self._checked:
            found: tuple[ConfigProblem, ...] = ()
            try:
                self.read()
            except ConfigurationError as error:
                found = tuple(error.problems)
            self._checked.clear()
            self._checked[version] = found
        return self._checked.get(version, ())

    def sync(self, *, may_be_empty: bool = False, reported: Collection[str] = ()) -> None:
        """Make the store's list equal to the file's.

        An unchanged file is not read again. Raises ConfigurationError with every error; the store then keeps its list.
        `reported` are addresses whose change has a webhook event of its own.

        With `keep_last_good` and an earlier valid list it does not raise: the store's list stays in use, without those
        whom the file clearly no longer lists, and `problems` has the errors.
        """
        version = self._version()
        synced = self.subscribers.synced_version()
        if synced == version:
            self._faulty.clear()
        elif version not in self._faulty:
            with gc_paused():
                try:
                    found = self.read(may_be_empty=may_be_empty)
                except ConfigurationError as error:
                    if not self.keep_last_good or synced is None:
                        raise
                    self._keep(version, error)
                else:
                    if self._store(found, version, reported):
                        self._faulty.clear()
                    else:
                        self.sync(may_be_empty=may_be_empty, reported=reported)

    def read_edited(self, edited: Mapping[Path, bytes]) -> EditedList:
        """Read the list as it will be when its files have these contents. Raises ConfigurationError."""
        files = {real_path(path): data for path, data in edited.items()}
        version = self._version(files)
        with gc_paused():
            return EditedList(files, self.read(may_be_empty=True, edited=files), version)

    def store_edited(self, edited: EditedList, reported: Collection[str]) -> bool:
        """Store the list before its edit is written. False if another of its files has changed since it was read."""
        stored = self._store(edited.subscribers, edited.version, reported, edited.files)
        if stored:
            self._faulty.clear()
        return stored

    def _version(self, edited: Mapping[Path, bytes] = {}) -> str:
        return list_file.version(contents(self.path, edited), self.topics, self.editions)

    def _store(
        self,
        found: list[list_file.ListedSubscriber],
        version: str,
        reported: Collection[str],
        edited: Mapping[Path, bytes] = {},
    ) -> bool:
        """Store the list that was read. False if the file has changed since: another process may have stored the newer
        list.
        """
        database = self.subscribers.database
        with database.transaction(), database.write(area="subscriber"):
            if self._version(edited) != version:
                return False
            self.subscribers.sync(found, now=self.now(), version=version, reported=reported)
            return True

    def _keep(self, version: str, error: ConfigurationError) -> None:
        """Keep the last valid list in use, without the people whom the file no longer lists."""
        faulty = read_faulty(self.path)
        # The file may still have the old address of somebody who changed it.
        former = {new: old for old, new in self.subscribers.moved().items() if old in faulty.named}
        listed = {former.get(address, address): name for address, name in self.subscribers.of_list_file().items()}
        removed = faulty.removed(listed)
        self.subscribers.suspend(removed, paused=faulty.paused, now=self.now())
        self._faulty.clear()
        self._faulty[version] = tuple(error.problems)
