"""The archive in the store: what is shown, in which order, and what a search finds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from digest.hindi.tokens import query_groups
from digest.models import EditionState
from digest.render.archive_page import ArchivePage
from digest.store.content.archive import ArchivedCorrection, ArchivedSource, ArchivedStory, ArchiveStore
from digest.store.content.editions import EditionStore
from digest.store.database import Database
from digest.store.schema import archive_story, batch
from digest.store.schema import edition as editions
from tests.store.conftest import NOW, Frozen

FIRST = date(2026, 11, 21)


def a_story(key: str, name: str, title: str, **values: Any) -> ArchivedStory:
    day = date.fromisoformat(key)
    given = {"thread": name, "position": 0, "section": "देश", "summary": "", "published": None, **values}
    return ArchivedStory(
        edition=key, story=name, day=day, language="hi", title=title, picture="", picture_width=0, **given
    )


@pytest.fixture
def archive(database: Database, frozen: Frozen) -> ArchiveStore:
    """Three editions of three days; the second story continues in the last one."""
    store = ArchiveStore(database)
    for number in range(3):
        key = (FIRST + timedelta(days=number)).isoformat()
        frozen(1, key=key)
        with database.write() as connection:
            connection.execute(update(editions).where(editions.c.key == key).values(day=date.fromisoformat(key)))
        stories = [
            a_story(key, f"a{number}", f"पहाड़ों पर बर्फ़बारी, दिन {number}"),
            a_story(key, f"b{number}", f"मेट्रो की 82.5 किमी लाइन, चरण {number}", thread="b0", section="शहर"),
        ]
        corrections = [ArchivedCorrection(key, stories[0].day, "18 स्टेशन हैं।", "", "b0")] if number == 1 else []
        page = ArchivePage(stories[0].title, "…", f"<p>{number}</p>", "", 2, 1)
        at = NOW + timedelta(days=number - 2)
        assert store.put(key, page, at, stories, corrections)
        assert not store.put(key, page, at, stories, corrections), "what was sent never changes"
    return store


def found(archive: ArchiveStore, query: str) -> list[str]:
    words = query_groups(query)
    matches = archive.search(words, NOW, limit=10)
    assert len(matches.stories) == matches.count == archive.count_matches(words, NOW)
    return [f"{story.story} {story.day:%d}" for story in matches.stories]


def test_editions_are_in_the_order_of_their_days(archive: ArchiveStore) -> None:
    assert [each.key for each in archive.newest(NOW, limit=10)] == ["2026-11-23", "2026-11-22", "2026-11-21"]
    assert [each.key for each in archive.newest(NOW, limit=1, offset=1)] == ["2026-11-22"]
    assert [each.key for each in archive.newest(NOW, limit=9, since=FIRST, until=date(2026, 11, 22))] == ["2026-11-21"]
    assert [(each.first, each.editions) for each in archive.months(NOW)] == [(date(2026, 11, 1), 3)]
    middle = archive.page("2026-11-22", NOW)
    assert middle is not None
    assert middle.html == "<p>1</p>"
    assert [each.key if each else None for each in archive.neighbours(middle, NOW)] == ["2026-11-21", "2026-11-23"]


def test_the_lead_is_first_wherever_its_section_is(archive: ArchiveStore, frozen: Frozen) -> None:
    key = "2026-11-24"
    frozen(1, key=key)
    stories = [a_story(key, name, f"ख़बर {name}", position=number) for number, name in enumerate("abc")]
    archive.put(key, ArchivePage("ख़बर c", "…", "<p></p>", "", 3, 1), NOW, stories, [])
    assert [each.story for each in archive.stories(key, limit=2)] == ["c", "a"]


def test_a_query_finds_the_other_number_and_other_names(archive: ArchiveStore, frozen: Frozen) -> None:
    frozen(1, key="2026-11-24")
    written = ["स्कूल", "स्कूलों", "ट्रेन", "ट्रेनें", "अदालत", "अदालतों"]
    stories = [a_story("2026-11-24", word, f"{word} पर फ़ैसला") for word in written]
    archive.put("2026-11-24", ArchivePage("…", "…", "<p></p>", "", len(stories), 1), NOW, stories, [])
    names = {"स्कूल": "स्कूलों विद्यालय विद्यालयों", "ट्रेन": "ट्रेनों रेल", "अदालत": "अदालतें न्यायालय कोर्ट"}
    for singular, others in names.items():
        both = sorted(f"{word} 24" for word in written if word.startswith(singular))
        for query in (singular, *others.split()):
            assert sorted(found(archive, query)) == both, query


def test_a_cancelled_edition_is_not_shown_anywhere(archive: ArchiveStore, database: Database) -> None:
    version = archive.version(NOW)
    assert EditionStore(database).move("2026-11-22", EditionState.CANCELLED, out_of=(EditionState.SENDING,))
    assert archive.page("2026-11-22", NOW) is None
    assert "2026-11-22" not in [each.key for each in archive.newest(NOW, limit=10)]
    assert found(archive, "बर्फबारी") == ["a2 23", "a0 21"]
    assert [each.edition for each in archive.thread("b0", NOW)] == ["2026-11-23", "2026-11-21"]
    assert archive.corrections(NOW) == []
    assert "पहाड़ों पर बर्फ़बारी, दिन 1" not in archive.newest_titles(NOW, 10)
    assert [(topic.name, topic.stories) for topic in archive.topics(NOW)] == [("देश", 2), ("शहर", 1)]
    assert archive.editions_of(["b0"], NOW) == {"b0": 2}
    assert archive.version(NOW) != version


def test_what_is_not_due_yet_shows_nothing_of_itself(archive: ArchiveStore, database: Database) -> None:
    """The last edition is only due in an hour: its headlines are not known before."""
    with database.write() as connection:
        own = batch.c.edition == "2026-11-23"
        connection.execute(update(batch).where(own).values(due_at=NOW + timedelta(hours=1)))
    assert archive.page("2026-11-23", NOW) is None
    assert found(archive, "मेट्रो") == ["b1 22"]
    assert [story.story for story in archive.thread("b0", NOW)] == ["b1", "b0"]
    assert [title for title in archive.newest_titles(NOW, 10) if title.endswith("2")] == []
    (correction,) = archive.corrections(NOW)
    assert correction.title.endswith("चरण 1")
    assert dict(archive.threads(NOW, FIRST, date(2027, 1, 1))) == {
        "a0": FIRST,
        "a1": date(2026, 11, 22),
        "b0": date(2026, 11, 22),
    }


def test_a_thread_is_found_once_by_folded_words(archive: ArchiveStore) -> None:
    assert found(archive, "बर्फबारी पहाडों") == ["a2 23", "a1 22", "a0 21"]
    assert found(archive, "मेट्रो") == ["b2 23"]
    assert found(archive, "८२.५ मेट्रो लाइनों") == ["b2 23"]
    assert found(archive, "मेट्रो बर्फ़बारी") == []
    assert found(archive, "की") == []
    assert found(archive, "OR NOT * \" ' NEAR(") == []


def test_the_index_can_be_made_again(archive: ArchiveStore, database: Database) -> None:
    with database.write() as connection:
        connection.execute(update(archive_story).values(words=""))
    assert found(archive, "मेट्रो") == []
    assert archive.rebuild_index() == 6
    assert found(archive, "मेट्रो") == ["b2 23"]


def test_stories_lead_to_their_thread_topic_and_corrections(archive: ArchiveStore) -> None:
    assert archive.thread_of("b2") == "b0"
    assert archive.thread_of("x") is None
    assert [story.story for story in archive.thread("b0", NOW)] == ["b2", "b1", "b0"]
    assert [story.story for story in archive.topic("देश", NOW, limit=2)] == ["a2", "a1"]
    # A continued story is listed once, as its newest edition has it.
    assert [story.story for story in archive.topic("शहर", NOW, limit=9)] == ["b2"]
    assert [(topic.name, topic.stories) for topic in archive.topics(NOW)] == [("देश", 3), ("शहर", 1)]
    assert archive.editions_of(["a0", "b0", "x"], NOW) == {"a0": 1, "b0": 3}
    (correction,) = archive.corrections(NOW, thread="b0")
    assert (correction.edition, correction.title) == ("2026-11-22", "मेट्रो की 82.5 किमी लाइन, चरण 2")
    assert archive.corrections(NOW, thread="a0") == []


def test_sources_keep_what_their_articles_said(database: Database, frozen: Frozen) -> None:
    frozen(1, key="2026-11-23")
    store = ArchiveStore(database)
    report = ArchivedSource("लोक डाक", "https://paper.example/1", "आज का शीर्षक", datetime(2026, 11, 22, 1, tzinfo=UTC))
    story = a_story(
        "2026-11-23", "a", "शीर्षक", sources=(report, ArchivedSource("दूसरा", "")), published=report.published
    )
    assert store.put("2026-11-23", ArchivePage("", "", "", "", 1, 0), NOW, [story], [])
    assert store.thread("a", NOW) == [story]
