"""`digest breach`: everybody affected is found, and everybody who can be reached gets the letter once."""

from __future__ import annotations

import json
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from digest import pipeline
from digest.app import App, make_app
from digest.models import Actor, Subscriber
from digest.store.desk.audit import AuditLog
from digest.store.desk.users import Role
from digest.store.people.consent import UNNOMINATED, ConsentLog
from digest.store.people.preferences import ConsentContext, PreferenceStore
from digest.store.people.requests import RequestStore
from digest.usecases.breach import EXAMPLE
from tests.cli.newsroom import Newsroom, Run
from tests.support.folders import newsletter_folder

# Each test sends an edition.
pytestmark = pytest.mark.slow

KEY, LETTER = "2026-11-23", "breach-2026-11-24"
EARLY, LATE = "2026-11-23T07:00+05:30", "2026-11-24T09:00+05:30"
PEOPLE = [f"subscriber{n}@example.com" for n in range(6)]


def run(home: Path, *arguments: str, file: str = "what.yaml", **environment: str) -> Run:
    """Inform about a breach whose facts are not the example's."""
    text = EXAMPLE.replace("22 नवंबर", "21 नवंबर").replace("22 November", "21 November")
    text = text.replace("पासवर्ड और कुंजियाँ", "सारी कुंजियाँ").replace("passwords and keys", "all keys")
    text = text.replace('discovered: ""', 'discovered: "23 November, 22:00"')
    (home / "what.yaml").write_text(text, encoding="utf-8")
    return Newsroom(home).digest("breach", file, *arguments, DIGEST_NOW=LATE, **environment)


def letters(home: Path) -> list[str]:
    return sorted(path.name.split("-", 1)[1].removesuffix(".eml") for path in home.glob(f"outbox/{LETTER}/*.eml"))


def write_list(home: Path, people: list[str]) -> None:
    rows = "".join(f"  - email: {each}\n" for each in people)
    (home / "subscribers.yaml").write_text(f"subscribers:\n{rows}", encoding="utf-8")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An edition went to the first four; then one of them left, one was erased, and two others came."""
    folder = tmp_path / "newsletter"
    newsletter_folder(folder, all_sources=False)
    write_list(folder, PEOPLE[:4])
    with make_app(folder, environment={"DIGEST_NOW": EARLY}) as app:
        pipeline.send(app, KEY)
        _leave(app, PEOPLE[1])
        app.eraser.erase_whole(PEOPLE[2], "asked")
    write_list(folder, [each for each in PEOPLE if each != PEOPLE[2]])
    with make_app(folder, environment={"DIGEST_NOW": LATE}) as app:
        app.subscriber_list.sync()
        app.subscribers.sync([(each, Subscriber(each)) for each in PEOPLE if each != PEOPLE[2]], now=app.now())
    return folder


def _leave(app: App, email: str) -> None:
    preferences = PreferenceStore(app.database)
    found = preferences.find(email)
    assert found is not None
    preferences.unsubscribe(found.id, ConsentContext("test"), now=app.now())


def test_without_send_it_only_shows(home: Path) -> None:
    done = run(home, "--edition", KEY, "--json")
    assert done.code == 0, done.err
    shown = json.loads(done.out)
    assert (shown["affected"], shown["reached"], shown["unreached"], shown["sent"]) == (3, 2, 1, False)
    assert shown["held"] == {"email address": 3, "which editions they got": 3}
    assert letters(home) == []
    assert f"{PEOPLE[1]},no: unsubscribed" in (home / "breach/affected.csv").read_text(encoding="utf-8")
    assert "People affected: 3" in (home / "breach/board.md").read_text(encoding="utf-8")
    with make_app(home) as app:
        assert app.editions.get(LETTER) is None


def test_the_affected_get_the_letter_once(home: Path) -> None:
    for _ in range(2):
        done = run(home, "--edition", KEY, "--send")
        assert done.code == 0, done.err
        assert letters(home) == [PEOPLE[0], PEOPLE[3]]
    (file, _other) = sorted(home.glob(f"outbox/{LETTER}/*.eml"))
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert mail["Subject"] == "आपकी जानकारी: क्या हुआ और आप क्या करें"
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        assert body is not None
        text = " ".join(body.get_content().split())
        for words in (
            "बैकअप फ़ाइल",
            "a backup file",
            "23 नवंबर 2026",
            "23 November 2026",
            "desk@example.com",
            "Who answers your questions",
        ):
            assert words in text, (kind, words)
    # The schedule and a repeated send add nobody, and no page shows it.
    with make_app(home, environment={"DIGEST_NOW": LATE}) as app:
        pipeline.send(app, LETTER)
        assert letters(home) == [PEOPLE[0], PEOPLE[3]]
        assert LETTER not in app.archive.missing()
        acts = AuditLog(app.database).newest(9, subject=LETTER)
        assert [act.what for act in acts if act.what == "breach"] == ["breach", "breach"]


def test_the_examples_words_are_not_sent(home: Path) -> None:
    (home / "example.yaml").write_text(EXAMPLE, encoding="utf-8")
    done = Newsroom(home).digest("breach", "example.yaml", "--edition", KEY, "--send", DIGEST_NOW=LATE)
    assert (done.code, letters(home)) == (1, [])
    assert "The example's text is still in 'happened' and 'measures'" in done.err


def test_a_wider_scope_adds_the_others(home: Path) -> None:
    run(home, "--edition", KEY, "--send")
    done = run(home, "--copy-of", "2026-11-23 12:00", "--send", "--json")
    assert json.loads(done.out)["placed"] == 0
    done = run(home, "--store", "--send", "--json")
    shown = json.loads(done.out)
    assert (shown["affected"], shown["placed"]) == (5, 2)
    assert letters(home) == [PEOPLE[0], *PEOPLE[3:]]


def test_the_store_s_leak_names_everything_and_everybody_in_it(home: Path) -> None:
    with make_app(home, environment={"DIGEST_NOW": LATE}) as app:
        id = next(row.id for row in app.subscribers.candidates("x") if row.email == PEOPLE[0])
        now = app.now()
        app.answers.save(KEY, "feedback", id, 1, now=now, replace=True)
        app.subscriber_texts.answer(KEY, "feedback", id, "बढ़िया", about="feedback", now=now)
        for person, nominee in ((PEOPLE[0], "मीना"), (PEOPLE[3], "हरीश")):
            app.subscriber_editor.nominate(person, nominee, f"{nominee}@example.org", Actor("tests", "command"))
        # An edition sent again is no request about their data.
        RequestStore(app.database).record_again(id, KEY, now)
        log = ConsentLog(app.database)
        log.record(PEOPLE[3], UNNOMINATED, now + timedelta(seconds=1))
        app.accounts.users.add("सुधा", Role.EDITOR, now)
    grievance = {"NAME": "रेखा सिंह", "EMAIL": "help@example.com", "PHONE": "+91 11 0000 0000"}
    environment = {f"DIGEST_PRIVACY__GRIEVANCE__{name}": value for name, value in grievance.items()}
    done = run(home, "--store", "--json", DIGEST_PRIVACY__RESPONSIBLE="नदी मीडिया", **environment)
    assert done.code == 0, done.err
    held = json.loads(done.out)["held"]
    assert {name: held[name] for name in ("answers to polls and quizzes", "comments and replies")} == {
        "answers to polls and quizzes": 1,
        "comments and replies": 1,
    }
    assert (held["which editions they got"], held["nominee, with how to reach the person"]) == (3, 1)
    assert "requests about their data" not in held
    affected = (home / "breach/affected.csv").read_text(encoding="utf-8")
    assert '"मीना, मीना@example.org",no: named by a subscriber; tell them yourself' in affected
    assert "सुधा,no: has an account of the desk; tell them yourself" in affected
    assert "हरीश" not in affected
    letter = (home / "breach/letter.txt").read_text(encoding="utf-8")
    assert letter.count("रेखा सिंह, help@example.com, +91 11 0000 0000") == 2
    assert "whom you nominated" in " ".join(letter.split())
    board = (home / "breach/board.md").read_text(encoding="utf-8")
    assert "नदी मीडिया, " in board
    assert "रेखा सिंह, help@example.com" in board
    assert "## Discovery\n\n23 November, 22:00\n" in board


def test_mistakes_are_named(home: Path) -> None:
    assert "say what leaked" in run(home).err
    assert "There is no edition nix" in run(home, "--edition", "nix").err
    (home / "bad.yaml").write_text("happened: {hi: क}\n", encoding="utf-8")
    done = run(home, "--store", file="bad.yaml")
    assert done.code == 2
    assert "bad.yaml:1: 'happened.en' is required" in done.err
