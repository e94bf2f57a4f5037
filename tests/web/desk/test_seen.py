"""An edition with words of a model is approved only after somebody has checked them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.errors import DigestError
from digest.hindi.sentences import split
from digest.messages import Message
from digest.models import EditionState, RefusedSummary, Story, Support
from digest.usecases.approval import unseen
from tests.web.desk.browser import TESTER, Browser
from tests.web.desk.conftest import KEY, edition_of, put_draft
from tests.web.site import Site

HERE = f"/edition/{KEY}"


def by_model(story: Story) -> Story:
    """The story as if a model had written its summary, with the sources' own sentences as support."""
    sentences = split(story.summary)
    return replace(story, support=tuple(Support(each, story.sources[0], each) for each in sentences))


def let_a_model_write(desk: Site, number: int, *, intro: str = "") -> list[Story]:
    """Mark the first stories as a model's, and return them."""
    edition = edition_of(desk)
    chosen = [story.id for story in edition.stories()][:number]
    written = edition.map_stories(lambda story: by_model(story) if story.id in chosen else story)
    support = (Support(intro, "", intro),) if intro else ()
    put_draft(desk, replace(written, intro=intro, intro_support=support))
    return [story for story in edition_of(desk).stories() if story.id in chosen]


def approve(desk: Site, sender: Browser, **more: str) -> str:
    from digest.usecases.approval import revision

    return sender.submit(f"{HERE}/approve", {"seen": revision(edition_of(desk)), **more}).text


@pytest.mark.slow
def test_approval_names_what_nobody_has_looked_at(desk: Site, editor: Browser, sender: Browser) -> None:
    first, second = let_a_model_write(desk, 2)
    text = approve(desk, sender)
    assert "अभी किसी ने नहीं देखा" in text
    assert first.title in text.partition("अभी किसी ने नहीं देखा")[2][:500]
    assert edition_of(desk).state == EditionState.DRAFT
    page = editor.get(f"{HERE}/story/{first.id}").text
    assert "मशीन का लिखा" in page
    assert "देखा, अगला दिखाएँ" in page
    led = editor.post(f"{HERE}/seen", story=first.id, next="1")
    assert led.headers["location"].endswith(second.id)
    editor.post(f"{HERE}/seen", story=second.id)
    assert not unseen(edition_of(desk), desk.app.editions.editorial_changes(KEY))
    approve(desk, sender)
    assert edition_of(desk).state == EditionState.APPROVED


def test_a_text_that_changes_is_to_be_looked_at_again(desk: Site, editor: Browser) -> None:
    (story,) = let_a_model_write(desk, 1)
    editor.post(f"{HERE}/seen", story=story.id)
    put_draft(desk, edition_of(desk).with_story(replace(story, title="नया शीर्षक")))
    assert [each.id for each in unseen(edition_of(desk), desk.app.editions.editorial_changes(KEY))] == [story.id]


@pytest.mark.slow
def test_an_editors_own_words_need_no_look(desk: Site, editor: Browser, sender: Browser) -> None:
    (story,) = let_a_model_write(desk, 1)
    editor.post(f"{HERE}/story/{story.id}", title=story.title, summary="संपादक का अपना वाक्य।", section=story.section)
    approve(desk, sender)
    assert edition_of(desk).state == EditionState.APPROVED


@pytest.mark.slow
def test_an_intro_is_looked_at_too_and_a_reason_overrides(desk: Site, editor: Browser, sender: Browser) -> None:
    let_a_model_write(desk, 0, intro="नहर की सफ़ाई पूरी हुई।")
    assert "‘संपादक की ओर से’ मशीन ने लिखा" in editor.get("/").text
    assert "नहर की सफ़ाई" in approve(desk, sender)
    assert edition_of(desk).state == EditionState.DRAFT
    approve(desk, sender, reason="संपादक ने फ़ोन पर सुना")
    assert edition_of(desk).state == EditionState.APPROVED


REFUSED = "नहर की सफ़ाई में घोटाला हुआ।"


def refuse(desk: Site) -> Story:
    """Let the first story have a summary by a model that a check refused."""
    edition = edition_of(desk)
    first = next(iter(edition.stories()))
    problem = "“%(words)s” has no support: no article has “%(name)s”"
    why = RefusedSummary(REFUSED, Message(problem, words="घोटाला", name="घोटाला"))
    put_draft(desk, edition.with_story(replace(first, refused=why)))
    return next(iter(edition_of(desk).stories()))


def summary_of(desk: Site, id: str) -> str:
    return next(each.summary for each in edition_of(desk).stories() if each.id == id)


@pytest.mark.slow
def test_a_refused_summary_is_shown_and_becomes_an_editors_own(desk: Site, editor: Browser, sender: Browser) -> None:
    story = refuse(desk)
    approve(desk, sender)
    assert REFUSED not in editor.get(f"{HERE}/letter").text
    here = f"{HERE}/story/{story.id}"
    page = editor.get(here).text
    fold = page.partition('id="refused"')[2].partition("</details>")[0]
    assert "मशीन का सारांश नहीं लिया गया: “घोटाला”: किसी ख़बर में “घोटाला” नहीं है" in fold
    assert REFUSED in fold
    assert "यही लें" in fold
    # Composing again may have brought another text, which nobody has seen.
    assert editor.post(f"{here}/take", shown="कुछ और।").status == 409
    assert (summary_of(desk, story.id), edition_of(desk).state) == (story.summary, EditionState.APPROVED)
    assert "kavita की मंज़ूरी हट गई।" in editor.post(f"{here}/take", shown=REFUSED, follow=True).text
    assert (summary_of(desk, story.id), edition_of(desk).state) == (REFUSED, EditionState.DRAFT)
    assert not unseen(edition_of(desk), desk.app.editions.editorial_changes(KEY))
    assert REFUSED in editor.get(f"{HERE}/letter").text
    acts = [(act.who, act.via, act.what) for act in desk.app.audit.newest(2, subject=KEY)]
    assert acts[0] == ("suman", "desk", "refused summary taken")
    assert acts[1][2] == "approval void"
    assert "मशीन का छोड़ा हुआ सारांश लिया" in editor.get(HERE).text
    assert 'id="refused"' not in editor.get(here).text
    editor.post(f"{HERE}/undo")
    assert summary_of(desk, story.id) != REFUSED


def test_only_what_a_model_wrote_can_be_marked(desk: Site, editor: Browser) -> None:
    story = next(iter(edition_of(desk).stories()))
    assert editor.post(f"{HERE}/seen", story=story.id).status == 409
    with pytest.raises(DigestError, match="no text of a model"):
        desk.app.editor.mark_seen(KEY, ["intro"], TESTER)
