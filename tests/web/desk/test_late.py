"""An edition for subscribers who joined later or were excluded by mistake: confirmed, enqueued once, sent by the
schedule.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from digest import pipeline
from digest.models import Actor, EditionState, Role
from digest.store.locks import exclusive
from digest.usecases import send_late
from tests.web.desk.browser import TESTER, Browser, set_up
from tests.web.desk.conftest import KEY, edition_of, open_desk
from tests.web.site import Site, translated

BY = Actor("tester", "command")
PLACE = f"/report/{KEY}/late"


@pytest.fixture
def sent(tmp_path: Path) -> Iterator[Site]:
    """A desk whose edition was sent to all but ravi, who was suppressed."""
    for desk in open_desk(tmp_path / "newsletter"):
        app = desk.app
        app.subscriber_editor.suppress("ravi@example.com", "phoned", BY)
        app.approver.approve(app.editions.get(KEY), how="here", by=TESTER)  # type: ignore[arg-type]
        pipeline.send(app, KEY)
        yield desk


@pytest.fixture
def sender(sent: Site) -> Browser:
    return set_up(sent, "kavita", Role.SENDER)


def due(browser: Browser) -> int:
    found = re.search(r'name="most" value="([0-9]+)"', browser.get(PLACE).text)
    return int(found[1]) if found else 0


def add(desk: Site, *emails: str) -> None:
    for email in emails:
        desk.app.subscriber_editor.add(email, {}, BY)


def accepted(desk: Site) -> int:
    return desk.app.status_reader.counts(KEY, desk.app.now()).accepted


@pytest.mark.slow
def test_the_page_of_somebody_who_should_have_got_it_leads_there(sent: Site) -> None:
    admin = set_up(sent, "asha", Role.ADMIN)
    add(sent, "neha@example.com")
    sent.app.subscriber_editor.unsuppress("ravi@example.com", "a mistake", BY)
    for email in ("neha@example.com", "ravi@example.com"):
        assert f'href="/desk{PLACE}"' in admin.get(f"/subscriber/{sent.subscriber_id(email)}").text
    got = admin.get(f"/subscriber/{sent.subscriber_id('asha@example.com')}").text
    assert PLACE not in got


@pytest.mark.slow
def test_whoever_was_taken_off_before_is_not_said_to_have_come_later(desk: Site) -> None:
    admin = set_up(desk, "asha", Role.ADMIN)
    id = desk.subscriber_id("asha@example.com")
    desk.app.subscriber_editor.remove("asha@example.com", BY)
    desk.app.approver.approve(edition_of(desk), how="here", by=BY)
    pipeline.send(desk.app, KEY)
    told = admin.get(f"/subscriber/{id}").text.partition("<ol")[0]
    assert translated("they were not on the list at that time") in told
    assert translated("they were not on the list yet") not in told


@pytest.mark.slow
def test_every_page_of_somebody_without_the_edition_says_why(sent: Site) -> None:
    """Also if they are paused, stopped, off the list, or new; and whoever has it is not told that they lack it."""
    admin, editor = set_up(sent, "asha", Role.ADMIN), sent.app.subscriber_editor
    asked = translated("Why did edition %(edition)s not arrive?") % {"edition": KEY}
    add(sent, "neha@example.com", "mohan@example.com")
    editor.pause("mohan@example.com", sent.app.now() + timedelta(days=7), BY)
    answers = {
        "neha@example.com": "they were not on the list yet",
        "mohan@example.com": "they were not on the list yet",
        "ravi@example.com": "an admin stopped their email",
    }
    for email, why in answers.items():
        told = unescape(admin.get(f"/subscriber/{sent.subscriber_id(email)}").text).partition("<ol")[0]
        assert asked in told, email
        assert translated(why) in told, email
    editor.pause("asha@example.com", sent.app.now() + timedelta(days=7), BY)
    told = admin.get(f"/subscriber/{sent.subscriber_id('asha@example.com')}").text
    assert translated("No edition comes until %(day)s: the emails are paused.") % {"day": "30 नवंबर"} in told
    assert asked not in told
    editor.remove("neha@example.com", BY)
    told = admin.get(f"/subscriber/{sent.subscriber_id('neha@example.com')}").text
    assert translated("off the list") in told.partition("<ol")[0]


@pytest.mark.slow
def test_newcomers_and_who_was_left_out_get_it_once(sent: Site, sender: Browser) -> None:
    assert translated("Everybody who is due has it.") in sender.get(PLACE).text
    before = accepted(sent)
    sent.app.subscriber_editor.unsuppress("ravi@example.com", "a mistake", BY)
    add(sent, "neha@example.com")
    assert f"/desk{PLACE}" in sender.get(f"/report/{KEY}").text
    assert due(sender) == 2
    assert sent.app.editions.get(KEY).state == EditionState.DONE  # type: ignore[union-attr]
    done = sender.post(PLACE, most="2")
    assert done.headers["location"].endswith("late=2")
    assert sent.app.editions.get(KEY).state == EditionState.SENDING  # type: ignore[union-attr]
    assert accepted(sent) == before
    pipeline.deliver_due(sent.app, KEY, stop=threading.Event())
    assert accepted(sent) == before + 2
    assert sender.post(PLACE, most="2").headers["location"].endswith("late=0")
    acts = [act for act in sent.app.audit.newest(5) if act.what == "sent to newcomers"]
    assert [(act.who, act.subject, act.detail) for act in acts] == [("kavita", KEY, "2 subscribers")]


@pytest.mark.slow
def test_no_more_get_it_than_the_page_said(sent: Site, sender: Browser) -> None:
    add(sent, "neha@example.com")
    assert due(sender) == 1
    add(sent, "new.reader@example.com")
    page = sender.post(PLACE, most="1")
    assert page.status == 409
    assert 'value="2"' in page.text
    assert sender.post(PLACE).status == 409
    assert sent.app.editions.get(KEY).state == EditionState.DONE  # type: ignore[union-attr]


@pytest.mark.slow
def test_another_send_and_a_draft_are_not_disturbed(
    sent: Site, sender: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_late, "_LOCK_WAIT", 0.0)
    add(sent, "neha@example.com")
    with exclusive(sent.app.database, "sending", wait=1.0):
        page = sender.post(PLACE, most="1")
    assert page.status == 409
    assert due(sender) == 1
    sent.app.editions.move(KEY, EditionState.CANCELLED, out_of=(EditionState.DONE,))
    assert translated("This edition is not sent to anybody else.") in sender.get(PLACE).text
    assert f"/desk{PLACE}" not in sender.get(f"/report/{KEY}").text
    assert sender.post(PLACE, most="1").status == 409
