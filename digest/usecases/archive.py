"""Put an edition into the archive when it is enqueued: its page, its stories and their threads, its corrections."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from digest.curate.sent_story import earlier_editions
from digest.errors import TemplateProblem
from digest.hindi.tokens import stems
from digest.models import Edition, Story
from digest.render import texts
from digest.store.content.archive import ArchivedCorrection, ArchivedSource, ArchivedStory

if TYPE_CHECKING:
    from digest.render.archive_page import ArchivePage
    from digest.render.renderer import Renderer
    from digest.store.content.archive import ArchiveStore
    from digest.store.content.articles import ArticleStore
    from digest.store.content.editions import EditionStore

log = logging.getLogger(__name__)

# How long after a story a later one may continue it.
_THREAD = timedelta(days=60)
# The least share of the shorter text's stems that an update has in common with the story that it continues. Curation
# has already decided that the update continues a story, so this only finds the right one.
_SAME_EVENT = 0.15
# A single common stem, such as the stem of शुरू, identifies no event.
_LEAST_COMMON = 2


@dataclass(frozen=True)
class Archivist:
    """Writes the archive. Failures never stop a send: `catch_up` repeats failed editions."""

    editions: EditionStore
    archive: ArchiveStore
    articles: ArticleStore
    renderer: Renderer
    # Uses only built-in templates. It renders pages that fail with the newsletter's own templates.
    built_in: Renderer
    now: Callable[[], datetime]

    def add(self, edition: Edition, at: datetime) -> tuple[str, ...]:
        """Add an edition as it is now, unless it is archived.

        Returns notes for the operator. A correction edition is stored with the edition that it corrects.
        """
        if edition.corrects is not None or self.archive.has(edition.key):
            return ()
        page, note = self._page(edition, at)
        stories = list(self._stories(edition))
        self.archive.put(edition.key, page, at, stories, list(self._corrections(edition, stories)))
        return (note,) if note else ()

    def _page(self, edition: Edition, at: datetime) -> tuple[ArchivePage, str | None]:
        """Return the page, and a note if the built-in template made it because the newsroom's has an error."""
        try:
            return self.renderer.archive_page(edition, now=at), None
        except TemplateProblem as error:
            note = f"The page of {edition.key} in the archive is made by the built-in template: {error}"
            return self.built_in.archive_page(edition, now=at), note

    def correct(self, edition: Edition, note: str, story: Story) -> None:
        """Replace an edition by its corrected form, and add the correction's note if there is one."""
        at = self.editions.frozen_at(edition.key)
        if at is None or not self.archive.has(edition.key):
            return
        page, problem = self._page(edition, at)
        if problem:
            log.warning("%s", problem)
        stories = list(self._stories(edition))
        corrections = list(self._corrections(edition, stories))
        if note:
            thread = next((each.thread for each in stories if each.story == story.id), "")
            corrections.append(ArchivedCorrection(edition.key, edition.day, note, story.url, thread))
        self.archive.put(edition.key, page, at, stories, corrections, revised=True)

    def catch_up(self, stopped: Callable[[], bool] = lambda: False) -> int:
        """Add missing editions, oldest first.

        An edition is missing if an earlier version sent it, or if archiving failed.
        """
        added = 0
        for key in self.archive.missing():
            if stopped():
                break
            edition, at = self.editions.get(key), self.editions.frozen_at(key)
            if edition is not None and at is not None:
                for note in self.add(edition, at):
                    log.warning("%s", note)
                added += 1
        return added

    def _stories(self, edition: Edition) -> Iterator[ArchivedStory]:
        earlier = self.archive.earlier_stories(edition.key, edition.day - _THREAD, edition.day)
        ids = [id for story in edition.stories() for id in story.article_ids]
        known = self.articles.by_ids(ids)
        position = 0
        for section in edition.sections:
            for story in section.stories:
                sources = tuple(
                    ArchivedSource(article.source, article.url or "", article.title, article.published)
                    for id in story.article_ids
                    if (article := known.get(id))
                )
                if not sources:
                    sources = tuple(map(ArchivedSource, story.sources, story.articles))
                yield ArchivedStory(
                    edition=edition.key,
                    story=story.id,
                    thread=find_thread(story, earlier),
                    day=edition.day,
                    position=position,
                    section=texts.one_line(section.name),
                    language=story.language,
                    title=texts.one_line(story.title),
                    summary=texts.unify_sentence_ends(texts.one_line(story.summary), story.language),
                    picture=story.image.url if story.image else "",
                    picture_width=(story.image.width or 0) if story.image else 0,
                    published=story.published if story.dated else None,
                    sources=sources,
                )
                position += 1

    def _corrections(self, edition: Edition, stories: Sequence[ArchivedStory]) -> Iterator[ArchivedCorrection]:
        """Yield the corrections of the edition. A story is found by the URL of its article."""
        found = [block.data for block in edition.blocks if block.kind == "correction" and block.shown != "email"]
        if not found:
            return
        earlier = self.archive.earlier_stories(edition.key, edition.day - _THREAD, edition.day)
        for data in found:
            url = str(data.get("url") or "")
            thread = next(
                (each.thread for each in (*stories, *earlier) if url and url in {one.url for one in each.sources}), ""
            )
            yield ArchivedCorrection(edition.key, edition.day, texts.one_line(str(data.get("text", ""))), url, thread)


def find_thread(story: Story, earlier: Sequence[ArchivedStory]) -> str:
    """Return the thread that a story continues, or its own id. `earlier` has the newest first."""
    urls = {*story.articles, story.url} - {""}
    for each in earlier:
        if each.story == story.id or urls & {source.url for source in each.sources}:
            return each.thread
    continued = earlier_editions(story)
    if not continued:
        return story.id
    own = set(stems(f"{story.title}\n{story.summary}"))
    best = max(
        ((_share(own, each), each.thread) for each in earlier if each.edition in continued),
        default=(0.0, story.id),
        key=lambda pair: pair[0],
    )
    return best[1] if best[0] >= _SAME_EVENT else story.id


def _share(own: set[str], other: ArchivedStory) -> float:
    its = set(stems(f"{other.title}\n{other.summary}"))
    common = len(own & its)
    return common / min(len(own), len(its)) if common >= _LEAST_COMMON else 0.0
