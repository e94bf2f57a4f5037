"""Work on the store as a whole."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from digest.wiring.store import Stores

if TYPE_CHECKING:
    from digest.usecases.copy_store import StoreCopier
    from digest.usecases.prune_store import StorePruner
    from digest.usecases.restore_store import StoreRestorer


class Maintenance(Stores):
    @cached_property
    def pruner(self) -> StorePruner:
        from digest.usecases.prune_store import StorePruner

        settings = self.settings
        return StorePruner(
            database=self.database,
            events=self.events,
            keep_articles=settings.keep_articles,
            keep_deliveries=settings.store.keep.deliveries,
            keep_payloads=settings.web.webhooks.keep,
            words=self.words,
            keep_words=settings.store.keep.words,
            now=self.now,
        )

    @cached_property
    def restorer(self) -> StoreRestorer:
        """Does not open the store, which may be unreadable."""
        from digest.usecases.restore_store import StoreRestorer

        return StoreRestorer(self.settings.store.url, self.home, self.now)

    @property
    def store_copier(self) -> StoreCopier:
        """Opens the stores that it is given, not this app's."""
        from digest.usecases.copy_store import StoreCopier

        return StoreCopier(self.home)
