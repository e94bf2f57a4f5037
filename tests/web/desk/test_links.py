"""Test emails of an edition from the desk, and their links to approve or hold it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from digest.i18n import translator
from digest.models import EditionState, Role
from digest.web.desk.sentences import translate
from tests.web.desk.browser import ROOT, Browser, set_up
from tests.web.desk.conftest import KEY, edition_of, open_desk
from tests.web.site import Site

HERE = f"/edition/{KEY}"
GROUP = '{"newsroom": ["asha@example.com", "ravi@example.com"]}'


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Site]:
    yield from open_desk(tmp_path / "newsletter", DIGEST_DESK__TEST_GROUPS=GROUP)


def links(desk: Site, to: str) -> dict[str, str]:
    """The text of each link to the desk in the newest test email → its path on the desk."""
    text = desk.mails(to, folder=f"{KEY}-test")[-1].get_body(("plain",))
    assert text is not None
    content = text.get_content()
    found = re.findall(r"^(.+): (https?://\S*/desk/\S+)\s*$", content, re.M)
    assert found, content[:1500]
    return {label: urlsplit(url).path.removeprefix(ROOT) for label, url in found}


def state(desk: Site) -> EditionState:
    return edition_of(desk).state


def send_to_group(editor: Browser) -> None:
    assert editor.post(f"{HERE}/test", group="newsroom").status == 303


@pytest.mark.slow
def test_an_editor_sends_a_test_to_themselves_and_to_a_group(desk: Site, editor: Browser) -> None:
    page = editor.post(f"{HERE}/test", address="suman@example.com", follow=True)
    assert "टेस्ट ईमेल भेज दिया गया: suman@example.com" in page.text
    assert 'value="suman@example.com"' in page.text, "the address is remembered"
    mail = desk.mails("suman@example.com", folder=f"{KEY}-test")[0]
    assert mail["subject"].startswith("[टेस्ट]")
    html = mail.get_body(("html",))
    assert html is not None
    assert "मंज़ूर करें</a>" in html.get_content()
    send_to_group(editor)
    assert desk.mails("asha@example.com", folder=f"{KEY}-test")
    assert desk.mails("ravi@example.com", folder=f"{KEY}-test")
    assert [act.detail for act in desk.app.audit.newest(10) if act.what == "test sent"] == [
        "newsroom",
        "suman@example.com",
    ]
    assert editor.post(f"{HERE}/test", address="nobody").status == 422
    assert editor.post(f"{HERE}/test", group="strangers").status == 422
    again = editor.post(f"{HERE}/test", group="newsroom", view="letter")
    assert again.headers["location"] == f"/desk{HERE}/email?tested=newsroom", "a phone stays on the tab"


@pytest.mark.slow
def test_a_link_says_that_an_approval_after_the_hour_sends(tmp_path: Path) -> None:
    late = {"DIGEST_DESK__TEST_GROUPS": GROUP, "DIGEST_NOW": f"{KEY}T07:10+05:30"}
    for desk in open_desk(tmp_path / "newsletter", **late):
        sender = set_up(desk, "kavita", Role.SENDER)
        send_to_group(sender)
        assert "मंज़ूर करके भेजें" in sender.get(links(desk, "asha@example.com")["मंज़ूर करें"]).text


@pytest.mark.slow
def test_a_link_approves_once_and_only_by_its_button(desk: Site, editor: Browser, sender: Browser) -> None:
    send_to_group(editor)
    approve = links(desk, "asha@example.com")["मंज़ूर करें"]
    page = sender.get(approve)
    assert (page.status, page.text.count('<button class="btn go big')) == (200, 1)
    assert "/state?seen" not in page.text, "no other buttons come later"
    assert state(desk) == EditionState.DRAFT, "looking changes nothing"
    assert sender.post(approve).status == 303
    assert state(desk) == EditionState.APPROVED
    sender.post(f"{HERE}/reopen")
    again = sender.post(approve)
    assert again.status == 409
    assert "kavita" in again.text
    assert state(desk) == EditionState.DRAFT, "a link works once"
    (approved,) = (each for each in desk.app.editions.decisions(KEY) if each.what == EditionState.APPROVED)
    assert (approved.reason, approved.decided_by) == ("by the link of a test", "kavita")
    (logged,) = (act for act in desk.app.audit.newest(20) if act.what == EditionState.APPROVED)
    assert translate(logged.detail, translator("hi")) == "टेस्ट ईमेल के लिंक से"


@pytest.mark.slow
def test_a_link_is_for_what_the_test_showed(desk: Site, editor: Browser, sender: Browser) -> None:
    send_to_group(editor)
    approve = links(desk, "asha@example.com")["मंज़ूर करें"]
    editor.post(f"{HERE}/texts", subject="और कुछ", was_subject="")
    page = sender.get(approve)
    assert "अंक बदल गया" in page.text
    assert "btn go big" not in page.text
    assert sender.post(approve).status == 409
    assert state(desk) == EditionState.DRAFT


@pytest.mark.slow
def test_a_link_holds(desk: Site, editor: Browser, sender: Browser) -> None:
    send_to_group(editor)
    hold = links(desk, "ravi@example.com")["रोकें"]
    assert sender.get(hold).status == 200
    sender.post(hold)
    assert state(desk) == EditionState.PAUSED


@pytest.mark.slow
def test_a_link_needs_a_signed_in_sender(desk: Site, editor: Browser) -> None:
    send_to_group(editor)
    approve = links(desk, "asha@example.com")["मंज़ूर करें"]
    assert "/login" in Browser(desk).get(approve).headers["location"]
    assert Browser(desk).post(approve).status == 401
    assert editor.post(approve).status == 403
    assert state(desk) == EditionState.DRAFT
    assert set_up(desk, "meera", Role.SENDER).get(f"{HERE}/decide/none").status == 404


@pytest.mark.slow
def test_a_link_of_one_edition_opens_no_other(desk: Site, editor: Browser, sender: Browser) -> None:
    send_to_group(editor)
    approve = links(desk, "asha@example.com")["मंज़ूर करें"]
    assert sender.get(approve.replace(KEY, "2026-11-22")).status == 404
    assert sender.get(f"{HERE}/decide/none").status == 404
