"""The editor's page: what it shows, each change and its undo, and the revision that an approval refers to."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest

from digest import pipeline
from digest.i18n import translator
from digest.messages import Message
from digest.models import EditionState, Role, TextBlock
from digest.store.content.articles import ArticleStore
from digest.store.sending.decisions import Decision
from digest.usecases.approval import accepted_errors, revision
from digest.usecases.edit_edition import stories_only_in
from digest.usecases.enqueue import SendRequest
from digest.usecases.preflight import PreflightFailed
from digest.web.desk.acts import name_of
from digest.web.desk.sentences import translate
from tests.web.desk.browser import TESTER, Browser, set_up
from tests.web.desk.conftest import KEY, edition_of, open_desk, put_draft
from tests.web.desk.test_api import Program
from tests.web.site import Response, Site, translated

HERE = f"/edition/{KEY}"


def order(desk: Site) -> list[str]:
    return [story.id for story in edition_of(desk).stories()]


def full_section(desk: Site) -> list[str]:
    """The stories of the first section with several besides the lead."""
    edition = edition_of(desk)
    for section in edition.sections:
        ids = [story.id for story in section.stories if story.id != edition.lead]
        if len(ids) > 1:
            return ids
    raise AssertionError("no section has two stories")


def counted(browser: Browser) -> Response:
    """The page after the recipients are counted, which may take longer than the page waits."""
    for _ in range(200):
        page = browser.get("/")
        if "पाठकों को जाएगा" in page.text:
            return page
        time.sleep(0.05)
    raise AssertionError("the recipients were never counted")


def shown(page: Response) -> list[str]:
    return re.findall('data-story="([^"]+)"', page.text)


@pytest.mark.slow
def test_the_page_says_when_to_whom_and_what_if_nobody_acts(desk: Site, editor: Browser) -> None:
    page = counted(editor)
    text = re.sub(r"\s+", " ", page.text)
    assert re.search(r"1[678] मिनट में मंज़ूरी मिली तो</span> 7:00 बजे [0-9]+ पाठकों को जाएगा</h1>", text)
    assert re.search('class="[^"]*implied[^"]*">6:50 बजे तक मंज़ूरी न मिली तो आज का अंक नहीं जाएगा', text)
    assert "मंज़ूर करें" not in text, "an editor does not approve"
    edition = edition_of(desk)
    assert shown(page)[0] == edition.lead
    assert set(shown(page)) == set(order(desk))
    for story in edition.stories():
        assert story.sources[0] in text
    assert "क्यों:" in text


@pytest.mark.slow
def test_an_approval_after_the_hour_sends_and_says_so(tmp_path: Path) -> None:
    for desk in open_desk(tmp_path / "newsletter", DIGEST_NOW=f"{KEY}T07:10+05:30"):
        pipeline.compose(desk.app, KEY)
        page = counted(set_up(desk, "kavita", Role.SENDER)).text
        assert re.search("मंज़ूर होते ही [0-9]+ पाठकों को जाएगा", page)
        assert "मंज़ूर करके भेजें" in page
        assert "11:00 बजे तक मंज़ूरी न मिली तो आज का अंक नहीं जाएगा" in page


@pytest.mark.slow
def test_the_line_on_top_promises_no_send_that_something_stops(tmp_path: Path) -> None:
    """Obstacles, a day without an edition, and an hour that is over."""
    with_errors = {"was_intro": "", "intro": "नमस्ते {{ name }}"}
    for desk in open_desk(tmp_path / "newsletter", DIGEST_SCHEDULE__APPROVAL="auto"):
        browser = set_up(desk, "kavita", Role.SENDER)
        assert re.search("^7:00 बजे [0-9]+ पाठकों को जाएगा", line(browser))
        browser.submit(f"{HERE}/texts", with_errors)
        browser.get(f"{HERE}/checks")
        assert line(browser).startswith("रुकावटें न हटीं तो 7:00 बजे नहीं जाएगा")
        with pytest.raises(PreflightFailed):
            pipeline.send(desk.app, KEY, SendRequest(scheduled=True))
        browser.submit(f"{HERE}/texts", {"was_intro": "नमस्ते {{ name }}", "intro": "नमस्ते"})
        browser.get(f"{HERE}/checks")
        assert line(browser).startswith("7:00 बजे")
        # A draft of a day that the schedule leaves out waits for a command.
        holiday = open_desk(tmp_path / "holiday", DIGEST_SCHEDULE__HOLIDAYS=f'["{KEY}"]')
        browser = set_up(next(holiday), "kavita", Role.SENDER)
        assert line(browser) == "अपने-आप नहीं जाएगा"
        assert f"<code>digest send {KEY}</code>" in browser.get("/").text
        next(holiday, None)
    for desk in open_desk(tmp_path / "late", DIGEST_NOW=f"{KEY}T11:30+05:30"):
        assert line(set_up(desk, "kavita", Role.SENDER)) == "अपने-आप नहीं जाएगा"


def line(browser: Browser) -> str:
    """The state line's heading, when the recipients are counted."""
    for _ in range(200):
        found = re.search("<h1[^>]*>(.*?)</h1>", browser.get("/").text)
        assert found
        said = re.sub("<[^>]+>", "", found[1]).strip()
        if "बजे जाएगा" not in said:
            return said
        time.sleep(0.05)
    raise AssertionError("the recipients were never counted")


@pytest.mark.slow
def test_a_story_says_how_many_of_its_sources_are_independent(desk: Site, editor: Browser) -> None:
    edition = edition_of(desk)
    copied = replace(next(edition.stories()), sources=("सुबह समाचार", "ख", "ग", "घ"), origins=3)
    put_draft(desk, edition.with_story(copied))
    page = editor.get("/").text
    assert "4 स्रोतों में, 3 स्वतंत्र" in page


@pytest.mark.slow
def test_a_story_goes_up_and_down_and_back(desk: Site, editor: Browser) -> None:
    first, second = full_section(desk)[:2]
    before = order(desk)
    editor.post(f"{HERE}/move", story=first, step="down")
    after = order(desk)
    assert after.index(second) < after.index(first)
    assert sorted(after) == sorted(before)
    page = editor.post(f"{HERE}/undo", follow=True)
    assert order(desk) == before
    assert "suman" in page.text


def test_the_top_story_has_no_arrows_and_the_others_pass_it_by(desk: Site, editor: Browser) -> None:
    edition = edition_of(desk)
    section = next(each for each in edition.sections if edition.lead in [story.id for story in each.stories])
    page = editor.get(HERE).text
    assert f"acts-down-{edition.lead}" not in page
    assert f"acts-pin-{edition.lead}" in page
    for step in ("up", "down"):
        editor.post(f"{HERE}/move", story=edition.lead, step=step)
        assert edition_of(desk) == edition
    # Only the lead is before it in the first section, so there is no higher place.
    beside = next(story.id for story in section.stories if story.id != edition.lead)
    editor.post(f"{HERE}/move", story=beside, step="up")
    changed = edition_of(desk).sections
    number = edition.sections.index(section)
    assert changed == edition.sections if number == 0 else beside == changed[number - 1].stories[-1].id


def test_a_story_moves_over_the_edge_of_its_section(desk: Site, editor: Browser) -> None:
    edition = edition_of(desk)
    last = edition.sections[0].stories[-1]
    editor.post(f"{HERE}/move", story=last.id, step="down")
    section = edition_of(desk).sections
    moved = next(each for each in section if any(story.id == last.id for story in each.stories))
    assert moved.name == edition.sections[1].name
    assert moved.stories[0].id == last.id


def test_dragging_puts_a_story_to_a_place(desk: Site, editor: Browser) -> None:
    edition = edition_of(desk)
    story, target = edition.sections[0].stories[-1], edition.sections[-1]
    editor.post(f"{HERE}/move", story=story.id, section=target.name, place="1")
    assert edition_of(desk).sections[-1].stories[0].id == story.id
    assert editor.post(f"{HERE}/move", story=story.id, section="<b>", place="1").status == 422


@pytest.mark.slow
def test_a_dropped_story_is_replaced_and_comes_back_by_undo(desk: Site, editor: Browser) -> None:
    before = order(desk)
    gone = before[-1]
    editor.post(f"{HERE}/drop", story=gone)
    assert gone not in order(desk)
    editor.post(f"{HERE}/undo")
    assert order(desk) == before
    editor.post(f"{HERE}/drop", story=gone)
    editor.post(f"{HERE}/restore", story=gone)
    assert order(desk) == before


@pytest.mark.slow
def test_the_line_of_state_counts_without_somebody_who_was_stopped(desk: Site) -> None:
    admin = set_up(desk, "mira", Role.ADMIN)

    def due() -> int:
        found = re.search("([0-9]+) पाठकों को जाएगा", counted(admin).text)
        return int(found[1]) if found else 0

    before = due()
    who = f"/subscriber/{desk.subscriber_id('asha@example.com')}"
    assert admin.post(f"{who}/suppress", reason="phoned us").status == 303
    assert due() == before - 1, "at once, not after a minute"


@pytest.mark.slow
def test_the_list_has_reasons_in_few_words_and_a_storys_page_has_them_as_sentences(desk: Site, editor: Browser) -> None:
    first, second = list(edition_of(desk).stories())[:2]
    sentences = "यह प्राकृतिक आपदा की ख़बर है (बाढ़): +0.50", "मृतकों की संख्या 12 है: +1.10", "यह 2 घंटे पुरानी है: +0.35"
    put_draft(desk, edition_of(desk).with_story(replace(first, reasons=sentences)))
    put_draft(desk, edition_of(desk).with_story(replace(second, reasons=("इसमें भारी तबाही है (ढहे): +0.20",))))
    page = re.sub("<[^>]+>", "", unescape(editor.get(HERE).text))
    reasons = re.findall("क्यों: (.*)", page)[:2]
    assert reasons[0].endswith("प्राकृतिक आपदा की ख़बर; मृतकों की संख्या 12 है")
    assert reasons[1].endswith("भारी तबाही")
    assert not any("यह" in each or "इसमें" in each for each in reasons)
    page = unescape(editor.get(f"{HERE}/story/{first.id}").text)
    assert all(f"<li>{each}</li>" in page for each in sentences)


@pytest.mark.slow
def test_what_takes_the_place_of_a_removed_story_is_named_and_marked(small_desk: Site) -> None:
    editor, before = set_up(small_desk, "suman", Role.EDITOR), order(small_desk)
    page = editor.post(f"{HERE}/drop", story=before[-1], follow=True).text
    came = next(story for story in edition_of(small_desk).stories() if story.id not in before)

    def marked(text: str) -> list[str]:
        return re.findall('data-story="([^"]+)"(?:(?!data-story).)*<span class="tag">नई</span>', text, re.S)

    assert f'<a href="#row-{came.id}">इसकी जगह नई</a>' in page
    told = page.partition('<div class="told')[2].partition('<ol class="rows"')[0]
    assert came.title not in unescape(told), "its headline is read in its row alone"
    assert marked(page) == [came.id]
    assert marked(editor.get(HERE).text) == [came.id], "it stays marked"
    page = editor.post(f"{HERE}/pin", story=before[1], follow=True).text
    assert marked(page) == [], "until the next change"
    # The log keeps it.
    assert came.title in [act.detail for act in small_desk.app.audit.newest(5)]


@pytest.mark.slow
def test_a_pinned_story_leads_until_it_is_unpinned(desk: Site, editor: Browser) -> None:
    edition = edition_of(desk)
    other = order(desk)[-1]
    page = editor.post(f"{HERE}/pin", story=other, follow=True)
    assert edition_of(desk).lead == other
    assert shown(page)[0] == other
    assert 'aria-pressed="true"' in page.text
    editor.post(f"{HERE}/unpin", story=other)
    assert edition_of(desk).lead == edition.lead


@pytest.mark.slow
def test_a_story_that_is_gone_changes_nothing(desk: Site, editor: Browser) -> None:
    before = order(desk)
    for place in ("pin", "drop", "move"):
        assert editor.post(f"{HERE}/{place}", story="none", step="up").status == 409
    assert order(desk) == before


@pytest.mark.slow
def test_texts_keep_what_another_editor_wrote(desk: Site, editor: Browser) -> None:
    edition = edition_of(desk)
    other = set_up(desk, "ravi", Role.EDITOR)
    seen = {f"was_{name}": getattr(edition, name) for name in ("subject", "preheader", "intro")}
    same = {"preheader": edition.preheader, "intro": ""}
    editor.submit(f"{HERE}/texts", {**seen, **same, "subject": "एक नया विषय"})
    # The other one's form still has the old subject, and changes the intro.
    fields = {**seen, **same, "subject": edition.subject, "intro": "नमस्ते\n\nपाठको"}
    other.submit(f"{HERE}/texts", fields)
    changed = edition_of(desk)
    assert (changed.subject, changed.intro) == ("एक नया विषय", "नमस्ते\nपाठको")
    assert "ravi" in editor.get("/").text
    editor.submit(f"{HERE}/texts", {"was_subject": changed.subject, "subject": ""})
    assert edition_of(desk).subject == edition.subject, "an empty one is generated"


def opened(page: Response) -> dict[str, str]:
    """The fields of a story's form as its page has them."""
    hidden = dict(re.findall(r'<input type="hidden" name="(was_[a-z]+)" value="([^"]*)">', page.text))
    fields = {name: unescape(value) for name, value in hidden.items()}
    return fields | {name.removeprefix("was_"): value for name, value in fields.items()}


@pytest.mark.slow
@pytest.mark.parametrize("field", ["title", "summary", "section"])
def test_a_story_keeps_what_another_editor_changed_after_its_page_was_opened(
    desk: Site, editor: Browser, field: str
) -> None:
    story = next(edition_of(desk).stories())
    other = set_up(desk, "mohan", Role.EDITOR)
    place = f"{HERE}/story/{story.id}"
    theirs = opened(other.get(place))
    section = next(name for name in desk.app.topics if name != story.section)
    mine = {"title": "सुमन का शीर्षक", "summary": "सुमन का सार।", "section": section}
    changes = {"title": "मोहन का शीर्षक", "summary": "मोहन का सार।", "section": section}
    del mine[field]
    editor.submit(place, opened(editor.get(place)) | mine)
    assert other.submit(place, theirs | {field: changes[field]}).status == 303
    changed = next(each for each in edition_of(desk).stories() if each.id == story.id)
    assert {name: getattr(changed, name) for name in changes} == {**mine, field: changes[field]}


def test_a_program_changes_only_the_fields_that_it_names(desk: Site) -> None:
    accounts, story = desk.app.accounts, next(edition_of(desk).stories())
    accounts.add("mira", Role.EDITOR, TESTER)
    program = Program(desk, desk.app.api_tokens.make("mira", "cms", Role.EDITOR, TESTER))
    assert program.ask("POST", f"{HERE}/story/{story.id}", {"title": "मीरा का शीर्षक"})[0] == 200
    assert program.ask("POST", f"{HERE}/story/{story.id}", {"summary": "मीरा का सार।"})[0] == 200
    changed = next(each for each in edition_of(desk).stories() if each.id == story.id)
    assert (changed.title, changed.summary) == ("मीरा का शीर्षक", "मीरा का सार।")


@pytest.mark.slow
def test_a_storys_text_is_changed_beside_its_sources(desk: Site, editor: Browser) -> None:
    story = next(edition_of(desk).stories())
    page = editor.get(f"{HERE}/story/{story.id}")
    assert 'class="used"' in page.text, "the summary's sentences come from the sources"
    used = editor.get(f"{HERE}/story/{story.id}?only=used").text
    assert used.count('class="used"') == page.text.count('class="used"')
    assert 'class="ref no"></span><span>' in page.text
    assert 'class="ref no"></span><span>' not in used
    long = editor.post(f"{HERE}/story/{story.id}", title="क" * 200, summary=story.summary)
    assert long.status == 422
    assert "क" * 200 in long.text, "what was typed is kept"
    saved = editor.post(
        f"{HERE}/story/{story.id}", title="नया <b>शीर्षक</b>", summary=story.summary, section=story.section
    )
    assert saved.headers["location"].endswith(f"{HERE}#row-{story.id}"), "back to the story's row"
    changed = next(each for each in edition_of(desk).stories() if each.id == story.id)
    assert (changed.title, changed.summary) == ("नया <b>शीर्षक</b>", story.summary)
    page = editor.get("/")
    assert "नया &lt;b&gt;शीर्षक" in page.text
    assert "<b>शीर्षक" not in page.text
    editor.post(f"{HERE}/drop", story=order(desk)[-1])
    assert next(each for each in edition_of(desk).stories() if each.id == story.id).title == "नया <b>शीर्षक</b>"
    editor.post(f"{HERE}/story/{story.id}", original="1")
    assert next(each for each in edition_of(desk).stories() if each.id == story.id).title == story.title


def test_the_form_for_a_storys_texts_is_got_alone(desk: Site, editor: Browser) -> None:
    story = next(edition_of(desk).stories())
    place = f"{HERE}/story/{story.id}?edit=1"
    form = editor.get(place).text
    assert f'action="/desk{HERE}/story/{story.id}"' in form
    assert f">{story.summary}</textarea>" in form
    assert "<html" not in form
    assert "<html" in set_up(desk, "leela", Role.VIEWER).get(place).text
    desk.app.editions.move(KEY, EditionState.PAUSED, out_of=(EditionState.DRAFT,))
    assert "<html" in editor.get(place).text, "nothing can be changed here"


def test_an_edition_with_too_few_stories_says_so_and_offers_others(tmp_path: Path) -> None:
    for desk in open_desk(tmp_path / "newsletter", DIGEST_EDITION__MIN_STORIES="12"):
        page = set_up(desk, "suman", Role.EDITOR).get("/").text
        assert re.search("पिछले 24 घंटों की [0-9]+ ही ख़बरें मिलीं, अंक के लिए 12 चाहिए।", page)
        assert 'href="#pool"' in page
        assert 'id="pool"' in page
        assert "7:00 बजे फिर कोशिश होगी" in page


def test_without_scripts_a_form_leads_back_to_its_part_of_the_page(editor: Browser) -> None:
    answers = {
        "texts": editor.post(f"{HERE}/texts", subject="दूसरा विषय", was_subject=""),
        "stories": editor.post(f"{HERE}/undo"),
        "blocks": editor.post(f"{HERE}/block", name="quote", act="save", text="काम की बात", by="कमला", url=""),
    }
    parts = {part: answer.headers["location"].partition("#")[2] for part, answer in answers.items()}
    assert parts == {part: part for part in answers}


@pytest.mark.slow
def test_a_viewer_sees_no_buttons(desk: Site) -> None:
    viewer = set_up(desk, "asha", Role.VIEWER)
    page = viewer.get("/").text
    assert "/move" not in page
    assert "/approve" not in page
    assert "/texts" not in page


@pytest.mark.slow
def test_approval_is_for_what_the_page_showed(desk: Site, editor: Browser, sender: Browser) -> None:
    seen = revision(edition_of(desk))
    assert seen in sender.get("/").text
    editor.post(f"{HERE}/move", story=full_section(desk)[0], step="down")
    refused = sender.post(f"{HERE}/approve", seen=seen)
    assert refused.status == 409
    assert edition_of(desk).state == EditionState.DRAFT
    assert "किसी ने अंक बदला है" in sender.get(f"{HERE}/state?seen={seen}").text
    assert sender.post(f"{HERE}/approve", seen=revision(edition_of(desk))).status == 303
    assert edition_of(desk).state == EditionState.APPROVED
    assert "kavita" in sender.get("/").text


@pytest.mark.slow
def test_the_intro_is_markdown_with_a_limit(desk: Site, editor: Browser) -> None:
    written = "**नमस्ते**, पढ़ें [यह](https://example.com/a)।"
    page = editor.submit(f"{HERE}/texts", {"was_intro": "", "intro": written}, follow=True)
    assert edition_of(desk).intro == written
    assert f">{written}</textarea>" in page.text
    letter = editor.get(f"{HERE}/letter").text
    assert "<b>नमस्ते</b>, पढ़ें <a" in letter.replace("</b></b>", "</b>")
    assert "नमस्ते, पढ़ें यह (https://example.com/a)।" in editor.get(f"{HERE}/letter?form=text").text
    refused = editor.submit(f"{HERE}/texts", {"was_intro": written, "intro": "क" * 5_001})
    assert refused.status == 422
    assert "‘संपादक की ओर से’ बहुत लंबा है" in refused.text
    viewer = set_up(desk, "mohan", Role.VIEWER).get("/").text
    assert "<b>नमस्ते</b>, पढ़ें <a" in viewer
    editor.post(f"{HERE}/undo")
    assert edition_of(desk).intro == ""
    assert any("intro: **नमस्ते**" in act.detail for act in desk.app.audit.newest(5))


@pytest.mark.slow
def test_a_change_voids_the_approval(desk: Site, editor: Browser, sender: Browser) -> None:
    sender.post(f"{HERE}/approve", seen=revision(edition_of(desk)))
    page = editor.post(f"{HERE}/move", story=full_section(desk)[0], step="down", follow=True)
    assert edition_of(desk).state == EditionState.DRAFT
    assert "मंज़ूरी हट गई" in page.text
    assert "approval void" in [act.what for act in desk.app.audit.newest(5)]


@pytest.mark.slow
def test_errors_need_a_reason(desk: Site, sender: Browser) -> None:
    # Template syntax in the editor's text stops a send.
    set_up(desk, "suman", Role.EDITOR).submit(f"{HERE}/texts", {"was_intro": "", "intro": "नमस्ते {{ name }}"})
    found = sender.problems(HERE)
    assert "टेम्पलेट का बचा हुआ टुकड़ा" in found
    assert "‘संपादक की ओर से’ में टेम्पलेट का बचा टुकड़ा लगता है: नमस्ते {{ name }}" in found, "the finding itself is in Hindi too"
    sender.post("/language", language="en", here="/")
    assert "editor&#39;s intro contains what looks like a template&#39;s leftover" in sender.problems(HERE)
    sender.post("/language", language="hi", here="/")
    refused = sender.post(f"{HERE}/approve", seen=revision(edition_of(desk)))
    assert refused.status == 409
    assert 'name="reason"' in refused.text
    assert edition_of(desk).state == EditionState.DRAFT
    sender.post(f"{HERE}/approve", seen=revision(edition_of(desk)), reason="it is meant so")
    assert edition_of(desk).state == EditionState.APPROVED
    assert any("it is meant so" in each.reason for each in desk.app.editions.decisions(KEY))
    assert line(sender).startswith("मंज़ूर। 7:00 बजे")
    sender.post(f"{HERE}/reopen")
    assert not accepted_errors(desk.app.editions.decisions(KEY)), "the next approval needs a reason again"
    sender.post(f"{HERE}/approve", seen=revision(edition_of(desk)), reason="it is meant so")
    assert pipeline.send(desk.app, KEY, SendRequest(scheduled=True)).edition.state == EditionState.SENDING, (
        "the reason counts"
    )


@pytest.mark.slow
def test_the_list_of_problems_stays_while_the_checks_run_again(editor: Browser) -> None:
    """A list that left the page and came back would move what an editor is about to touch."""
    editor.post(f"{HERE}/texts", intro="{{ name }}", was_intro="")
    assert 'class="fixes"' in editor.problems(HERE)
    for turn in range(3):
        page = editor.post(f"{HERE}/texts", preheader=f"आज {turn}", was_preheader="", follow=True)
        assert 'class="fixes"' in page.text


@pytest.mark.slow
def test_a_held_draft_stays_a_draft(desk: Site, sender: Browser) -> None:
    sender.post(f"{HERE}/pause")
    assert edition_of(desk).state == EditionState.PAUSED
    sender.post(f"{HERE}/resume")
    assert edition_of(desk).state == EditionState.DRAFT, "nobody approved it"
    sender.post(f"{HERE}/approve", seen=revision(edition_of(desk)))
    sender.post(f"{HERE}/pause")
    sender.post(f"{HERE}/resume")
    assert edition_of(desk).state == EditionState.APPROVED


@pytest.mark.slow
def test_a_paused_edition_says_who_held_it_or_why_it_stopped(desk: Site, sender: Browser) -> None:
    sender.post(f"{HERE}/pause")
    assert translated("%(who)s held it, %(when)s.") % {"who": "kavita", "when": "6:32"} in sender.get(HERE).text
    why = Message(
        "%(num)s of the first %(later_num)s recipients %(why)s (delivery.stop_on)",
        num=5,
        later_num=16,
        why=Message("bounced or were rejected"),
    )
    desk.app.editions.record_decision(KEY, Decision.STOPPED, why, now=desk.app.now() + timedelta(seconds=1))
    assert str(translate(why, translator("hi"))) in sender.get(HERE).text


@pytest.mark.slow
def test_an_editor_sees_who_changed_what(desk: Site, editor: Browser) -> None:
    editor.post(f"{HERE}/drop", story=order(desk)[-1])
    acts = editor.get(HERE).text.partition('id="acts"')[2]
    assert re.search(f"<b>suman</b>: {name_of('dropped', translator('hi'))}", acts)


def test_stopping_for_good_is_asked_first(desk: Site, sender: Browser) -> None:
    assert "पूरा रोकें" in sender.get(f"{HERE}/cancel").text
    assert edition_of(desk).state == EditionState.DRAFT
    sender.post(f"{HERE}/cancel")
    assert edition_of(desk).state == EditionState.CANCELLED
    assert sender.get(f"{HERE}/cancel").status == 200


@pytest.mark.slow
def test_the_email_is_shown_in_a_frame_that_can_do_nothing(desk: Site, editor: Browser) -> None:
    story = next(edition_of(desk).stories())
    title = "<script>alert(1)</script>"
    editor.post(f"{HERE}/story/{story.id}", title=title, summary=story.summary, section=story.section)
    frame = editor.get(f"{HERE}/letter")
    assert frame.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert title not in frame.text
    assert "&lt;script&gt;" in frame.text
    page = editor.get("/").text
    (frame_tag,) = re.findall("<iframe sandbox src[^>]*>", page)
    # On a phone the email is on a tab of its own, and is not loaded before.
    assert 'loading="lazy"' in frame_tag
    assert title not in page
    dark, text = editor.get(f"{HERE}/letter?form=dark").text, editor.get(f"{HERE}/letter?form=text").text
    assert "color-scheme:dark" in dark
    assert "<pre>" in text
    assert title not in text


@pytest.mark.slow
def test_articles_outside_the_edition_are_searched_and_added(small_desk: Site) -> None:
    desk, editor = small_desk, set_up(small_desk, "suman", Role.EDITOR)
    runner = re.search(r'name="story" value="([^"]+)"', editor.get(f"{HERE}/next").text)
    assert runner
    before = edition_of(desk)
    page = editor.post(f"{HERE}/add", story=runner[1], follow=True)
    assert edition_of(desk).lead == before.lead
    assert any(runner[1] in story.article_ids for story in edition_of(desk).stories())
    # The page names the story that made room, and lets it in again.
    (gone,) = stories_only_in(before, edition_of(desk))
    line = page.text.partition("जगह बनाने के लिए निकली")[2].partition("</form>")[0]
    assert gone.title[:30] in line
    assert "जगह बनाने के लिए" not in editor.post(f"{HERE}/drop", story=runner[1], follow=True).text
    editor.post(f"{HERE}/add", story=gone.article_ids[0])
    assert gone.id in order(desk)
    article = next(iter(desk.app.articles.by_ids(next(iter(edition_of(desk).stories())).article_ids).values()))
    found = editor.get(f"{HERE}/pool?q={quote(article.title.split()[0])}")
    assert article.title in found.text.replace("&#39;", "'")
    assert "अंक में है" in found.text
    assert f'href="{article.url}"' in found.text, "an editor reads an article before adding it"


@pytest.mark.slow
def test_new_articles_wait_until_the_editor_asks_for_them(desk: Site, editor: Browser) -> None:
    app, before = desk.app, order(desk)
    ids = [id for story in edition_of(desk).stories() for id in story.article_ids]
    article = next(iter(app.articles.by_ids(ids).values()))
    late = replace(
        article,
        id="late",
        url="https://late.example.com/1",
        title="भूकंप से 40 लोगों की मौत, प्रधानमंत्री ने राहत का ऐलान किया",
        published=app.now(),
        body=(TextBlock("p", "पहाड़ी राज्य में आए भूकंप से 40 लोगों की मौत हो गई और सैकड़ों घर टूट गए।"),),
        excerpt="",
        content_hash="late",
        section="देश",
    )
    # Collected five minutes after the edition was composed.
    ArticleStore(app.database, lambda: app.now() + timedelta(minutes=5)).save([late])
    assert "1 नई ख़बर आई है" in editor.get("/").text
    editor.post(f"{HERE}/drop", story=before[-1])
    assert not any("late" in story.article_ids for story in edition_of(desk).stories())
    editor.post(f"{HERE}/pin", story="late")
    assert any("late" in story.article_ids for story in edition_of(desk).stories()), "a pinned one comes at once"


def test_an_unknown_edition_is_not_found(editor: Browser) -> None:
    assert editor.get("/edition/2020-01-01").status == 404
    assert editor.get("/nowhere").status == 404


@pytest.mark.slow
def test_the_log_names_who_did_what(desk: Site, editor: Browser) -> None:
    editor.post(f"{HERE}/drop", story=order(desk)[-1])
    admin = set_up(desk, "asha", Role.ADMIN)
    assert "हटाई" in admin.get("/log").text
    act = desk.app.audit.last_change(KEY)
    assert act is not None
    assert (act.who, act.via, act.what, act.subject) == ("suman", "desk", "dropped", KEY)


@pytest.mark.slow
def test_stories_are_merged_and_split_on_a_storys_page(desk: Site, editor: Browser) -> None:
    first, second, *_rest = list(edition_of(desk).stories())
    assert f"/story/{first.id}#regroup" in editor.get("/").text
    page = editor.get(f"{HERE}/story/{first.id}").text
    assert f'<option value="{second.id}"' in page
    assert "यह दूसरी ख़बर है" not in page, "a story of one article cannot be split"
    merged = editor.post(f"{HERE}/merge", story=first.id, other=second.id, follow=True).text
    assert "मिलाई गई" in merged
    assert second.id not in order(desk)
    assert page_splits(editor, first.id, second.article_ids[0])
    assert "अलग की गई" in editor.post(
        f"{HERE}/split", story=first.id, article=second.article_ids[0], follow=True
    ).text  # fmt: skip
    assert second.id in order(desk)
    assert editor.post(f"{HERE}/split", story=first.id, article=first.article_ids[0]).status == 409
    assert not page_splits(set_up(desk, "leser", Role.VIEWER), first.id, first.article_ids[0])


def page_splits(browser: Browser, story: str, article: str) -> bool:
    page = browser.get(f"{HERE}/story/{story}").text
    return f'name="article" value="{article}"' in page


@pytest.mark.slow
def test_a_story_that_crosses_the_border_of_a_section_is_told_with_both_names(desk: Site, editor: Browser) -> None:
    first, second = edition_of(desk).sections[:2]
    last = first.stories[-1]

    def told(page: str) -> str:
        return page.partition('<div class="told"')[2].partition("</div>")[0]

    page = editor.post(f"{HERE}/move", story=last.id, step="down", follow=True).text
    assert f"अब “{second.name}” खंड में" in told(page)
    assert last.title[:50] in told(page)
    page = editor.post(f"{HERE}/move", story=last.id, step="down", follow=True).text
    assert "खंड में" not in told(page), "it stays in its section"
    assert last.title[:50] in told(page)
    assert last.title[:50] in told(editor.post(f"{HERE}/undo", follow=True).text), "what is taken back has its name"


@pytest.mark.slow
def test_the_next_best_are_there_after_the_approval_too(small_desk: Site) -> None:
    editor = set_up(small_desk, "suman", Role.EDITOR)
    best = [each.article for each in small_desk.app.composer.curated(KEY).runners_up]
    assert best
    small_desk.app.editions.move(KEY, EditionState.APPROVED, out_of=(EditionState.DRAFT,))
    assert re.findall('name="story" value="([^"]+)"', editor.get(f"{HERE}/next").text) == best


@pytest.mark.slow
def test_an_editor_reads_how_many_stories_are_too_weak_and_adds_one(tmp_path: Path) -> None:
    for desk in open_desk(tmp_path / "newsletter", DIGEST_EDITION__MIN_SCORE="2.9"):
        editor = set_up(desk, "suman", Role.EDITOR)
        page = editor.get(f"{HERE}/next").text
        weak = re.findall('name="story" value="([^"]+)"', page)
        assert f"{len(weak)} ख़बरें कमज़ोर होने से छूटी हैं। चाहें तो जोड़ लें।" in page
        before = len(list(edition_of(desk).stories()))
        editor.post(f"{HERE}/add", story=weak[0], follow=True)
        assert len(list(edition_of(desk).stories())) == before + 1


@pytest.mark.slow
def test_a_fault_of_the_settings_is_told_in_the_words_of_whoever_reads_it(tmp_path: Path) -> None:
    for desk in open_desk(tmp_path / "newsletter", DIGEST_NEWSLETTER__BASE_URL="http://news.paper.in"):
        editor, admin = set_up(desk, "suman", Role.EDITOR), set_up(desk, "asha", Role.ADMIN)
        said = editor.problems(HERE)
        assert "पाठकों को एक क्लिक में सदस्यता छोड़ने का बटन नहीं मिलेगा" in said
        assert "base_url" not in said
        assert "newsletter.base_url" in admin.problems(HERE)
