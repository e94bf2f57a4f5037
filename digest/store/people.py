"""What the store knows of readers as persons, behind one door: the roster, consent, erasing, the story of one."""

from __future__ import annotations

from functools import cached_property

from digest.store.consent import ConsentLog
from digest.store.database import Database
from digest.store.erasing import Erasures
from digest.store.history import Histories
from digest.store.importing import ListImport
from digest.store.roster import Roster


class People:
    """Over an open store; each part is made when first asked for."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @cached_property
    def roster(self) -> Roster:
        return Roster(self.database)

    @cached_property
    def consents(self) -> ConsentLog:
        return ConsentLog(self.database)

    @cached_property
    def erasures(self) -> Erasures:
        return Erasures(self.database)

    @cached_property
    def histories(self) -> Histories:
        return Histories(self.database, self.erasures)

    @cached_property
    def imports(self) -> ListImport:
        return ListImport(self.database, self.erasures)
