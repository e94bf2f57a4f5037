"""Breaking news: propose alert editions of one story, and decide whether one may be sent.

A proposal is a draft edition. The rules read everything from the store: the proposed stories, the emails sent today,
and who overrode which limits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from digest.errors import DigestError
from digest.models import BREAKING, WAITING_STATES, Article, Edition, EditionState, is_breaking
from digest.store.locks import exclusive
from digest.store.sending.decisions import Decision

if TYPE_CHECKING:
    from digest.config.schedule import BreakingSettings
    from digest.curate.compose import ComposeContext
    from digest.curate.sent_story import SentStory
    from digest.curate.summary.types import Summariser
    from digest.store.content.articles import ArticleStore
    from digest.store.content.editions import BreakingEdition, EditionStore
    from digest.store.database import Database
    from digest.usecases.compose import Composer

# Seconds to wait while another process proposes, which reads articles and pages.
_LOCK_WAIT = 60.0


class BreakingRefused(DigestError):
    """An alert edition must not be proposed or sent; the message says why and what to do."""


@dataclass(frozen=True)
class BreakingNews:
    """Proposes alert editions, drops them, and checks their limits."""

    settings: BreakingSettings
    composer: Composer
    editions: EditionStore
    articles: ArticleStore
    database: Database
    # How long a proposal can be sent.
    expires_after: timedelta
    # How long a story counts as already sent.
    memory: timedelta
    zone: ZoneInfo
    now: Callable[[], datetime]

    def all(self) -> list[BreakingEdition]:
        """Return the alert editions within `memory`, oldest first."""
        return self.editions.breaking(self._today() - self.memory)

    def open(self) -> list[Edition]:
        """Return the proposals that can be sent, oldest first."""
        return [each.edition for each in self.all() if each.edition.state in WAITING_STATES]

    def sent_today(self) -> list[str]:
        """Return the keys of the alert editions that were sent today."""
        return [
            each.edition.key
            for each in self.all()
            if each.sent_at is not None and each.sent_at.astimezone(self.zone).date() == self._today()
        ]

    def is_quiet(self) -> bool:
        return self.settings.is_quiet(self.now().astimezone(self.zone).time())

    def expires_at(self, edition: Edition) -> datetime:
        """Return the time until which a proposal can be sent."""
        return (edition.composed_at or self.now()) + self.expires_after

    def propose_detected(self) -> Edition | None:
        """Propose the story that most independent sources report, if it is new. At most one at a time.

        Nothing is proposed when the day's alert editions are used up.
        """
        from digest.curate.breaking import find_breaking

        if not (self.settings.enabled and self.settings.sources) or len(self.sent_today()) >= self.settings.per_day:
            return None
        now = self.now()
        recent = self.articles.between(now - self.settings.within, now)
        names = {source.name for source in self.composer.sources}
        recent = [article for article in recent if article.source in names]
        # This runs often and there is rarely such a story, so most calls end here.
        if len({article.source for article in recent}) < 2 and len(recent) < self.settings.sources:
            return None
        with exclusive(self.database, "proposing breaking news", wait=_LOCK_WAIT):
            earlier = self.all()
            context = self._context(self.settings.within, alert_stories=self._stories_of(earlier))
            found = find_breaking(recent, context, least=self.settings.sources, sections=self.settings.sections)
            if not found:
                return None
            names_of = ", ".join(dict.fromkeys(article.source for article in found[0].articles))
            reason = f"Proposed because of {found[0].origins} independent sources ({names_of})."
            return self._propose(found[0].articles, reason, earlier)

    def propose(self, name: str) -> tuple[Edition, tuple[str, ...]]:
        """Propose a story for an editor, by its id or by the id or URL of one of its stored articles.

        Returns the draft, and the other editions that had the story. Raises BreakingRefused for an unknown story, and
        for one that has an open proposal or was sent as breaking news.
        """
        from digest.curate.breaking import find_sent

        self._require_enabled()
        with exclusive(self.database, "proposing breaking news", wait=_LOCK_WAIT):
            articles = self._articles_named(name)
            earlier = self.all()
            busy = [each for each in earlier if each.edition.state in WAITING_STATES or each.sent_at is not None]
            context = self._context(self.composer.rules.window, alert_stories=self._stories_of(busy))
            found = find_sent(articles, context)
            repeated = [each for each in busy if each.edition.key in found]
            for each in repeated:
                key = each.edition.key
                if each.sent_at is not None:
                    raise BreakingRefused(f"This story was sent already: {key}. A story is sent once as breaking news.")
                raise BreakingRefused(f"This story is proposed already: digest breaking send {key}")
            return self._propose(articles, "Proposed by an editor.", earlier), found

    def rewrite(self, key: str, *, again: bool = False) -> Edition:
        """Write a proposal again from its stored articles, with the editors' changes.

        An edition in another state stays as it is. With `again`, an editor's change is the reason, and the log has
        that change.
        """
        stored = self._existing(key)
        if stored.state != EditionState.DRAFT:
            return stored
        ids = [id for story in stored.stories() for id in story.article_ids]
        known = self.articles.by_ids(ids)
        articles = tuple(known[id] for id in ids if id in known)
        # Without its articles the story cannot be written again.
        summariser = self.composer.summariser_for(stored)
        written = self._write(key, articles, stored.reason, summariser) if articles else stored
        written = self.composer.pictures.prepare(written, stored)
        written = replace(written, composed_at=stored.composed_at)
        saved = self.editions.put(written, over=(EditionState.DRAFT,), recomposed=not again)
        return saved or self._existing(key)

    def drop(self, key: str, *, by: str = "") -> None:
        """Drop a proposal for good. `digest run` does not propose the story again. `by` is recorded.

        Raises DigestError.
        """
        edition = self._existing(key)
        if not self.editions.move(key, EditionState.CANCELLED, out_of=(*WAITING_STATES, EditionState.EXPIRED)):
            raise BreakingRefused(f"Edition {key} is {edition.state} and cannot be dropped.")
        self.editions.record_decision(key, EditionState.CANCELLED, "dropped by an editor", now=self.now(), by=by)

    def key_to_send(self, key: str | None) -> str:
        """Return the key of the edition to send: the named one, or the only proposal. Raises DigestError."""
        if key:
            return self._existing(key).key
        proposals = [edition.key for edition in self.open()]
        started = [each.edition.key for each in self.all() if each.edition.state == EditionState.SENDING]
        keys = proposals or started
        if len(keys) == 1:
            return keys[0]
        if keys:
            raise BreakingRefused(f"There are several proposals; name one: {', '.join(keys)}")
        raise BreakingRefused("There is no proposal. Make one: digest breaking propose STORY_OR_URL")

    def check(self, key: str, force: str | None = None) -> None:
        """Raise BreakingRefused if the edition must not be sent now.

        A send that has begun can always continue. With `force`, the proposal's age, the day's limit and the quiet hours
        do not apply; the reason is recorded.
        """
        self._require_enabled()
        edition = self._existing(key)
        if edition.state == EditionState.DONE:
            raise BreakingRefused(f"Edition {key} was sent already. A story is sent once as breaking news.")
        if edition.state not in WAITING_STATES:
            return
        ids = _article_ids(edition)
        for each in self.all():
            if each.sent_at is not None and ids & _article_ids(each.edition):
                raise BreakingRefused(
                    f"Edition {key} is not sent: {each.edition.key} had this story. "
                    "A story is sent once as breaking news."
                )
        limits = []
        if self.now() > self.expires_at(edition) and not self.editions.reopened_since(
            edition.key, self.expires_at(edition)
        ):
            proposed = f"{(edition.composed_at or self.now()).astimezone(self.zone):%Y-%m-%d %H:%M}"
            limits.append(f"it was proposed at {proposed}, which is too long ago (schedule.expires_after)")
        sent = self.sent_today()
        if len(sent) >= self.settings.per_day:
            limits.append(
                f"the day's limit of {self.settings.per_day} is reached "
                f"(breaking.per_day; sent today: {', '.join(sent)})"
            )
        if self.is_quiet():
            start, end = self.settings.quiet
            limits.append(f"these are quiet hours, {start:%H:%M} to {end:%H:%M} (breaking.quiet)")
        if limits and not force:
            raise BreakingRefused(
                f"Edition {key} is not sent: {'; '.join(limits)}. To send it anyway: "
                f"digest breaking send {key} --force REASON"
            )
        if limits:
            self.editions.record_decision(
                key, Decision.FORCED, f"{force} (despite: {'; '.join(limits)})", now=self.now()
            )

    def _require_enabled(self) -> None:
        if not self.settings.enabled:
            raise BreakingRefused(
                "Breaking news is off. Set `breaking.enabled: true` in digest.yaml (docs/breaking.md)."
            )

    def _existing(self, key: str) -> Edition:
        edition = self.editions.get(key) if is_breaking(key) else None
        if edition is None:
            raise BreakingRefused(f"There is no alert edition {key}. `digest breaking list` shows them.")
        return edition

    def _articles_named(self, name: str) -> tuple[Article, ...]:
        """Return the articles of a story. Raises BreakingRefused."""
        from digest.curate.breaking import find_cluster

        now, window = self.now(), self.composer.rules.window
        articles = find_cluster(name, self.articles.between(now - window, now), self._context(window))
        if articles:
            return articles
        for edition in self.editions.all():
            for story in edition.stories():
                if story.id == name:
                    known = self.articles.by_ids(story.article_ids)
                    return tuple(known[id] for id in story.article_ids if id in known)
        article = self.articles.named(name)
        if article is None:
            raise BreakingRefused(
                f"No stored article or story is {name!r}. Expected a story's id (`digest edition show`, "
                "`digest compose --explain`) or the URL of a collected article; `digest collect` fetches new ones."
            )
        return (article,)

    def _propose(self, articles: Sequence[Article], reason: str, earlier: Sequence[BreakingEdition]) -> Edition:
        day = self._today()
        taken = {each.edition.key for each in earlier}
        number = 1
        while f"{day}-{BREAKING}-{number}" in taken:
            number += 1
        key = f"{day}-{BREAKING}-{number}"
        summariser = self.composer.summariser_for(None)
        draft = self._write(key, articles, reason, summariser)
        if self.composer.fulltext.fetch(draft.sections, articles):
            longer = self.articles.by_ids([article.id for article in articles])
            articles = [longer.get(article.id, article) for article in articles]
            draft = self._write(key, articles, reason, summariser)
        saved = self.editions.put(self.composer.pictures.prepare(draft, None), over=())
        if saved is None:
            raise DigestError(f"Edition {key} was made in the meantime. Try again.")
        return saved

    def _write(self, key: str, articles: Sequence[Article], reason: str, summariser: Summariser) -> Edition:
        """Return the draft of an alert edition of this story, with the editors' changes."""
        from digest.curate import editorial
        from digest.curate.breaking import write_section
        from digest.render import subject
        from digest.usecases.compose import RECENT_SUBJECTS, day_of, with_model_use

        context = replace(self._context(self.composer.rules.window), summariser=summariser)
        section = write_section(articles, context)
        edition = Edition(
            key=key,
            day=day_of(key) or self._today(),
            number=0,
            state=EditionState.DRAFT,
            subject="",
            preheader="",
            sections=(section,),
            lead=section.stories[0].id,
            reason=reason,
            composed_at=self.now(),
            sample=any(article.sample for article in articles),
        )
        edition = with_model_use(edition, summariser)
        edition = editorial.apply(edition, self.editions.editorial_changes(key))
        language, taken = self.composer.language, self.editions.subjects(excluding=key, limit=RECENT_SUBJECTS)
        return replace(
            edition,
            subject=edition.subject or subject.breaking_subject(edition, language, taken=taken),
            preheader=edition.preheader or subject.breaking_preheader(edition, language),
        )

    def _context(self, window: timedelta, alert_stories: Sequence[SentStory] = ()) -> ComposeContext:
        """Return the context of curation. `alert_stories` of alert editions count as sent, whether they were or not."""
        from digest.curate.editorial import EditorialChanges

        rules = replace(self.composer.rules, window=window)
        context = self.composer.context(f"{self._today()}-{BREAKING}", EditorialChanges(), self.now(), rules)
        return replace(context, sent=(*context.sent, *alert_stories))

    def _stories_of(self, editions: Sequence[BreakingEdition]) -> list[SentStory]:
        from digest.curate.sent_story import SentStory

        # Curation only considers what was sent before this time.
        latest = self.now() - timedelta(microseconds=1)
        found = []
        for each in editions:
            at = min(each.edition.composed_at or latest, latest)
            for story in each.edition.stories():
                known = self.articles.by_ids(story.article_ids)
                articles = tuple(known[id] for id in story.article_ids if id in known)
                found.append(SentStory(each.edition.key, at, story, articles))
        return found

    def _today(self) -> date:
        return self.now().astimezone(self.zone).date()


def _article_ids(edition: Edition) -> set[str]:
    return {id for story in edition.stories() for id in story.article_ids}
