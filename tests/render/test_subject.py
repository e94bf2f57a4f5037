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
from digest.render.subject import clean_headline, preheader, shorten, subject_line
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


def test_the_lead_s_headline_is_the_subject() -> None:
    assert subject_line(edition("पहली ख़बर", "दूसरी ख़बर", lead="s1"), "hi") == "दूसरी ख़बर · 23 नवंबर"


def test_a_long_headline_is_cut_between_words_and_has_no_date() -> None:
    long = "पहाड़ों में मौसम की पहली बर्फ़बारी, तीन दिन तक और गिरेगा पारा, सैलानियों के लिए सड़कें दोपहर बाद खुलेंगी"
    got = subject_line(edition(long), "hi")
    assert got.endswith("…")
    assert cut.length(got) <= 45
    head = got.removesuffix("…")
    assert long.startswith(head)
    assert long[len(head)] in " ,"


def test_acronyms_become_devanagari() -> None:
    assert subject_line(edition("RBI और ISRO का साझा केंद्र"), "hi").startswith("आरबीआई और इसरो का साझा केंद्र")
    got = acronyms_in_devanagari("iPhone, Isro, COVID-19, G20, 5G, PM-KISAN, U.N. और ए")
    assert got == "iPhone, Isro, कोविड-19, जी20, 5जी, पीएम-Kisan, यू.एन. और ए"


@given(st.text())
def test_no_word_in_capitals_remains(text: str) -> None:
    assert not re.search("(?<![A-Za-z])[A-Z]{2,}(?![A-Za-z])", acronyms_in_devanagari(text))


def test_an_english_subject_keeps_its_acronyms() -> None:
    assert subject_line(edition("RBI opens a centre"), "en") == "RBI opens a centre · 23 November"


def test_no_story_gives_the_date() -> None:
    assert subject_line(replace(EDITION, sections=()), "hi") == "सोमवार, 23 नवंबर 2026"


def test_the_preheader_has_the_next_headlines() -> None:
    got = preheader(edition("पहली ख़बर", "दूसरी बड़ी ख़बर यहाँ है", "तीसरी ख़बर भी आ गई है आज"), "hi")
    assert got == "दूसरी बड़ी ख़बर यहाँ है · तीसरी ख़बर भी आ गई है आज"


def test_a_long_next_headline_is_cut_between_words() -> None:
    long = " ".join(["पहाड़ों में मौसम की पहली बर्फ़बारी"] * 4)
    got = preheader(edition("पहली ख़बर", long), "hi")
    assert got.endswith("…")
    assert 60 <= cut.length(got) <= 70
    assert long.startswith(got.removesuffix("…") + " ")
    assert preheader(edition("पहली ख़बर", "दूसरी", long), "hi").startswith("दूसरी · पहाड़ों")


def test_a_single_story_fills_the_preheader_with_its_summary() -> None:
    summary = "मौसम विभाग के अनुसार तापमान और नीचे जाएगा और ठंड बढ़ेगी।"
    assert preheader(edition("पहली ख़बर", summary=summary), "hi") == summary


def test_a_repeated_headline_appears_once() -> None:
    assert "पहली" not in preheader(edition("पहली ख़बर", "पहली ख़बर"), "hi")


@each_row(
    ("title", "subject"),
    [
        ("🔴 LIVE: शहर की नई मेट्रो आज से चली", "शहर की नई मेट्रो आज से चली · 23 नवंबर"),
        ("ब्रेकिंग न्यूज़ | शहर की नई मेट्रो आज से चली", "शहर की नई मेट्रो आज से चली · 23 नवंबर"),
        ("★ शहर की नई मेट्रो ► आज से चली ✓", "शहर की नई मेट्रो आज से चली · 23 नवंबर"),
        ("“शहर की नई मेट्रो आज से चली”", "“शहर की नई मेट्रो आज से चली” · 23 नवंबर"),
        ("शहर की नई मेट्रो चली!!! क्या बदलेगा??", "शहर की नई मेट्रो चली! क्या बदलेगा? · 23 नवंबर"),
        ("1️⃣ साल में 👨‍👩‍👧 परिवार बढ़े ❤️", "1 साल में परिवार बढ़े · 23 नवंबर"),
        ("LIVE: खेल", "लाइव: खेल · 23 नवंबर"),
        ("🔥🔥🔥", "सोमवार, 23 नवंबर 2026"),
    ],
)
def test_ornaments_and_labels_are_removed(title: str, subject: str) -> None:
    assert subject_line(edition(title), "hi") == subject
    assert not set("🔴★►✓🔥❤👨") & set(preheader(edition("पहली", title), "hi"))


def test_a_joiner_inside_a_word_is_kept() -> None:
    assert "क्‍या" in subject_line(edition("अब क्‍या होगा शहर का"), "hi")


@pytest.mark.parametrize(
    ("title", "subject"),
    [
        (
            "गाँवों के दो हज़ार पुस्तकालय एक नए ऐप से जुड़े, अब घर बैठे मिलेगी हर किताब की जानकारी",
            "गाँवों के दो हज़ार पुस्तकालय एक नए ऐप से जुड़े…",
        ),
        (
            "सोनपुरा में कमला नदी का नया पुल खोल दिया गया और पुराने घाट की नावें बंद हो गईं",
            "सोनपुरा में कमला नदी का नया पुल खोल दिया गया…",
        ),
        (
            "कमला नदी पर दो नए पुल बनाए जाएंगे! विभाग ने सोनपुरा और रामगंज के घाट पर नाप शुरू की",
            "कमला नदी पर दो नए पुल बनाए जाएंगे! · 23 नवंबर",
        ),
        (
            "कब खुलेगा कमला नदी पर बना नया पुल? तीन साल से रुका है उद्घाटन का काम",
            "कब खुलेगा कमला नदी पर बना नया पुल? · 23 नवंबर",
        ),
        (
            "सोनपुरा में कमला नदी का नया पुल (लंबाई 400 मीटर, चौड़ाई 12 मीटर) आज खुला",
            "सोनपुरा में कमला नदी का नया पुल आज खुला · 23 नवंबर",
        ),
    ],
)
def test_a_long_headline_ends_after_a_whole_clause(title: str, subject: str) -> None:
    assert subject_line(edition(title), "hi") == subject


# Each has another meaning if its end is missing.
UNCUT = (
    "इन किसानों का बरसों पुराना सपना हुआ पूरा, सोनपुरा में कमला नदी की नहर का काम शुरू",
    "कमला नदी पर बने पुल के ठेकेदार को बड़ा झटका, विभाग ने काम पूरा होने तक भुगतान रोका",
    "खेत में पानी न आने से परेशान हैं आप भी? सोनपुरा की नई नहर से बदलेगी सबकी हालत",
    "नए पुल पर दिखाने होंगे पहचान पत्र, गाड़ी के कागज़ जैसे ज़रूरी दस्तावेज़ सोमवार से",
    "हिम्मत हो तो कुर्सी छोड़कर फिर चुनाव में उतरें सरपंच, पुराने साथी ने दी चुनौती",
    "नई रेल लाइन के लिए ज़मीन देने वाले सब किसानों को आज 1,200 करोड़ रुपये मिले",
    "अगले महीने से बंद होगा सोनपुरा में कमला नदी का पुराना पुल, विभाग ने किया इनकार",
    "सोनपुरा में कमला नदी के नए पुल में मिली बड़ी दरार, जाँच के बाद विभाग ने कहा अफ़वाह",
    "कमला नदी के नए पुल पर टोल लगेगा, सड़क की मरम्मत का काम भी होगा: सोनपुरा के विधायक",
    "हमने कमला नदी का नया पुल दो साल में बना दिया, मंत्री ने सभा में गिनाए काम",
    "सोनपुरा में कमला नदी का पुल बंद होगा, लेकिन मरम्मत का काम पूरा होने के बाद ही",
    "सोनपुरा, रामगंज और कमलपुर के बीच नई बस सेवा अगले सोमवार से शुरू होगी",
    "पुराने पुल के नीचे से निकाली गई पुरानी नाव, गाँव के लोगों ने नहीं दी थी सूचना",
    "कमला नदी का मेला देखने गया था परिवार, रास्ते में टूटे पुल से नीचे गिरी उनकी बैलगाड़ी",
    "पहली बार नए पुल पर चले तो डर गए गांव के लोग, बाद में हुई सबको खुशी- सोनपुरा के पुराने विधायक रामू",
    "नदी के नए पुल पर सोनपुरा की कमला देवी, रामगंज के रामू सहित दस लोगों ने लगाए पेड़",
    "गांव के किसानों के लिए नया छोटा ट्रैक्टर Kamla, चलता है बिजली से और खींचता है दो टन",
    "नए पुल से पुरानी नावों को हटाना गांव के साथ अन्याय जैसा, सोनपुरा की अदालत ने दिया फैसला",
    "नए पुल पर स्वागत, नदी के घाट पर मेला, गांव के सब लोगों के साथ भोजन और मंत्री की पदयात्रा",
    "दस साल पहले नदी में डूबी कमला की नाव, अब गांव के बच्चे उसे खींच कर किनारे ले आए",
    "इस हफ्ते फिर पांच रुपये महंगा हुआ डीजल, नेपाल में सरकार ने लोगों से मांगा एक महीने का समय",
    "जब नदी के नए पुल पर पहली बार चली पुरानी बैलगाड़ी, गांव के सब लोग देखने आ पहुंचे",
    "थामा नए दल का हाथ और छोड़ी पुरानी कुर्सी, सोनपुरा के दो नेताओं ने बदला पाला",
    "क्या गांव का पुराना पुल अब सुरक्षित नहीं रहा?- मरम्मत की देरी पर भड़के सोनपुरा के सरपंच",
    "नए पुल पर चलने के लिए अब लेना होगा गांव से टोकन, यह व्यवस्था ठीक है: पूर्व पुल निगम प्रमुख रामू प्रसाद",
    "किसान कमला देवी: पिता नदी के घाट पर नाविक, बेटी ने गांव के लिए बना दिया नया पुल",
    "रामू ने नदी के घाट पर जो राह बनाई, उस पर आज गांव का पूरा बाजार चलता है",
    "नदी के ठेकेदार ने पुल पर ऐसा क्या किया, जिसकी गांव में सब लोग तारीफ कर रहे हैं",
    "नदी की मछली से नहीं होगी कोई बीमारी, खाने से पहले अच्छी तरह उबालें और नमक डालें",
    "पुराने पुल के पास चुपचाप तोड़ी गांव की दीवार, ठेकेदार के लोगों पर अब केस चलेगा",
    "घाट की छोटी दुकान में की तीन साल नौकरी, रामू अब चलाते हैं नदी पर दस बड़ी नावें",
    "सोनपुरा की कमला देवी जिन्हें पुल के लिए याद किया जाएगा, कैसे बनीं नदी की सबसे बड़ी आवाज",
    "कमला नदी के घाट पर एक बड़ा अनोखा मामला सामने आया, गांव वालों ने नाव वाले को पुल पर दौड़ाया",
    "उन्हें नदी के नए पुल पर चलने का पूरा हक है, गांव के पुराने सरपंच रामू ने दिया पंचायत का साथ",
    "नए पुल पर अब बहुत सस्ते में मिल रही है नाव यहां, गांव के बाजार में देने होंगे तीन गुना पैसे",
    "सोनपुरा के व्यापारी रामू का नदी पर नया बाजार, जहां पहुंचे मंत्री: तीन बीघा जमीन पर बना",
    "कमला नदी के पुल पर हुई नाव वालों की मुठभेड़, दो नाव वाले ढेर और तीन भागे",
    "पुल तोड़ने वाले सात लोग हुए गिरफ्तार, उन्हें पीटने वाले सोलह लोगों को भी पुलिस ने पकड़ा",
    "सात साल में नदी पर बने 570 नए पुल, पुराने सरपंच के समय गांव में बने थे सिर्फ 85",
    "पहले नदी पार कर ली फिर पुल से फिसल गई रमा, अब गांव की दौड़ में आई पहली",
    "सिर्फ पांच रुपये में नदी का पूरा पानी साफ कर देगा पत्थर, कॉलेज ने खोजा नया उपाय",
    "नदी के मेले में चुपके से नजर आया एक पुराना एक्टर, तीन फिल्मों में कर चुका है काम",
    "चार बार की हार लेकिन नहीं टूटा रमा का हौसला, अब पंचायत की कुर्सी पर बैठेंगी",
    "चेहरे का सारा कालापन पांच दिन में हो जाएगा दूर, ये सफेद मिट्टी नदी से ला सकते हैं घर",
    "पुल के पास मछली पकड़ने पहुंचा व्यापारी, पहले सबने हंसी उड़ाई, फिर लेने लगे सलाह",
    "कमला नदी के नए पुल पर लगेगा चावल से लेकर आटा, दाल का बड़ा बाजार",
    "कमला नदी पर बना नया पुल आज से खुल गया, नई सड़क भी जल्द बनने की उम्मीद",
    "तेज धूप से सूख गए खेत और गर्म हवा से जल गई फसल, नहर के ठंडे पानी से करें सिंचाई",
    "सोनपुरा की पुरानी नाव को तो नहीं बचा पाए, रामगंज के नए पुल को बचा लें विधायक",
    "Fact Check: नहर में मिला सोने का पुराना कलश, तस्वीर देख कर लोग पहुंच रहे सोनपुरा",
    "नई नहर को देखने पहुंचे चार हजार किसान, तभी बीच में नाव पर आ गए मंत्री",
    "रामू ने खरीदा नया ट्रैक्टर और घर में छापने लगा लाखों रुपये, सोनपुरा की पुलिस ने खोला राज",
    "सोनपुरा के पूर्व सरपंच रामू की घाट पर मौत, बैठक के बीच किसी ने चाकू से किए थे वार",
    "पांच दिन में सोनपुरा की पंचायत पर गिरे दो बड़े बम, पहले सरपंच ने और अब मंत्री ने कुर्सी छोड़ी",
    "सोनपुरा की नहर के पानी में छिपा है सेहत का राज, गांव के लोग बताते हैं कई फायदे",
    "गांव के किसानों को कितना मिलेगा नए पुल का पैसा, जब देंगे नदी के किनारे की अपनी जमीन",
)


def test_a_headline_that_the_feed_cut_off_is_no_subject_if_there_is_another() -> None:
    other = "रामगंज की मंडी में गेहूं की आवक दोगुनी हुई"
    assert subject_line(edition("कमला नदी पर नया पुल बनाने वाले...", other), "hi") == f"{other} · 23 नवंबर"
    assert subject_line(edition("कमला नदी पर नया पुल बनाने वाले..."), "hi").startswith("कमला नदी पर नया पुल")


def test_the_preheader_prefers_headlines_that_fit() -> None:
    long = "नई रेल लाइन के लिए अपने खेतों की सारी ज़मीन देने वाले सब किसानों को आज 1,200 करोड़ रुपये मिले हैं इस साल"
    short = "रामगंज की मंडी में गेहूं की आवक दोगुनी हुई"
    assert preheader(edition("सोनपुरा में पुल खुला", long, short), "hi").startswith(short)


@each_row("title", UNCUT)
def test_another_headline_is_the_subject_where_a_cut_would_mislead(title: str) -> None:
    other = "रामगंज की मंडी में गेहूं की आवक दोगुनी हुई"
    assert subject_line(edition(title, other), "hi") == f"{other} · 23 नवंबर"
    assert preheader(edition(title, other), "hi").startswith(title[:20])
    assert subject_line(edition(title), "hi") == title


def test_a_subject_exceeds_45_letters_only_if_every_headline_does() -> None:
    last = "रामगंज की मंडी में गेहूं की आवक दोगुनी हुई"
    long = UNCUT[:12]
    assert subject_line(edition(*long, last), "hi") == f"{last} · 23 नवंबर", "however late the headline is"
    assert subject_line(edition(*long), "hi") == long[0]


def test_two_short_headlines_are_the_subject_where_the_lead_does_not_fit() -> None:
    long, other = UNCUT[:2]
    made = edition(long, "रामगंज में मेला शुरू", other, "नदी पर पुल खुला")
    assert subject_line(made, "hi") == "रामगंज में मेला शुरू · नदी पर पुल खुला · 23 नवंबर"
    assert "मेला" not in preheader(made, "hi")
    assert "पुल खुला" not in preheader(made, "hi")
    assert subject_line(edition(long, "नदी पर पुल खुला"), "hi") == "नदी पर पुल खुला · 23 नवंबर"
    assert subject_line(edition("पुल खुला", "रामगंज में मेला शुरू"), "hi") == "पुल खुला · 23 नवंबर", "the lead alone"


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
    assert subject_line(edition("RBI OPENS A CENTRE FOR COINS"), "en") == "RBI opens a centre for coins · 23 November"


def test_email_names_are_marathi_in_marathi() -> None:
    assert acronyms_in_devanagari("RBI", "mr") == "आरबीआय"


def test_a_subject_of_another_edition_is_not_reused() -> None:
    long = "पहाड़ों में मौसम की पहली बर्फ़बारी, तीन दिन तक और गिरेगा पारा, सैलानियों के लिए सड़कें बंद"
    first = subject_line(edition(long), "hi")
    second = subject_line(edition(long), "hi", taken=[first])
    third = subject_line(edition(long), "hi", taken=[first, second.upper()])
    assert len({first, second, third}) == 3
    assert second.endswith("… · 23 नवंबर")
    assert third.endswith("… · 23 नवंबर (2)")
    assert cut.length(third) <= 45


def test_a_subject_without_room_for_the_date_has_the_number_alone() -> None:
    headline = "रामगंज की मंडी में गेहूं की आवक दोगुनी हुई है इस साल फिर"
    assert subject_line(edition(headline), "hi") == headline
    assert subject_line(edition(headline), "hi", taken=[headline]) == f"{headline} (2)"


def test_two_editions_without_stories_differ() -> None:
    empty = replace(EDITION, sections=())
    assert subject_line(empty, "hi", taken=[subject_line(empty, "hi")]) == "सोमवार, 23 नवंबर 2026 · (2)"


@given(title=st.text(max_size=150), known=st.integers(0, 4))
def test_any_subject_differs_from_those_taken(title: str, known: int) -> None:
    made = edition(title)
    taken: list[str] = []
    for _ in range(known + 1):
        subject = subject_line(made, "hi", taken=taken)
        assert 1 <= cut.length(subject) <= 70
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
    assert 1 <= cut.length(subject) <= 70
    assert 30 <= cut.length(after) <= 70
    assert subject != after
    assert "\n" not in subject + after


@each_row("tag", PLACEHOLDERS.values())
def test_a_placeholder_in_a_headline_is_removed(tag: str) -> None:
    made = edition(f"देखें {tag}", f"और {tag}")
    assert tag not in subject_line(made, "hi") + preheader(made, "hi")


def test_what_somebody_says_is_cut_before_its_speaker() -> None:
    said = "नहर का पानी किसानों को समय पर नहीं देने वाले अफ़सरों को हर हफ़्ते जवाब देना होगा"
    assert shorten(f"{said}: मुख्यमंत्री अनिल राव", 50, 25).endswith("…: मुख्यमंत्री अनिल राव")
    assert shorten(said, 50, 25).endswith("…")
    assert shorten(f"नहर खुली: {said}", 50, 25).endswith("…")
