"""Subject and preheader stay within their limits for any headlines."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.hindi import cut
from digest.hindi.text import words
from digest.models import PLACEHOLDERS, Edition, Section
from digest.render import subject as subjects
from digest.render.subject import clean_headline, shorten, subject_line
from digest.render.texts import ACRONYMS, Acronym, acronyms_in_devanagari
from tests.render.sample import EDITION, story
from tests.support.tables import each_row

TITLES = st.lists(
    st.text(
        st.one_of(
            st.sampled_from("कखगमनरसह ािीुे्ंँ़।,RBI 12"),
            st.characters(exclude_categories=["Cs", "Cc"]),
        ),
        max_size=120,
    ),
    max_size=6,
)


def edition(*titles: str, lead: str = "s0", summary: str = "") -> Edition:
    stories = tuple(story(number, title, summary) for number, title in enumerate(titles))
    return replace(EDITION, sections=(Section("देश", stories),), lead=lead)


def preheader(made: Edition, language: str = "hi") -> str:
    return subjects.preheader(made, language, subject_line(made, language))


def test_the_lead_s_headline_is_the_subject() -> None:
    assert subject_line(edition("पहली ख़बर", "दूसरी ख़बर", lead="s1"), "hi") == "दूसरी ख़बर"


def test_a_long_headline_is_whole() -> None:
    long = "पहाड़ों में मौसम की पहली बर्फ़बारी, तीन दिन तक और गिरेगा पारा, सैलानियों के लिए सड़कें दोपहर बाद खुलेंगी"
    assert subject_line(edition(long), "hi") == long


def test_a_headline_that_no_inbox_shows_is_cut_between_words() -> None:
    long = " ".join(["पहाड़ों में मौसम की पहली बर्फ़बारी"] * 6)
    got = subject_line(edition(long), "hi")
    assert cut.length(got) <= 90
    assert long.startswith(got.removesuffix("…") + " ")


def test_a_headline_is_cut_after_a_part_unless_the_next_changes_it() -> None:
    first = "पहाड़ों में मौसम की पहली बर्फ़बारी, सैलानियों के लिए पुराने घाट की सब सड़कें तीन दिन बाद फिर से खोल दी गईं"
    rest = "नीचे के गांवों में शाम तक तेज़ हवा के साथ ओले गिरे और फसल को भारी नुकसान"
    assert cut.length(first) < 90 < cut.length(f"{first}, {rest}")
    assert subject_line(edition(f"{first}, {rest}"), "hi") == f"{first}…"
    assert subject_line(edition(f"{first}, {rest} का दावा"), "hi").startswith(f"{first}, नीचे")


def test_acronyms_become_devanagari() -> None:
    assert subject_line(edition("RBI और ISRO का साझा केंद्र"), "hi").startswith("आरबीआई और इसरो का साझा केंद्र")
    got = acronyms_in_devanagari("iPhone, Isro, COVID-19, G20, 5G, PM-KISAN, U.N. और ए")
    assert got == "iPhone, Isro, कोविड-19, जी20, 5जी, पीएम-Kisan, यू.एन. और ए"


@given(st.text())
def test_no_word_in_capitals_remains(text: str) -> None:
    assert not re.search("(?<![A-Za-z])[A-Z]{2,}(?![A-Za-z])", acronyms_in_devanagari(text))


def test_an_english_subject_keeps_its_acronyms() -> None:
    assert subject_line(edition("RBI opens a centre"), "en") == "RBI opens a centre"


def test_no_story_gives_the_date() -> None:
    assert subject_line(replace(EDITION, sections=()), "hi") == "सोमवार, 23 नवंबर 2026"


def test_the_preheader_has_the_next_headlines() -> None:
    got = preheader(edition("पहली ख़बर", "दूसरी बड़ी ख़बर यहाँ है", "तीसरी ख़बर भी आ गई है आज"))
    assert got == "दूसरी बड़ी ख़बर यहाँ है · तीसरी ख़बर भी आ गई है आज"


def test_a_long_next_headline_is_cut_between_words() -> None:
    long = " ".join(["पहाड़ों में मौसम की पहली बर्फ़बारी"] * 4)
    got = preheader(edition("पहली ख़बर", long))
    assert got.endswith("…")
    assert 60 <= cut.length(got) <= 70
    assert long.startswith(got.removesuffix("…") + " ")
    assert preheader(edition("पहली ख़बर", "दूसरी", long)).startswith("दूसरी · पहाड़ों")


def test_a_single_story_fills_the_preheader_with_its_summary() -> None:
    summary = "मौसम विभाग के अनुसार तापमान और नीचे जाएगा और ठंड बढ़ेगी।"
    assert preheader(edition("पहली ख़बर", summary=summary)) == summary


def test_a_repeated_headline_appears_once() -> None:
    assert "पहली" not in preheader(edition("पहली ख़बर", "पहली ख़बर"))


@each_row(
    ("title", "subject"),
    [
        ("🔴 LIVE: शहर की नई मेट्रो आज से चली", "शहर की नई मेट्रो आज से चली"),
        ("ब्रेकिंग न्यूज़ | शहर की नई मेट्रो आज से चली", "शहर की नई मेट्रो आज से चली"),
        ("★ शहर की नई मेट्रो ► आज से चली ✓", "शहर की नई मेट्रो आज से चली"),
        ("“शहर की नई मेट्रो आज से चली”", "“शहर की नई मेट्रो आज से चली”"),
        ("शहर की नई मेट्रो चली!!! क्या बदलेगा??", "शहर की नई मेट्रो चली! क्या बदलेगा?"),
        ("1️⃣ साल में 👨‍👩‍👧 परिवार बढ़े ❤️", "1 साल में परिवार बढ़े"),
        ("LIVE: खेल", "लाइव: खेल"),
        ("🔥🔥🔥", "सोमवार, 23 नवंबर 2026"),
    ],
)
def test_ornaments_and_labels_are_removed(title: str, subject: str) -> None:
    assert subject_line(edition(title), "hi") == subject
    assert not set("🔴★►✓🔥❤👨") & set(preheader(edition("पहली", title)))


def test_a_joiner_inside_a_word_is_kept() -> None:
    assert "क्‍या" in subject_line(edition("अब क्‍या होगा शहर का"), "hi")


def test_a_headline_without_room_gives_way_to_the_best_one_that_fits() -> None:
    long = "अगले महीने से बंद होगा सोनपुरा में कमला नदी का पुराना पुल, विभाग ने किया इनकार"
    other, best = "सोनपुरा के मेले में इस साल दुगुने लोग पहुंचे", "रामगंज की मंडी में गेहूं की आवक दोगुनी हुई"
    made = edition(long, other, best, "पुल खुला")
    stories = tuple(replace(each, score=1.0 if each.title == best else 0.5) for each in made.sections[0].stories)
    ranked = replace(made, sections=(replace(made.sections[0], stories=stories),))
    assert subject_line(ranked, "hi") == best
    assert preheader(ranked) == f"{long} · पुल खुला"
    # A few words say too little, unless they are the lead's.
    assert subject_line(edition(long, "पुल खुला"), "hi") == long


def _scored(made: Edition, *scores: float) -> Edition:
    stories = zip(made.sections[0].stories, scores, strict=True)
    scored = tuple(replace(each, score=score) for each, score in stories)
    return replace(made, sections=(replace(made.sections[0], stories=scored),))


def test_a_short_headline_of_much_less_weight_is_no_subject() -> None:
    lead, short = "सोनपुरा में कमला नदी का पुराना पुल गिरा, 12 लोगों की मौत, जांच के आदेश", "रामगंज की मंडी में गेहूं की आवक बढ़ी"
    made = edition(lead, short, "मेला शुरू", "पुल खुला")
    assert subject_line(_scored(made, 4.0, 3.6, 2.0, 2.0), "hi") == short
    assert subject_line(_scored(made, 4.0, 3.4, 2.0, 2.0), "hi") == lead


def test_the_preheader_follows_the_scores_and_has_no_trifle() -> None:
    titles = [f"सोनपुरा में {word} की बड़ी ख़बर आई" for word in ("पुल", "नहर", "मेले", "सड़क", "बाज़ार")]
    made = _scored(edition(*titles, "छोटी बात"), 4.0, 2.1, 2.2, 3.0, 2.3, 1.0)
    assert preheader(made) == f"{titles[3]} · {titles[4]}"
    assert "छोटी बात" not in preheader(_scored(edition("पहली ख़बर", *titles[1:], "छोटी बात"), 4, 2, 2, 3, 2, 1))


def test_a_headline_that_the_feed_cut_off_is_no_subject_if_there_is_another() -> None:
    other = "रामगंज की मंडी में गेहूं की आवक दोगुनी हुई"
    assert subject_line(edition("कमला नदी पर नया पुल बनाने वाले...", other), "hi") == other
    assert subject_line(edition("कमला नदी पर नया पुल बनाने वाले..."), "hi").startswith("कमला नदी पर नया पुल")


def test_the_preheader_prefers_headlines_that_fit() -> None:
    long = "नई रेल लाइन के लिए अपने खेतों की सारी ज़मीन देने वाले सब किसानों को आज 1,200 करोड़ रुपये मिले हैं इस साल"
    short = "रामगंज की मंडी में गेहूं की आवक दोगुनी हुई"
    assert preheader(edition("सोनपुरा में पुल खुला", long, short)).startswith(short)


@each_row("row", [row for rows in ACRONYMS.values() for row in rows])
def test_acronyms_get_their_hindi_names(row: Acronym) -> None:
    assert acronyms_in_devanagari(row.example) == row.gives


@each_row(
    ("text", "shown"),
    [
        ("Ind vs WI: पहला मैच आज", "भारत बनाम वेस्टइंडीज: पहला मैच आज"),
        ("SC, ST और OBC छात्रों को वजीफा", "अनुसूचित जाति, अनुसूचित जनजाति और ओबीसी छात्रों को वजीफा"),
        ("Kamla Pump N 12 की बिक्री", "Kamla Pump N 12 की बिक्री"),
        ("Kamla Phone M13 4G, M13 5G की बिक्री", "Kamla Phone M13 4G, M13 5G की बिक्री"),
        ("Kamla Phone 11 SE की बिक्री", "Kamla Phone 11 SE की बिक्री"),
        ("RP Sharma हुए भावुक", "RP Sharma हुए भावुक"),
    ],
)
def test_acronyms_are_read_with_the_words_beside_them(text: str, shown: str) -> None:
    assert acronyms_in_devanagari(text) == shown


def test_a_headline_in_capitals_is_lower_cased() -> None:
    assert subject_line(edition("RBI OPENS A CENTRE FOR COINS"), "en") == "RBI opens a centre for coins"


def test_email_names_are_marathi_in_marathi() -> None:
    assert acronyms_in_devanagari("RBI", "mr") == "आरबीआय"


def test_a_headline_that_hides_its_news_is_no_subject_if_there_is_another() -> None:
    other = "मंडी में आम की आवक बढ़ी"
    for hides in ("इस खिलाड़ी ने छोड़ दिया खेल", "मंत्री ने किसानों से मेले में कही ये बात", "पुल कब तक खुलेगा?"):
        assert subject_line(edition(hides, other), "hi") == other
        assert subject_line(edition(hides), "hi") == hides


def test_a_headline_that_hides_its_news_comes_last_in_the_preheader() -> None:
    hides, told = "मंत्री ने किसानों से मेले में कही ये बात", "मंडी में आम की आवक बढ़ी"
    assert preheader(edition("नदीपुर में पुल खुला", hides, told)) == f"{told} · {hides}"


def test_a_subject_of_another_edition_is_not_reused() -> None:
    headline = "रामगंज की मंडी में गेहूं की आवक दोगुनी हुई है"
    first = subject_line(edition(headline), "hi")
    second = subject_line(edition(headline), "hi", taken=[first])
    third = subject_line(edition(headline), "hi", taken=[first, second.upper()])
    assert len({first, second, third}) == 3
    assert all(each.startswith(headline) for each in (first, second, third))


def test_the_next_headline_comes_before_a_date_or_number() -> None:
    lead, other = "रामगंज की मंडी में गेहूं की आवक दोगुनी हुई", "सोनपुरा के मेले में इस साल दुगुने लोग पहुंचे"
    made = edition(lead, other, "कमला नदी का पुराना पुल अगले महीने बंद होगा")
    assert subject_line(made, "hi", taken=[lead]) == other
    # The third is in the lower half of the edition.
    assert subject_line(made, "hi", taken=[lead, other]) == f"{lead} · 23 नवंबर"
    assert subjects.preheader(made, "hi", f"{lead} · 23 नवंबर").startswith(other)
    assert subjects.preheader(made, "hi", other).startswith(lead)


def test_a_story_without_a_summary_is_no_subject_if_others_have_one() -> None:
    long = "अगले महीने से बंद होगा सोनपुरा में कमला नदी का पुराना पुल, विभाग ने किया इनकार"
    made = edition(long, "सोनपुरा के मेले में इस साल दुगुने लोग पहुंचे", "रामगंज की मंडी में गेहूं की आवक दोगुनी हुई")
    stories = made.sections[0].stories
    told = (*stories[:2], replace(stories[2], summary="मंडी में गेहूं की आवक बढ़ी।"))
    assert subject_line(replace(made, sections=(Section("देश", told),)), "hi") == stories[2].title


def test_a_subject_without_room_for_the_date_has_the_number_alone() -> None:
    headline = "रामगंज की मंडी में गेहूं की आवक दोगुनी हुई है इस साल फिर"
    assert subject_line(edition(headline), "hi") == headline
    assert subject_line(edition(headline), "hi", taken=[headline]) == f"{headline} (2)"


def test_two_editions_without_stories_differ() -> None:
    empty = replace(EDITION, sections=())
    assert subject_line(empty, "hi", taken=[subject_line(empty, "hi")]) == "सोमवार, 23 नवंबर 2026 (2)"


@given(title=st.text(max_size=150), known=st.integers(0, 4))
def test_any_subject_differs_from_those_taken(title: str, known: int) -> None:
    made = edition(title)
    taken: list[str] = []
    for _ in range(known + 1):
        subject = subject_line(made, "hi", taken=taken)
        assert 1 <= cut.length(subject) <= 90
        assert subject not in taken
        taken.append(subject)


@given(
    sample=st.lists(st.sampled_from(words("के और में शहर मेट्रो किसानों 18 पर बारिश, कि प्रदर्शनी")), min_size=1, max_size=30)
)
def test_a_cut_does_not_end_on_a_postposition(sample: list[str]) -> None:
    got = shorten(" ".join(sample), 45, 25)
    if got.endswith("…"):
        last = got.removesuffix("…").rsplit(" ", 1)
        assert last[-1].strip(",") not in {"के", "और", "में", "18", "पर", "कि"} or cut.length(last[0]) < 25


@given(st.text())
def test_a_cut_headline_has_whole_clusters(title: str) -> None:
    whole = clean_headline(title, language="en", story_language="hi")
    got = shorten(whole, 45, 25)
    if got != whole:
        assert cut.clusters(whole)[: cut.length(got) - 1][:20] == cut.clusters(got)[:-1][:20]


@pytest.mark.parametrize("language", ["hi", "en"])
@given(titles=TITLES, summary=st.text(max_size=200))
def test_limits_hold_for_any_headlines(language: str, titles: list[str], summary: str) -> None:
    made = edition(*titles, summary=summary)
    subject, after = subject_line(made, language), preheader(made, language)
    assert 1 <= cut.length(subject) <= 90
    assert 30 <= cut.length(after) <= 70
    assert subject != after
    assert "\n" not in subject + after


@each_row("tag", PLACEHOLDERS.values())
def test_a_placeholder_in_a_headline_is_removed(tag: str) -> None:
    made = edition(f"देखें {tag}", f"और {tag}")
    assert tag not in subject_line(made, "hi") + preheader(made)
