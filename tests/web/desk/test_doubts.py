"""What an editor should look at before approving, without being kept from it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from digest.models import Actor, Role
from digest.usecases.approval import revision
from tests.web.desk.browser import Browser, set_up
from tests.web.desk.conftest import KEY, edition_of, open_desk, put_draft
from tests.web.site import Site, translated

HERE = f"/edition/{KEY}"


def test_a_lead_without_a_summary_and_two_alike_stories_are_named(desk: Site, editor: Browser) -> None:
    page = editor.problems(HERE)
    assert "बड़ी ख़बर का सारांश नहीं है" not in page
    assert "ये दोनों शायद एक ही ख़बर हैं" not in page
    edition = edition_of(desk)
    lead, other, *_ = edition.stories()
    assert lead.id == edition.lead
    bare = replace(lead, summary="", alike=other.article_ids[:1])
    put_draft(desk, edition.with_story(bare))
    assert "सारांश नहीं</b>" in editor.get(HERE).text
    page = editor.problems(HERE)
    assert "बड़ी ख़बर का सारांश नहीं है" in page
    assert f"“{lead.title}” · “{other.title}”" in page
    assert f'/desk{HERE}/story/{lead.id}#regroup"' in page
    editor.submit(f"{HERE}/story/{lead.id}", {"summary": "पहाड़गाँव में रात भर बर्फ़ गिरी और सड़कें बंद रहीं।"})
    assert "बड़ी ख़बर का सारांश नहीं है" not in editor.problems(HERE)


@pytest.mark.slow
def test_samples_for_a_real_address_are_refused_in_hindi(tmp_path: Path) -> None:
    settings = {"DIGEST_DELIVERY__TRANSPORT": "smtp", "DIGEST_DELIVERY__SMTP__HOST": "127.0.0.1"}
    for desk in open_desk(tmp_path / "newsletter", **settings):
        desk.app.subscriber_editor.add("asha@asli.in", {}, Actor("tester", "command"))
        sender = set_up(desk, "kavita", Role.SENDER)
        assert "इसमें नमूने की ख़बरें हैं, जो असली पाठकों को कभी नहीं भेजी जातीं" in sender.problems(HERE)
        refused = sender.post(f"{HERE}/approve", seen=revision(edition_of(desk)))
        assert refused.status == 409
        assert "इसमें नमूने की ख़बरें हैं" in refused.text
        assert f"अंक {KEY}: इसमें नमूने की ख़बरें हैं" in set_up(desk, "mira", Role.ADMIN).problems(HERE)
        assert 'id="do-approve"' in refused.text


@pytest.mark.slow
def test_a_number_that_an_editor_wrote_and_no_source_has_is_named(desk: Site, editor: Browser) -> None:
    story = next(edition_of(desk).stories())
    fields = {"title": story.title, "was_title": story.title, "was_summary": story.summary}
    own = f"{story.summary} पिछले साल 98,765 लोग आए थे।"
    page = editor.submit(f"{HERE}/story/{story.id}", {**fields, "summary": own}, follow=True).text
    assert "किसी स्रोत में नहीं, जाँच लें: 98,765" in page
    assert "संख्या किसी स्रोत में नहीं" in editor.get(f"{HERE}/checks").text
    fields["was_summary"] = own
    page = editor.submit(f"{HERE}/story/{story.id}", {**fields, "summary": story.summary}, follow=True).text
    assert "किसी स्रोत में नहीं, जाँच लें" not in page
    assert "संख्या किसी स्रोत में नहीं" not in editor.get(f"{HERE}/checks").text


def test_markup_that_the_email_shows_as_typed_and_a_long_subject_are_named(desk: Site, editor: Browser) -> None:
    editor.submit(f"{HERE}/texts", {"was_intro": "", "intro": "**नमस्ते** [यह](https://example.com/a)"})
    page = editor.get(f"{HERE}/checks").text
    assert "ईमेल में ऐसे ही दिखेंगे" not in page
    assert "विषय-पंक्ति लंबी है" not in page
    wrong = "## शीर्षक\n- सूची\n[वह](example.com)"
    editor.submit(f"{HERE}/texts", {"was_intro": "", "intro": wrong, "was_subject": "", "subject": "लंबा विषय " * 8})
    page = editor.get(f"{HERE}/checks").text
    assert "ईमेल में ऐसे ही दिखेंगे" in page
    assert "## - [वह](example.com)" in page
    assert "विषय-पंक्ति लंबी है" in page
    # A still longer one is named once, by the check of the email.
    editor.submit(f"{HERE}/texts", {"was_subject": ("लंबा विषय " * 8).strip(), "subject": "लंबा विषय " * 10})
    page = editor.problems(HERE)
    assert "विषय-पंक्ति लंबी है" not in page
    assert page.count("अक्षरों की है; ईमेल ऐप") == 1


@pytest.mark.slow
def test_findings_are_also_beside_the_field_and_the_story_that_they_concern(desk: Site, editor: Browser) -> None:
    """What the checks find after the page was loaded comes into places that move nothing."""
    first, second = list(edition_of(desk).stories())[:2]
    editor.post(f"{HERE}/texts", subject="क " * 40, was_subject="x")
    editor.post(f"{HERE}/story/{second.id}", title=f"{second.title} 987", was_title=second.title)
    late = editor.get(f"{HERE}/checks").text
    while f"{HERE}/checks" in late:
        late = editor.get(f"{HERE}/checks").text
    warning = re.search(r'<span class="late warn" id="late-subject" title="([^"]+)" hx-swap-oob="outerMorph">', late)
    assert warning
    assert f'id="late-{second.id}"' not in late, "the page has had it from the beginning"
    page = editor.get(HERE).text
    field = page.partition('id="late-subject"')[2].partition('<input type="text" id="subject"')[0]
    assert f"<span>{warning[1]}</span>" in field
    row = page.partition(f'id="row-{second.id}"')[2].partition("</li>")[0]
    assert translated("A number that no source has") + ": 987" in row
    assert 'class="at ' not in page.partition(f'id="row-{first.id}"')[2].partition("</li>")[0]
