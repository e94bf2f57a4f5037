"""What the API answers is what its description says: every route, with answers of a real desk."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from jsonschema import Draft202012Validator

from digest import pipeline
from digest.models import Role
from digest.usecases.approval import revision
from digest.web.desk.access import ROUTES, Route
from digest.web.desk.api.documents import document
from digest.web.desk.api.routes import api_rows
from digest.web.desk.api.visit import answer
from tests.support.webhook_receiver import SECRET, WebhookReceiver
from tests.web.desk.browser import TESTER, set_up
from tests.web.desk.conftest import KEY, edition_of, open_desk
from tests.web.desk.test_picture import jpeg
from tests.web.desk.test_seen import REFUSED, let_a_model_write, refuse
from tests.web.site import Site

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
SPECIAL = "vishesh"


def strict(schema: Any) -> Any:
    """The schema, with no other keys than those that it names."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: strict(value) for name, value in schema.items()}
    return {**made, "additionalProperties": False} if "properties" in schema else made


@dataclass
class Caller:
    """A program that compares each answer with the description."""

    desk: Site
    token: str
    asked: set[str] = field(default_factory=set)
    described: Mapping[str, Any] = field(default_factory=dict)
    rows: Mapping[str, Route] = field(default_factory=lambda: {row.page: row for row in api_rows(ROUTES)})

    def call(self, page: str, body: object = None, query: str = "", **parameters: object) -> Any:
        row = self.rows[page]
        path = row.path.format_map({"key": KEY, **parameters})
        data = None if row.method == "GET" else json.dumps(body or {}).encode()
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = self.desk.request(row.method, f"/desk/api{path}{query}", data, headers)
        assert answer.status == 200, (page, answer.text)
        content = self.described["paths"][row.path][row.method.lower()]["responses"]["200"]["content"]
        kind = answer.headers["content-type"].partition(";")[0]
        assert kind in content, (page, kind)
        self.asked.add(page)
        if kind != "application/json":
            return answer.text
        found = json.loads(answer.text)
        self.check(page, found)
        return found

    def check(self, page: str, found: Any) -> None:
        row = self.rows[page]
        content = self.described["paths"][row.path][row.method.lower()]["responses"]["200"]["content"]
        schema = strict(
            {**content["application/json"]["schema"], "components": self.described["components"]}
            if page != "admin.subscriber.data"
            else content["application/json"]["schema"]
        )
        problems = [
            f"{each.json_path}: {each.message[:300]}" for each in Draft202012Validator(schema).iter_errors(found)
        ]
        assert problems == [], page


@pytest.fixture
def caller(tmp_path: Path) -> Iterator[Caller]:
    with WebhookReceiver() as receiver:
        # The receiver is gone, so that a webhook has failed.
        receiver.answers = [(410, {})]
        hooks = [{"url": receiver.url, "secret_env": "HOOK_SECRET", "private": True, "events": ["edition.approved"]}]
        settings = {"DIGEST_WEBHOOKS": json.dumps(hooks), "HOOK_SECRET": SECRET, "DIGEST_EDITION__MAX_STORIES": "4"}
        for desk in open_desk(tmp_path / "newsletter", **settings):
            set_up(desk, "mira", Role.ADMIN)
            desk.app.accounts.add("suman", Role.EDITOR, TESTER)
            caller = Caller(desk, desk.app.api_tokens.make("mira", "cms", Role.ADMIN, TESTER))
            headers = {"Authorization": f"Bearer {caller.token}"}
            caller.described = json.loads(desk.request("GET", "/desk/api/openapi.json", None, headers).text)
            yield caller


@pytest.mark.slow
def test_every_answer_has_the_form_that_is_described(caller: Caller) -> None:
    change_stories(caller)
    change_the_edition(caller)
    manage_users(caller)
    manage_subscribers(caller)
    manage_sources_and_settings(caller)
    send(caller)
    assert caller.rows.keys() - caller.asked == {"admin.sources.preview"}
    # No test fetches from the internet: the preview is that of a file.
    app = caller.desk.app
    plan = app.source_editor.plan({"path": str(SAMPLES / "feeds/khel-duniya.rdf")}, {}, name="नया")
    assert plan.problem is None
    source = app.sources[0].name
    newest, _more = app.articles.newest(source, since=app.now() - timedelta(days=2), limit=2)
    shown = document("admin/sources.html.j2", {"lines": [], "plan": plan, "newest": newest})
    found = json.loads(bytes(answer(shown).body))
    assert len(found["preview"]["articles"]) == 2
    caller.check("admin.sources.preview", found)


def change_stories(caller: Caller) -> None:
    call, desk = caller.call, caller.desk
    (written,) = let_a_model_write(desk, 1)
    call("today.edition")
    call("seen.mark", {"story": written.id})
    refused = refuse(desk).id
    first = call("today.today")["sections"][0]["stories"][0]
    assert first["refused"]
    call("story.take", {"shown": REFUSED}, story=refused)
    call("story.save", {"title": "नया शीर्षक"}, story=refused)
    stories = [story.id for story in edition_of(desk).stories()]
    assert call("edit.move", {"story": stories[1], "step": "down"})["at"]
    call("edit.pin", {"story": stories[2]})
    call("edit.unpin", {"story": stories[2]})
    call("edit.drop", {"story": stories[3]})
    call("edit.restore", {"story": stories[3]})
    call("edit.undo")
    first, second = list(edition_of(desk).stories())[:2]
    call("edit.merge", {"story": first.id, "other": second.id})
    call("edit.split", {"story": first.id, "article": second.article_ids[0]})
    used = {id for story in edition_of(desk).stories() for id in story.article_ids}
    pool = call("pool.search")["articles"]
    call("edit.add", {"story": next(each["id"] for each in pool if each["id"] not in used)})
    story = next(edition_of(desk).stories()).id
    call("story.picture", {"picture": "none"}, story=story)
    call("story.upload", {"content": b64encode(jpeg()).decode()}, story=story)


def change_the_edition(caller: Caller) -> None:
    call = caller.call
    call("edit.texts", {"subject": "नया विषय"})
    call("edit.settle", {"field": "subject", "text": "नया विषय", "back": True})
    call("blocks.change", {"name": "quote", "act": "save", "text": "जहाँ चाह, वहाँ राह।", "by": "कहावत"})
    call("edit.refresh")
    assert call("today.checks")["checked"] in (True, False)
    assert call("pool.runners_up")["ready"]
    call("sending.send_test", {"address": "mira@example.com"})
    call("calendar.compose", {"slug": SPECIAL, "words": "पहाड़गाँव", "hours": "24"})
    assert call("calendar.page")["days"]
    call("sending.cancel", key=SPECIAL)
    call("today.compose")


def manage_users(caller: Caller) -> None:
    call = caller.call
    assert call("users.add", {"name": "ravi", "role": "viewer"})["link"]
    call("users.role", {"role": "editor"}, name="ravi")
    call("users.email", {"email": "ravi@example.com"}, name="ravi")
    assert call("users.link", name="ravi")["name"] == "ravi"
    assert call("users.make_token", {"token": "cms", "role": "viewer", "days": 3}, name="ravi")["token"]
    assert len(call("users.page")["tokens"]) == 2
    call("users.revoke_token", {"token": "cms"}, name="ravi")
    call("users.end_sessions", name="ravi")
    call("users.remove", name="ravi")


def manage_subscribers(caller: Caller) -> None:
    call, desk = caller.call, caller.desk
    call("admin.subscribers.save_segment", {"name": "खेल वाले", "topic": "खेल"})
    assert call("admin.subscribers.page", query="?state=active")["segments"]
    call("admin.subscribers.drop_segment", {"name": "खेल वाले"})
    call("admin.subscribers.add", {"email": "naya@example.com", "consent": "form", "topics": ["खेल"], "hour": "08:30"})
    person = desk.subscriber_id("naya@example.com")
    call("admin.subscriber.save", {"frequency": "weekdays"}, id=person)
    call("admin.subscriber.pause", {"days": 7}, id=person)
    assert call("admin.subscriber.page", id=person)["paused_until"]
    call("admin.subscriber.suppress", {"reason": "phoned"}, id=person)
    (stopped,) = call("admin.subscribers.page", query="?state=left")["subscribers"]
    assert (stopped["state"], stopped["stopped_by_admin"]) == ("left", True)
    assert call("admin.subscriber.page", id=person)["stopped_by_admin"]
    call("admin.subscriber.unsuppress", {"reason": "phoned again"}, id=person)
    call("admin.subscriber.data", id=person)
    assert call("admin.many.page", query="?all=1")["chosen"] > 1
    assert call("admin.many.run", {"all": True, "act": "pause", "days": 7})["stay"]
    call("admin.imports.page")
    rows = "email,status,topics\nek@example.com,,मौसम समाचार\nbad,,\nasha@example.com,unsubscribed,\n"
    preview = call("admin.imports.preview", {"name": "mela.csv", "content": rows})
    assert (preview["rejected"], preview["without_topic"], preview["stopped"]) != ([], [], 0)
    assert "bad" in call("admin.imports.rejected", id=preview["id"])
    act = call("admin.imports.run", {"consent": "form"}, id=preview["id"])["act"]
    seen = call("admin.imports.ask_undo", act=act)["seen"]
    assert call("admin.imports.undo", {"seen": seen}, act=act)["done"]
    assert "@example.com" in call("admin.imports.export", {"all": True})
    call("admin.subscriber.remove", id=person)
    call("admin.subscriber.erase", {"reason": "asked"}, id=person)


def manage_sources_and_settings(caller: Caller) -> None:
    call = caller.call
    source = call("admin.sources.page")["sources"][0]["name"]
    assert call("admin.sources.one", query=f"?name={quote(source)}")["articles"]
    call("admin.sources.add", {"name": "nadi", "url": "https://nadi.example.com/feed.xml"})
    call("admin.sources.change", {"name": "nadi", "weight": "2"})
    call("admin.sources.pause", {"name": "nadi", "pause": True})
    call("admin.sources.remove", {"name": "nadi"})
    version = call("admin.settings.page")["version"]
    call("admin.settings.save", {"version": version, "newsletter.name": "नई सुबह"})


def send(caller: Caller) -> None:
    call, desk = caller.call, caller.desk
    call("sending.approve", {"seen": revision(edition_of(desk)), "reason": "ठीक है"})
    desk.app.outgoing_webhooks.deliver()
    (event, *_) = call("admin.webhooks.page")["webhooks"]
    call("admin.webhooks.again", id=event["id"])
    call("sending.reopen")
    call("sending.approve", {"seen": revision(edition_of(desk)), "reason": "ठीक है"})
    call("sending.pause")
    call("sending.resume")
    pipeline.send(desk.app, KEY)
    assert call("today.edition")["sending"]["accepted"]
    lead = edition_of(desk).lead
    correction = {"title": "सही शीर्षक", "summary": "सही सार यह है।", "note": "", "revision": "1", "reason": "ठीक है"}
    assert call("correct.save", correction, story=lead)["revision"] == 2
    call("admin.late.ask")
    call("admin.late.send", {"most": "5"})
    tables = ("recent_table", "failures_table", "table", "course_table", "missed_table")
    for page in ("page", "edition", "missed", *tables):
        call(f"admin.reports.{page}")
    call("log.page")
