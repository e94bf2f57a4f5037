"""Stories already sent: they stay out for a week, or come back as an update if they moved on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from digest.curate.compose import ComposeContext, Curated, curate
from digest.curate.editorial import EditorialChanges
from digest.curate.rules import Rules
from digest.curate.sent_story import SentStory
from digest.models import Article, TextBlock
from tests.curate.sample import BRIDGE, DAY, NOW, OTHERS, article, stories

TOMORROW = NOW + timedelta(days=1)


def sent(articles: tuple[Article, ...] = DAY) -> list[SentStory]:
    """Yesterday's edition as it was sent."""
    known = {each.id: each for each in articles}
    made = curate(articles, ComposeContext(Rules(), NOW))
    return [
        SentStory("2026-11-23", NOW, each, tuple(known[name] for name in each.article_ids)) for each in stories(made)
    ]


def next_day(articles: list[Article], **more: object) -> Curated:
    rules = more.pop("rules", Rules(min_stories=1, window=timedelta(hours=40)))
    values = {"sent": sent(), **more}
    return curate(articles, ComposeContext(rules, TOMORROW, **values))  # type: ignore[arg-type]


def later(id_: str, source: str, title: str, text: str, hours: float = -20) -> Article:
    return article(id_, source, title, text, hours=hours)


NEW = later(
    "dam",
    "setu",
    "बेतवा बांध के फाटक खोले गए, निचले इलाकों में चेतावनी",
    "बेतवा बांध के चार फाटक सोमवार को खोल दिए गए। निचले इलाकों के लोगों को सतर्क रहने को कहा गया है।",
)
REPEAT = later("bridge-9", "nagar", BRIDGE[0].title, BRIDGE[0].text)


def test_the_same_and_similar_articles_stay_out() -> None:
    curated = next_day([*DAY, NEW, REPEAT])
    assert [story.title for story in stories(curated)] == [NEW.title]
    assert any(line.endswith("already sent (2026-11-23)") for line in curated.left_out)


def test_an_edition_of_sent_stories_alone_explains_why_it_is_empty() -> None:
    assert len(stories(next_day([*DAY], sent=()))) == 5
    empty = next_day([*DAY])
    assert empty.sections == ()
    assert "without those sent before" in empty.reason


def test_replayed_samples_count_as_never_sent() -> None:
    assert len(stories(next_day([*DAY], exempt={"alok", "setu", "prabhakar"}))) == 5


def test_editors_can_bring_a_story_back() -> None:
    curated = next_day([*DAY, NEW], changes=EditorialChanges(pinned=("chess",)))
    assert "sent before in 2026-11-23" in next(s for s in stories(curated) if "शतरंज" in s.title).reasons


TOLL = later(
    "bridge-toll",
    "nagar",
    "सोनपुरा में कमला नदी के नए पुल पर हादसा, 7 लोग घायल",
    "सोनपुरा में कमला नदी के नए पुल पर दो गाड़ियां टकराने से 7 लोग घायल हो गए। "
    "सोनपुरा में कमला नदी पर बना नया पुल रविवार को आम लोगों के लिए खोल दिया गया था। घायलों को जिला अस्पताल में भर्ती कराया गया है।",
)


def test_a_new_number_near_a_news_word_makes_an_update_summarised_from_new_articles() -> None:
    story = next(s for s in stories(next_day([*BRIDGE, TOLL, NEW])) if s.article_ids[0] == "bridge-toll")
    assert story.label == "update"
    assert story.title == TOLL.title
    assert "7 लोग घायल" in story.summary
    assert "खोल दिया गया" not in story.summary, "this was in the last edition"
    assert any(reason.startswith("update of 2026-11-23: new number: 7") for reason in story.reasons)


def test_three_new_items_with_new_words_are_an_update_and_two_are_not() -> None:
    words = ("जांच समिति ने रेलिंग की वेल्डिंग परखी", "अभियंता ने नक्शे की खामी मानी", "ठेकेदार को नोटिस भेजा गया, जमानत राशि जब्त")
    new = [
        later(f"probe-{n}", f"nagar {n}", f"{BRIDGE[1].title}: {word}", f"{BRIDGE[n].text.split('।')[0]}। {word}।")
        for n, word in enumerate(words)
    ]
    labels = [story.label for story in stories(next_day([*BRIDGE, *new, NEW])) if story.title != NEW.title]
    assert labels == ["update"]
    assert [story.title for story in stories(next_day([*BRIDGE, *new[:2], NEW]))] == [NEW.title]


FINAL = article(
    "final",
    "alok",
    "हॉकी: नदीपुर ने फाइनल में सूरजगढ़ को 3-2 से हराया",
    "नदीपुर ने रविवार को महिला हॉकी के फाइनल में सूरजगढ़ को 3-2 से हराया। कप्तान रोहिणी ने दो गोल किए। पहला गोल सूरजगढ़ ने किया।",
    hours=6,
)
REVENGE = later(
    "revenge",
    "alok",
    "हॉकी: सूरजगढ़ ने नदीपुर को 2-1 से हराकर लिया बदला",
    "सूरजगढ़ ने सोमवार को महिला हॉकी के मैच में नदीपुर को 2-1 से हराया। कप्तान रोहिणी का गोल काम नहीं आया।",
)
WELCOME = later(
    "welcome",
    "alok",
    "चैंपियन नदीपुर की हॉकी खिलाड़ियों का शहर में स्वागत",
    "नदीपुर ने रविवार को महिला हॉकी के फाइनल में सूरजगढ़ को 3-2 से हराया था। "
    "टीम का शहर में स्वागत हुआ। कप्तान रोहिणी ने दो गोल किए थे।",
)


def test_the_next_match_of_the_same_teams_is_another_story() -> None:
    curated = next_day([REVENGE, WELCOME, NEW], sent=sent((*DAY, FINAL)))
    found = {story.title: story.label for story in stories(curated)}
    assert found == {REVENGE.title: "", NEW.title: ""}, "the welcome continues the story of the final"


def test_a_series_page_is_no_follow_up() -> None:
    fuel = "शनपुर में सोमवार को पेट्रोल {} रुपये लीटर बिका। डीजल के दाम भी बदले। तेल कंपनियां रोज सुबह नए भाव जारी करती हैं।"
    old = article("fuel-1", "alok", "पेट्रोल-डीजल के दाम: शनपुर में आज का भाव", fuel.format(101), hours=2)
    new = later("fuel-2", "alok", "पेट्रोल-डीजल के दाम: शनपुर में आज का भाव", fuel.format(102))
    (story,) = stories(next_day([new], sent=sent((*DAY, old))))
    assert (story.title, story.label) == (new.title, "")


def test_a_deleted_article_is_compared_by_the_text_of_the_email() -> None:
    bare = [replace(each, articles=()) for each in sent()]
    assert [story.title for story in stories(next_day([REPEAT, NEW], sent=bare))] == [NEW.title]


def test_blocked_and_boosted_words() -> None:
    plain = {story.title: story for story in stories(next_day([*DAY], sent=()))}
    rules = Rules(min_stories=1, window=timedelta(hours=40), block=("शतरंज",), boost={"वेधशाला": 1.5, "दूरबीन": -0.5})
    curated = next_day([*DAY], sent=(), rules=rules)
    assert not any("शतरंज" in story.title for story in stories(curated))
    assert "1 blocked by 'शतरंज'" in curated.left_out
    telescope = next(story for story in stories(curated) if "दूरबीन" in story.title)
    assert {"आपने ‘वेधशाला’ को बढ़ाया या घटाया है: +1.50", "आपने ‘दूरबीन’ को बढ़ाया या घटाया है: -0.50"} <= set(
        telescope.reasons
    )
    assert telescope.score == pytest.approx(plain[telescope.title].score + 1.0, abs=0.001)


def test_a_quota_is_the_most_of_a_section() -> None:
    rules = Rules(min_stories=1, window=timedelta(hours=40), quotas={"खेल": 0})
    names = [section.name for section in next_day([*DAY], sent=(), rules=rules).sections]
    assert "खेल" not in names
    assert "विज्ञान" in names


def test_a_sent_article_that_is_still_in_the_window_may_lose_repeated_text() -> None:
    """It is compared by the text that composing uses, with or without what its source repeats."""
    blurb = "गांव कथा प्रतियोगिता में अपनी कहानी भेजिए और पाइए ढेर सारे इनाम।"
    day = [replace(each, source="alok", body=(*each.body, TextBlock("p", blurb))) for each in (BRIDGE[0], *OTHERS)]
    curated = next_day(day, sent=sent(tuple(day)))
    assert stories(curated) == []
    assert "repeated sentences of alok in 5 of its articles" in curated.left_out
