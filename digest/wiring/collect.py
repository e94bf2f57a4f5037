"""Reading the sources."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from digest.models import Source
from digest.wiring.store import StoreWiring

if TYPE_CHECKING:
    from digest.collect.http.fetch import Fetcher
    from digest.collect.http.robots import Robots
    from digest.collect.pages.fulltext_fetch import FulltextCache
    from digest.collect.source_reader import CollectContext


class CollectWiring(StoreWiring):
    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """The sources that are collected: those that are not paused."""
        return tuple(source.to_source() for source in self.settings.sources if not source.paused)

    @cached_property
    def all_sources(self) -> tuple[Source, ...]:
        """The sources whose articles editions may have, including paused ones."""
        return tuple(source.to_source() for source in self.settings.sources)

    @cached_property
    def fetcher(self) -> Fetcher:
        from digest.collect.http.fetch import Fetcher

        return Fetcher(contact=self._contact)

    @cached_property
    def _quick_fetcher(self) -> Fetcher:
        """Fetches the pictures and blocks of an edition, with shorter timeouts than `fetcher`."""
        from digest.collect.http.fetch import Fetcher, FetchLimits
        from digest.collect.http.politeness import HostLimiter
        from digest.render.pictures import MAX_BYTES

        limits = FetchLimits(connect=5.0, read=10.0, total=20.0, body=MAX_BYTES)
        # All pictures of a newspaper come from one host, so more connections are allowed, as a browser would open.
        limiter = HostLimiter(max_connections=4, min_interval=0.1)
        return Fetcher(limits, contact=self._contact, limiter=limiter)

    @property
    def _contact(self) -> str:
        newsletter = self.settings.newsletter
        return newsletter.base_url or (f"mailto:{newsletter.reply_to}" if newsletter.reply_to else "")

    @cached_property
    def robots(self) -> Robots:
        """The robots.txt rules of sites, cached for this process."""
        from digest.collect.http.robots import Robots

        return Robots(self.fetcher)

    @cached_property
    def fulltext_cache(self) -> FulltextCache:
        """Articles that this process has completed from their pages."""
        from digest.collect.pages.fulltext_fetch import FulltextCache

        return FulltextCache()

    def collect_context(self) -> CollectContext:
        """Return the collaborators and options of reading sources, with the current time."""
        from digest.collect.source_reader import CollectContext

        return CollectContext(
            self.fetcher,
            self.now(),
            self.home,
            language=self.settings.newsletter.language,
            robots=self.robots,
            fulltext_cache=self.fulltext_cache,
            article_store=self.articles,
            secret=self.source_secret,
        )

    def source_secret(self, variable: str) -> str:
        """Return the key of a source. Raises ConfigurationError."""
        return self.secret(variable, "sources.auth.env")
