"""The API: tokens and their roles, errors in one format, the same rows and log as by desk and command."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from digest.errors import DigestError
from digest.models import Role
from digest.usecases.accounts import PREFIX
from digest.usecases.approval import revision
from digest.web.desk.access import ROUTES, Route
from digest.web.desk.api.routes import api_rows
from tests.cli.newsroom import Newsroom
from tests.support.profiles import only_thorough
from tests.web.desk.browser import TESTER, Browser, set_up
from tests.web.desk.conftest import KEY, SETTINGS, edition_of, open_desk
from tests.web.desk.test_seen import REFUSED, refuse
from tests.web.site import Site

VALUES = dict.fromkeys(("story", "token", "name", "cid"), "none") | {
    "key": "2026-01-01",
    "version": "1",
    "id": "0",
    "act": "0",
}


@dataclass
class Program:
    """A program with a token."""

    site: Site
    token: str = ""

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        data = None if body is None else json.dumps(body).encode()
        response = self.site.request(method, f"/desk/api{path}", data, {**sent, **headers})
        kind = "problem+json" if response.status >= 400 else "json"
        assert response.headers["content-type"] == f"application/{kind}", response.text
        found = json.loads(response.text)
        if response.status >= 400:
            assert found["status"] == response.status
            assert found["detail"] == found["error"]["message"] != ""
        return response.status, found


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from open_desk(tmp_path_factory.mktemp("api") / "newsletter")


@pytest.fixture(scope="module")
def programs(desk: Site) -> dict[Role, Program]:
    desk.app.accounts.add("mira", Role.ADMIN, TESTER)
    make = desk.app.api_tokens.make
    return {role: Program(desk, make("mira", str(role), role, TESTER, days=30)) for role in Role}


def path_of(route: Route) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: VALUES[match[1]], route.path)


ROWS = api_rows(ROUTES)


@pytest.mark.slow
@pytest.mark.parametrize("role", list(Role))
def test_each_token_may_do_what_the_table_says(programs: dict[Role, Program], role: Role) -> None:
    """The least role of a route is let in; the one below it is not, nor is anybody without a token."""
    program, above, wrong = programs[role], dict(pairwise(Role)).get(role), []
    for row in ROWS:
        if row.role not in (role, above):
            continue
        if row.role == role and Program(program.site).ask(row.method, path_of(row))[0] != 401:
            wrong.append((row.path, "no token"))
        headers = {"Authorization": f"Bearer {program.token}"}
        answer = program.site.request(row.method, f"/desk/api{path_of(row)}", None, headers)
        if (answer.status not in (401, 403)) != (row.role == role) or answer.status >= 500:
            wrong.append((row.path, answer.text))
        if answer.status >= 400:
            error = json.loads(answer.text)["error"]
            assert set(error) == {"status", "message", "field"}
            assert error["status"] == answer.status
            assert error["message"]
    assert wrong == []


def test_each_page_that_a_program_may_get_has_a_document(desk: Site, programs: dict[Role, Program]) -> None:
    values = {**VALUES, "key": KEY, "id": "1"}
    headers = {"Authorization": f"Bearer {programs[Role.ADMIN].token}"}
    answers = {
        row.path: desk.request("GET", f"/desk/api{row.path.format_map(values)}", None, headers)
        for row in ROWS
        if row.method == "GET"
    }
    assert not {path for path, answer in answers.items() if answer.status >= 500 or answer.text == '{"done":true}'}
    days = json.loads(answers["/calendar"].text)["days"]
    (found,) = (each for day in days if day["day"] == KEY for each in day["editions"])
    assert (found["edition"], found["state"]) == (KEY, "draft")


@pytest.mark.slow
def test_a_session_is_no_token_and_a_role_follows_its_user(desk: Site, programs: dict[Role, Program]) -> None:
    browser = set_up(desk, "other", Role.ADMIN)
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    assert Program(desk).ask("POST", "/subscribers/segment", {"name": "x"}, Cookie=cookie)[0] == 401
    status, answer = Program(desk, PREFIX + "x" * 43).ask("GET", "/log")
    assert (status, "is not known" in answer["error"]["message"]) == (401, True)
    tokens = desk.app.api_tokens
    desk.app.accounts.add("dev", Role.EDITOR, TESTER)
    with pytest.raises(DigestError, match="lesser"):
        tokens.make("dev", "cms", Role.ADMIN, TESTER)
    program = Program(desk, tokens.make("other", "cms", Role.ADMIN, TESTER))
    assert program.ask("GET", "/log")[0] == 200
    desk.app.accounts.set_role("other", Role.VIEWER, TESTER)
    assert program.ask("GET", "/log")[0] == 403
    assert program.ask("GET", "/reports")[0] == 200
    tokens.revoke("other", "cms", TESTER)
    assert program.ask("GET", "/reports")[0] == 401


@pytest.mark.slow
def test_the_description_has_every_route_and_is_for_those_signed_in(desk: Site, programs: dict[Role, Program]) -> None:
    assert Program(desk).ask("GET", "/openapi.json")[0] == 401
    status, described = programs[Role.VIEWER].ask("GET", "/openapi.json")
    assert status == 200
    assert set(described["paths"]) == {row.path for row in ROWS}
    assert set_up(desk, "reader", Role.VIEWER).get("/api/openapi.json").status == 200


# tests/web/desk/test_api_answers.py compares the answers of every route with its schemas.
@only_thorough
def test_the_description_is_valid(programs: dict[Role, Program]) -> None:
    # It takes two seconds to import, and warns of its own deprecations.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import schemathesis
    _, described = programs[Role.VIEWER].ask("GET", "/openapi.json")
    schemathesis.openapi.from_dict(described).validate()


def test_a_move_without_a_direction_names_the_field(programs: dict[Role, Program]) -> None:
    status, answer = programs[Role.EDITOR].ask("POST", f"/edition/{KEY}/move", {"story": "any"})
    assert (status, answer["error"]["field"]) == (422, "step")
    assert "`step`, which is up or down" in answer["error"]["message"]


def test_an_unknown_field_changes_nothing(desk: Site, programs: dict[Role, Program]) -> None:
    """A misspelt name would otherwise look saved."""
    status, answer = programs[Role.EDITOR].ask("POST", f"/edition/{KEY}/texts", {"subjekt": "नया"})
    assert (status, answer["error"]["field"]) == (422, "subjekt")
    assert "expected subject, preheader, intro" in answer["error"]["message"]
    assert desk.app.audit.newest(1, subject=KEY)[0].what != "texts"


@pytest.mark.slow
def test_every_request_is_described_and_takes_nothing_else(desk: Site, programs: dict[Role, Program]) -> None:
    """No route takes a misspelt field in silence, and each lists those that it reads."""
    admin, wrong = programs[Role.ADMIN], []
    described = admin.ask("GET", "/openapi.json")[1]["paths"]
    before = desk.app.audit.newest(1)[0].id
    for row in (row for row in ROWS if row.method == "POST"):
        body = described[row.path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        status, answer = admin.ask("POST", path_of(row), {"nonsense": "1"})
        if (status, answer.get("field")) != (422, "nonsense") or body["additionalProperties"] is not False:
            wrong.append((row.path, answer))
    assert wrong == []
    assert desk.app.audit.newest(1)[0].id == before
    fields = {
        path: described[path]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
        for path in ("/calendar", "/settings")
    }
    assert fields["/calendar"]["sources"] == {"type": "array", "items": {"type": "string"}}
    assert {"version", "schedule.send_at"} <= set(fields["/settings"])


@pytest.mark.slow
def test_a_program_reads_the_calendar_and_saves_a_search(desk: Site, programs: dict[Role, Program]) -> None:
    admin = programs[Role.ADMIN]
    status, month = admin.ask("GET", f"/calendar?month={KEY[:7]}")
    assert (status, month["month"]) == (200, KEY[:7])
    assert KEY in {each["edition"] for day in month["days"] for each in day["editions"]}
    assert admin.ask("POST", "/subscribers/segment", {"name": "राव", "q": "@example.com", "topic": "खेल"})[0] == 200
    segment = next(each for each in desk.app.directory.segments() if each.name == "राव")
    assert (segment.filter.search, segment.filter.topic) == ("@example.com", "खेल")
    assert admin.ask("POST", "/subscribers/segment/drop", {"name": "राव"})[0] == 200
    status, error = admin.ask("POST", "/users", {"name": "asha", "role": "boss"})
    assert (status, error["detail"]) == (422, "expected viewer, editor, sender, admin as the role, found 'boss'")


@pytest.mark.slow
def test_a_program_is_told_that_nothing_was_stopped(tmp_path: Path) -> None:
    for desk in open_desk(tmp_path / "newsletter"):
        set_up(desk, "mira", Role.ADMIN)
        program = Program(desk, desk.app.api_tokens.make("mira", "cms", Role.ADMIN, TESTER))
        assert program.ask("POST", f"/edition/{KEY}/resume")[0] == 409
        assert program.ask("POST", f"/edition/{KEY}/cancel")[0] == 200
        for act in ("cancel", "pause", "reopen"):
            status, error = program.ask("POST", f"/edition/{KEY}/{act}")
            assert (status, error["detail"]) == (409, f"Edition {KEY} is cancelled, so this cannot be done.")


def test_a_program_finds_and_changes_a_subscriber(desk: Site, programs: dict[Role, Program]) -> None:
    admin = programs[Role.ADMIN]
    added = {"email": "naya@example.com", "consent": "form", "topics": ["खेल"], "frequency": "weekdays"}
    assert admin.ask("POST", "/subscribers/add", added)[0] == 200
    status, error = admin.ask("POST", "/subscribers/add", {**added, "email": "nobody"})
    assert (status, error["error"]["field"]) == (422, "email")
    _status, found = admin.ask("GET", "/subscribers?q=naya")
    (person,) = found["subscribers"]
    assert (person["topics"], person["frequency"]) == (["खेल"], "weekdays")
    place = f"/subscriber/{person['id']}"
    assert admin.ask("POST", place, {"hour": "25:00"})[1]["error"]["field"] == "hour"
    assert admin.ask("POST", place, {"hour": "08:30", "topics": []})[0] == 200
    _status, shown = admin.ask("GET", place)
    assert (shown["hour"], shown["topics"]) == ("08:30", [])
    assert admin.ask("POST", place, [1])[1]["error"]["message"] == "expected a JSON object"
    sheet = {"name": "mela.csv", "content": "email\nek@example.com\nbad\n"}
    _status, preview = admin.ask("POST", "/subscribers/import", sheet)
    assert (preview["added"], len(preview["rejected"])) == (1, 1)
    assert admin.ask("POST", f"/subscribers/import/{preview['id']}")[1]["done"]
    act = admin.ask("GET", "/log")[1]["acts"][0]
    assert act["via"] == "api"
    # Without `seen` nothing is undone, and an empty list exports nobody.
    undo = f"/import/{act['id']}/undo"
    shown = admin.ask("POST", undo)[1]
    assert (shown["done"], shown["removed"]) == (False, ["ek@example.com"])
    assert admin.ask("POST", undo, {"seen": shown["seen"]})[1]["done"]
    headers = {"Authorization": f"Bearer {admin.token}"}
    for wrong in ({"name": "a\0b", "origin": "x\0y"}, {"name": "c", "origin": "z\0"}):
        assert admin.ask("POST", "/subscribers/segment", wrong)[0] == 200
    found = admin.ask("GET", "/subscribers?origin=x%00y")[1]["segments"]
    assert "\0" not in json.dumps(found, ensure_ascii=False), "PostgreSQL refuses it"
    assert [each["name"] for each in found] == ["a\ufffdb", "c"]
    exported = desk.request("POST", "/desk/api/subscribers/export", b'{"ids": []}', headers)
    assert (exported.status, "@" in exported.text) == (200, False)


@pytest.mark.slow
def test_an_approval_needs_the_revision_that_was_seen(programs: dict[Role, Program]) -> None:
    sender = programs[Role.SENDER]
    _status, edition = sender.ask("GET", f"/edition/{KEY}")
    assert edition["state"] == "draft"
    assert sender.ask("POST", f"/edition/{KEY}/approve", {"seen": "old"})[0] == 409
    assert sender.ask("POST", f"/edition/{KEY}/approve", {"seen": edition["revision"]})[0] == 200
    assert sender.ask("GET", f"/edition/{KEY}")[1]["state"] == "approved"
    assert sender.ask("POST", f"/edition/{KEY}/reopen")[0] == 200


@pytest.mark.slow
def test_one_act_by_desk_api_and_command_leaves_the_same(tmp_path: Path) -> None:
    """The rows of the store and the log are the same, except the user and the origin."""

    def by_desk(desk: Site, browser: Browser, _program: Program, id: int) -> None:
        assert browser.post(f"/subscriber/{id}/suppress", reason="phoned").status == 303
        form = {"lists": "topics", "topics:खेल": "on", "frequency": "weekdays"}
        assert browser.submit(f"/subscriber/{desk.subscriber_id('ravi@example.com')}", form).status == 303

    def by_api(desk: Site, _browser: Browser, program: Program, id: int) -> None:
        assert program.ask("POST", f"/subscriber/{id}/suppress", {"reason": "phoned"})[0] == 200
        ravi = desk.subscriber_id("ravi@example.com")
        assert program.ask("POST", f"/subscriber/{ravi}", {"topics": ["खेल"], "frequency": "weekdays"})[0] == 200

    def by_command(desk: Site, _browser: Browser, _program: Program, _id: int) -> None:
        room = Newsroom(desk.app.home)
        room.digest("subscribers", "suppress", "asha@example.com", "--reason", "phoned")
        room.digest("subscribers", "set", "ravi@example.com", "--topics", "खेल", "--frequency", "weekdays")

    left = []
    for act in (by_desk, by_api, by_command):
        for desk in open_desk(tmp_path / act.__name__):
            text = "subscribers:\n  - email: asha@example.com # one\n  - email: ravi@example.com\n"
            (desk.app.home / "subscribers.yaml").write_text(text, encoding="utf-8")
            desk.app.subscriber_list.sync()
            browser = set_up(desk, "mira", Role.ADMIN)
            program = Program(desk, desk.app.api_tokens.make("mira", "cms", Role.ADMIN, TESTER))
            act(desk, browser, program, desk.subscriber_id("asha@example.com"))
            acts = [(each.what, each.subject, each.detail) for each in desk.app.audit.newest(2)]
            consents = [
                (each.what, each.detail)
                for email in ("asha@example.com", "ravi@example.com")
                for each in desk.consent(email)
            ]
            file = (desk.app.home / "subscribers.yaml").read_text(encoding="utf-8")
            left.append((acts, consents, desk.app.subscribers.suppressed(), file))
    assert left[0] == left[1] == left[2]


@pytest.mark.slow
def test_acts_on_editions_by_desk_api_and_command_leave_the_same(tmp_path: Path) -> None:
    """Rows of the log that the store writes also name the person."""
    special = {"slug": "vishesh", "words": "पहाड़गाँव", "hours": "24"}
    left = []
    for way in ("desk", "api", "command"):
        for desk in open_desk(tmp_path / way):
            first, second, *_rest = [story.id for story in edition_of(desk).stories()]
            article = next(each for each in edition_of(desk).stories() if each.id == second).article_ids[0]
            user = set_up(desk, "mira", Role.ADMIN)
            program = Program(desk, desk.app.api_tokens.make("mira", "cms", Role.ADMIN, TESTER))
            room = Newsroom(desk.app.home, {**SETTINGS, "DIGEST_USER": "mira"})
            since = desk.app.audit.newest(1)[0].id
            if way == "desk":
                assert user.post(f"/edition/{KEY}/merge", story=first, other=second).status == 303
                assert user.post(f"/edition/{KEY}/split", story=first, article=article).status == 303
                assert user.post("/calendar", **special).status == 303
            elif way == "api":
                assert program.ask("POST", f"/edition/{KEY}/merge", {"story": first, "other": second})[0] == 200
                assert program.ask("POST", f"/edition/{KEY}/split", {"story": first, "article": article})[0] == 200
                assert program.ask("POST", "/calendar", special)[0] == 200
            else:
                assert room.digest("edition", "merge", KEY, first, second).code == 0
                assert room.digest("edition", "split", KEY, first, article).code == 0
                assert room.digest("compose", *(f"--{name}={value}" for name, value in special.items())).code == 0
            stories = list(edition_of(desk).stories())
            moved, pinned, dropped = (story.id for story in stories[2:5])
            section = edition_of(desk).sections[-1].name
            place = {"story": moved, "section": section, "place": "1"}
            for path, fields, command in (
                (f"story/{first}", {"title": "नया शीर्षक"}, ("edit", "--story", first, "--title", "नया शीर्षक")),
                ("texts", {"subject": "नया विषय"}, ("edit", "--subject", "नया विषय")),
                ("move", place, ("move", moved, "--section", section, "--place", "1")),
                ("pin", {"story": pinned}, ("pin", pinned)),
                ("drop", {"story": dropped}, ("drop", dropped)),
                ("undo", {}, ("undo",)),
                ("add", {"story": dropped}, ("add", dropped)),
                ("block", {"name": "weather", "act": "out"}, ("block", "weather", "--out")),
                (f"story/{first}/picture", {"picture": "none"}, ("picture", first, "--none")),
                (f"story/{first}/picture", {"picture": "composed"}, ("picture", first, "--composed")),
                ("approve", {}, ("approve",)),
                ("pause", {}, ("pause",)),
                ("resume", {}, ("resume",)),
                ("reopen", {}, ("reopen",)),
            ):
                if path == "approve":
                    fields = {"seen": revision(edition_of(desk))}
                if way == "desk":
                    done = user.post(f"/edition/{KEY}/{path}", **fields)
                    assert done.status == 303, (path, done.text)
                elif way == "api":
                    status, answer = program.ask("POST", f"/edition/{KEY}/{path}", fields)
                    assert status == 200, (path, answer)
                else:
                    result = room.digest("edition", command[0], KEY, *command[1:])
                    assert result.code == 0, (path, result)
            acts = [act for act in reversed(desk.app.audit.newest(40)) if act.id > since]
            assert {act.via for act in acts} == {way}
            shown = [
                [(story.id, story.title, story.article_ids) for story in edition_of(desk, key).stories()]
                for key in (KEY, "vishesh")
            ]
            changes = [desk.app.editions.editorial_changes(key) for key in (KEY, "vishesh")]
            state = edition_of(desk).state
            left.append(([(act.who, act.what, act.subject, act.detail) for act in acts], changes, shown, state))
    assert left[0] == left[1] == left[2]
    assert [(who, what, key) for who, what, key, _detail in left[0][0]][:4] == [
        ("mira", "merged", KEY),
        ("mira", "split off", KEY),
        ("mira", "special composed", "vishesh"),
        ("mira", "composed", "vishesh"),
    ]


@pytest.mark.slow
def test_a_refused_summary_taken_by_desk_api_and_command_leaves_the_same(tmp_path: Path) -> None:
    left = []
    for way in ("desk", "api", "command"):
        for desk in open_desk(tmp_path / way):
            story = refuse(desk).id
            user = set_up(desk, "mira", Role.ADMIN)
            program = Program(desk, desk.app.api_tokens.make("mira", "cms", Role.ADMIN, TESTER))
            room = Newsroom(desk.app.home, {**SETTINGS, "DIGEST_USER": "mira"})
            if way == "desk":
                assert user.post(f"/edition/{KEY}/story/{story}/take", shown=REFUSED).status == 303
            elif way == "api":
                [first, *_rest] = program.ask("GET", f"/edition/{KEY}")[1]["sections"][0]["stories"]
                assert (first["id"], first["refused"]["text"]) == (story, REFUSED)
                assert program.ask("POST", f"/edition/{KEY}/story/{story}/take", {"shown": REFUSED})[0] == 200
            else:
                assert room.digest("edition", "edit", KEY, "--story", story, "--take-refused").code == 0
            act = desk.app.audit.newest(1)[0]
            assert act.via == way
            summary = next(each.summary for each in edition_of(desk).stories() if each.id == story)
            left.append(((act.who, act.what, act.detail), desk.app.editions.editorial_changes(KEY), summary))
    assert left[0] == left[1] == left[2]
    assert (left[0][0][1], left[0][2]) == ("refused summary taken", REFUSED)


@pytest.mark.slow
def test_a_send_by_command_is_the_persons_and_one_by_schedule_nobodys(tmp_path: Path) -> None:
    for desk in open_desk(tmp_path / "newsletter"):
        room = Newsroom(desk.app.home, {**SETTINGS, "DIGEST_USER": "mira"})
        assert room.digest("edition", "approve", KEY).code == 0
        assert room.digest("send", KEY).code == 0
        acts = [(act.who, act.via, act.what) for act in reversed(desk.app.audit.newest(9, subject=KEY))]
        assert acts == [
            ("digest", "schedule", "composed"),
            ("mira", "command", "approved"),
            ("mira", "command", "sending began"),
            ("mira", "command", "sent"),
        ]
