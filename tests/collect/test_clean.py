"""Cleaning: each row of each table with its example, rules on whole articles, and the seed article."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.collect.cleaning.clean import INTERFACE, clean_article
from digest.collect.cleaning.dateline import split_dateline
from digest.collect.cleaning.text_rules import FEED_TAILS, OPENINGS, TITLE_MARKS, TextRule
from digest.collect.cleaning.titles import split_title
from digest.collect.files import read_path
from digest.collect.images import DECORATION, is_decoration
from digest.hindi.cut import shorten
from digest.hindi.title_tails import TAILS, TitleTail, hides_news, without_tails
from digest.models import Article, Source, TextBlock
from tests.paths import SHARED_DATA
from tests.support.tables import each_row

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LEAD = "मुख्यमंत्री ने बुधवार को कहा कि राज्य के हर ज़िले में नई सड़कें बनाई जाएंगी और पुल सुधारे जाएंगे."
NEXT = "विभाग के अनुसार पहले चरण में बारह ज़िलों का काम होगा, जिसके लिए निविदा अगले महीने निकलेगी."


def article(title: str = "ज़िले में नई सड़कें बनेंगी", *paragraphs: str, excerpt: str = "") -> Article:
    body = tuple(TextBlock("p", text) for text in paragraphs)
    return Article(id="1", source="s", title=title, published=NOW, excerpt=excerpt, body=body)


def texts(cleaned: Article) -> list[str]:
    return [block.text for block in cleaned.body]


@each_row("row", TITLE_MARKS)
def test_title_marks(row: TextRule) -> None:
    assert row.pattern.sub(row.put, row.example) == row.gives
    assert clean_article(article(row.example)).title == row.gives


@each_row("row", FEED_TAILS)
def test_feed_tails(row: TextRule) -> None:
    assert clean_article(article(excerpt=row.example)).excerpt == row.gives


@each_row("row", OPENINGS)
def test_openings(row: TextRule) -> None:
    assert row.pattern.sub(row.put, row.example) == row.gives
    assert clean_article(article("ख़बर", row.example + " " + LEAD)).text == row.gives + " " + LEAD


def test_an_opening_stays_when_little_is_left() -> None:
    assert clean_article(article(excerpt="Village Fair Opens - मेला शुरू।")).excerpt == "Village Fair Opens - मेला शुरू।"


def test_a_paragraph_repeated_from_within_an_earlier_one_is_removed() -> None:
    assert texts(clean_article(article("ख़बर", f"{LEAD} {NEXT}", NEXT))) == [f"{LEAD} {NEXT}"]


def test_an_excerpt_that_is_the_title_with_marks_goes() -> None:
    assert clean_article(article("पुल बना, भीड़ जुटी", excerpt="LIVE पुल बना, भीड़ जुटी 0:25 Play video")).excerpt == ""


@each_row(("pattern", "example"), INTERFACE)
def test_interface_lines(pattern: str, example: str) -> None:
    assert texts(clean_article(article("ख़बर", example, LEAD))) == [LEAD]


@each_row("line", ["सार्वजनिक अवकाश घोषित.", "समाप्त हुई यात्रा, लौटे श्रद्धालु.", "शेयर बाज़ार में तेज़ी.",
                                  "व्हाट्सएप पर आए लिंक पर क्लिक करते ही किसान के खाते से रुपये उड़ गए.",
                                  "लोगों ने सुबह तक मंडी का ऐप डाउनलोड किया.", "भाषा विवाद पर बैठक",
                                  "सरकार ने कहा कि यह भी पढ़ें जाने वाली किताब है.", "फोटो खिंचवाने पहुंचे मंत्री."])  # fmt: skip
def test_lines_that_only_look_like_interface_stay(line: str) -> None:
    assert line in texts(clean_article(article("ख़बर", LEAD, line, NEXT)))


@each_row(("pattern", "example"), DECORATION)
def test_decoration(pattern: str, example: str) -> None:
    assert is_decoration(example, None, None)


def test_images_of_stories_are_no_decoration() -> None:
    assert not is_decoration("https://images.example.com/2026/11/accountant-counters.jpg", 76, 50)
    assert is_decoration("https://images.example.com/a.jpg", 1, 1)


@each_row(
    ("title", "kept", "kicker"),
    [
        ("Flood Alert: नदी का पानी गांवों में घुसा", "नदी का पानी गांवों में घुसा", "Flood Alert"),
        ("Weather Today | पहाड़ों पर बर्फ़ गिरने के आसार", "पहाड़ों पर बर्फ़ गिरने के आसार", "Weather Today"),
        (
            "Village Fair Opens Today, Latest Fair News in Hindi 2026: नदी का पानी गांवों में घुसा",
            "नदी का पानी गांवों में घुसा",
            "Village Fair Opens Today, Latest Fair News in Hindi 2026",
        ),
        (
            "Flood News: Flood Alert Today: नदी का पानी गांवों में घुसा",
            "नदी का पानी गांवों में घुसा",
            "Flood News",
        ),
        ("आपदा /नदी का पानी गांवों में घुसा", "नदी का पानी गांवों में घुसा", "आपदा"),
        ("Budget: तीन शब्द यहां", "Budget: तीन शब्द यहां", ""),
        ("लद्दाख यात्रा: नई सड़क आज से खुल गई", "लद्दाख यात्रा: नई सड़क आज से खुल गई", ""),
        ("नई सड़कें कब बनेंगी: 5 सवाल और जवाब यहां", "नई सड़कें कब बनेंगी: 5 सवाल और जवाब यहां", ""),
        ("10:30 बजे तक की बड़ी ख़बरें", "10:30 बजे तक की बड़ी ख़बरें", ""),
    ],
)
def test_kickers(title: str, kept: str, kicker: str) -> None:
    cleaned = clean_article(article(title))
    assert (cleaned.title, cleaned.kicker) == (kept, kicker)


def test_a_kicker_goes_from_every_paragraph_and_the_excerpt() -> None:
    given_ = article("Flood Alert: नदी का पानी गांवों में घुसा", f"Flood Alert: {LEAD}", f"FLOOD ALERT: {NEXT}",
                     excerpt=f"Flood Alert: {LEAD}")  # fmt: skip
    cleaned = clean_article(given_)
    assert texts(cleaned) == [LEAD, NEXT]
    assert cleaned.excerpt == LEAD


def test_site_names_go_from_titles() -> None:
    assert clean_article(article("नई सड़कें बनेंगी | अमर उजाला")).title == "नई सड़कें बनेंगी"
    assert clean_article(article("नई सड़कें बनेंगी - गाँव समाचार"), sites=["गाँव समाचार"]).title == "नई सड़कें बनेंगी"
    assert clean_article(article("नई सड़कें बनेंगी - गाँव समाचार")).title == "नई सड़कें बनेंगी - गाँव समाचार"
    both = clean_article(article("LIVE नई सड़कें बनेंगी आज से | NBT 0:39 Play video"))
    assert both.title == "नई सड़कें बनेंगी आज से"


def test_a_cut_excerpt_that_begins_the_body_goes() -> None:
    cut = LEAD[:60] + " […]"
    assert clean_article(article("ख़बर", LEAD, NEXT, excerpt=cut)).excerpt == ""
    assert texts(clean_article(article("ख़बर", cut, LEAD, NEXT))) == [LEAD, NEXT]
    assert texts(clean_article(article("ख़बर", cut, f"नई दिल्ली। {LEAD}", NEXT)))[-1] == NEXT


def test_a_cut_excerpt_alone_loses_its_broken_sentence() -> None:
    assert clean_article(article(excerpt=f"{LEAD} विभाग […]")).excerpt == LEAD
    assert clean_article(article(excerpt="विभाग के अनुसार […]")).excerpt == ""
    assert clean_article(article("ख़बर", NEXT, excerpt=f"{LEAD} आगे [...]")).excerpt == LEAD


def test_a_description_that_repeats_the_title_goes() -> None:
    assert clean_article(article("नई सड़कें बनेंगी", excerpt="नई सड़कें बनेंगी.")).excerpt == ""


def test_sub_headings() -> None:
    cleaned = clean_article(article("ख़बर", LEAD, "क्या बोले मंत्री-", NEXT, "कहां बनेंगी सड़कें", LEAD.replace("बुधवार", "गुरुवार")))
    assert [block.kind for block in cleaned.body] == ["p", "h", "p", "h", "p"]
    assert texts(cleaned)[1] == "क्या बोले मंत्री"


def test_lists_and_lone_lines_are_no_headings() -> None:
    rows = ["गेहूं 2,400 रुपये", "चना 5,100 रुपये", "सरसों 5,600 रुपये"]
    assert {block.kind for block in clean_article(article("भाव", *rows)).body} == {"p"}
    assert [block.kind for block in clean_article(article("भाव", LEAD, *rows, NEXT)).body] == ["p"] * 5
    assert [block.kind for block in clean_article(article("भाव", "छोटी ख़बर")).body] == ["p"]
    assert [block.kind for block in clean_article(article("भाव", LEAD, "लेखक का नाम")).body] == ["p", "p"]


def test_repeated_paragraphs_go() -> None:
    assert texts(clean_article(article("ख़बर", LEAD, NEXT, LEAD))) == [LEAD, NEXT]


@each_row(
    ("front", "place"),
    [
        ("नई दिल्ली। ", "नई दिल्ली"),
        ("जेएनएन, हिसार। ", "हिसार"),
        ("(पत्रिका ब्यूरो,गुवाहाटी): ", "गुवाहाटी"),
        ("मुंबई, एजेंसी। ", "मुंबई"),
        ("श्रीनगर. ", "श्रीनगर"),
        ("रामगंज (एजेंसी): ", "रामगंज"),
        ("नई दिल्ली (एजेंसी)। ", "नई दिल्ली"),
        ("नई दिल्ली, 23 नवंबर (भाषा) ", "नई दिल्ली"),
        ("पटना / गया: ", "पटना, गया"),
        ("लखनऊ- ", "लखनऊ"),
        ("डिजिटल डेस्क, नई दिल्ली। ", "नई दिल्ली"),
        ("जागरण संवाददाता, मेरठ : ", "मेरठ"),
        ("नई दिल्ली, पीटीआइ। ", "नई दिल्ली"),
        ("नई दिल्ली [जागरण ब्यूरो]। ", "नई दिल्ली"),
        ("लखनऊ (ब्यूरो)। ", "लखनऊ"),
        ("टीम डिजिटल/हरिभूमि, दिल्ली : ", "दिल्ली"),
        ("विशेष संवाददाता नई दिल्ली: ", "नई दिल्ली"),
        ("रमा देवी नई दिल्ली: ", "नई दिल्ली"),
        ("संवाद सूत्र, रामगंज (मुंगेर) : ", "मुंगेर"),
        ("संवाद सूत्र रामगंज, मुंगेर: ", "मुंगेर"),
        ("जा.सं., मेरठ: ", "मेरठ"),
        ("नोएडा (उप्र), दो अप्रैल (भाषा) ", "नोएडा"),
        ("पटना। एएनआई। ", "पटना"),
        ("भास्कर न्यूज | रोहतक। ", "रोहतक"),
        ("NEW DELHI (ANI): ", "NEW DELHI"),
        ("New Delhi, Nov 23 (PTI) ", "New Delhi"),
        ("(भाषा) ", ""),
        ("एजेंसी। ", ""),
        ("सोनपुरा। ", "सोनपुरा"),
        ("सोनपुरा. ", "सोनपुरा"),
        ("सोनपुरा (रामगंज)। ", "सोनपुरा"),
        ("सोनपुरा : ", "सोनपुरा"),
        ("रामगढ़ी टाउन: ", "रामगढ़ी टाउन"),
        ("संसू, मेरठ: ", "मेरठ"),
        ("एजुकेशन डेस्क। ", ""),
        ("पटना डॉक्टर (रमा देवी)। ", "पटना"),
        ("हमारे संवाददाता ", ""),
        ("मेरठ हमारे संवाददाता ", ""),
    ],
)
def test_datelines(front: str, place: str) -> None:
    assert split_dateline(front + LEAD) == (place or None, LEAD)
    cleaned = clean_article(article("ख़बर", front + LEAD, NEXT))
    assert (cleaned.place, texts(cleaned)[0]) == (place, LEAD)


@each_row(
    "front",
    [
        "बारिश थमी। ",
        "उन्होंने कहा: ",
        "दिल्ली में बारिश। ",
        "सवाल: ",
        "दिल्ली-मुंबई मार्ग पर ",
        "दिल्ली - मुंबई राजमार्ग पर ",
        "सरकार: ",
        "मोदी: ",
        "रमा: ",
        "हरदीप सिंह पुरी: ",
        "जांच एजेंसी: ",
        "खुफिया ब्यूरो (आईबी) ",
        "भाषा: ",
        "पटना (बिहार) में ",
        "महाराष्ट्र (19,522): ",
        "बारिश। ",
        "नहीं। ",
        "डॉ. ",
        "इस बार कम से कम दो बड़ी टीम- ",
        "हेल्प डेस्क: ",
        "sonpura.example ",
        "जागरण संवाददाता ने बताया कि ",
        "पटना, गया और आरा में ",
        "पटना, जहां मेला लगा, ",
    ],
)
def test_first_words_that_are_no_dateline(front: str) -> None:
    assert split_dateline(front + LEAD) == (None, front + LEAD)


def test_a_time_after_a_dateline_stays() -> None:
    lead = "शुक्रवार तड़के 3:30 बजे गांव की बड़ी नाव नदी में डूब गई।"
    assert split_dateline(f"पटना, एएनआइ। {lead}") == ("पटना", lead)


def test_a_town_before_a_comma_is_what_is_left_of_an_agencys_dateline() -> None:
    assert split_dateline(f"कोलकाता, {LEAD}") == ("कोलकाता", LEAD)
    assert split_dateline(f"कोलकाता, {LEAD}", opens=False) == (None, f"कोलकाता, {LEAD}")


def test_an_unknown_name_is_a_place_where_the_article_uses_it_as_one() -> None:
    assert split_dateline(f"बनकटा: {LEAD}") == (None, f"बनकटा: {LEAD}")
    assert split_dateline(f"बनकटा: {LEAD}", context=f"बनकटा में सड़कें बनेंगी\n{LEAD}") == ("बनकटा", LEAD)
    assert split_dateline(f"बनकटा: {LEAD} यहां भी काम होगा.")[0] == "बनकटा"
    assert split_dateline(f"सोनपुरा। {LEAD}", opens=False) == (None, f"सोनपुरा। {LEAD}")


def test_a_dateline_below_the_standfirst_goes() -> None:
    cleaned = clean_article(article("ख़बर", NEXT, f"नई दिल्ली (भाषा): {LEAD}", f"सवाल: {NEXT} और आगे."))
    assert texts(cleaned) == [NEXT, LEAD, f"सवाल: {NEXT} और आगे."]
    assert cleaned.place == "नई दिल्ली"
    assert clean_article(article("ख़बर", LEAD, NEXT, excerpt=f"पटना, एजेंसी। {LEAD}")).excerpt == LEAD


@pytest.mark.parametrize("line", ["संवाद न्यूज एजेंसी", "भास्कर न्यूज | रोहतक", "अमर उजाला ब्यूरो, मेरठ", "नई दिल्ली (एजेंसी)"])
def test_lines_that_only_credit_go(line: str) -> None:
    assert texts(clean_article(article("ख़बर", line, LEAD))) == [LEAD]


@each_row(
    ("title", "kept"),
    [
        ("जागरण संवाददाता, मेरठ: नहर में पानी छोड़ा गया, खेत भरे", "नहर में पानी छोड़ा गया, खेत भरे"),
        ("पटना। नहर में पानी छोड़ा गया, खेत भरे", "नहर में पानी छोड़ा गया, खेत भरे"),
        ("पटना: नहर में पानी छोड़ा गया, खेत भरे", "नहर में पानी छोड़ा गया, खेत भरे"),
        ("बिहार: नहर में पानी छोड़ा गया, खेत भरे", "बिहार: नहर में पानी छोड़ा गया, खेत भरे"),
        ("राजनीति: नहर पर दो दलों में ठनी बहस", "नहर पर दो दलों में ठनी बहस"),
        ("राजनीतिः नहर पर दो दलों में ठनी बहस", "नहर पर दो दलों में ठनी बहस"),
        ("पटना / नहर में पानी छोड़ा गया, खेत भरे", "नहर में पानी छोड़ा गया, खेत भरे"),
        ("बिहार / नहर में पानी छोड़ा गया, खेत भरे", "बिहार: नहर में पानी छोड़ा गया, खेत भरे"),
        ("बिहार / बिहार की नहर में पानी छोड़ा गया", "बिहार की नहर में पानी छोड़ा गया"),
    ],
)
def test_titles_that_begin_as_reports_do(title: str, kept: str) -> None:
    assert clean_article(article(title)).title == kept


@each_row(
    "title",
    ["story_2026_11_23_4711.utf8", "gaon_2026_-11234", "14", "- Navbharat Times", "रमा देवी, मेरठ", "मेरठ",
     "संवाद सूत्र, रामगंज (मुंगेर):", "Photo Gallery"],
)  # fmt: skip
def test_a_title_that_is_no_headline_gives_way_to_the_first_sentence(title: str) -> None:
    cleaned = clean_article(article(title, f"पटना। {LEAD} {NEXT}"))
    assert cleaned.title == shorten(LEAD.rstrip("."), 120)
    assert texts(cleaned) == [f"{LEAD} {NEXT}"]
    assert clean_article(article(title)).title == title


def test_a_headline_found_in_the_body_is_cleaned_as_one() -> None:
    cleaned = clean_article(
        article("story_2026_11_4711", "- Navbharat Times", "मेले में जुटी रिकॉर्ड भीड़, रास्ते बंद - NBT", LEAD)
    )
    assert (cleaned.title, texts(cleaned)[-1]) == ("मेले में जुटी रिकॉर्ड भीड़, रास्ते बंद", LEAD)
    assert not any("Navbharat" in text for text in texts(cleaned))


@pytest.mark.parametrize("title", ["Covid-19", "मेरठ में मेला", "NH-24 पर जाम", "गांव, शहर और मेला"])
def test_short_titles_stay(title: str) -> None:
    assert clean_article(article(title, LEAD, NEXT)).title == title


def test_a_paragraph_in_the_titles_place_becomes_the_bodys_first() -> None:
    first, rest = "मेले में सोमवार को रिकॉर्ड भीड़ जुटी", "रास्ते दोपहर तक बंद रहे। शाम को झूले फिर चले।"
    cleaned = clean_article(article(f"{first}। {rest}", NEXT))
    assert (cleaned.title, texts(cleaned)) == (first, [f"{first}। {rest}", NEXT])
    assert clean_article(cleaned) == cleaned
    cut = clean_article(article(f"{first}। {rest} {NEXT[:-1]} और कई बातें हैं जिनका ब्योरा अभी आना बाक़ी है…", LEAD))
    assert (cut.title, texts(cut)[0]) == (first, f"{first}। {rest}")
    lone = "क्या सोमवार को खुलेगा मेला? कौन से रास्ते बंद रहेंगे"
    assert clean_article(article(lone, NEXT)).title == lone


def test_a_headlines_subject_goes_from_the_paragraphs_and_stays_in_the_headline() -> None:
    title = "मेला विवाद:अब अदालत में होगी सुनवाई"
    cleaned = clean_article(article(title, f"पटना। मेला विवाद: {LEAD}", f"मेला विवाद में {NEXT}"))
    assert (cleaned.title, texts(cleaned)) == (title, [LEAD, f"मेला विवाद में {NEXT}"])


def test_a_dateline_that_is_all_there_is_stays() -> None:
    assert split_dateline("पटना। बारिश हुई।") == (None, "पटना। बारिश हुई।")


def test_cleaning_follows_the_content_in_its_hash() -> None:
    one, other = clean_article(article("ख़बर", LEAD)), clean_article(article("ख़बर", LEAD, NEXT))
    assert one.content_hash
    assert one.content_hash != other.content_hash
    assert one.content_hash == clean_article(replace(one, content_hash="")).content_hash


_LINES = st.sampled_from([LEAD, NEXT, "क्या बोले मंत्री-", "Flood Alert: " + LEAD, "पटना। " + LEAD, "[…]", "…", "समाप्त",
                          "छोटी", LEAD[:50] + " […]", "The post x appeared first on y", "* * *", ":", "-"])  # fmt: skip


# ftfy is imported by the first text that needs it.
@pytest.mark.slow
@settings(deadline=None)
@given(
    st.lists(_LINES | st.text(max_size=40), max_size=6), st.text(max_size=60) | _LINES, _LINES | st.text(max_size=60)
)
def test_cleaning_never_raises_and_leaves_no_empty_block(paragraphs: list[str], title: str, excerpt: str) -> None:
    cleaned = clean_article(article(title, *paragraphs, excerpt=excerpt))
    assert all(block.text.strip() for block in cleaned.body)
    if cleaned.body:
        assert any(block.kind == "p" for block in cleaned.body)


def test_the_seed_article() -> None:
    path = SHARED_DATA / "seed-article.txt"
    if not path.exists():
        pytest.skip("the seed article is outside the repository")
    (seed,) = read_path(path, Source("desk", path="seed"), NOW).articles
    assert seed.title == "रूस के राष्ट्रपति पुतिन का बड़ा ऐलान, सैटेलाइट बनाएगा उत्तर कोरिया!"
    assert seed.kicker == "Russian President Putin"
    assert [block.kind for block in seed.body] == ["p", "h", "p", "h", "p", "p"]
    whole = "\n".join(texts(seed))
    for mark in ("Russian President Putin", "[…]", "Date Updated", "फॉलो करें"):
        assert mark not in whole
    assert whole.count("मुलाकात हुई") == 1
    assert not any(block.text.endswith("-") for block in seed.body)
    assert (seed.language, seed.dated, seed.excerpt) == ("hi", True, "")


@each_row("row", TAILS)
def test_a_call_for_a_click_at_a_titles_end_goes(row: TitleTail) -> None:
    assert without_tails(row.example) == row.gives


@each_row(
    ("title", "cleaned"),
    [
        ("नई नहर से पहले गांव में नाप, जानें कीमत, फायदे और नक्शा", "नई नहर से पहले गांव में नाप"),
        ("जानिए क्यों सूखी पड़ी है गांव की नहर", "क्यों सूखी पड़ी है गांव की नहर"),
        ("मंत्री बोले- देखें आगे क्या होता है", "मंत्री बोले- देखें आगे क्या होता है"),
        ("बाढ़ में बह गए दो पुल, कई जानें गईं", "बाढ़ में बह गए दो पुल, कई जानें गईं"),
        ("मेले में इस बार भीड़, लोग पैदल जाने लगे", "मेले में इस बार भीड़, लोग पैदल जाने लगे"),
        ("नहर में पानी आया, जानें कब तक", "नहर में पानी आया"),
        ("जिस घर को बेचा था, उसे खोलते ही मालिक के उड़ गए होश", "जिस घर को बेचा था, उसे खोलते ही मालिक के उड़ गए होश"),
        ("पता नहीं हमने क्या गलत किया, हार से कप्तान के उड़े होश", "पता नहीं हमने क्या गलत किया, हार से कप्तान के उड़े होश"),
        ("मेले में भालू देख लोग रह गए दंग, वन विभाग ने पिंजरा लगाया", "मेले में भालू देख लोग रह गए दंग, वन विभाग ने पिंजरा लगाया"),
        (
            "गांव की नहर में मगर, हर कोई रह गया दंग, विभाग ने पिंजरा लगाया",
            "गांव की नहर में मगर, हर कोई रह गया दंग, विभाग ने पिंजरा लगाया",
        ),
        ("भीगे हुए चने खाने के 5 फायदे जानकर हैरान रह जाएंगे आप", "भीगे हुए चने खाने के 5 फायदे"),
        ("भीगे हुए चने के इतने सारे फायदे जानकर रह जाएंगे हैरान", "भीगे हुए चने के इतने सारे फायदे"),
        ("सावधान! नदी के पानी में मिला खतरनाक रसायन", "नदी के पानी में मिला खतरनाक रसायन"),
        ("नहर में पानी, जानें कब तक", "नहर में पानी, जानें कब तक"),
        ("अगले महीने बंद होगी पुरानी नहर: रिपोर्ट", "अगले महीने बंद होगी पुरानी नहर: रिपोर्ट"),
        (
            "नहर का पानी गंदा नहीं है- विधायक के दावे पर विभाग ने दिया ये जवाब",
            "नहर का पानी गंदा नहीं है- विधायक के दावे पर विभाग ने दिया ये जवाब",
        ),
        ("कॉलेज के दस सौ छात्रों के नतीजे जानिए कब और कहां देख पाएंगे", "कॉलेज के दस सौ छात्रों के नतीजे"),
        ("तस्वीरों में देखें कमला नदी पर बने नए पुल की झलक", "कमला नदी पर बने नए पुल की झलक"),
        ("आसान भाषा में 10 बातों में जानें, नहर के नए नियम का असर", "नहर के नए नियम का असर"),
        ("नया ट्रैक्टर लेने का है मन? तो यहां जानें दस सस्ते ट्रैक्टरों की कीमत", "दस सस्ते ट्रैक्टरों की कीमत"),
        ("नया ट्रैक्टर है पसंद? तो यहां जानें इसे खरीदने का पूरा प्लान", "नया ट्रैक्टर है पसंद? तो यहां जानें इसे खरीदने का पूरा प्लान"),
        ("विधायक ने नहर का वीडियो दिखाकर मारा ताना तो सरपंच ऐसे दिया जवाब", "विधायक ने नहर का वीडियो दिखाकर मारा ताना"),
    ],
)
def test_what_tells_news_or_a_speaker_stays_in_the_title(title: str, cleaned: str) -> None:
    assert without_tails(title) == cleaned


def test_a_headline_keeps_the_thing_whose_qualities_it_lists() -> None:
    title = "Naya Tractor XE Vs Tractor Q: कीमत, इंजन और माइलेज में कौन है बेहतर विकल्प"
    assert split_title(title, []) == (title, None)
    assert split_title("Tractor Price: कीमत बढ़ने से पहले खरीद लें किसान", [])[1] == "Tractor Price"


@each_row(
    "title",
    [
        "Kamla X2: लॉन्च से पहले कीमत लीक, 8 फरवरी को आएगा 5000mAh बैटरी वाला फोन",
        "Kamla Tab M8: 5100mAh बैटरी और 8 इंच स्क्रीन वाले सस्ते टैबलेट से उठा पर्दा",
        "Kamla Pump 110: कम कीमत में मिलेगा ज्यादा पानी, किसान खरीद सकेंगे किस्तों पर",
        "GSPB Result 2026: कक्षा 10वीं के पहले टर्म का रिजल्ट घोषित",
        "GSPB NDA 2026: चयन के लिए मेडिकल और फिजिकली फिट होना जरूरी",
        "Village Canal Bill: क्या हैं इससे जुड़े नए प्रावधान और नियम?",
        "Kamla Deluxe Plus: 15 हजार की किस्त पर मिल सकती है ये नई बाइक",
        "Punjab Canal Row: मामलों की सुनवाई असम में होगी, गवाह घर से दे सकेंगे बयान",
    ],
)
def test_a_latin_kicker_stays_if_only_it_names_the_thing(title: str) -> None:
    assert split_title(title, []) == (title, None)


@each_row(
    ("kicker", "shown"),
    [
        ("Kamla X2", "लॉन्च से पहले कमला फोन की कीमत लीक, 8 फरवरी को आएगा बाजार में"),
        ("Kamla Pump 110", "नए पंप 110 की कीमत में आई भारी गिरावट, किसान खुश"),
        ("Top 5 Best Mileage Bikes", "60 हजार के बजट में आने वाली ये 5 बाइक देती हैं सबसे ज्यादा माइलेज"),
        ("GSPB Result 2026", "जीएसपीबी की दसवीं परीक्षा के नतीजे सोमवार को आएंगे"),
        ("Bihar Police Recruitment", "बिहार में सिपाही के 400 पदों पर भर्ती शुरू हुई"),
        ("Punjab Crime", "लुधियाना के एक घर में डकैती, पुलिस को नौकर पर शक"),
        ("IPL 2026", "आखिरी गेंद पर छक्के से जीती रामगंज की टीम, बना नया रिकॉर्ड"),
        ("Weather Updates", "पहाड़ों में हुई साल की पहली बर्फबारी"),
    ],
)
def test_a_latin_kicker_goes_if_the_headline_names_the_thing(kicker: str, shown: str) -> None:
    assert split_title(f"{kicker}: {shown}", []) == (shown, kicker)


@each_row(
    ("title", "cleaned"),
    [
        ("नहर के नए नियम लागू, जानें किसे मिलेगा पहले पानी और कब", "नहर के नए नियम लागू"),
        ("सरपंच ने खोली गांव की नई नहर, अब किसानों को नई…", "सरपंच ने खोली गांव की नई नहर"),
        ("नहर गांव में बनती है, पानी शहर में मिलता है…", "नहर गांव में बनती है, पानी शहर में मिलता है"),
        ("नहर में पानी, 35 नई नावें, 500 मछलियां और बहुत कुछ…", "नहर में पानी, 35 नई नावें, 500 मछलियां और बहुत कुछ…"),
        ("नहर बंद होने के बाद बोलीं सरपंच, अब कुछ भी कहने से पहले…", "नहर बंद होने के बाद बोलीं सरपंच, अब कुछ भी कहने से पहले…"),
        ("सरपंच ने डाली नहर की तस्वीर तो लोग यूं लेने लगे मजे", "सरपंच ने डाली नहर की तस्वीर"),
        (
            "पंप खरीदने का है प्लान, जानिए 10 लाख के लोन पर कितनी होगी किस्त",
            "पंप खरीदने का है प्लान, 10 लाख के लोन पर कितनी होगी किस्त",
        ),
        (
            "नहर विभाग की परीक्षा की कर रहे हैं तैयारी, यहां देखें नया सिलेबस और पुराने सवाल",
            "नहर विभाग की परीक्षा की कर रहे हैं तैयारी, यहां देखें नया सिलेबस और पुराने सवाल",
        ),
        (
            "क्या है नहर बुखार? डॉक्टर से जानिये क्यों बढ़ता है गर्मी में खतरा",
            "क्या है नहर बुखार? डॉक्टर से जानिये क्यों बढ़ता है गर्मी में खतरा",
        ),
        ("देखें सच: नहर के ठेकेदार को दोषी बता रहे हैं लोग", "नहर के ठेकेदार को दोषी बता रहे हैं लोग"),
        ("नहर के पानी से फसल को हो सकता है नुकसान, बचने के लिए करें यह उपाय", "नहर के पानी से फसल को हो सकता है नुकसान"),
        ("मेले से लौट रहा था परिवार, बस ने मारी पीछे से टक्कर, ऐसे बची जान", "मेले से लौट रहा था परिवार, बस ने मारी पीछे से टक्कर"),
        ("हमारा गांव हमें प्यारा है, मेले में बोले सरपंच, फिर जो हुआ...", "हमारा गांव हमें प्यारा है, मेले में बोले सरपंच"),
        ("नहर बंद करना गलत है- सरपंच ने कसा तंज तो मंत्री ने ऐसे दिया जवाब", "नहर बंद करना गलत है- सरपंच ने कसा तंज"),
        # A last part that points stays if it is a time, the other half of the sentence, or all that is news.
        *(
            (title, title)
            for title in (
                "मंडी में गेहूं की आवक घटी, इस बार दाम भी गिरे",
                "पंचायत ने सूखी नहर पर जारी किया बयान, इन खबरों को बताया फर्जी",
                "नहर में पानी नहीं आया, तो किसान करेंगे यह काम",
                "गांव के किसानों के लिए खुशखबरी, इन नहरों में आएगा पानी",
                "खेती शुरू करना चाहते हैं पहली बार, सस्ते पड़ेंगे ये दस ट्रैक्टर",
                "नहर का पानी बंद होना चाहिए, सरपंच ने सभा में ये क्या बोल दिया",
                "‘नहर का पानी बंद कर दो...’, सरपंच की मंत्री से ऐसी मांग",
                "मेले में बिके नए ट्रैक्टर, पंप समेत ये दस मशीनें",
                "नहर का पानी बंद नहीं करूंगा, किसानों ने घेरा तो मंत्री ने ऐसे दिया जवाब",
            )
        ),
    ],
)
def test_calls_and_cut_ends_go_from_titles(title: str, cleaned: str) -> None:
    assert without_tails(title) == cleaned


@each_row(
    ("title", "cleaned"),
    [
        ("अयोध्या: SC में हुई जोरदार बहस, सुनवाई 8 फरवरी तक टली", "अयोध्या: SC में हुई जोरदार बहस, सुनवाई 8 फरवरी तक टली"),
        ("अयोध्या: सरयू के घाट पर जले दीये और लगा मेला", "सरयू के घाट पर जले दीये और लगा मेला"),
        ("मॉर्निंग न्यूज ब्रीफ: नहर में आया पानी, किसान खुश", "नहर में आया पानी, किसान खुश"),
        ("अयोध्या: एक फैसला और 28 नए मुद्दे", "अयोध्या: एक फैसला और 28 नए मुद्दे"),
        ("राजनीति: नहर-नहर पानी", "नहर-नहर पानी"),
        ("नहर: नहर में आया पानी, किसान खुश", "नहर में आया पानी, किसान खुश"),
        ("बात खरी है नहर देख नहीं पिघले सरपंच", "नहर देख नहीं पिघले सरपंच"),
        ("नहर की चिंता किसे है---रमा देवी", "नहर की चिंता किसे है – रमा देवी"),
    ],
)
def test_names_of_pages_and_towns_go(title: str, cleaned: str) -> None:
    assert split_title(title, [])[0] == cleaned


def test_a_title_without_news_is_replaced() -> None:
    for title in ("उन्नाव: एक्सप्रेस", "संवाद सूत्र, रामगंज(मुंगेर):"):
        found = clean_article(article(title, "मुंगेर। रामगंज की नहर में सोमवार को एक नाव डूब गई और दो लोग बचे।"))
        assert found.title == "रामगंज की नहर में सोमवार को एक नाव डूब गई और दो लोग बचे"
    for title in (
        "rainfall",
        "boat Sinks In Ramganj Canal",
        "#रामगंज #नहर",
        "रामगंज की नहर में एक नाव ड...",
        "रामगंज की नहर में सोमवार को न",
    ):
        found = clean_article(article(title, "रामगंज की नहर में सोमवार को एक नाव डूब गई और दो लोग बचे।"))
        assert (found.title == title) == title.endswith("न")
    assert clean_article(article("रामगंज की नहर में एक नाव डूब गई।")).title == "रामगंज की नहर में एक नाव डूब गई"
    text = "समूह ग के लिए सोमवार से आवेदन होंगे, और आख़िरी तारीख़ रविवार है।"
    assert clean_article(article("सोमवार से आवेदन: समूह ग", text)).title == "सोमवार से आवेदन: समूह ग"
    # What happened is at the end of a long sentence.
    long = (
        f"रामगंज की नहर में सोमवार को एक नाव {'में बैठे गांव के लोगों ' * 4}को मेला दिखा कर लौट रहे रामू मल्लाह की नाव घाट पर डूब गई"
    )
    assert clean_article(article("rainfall", f"{long}।")).title == long
    # The text is cut off too.
    cut = "रामगंज की नहर में सोमवार को एक…"
    assert clean_article(article(cut, "रामगंज की नहर में सोमवार को एक नाव डूबने से दो…")).title == cut
    # The text is the rest of a word.
    cut = "रामगंज की नहर में एक नाव ड..."
    assert clean_article(article(cut, "ूब गई और सोमवार को दो लोग किसी तरह बचे हैं।")).title == cut


def test_a_headline_keeps_a_kicker_without_which_it_says_nothing() -> None:
    abroad = "Turkey Earthquake: बारिश से राहत का काम रुका, सात हजार लोगों की मौत"
    assert split_title(abroad, []) == (abroad, None)
    joke = "Humour: नहर में अब दूध बहेगा, सरपंच ने मंगाए सौ टैंकर"
    assert split_title(joke, []) == (joke, None)
    # The call to click named the disease.
    title = "Dengue: शरीर पड़ जाता है कमजोर, कई दिन रहता है बुखार"
    assert split_title(f"{title}; जानिए डेंगू से बचाव", []) == (title, None)
    assert split_title("Naya Tractor XE: 1 लाख की किस्त पर हो सकता है आपका", []) == (
        "Naya Tractor XE: 1 लाख की किस्त पर हो सकता है आपका",
        None,
    )


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("अब नहीं तो कभी नहीं...' नहर पर सरपंच का दर्द", "‘अब नहीं तो कभी नहीं...’ नहर पर सरपंच का दर्द"),
        ("'नहर हमारी है' पर अड़े किसान", "'नहर हमारी है' पर अड़े किसान"),
        ("किसानों का India's Best मेला शुरू हुआ", "किसानों का India's Best मेला शुरू हुआ"),
    ],
)
def test_a_lost_opening_quotation_mark_comes_back(title: str, shown: str) -> None:
    assert split_title(title, [])[0] == shown


@each_row(
    ("title", "hides"),
    [
        ("इस खिलाड़ी ने 21 साल की उम्र में छोड़ दिया खेल", True),
        ("नहर: गांव के लोगों के लिए जारी हुआ यह आदेश", True),
        ("इन 10 गांवों में कल बंद रहेगी बिजली", True),
        ("कब तक खुलेगा नया पुल?", True),
        ("इस साल सोनपुरा में गेहूं की आवक बढ़ी", False),
        ("मंत्री बोले- यह पूरे गांव की जीत है", False),
        ("‘पुल की बात झूठी’, गांव के लोगों को मंत्री ने दिया यह जवाब", True),
        ("‘यह पूरे गांव की जीत है’, पुल के उद्घाटन पर मंत्री", False),
        ("सोनपुरा में नया पुल खुला", False),
    ],
)
def test_headlines_that_hide_their_news(title: str, hides: bool) -> None:
    assert hides_news(title) is hides
