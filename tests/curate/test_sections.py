"""Evidence for a section, strongest first, and recurring series recognised by their titles."""

from __future__ import annotations

import json

import pytest

from digest.curate.importance.matching import entries, find_rows
from digest.curate.recurring import title_form
from digest.curate.rules import SECTIONS
from digest.curate.section_words import EVERY, learned_points, lexicon
from digest.curate.sections import headline_keys, section_by_name, section_of, use_learned_points
from digest.hindi.tokens import tokens
from digest.models import Article
from tests.curate.sample import article
from tests.paths import SHARED_DATA
from tests.support.tables import each_row


def one(title: str = "कमला नदी", **more: object) -> Article:
    return article("x", "alok", title, **{"url": "", **more})  # type: ignore[arg-type]


@each_row(
    ("found", "section", "evidence"),
    [
        (one(section="मेला", categories=("खेल",)), "मेला", "source's section"),
        (one(categories=("अनजान", "cricket"), url="https://a.example.com/business/x"), "खेल", "category 'cricket'"),
        (one(categories=("India & World", "Technology News")), "विज्ञान", "category 'Technology News'"),
        (one(url="https://a.example.com/hindi/entertainment/x.html"), "मनोरंजन", "URL part 'entertainment'"),
        (one(url="https://a.example.com/cricket/ipl-2026/x.html"), "खेल", "URL part 'cricket'"),
        (one(url="https://a.example.com/hindi/wpl-news-2026/x.html"), "खेल", "URL part 'wpl-news-2026'"),
        (one(url="https://a.example.com/lucknow/x.html"), "देश", "URL part 'lucknow'"),
        (one("सेल्फ एम्पलाई कैसे ले सकते हैं होम लोन"), "व्यापार", "headline words"),
        (one(url="https://a.example.com/%E0%A4%96%E0%A5%87%E0%A4%B2/x"), "खेल", "URL part 'खेल'"),
        (one("रोमांचक मैच में टीम की जीत, गेंदबाज ने झटके पांच विकेट"), "खेल", "headline words"),
        (one("मैच के लिए पहुंचे मंत्री"), "देश", "no evidence"),
        (one("विधायक बोले, अगले चुनाव में बदलेगी सरकार"), "राजनीति", "headline words"),
        (one("लंदन में लूट, आरोपी गिरफ्तार"), "दुनिया", "headline words"),
        (one("पाकिस्तान में चुनाव, विपक्ष की जीत"), "दुनिया", "headline words"),
        # Figures of speech are no evidence.
        (one("बड़ी परीक्षा अभी बाकी"), "देश", "no evidence"),
        (one("नदियों की बिगड़ती सेहत"), "देश", "no evidence"),
        (one("राजधानी में भारी ट्रकों के प्रवेश पर रोक"), "देश", "no evidence"),
        (one("कैंटीन के मुखिया ने बदला खाने का समय"), "देश", "no evidence"),
        (one("हाई टाइड की चेतावनी"), "देश", "no evidence"),
        # A deadly disaster is no politics.
        (one("तूफान से चार की मौत, विधायक और विपक्ष ने मांगा मुआवजा", text="सोनपुरा में पेड़ गिरे।"), "देश", "headline words"),
        # Neither is a deadly attack, or a lockdown that a minister announces.
        (one("संसद हमले में शहीद पुलिसकर्मियों को मरणोपरांत सम्मान", text="सोनपुरा में कार्यक्रम हुआ।"), "देश", "headline words"),
        (
            one("31 मार्च तक पूर्ण लॉकडाउन, कमला नदी के घाट खाली", text="मुख्यमंत्री ने भाजपा और कांग्रेस के विधायकों को बताया।"),
            "देश",
            "lead words (",
        ),
        # A hospital that collapses is no news about health.
        (one("अस्पताल की छत ढही, मरीज घायल", text="सोनपुरा में रात को वार्ड की छत गिर गई।"), "देश", "no evidence"),
        (one("अस्पताल में मरीज बढ़े", text="सोनपुरा में डेंगू फैला।"), "स्वास्थ्य", "headline words"),
        (one("नेपाल में भूकंप", text="पुल के पास मकान गिरे।"), "दुनिया", "an event abroad"),
        (one("भूकंप से पुल टूटा", text="जापान के तट पर मकान गिरे।"), "दुनिया", "an event abroad"),
        (one("आइसलैंड के मंत्री ने दिया इस्तीफा"), "दुनिया", "an event abroad"),
        (one("आइसलैंड में तीन दिन की बर्फ"), "दुनिया", "an event abroad"),
        (one("नेपाल सीमा पर चौकसी बढ़ी", text="सोनपुरा में जांच हुई।"), "देश", "no evidence"),
        (one("चंद्रयान की चांद पर लैंडिंग में आज सब ठीक", text="यान ठीक है।"), "विज्ञान", ""),
        (one("आइसलैंड जाएं तो ऐसे बचाएं पैसे"), "देश", "no evidence"),
        # Neither is a deadly accident in a chemical works science, or hail like tennis balls sport.
        (one("रसायन फैक्ट्री में बॉयलर फटने से पांच की मौत", text="सोनपुरा में आग लगी।"), "देश", "no evidence"),
        (one("टेनिस की गेंद जितने ओले गिरे, दो की मौत", text="सोनपुरा में फसल गई।"), "देश", "no evidence"),
        (one("सड़क हादसे में क्रिकेट टीम के गेंदबाज की मौत", text="सोनपुरा में मैच था।"), "खेल", "headline words"),
        # A storm may have the name of an actress.
        (one("कैटरीना के बाद एक और तूफान", text="पेड़ गिरे।"), "देश", "no evidence"),
        (one("नेपाल में भूकंप", text="झटके पटना में भी महसूस हुए।"), "देश", "no evidence"),
        (one("नेपाल में मेला", text="पुल के पास दुकानें लगीं।"), "दुनिया", "an event abroad"),
        (one("नेपाल का मेला", text="पुल के पास दुकानें लगीं।"), "देश", "no evidence"),
        (one("मेले में जुटी भीड़", text="सोनपुरा की कबड्डी टीम ने टूर्नामेंट का फाइनल जीता।"), "खेल", "lead words"),
        # A pupil in an accident is no news about education.
        (
            one("स्कूल जा रही नौवीं कक्षा की छात्रा की मौत", text="सोनपुरा के चौराहे पर ट्रक ने साइकिल को टक्कर मार दी।"),
            "देश",
            "no evidence",
        ),
        (one("परीक्षा केंद्र के बाहर 12वीं की छात्रा की हत्या"), "देश", "no evidence"),
        (one("शेयर बाजार में तेजी, सेंसेक्स 400 अंक चढ़ा"), "व्यापार", "headline words"),
        (one("चोरी के आरोपी गिरफ्तार, पुलिस ने बरामद की बाइक"), "देश", "headline words"),
        (one(url="https://a.example.com/khel"), "देश", "no evidence"),
    ],
)
def test_evidence(found: Article, section: str, evidence: str) -> None:
    name, why = section_of([found], "देश")
    assert name == section
    assert why.startswith(evidence)


def test_the_others_vote_where_the_first_gives_nothing() -> None:
    story = [one(), one(categories=("खेल",)), one(categories=("sports",)), one(categories=("business",))]
    assert section_of(story, "देश") == ("खेल", "2 of the other articles")
    assert section_of([one(categories=("business",)), *story[1:]], "देश")[0] == "व्यापार"


@pytest.mark.parametrize(
    ("name", "section"), [("Health-News", "स्वास्थ्य"), ("खेल समाचार", "खेल"), ("कविता", None), ("", None)]
)
def test_names(name: str, section: str | None) -> None:
    assert section_by_name(name) == section


@each_row(
    ("title", "kind"),
    [
        ("आज का राशिफल 23 नवंबर", "horoscope"),
        ("पेट्रोल-डीज़ल के दाम फिर बढ़े", "fuel"),
        ("सेंसेक्स 400 अंक चढ़ा", "market"),
        ("LIVE: विधानसभा में बहस", "live"),
        ("रेलवे में 500 पदों पर भर्ती", "jobs"),
        ("हादसे के बाद 12 लोग अस्पताल में भर्ती", ""),
        ("फोटो खिंचवाने पहुंचे लोग", ""),
        ("सोनपुरा में नया पुल खुला", ""),
    ],
)
def test_series_by_title(title: str, kind: str) -> None:
    found = title_form(title).series
    assert (found.kind if found else "") == kind


def test_a_skeleton_differs_only_in_numbers() -> None:
    assert title_form("भाव 23/11: ४५ रुपये").skeleton == title_form("भाव 24/11: 46.5 रुपये").skeleton
    assert title_form("भाव 23").skeleton != title_form("दर 23").skeleton


def test_other_learned_points_count_at_once() -> None:
    title = "सोनपुरा में कल से कमला महोत्सव"
    before = section_of([one(title)], "देश")
    try:
        use_learned_points({"=महोत्सव": {"मनोरंजन": 9.0}})
        assert section_of([one(title)], "देश")[0] == "मनोरंजन"
    finally:
        use_learned_points({})
    assert section_of([one(title)], "देश") == before


@pytest.mark.slow
def test_headline_words_on_labelled_headlines() -> None:
    """The lexicon is mostly right where it decides, and does not decide where it does not know."""
    path = SHARED_DATA / "articles/l3cube-headlines-hi/l3cube_hi_headlines.jsonl"
    if not path.exists():
        pytest.skip("the labelled headlines (L3Cube) are not beside the repository")
    labels = {
        "national": {"देश", "राजनीति"},
        "international": {"दुनिया"},
        "politics": {"राजनीति"},
        "khel": {"खेल"},
        "entertainment": {"मनोरंजन"},
        "business": {"व्यापार"},
        "automobile": {"व्यापार", "विज्ञान"},
        "technology-news": {"विज्ञान"},
        "health-news-hindi": {"स्वास्थ्य"},
        "education": {"शिक्षा"},
        "crime-news-hindi": {"देश"},
    }
    right = decided = count = 0
    for line in filter(str.strip, path.read_text(encoding="utf-8").split("\n")):
        entry = json.loads(line)
        count += 1
        section, why = section_of([one(entry["title"])], "देश")
        if why.startswith("headline"):
            decided, right = decided + 1, right + (section in labels[entry["category"].lower()])
    assert decided >= 0.75 * count
    assert right >= 0.9 * decided


def test_counted_words_decide_only_without_a_lead() -> None:
    title, lead = "रोज सुबह टहलने के फायदे", "सोनपुरा में मेला लगा।"
    with_lead, alone = section_of([one(title, text=lead)], "देश"), section_of([one(title)], "देश")
    assert with_lead == ("देश", "no evidence")
    assert alone[0] == "स्वास्थ्य"
    assert alone[1].startswith("headline words and stems")


@each_row(
    ("title", "section"),
    [
        ("कनाडा में संसद भंग, अक्टूबर में मतदान", "दुनिया"),
        ("यमन में बस पलटी, दर्जनों यात्री घायल", "दुनिया"),
        ("रेलवे ने सोनपुरा तक नई ट्रेन चलाई", "देश"),
        ("हाईकोर्ट ने अवैध निर्माण पर मांगा जवाब", "देश"),
        ("इस स्मार्टफोन की कीमत घटी", "विज्ञान"),
        ("गर्मी में ऐसे रखें त्वचा का ख्याल", "स्वास्थ्य"),
        ("अभिनेत्री की नई फिल्म अगले महीने", "मनोरंजन"),
    ],
)
def test_headlines_alone(title: str, section: str) -> None:
    found, evidence = section_of([one(title)], "-")
    assert (found, evidence.partition(" (")[0]) == (section, "headline words and stems")


@pytest.mark.parametrize("title", ["कमला नदी के किनारे", "शहर में तीन दिन बंद रहेगा पानी", "3"])
def test_no_guess_without_evidence(title: str) -> None:
    assert section_of([one(title)], "-") == ("-", "no evidence")


def test_only_words_of_the_found_section_are_shown() -> None:
    _section, evidence = section_of([one("अभिनेत्री ने मैच के बाद नई फिल्म और गाने का ऐलान किया")], "-")
    assert "फिल्म" in evidence
    assert "मैच" not in evidence


def test_words_of_every_headline_decide_nothing() -> None:
    """Points of common words and of every headline stay below what a section needs."""
    assert EVERY in learned_points()
    assert section_of([one("और का के की में से को पर")], "-") == ("-", "no evidence")


def test_the_table_of_learned_points_has_no_numbers_and_known_rows() -> None:
    rows = {f"@{entry.row}" for entry in entries()}
    for key, points in learned_points().items():
        assert not any(mark.isdigit() for mark in key)
        assert not key.startswith("@") or key in rows
        assert len(points) == len(SECTIONS)


def test_a_headline_has_the_keys_of_its_words_and_rows() -> None:
    found = tokens("सुप्रीम कोर्ट में 12 मौतों पर सुनवाई")
    keys = headline_keys(found, find_rows(found))
    assert {"@topcourt", "@death", EVERY, "=मौतों"} <= keys.keys()
    assert keys["=मौतों"] == "मौतों"
    assert keys["@death"] == ""


def test_the_table_of_words_holds_what_the_rules_expect() -> None:
    table = lexicon()
    decided = {section for held in (*table.words.values(), *table.forms.values()) for section, _points in held}
    assert decided == set(SECTIONS)
    assert all(len(whole) > 1 for held in table.phrases.values() for whole, _section, _points in held)
