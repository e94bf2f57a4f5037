"""A story that was sent. The store imports it, so this module imports nothing of curation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from digest.models import Article, Story, TextBlock

UPDATE_OF, SENT_IN = "update of", "sent before in"
"""How a reason of a story begins that was sent before. Keys of editions follow."""

_EARLIER = re.compile(rf"(?:{UPDATE_OF}|{SENT_IN}) ([^:]+)")


def earlier_editions(story: Story) -> frozenset[str]:
    """Return the keys of the editions that had an earlier state of the story."""
    found = (_EARLIER.match(reason) for reason in story.reasons)
    return frozenset(key for match in found if match for key in match[1].split(", "))


@dataclass(frozen=True, slots=True)
class SentStory:
    """A story that was sent."""

    edition: str
    # When the edition was frozen.
    at: datetime
    story: Story
    # Those of its articles that the store still has.
    articles: tuple[Article, ...] = ()

    def known_articles(self) -> tuple[Article, ...]:
        """Return a sent story's articles. If they are gone or have changed, the words of its email replace them."""
        unchanged = tuple(each for each in self.articles if not (each.updated and each.updated > self.at))
        return unchanged or (_as_article(self),)


def _as_article(sent: SentStory) -> Article:
    story = sent.story
    body = (TextBlock("p", story.summary),) if story.summary else ()
    source = story.sources[0] if story.sources else ""
    return Article(f"sent {sent.edition} {story.id}", source, story.title, story.published, body=body)
