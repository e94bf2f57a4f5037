"""A story that was sent. The store reads it, so it loads none of the curation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from digest.models import Article, Block, Story


@dataclass(frozen=True, slots=True)
class SentStory:
    """A story that was sent."""

    edition: str
    # When the edition was frozen.
    at: datetime
    story: Story
    # Its articles, as far as the store still has them.
    articles: tuple[Article, ...] = ()

    def known_articles(self) -> tuple[Article, ...]:
        """Return a sent story's articles, or the words of its email if these are gone or have changed."""
        unchanged = tuple(each for each in self.articles if not (each.updated and each.updated > self.at))
        return unchanged or (_as_article(self),)


def _as_article(sent: SentStory) -> Article:
    story = sent.story
    body = (Block("p", story.summary),) if story.summary else ()
    source = story.sources[0] if story.sources else ""
    return Article(f"sent {sent.edition} {story.id}", source, story.title, story.published, body=body)
