"""Composing an edition: which stories it has, in which order, why, and what is left out."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.curate.compose import HIDES_NEWS, LOCAL_CRIME, ComposeContext, Curated, curate
from digest.curate.editorial import EditorialChanges
from digest.curate.rules import Rules
from digest.curate.similarity.clustering import Pairs
from digest.curate.similarity.score import in_fixed_order
from digest.models import Article, Image, Story
from tests.curate.sample import BRIDGE, DAY, NOW, OTHERS, article, stories
from tests.support.profiles import examples
from tests.support.tables import each_row

RULES = Rules()
_Cache = type(lru_cache(len))


def made(articles: tuple[Article, ...] | list[Article] = DAY, rules: Rules = RULES, **more: object) -> Curated:
    return curate(articles, ComposeContext(rules, NOW, **more))  # type: ignore[arg-type]


def by_title(curated: Curated, word: str) -> Story:
    return next(story for story in stories(curated) if word in story.title)


def test_a_day() -> None:
    curated = made()
    assert (curated.considered, curated.clusters, curated.reason) == (7, 5, "")
    assert [section.name for section in curated.sections] == ["देश", "व्यापार", "विज्ञान", "खेल", "मनोरंजन"]
    bridge = by_title(curated, "पुल")
    assert curated.lead == bridge.id == curated.sections[0].stories[0].id
    assert bridge.sources == ("alok", "setu", "prabhakar")
    assert set(bridge.articles) == {each.url for each in BRIDGE}
    assert bridge.article_ids[0] == "bridge-1"
    assert bridge.summary.startswith("सोनपुरा में कमला नदी")
    assert bridge.reasons[0] == "इसे 3 स्वतंत्र स्रोतों ने छापा है: +0.95"
    assert any(reason.startswith("section खेल: category") for reason in by_title(curated, "शतरंज").reasons)
    assert any(reason.startswith("section व्यापार: URL part") for reason in by_title(curated, "आम").reasons)
    assert any(reason.startswith("section मनोरंजन: headline words") for reason in by_title(curated, "पतंग").reasons)


def test_reasons_name_linked_and_related_articles() -> None:
    bridge = by_title(made(), "पुल")
    links = [reason for reason in bridge.reasons if reason.startswith("same story: ")]
    assert len(links) == 3
    assert {re.split(r" \d\.", link)[0].removeprefix("same story: ") for link in links} >= {"setu + alok"}
    words = "सोनपुरा में कमला नदी के पुल के पास मेला लगा। बच्चों के लिए झूले लगे और मिठाई बंटी।"
    fair = article("fair", "uday", "पुल खुला तो लगा मेला", words)
    reasons = by_title(made([*DAY, fair]), "कमला").reasons
    assert any(reason.startswith(f"related: {fair.title} (uday) ") for reason in reasons)


def test_runners_up_are_listed_best_first_and_can_be_pinned() -> None:
    rules = replace(RULES, max_stories=3)
    curated = made(DAY, rules)
    assert [each.score for each in curated.runners_up] == sorted(
        (each.score for each in curated.runners_up), reverse=True
    )
    assert len(stories(curated)) + len(curated.runners_up) == 5
    best = curated.runners_up[0]
    assert best.sources
    assert any("घंटे पुरानी है" in reason for reason in best.reasons)
    pinned = made(DAY, rules, changes=EditorialChanges(pinned=(best.id,)))
    assert pinned.lead == best.id
    assert best.id not in {each.id for each in pinned.runners_up}
    assert made().runners_up == ()


@each_row("seed", range(5))
def test_order_of_input_changes_nothing(seed: int) -> None:
    shuffled = list(DAY)
    random.Random(seed).shuffle(shuffled)
    assert made(shuffled) == made()


def test_too_few_stories_give_a_reason_and_no_sections() -> None:
    curated = made(BRIDGE)
    assert curated.sections == ()
    assert curated.lead == ""
    needed = "of the 3 that an edition needs, of the last 24 hours."
    assert curated.reason == f"Too few stories: 1 {needed}"
    assert made(()).reason == f"Too few stories: 0 {needed}"


def test_articles_of_other_days_and_languages_are_left_out_and_counted() -> None:
    more = [
        replace(OTHERS[0], id="old", published=NOW - timedelta(hours=25)),
        replace(OTHERS[1], id="future", published=NOW + timedelta(hours=2)),
        replace(OTHERS[2], id="english", language="en"),
    ]
    curated = made([*DAY, *more])
    assert sections_of(curated) == sections_of(made())
    assert curated.considered == 7
    assert "1 not in hi" in curated.left_out
    assert "2 outside the last 24 hours" in curated.left_out
    few = made([*DAY, *more], replace(RULES, min_stories=50)).reason
    assert re.search(r"Articles left out: [^.]*\b1 not in hi\b", few), (
        "the number has its unit: an edition needs stories"
    )


def sections_of(curated: Curated) -> list[tuple[str, list[str]]]:
    return [(section.name, [story.id for story in section.stories]) for section in curated.sections]


def test_editors_pin_and_drop_stories() -> None:
    plain = made()
    chess, bridge = by_title(plain, "शतरंज"), by_title(plain, "पुल")
    pinned = made(changes=EditorialChanges(pinned=(chess.id,)))
    assert pinned.lead == chess.id
    assert by_title(pinned, "शतरंज").reasons[0] == "pinned by the desk"
    dropped = made(changes=EditorialChanges(dropped=(bridge.id,)))
    assert bridge.id not in {story.id for story in stories(dropped)}
    assert "3 dropped by the desk" in dropped.left_out
    assert made(changes=EditorialChanges(dropped=(BRIDGE[1].url,))) == dropped
    assert len(stories(made(changes=EditorialChanges(pinned=("nobody",), dropped=("nothing",))))) == 5


def test_most_stories_and_most_of_a_section() -> None:
    assert len(stories(made(rules=Rules(max_stories=3)))) == 3
    sports = [
        replace(each, id=f"match-{n}", section="खेल", title=word, body=())
        for n, (each, word) in enumerate(zip(OTHERS * 2, TITLES, strict=True))
    ]
    curated = made([*DAY, *sports], rules=Rules(max_stories=11))
    count = {section.name: len(section.stories) for section in curated.sections}
    assert count["खेल"] == 7
    full = made([*DAY, *sports], rules=Rules(max_stories=12))
    assert len(stories(full)) == 12, "an eighth of the section, because nothing else is left"
    only = made(sports, rules=Rules(max_stories=6))
    assert len(stories(only)) == 6, "with one section the cap gives way"


def test_weak_stories_only_fill_an_edition_up_to_its_minimum() -> None:
    everything = stories(made())
    scores = sorted(story.score for story in everything)
    floor = round((scores[1] + scores[2]) / 2, 2)
    strong = made(rules=replace(RULES, min_score=floor, enough=1, min_stories=1))
    assert {story.id for story in stories(strong)} == {story.id for story in everything if story.score >= floor}
    assert strong.too_weak == 2
    assert f"2 too weak (a score below {floor:g})" in strong.left_out
    assert {each.score for each in strong.runners_up} == {round(score, 4) for score in scores[:2]}
    filled = made(rules=replace(RULES, min_score=floor, enough=4))
    assert (len(stories(filled)), filled.too_weak) == (4, 1)
    assert len(stories(made(rules=Rules(min_score=5.0, enough=1)))) == 3, "a quiet day is no reason to skip the edition"
    worse = dict.fromkeys((story.title for story in everything), -5.0)
    assert len(stories(made(rules=Rules(min_score=0.0, enough=1, boost=worse)))) == 5, "0 means no limit"
    weakest = strong.runners_up[-1]
    wanted = made(
        rules=replace(RULES, min_score=floor, enough=1, min_stories=1), changes=EditorialChanges(added=(weakest.id,))
    )
    assert (len(stories(wanted)), wanted.too_weak) == (4, 1)


# No two share a word.
TITLES = (
    "कबड्डी संघ चुनेगा अध्यक्ष",
    "तैराकी केंद्र में मरम्मत शुरू",
    "निशानेबाजी शिविर स्थगित",
    "कुश्ती अखाड़े पर ताला",
    "मुक्केबाजी को मिला प्रायोजक",
    "तीरंदाजी दल रवाना",
    "घुड़सवारी मैदान हरा-भरा",
    "नौकायन रेस टली",
)


def test_a_section_above_the_floor_gets_a_place() -> None:
    weighty = [
        replace(each, id=f"big-{n}", section="देश", title=word, body=(), source=f"paper {n}")
        for n, (each, word) in enumerate(zip(OTHERS * 2, TITLES, strict=True))
    ]
    rules = Rules(max_stories=4, preferences={"देश": 1.0, "शिक्षा": -1.0}, section_floor=1.0)
    lesson = article("lesson", "setu", "गांव की पाठशाला में खुला पुस्तकालय", section="शिक्षा", hours=8)
    assert "शिक्षा" in [section.name for section in made([*weighty, lesson], rules=rules).sections]
    strict = replace(rules, section_floor=3.0)
    assert "शिक्षा" not in [section.name for section in made([*weighty, lesson], rules=strict).sections]


def test_what_may_be_the_same_event_gives_its_place_to_another_story() -> None:
    bridge = article(
        "bridge",
        "setu",
        "कमला नदी पर नया पुल खुला",
        "सोनपुरा में कमला नदी पर बना नया पुल रविवार को खोल दिया गया। आठ गांवों के लोगों को अब नाव नहीं लेनी पड़ेगी। "
        "पुल पर 42 करोड़ रुपये खर्च हुए।",
    )
    sidebar = article(
        "sidebar",
        "setu",
        "मल्लाहों को घाट पर दी गई विदाई",
        "कमला नदी के घाट पर रविवार को मल्लाहों को फूल दिए गए। नए पुल के कारण अब किसी को नाव नहीं लेनी पड़ेगी। "
        "सोनपुरा के मल्लाह दूसरा काम खोज रहे हैं।",
        hours=8,
    )
    school = article("school", "nagar", "पाठशाला में पुस्तकालय बना", "बच्चे यहां शाम तक पढ़ेंगे। किताबें दान में मिलीं।", hours=9)
    titles = {story.title for story in stories(made([bridge, sidebar, school], Rules(max_stories=2, min_stories=1)))}
    assert titles == {bridge.title, school.title}
    everything = made([bridge, sidebar, school], Rules(max_stories=3, min_stories=1))
    assert len(stories(everything)) == 3, "two stories, because the second article adds something of its own"


def test_horoscopes_stay_out_unless_pinned_and_a_series_comes_once() -> None:
    stars = article("stars", "alok", "आज का राशिफल: जानिए अपना दिन", "मेष वालों का दिन सामान्य रहेगा। " * 5)
    prices = [
        article("gold", "alok", "सोने के दाम में तेजी, चांदी स्थिर", "सोना महंगा हुआ। " * 9),
        article("silver", "setu", "चांदी के भाव गिरे, बाजार में हलचल", "आभूषण बाजार में रौनक कम रही। " * 9),
    ]
    curated = made([*DAY, stars, *prices])
    titles = [story.title for story in stories(curated)]
    assert stars.title not in titles
    assert "1 series (horoscope)" in curated.left_out
    assert sum(each.title in titles for each in prices) == 1
    assert stars.title in [
        story.title for story in stories(made([*DAY, stars], changes=EditorialChanges(pinned=("stars",))))
    ]


def test_the_top_is_not_one_paper() -> None:
    many = [
        replace(each, id=f"p-{n}", source="alok" if n < 4 else f"paper {n}", title=word, section=name, body=())
        for n, (each, word, name) in enumerate(zip(OTHERS * 2, TITLES, RULES.sections, strict=False))
    ]
    curated = curate(many, ComposeContext(Rules(max_stories=5), NOW, weights={"alok": 2.0}))
    assert sum(story.sources[0] == "alok" for story in stories(curated)) == 2
    alone = curate(many[:4], ComposeContext(Rules(max_stories=5), NOW, weights={"alok": 2.0}))
    assert len(stories(alone)) == 4, "with one source there is nothing to spread"


def test_image_and_url_come_from_any_article_that_has_them() -> None:
    image = Image("https://setu.example.com/pul.jpg")
    bridge = [replace(BRIDGE[0], url=""), BRIDGE[1], replace(BRIDGE[2], image=image)]
    story = by_title(made([*bridge, *OTHERS]), "पुल")
    assert story.image == image
    assert story.article_ids[0] == "bridge-1"
    assert "" not in story.articles
    assert len(story.articles) == 2
    assert story.url in story.articles


def test_an_image_that_an_email_can_show_is_preferred() -> None:
    stamp, bare = Image("https://a.example/s.jpg", 106, 60), Image("http://b.example/b.jpg")
    good = Image("https://c.example/g.jpg", 1200, 675)

    def shown(*images: Image) -> Image | None:
        bridge = [replace(one, image=image) for one, image in zip(BRIDGE, images, strict=True)]
        return by_title(made([*bridge, *OTHERS]), "पुल").image

    assert shown(stamp, bare, good) == good
    assert shown(stamp, stamp, bare) == stamp


def test_story_ids_stay_the_same_later() -> None:
    later = curate(DAY, ComposeContext(RULES, NOW + timedelta(hours=3), weights={"setu": 1.1}))
    assert {story.id for story in stories(later)} & {story.id for story in stories(made())}
    assert by_title(later, "शतरंज").id == by_title(made(), "शतरंज").id


_CORRECTED = replace(BRIDGE[1], title=f"{BRIDGE[1].title}: 41 गांव", body=BRIDGE[0].body)
_BARE = [article(f"bare-{each.id}", "nagar", each.title) for each in DAY]
_COPY = replace(BRIDGE[0], id="copy", source="nagar", url="https://nagar.example/copy.html")


@pytest.mark.slow
@settings(max_examples=examples(50, dev=10))
@given(
    order=st.permutations((*DAY, *_BARE, _COPY, _CORRECTED)),
    sizes=st.lists(st.integers(1, 16), min_size=1, max_size=3),
    hours=st.integers(0, 20),
)
def test_composing_again_in_one_process_is_composing_from_scratch(
    order: list[Article], sizes: list[int], hours: int
) -> None:
    """Articles come in any order, one of them corrected, and the window moves on."""
    _forget_articles()
    for size in sizes:
        _scores_and_edition(order[:size], 0)
    again = _scores_and_edition(order, hours)
    _forget_articles()
    assert again == _scores_and_edition(order, hours)


def _scores_and_edition(articles: list[Article], hours: int) -> tuple[object, Curated]:
    """The edition shows scores with two decimals only."""
    pairs = Pairs.build(in_fixed_order(articles), RULES)
    return pairs.scores, curate(articles, ComposeContext(Rules(min_stories=1), NOW + timedelta(hours=hours)))


def _forget_articles() -> None:
    """Empty the caches of curation, as in a new process. Tables (caches of one result) stay loaded."""
    modules = [module for name, module in sys.modules.items() if name.startswith("digest.curate")]
    for each in {value for module in modules for value in vars(module).values() if isinstance(value, _Cache)}:
        if each.cache_info().maxsize != 1:
            each.cache_clear()


def test_source_weight_and_preference_raise_the_score() -> None:
    plain, liked = made(), made(rules=Rules(preferences={"मनोरंजन": 1.0}))
    assert by_title(liked, "पतंग").score == pytest.approx(by_title(plain, "पतंग").score + 0.8)
    heavy = curate(DAY, ComposeContext(RULES, NOW, weights={"setu": 2.0}))
    assert by_title(heavy, "दूरबीन").score == pytest.approx(by_title(plain, "दूरबीन").score + 0.5)


def quiet(count: int, hours: float = 1) -> list[Article]:
    """Fresh stories that matter little, of as many papers. No two share a word or a section."""
    return [
        article(f"quiet-{n}", f"paper {n}", title, section=name, hours=hours)
        for n, (title, name) in enumerate(zip(TITLES[:count], RULES.sections, strict=False))
    ]


def test_importance_decides_and_freshness_breaks_ties() -> None:
    flood = article("flood", "setu", "सोनपुरा में बाढ़ से 14 की मौत, सेना बुलाई गई", section="देश", hours=20)
    curated = made([*quiet(6), flood])
    assert curated.lead == by_title(curated, "बाढ़").id
    (fresh,) = quiet(1)
    older = article("older", "paper 9", "कबड्डी परिषद तय करेगी सचिव", section=fresh.section, hours=9)
    assert [story.title for story in stories(made([older, fresh, *OTHERS])) if "कबड्डी" in story.title] == [
        fresh.title,
        older.title,
    ]


def test_the_hours_of_a_day_do_not_choose_its_stories() -> None:
    weighty = [
        article(f"big-{n}", f"paper {n}", title)
        for n, title in enumerate(
            (
                "सोनपुरा में बाढ़ से 14 की मौत, सेना बुलाई गई",
                "सुप्रीम कोर्ट ने बांध पर रोक लगाई",
                "रिजर्व बैंक ने ब्याज दर घटाई",
                "कैबिनेट ने नए रेल मार्ग को दी मंजूरी",
                "रामगढ़िया में दो गुटों में हिंसा, कर्फ्यू लगा",
                "मंत्री ने घोटाले के आरोप पर दिया इस्तीफा",
            )
        )
    ]
    soft = [
        article(f"soft-{n}", f"paper {n}", title)
        for n, title in enumerate(
            (
                "इस अभिनेत्री की ड्रेस देख दंग रह गए फैंस",
                "दमदार बैटरी वाला नया स्मार्टफोन लॉन्च हुआ, जानें कीमत",
                "सर्दी में खाएं ये पांच फल, मिलेंगे कमाल के फायदे",
                "कैसे करें घर बैठे आवेदन, जानें आसान तरीका",
                "टॉप पांच बाइक जिनका माइलेज है जबरदस्त",
                "ये पौधे लगाएं, चमकेगी किस्मत",
            )
        )
    ]
    rng = random.Random(3)
    for _ in range(5):
        day = [replace(each, published=NOW - timedelta(hours=rng.uniform(0, 23))) for each in (*weighty, *soft)]
        chosen = stories(made(day, rules=Rules(max_stories=6)))
        assert {each.title for each in weighty} == {story.title for story in chosen}


def test_copies_and_papers_of_one_house_are_one_source() -> None:
    def score(*articles: Article) -> float:
        return by_title(made([*articles, *OTHERS]), "कमला").score

    own = [BRIDGE[0], BRIDGE[1]]
    house = [BRIDGE[0], replace(BRIDGE[1], url="https://www.alok.example/other.html")]
    assert score(*own) > score(*house)
    assert score(*BRIDGE) > score(*own)


def test_a_place_at_the_top_of_a_feed_raises_the_score() -> None:
    top = replace(OTHERS[0], prominence=1.0)
    assert by_title(made([top, *OTHERS[1:]]), "शतरंज").score == pytest.approx(by_title(made(), "शतरंज").score + 0.3)


def test_a_newsroom_sets_the_weights_of_rows() -> None:
    plain = by_title(made(), "शतरंज")
    off = by_title(made(rules=Rules(importance={"victory": 0.0, "fresh": 1.0})), "शतरंज")
    assert not any("जीत" in reason for reason in off.reasons)
    assert off.score == pytest.approx(plain.score - 0.3 + 0.6 * 2 ** (-5 / 6), abs=1e-3)


def test_reasons_are_in_the_language_of_the_newsletter() -> None:
    english = [replace(each, language="en") for each in DAY]
    rules = Rules(language="en", min_stories=1)
    assert any("3 independent sources have it: +0.95" in story.reasons for story in stories(made(english, rules=rules)))


def test_copies_of_one_agencys_report_count_once_for_subscribers_too() -> None:
    papers = [replace(each, url=f"https://{each.source}.example/{each.id}") for each in BRIDGE]
    assert by_title(made([*papers, *OTHERS]), "पुल").origin_count == 3
    copies = [replace(each, author="PTI") for each in papers[:2]]
    story = by_title(made([*copies, papers[2], *OTHERS]), "पुल")
    assert (story.origin_count, len(story.sources)) == (2, 3)


def test_fresh_stories_score_higher_and_damaged_ones_lower() -> None:
    fresh, stale = replace(OTHERS[0], published=NOW - timedelta(hours=1)), OTHERS[0]
    assert by_title(made([fresh, *OTHERS[1:]]), "शतरंज").score > by_title(made([stale, *OTHERS[1:]]), "शतरंज").score
    hurt = replace(OTHERS[0], title="तेरह साल की मी\ufffdा ने जीती राज्य शतरंज प्रतियोगिता")
    story = by_title(made([hurt, *OTHERS[1:]]), "शतरंज")
    assert "इसके अक्षर बिगड़े हुए हैं: -0.50" in story.reasons


def test_extra_sections_follow_those_of_the_rules_by_name() -> None:
    extra = [replace(OTHERS[0], section="मौसम"), replace(OTHERS[1], section="कृषि")]
    curated = made([*BRIDGE, *extra])
    assert [section.name for section in curated.sections] == ["देश", "कृषि", "मौसम"]


def test_a_split_article_is_a_story_of_its_own() -> None:
    split = made(changes=EditorialChanges(split=(BRIDGE[1].id,)))
    assert split.clusters == 6
    story = next(story for story in stories(split) if "bridge-1" in story.article_ids)
    assert set(story.article_ids) == {each.id for each in BRIDGE} - {BRIDGE[1].id}
    assert (BRIDGE[1].id,) in {story.article_ids for story in stories(split)}
    assert made(changes=EditorialChanges(split=(str(BRIDGE[1].url),))) == split
    first = made(changes=EditorialChanges(split=("bridge-1",)))
    assert ("bridge-1",) in {story.article_ids for story in stories(first)}
    assert made(changes=EditorialChanges(split=tuple(each.id for each in BRIDGE))).clusters == 7
    assert made(changes=EditorialChanges(split=("too old",))) == made()


def test_merged_stories_are_one_and_keep_the_first_ones_headline() -> None:
    plain = made()
    chess, mango = by_title(plain, "शतरंज"), by_title(plain, "आम")
    changes = EditorialChanges(merged=((*chess.article_ids, *mango.article_ids),))
    merged = made(changes=changes)
    story = by_title(merged, "शतरंज")
    assert (story.id, story.title) == (chess.id, chess.title)
    assert story.article_ids == (*chess.article_ids, *mango.article_ids)
    assert set(story.sources) == {*chess.sources, *mango.sources}
    assert (merged.clusters, len(stories(merged))) == (4, 4)
    # Merged again into another one, and split off afterwards.
    bridge = by_title(plain, "पुल")
    both = replace(changes, merged=(*changes.merged, (*bridge.article_ids, *chess.article_ids)))
    assert set(mango.article_ids) <= set(by_title(made(changes=both), "पुल").article_ids)
    apart = replace(changes, merged=((*bridge.article_ids, *chess.article_ids),), split=(chess.article_ids[0],))
    assert chess.article_ids[0] in by_title(made(changes=apart), "पुल").article_ids, "a merger outlives the split"
    assert made(changes=EditorialChanges(merged=(("too old", *mango.article_ids),))) == plain


class _SilentAbout:
    """A summariser that finds nothing to say of some articles."""

    own_words = False

    def __init__(self, *ids: str) -> None:
        self.ids = set(ids)

    def __call__(self, articles: Sequence[Article], **_other: object) -> str:
        return "" if self.ids & {each.id for each in articles} else "गाँव में मेला लगा और दूर-दूर से लोग पहुँचे।"


def _rivals(newer_title: str, older_title: str = "सोनपुरा में नदी पर पुल का काम शुरू") -> list[Article]:
    """Two stories, the first an hour newer."""
    newer = "लोगों ने सुबह से घंटों इंतज़ार किया और फिर रामगंज लौट गए। बाज़ार दिन भर बंद रहा।"
    older = "नदी के पार के गाँवों को इससे आने-जाने में आसानी होगी। काम दो साल में पूरा होगा।"
    return [article("new", "alok", newer_title, newer, hours=1), article("old", "setu", older_title, older, hours=2)]


def _lead_of(articles: list[Article], **more: object) -> str:
    curated = made(articles, Rules(min_stories=1), **more)
    return next(story.article_ids[0] for story in stories(curated) if story.id == curated.lead)


def test_a_missing_summary_loses_the_lead_only_to_an_equal_story() -> None:
    equal = _rivals("रामगंज में सड़क पर पुल का काम शुरू")
    assert _lead_of(equal) == "new"
    assert _lead_of(equal, summariser=_SilentAbout("new")) == "old"
    greater = _rivals("रामगंज में पुल गिरा, दो लोगों की मौत")
    assert _lead_of(greater, summariser=_SilentAbout("new")) == "new"


def test_a_crime_in_one_town_leads_only_a_day_without_other_news() -> None:
    crime = _rivals("रामगंज में व्यापारी की हत्या", "विधानसभा में पुल पर बहस")
    first, second = sorted(stories(made(crime, Rules(min_stories=1))), key=lambda story: -story.score)
    assert first.article_ids == ("new",)
    assert 0 < first.score - second.score < LOCAL_CRIME
    assert _lead_of(crime) == "old"
    assert _lead_of(_rivals("रामगंज में पूर्व मंत्री की हत्या", "विधानसभा में पुल पर बहस")) == "new"
    assert _lead_of(crime, changes=EditorialChanges(pinned=(first.id,))) == "new"


def test_a_story_from_abroad_leads_only_if_it_is_much_greater() -> None:
    assert _lead_of(_rivals("जापान में बाढ़, 30 की मौत", "पटना में बाढ़, 6 की मौत")) == "old"
    assert _lead_of(_rivals("जापान में बाढ़, 4000 की मौत", "पटना में बाढ़, 6 की मौत")) == "new"
    # With the penalty of a story from abroad, it would not lead.
    assert _lead_of(_rivals("जापान में बाढ़, 600 की मौत", "पटना में बाढ़, 60 की मौत")) == "new"


def test_a_headline_that_hides_its_news_does_not_lead() -> None:
    for hidden, told in (
        ("विधानसभा में पुल पर मंत्री ने की यह मांग", "विधानसभा में पुल पर बहस"),
        ("प्रधानमंत्री ने विधानसभा में पुल पर क्या कहा", "विधानसभा में पुल पर बहस"),
    ):
        hides = _rivals(hidden, told)
        first, second = sorted(stories(made(hides, Rules(min_stories=1))), key=lambda story: -story.score)
        assert first.article_ids == ("new",)
        assert 0 < first.score - second.score < HIDES_NEWS
        assert _lead_of(hides) == "old"


def test_a_state_is_no_subject_that_two_stories_share() -> None:
    """Two stories of one person count as one subject, two of one country do not."""

    def picked(*titles: str) -> set[str]:
        articles = [article(f"p{n}", f"paper-{n}", title, section="देश", hours=n + 1) for n, title in enumerate(titles)]
        return {each.title for each in stories(made(articles, Rules(max_stories=2, min_stories=1)))}

    other = "कवि की नई किताब छपी"
    assert other not in picked("नेपाल में नया पुल खुला", "नेपाल ने खरीदी बस", other)
    assert other in picked("मुनिया ने बनाया घर", "मुनिया ने खरीदी बस", other)


def test_a_full_section_gives_way_only_to_news() -> None:
    """From the fourth story on, one of a section loses no more than the third."""
    weighty = [
        article(f"w{n}", f"paper-{n}", f"{town} में भूकंप, {n + 3} की मौत", section="देश", hours=n + 1)
        for n, town in enumerate(("सोनपुरा", "रामगंज", "हरिपुर", "किशनपुर", "मोहनगढ़"))
    ]
    trifle = article("t", "nagar", "पाठशाला में पुस्तकालय बना", section="शिक्षा", hours=1)
    rules = Rules(max_stories=5, min_stories=1, per_section_max=6, penalty_section=0.4, penalty_subject=0.0)
    assert trifle.title not in {each.title for each in stories(made([*weighty, trifle], rules))}
    unlimited = replace(rules, penalised_most=9)
    assert trifle.title in {each.title for each in stories(made([*weighty, trifle], unlimited))}
