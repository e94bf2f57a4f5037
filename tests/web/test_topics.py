"""The descriptions of topics: built in for the default sections, and the newsroom's own; how often they have news."""

from __future__ import annotations

from datetime import date

from digest.web.editions import StoryRate, count_rates
from digest.web.pages import describe_topics
from tests.support.tables import each_row

OWN = {"शहर": "नदीपुर और आसपास", "खेल": "ज़िले से देश तक"}


@each_row(
    ("newsletter", "page", "topic", "description"),
    [
        ("hi", "hi", "शिक्षा", "परीक्षा, स्कूल, छात्रवृत्ति"),
        ("hi", "en", "शिक्षा", "Exams, schools, scholarships"),
        ("en", "en", "Education", "Exams, schools, scholarships"),
        ("en", "hi", "Education", "परीक्षा, स्कूल, छात्रवृत्ति"),
        ("hi", "en", "शहर", "नदीपुर और आसपास"),
        ("hi", "hi", "खेल", "ज़िले से देश तक"),
        ("hi", "hi", "पर्यटन", None),
    ],
)
def test_topics_are_described(newsletter: str, page: str, topic: str, description: str | None) -> None:
    assert describe_topics(OWN, newsletter, page).get(topic) == description


@each_row(
    "sent, expected",
    [
        # Two in three editions of a newsletter that is three days old are about two a week, not two a month.
        ({1: 1, 2: 0, 3: 1}, StoryRate(2, "week")),
        ({1: 2, 2: 1, 3: 1}, StoryRate(1, "edition")),
        # In a month of editions.
        ({1: 1} | dict.fromkeys(range(2, 31), 0), StoryRate(1, "month")),
        ({1: 4, 15: 4} | dict.fromkeys(range(16, 31), 0), StoryRate(2, "week")),
    ],
)
def test_how_often_a_topic_has_news(sent: dict[int, int], expected: StoryRate) -> None:
    editions = [(date(2026, 11, day), {"खेल": number}) for day, number in sent.items()]
    assert count_rates(editions, date(2026, 11, max(sent)))["खेल"] == expected
