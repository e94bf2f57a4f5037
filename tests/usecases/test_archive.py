"""The earlier story that a story continues."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from digest.curate.sent_story import UPDATE_OF
from digest.models import Story
from digest.store.content.archive import ArchivedSource, ArchivedStory
from digest.usecases.archive import find_thread

METRO = ArchivedStory(
    edition="2026-11-22", story="s1", thread="s0", day=date(2026, 11, 22), position=0, section="देश", language="hi",
    title="मेट्रो की नई लाइन की सुरक्षा जाँच पूरी", summary="", picture="", picture_width=0, published=None,
    sources=(ArchivedSource("लोक डाक", "https://paper.example/metro"),),
)  # fmt: skip
RIVER = replace(METRO, story="s2", thread="s2", title="नदी के पुल की मरम्मत शुरू", sources=())
STORY = Story(
    id="s9", title="मेट्रो की नई लाइन पर सफ़र शुरू", summary="", url="https://paper.example/new",
    published=datetime(2026, 11, 23, tzinfo=UTC), dated=True, sources=("लोक डाक",),
    articles=("https://paper.example/new",), article_ids=("1",), section="देश",
)  # fmt: skip


def test_a_story_with_the_same_article_continues_the_thread() -> None:
    assert find_thread(replace(STORY, articles=("https://paper.example/metro",)), [RIVER, METRO]) == "s0"
    assert find_thread(replace(STORY, id="s2"), [RIVER, METRO]) == "s2"


def test_an_update_continues_the_story_of_that_edition_which_it_resembles() -> None:
    update = replace(STORY, reasons=(f"{UPDATE_OF} 2026-11-20, 2026-11-22: new number: 18 (मौत)",))
    assert find_thread(update, [RIVER, METRO]) == "s0"
    assert find_thread(update, [RIVER]) == "s9"
    assert find_thread(update, [replace(METRO, edition="2026-11-21")]) == "s9"


def test_another_story_begins_its_own_thread() -> None:
    assert find_thread(STORY, [RIVER, METRO]) == "s9"
