"""The link of an alert: a page that shows an edition, and whose buttons approve or stop it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from digest import pipeline
from digest.models import PLACEHOLDERS, EditionState
from digest.subscribers.tokens import TokenSigner
from tests.support.folders import newsletter_folder
from tests.web.site import Response, Site, site, translated

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

KEY = "2026-11-23"


@contextmanager
def waits(home: Path, **environment: str) -> Iterator[Site]:
    newsletter_folder(home, all_sources=False)
    settings = {
        "DIGEST_NOW": f"{KEY}T06:55+05:30",
        "DIGEST_SCHEDULE__APPROVAL": "required",
        "DIGEST_WEB__ENABLED": "true",
        **environment,
    }
    with site(home, ["asha@example.com"], **settings) as served:
        pipeline.compose(served.app, KEY)
        yield served


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Site]:
    """A newsletter whose edition of today waits for approval."""
    with waits(tmp_path / "newsletter") as served:
        yield served


def link(waiting: Site, key: str = KEY) -> str:
    found = waiting.app.approval_link(key)
    assert found is not None
    return urlsplit(found).path


def seen(page: Response) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', page.text)
    assert found, page.title
    return found[1]


def state(waiting: Site) -> EditionState:
    edition = waiting.app.editions.get(KEY)
    assert edition is not None
    return edition.state


def test_the_page_shows_the_edition_and_only_its_button_approves(waiting: Site) -> None:
    edition = waiting.app.editions.get(KEY)
    assert edition is not None
    page = waiting.get(link(waiting))
    assert (page.status, page.title) == (200, translated("Approve this edition?"))
    assert edition.subject in page.text
    assert all(story.title in page.text for story in edition.stories())
    assert state(waiting) == EditionState.DRAFT
    done = waiting.post(link(waiting), seen=seen(page))
    assert done.title == translated("The edition is approved")
    assert translated("It goes out at %(clock)s.").partition("%")[0] in done.text
    assert "सुबह 7 बजे" in done.text
    assert state(waiting) == EditionState.APPROVED
    (decision,) = waiting.app.editions.decisions(KEY)
    assert (decision.what, decision.reason) == (EditionState.APPROVED, "by the link of an alert")


def test_the_page_leads_to_the_desk_if_it_is_on(tmp_path: Path) -> None:
    for name, enabled in (("on", "true"), ("off", "false")):
        with waits(tmp_path / name, DIGEST_DESK__ENABLED=enabled) as served:
            page = served.get(link(served)).text
            top, _article, bottom = page.partition("<article")
            found = [f'{served.app.public_desk_url}/edition/{KEY}">डेस्क खोलें' in part for part in (top, bottom)]
            assert found == [enabled == "true"] * 2


def test_an_approval_after_the_hour_sends_and_says_so(tmp_path: Path) -> None:
    with waits(tmp_path / "newsletter", DIGEST_NOW=f"{KEY}T07:10+05:30") as late:
        page = late.get(link(late))
        assert translated("It goes out as soon as it is approved.") in page.text
        assert translated("Approve and send") in page.text
        done = late.post(link(late), seen=seen(page))
        assert translated("It goes out within a minute.") in done.text


def test_the_page_says_that_the_hour_is_past(tmp_path: Path) -> None:
    """`digest run` does not send an edition that is approved so late."""
    with waits(tmp_path / "newsletter", DIGEST_NOW=f"{KEY}T19:00+05:30") as late:
        page = late.get(link(late))
        assert translated("It waits for approval. Its time is over, so send it with `digest send`.") in page.text
        done = late.post(link(late), seen=seen(page))
        assert translated("Its time is over, so send it with `digest send`.") in done.text


def test_the_page_says_that_a_special_edition_goes_out_at_once(waiting: Site) -> None:
    pipeline.compose(waiting.app, "vishesh")
    assert "मंज़ूरी मिलते ही चला जाएगा" in waiting.get(link(waiting, "vishesh")).text
    assert "मंज़ूरी मिलते ही चला जाएगा" not in waiting.get(link(waiting)).text


def test_the_page_shows_the_blocks(waiting: Site) -> None:
    folder = waiting.app.home / "samples/blocks" / KEY
    folder.mkdir()
    (folder / "quote.yaml").write_text("text: सुबह ही सुबह।\nby: एक पाठक\nshow: email\n", encoding="utf-8")
    (folder / "quote-2.yaml").write_text("text: शाम ढले।\nby: एक पाठक\nshow: web\n", encoding="utf-8")
    pipeline.compose(waiting.app, KEY, fetch=False)
    page = waiting.get(link(waiting)).text
    assert "सुबह ही सुबह।" in page
    assert "शाम ढले।" in page


def test_the_page_shows_no_link_of_one_recipient(waiting: Site) -> None:
    page = waiting.get(link(waiting)).text
    assert not any(each in page for each in PLACEHOLDERS.values())
    assert '<p class="small">अच्छा</p>' in page


def test_nothing_is_read_twice(waiting: Site) -> None:
    edition = waiting.app.editions.get(KEY)
    assert edition is not None
    titles = [story.title for story in edition.stories()]
    assert edition.subject == titles[0]
    page = waiting.get(link(waiting)).text
    assert page.count(titles[0]) == page.count(titles[1]) == 1
    changed = replace(edition, subject="अपना विषय", preheader="अपना प्रीहेडर")
    assert waiting.app.editions.put(changed, over=(EditionState.DRAFT,))
    page = waiting.get(link(waiting)).text
    assert "विषय-पंक्ति: अपना विषय" in page
    assert "अपना प्रीहेडर" in page


def test_nobody_approves_what_the_page_did_not_show(waiting: Site) -> None:
    page = waiting.get(link(waiting))
    changes = waiting.app.editions.editorial_changes(KEY)
    waiting.app.editions.set_editorial_changes(KEY, type(changes)(subject="नया शीर्षक, जो पेज पर नहीं था"))
    pipeline.compose(waiting.app, KEY, fetch=False)
    again = waiting.post(link(waiting), seen=seen(page))
    assert (
        translated("The edition changed after you opened this page. Please look again, and then decide.") in again.text
    )
    assert "नया शीर्षक" in again.text
    assert state(waiting) == EditionState.DRAFT
    waiting.post(link(waiting), seen=seen(again))
    assert state(waiting) == EditionState.APPROVED


def test_an_approved_edition_can_be_paused_once(waiting: Site) -> None:
    waiting.post(link(waiting), seen=seen(waiting.get(link(waiting))))
    assert waiting.post(f"{link(waiting)}/stop").title == translated("The edition is paused")
    assert state(waiting) == EditionState.PAUSED
    # Neither an old page nor a reload approves it again.
    waiting.post(link(waiting), seen="0")
    assert state(waiting) == EditionState.PAUSED
    assert [each.what for each in waiting.app.editions.decisions(KEY)] == ["approved", "paused"]


def test_errors_keep_the_button_away(waiting: Site) -> None:
    # A text part without the link to unsubscribe.
    (waiting.app.home / "templates" / "letter.txt.j2").write_text("आज की ख़बरें", encoding="utf-8")
    page = waiting.get(link(waiting))
    assert translated("It cannot be approved before these errors are corrected:") in page.text
    assert '<li lang="en">' not in page.text, "they are in the language of the page"
    assert 'name="seen"' not in page.text
    waiting.post(link(waiting), seen="anything")
    assert state(waiting) == EditionState.DRAFT


@pytest.mark.parametrize(
    "path", ["/approve/{key}/AAAA", "/approve/{key}x/{code}", "/approve/2026-11-24/{code}", "/view/{key}/{code}"]
)
def test_a_code_opens_one_edition_and_no_other_page(waiting: Site, path: str) -> None:
    code = link(waiting).rpartition("/")[2]
    for response in (
        waiting.get(path.format(key=KEY, code=code)),
        waiting.post(path.format(key=KEY, code=code), seen="x"),
    ):
        assert response.status in (404, 405)
    assert state(waiting) == EditionState.DRAFT


def test_a_name_is_signed_for_one_purpose_by_one_of_our_keys() -> None:
    old, new = TokenSigner([b"k" * 16]), TokenSigner([b"n" * 16, b"k" * 16])
    token = old.sign_name("approve", KEY)
    assert new.is_signed_name("approve", KEY, token)
    assert not new.is_signed_name("leave", KEY, token)
    assert not new.is_signed_name("approve", "2026-11-24", token)
    assert not TokenSigner([b"n" * 16]).is_signed_name("approve", KEY, token)
    assert not new.is_signed_name("approve", KEY, "é")


def test_alerts_have_the_link_only_where_the_page_is_served(waiting: Site) -> None:
    facts = waiting.app.watch.facts()
    from digest.notify.conditions import waiting_editions

    (alert,) = waiting_editions(facts)
    assert link(waiting) in alert.action
    settings = waiting.app.settings
    hidden = settings.model_copy(update={"alerts": settings.alerts.model_copy(update={"approval_links": False})})
    assert waiting.app.copy_with(settings=hidden).approval_link(KEY) is None
