"""The descriptions of topics: built in for the default sections, and the newsroom's own."""

from __future__ import annotations

from digest.web.topics import describe_topics
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
