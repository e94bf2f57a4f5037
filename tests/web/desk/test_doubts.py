"""What an editor should look at before approving, without being kept from it."""

from __future__ import annotations

from dataclasses import replace

from digest.models import Edition, EditionState
from tests.web.desk.browser import Browser
from tests.web.desk.conftest import KEY
from tests.web.site import Site

HERE = f"/edition/{KEY}"


def draft(desk: Site) -> Edition:
    found = desk.app.editions.get(KEY)
    assert found is not None
    return found


def test_a_lead_without_a_summary_and_two_alike_stories_are_named(desk: Site, editor: Browser) -> None:
    page = editor.get(f"{HERE}/checks").text
    assert "मुख्य ख़बर का सार नहीं है" not in page
    assert "ये दोनों शायद एक ही ख़बर हैं" not in page
    edition = draft(desk)
    lead, other, *_ = edition.stories()
    assert lead.id == edition.lead
    bare = replace(lead, summary="", alike=other.article_ids[:1])
    sections = tuple(
        replace(part, stories=tuple(bare if story.id == lead.id else story for story in part.stories))
        for part in edition.sections
    )
    assert desk.app.editions.put(replace(edition, sections=sections), over=(EditionState.DRAFT,))
    assert "सार नहीं</b>" in editor.get(HERE).text
    page = editor.get(f"{HERE}/checks").text
    assert "मुख्य ख़बर का सार नहीं है" in page
    assert f"“{lead.title}” · “{other.title}”" in page
    assert f'/desk{HERE}/story/{lead.id}#regroup"' in page
    editor.submit(f"{HERE}/story/{lead.id}", {"summary": "पहाड़गाँव में रात भर बर्फ़ गिरी और सड़कें बंद रहीं।"})
    assert "मुख्य ख़बर का सार नहीं है" not in editor.get(f"{HERE}/checks").text
