"""From articles to an edition."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from digest.wiring.collect import CollectWiring
from digest.wiring.folder import PlanningWiring
from digest.wiring.render import RenderWiring

if TYPE_CHECKING:
    from collections.abc import Mapping

    from digest.curate.rules import Rules
    from digest.curate.summary.types import Summariser
    from digest.usecases.breaking import BreakingNews
    from digest.usecases.clicks import ClickCounter
    from digest.usecases.compose import Composer
    from digest.usecases.edit_edition import EditionEditor
    from digest.usecases.reengage import Reengagement
    from digest.usecases.sponsors import SponsorBook, SponsorReporter


class CurateWiring(CollectWiring, RenderWiring, PlanningWiring):
    @cached_property
    def rules(self) -> Rules:
        from digest.curate.recurring_kinds import RecurringPolicy
        from digest.curate.rules import Rules
        from digest.curate.section_names import translated_sections

        edition, called = self.settings.edition, translated_sections(self.settings.newsletter.language)
        return Rules(
            max_stories=edition.max_stories,
            min_stories=edition.min_stories,
            # The words of importance are Hindi.
            min_score=edition.min_score if self.settings.newsletter.language == "hi" else 0.0,
            window=edition.window,
            merge=edition.merge,
            related=edition.related,
            same_source=edition.same_source,
            sections=tuple(called.get(name, name) for name in edition.sections),
            called=called,
            per_section_max=edition.per_section,
            quotas=edition.quotas,
            recurring={kind: RecurringPolicy(name) for kind, name in edition.recurring.items()},
            block=edition.block,
            boost=edition.boost,
            importance=edition.importance,
            memory=edition.memory,
            language=self.settings.newsletter.language,
            timezone=self.settings.newsletter.timezone,
        )

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics that a subscriber may choose."""
        from digest.usecases.topics import topics_of

        return topics_of(self.settings)

    @cached_property
    def summariser(self) -> Summariser:
        """Raises ConfigurationError if the API key of the summary engine is missing."""
        from digest.curate import summary

        chosen = self.settings.summary
        kind = summary.load(chosen.engine)
        if chosen.engine == "extractive":
            summariser: Summariser = kind(self.settings.newsletter.language, chosen.words)
        else:
            key = self.secret(chosen.key_env, "summary.key_env") if chosen.key_env else ""
            timeout = chosen.timeout.total_seconds()
            summariser = kind(chosen.url, chosen.model, key=key, timeout=timeout, words=chosen.words)
        return summariser

    @cached_property
    def composer(self) -> Composer:
        from digest.collect.collector import collect
        from digest.curate.summary.metered import ModelTasks
        from digest.usecases.blocks import BlockReader
        from digest.usecases.compose import Composer
        from digest.usecases.fetch_fulltext import FulltextFetcher
        from digest.usecases.pictures import PicturePreparer

        return Composer(
            sources=self.all_sources,
            articles=self.articles,
            editions=self.editions,
            sent_history=self.sent_history,
            rules=self.rules,
            summariser=self.summariser,
            model_tasks=ModelTasks(
                budget=self.settings.summary.budget,
                headlines=self.settings.summary.headlines,
                intro=self.settings.summary.intro,
            ),
            fulltext=FulltextFetcher(self.sources, self.articles, self.collect_context),
            blocks=BlockReader(
                folder=self.home / self.settings.blocks.folder,
                urls=self.settings.blocks.urls,
                may_be_private=self.settings.blocks.private,
                fetcher=self._quick_fetcher,
                has_pages=bool(self.settings.newsletter.base_url),
                editions=self.editions,
                sponsors=self.sponsors,
            ),
            pictures=PicturePreparer(self.branding.theme, self.articles.images, self._quick_fetcher, self.all_sources),
            collect=lambda on_source: collect(self.sources, self.collect_context(), self.articles, progress=on_source),
            language=self.settings.newsletter.language,
            zone=self.settings.newsletter.zone,
            calendar=self.calendar_reader.read,
            now=self.now,
            interest=self._section_interest,
        )

    @cached_property
    def editor(self) -> EditionEditor:
        from digest.usecases.edit_edition import EditionEditor

        return EditionEditor(self.editions, self.audit, self.composer, self.breaking, self.now)

    @cached_property
    def breaking(self) -> BreakingNews:
        from digest.usecases.breaking import BreakingNews

        return BreakingNews(
            settings=self.settings.breaking,
            composer=self.composer,
            editions=self.editions,
            articles=self.articles,
            database=self.database,
            expires_after=self.settings.schedule.expires_after,
            memory=self.settings.edition.memory,
            zone=self.settings.newsletter.zone,
            now=self.now,
        )

    @cached_property
    def click_counter(self) -> ClickCounter:
        from digest.usecases.clicks import ClickCounter

        return ClickCounter(self.clicks, self.editions, self.settings.clicks.min_people, self.now)

    def _section_interest(self) -> Mapping[str, float]:
        clicks = self.settings.clicks
        return self.click_counter.interest_of_day() if clicks.enabled and clicks.ranking else {}

    @cached_property
    def reengagement(self) -> Reengagement:
        """Asks people who seem not to read whether to continue."""
        from digest.usecases.reengage import Reengagement

        chosen = self.settings.reengage
        return Reengagement(
            database=self.database,
            store=self.reengagement_store,
            editions=self.editions,
            preferences=self.preferences,
            after=chosen.after,
            wait=chosen.wait,
            at_most=chosen.at_most,
            batch_size=self.settings.delivery.recipients_per_batch,
            last_clicks=self.click_counter.last_clicks,
            now=self.now,
        )

    @cached_property
    def sponsors(self) -> SponsorBook:
        """The advertisements of `sponsors.yaml`."""
        from digest.usecases.sponsors import FILE_NAME, SponsorBook

        return SponsorBook(
            self.home / FILE_NAME, self.editions, lambda keys: self.statistics.numbers(keys, times=False)
        )

    @property
    def sponsor_reporter(self) -> SponsorReporter:
        from digest.usecases.sponsors import SponsorReporter

        clicks = self.click_counter.of_target if self.settings.clicks.enabled else None
        return SponsorReporter(self.sponsors, clicks)
