"""The score of a pair: its terms with and without a background, and the cues that tell two events apart."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.curate.rules import Rules
from digest.curate.similarity.clustering import Pairs
from digest.curate.similarity.cues import NO_PLACES, clock_times, compare_places, death_tolls, find_places, gazetteer
from digest.curate.similarity.tfidf import UNSEEN_SHARE, document_shares
from digest.hindi.tokens import stems
from digest.models import Article
from tests.curate.clusters import cluster, compare_pair
from tests.curate.sample import BRIDGE, OTHERS, article
from tests.support.tables import each_row

RULES = Rules()
FIRE = (
    "{0} के बाजार में {1} रात कपड़े की दुकान में आग लग गई। दमकल की चार गाड़ियों ने दो घंटे में आग बुझाई। "
    "आग से लाखों का सामान जल गया, कोई घायल नहीं हुआ। पुलिस मामले की जांच कर रही है।"
)


def fire(id_: str, town: str, day: str = "सोमवार") -> Article:
    return article(id_, id_, f"{town} में कपड़े की दुकान में आग, लाखों का नुकसान", FIRE.format(town, day))


def test_two_articles_alone_are_scored_much_as_among_others() -> None:
    one, other, _ = BRIDGE
    alone, among = compare_pair(one, other), compare_pair(one, other, background=OTHERS)
    assert alone.score >= RULES.merge
    assert abs(alone.score - among.score) < 0.1
    assert alone.shared
    assert {alone.a, alone.b} == {one.id, other.id}
    assert compare_pair(one, OTHERS[0]).score < RULES.related


def test_headlines_without_any_stem_are_compared_by_their_texts() -> None:
    one, other = (replace(fire(id, "नदीपुर"), title=title) for id, title in (("a", "यह भी, वह भी!"), ("b", "…")))
    assert stems(one.title) == stems(other.title) == []
    assert compare_pair(one, other).score > 0


def test_the_score_does_not_depend_on_the_order() -> None:
    one, other, _ = BRIDGE
    assert compare_pair(one, other).score == compare_pair(other, one).score


def test_the_same_words_of_two_towns_are_two_stories() -> None:
    here, there, also_here = fire("a", "मुरादाबाद"), fire("b", "जोधपुर"), fire("c", "मुरादाबाद")
    apart = compare_pair(here, there)
    assert apart.place == "conflict"
    assert "place conflict" in str(apart)
    assert compare_pair(here, also_here).place == "same"
    assert compare_pair(here, fire("d", "बरेली")).place == "near", "another town of the same state"
    assert apart.score < compare_pair(here, also_here).score - 0.25
    assert len(cluster([here, also_here], RULES)) == 1


def test_weekdays_and_places_together_separate_what_words_do_not() -> None:
    monday, tuesday = fire("a", "मुरादाबाद"), fire("b", "बरेली", "मंगलवार")
    assert compare_pair(monday, tuesday).score < compare_pair(monday, fire("c", "मुरादाबाद")).score - 0.2


QUAKE = "सोनपुरा कस्बे में भूकंप के हल्के झटके महसूस किए गए। झटके {0} पर आए, लोग घरों से निकल आए। कहीं से नुकसान की सूचना नहीं है।"


def quake(id_: str, clock: str) -> Article:
    return article(id_, id_, "सोनपुरा में भूकंप के झटके, घरों से निकले लोग", QUAKE.format(clock))


def test_clock_times_separate_two_earthquakes_in_one_town() -> None:
    first, retold, second = quake("a", "8.57 मिनट"), quake("b", "8 बजकर 58 मिनट"), quake("c", "12 बजकर 39 मिनट")
    assert compare_pair(first, retold).clock == "same"
    apart = compare_pair(first, second)
    assert "clock conflict" in str(apart)
    assert apart.score < compare_pair(first, retold).score - 0.1
    assert compare_pair(first, quake("d", "सुबह 6 बजे")).clock is None, "a full hour is too rough to contradict"


CASE = "नदीपुर के चर्चित पुल घोटाले में अदालत ने ठेकेदार महेश राणा का पक्ष सुना। मामला तीन साल पुराना है।"


def test_court_stages_separate_two_days_in_court() -> None:
    trial = article("a", "a", "नदीपुर पुल घोटाला: ठेकेदार पर सुनवाई पांच मार्च को", CASE)
    verdict = article("b", "b", "नदीपुर पुल घोटाला: ठेकेदार को तीन साल की सजा", CASE)
    appeal = article("c", "c", "नदीपुर पुल घोटाला: सजा के खिलाफ अपील करेगा ठेकेदार", CASE)
    assert compare_pair(trial, verdict).stage == "conflict"
    assert compare_pair(verdict, appeal).stage == "same", "both name the verdict"
    assert compare_pair(trial, article("d", "d", "नदीपुर पुल घोटाले में फिर अदालत पहुंचा ठेकेदार", CASE)).stage is None


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("रात नौ बजकर 47 मिनट पर", {587}),
        ("सुबह 10:30 बजे और शाम 4.05 बजे", {630, 245}),
        ("12 बजकर 39 मिनट", {39}),
        ("सुबह 6 बजे 30 लोग, 45 मिनट की देर, 99.75 मिनट", set()),
    ],
)
def test_clock_times_are_read_to_the_minute(text: str, minutes: set[int]) -> None:
    assert clock_times(stems(text)) == minutes


def test_a_number_in_words_is_the_same_number() -> None:
    one = article("a", "a", "नदीपुर में दो नए पुस्तकालय खुलेंगे", "नदीपुर में बच्चों के लिए पांच लाख किताबें आएंगी।")
    other = article("b", "b", "नदीपुर में 2 नए पुस्तकालय खुलेंगे", "नदीपुर में बच्चों के लिए 5 लाख किताबें आएंगी।")
    assert compare_pair(one, other).lead_cosine == pytest.approx(1.0, abs=1e-6)
    assert stems(one.title) == stems(other.title)


@each_row(
    ("one", "other", "expected"),
    [
        ("लखनऊ में बैठक", "यूपी में बैठक", "same"),
        ("लखनऊ में बैठक", "कानपुर में बैठक", "near"),
        ("मध्य प्रदेश के रीवा में", "उत्तर प्रदेश में", "conflict"),
        ("अमरीका में चुनाव", "वॉशिंगटन में शपथ", "same"),
        ("काठमांडू में भूकंप", "टोक्यो में भूकंप", "conflict"),
        ("आज की बड़ी बैठक", "पटना में बैठक", None),
    ],
)
def test_places_by_state_and_country(one: str, other: str, expected: str | None) -> None:
    assert compare_places(find_places(stems(one)), find_places(stems(other))) == expected
    assert compare_places(find_places(stems(other)), find_places(stems(one))) == expected


def test_every_town_of_the_gazetteer_has_a_region_and_is_found_by_its_name() -> None:
    table = gazetteer()
    for town, regions in table.regions.items():
        found = find_places(stems(town.replace("_", " ")))
        assert regions & found.regions, town


@given(st.lists(st.sampled_from(stems("लखनऊ यूपी उत्तर प्रदेश मध्य दिल्ली पुल नदी चीन सऊदी अरब")), max_size=8))
def test_any_words_name_places_of_the_table_or_none(words: list[str]) -> None:
    found = find_places(words)
    assert compare_places(found, NO_PLACES) is None
    assert compare_places(found, found) in ("same", None)
    assert bool(found.towns) <= bool(found.regions)


def test_the_table_of_common_stems_holds_shares_of_stems() -> None:
    table = document_shares()
    assert 1_500 < len(table) < 4_000
    assert all(UNSEEN_SHARE < share < 1 for share in table.values())
    assert table[stems("सरकार")[0]] > table[stems("भूकंप")[0]]


def test_a_pair_of_two_towns_of_one_form_is_kept_apart_on_one_day() -> None:
    text = "{} में सोमवार को पेट्रोल {} रुपये और डीजल {} रुपये लीटर बिका। तेल कंपनियां रोज सुबह छह बजे नए भाव जारी करती हैं।" * 3
    title = "आज {} में पेट्रोल के दाम क्या हैं, जानें रोज सुबह छह बजे जारी होने वाले नए भाव"
    pages = [
        article(f"p{number}", f"paper {number}", title.format(town), text.format(*(town, 101, 92) * 3), hours=number)
        for number, town in enumerate(("शनपुर", "शनपुर", "बेलापुर", "लखनऊ", "कानपुर"))
    ]
    assert Pairs.build(pages[:2], RULES).link(0, 1).kept_apart is None
    joined = [{each.id for each in found.articles} for found in cluster(pages, RULES) if len(found.articles) > 1]
    assert joined == [{"p0", "p1"}]
    assert "two subjects" in str(compare_pair(pages[0], pages[2]).kept_apart)
    assert "two subjects" in str(compare_pair(pages[3], pages[4]).kept_apart)


def test_pages_of_two_kinds_or_signs_are_kept_apart() -> None:
    sign = [
        article(f"s{n}", f"paper {n}", f"{name} राशिफल: जानें अपना दिन", "दिन अच्छा रहेगा।")
        for n, name in enumerate(("मेष", "तुला"))
    ]
    assert "two subjects" in str(compare_pair(*sign).kept_apart)
    gold = article("g", "setu", "सोने का भाव आज", "दिन अच्छा रहेगा।")
    assert "two kinds (horoscope, gold)" in str(compare_pair(sign[0], gold).kept_apart)
    live = article("l", "alok", "LIVE: सोनपुरा की खबरें", "दिन अच्छा रहेगा।")
    assert compare_pair(gold, live).kept_apart is None


STORM = "सोनपुरा के तट पर आए तूफान ने भारी तबाही मचाई। राहत का काम जारी है और लोग मकानों की छतों पर हैं।"


def storm(id_: str, title: str) -> Article:
    return article(id_, id_, title, STORM)


def test_a_much_higher_death_toll_is_another_event() -> None:
    first = storm("a", "सोनपुरा में तूफान से 25 की मौत")
    grown, retold = storm("b", "सोनपुरा में तूफान से 65 की मौत"), storm("c", "सोनपुरा में तूफान से 27 की मौत")
    other = storm("d", "सोनपुरा में तूफान से 219 की मौत")
    assert compare_pair(first, retold).toll == "same"
    assert compare_pair(first, grown).toll is None, "tolls grow from hour to hour"
    assert compare_pair(first, storm("e", "सोनपुरा में तूफान से तबाही")).toll is None
    apart = compare_pair(first, other)
    assert "toll conflict" in str(apart)
    assert apart.score < compare_pair(first, grown).score - 0.05


@each_row(
    ("title", "dead"),
    [
        ("बस खाई में गिरी, 12 लोगों की मौत, 30 घायल", {12}),
        ("तूफान में मरने वालों की संख्या 219 हुई", {219}),
        ("तूफान में तीन मरे, सत्रह घायल", {3}),
        ("हमले में 25 मारे गए, एक दिन पहले 11 की हत्या हुई थी", {25, 11}),
        ("2019 की मौत का राज, 5 गवाह", set()),
        ("मौसम का हाल: 40 डिग्री", set()),
        ("शून्य नहीं, 0 मौत", set()),
    ],
)
def test_death_tolls_are_read_from_titles(title: str, dead: set[int]) -> None:
    assert death_tolls(stems(title)) == dead


def test_a_day_full_of_one_subject_hides_no_pair() -> None:
    """Words that occur in a twelfth of a small set still merge two reports that share little else."""
    subject = "सेना के जवान आतंकी हमले में शहीद"
    fillers = [
        article(f"f{n}", f"f{n}", f"{subject} {n}{n}", f"{subject}। कस्बा{n} मोहल्ला{n} चौक{n}।") for n in range(40)
    ]
    pair = [article("a", "a", subject, f"{subject}।"), article("b", "b", subject, f"{subject}।")]
    others = [article(f"o{n}", f"o{n}", f"विषय{n} बात{n}", f"कथा{n} गाथा{n}।") for n in range(460)]
    assert (0, 1) in Pairs.build([*pair, *fillers, *others], RULES).scores


def test_events_of_one_kind_lose_points_the_more_articles_there_are() -> None:
    flood = "{} जिले में सोमवार को आई बाढ़ से सैकड़ों घर डूब गए। प्रशासन ने नावों से लोगों को निकाला और राहत शिविर खोले।"
    one = article("a", "a", "बाढ़ से सैकड़ों घर डूबे, राहत शिविर खुले", flood.format("पूर्वी"))
    other = article("b", "b", "बाढ़ से सैकड़ों घर डूबे, नावों से निकाले गए लोग", flood.format("पश्चिमी"))
    days = [
        article(f"d{number}", "d", f"खबर {number}", flood.format("हर") + " घर खुले डूबे निकाले।") for number in range(500)
    ]
    alone, among = compare_pair(one, other), compare_pair(one, other, background=days)
    assert -0.01 < alone.event < 0
    assert among.event == pytest.approx(-0.09), "they share no town and no rare name"
    assert "events of one kind" in str(among)
    assert among.similarity == pytest.approx(among.score + 0.09)
    river = article("r", "r", "r", "नदी का नाम चंद्रहासिनी है।").body
    one, other = (replace(each, body=(*river, *each.body)) for each in (one, other))
    assert compare_pair(one, other, background=days).event == pytest.approx(-0.04)
    school = article("c", "c", "नए स्कूल में दाखिले शुरू", "जिले के नए स्कूल में दाखिले शुरू हो गए हैं।")
    assert compare_pair(school, one, background=days).event < 0
    assert compare_pair(school, replace(school, id="e"), background=days).event == 0
