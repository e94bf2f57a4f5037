"""Outgoing webhooks: an event for each action, signed, retried, listed on the desk; and the log of all actions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args
from urllib.parse import quote

import pytest

from digest import pipeline
from digest.config.alerts import EventType
from digest.messages import Message
from digest.models import Actor, Role
from digest.store.desk.audit import ActKind
from digest.store.people.preferences import ConsentContext, PreferenceStore
from digest.usecases.transfer_subscribers import ListToImport
from tests.cli.newsroom import Newsroom
from tests.support.webhook_receiver import SECRET, WebhookReceiver, is_signed
from tests.web.desk.browser import TESTER, Browser, set_up
from tests.web.desk.conftest import KEY, SETTINGS, open_desk
from tests.web.site import Site

BY = Actor("tester", "command")


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, receiver: WebhookReceiver) -> Iterator[Site]:
    # Each desk begins with a list; a separate test checks the event about it.
    events = [each for each in get_args(EventType) if each != "subscribers.changed"]
    hooks = [{"url": receiver.url, "secret_env": "HOOK_SECRET", "private": True, "events": events}]
    yield from open_desk(tmp_path / "newsletter", DIGEST_WEBHOOKS=json.dumps(hooks), HOOK_SECRET=SECRET)


@pytest.fixture
def admin(desk: Site) -> Browser:
    return set_up(desk, "mira", Role.ADMIN)


def types(receiver: WebhookReceiver) -> list[str]:
    return [each["type"] for each in receiver.accepted]


@pytest.mark.slow
def test_what_happens_is_posted_once_and_signed(desk: Site, receiver: WebhookReceiver) -> None:
    app = desk.app
    asha = desk.subscriber_id("asha@example.com")
    context = ConsentContext("a page")
    PreferenceStore(app.database).unsubscribe(asha, context, now=app.now())
    PreferenceStore(app.database).resubscribe(asha, context, now=app.now())
    app.approver.approve(app.editions.get(KEY), how="here", by=TESTER)  # type: ignore[arg-type]
    pipeline.send(app, KEY)
    assert app.outgoing_webhooks.deliver() == []
    told = ["edition.composed", "subscriber.left", "subscriber.joined", "edition.approved", "edition.sending"]
    assert sorted(types(receiver)) == sorted([*told, "edition.sent"])
    assert all(is_signed(request) for request in receiver.requests)
    assert "asha" not in json.dumps(receiver.accepted)
    left = next(each for each in receiver.accepted if each["type"] == "subscriber.left")
    assert left["data"] == {"subscriber": asha, "what": "unsubscribed"}
    assert app.outgoing_webhooks.deliver() == []
    assert len(receiver.requests) == len(receiver.accepted)


@pytest.mark.slow
def test_an_import_and_an_edited_list_tell_their_numbers(tmp_path: Path, receiver: WebhookReceiver) -> None:
    hooks = [{"url": receiver.url, "private": True, "events": ["subscribers.changed"]}]
    for desk in open_desk(tmp_path / "newsletter", DIGEST_WEBHOOKS=json.dumps(hooks)):
        app = desk.app
        (app.home / "subscribers.yaml").write_text("subscribers: [{email: asha@example.com}]\n", encoding="utf-8")
        app.subscriber_list.sync()
        app.outgoing_webhooks.deliver()
        before = len(receiver.accepted)
        file = app.home / "mela.csv"
        file.write_text("email\none@example.com\ntwo@example.com\n", encoding="utf-8")
        app.subscriber_transfer.import_list(ListToImport(file, "mela"), BY, dry_run=True)
        app.subscriber_transfer.import_list(ListToImport(file, "mela"), BY)
        app.subscriber_transfer.import_list(ListToImport(file, "mela"), BY)
        (app.home / "subscribers.yaml").write_text("subscribers: [{email: new@example.com}]\n", encoding="utf-8")
        app.subscriber_list.sync()
        app.subscriber_admin.remove_import("mela", source="a test", now=app.now())
        app.outgoing_webhooks.deliver()
        told = sorted((each["data"] for each in receiver.accepted[before:]), key=str)
        assert told == [
            {"source": "import mela", "added": 2, "changed": 0, "suppressed": 0},
            {"source": "import mela", "removed": 2},
            {"source": "list file", "added": 1, "removed": 1},
        ]


@pytest.mark.slow
def test_one_person_who_is_added_or_removed_in_the_list_file_is_one_event(
    tmp_path: Path, receiver: WebhookReceiver
) -> None:
    hooks = [{"url": receiver.url, "private": True}]
    for desk in open_desk(tmp_path / "newsletter", DIGEST_WEBHOOKS=json.dumps(hooks)):
        app, file = desk.app, desk.app.home / "subscribers.yaml"
        app.outgoing_webhooks.deliver()
        before = len(receiver.accepted)
        app.subscriber_editor.add("neha@example.com", {}, BY)
        app.subscriber_editor.remove("neha@example.com", BY)
        app.subscriber_editor.add("neha@example.com", {}, BY)
        # Somebody edits the file by hand, and one more person is removed before it is read.
        text = file.read_text(encoding="utf-8").replace("ravi@example.com", "ravi@example.org")
        file.write_text(text, encoding="utf-8")
        app.subscriber_editor.remove("neha@example.com", BY)
        app.outgoing_webhooks.deliver()
        told = [each for each in receiver.accepted[before:] if each["type"].startswith("subscriber")]
        assert sorted(each["type"] for each in told) == [
            *["subscriber.joined"] * 2, *["subscriber.left"] * 2, "subscribers.changed",
        ]  # fmt: skip
        changed = next(each["data"] for each in told if each["type"] == "subscribers.changed")
        assert changed == {"source": "list file", "added": 1, "removed": 1}


@pytest.mark.slow
def test_an_act_that_is_rolled_back_tells_nobody(desk: Site, receiver: WebhookReceiver) -> None:
    app = desk.app
    before = len(app.outgoing_webhooks.store.newest(100))

    def fail() -> None:
        with app.database.transaction():
            app.subscriber_editor.suppress("asha@example.com", "phoned", BY)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert len(app.outgoing_webhooks.store.newest(100)) == before
    assert app.subscribers.suppressed() == {}
    assert receiver.requests == []


@pytest.mark.slow
def test_a_failure_is_seen_tried_again_and_given_up_when_the_receiver_is_gone(
    desk: Site, admin: Browser, receiver: WebhookReceiver
) -> None:
    app = desk.app
    receiver.answers = [(500, {"retry-after": "60"})]
    (problem,) = app.outgoing_webhooks.deliver()
    assert "answered 500" in problem
    assert receiver.url not in problem
    (event,) = app.outgoing_webhooks.store.newest(10, failed=True)
    assert (event.ended_at, event.tries) == (None, 1)
    assert app.outgoing_webhooks.deliver() == []
    page = admin.get("/webhooks?failed=1")
    assert "answered 500" in page.text
    # What was posted is shown, so that a receiver's developer can compare.
    assert f"&#34;{KEY}&#34;" in page.text or f'"{KEY}"' in page.text
    assert receiver.url not in page.text
    assert admin.post(f"/webhooks/{event.id}/again").status == 303
    receiver.answers = [(410, {})]
    assert "given up" in app.outgoing_webhooks.deliver()[0]
    room = Newsroom(
        app.home, {**SETTINGS, "DIGEST_WEBHOOKS": app.environment["DIGEST_WEBHOOKS"], "HOOK_SECRET": SECRET}
    )
    (row,) = room.digest("webhooks", "list", "--failed", "--json").json["webhooks"]
    assert (row["state"], row["event"], row["to"]) == ("given up", "edition.composed", "127.0.0.1")
    assert room.digest("webhooks", "again", event.id).code == 0
    assert app.outgoing_webhooks.deliver() == []
    assert types(receiver) == ["edition.composed"]
    assert [act.what for act in app.audit.newest(2)] == ["webhook again", "webhook again"]


@pytest.mark.slow
def test_the_log_has_what_nobody_did_and_is_searched(desk: Site, admin: Browser) -> None:
    app = desk.app
    app.approver.approve(app.editions.get(KEY), how="here", by=TESTER)  # type: ignore[arg-type]
    pipeline.send(app, KEY)
    app.subscriber_editor.suppress("asha@example.com", "phoned", BY)
    words = [act.what for act in app.audit.newest(50, subject=KEY)]
    assert words == ["sent", "sending began", "approved", "composed"]

    def log(query: str) -> str:
        """The acts that the log shows, without its filters."""
        return admin.get(f"/log?{query}").text.partition("<tbody>")[2]

    found = log(f"q={quote('asha@example.com')}")
    assert "phoned" in found
    assert "भेजना शुरू हुआ" not in found
    place = re.search(r'<a class="who" href="[^"]*(/subscriber/\d+)">asha@example.com', found)
    assert place
    assert "asha@example.com" in admin.get(place[1]).text
    assert "भेजना शुरू हुआ" in log("q=SENDING")
    assert "भेजना शुरू हुआ" in log(f"q={quote('शुरू हुआ')}")
    assert "भेजना शुरू हुआ" not in log("q=SENDING&until=2026-11-01")
    assert "phoned" not in log(f"q={KEY}")
    sentence = next(act.detail for act in app.audit.newest(50, subject=KEY) if act.what == "composed")
    assert KEY in log(f"q={quote(sentence)}"), "a message is found by the words that it shows"
    app.subscriber_editor.suppress("ravi@example.com", 'said "no more"', BY)
    app.audit.record(TESTER, ActKind.MOVED, KEY, Message("%(why)s", why='a "quoted" title'), now=app.clock())
    assert "no more" in log(f"q={quote(chr(34) + 'no more' + chr(34))}")
    assert "quoted" in log(f"q={quote(chr(34) + 'quoted' + chr(34))}")
    # What only the store has is in no act. A Hindi reader searches in Hindi.
    for hidden in ("msgid", "values", "num"):
        assert KEY not in log(f"q={hidden}"), hidden
    stories = len(list(edition.stories())) if (edition := app.editions.get(KEY)) else 0
    assert KEY in log(f"q={quote(f'{stories} ख़बरें')}")
    assert KEY not in log(f"q={quote(f'{stories + 1} ख़बरें')}")
