"""Another program holds the store: an act answers 503, nothing is changed, and the same act succeeds afterwards."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from digest.deliver.outcome import Accepted
from digest.models import EditionState, Role
from digest.store.locks import exclusive, mark_running
from tests.support.enqueue import claim_one
from tests.web.desk.browser import set_up
from tests.web.desk.conftest import KEY, edition_of, open_desk
from tests.web.site import Site

LIST = "subscribers:\n  - {email: asha@example.com}\n  - {email: ravi@example.com}\n"
FILES = ("subscribers.yaml", "digest.yaml")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr("digest.store.errors.BUSY_SECONDS", 0.2)
    for opened in open_desk(tmp_path / "newsletter"):
        (opened.app.home / "subscribers.yaml").write_text(LIST, encoding="utf-8")
        opened.app.subscriber_list.sync()
        yield opened


@pytest.mark.slow
def test_no_act_is_half_done(desk: Site) -> None:
    admin = set_up(desk, "mira", Role.ADMIN)
    set_up(desk, "suman", Role.EDITOR)
    source = desk.app.source_editor.list()[0].name
    settings = {"version": desk.app.settings_editor.read().version, "edition.max_stories": "9"}
    acts: list[tuple[str, dict[str, str]]] = [
        ("/settings", settings),
        ("/subscribers/add", {"email": "new@example.com", "consent": "at the fair"}),
        ("/subscriber/1", {"name": "आशा"}),
        ("/subscriber/2/remove", {}),
        ("/sources/change", {"name": source, "weight": "1.5"}),
        ("/sources/pause", {"name": source, "pause": "1"}),
        ("/sources/remove", {"name": source}),
        ("/users/suman/role", {"role": "sender"}),
        ("/calendar", {"slug": "mela", "words": "मेला", "hours": "24"}),
    ]
    before = {name: (desk.app.home / name).read_text(encoding="utf-8") for name in FILES}
    with closing(sqlite3.connect(desk.app.home / "digest.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answers = {path: admin.post(path, **fields) for path, fields in acts}
        other.execute("ROLLBACK")
    assert {path: answer.status for path, answer in answers.items()} == dict.fromkeys(answers, 503)
    assert {name: (desk.app.home / name).read_text(encoding="utf-8") for name in FILES} == before
    assert [path for path, fields in acts if admin.post(path, **fields).status != 303] == []
    log = [act.what for act in desk.app.audit.newest(20)]
    assert (log.count("subscriber added"), log.count("subscriber removed"), log.count("source removed")) == (1, 1, 1)


def test_an_act_and_its_row_in_the_log_are_one(desk: Site) -> None:
    sender = set_up(desk, "kavita", Role.SENDER)
    refuse = "CREATE TRIGGER refuse BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END"
    with closing(sqlite3.connect(desk.app.home / "digest.db", isolation_level=None)) as other:
        other.execute(refuse)
        answer = sender.post(f"/edition/{KEY}/cancel")
        other.execute("DROP TRIGGER refuse")
    assert answer.status == 503
    assert "हो सकता है बदलाव हो गया हो" in answer.text, "whether it was done is unknown to the user"
    assert f'href="/desk/edition/{KEY}"' in answer.text
    assert (edition_of(desk).state, desk.app.editions.decisions(KEY)) == (EditionState.DRAFT, [])
    assert sender.post(f"/edition/{KEY}/cancel").status == 303
    assert edition_of(desk).state == EditionState.CANCELLED
    assert [each.what for each in desk.app.editions.decisions(KEY)] == ["cancelled"]
    assert desk.app.audit.newest(1)[0].what == "cancelled"


@pytest.mark.slow
def test_stopping_for_good_does_not_wait_for_emails_that_are_being_handed_over(desk: Site) -> None:
    sender, app = set_up(desk, "kavita", Role.SENDER), desk.app
    app.editions.move(KEY, EditionState.APPROVED, out_of=(EditionState.DRAFT,))
    app.enqueuer.enqueue(edition_of(desk))
    with exclusive(app.database, "sending", wait=0), mark_running(app.database, app.ledger.run):
        claim = claim_one(app.ledger, KEY, "outbox", app.now(), 5)
        assert claim
        page = sender.post(f"/edition/{KEY}/cancel", follow=True).text
        app.ledger.settle(claim.attempt, Accepted(), app.now())
    assert "पूरा रोका गया" in page
    assert f"रोका जा रहा है: {len(claim.recipients)} ईमेल अभी रास्ते में" in page
    after = sender.get(f"/edition/{KEY}").text
    assert "रोका जा रहा है" not in after
    assert app.audit.newest(1)[0].what == "cancelled"
