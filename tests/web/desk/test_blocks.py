"""The blocks of the day on the desk: leave one out, take it back, write one."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from digest import pipeline
from digest.models import Actor, EditionBlock, EditionState
from digest.usecases.approval import revision
from digest.usecases.block_texts import FIELDS, to_text
from digest.usecases.edit_edition import BlockRejected, UnknownBlock
from tests.support.tables import each_row
from tests.web.desk.browser import Browser
from tests.web.desk.conftest import KEY, edition_of
from tests.web.site import Site

HERE = f"/edition/{KEY}"
BY = Actor("suman", "desk")
WISE = {"text": "जहाँ चाह, वहाँ राह।", "by": "कहावत"}


def blocks(desk: Site) -> dict[str, EditionBlock]:
    edition = edition_of(desk)
    return {each.name: each for each in edition.blocks}


@pytest.mark.slow
def test_a_block_is_left_out_and_taken_back(desk: Site, editor: Browser) -> None:
    assert "weather" in blocks(desk)
    before = blocks(desk)
    page = editor.post(f"{HERE}/block", name="weather", act="out", follow=True)
    assert "weather" not in blocks(desk)
    assert "बॉक्स हटाया" in page.text
    assert 'value="back"' in page.text
    # It stays left out when the edition is composed again, also with new articles.
    story = next(iter(pipeline.compose(desk.app, KEY).edition.stories()))
    editor.post(f"{HERE}/move", story=story.id, step="down")
    editor.post(f"{HERE}/refresh")
    assert "weather" not in blocks(desk)
    editor.post(f"{HERE}/block", name="weather", act="back")
    assert blocks(desk) == before
    editor.post(f"{HERE}/block", name="mandi", act="out")
    editor.post(f"{HERE}/undo")
    assert blocks(desk) == before
    assert editor.post(f"{HERE}/block", name="nothing", act="out").status == 409
    assert editor.post(f"{HERE}/block", name="weather", act="x").status == 422


@pytest.mark.slow
def test_a_quotation_is_written_changed_and_removed(desk: Site, editor: Browser) -> None:
    assert f"{HERE}/block/quote" in editor.get("/").text, "one can be added"
    editor.submit(f"{HERE}/block", {"name": "quote", "act": "save", **WISE})
    assert blocks(desk)["quote"].data == WISE
    assert "“जहाँ चाह, वहाँ राह।” – कहावत" in editor.get(f"{HERE}/letter?form=text").text
    # Two editors at once: only what this form changed.
    opened = {"name": "quote", "act": "save", **WISE, **{f"was_{field}": text for field, text in WISE.items()}}
    assert 'name="was_by" value="कहावत"' in editor.get(f"{HERE}/block/quote").text
    editor.submit(f"{HERE}/block", {**opened, "by": "दादी"})
    editor.submit(f"{HERE}/block", {**opened, "text": "नई राह"})
    assert blocks(desk)["quote"].data == {"text": "नई राह", "by": "दादी"}
    editor.submit(f"{HERE}/block", {"name": "quote", "act": "save", "text": "<b>राह</b>", "by": "कहावत"})
    assert "&lt;b&gt;राह" in editor.get(f"{HERE}/letter").text
    assert 'value="file"' not in editor.get("/").text, "it has no file to go back to"
    editor.post(f"{HERE}/block", name="quote", act="file")
    assert "quote" not in blocks(desk), "it has no file"
    assert [act.what for act in desk.app.audit.newest(3)] == ["block text"] * 3


def test_a_field_that_another_editor_saves_at_the_same_moment_stays(desk: Site) -> None:
    app = desk.app
    app.editor.write_block(KEY, "quote", BY, WISE)
    # The other change is stored, and the edition is not composed with it yet.
    theirs = replace(app.editions.editorial_changes(KEY), blocks={"quote": {**WISE, "by": "दादी"}})
    assert app.editions.set_editorial_changes(KEY, theirs)
    app.editor.write_block(KEY, "quote", BY, {"text": "नई राह"})
    assert blocks(desk)["quote"].data == {"text": "नई राह", "by": "दादी"}


@pytest.mark.slow
def test_the_file_of_a_block_comes_back(desk: Site, editor: Browser) -> None:
    folder = desk.app.home / "samples" / "blocks" / KEY
    folder.mkdir()
    (folder / "correction-road.yaml").write_text("text: पुराना पाठ\ntitle: सुधार\nplace: end\n", encoding="utf-8")
    (folder / "quote.yaml").write_text("text: किसने कहा?\n", encoding="utf-8")
    pipeline.compose(desk.app, KEY)
    page = editor.get("/").text
    assert "बॉक्स नहीं दिखेगा: blocks/2026-11-23/quote.yaml" in page, "a broken block is left out and reported in Hindi"
    editor.submit(f"{HERE}/block", {"name": "correction-road", "act": "save", "text": "नया पाठ", "url": ""})
    changed = blocks(desk)["correction-road"]
    assert changed.data == {"text": "नया पाठ", "title": "सुधार", "place": "end"}
    assert changed.place == "end"
    editor.post(f"{HERE}/block", name="correction-road", act="file")
    assert blocks(desk)["correction-road"].data["text"] == "पुराना पाठ"
    # A text of the desk replaces the broken file.
    editor.submit(f"{HERE}/block", {"name": "quote", "act": "save", **WISE})
    assert blocks(desk)["quote"].data == WISE


@pytest.mark.slow
@each_row(
    ("name", "texts", "named", "why"),
    [
        ("quote", {"text": "", "by": "कहावत"}, "टेक्स्ट", "यहाँ कुछ लिखना ज़रूरी है।"),
        ("quote", {"text": "क" * 601, "by": "कहावत"}, "टेक्स्ट", "ज़्यादा से ज़्यादा 600 अक्षर लिखें।"),
        ("quote", {"text": "क", "by": "क" * 121}, "किसने कहा", "ज़्यादा से ज़्यादा 120 अक्षर लिखें।"),
        ("correction", {"text": "क", "url": "javascript:alert(1)"}, "पन्ने का पता", "पता https:// से शुरू हो।"),
        ("weather", {"parts": "सुबह | 9° | धूप\n" * 5}, "समय या शहर", "ज़्यादा से ज़्यादा 4 पंक्तियाँ लिखें।"),
        ("weather", {"parts": "सुबह | 9° | धूप\nरात | 8°"}, "समय या शहर", "पंक्ति 2, आसमान: यहाँ कुछ लिखना ज़रूरी है।"),
        ("weather", {"parts": "सुबह | 9° | धूप | तेज़"}, "समय या शहर", "पंक्ति 1: एक पंक्ति में ज़्यादा से ज़्यादा 3 हिस्से"),
        ("market", {"rows": "सोना | 72,300 | ज़्यादा"}, "भाव", "पंक्ति 1, बदलाव: यहाँ संख्या लिखें"),
        ("horoscope", {"signs": "मेष: अच्छा।\nवृष अच्छा"}, "राशियाँ", "पंक्ति 2: पहले नाम, फिर कोलन (:)"),
        ("poll", {"question": "कैसा?", "options": "अच्छा"}, "जवाब", "कम से कम 2 पंक्तियाँ लिखें।"),
        ("quiz", {"question": "कैसा?", "options": "क\nख\nग", "answer": "7"}, "सही जवाब का नंबर", "नंबर 1 से 3 तक हो।"),
    ],
)
def test_a_faulty_text_is_refused_with_its_name_and_what_is_wrong(
    desk: Site, editor: Browser, name: str, texts: dict[str, str], named: str, why: str
) -> None:
    before = blocks(desk)
    refused = editor.submit(f"{HERE}/block", {"name": name, "act": "save", **texts})
    assert refused.status == 422
    assert re.search(f"इन्हें देखें: [^।]*{named}[^।]*।", refused.text)
    assert refused.text.count('class="errmsg"') == 1, "said at its field"
    assert why in html.unescape(refused.text)
    assert all(html.escape(text) in refused.text for text in texts.values()), "what was typed stays"
    assert blocks(desk) == before


@pytest.mark.slow
def test_numbers_may_have_devanagari_digits(desk: Site, editor: Browser) -> None:
    prices = {"rows": "सोना | ७२,५०० | −१२०"}
    editor.submit(f"{HERE}/block", {"name": "market", "act": "save", **prices})
    assert blocks(desk)["market"].data["rows"][0]["change"] in ("-120", -120)
    question = {"question": "किस ओर?", "options": "पूरब\nपश्चिम", "answer": "२"}
    assert editor.submit(f"{HERE}/block", {"name": "quiz", "act": "save", **question}).status == 303


def test_the_use_case_refuses_what_it_does_not_know(desk: Site) -> None:
    write = desk.app.editor.write_block
    for name in ("weather-x", "masthead", "quote-x", "../quote", ""):
        with pytest.raises(UnknownBlock):
            write(KEY, name, BY, WISE)
    with pytest.raises(BlockRejected):
        write(KEY, "quote", BY, {})
    with pytest.raises(UnknownBlock):
        desk.app.editor.leave_out_block(KEY, "", BY)


@pytest.mark.slow
def test_an_approval_ends_with_a_change_of_a_block(desk: Site, editor: Browser, sender: Browser) -> None:
    edition = edition_of(desk)
    sender.post(f"{HERE}/approve", seen=revision(edition))
    editor.submit(f"{HERE}/block", {"name": "correction", "act": "save", "text": "संख्या 12 है।", "url": ""})
    changed = edition_of(desk)
    assert changed.state == EditionState.DRAFT
    assert revision(changed) != revision(edition)


# As long as a form may be.
SIGNS = "\n".join(["वृष: ख़र्च 2:1 रहेगा।", *(f"राशि {number}: {'काम पूरा होगा। ' * 39}।" for number in range(11))])
WRITTEN = {
    "weather": ({"parts": "सुबह | 9° | कोहरा\nरात | 8° | ठंड"}, "कोहरा"),
    "market": ({"rows": "सोना | 72,300 | −1234.567\nचाँदी | 91,000", "unit": "₹"}, "72,300"),
    "poll": ({"question": "मेला कैसा रहा?", "options": "अच्छा\n\n ठीक \n"}, "मेला कैसा रहा?"),
    "quiz": ({"question": "सूरजगढ़ किस ओर है?", "options": "पूरब\nपश्चिम", "answer": "2"}, "सूरजगढ़ किस ओर है?"),
    "horoscope": ({"signs": SIGNS}, "ख़र्च 2:1 रहेगा।"),
    "panchang": ({"entries": "तिथि: कृष्ण पंचमी"}, "कृष्ण पंचमी"),
    "sponsor": (
        {"advertiser": "पौधशाला", "text": "बारह पौधे।", "url": "https://paudhe.example.com/", "link": ""},
        "बारह पौधे।",
    ),
    "follow": ({"accounts": "व्हाट्सऐप | https://wa.example.com/x"}, "व्हाट्सऐप"),
}


@pytest.mark.slow
def test_every_kind_is_written_at_the_desk(desk: Site, editor: Browser) -> None:
    for name in blocks(desk):
        editor.post(f"{HERE}/block", name=name, act="out")
    for kind, (texts, words) in WRITTEN.items():
        assert editor.submit(f"{HERE}/block", {"name": kind, "act": "save", **texts}).status == 303, kind
        assert words in editor.get(f"{HERE}/letter?form=text").text, kind
        page = editor.get(f"{HERE}/block/{kind}").text
        # What was written can be saved again as the form shows it.
        before = blocks(desk)[kind].data
        shown = {each.name: to_text(each, before.get(each.name)) for each in FIELDS[kind]}
        assert all(html.escape(text) in page for text in shown.values()), kind
        editor.submit(f"{HERE}/block", {"name": kind, "act": "save", **shown})
        assert blocks(desk)[kind].data == before, kind


FAULTY = (
    ("weather", {"parts": "सुबह | 9° | कोहरा | हवा"}, "समय या शहर"),
    ("weather", {"parts": "सुबह"}, "समय या शहर"),
    ("market", {"rows": "सोना | 72,300 | ऊपर"}, "भाव"),
    ("horoscope", {"signs": "मेष"}, "राशियाँ"),
    ("horoscope", {"signs": "मेष: क\nमेष: ख"}, "राशियाँ"),
    ("poll", {"question": "कैसा?", "options": "एक"}, "जवाब"),
    ("quiz", {"question": "कौन?", "options": "एक\nदो", "answer": "3"}, "सही जवाब का नंबर"),
    ("follow", {"accounts": "x | javascript:alert(1)"}, "खाते"),
)


@pytest.mark.slow
def test_a_faulty_list_is_refused_with_its_name(desk: Site, editor: Browser) -> None:
    before = blocks(desk)
    for kind, texts, named in FAULTY:
        refused = editor.submit(f"{HERE}/block", {"name": kind, "act": "save", **texts})
        assert refused.status == 422, kind
        assert f"इन्हें देखें: {named}।" in refused.text, kind
        assert blocks(desk) == before, kind
