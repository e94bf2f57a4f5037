"""The topics that subscribers can choose, and the effects of a change of the settings on those who chose them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from digest.config.loader import FILE_NAME
from digest.curate.section_names import DAILY_COLUMNS, MESSAGE_IDS, translated_sections
from digest.errors import ConfigProblem, ConfigurationError
from digest.messages import Message

if TYPE_CHECKING:
    from digest.config.settings import Settings
    from digest.store.people.directory import SubscriberDirectory


class TopicsChosen(ConfigurationError):
    """A change would remove topics that subscribers chose. `topics` has each with the number of its subscribers."""

    def __init__(self, topics: Sequence[tuple[str, int]]) -> None:
        self.topics = tuple(topics)
        super().__init__([ConfigProblem(FILE_NAME, 0, _refusal(topic, number)) for topic, number in topics])


@dataclass(frozen=True)
class TopicsInUse:
    directory: SubscriberDirectory
    # Brings the store's list up to date with the file.
    sync_list: Callable[[], None]

    def require(self, before: Settings, after: Settings) -> None:
        """Raise TopicsChosen if a topic that subscribers chose is no longer one."""
        lost = [topic for topic in topics_of(before) if topic not in topics_of(after)]
        if not lost:
            return
        # A list with errors is reported elsewhere; the last valid one counts here.
        with suppress(ConfigurationError):
            self.sync_list()
        chosen = [(topic, number) for topic in lost if (number := self.directory.count_with_topic(topic))]
        if chosen:
            raise TopicsChosen(chosen)


def topics_of(settings: Settings) -> tuple[str, ...]:
    """Return the topics that a subscriber may choose: the sections of the newsletter and of its sources."""
    called = translated_sections(settings.newsletter.language)
    named = (source.section for source in settings.sources if source.section)
    columns = [DAILY_COLUMNS] if "section" in settings.edition.recurring.values() else []
    return tuple(dict.fromkeys(called.get(name, name) for name in (*settings.edition.sections, *named, *columns)))


def unfed_sections(settings: Settings) -> list[tuple[str, str]]:
    """Return each section that gets no story by itself, with a known name like it, or ''.

    Stories come into the usual sections by their words, and into others only by the section of a source.
    """
    usual = (*MESSAGE_IDS, *translated_sections(settings.newsletter.language).values())
    fed = {*usual, *(source.section for source in settings.sources)}
    unfed = (name for name in settings.edition.sections if name not in fed)
    return [(name, next(iter(difflib.get_close_matches(name, usual, n=1)), "")) for name in unfed]


def _refusal(topic: str, number: int) -> str:
    return Message(
        "subscribers who chose %(name)s: %(num)s; keep this section, or change their topics first",
        name=topic,
        num=f"{number:,}",
    )
