"""One act by desk, API and command leaves the same rows, the same files and the same log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from digest import pipeline
from digest.models import EditionState, Role
from digest.store.people.preferences import StoredSubscriber
from tests.cli.newsroom import Newsroom
from tests.web.desk.browser import TESTER, Browser, set_up
from tests.web.desk.conftest import KEY, SETTINGS, edition_of, open_desk
from tests.web.desk.test_api import Program
from tests.web.desk.test_seen import let_a_model_write
from tests.web.site import Site

pytestmark = pytest.mark.slow

WAYS = ("desk", "api", "command")
LISTED = """\
subscribers:
  # From the office.
  - email: asha@example.com # one
  - email: ravi@example.com
    # Phoned.
    name: रवि
"""
SHEET = "email,name\nkamal@example.org,कमल\nnot an address,\n"


@dataclass
class Ways:
    """A desk with an admin, who works in one of the three ways."""

    way: str
    desk: Site
    browser: Browser
    program: Program
    room: Newsroom

    def act(
        self, path: str, form: Mapping[str, str], command: tuple[str, ...], body: Mapping[str, Any] | None = None
    ) -> Any:
        """Carry out an act. `body` is for the API, if it is not the form's."""
        if self.way == "desk":
            answer = self.browser.submit(path, form)
            assert answer.status in (200, 303), (path, answer.status, answer.text)
            return answer.text
        if self.way == "api":
            status, document = self.program.ask("POST", path, form if body is None else body)
            assert status == 200, (path, document)
            return document
        run = self.room.digest(*command)
        assert run.code == 0, (command, run.out, run.err)
        return run.out

    def id(self, email: str) -> int:
        self.desk.app.subscriber_list.sync(may_be_empty=True)
        return self.desk.subscriber_id(email)

    def acts(self, since: int) -> list[tuple[str, str, str, str]]:
        """The log, oldest first. A person is named by their address."""
        found = [act for act in reversed(self.desk.app.audit.newest(60)) if act.id > since]
        assert {act.via for act in found} == {self.way}
        return [(act.who, act.what, act.subject, act.detail) for act in found]


def each_way(tmp_path: Path) -> Iterator[tuple[Ways, int]]:
    """A new desk for each of the three ways, with the newest number of its log."""
    for way in WAYS:
        for desk in open_desk(tmp_path / way):
            browser = set_up(desk, "mira", Role.ADMIN)
            program = Program(desk, desk.app.api_tokens.make("mira", "cms", Role.ADMIN, TESTER))
            room = Newsroom(desk.app.home, {**SETTINGS, "DIGEST_USER": "mira"})
            yield Ways(way, desk, browser, program, room), desk.app.audit.newest(1)[0].id


def person(desk: Site, email: str) -> StoredSubscriber | None:
    desk.app.subscriber_list.sync(may_be_empty=True)
    return desk.app.preferences.find(email)


def test_people_of_the_file_and_of_the_store(tmp_path: Path) -> None:
    left = []
    for ways, since in each_way(tmp_path):
        desk = ways.desk
        path = desk.app.home / "subscribers.yaml"
        path.write_text(LISTED, encoding="utf-8")
        (tmp_path / "mela.csv").write_text(SHEET, encoding="utf-8")
        ways.act(
            "/subscribers/add",
            {"email": "naya@example.com", "name": "नया", "frequency": "weekdays", "consent": "mela"},
            ("subscribers", "add", "naya@example.com", "--name=नया", "--frequency=weekdays", "--consent=mela"),
        )
        for email in ("asha@example.com", "ravi@example.com"):
            ways.act(
                f"/subscriber/{ways.id(email)}",
                {"hour": "08:30", "status": "paused"},
                ("subscribers", "set", email, "--hour=08:30", "--status=paused"),
            )
        ravi = f"/subscriber/{ways.id('ravi@example.com')}"
        for act, reason in (("suppress", "phoned"), ("lift", "wrote")):
            command = ("subscribers", act, "ravi@example.com", "--reason", reason)
            ways.act(f"{ravi}/{act}", {"reason": reason}, command)
        ways.act(f"/subscriber/{ways.id('naya@example.com')}/remove", {}, ("subscribers", "remove", "naya@example.com"))
        import_sheet(ways, tmp_path / "mela.csv")
        kamal = f"/subscriber/{ways.id('kamal@example.org')}"
        ways.act(kamal, {"frequency": "weekdays"}, ("subscribers", "set", "kamal@example.org", "--frequency=weekdays"))
        ways.act(f"{kamal}/remove", {}, ("subscribers", "remove", "kamal@example.org"))
        people = ("asha@example.com", "ravi@example.com", "naya@example.com", "kamal@example.org")
        # The clock of a command stands still, so its records have no order.
        consents = {email: sorted((each.what, each.detail) for each in desk.consent(email)) for email in people}
        rows = [person(desk, email) for email in people]
        left.append(
            (
                ways.acts(since),
                consents,
                [row and (row.email, row.status, row.frequency, row.hour, row.origin) for row in rows],
                desk.app.subscribers.suppressed(),
                path.read_text(encoding="utf-8"),
            )
        )
    assert left[0] == left[1] == left[2]
    acts, _consents, _rows, suppressed, file = left[0]
    assert len(acts) >= 9
    assert not suppressed
    assert "# From the office." in file
    assert "# Phoned." in file


def import_sheet(ways: Ways, sheet: Path) -> None:
    if ways.way == "command":
        ways.act("", {}, ("subscribers", "import", str(sheet), "--consent=mela"))
        return
    if ways.way == "api":
        preview = ways.act("/subscribers/import", {"name": sheet.name, "content": SHEET}, ())
        ways.act(f"/subscribers/import/{preview['id']}", {"consent": "mela"}, ())
        return
    body = (
        f'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{ways.browser.token()}\r\n'
        f'--x\r\nContent-Disposition: form-data; name="file"; filename="{sheet.name}"\r\n\r\n{SHEET}\r\n--x--\r\n'
    )
    answer = ways.browser.send("/subscribers/import", body.encode(), "multipart/form-data; boundary=x")
    assert answer.status == 200, answer.text
    id = answer.text.partition("/subscribers/import/")[2].partition('"')[0].partition("/")[0]
    ways.act(f"/subscribers/import/{id}", {"consent": "mela", "unread": "0"}, ())


def test_sources_and_users(tmp_path: Path) -> None:
    left = []
    feed = "https://nadi.example.com/feed.xml"
    for ways, since in each_way(tmp_path):
        desk = ways.desk
        path = desk.app.home / "digest.yaml"
        path.write_text(path.read_text(encoding="utf-8") + "# the end\n", encoding="utf-8")
        # The command previews it first, and nothing answers there.
        source = {"name": "नदी", "url": feed, "weight": "2", "section": "खेल"}
        options = ("--name=नदी", "--weight=2", "--section=खेल", "--yes", "--force")
        ways.act("/sources/add", source, ("sources", "add", feed, *options))
        weight = {"name": "नदी", "weight": "0.5"}
        command = ("sources", "set", "नदी", "--weight=0.5")
        ways.act("/sources/change", {**weight, "section": "खेल"}, command, body=weight)
        ways.act("/sources/pause", {"name": "नदी", "pause": "1"}, ("sources", "pause", "नदी"))
        ways.act("/sources/pause", {"name": "नदी"}, ("sources", "resume", "नदी"))
        paused = path.read_text(encoding="utf-8")
        ways.act("/sources/remove", {"name": "नदी"}, ("sources", "remove", "नदी"))
        ways.act("/users", {"name": "asha", "role": "editor"}, ("users", "add", "asha", "--role=editor"))
        ways.act("/users/asha/role", {"role": "sender"}, ("users", "role", "asha", "sender"))
        ways.act("/users/asha/email", {"email": "asha@paper.example"}, ("users", "email", "asha", "asha@paper.example"))
        ways.act("/users/asha/link", {}, ("users", "link", "asha"))
        ways.act("/users/asha/token", {"token": "wall", "role": "viewer", "days": "30"},
                 ("users", "token", "asha", "wall", "--role=viewer", "--days=30"))  # fmt: skip
        ways.act("/users/asha/token/revoke", {"token": "wall"}, ("users", "revoke", "asha", "wall"))
        ways.act("/users/asha/end", {}, ("users", "end-sessions", "asha"))
        users = [(each.user.name, each.user.role) for each in desk.app.accounts.list()]
        ways.act("/users/asha/remove", {}, ("users", "remove", "asha"))
        left.append((ways.acts(since), users, paused, path.read_text(encoding="utf-8")))
    assert left[0] == left[1] == left[2]
    acts, users, _paused, file = left[0]
    assert len(acts) >= 12
    assert ("asha", Role.SENDER) in users
    assert file.endswith("# the end\n")


def test_what_an_editor_writes_looks_at_and_cancels(tmp_path: Path) -> None:
    left = []
    for ways, since in each_way(tmp_path):
        desk = ways.desk
        [story] = let_a_model_write(desk, 1)
        ways.act(f"/edition/{KEY}/seen", {"story": story.id}, ("edition", "seen", KEY, story.id))
        ways.act(f"/edition/{KEY}/texts", {"intro": "**नमस्ते**"}, ("edition", "edit", KEY, "--intro=**नमस्ते**"))
        ways.act(f"/edition/{KEY}/texts", {"preheader": "आज"}, ("edition", "edit", KEY, "--preheader=आज"))
        ways.act(f"/edition/{KEY}/cancel", {}, ("edition", "cancel", KEY))
        edition = edition_of(desk)
        changes = desk.app.editions.editorial_changes(KEY)
        left.append((ways.acts(since), changes, edition.intro, edition.preheader, edition.state))
    assert left[0] == left[1] == left[2]
    assert left[0][2:] == ("**नमस्ते**", "आज", EditionState.CANCELLED)


def test_a_correction(tmp_path: Path) -> None:
    left = []
    new = {"title": "सही शीर्षक", "summary": "सही सार यह है।", "note": "संख्या ग़लत थी।"}
    for ways, _since in each_way(tmp_path):
        desk = ways.desk
        desk.app.editions.move(KEY, EditionState.APPROVED, out_of=(EditionState.DRAFT,))
        pipeline.send(desk.app, KEY)
        since = desk.app.audit.newest(1)[0].id
        story = edition_of(desk).lead
        options = (f"--{name}={text}" for name, text in new.items())
        ways.act(
            f"/edition/{KEY}/correct/{story}", {**new, "revision": "1"}, ("edition", "correct", KEY, story, *options)
        )
        edition, note = edition_of(desk), edition_of(desk, f"correction-{KEY}-2")
        texts = [(each.title, each.summary) for each in edition.stories()]
        # The command also sends the correction, which `digest run` does for the other two.
        left.append((ways.acts(since)[:2], edition.revision, texts, note.subject, note.intro))
    assert left[0] == left[1] == left[2]
    assert left[0][1] == 2
