"""Pages that recur every day, in a section of their own. The places and people do not exist."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from digest.curate.compose import ComposeContext, Curated, curate
from digest.curate.editorial import EditorialChanges
from digest.curate.recurring_kinds import KINDS, RecurringPolicy
from digest.curate.rules import Rules
from digest.curate.section_names import DAILY_COLUMNS
from digest.curate.sent_story import SentStory
from digest.models import Article
from tests.curate.sample import DAY, NOW, article

SECTION = {"horoscope": RecurringPolicy.SECTION, "weather": RecurringPolicy.SECTION}
HOROSCOPE = article("rashi", "alok", "आज का राशिफल 23 नवंबर: मेष से मीन तक", "मेष राशि के लोगों का दिन काम में बीतेगा।")
SIGN = article("mesh", "setu", "मेष राशिफल 23 नवंबर", "मेष राशि के लोगों का दिन काम में बीतेगा।")
WEATHER = article("mausam-1", "alok", "मौसम का हाल: रामगंज में आज धूप", "रामगंज में सोमवार को दिन भर धूप रहेगी।")
OTHER_TOWN = article("mausam-2", "setu", "मौसम का हाल: कमलपुर में आज बादल", "कमलपुर में सोमवार को दिन भर बादल रहेंगे।")
PAGES = (HOROSCOPE, SIGN, WEATHER, OTHER_TOWN)


def composed(*articles: Article, recurring: dict[str, RecurringPolicy] | None = None, **context: object) -> Curated:
    rules = Rules(recurring=SECTION if recurring is None else recurring)
    return curate((*DAY, *articles), ComposeContext(rules, NOW, **context))  # type: ignore[arg-type]


def columns(curated: Curated) -> list[str]:
    """The ids of the articles in the section of daily columns, which is the last one; [] without it."""
    assert DAILY_COLUMNS not in [section.name for section in curated.sections[:-1]]
    last = curated.sections[-1]
    return [story.article_ids[0] for story in last.stories] if last.name == DAILY_COLUMNS else []


def news(curated: Curated) -> list[tuple[str, float]]:
    return [(story.id, story.score) for section in curated.sections for story in section.stories if not story.recurring]


def test_wanted_pages_are_the_last_section_and_change_no_news() -> None:
    without = composed(recurring={})
    curated = composed(*PAGES)
    assert columns(curated) == ["rashi", "mausam-1", "mausam-2"]
    assert [story.recurring for story in curated.sections[-1].stories] == ["horoscope", "weather", "weather"]
    assert news(curated) == news(without)
    assert curated.lead == without.lead
    assert all(len(story.article_ids) == 1 for story in curated.sections[-1].stories)


@pytest.mark.parametrize("recurring", [{}, {"horoscope": RecurringPolicy.DROP, "weather": RecurringPolicy.DROP}])
def test_without_the_setting_there_is_no_section(recurring: dict[str, RecurringPolicy]) -> None:
    curated = composed(*PAGES, recurring=recurring)
    assert columns(curated) == []
    assert "rashi" not in {id for section in curated.sections for story in section.stories for id in story.article_ids}


def test_a_dropped_kind_that_was_news_leaves_the_edition() -> None:
    ids = [
        {
            id
            for section in composed(WEATHER, recurring=recurring).sections
            for story in section.stories
            for id in story.article_ids
        }
        for recurring in ({"weather": RecurringPolicy.NEWS}, {"weather": RecurringPolicy.DROP})
    ]
    assert [("mausam-1" in found) for found in ids] == [True, False]


def test_signs_stand_alone_if_there_is_no_general_page() -> None:
    taurus = article("vrish", "setu", "वृषभ राशिफल 23 नवंबर", "वृषभ राशि के लोगों को धन मिलेगा।")
    assert columns(composed(SIGN, taurus)) == ["mesh", "vrish"]


def test_a_town_in_the_kicker_makes_a_page_of_its_own() -> None:
    towns = [
        article(name, source, "मौसम का हाल: आज दिन भर धूप", "सोमवार को दिन भर धूप रहेगी।", kicker=town)
        for name, source, town in (("lucknow", "alok", "लखनऊ"), ("patna", "setu", "पटना"))
    ]
    assert sorted(columns(composed(*towns))) == ["lucknow", "patna"]


def test_one_page_per_town_the_newest_first() -> None:
    older = replace(WEATHER, id="mausam-3", url="https://alok.example/old", published=NOW - timedelta(hours=20))
    assert columns(composed(older, WEATHER)) == ["mausam-1"]


def test_an_editor_drops_or_pins_a_page() -> None:
    assert columns(composed(*PAGES, changes=EditorialChanges(dropped=("mausam-1",)))) == ["rashi", "mausam-2"]
    pinned = composed(*PAGES, changes=EditorialChanges(pinned=("mausam-1",)))
    assert columns(pinned) == ["rashi", "mausam-2"]
    assert "mausam-1" in {id for section in pinned.sections for story in section.stories for id in story.article_ids}


def test_yesterdays_page_stays_out_and_todays_comes_in() -> None:
    story = composed(HOROSCOPE).sections[-1].stories[0]
    sent = SentStory("2026-11-22", NOW - timedelta(hours=1), story, (HOROSCOPE,))
    assert columns(composed(HOROSCOPE, sent=(sent,))) == []
    updated = replace(HOROSCOPE, updated=NOW - timedelta(minutes=10))
    assert columns(composed(updated, sent=(sent,))) == ["rashi"]
    tomorrow = article("rashi-2", "alok", "आज का राशिफल 24 नवंबर: मेष से मीन तक", "मेष राशि के लोगों को धन मिलेगा।", hours=0.5)
    assert columns(composed(tomorrow, sent=(sent,))) == ["rashi-2"]


def test_pages_alone_are_no_edition() -> None:
    curated = curate(PAGES, ComposeContext(Rules(recurring=SECTION), NOW))
    assert curated.sections == ()
    assert curated.reason


def test_the_settings_name_every_kind_of_the_table_but_live_pages() -> None:
    assert {"horoscope", "almanac", "weather", "prices", "quiz"} <= set(KINDS)
    assert "live" not in KINDS
