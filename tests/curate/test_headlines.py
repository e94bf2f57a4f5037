"""When two headlines without a text are one story, and which names keep any two articles apart."""

from __future__ import annotations

import pytest

from digest.curate.rules import Rules
from tests.curate.clusters import cluster, compare_pair
from tests.curate.sample import OTHERS, article
from tests.support.tables import each_row

RULES = Rules()

SAME = [
    ("सोनपुरा में नाव पलटी, 14 लोगों की मौत", "सोनपुरा में नाव पलटने से 14 लोगों की मौत, कई लापता"),
    ("मुरादाबाद: पटाखा गोदाम में धमाका, 11 मजदूर झुलसे", "मुरादाबाद के पटाखा गोदाम में धमाका, 11 मजदूर झुलसे"),
    ("झील बचाने की मुहिम में जुटे गांव", "झील बचाने की मुहिम में जुटे गांव के लोग"),
]
APART = [
    # A product and its rival.
    ("5000 एमएएच बैटरी वाला स्मार्टफोन लॉन्च, जानें कीमत", "8000 एमएएच बैटरी वाला स्मार्टफोन लॉन्च, जानें कीमत", "worded alike"),
    # Exams of two boards.
    ("बोर्ड परीक्षा का रिजल्ट घोषित, ऐसे करें चेक", "पूरक परीक्षा का रिजल्ट घोषित, ऐसे करें चेक", "worded alike"),
    # A question that any report answers.
    ("रूपनगर नदी समझौते से किसे फायदा होगा?", "रूपनगर नदी समझौते पर किसे एतराज, किसे फायदा?", "worded alike"),
    # The same, without a question mark.
    ("रूपनगर नदी समझौते पर किसान क्या कह रहे हैं", "रूपनगर नदी समझौते पर जानकार क्या कह रहे हैं", "worded alike"),
    # Two states.
    ("बिहार के बोर्ड की 12वीं की सूची जारी", "असम के बोर्ड की 12वीं की सूची जारी", "different states"),
    # A class is no number that tells an event.
    ("मेवाड़ बोर्ड की 12वीं की सूची जारी", "मेवाड़ बोर्ड में 12वीं की मार्कशीट अब घर पहुंचेगी", "too few"),
    # Two matches.
    ("कबड्डी: रूपनगर ने सोनपुरा को 31-28 से हराया", "कबड्डी: रूपनगर ने सोनपुरा को 40-22 से हराया", "results"),
    ("रूपनगर ने सोनपुरा को चार विकेट से हराया", "रूपनगर ने सोनपुरा को 24 रनों से हराया", "results"),
    ("एशिया कप क्रिकेट: नेपाल को हराकर फाइनल में भारत", "एशिया कप क्रिकेट: श्रीलंका को हराकर फाइनल में भारत", "states"),
    # Two explosions of one day.
    ("रूपनगर की मस्जिद में धमाका, 2 लोगों की मौत", "रूपनगर की मस्जिद में धमाका, 28 लोगों की मौत", "death tolls"),
    # One subject without an event.
    ("किसान संगठनों की बैठक में फसल बीमा पर चर्चा", "किसान संगठनों की बैठक में नहर के पानी पर चर्चा", "no name"),
    # Two towns.
    ("पटना में बारिश से सड़कें डूबीं, अलर्ट जारी", "जोधपुर में बारिश से सड़कें डूबीं, अलर्ट जारी", "different towns"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_headlines_merge_by_name_and_event_or_one_wording(one: str, other: str) -> None:
    link = compare_pair(article("a", "a", one, ""), article("b", "b", other, ""))
    assert link.score >= RULES.merge, link
    assert link.kept_apart is None


@each_row(("one", "other", "why"), APART)
def test_headlines_of_one_kind_stay_apart(one: str, other: str, why: str) -> None:
    link = compare_pair(article("a", "a", one, ""), article("b", "b", other, ""))
    assert link.score >= RULES.related, link
    assert why in (link.kept_apart or "")


FIRE = "{} में कपड़े की दुकान में आग लग गई। दमकल की चार गाड़ियों ने आग बुझाई। {}पुलिस मामले की जांच कर रही है।"


def test_a_list_of_news_and_satire_are_no_report() -> None:
    report = article("a", "a", "पटना में कपड़े की दुकान में आग", FIRE.format("पटना", ""))
    other = article("b", "b", "पटना की कपड़े की दुकान में लगी आग", FIRE.format("पटना", ""))
    live = article("d", "d", "पटना LIVE अपडेट: कपड़े की दुकान में आग", FIRE.format("पटना", ""))
    assert all(compare_pair(report, each).kept_apart is None for each in (other, live))
    for title in ("10 बड़ी खबरें: पटना में कपड़े की दुकान में आग", "Humour: पटना में कपड़े की दुकान में आग"):
        no_report = article("c", "c", title, FIRE.format("पटना", ""))
        assert compare_pair(report, no_report).kept_apart == "a list of news or satire, and a report"


def test_titles_that_name_different_towns_stay_apart_unless_the_text_joins_them() -> None:
    here = article("a", "a", "पटना में कपड़े की दुकान में आग", FIRE.format("पटना", ""))
    there = article("b", "b", "भागलपुर में कपड़े की दुकान में आग", FIRE.format("भागलपुर", ""))
    both = article("c", "c", "भागलपुर में कपड़े की दुकान में आग", FIRE.format("भागलपुर", "पटना से भी दमकल पहुंची। "))
    assert compare_pair(here, there).kept_apart == "titles that name different towns"
    assert compare_pair(here, both).kept_apart is None
    assert len(cluster([here, there, *OTHERS], RULES)) == 2 + len(OTHERS)


def test_a_number_of_the_title_in_the_other_lead_brings_a_pair_closer() -> None:
    text = "स्वास्थ्य विभाग ने ताज़ा आंकड़े जारी किए। {} जिलों में बुखार के मरीज़ मिले हैं।"
    one = article("a", "a", "78 जिलों में फैला बुखार", text.format(78))
    same = article("b", "b", "बुखार के 1409 नए मामले, 78 जिले चपेट में", text.format(78))
    other = article("c", "c", "बुखार के 1409 नए मामले, 41 जिले चपेट में", text.format(41))
    assert compare_pair(one, same).score > compare_pair(one, other).score + 0.15


def test_a_number_of_hours_in_the_title_brings_no_pair_closer() -> None:
    def score(unit: str) -> float:
        text = "स्वास्थ्य विभाग ने ताज़ा आंकड़े जारी किए। 24 {} में बुखार के {} मरीज़ मिले हैं।"
        one = article("a", "a", f"24 {unit} में बुखार के 941 मरीज़", text.format(unit, 941))
        other = article("b", "b", "बुखार के 506 मरीज़ और मिले", text.format(unit, 506))
        return compare_pair(one, other).score

    assert score("घंटे") < score("जिलों") - 0.1
