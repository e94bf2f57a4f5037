"""`digest subscribers`: imports, exports, history, erasure and several list files."""

from __future__ import annotations

import csv
import json
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from digest.app import make_app
from digest.store.people.preferences import ConsentContext, PreferenceStore
from digest.store.people.signups import SignupStore
from digest.subscribers.imports.formats import FORMATS, PAUSABLE
from tests.cli.newsroom import Newsroom

LIST = """\
email,name,topics,frequency,timezone,hour,format,status
sunita@example.com,सुनीता राव,"देश,खेल",weekdays,Asia/Kolkata,08:00,text,active
mohan@example.com,"=HYPERLINK(""x"")",,daily,Asia/Kolkata,,html,active
paused@example.com,,,daily,Asia/Kolkata,,html,paused
gone@example.com,,,daily,Asia/Kolkata,,html,unsubscribed
dead@example.com,,,daily,Asia/Kolkata,,html,bounced
faulty@@example.com,,,daily,Asia/Kolkata,,html,active
asha@example.com,कोई,,daily,Asia/Kolkata,,html,active
"""


@pytest.fixture
def list_file(newsroom: Newsroom) -> Path:
    path = newsroom.home / "old.csv"
    path.write_text(LIST, encoding="utf-8")
    return path


def emails(newsroom: Newsroom, *arguments: str) -> list[str]:
    return [row["email"] for row in newsroom.json("subscribers", "list", *arguments)["subscribers"]]


@pytest.mark.slow
def test_an_import_is_undone_and_consents_and_suppressions_stay(newsroom: Newsroom, list_file: Path) -> None:
    newsroom.json("subscribers", "import", "old.csv")
    before = newsroom.json("subscribers", "export", "barred.csv", "--barred")["readers"]
    # Sunita signs up herself afterwards.
    with make_app(newsroom.home) as app:
        signups = SignupStore(app.database)
        id = signups.request("sunita@example.com", "sunita@example.com", wording="", detail="", now=app.now())
        signups.confirm(id, timezone="Asia/Kolkata", source="web:join", detail="", now=app.now())
    run = newsroom.digest("subscribers", "remove", "--origin", "old")
    assert (run.code, len(emails(newsroom))) == (0, 10)
    assert (
        run.out == "Would remove 2 subscribers of import old from the list. Nothing was changed; --yes removes them.\n"
    )
    assert "1 subscriber of old signed up too, and stay on the list: sunita@example.com" in run.err
    assert "Those of import old: " in run.err
    assert "mohan@example.com" in run.err
    done = newsroom.json("subscribers", "remove", "--origin", "old", "--yes")
    removed = done.pop("removed_addresses")
    assert done == {
        "origin": "old",
        "dry_run": False,
        "removed": 2,
        "kept": 1,
        "kept_addresses": ["sunita@example.com"],
    }
    assert (len(removed), "mohan@example.com" in removed) == (2, True)
    assert emails(newsroom, "--origin", "old") == ["sunita@example.com"]
    assert newsroom.json("subscribers", "export", "barred.csv", "--barred")["readers"] == before
    history = newsroom.json("subscribers", "history", "mohan@example.com")["history"]
    assert {"imported", "removed"} < {entry["what"] for entry in history}
    again = newsroom.json("subscribers", "import", "old.csv")
    assert (again["returned"], again["kept"]) == (2, 2)
    refused = newsroom.digest("subscribers", "remove", "--origin", "web")
    assert (refused.code, "known: old" in refused.err) == (2, True)
    assert newsroom.digest("subscribers", "remove").code == 2


def test_an_import_says_how_to_undo_it_and_counts_every_row(newsroom: Newsroom) -> None:
    rows = "email\nmohan@example.com\nnobody\nlata@example.com\nx@\ngita@example.com\n"
    (newsroom.home / "new list.csv").write_text(rows, encoding="utf-8")
    run = newsroom.digest("subscribers", "import", "new list.csv")
    assert "To undo it: digest subscribers undo-import 1" in run.out
    assert "read: 5 of 5" in run.err
    assert "To undo it" not in newsroom.digest("subscribers", "import", "new list.csv").out


@pytest.mark.slow
def test_an_import_names_who_gets_no_more_mail_and_records_the_consent_of_the_file(newsroom: Newsroom) -> None:
    newsroom.digest("subscribers", "add", "asha@example.com")
    rows = 'email,status,topics\nasha@example.com,unsubscribed,\nnew@example.com,,"खेल,खेले"\n'
    (newsroom.home / "mela.csv").write_text(rows, encoding="utf-8")
    shown = newsroom.digest("subscribers", "import", "mela.csv", "--dry-run")
    assert "no more mail: asha@example.com" in shown.err
    assert "1 subscriber imported without the unknown topic 'खेले'; did you mean 'खेल'?" in shown.err
    done = newsroom.json("subscribers", "import", "mela.csv", "--consent", "form at the mela")
    assert (done["added"], done["stopped"], done["first_stopped"]) == (1, 1, ["asha@example.com"])
    assert done["without_topic"] == [{"line": 3, "email": "new@example.com", "topic": "खेले", "file": "mela.csv"}]
    assert "form at the mela" in newsroom.digest("subscribers", "history", "new@example.com").out


@pytest.mark.slow
def test_an_imported_list_gets_the_edition(newsroom: Newsroom, list_file: Path) -> None:
    rehearsed = newsroom.json("subscribers", "import", "old.csv", "--dry-run")
    assert len(emails(newsroom)) == 7
    result = newsroom.json("subscribers", "import", "old.csv", "--rejected", "bad.csv")
    assert {**rehearsed, "dry_run": False, "import": 1} == result
    assert (result["added"], result["kept"], result["barred"], result["origin"], result["format"]) == (
        3,
        1,
        2,
        "old",
        "csv",
    )
    assert result["rejected"][0]["line"] == 7
    bad = (newsroom.home / "bad.csv").read_text(encoding="utf-8").splitlines()
    assert bad[1].startswith("faulty@@example.com,")
    assert "7,'faulty@@example.com' is not a valid email address" in bad[1]
    assert emails(newsroom, "--origin", "old") == ["sunita@example.com", "mohan@example.com", "paused@example.com"]
    sent = newsroom.json("send")
    assert (sent["frozen"], sent["accepted"]) == (10, 8)
    assert {"sunita@example.com", "mohan@example.com"} < set(newsroom.outbox())
    assert newsroom.json("check", "--offline")["readers"] == 10


@pytest.mark.slow
def test_a_newsletter_needs_no_list_file_if_it_has_imports(newsroom: Newsroom, list_file: Path) -> None:
    (newsroom.home / "subscribers.yaml").unlink()
    assert newsroom.digest("send").code == 2
    newsroom.json("subscribers", "import", "old.csv")
    assert newsroom.json("send")["accepted"] == 3
    assert newsroom.json("subscribers", "check")["imports"] == {"old": 4}


@pytest.mark.slow
@pytest.mark.parametrize("kind", FORMATS)
def test_an_export_can_be_imported_unchanged(newsroom: Newsroom, list_file: Path, tmp_path: Path, kind: str) -> None:
    newsroom.json("subscribers", "import", "old.csv")
    out = tmp_path / "out"
    assert newsroom.json("subscribers", "export", str(out), "--format", kind)["readers"] == (
        10 if kind in PAUSABLE else 8
    )
    newsroom.json("subscribers", "export", str(out) + ".suppressed", "--format", kind, "--barred")
    other = Newsroom(tmp_path / "other")
    Newsroom(tmp_path).digest("init", "other")
    other.set_subscribers("email: someone@example.com")
    result = other.json("subscribers", "import", str(out), "--origin", "moved")
    assert (result["format"], result["rejected"], result["ignored"]) == (kind, [], result["ignored"])
    assert other.json("subscribers", "import", str(out) + ".suppressed")["barred"] == 2
    before = {row["email"]: row for row in newsroom.json("subscribers", "list")["subscribers"]}
    after = other.json("subscribers", "list", "--origin", "moved")["subscribers"]
    compared = {"csv": "name topics frequency timezone hour format status", "jsonl": "name topics hour format status",
                "substack": ""}.get(kind, "name topics")  # fmt: skip
    assert len(after) == result["added"]
    for row in after:
        assert {key: row[key] for key in compared.split()} == {
            key: before[row["email"]][key] for key in compared.split()
        }
    suppressed = other.json("subscribers", "history", "dead@example.com")["suppressed"]
    assert suppressed == ("bounced" if kind in ("csv", "jsonl", "mailchimp") else "unsubscribed")


@pytest.mark.slow
def test_no_cell_is_a_formula(newsroom: Newsroom, list_file: Path) -> None:
    newsroom.json("subscribers", "import", "old.csv")
    out = newsroom.digest("subscribers", "export").out
    assert '"\'=HYPERLINK(""x"")"' in out
    assert ",=" not in out


@pytest.mark.slow
def test_imported_subscribers_are_changed_and_removed_in_the_store(newsroom: Newsroom, list_file: Path) -> None:
    newsroom.json("subscribers", "import", "old.csv")
    run = newsroom.digest(
        "subscribers", "set", "MOHAN@example.com", "--name", "मोहन", "--hour", "09:30", "--topics", "खेल"
    )
    assert run.out == "Changed MOHAN@example.com (in the store, from import old).\n"
    row = next(r for r in newsroom.json("subscribers", "list")["subscribers"] if r["email"] == "mohan@example.com")
    assert (row["name"], row["hour"], row["topics"], row["origin"]) == ("मोहन", "09:30", ["खेल"], "old")
    assert newsroom.json("subscribers", "set", "mohan@example.com", "--hour", "")["origin"] == "old"
    assert newsroom.json("subscribers", "set", "asha@example.com", "--status", "paused")["file"] == "subscribers.yaml"
    assert "from import old" in newsroom.digest("subscribers", "add", "mohan@example.com").err
    assert newsroom.json("subscribers", "remove", "mohan@example.com")["origin"] == "old"
    assert newsroom.digest("subscribers", "remove", "mohan@example.com").code == 1
    story = newsroom.json("subscribers", "history", "mohan@example.com")
    assert story["listed"] == ""
    whats = [one["what"] for one in story["history"] if one["kind"] in ("list", "consent")]
    assert sorted(whats) == ["added", "changed", "changed", "imported", "removed"]
    assert any("digest subscribers remove" in one["why"] for one in story["history"])


@pytest.mark.slow
def test_history_shows_everything_about_a_subscriber(newsroom: Newsroom) -> None:
    newsroom.digest("subscribers", "add", "new@example.com", "--consent", "form at the fair", "--name", "नई")
    newsroom.json("send")
    newsroom.json("subscribers", "set", "new@example.com", "--frequency", "weekly:sun", "--timezone", "Asia/Kolkata")
    story = newsroom.json("subscribers", "history", "new@example.com")
    assert story["listed"].startswith("subscribers.yaml:")
    result = [(one["kind"], one["what"], one["edition"]) for one in story["history"]]
    assert ("letter", "accepted", "2026-11-23") in result
    assert any("form at the fair" in one["why"] for one in story["history"])
    assert "accepted" in newsroom.digest("subscribers", "history", "new@example.com").out
    assert newsroom.digest("subscribers", "history", "stranger@example.com").code == 1


@pytest.mark.slow
def test_a_nomination_by_letter_is_recorded_and_erased_with_the_person(newsroom: Newsroom) -> None:
    newsroom.json("send")
    nominate = ("subscribers", "nominate", "Ravi@example.com")
    assert newsroom.digest(*nominate, "मीना वर्मा", "--contact", " ").code == 2
    assert newsroom.digest("subscribers", "nominate", "stranger@example.com", "मीना", "--contact", "x").code == 1
    done = newsroom.json(*nominate, "मीना  वर्मा", "--contact", "98000 00000")
    assert done["email"] == "Ravi@example.com"
    held = json.loads(newsroom.digest("subscribers", "data", "ravi@example.com").out)
    (entry,) = [one for one in held["consents"] if one["what"] == "nominated"]
    assert entry["detail"] == "मीना वर्मा, 98000 00000"
    assert entry["source"].startswith("digest subscribers nominate")
    newsroom.json("subscribers", "erase", "ravi@example.com", "--reason", "asked by phone")
    for path in newsroom.home.iterdir():
        if path.is_file():
            assert b"98000 00000" not in path.read_bytes(), path


@pytest.mark.slow
def test_erasing_a_subscriber_removes_their_emails_from_the_outbox(newsroom: Newsroom) -> None:
    newsroom.json("send")
    outbox = newsroom.home / "outbox"
    before = {path.name for path in outbox.glob("*/*.eml")}
    (mine,) = [name for name in before if "ravi@example.com" in name]
    part = next(outbox.glob("*/*.eml")).with_name(f".{mine}.part")
    part.write_bytes(b"half of a mail")
    result = newsroom.json("subscribers", "erase", "Ravi@example.com", "--reason", "asked by phone")
    assert (result["known"], result["letters"], result["mails"], result["posts"]) == (True, 1, 2, 0)
    assert {path.name for path in outbox.glob("*/*")} == before - {mine}


@pytest.mark.slow
def test_an_erased_subscriber_is_gone_from_file_and_store(newsroom: Newsroom) -> None:
    newsroom.json("send")
    before = newsroom.json("status")
    result = newsroom.json("subscribers", "erase", "Ravi@example.com", "--reason", "asked by phone")
    assert (result["known"], result["letters"]) == (True, 1)
    for path in newsroom.home.iterdir():
        if path.is_file():
            assert b"ravi@example.com" not in path.read_bytes(), path
    assert newsroom.json("status") == before
    assert newsroom.digest("subscribers", "add", "ravi@example.com").code == 1
    newsroom.set_subscribers("email: asha@example.com", "email: RAVI@example.com")
    (note,) = newsroom.json("subscribers", "check")["notes"]
    assert note.startswith("subscribers.yaml:3: RAVI@example.com was erased")
    newsroom.json("send", "2026-11-24", DIGEST_NOW="2026-11-24T07:00+05:30")
    assert list(newsroom.outbox("2026-11-24")) == ["asha@example.com"]


@pytest.mark.slow
def test_several_files_make_one_list(newsroom: Newsroom) -> None:
    (newsroom.home / "subscribers.yaml").write_text(
        "include: [desk.yaml]\n# ours\nsubscribers:\n  - email: a@example.com\n"
    )
    desk = newsroom.home / "desk.yaml"
    desk.write_text("defaults: {format: text}\nsubscribers:\n  - email: b@example.com   # kept\n")
    assert emails(newsroom, "--origin", "desk.yaml") == ["b@example.com"]
    assert newsroom.json("subscribers", "set", "b@example.com", "--name", "बी")["file"] == "desk.yaml"
    assert desk.read_text().endswith("  - email: b@example.com   # kept\n    name: बी\n")
    assert newsroom.json("subscribers", "add", "c@example.com", "--file", "desk.yaml")["file"] == "desk.yaml"
    assert newsroom.digest("subscribers", "add", "d@example.com", "--file", "other.yaml").code == 2
    assert newsroom.digest("subscribers", "add", "C@example.com").code == 1
    assert newsroom.json("send")["accepted"] == 3
    assert "Removed c@example.com (in desk.yaml)" in newsroom.digest("subscribers", "remove", "c@example.com").out
    assert json.loads(newsroom.digest("subscribers", "check", "--json").out)["readers"] == 2


def test_check_names_suppressed_subscribers_with_their_line(newsroom: Newsroom, list_file: Path) -> None:
    newsroom.set_subscribers("email: a@example.com", "email: GONE@example.com")
    newsroom.json("subscribers", "import", "old.csv")
    (note,) = newsroom.json("subscribers", "check")["notes"]
    assert note == "subscribers.yaml:3: GONE@example.com is suppressed (unsubscribed) and gets no mail"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("import", "none.csv"), "can't be read"),
        (("import", "old.csv", "--origin", " "), "expected a name"),
        (("import", "old.csv", "--map", "email"), "expected KEY=VALUE such as email=Mail"),
        (("import", "old.csv", "--format", "excel"), "'excel' is not one of"),
        (("export", "--origin", "x"), "there is no 'x'; known: subscribers.yaml"),
        (("export", "--json"), "give a FILE"),
        (("list", "--origin", "x"), "there is no 'x'"),
        (("erase", "asha@example.com"), "--reason"),
        (("history", "nobody"), "not a valid email address"),
    ],
)
def test_wrong_usage_is_reported(newsroom: Newsroom, list_file: Path, arguments: tuple[str, ...], message: str) -> None:
    run = newsroom.digest("subscribers", *arguments)
    assert run.code == 2
    assert message in run.err


@pytest.mark.slow
@pytest.mark.parametrize("kind", FORMATS)
def test_an_export_contains_pauses_if_the_format_allows_it(newsroom: Newsroom, tmp_path: Path, kind: str) -> None:
    newsroom.set_subscribers(
        "email: asha@example.com", "email: ravi@example.com, status: paused", "email: over@example.com",
        "email: joseph@example.com",
    )  # fmt: skip
    newsroom.json("subscribers", "export", str(tmp_path / "first"))
    with make_app(newsroom.home, environment=newsroom.env()) as app:
        preferences = PreferenceStore(app.database)
        for who, days in (("asha", 14), ("over", -1)):
            known = preferences.find(f"{who}@example.com")
            assert known
            until = app.now() + timedelta(days=days)
            preferences.set(known.id, {"paused_until": until}, ConsentContext("web:leave"), now=app.now())
    result = newsroom.json("subscribers", "export", str(tmp_path / "out"), "--format", kind)
    lines = (tmp_path / "out").read_text(encoding="utf-8").splitlines()
    asha, ravi = (next((line for line in lines if name in line), "") for name in ("asha", "ravi"))
    if kind not in PAUSABLE:
        assert not asha + ravi
        assert result["left_out"] == {f"paused, which {kind} cannot express": 2}
        return
    assert "2026-12-07T01:30:00Z" in asha
    assert all(word in asha + ravi for word in (["disabled"] if kind == "listmonk" else ["paused"]))
    assert "2026-12-07" not in ravi
    assert not any("2026-11-22" in line for line in lines), "a pause that is over is not exported"
    other = Newsroom(tmp_path / "other")
    Newsroom(tmp_path).digest("init", "other")
    other.set_subscribers("email: someone@example.com")
    assert other.json("subscribers", "import", str(tmp_path / "out"), "--origin", "moved")["rejected"] == []
    moved = {row["email"]: row for row in other.json("subscribers", "list", "--origin", "moved")["subscribers"]}
    result = {who.partition("@")[0]: (row["status"], (row["paused_until"] or "")[:10]) for who, row in moved.items()}
    assert result == {
        "asha": ("active", "2026-12-07"), "ravi": ("paused", ""), "over": ("active", ""), "joseph": ("active", ""),
    }  # fmt: skip


@pytest.mark.slow
def test_the_zip_file_of_mailchimp_is_one_import(newsroom: Newsroom) -> None:
    head = "Email Address,First Name,Last Name,OPTIN_TIME,LEID,EUID,TAGS\n"
    rows = {
        "subscribed": "neha@example.com,Neha,Rao,2020-02-03 04:05:06,1,a,\nleft@example.com,,,,2,b,\nbad@@x,,,,3,c,\n",
        "unsubscribed": "left@example.com,,,,4,d,\n",
        "cleaned": "dead@example.com,,,,5,e,\n",
        "nonsubscribed": "buyer@example.com,,,,6,f,\n",
    }
    with zipfile.ZipFile(newsroom.home / "audience.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for kind, text in rows.items():
            archive.writestr(f"{kind}_email_audience_export_7.csv", head + text)
    rehearsed = newsroom.json("subscribers", "import", "audience.zip", "--dry-run")
    assert "neha@example.com" not in emails(newsroom)
    result = newsroom.json("subscribers", "import", "audience.zip", "--rejected", "bad.csv")
    assert {**rehearsed, "dry_run": False, "import": 1} == result
    assert (result["format"], result["origin"], result["added"], result["barred"]) == ("mailchimp", "audience", 1, 2)
    assert [(row["file"].partition("_")[0], row["line"], row["email"]) for row in result["rejected"]] == [
        ("subscribed", 3, "left@example.com"),
        ("subscribed", 4, "bad@@x"),
        ("nonsubscribed", 2, "buyer@example.com"),
    ]
    assert "on line 2 of unsubscribed_email_audience_export_7.csv" in result["rejected"][0]["reason"]
    bad = list(csv.DictReader((newsroom.home / "bad.csv").read_text(encoding="utf-8").splitlines()))
    assert [(row["rejected file"][:10], row["rejected line"], row["Email Address"]) for row in bad] == [
        ("subscribed", "3", "left@example.com"),
        ("subscribed", "4", "bad@@x"),
        ("nonsubscri", "2", "buyer@example.com"),
    ]
    message = newsroom.digest("subscribers", "import", "audience.zip")
    assert "nonsubscribed_email_audience_export_7.csv:2: has not consented to mail" in message.err
    for who, why in (("left", "unsubscribed"), ("dead", "bounced")):
        assert newsroom.json("subscribers", "history", f"{who}@example.com")["suppressed"] == why


def test_mailchimp_contacts_without_consent_are_not_imported(newsroom: Newsroom) -> None:
    path = newsroom.home / "nonsubscribed_email_audience_export_7.csv"
    path.write_text("Email Address,LEID,EUID\nbuyer@example.com,1,2\n", encoding="utf-8")
    result = newsroom.json("subscribers", "import", path.name, code=1)
    assert result["added"] == 0


@pytest.mark.parametrize(
    "arguments",
    [("{{x}}@example.com",), ("zoya@example.com", "--name", "{{unsubscribe}}"), ("-DGX_LEAVE-@example.com",)],
)
def test_a_placeholder_cannot_be_added(newsroom: Newsroom, arguments: tuple[str, ...]) -> None:
    before = (newsroom.home / "subscribers.yaml").read_bytes()
    run = (
        newsroom.digest("subscribers", "add", "--", *arguments)
        if arguments[0][0] == "-"
        else newsroom.digest("subscribers", "add", *arguments)
    )
    assert run.code == 2
    assert "looks like a placeholder, which email services replace" in run.err
    assert (newsroom.home / "subscribers.yaml").read_bytes() == before


@pytest.mark.slow
def test_groups_are_saved_shown_and_filter_lists_and_exports(newsroom: Newsroom) -> None:
    newsroom.set_subscribers(
        "email: asha@example.com, topics: [खेल]", "email: ravi@example.com, status: paused", "email: mira@example.com"
    )
    (newsroom.home / "more.csv").write_text("email,topics\ndev@example.com,खेल\n", encoding="utf-8")
    newsroom.digest("subscribers", "import", "more.csv")
    done = newsroom.json("subscribers", "segment", "add", "खेल वाले", "--topic", "खेल", "--state", "active")
    assert done == {"name": "खेल वाले", "filter": {"state": "active", "topic": "खेल"}, "subscribers": 2}
    newsroom.digest("subscribers", "segment", "add", "a", "--search", "a")
    (first, second) = newsroom.json("subscribers", "segment", "list")["segments"]
    assert (first["name"], first["filter"], first["subscribers"]) == ("a", {"search": "a"}, 1)
    assert second["subscribers"] == 2
    shown = newsroom.json("subscribers", "segment", "show", "खेल वाले")["subscribers"]
    assert [(each["email"], each["origin"]) for each in shown] == [
        ("dev@example.com", "more"),
        ("asha@example.com", ""),
    ]
    listed = newsroom.json("subscribers", "list", "--segment", "खेल वाले")["subscribers"]
    assert {each["email"] for each in listed} == {"asha@example.com", "dev@example.com"}
    exported = newsroom.digest("subscribers", "export", "--segment", "a").out.splitlines()
    assert [line.partition(",")[0] for line in exported] == ["email", "asha@example.com"]
    assert "1 subscriber" in newsroom.digest("subscribers", "list", "--segment", "a").out
    assert newsroom.digest("subscribers", "segment", "remove", "a").code == 0
    run = newsroom.digest("subscribers", "list", "--segment", "a")
    assert (run.code, "There is no group 'a'; known: खेल वाले." in run.err) == (1, True)
    with make_app(newsroom.home) as app:
        assert [act.what for act in app.audit.newest(3)] == ["segment dropped", "segment saved", "segment saved"]


def test_a_group_with_wrong_values_is_refused(newsroom: Newsroom) -> None:
    assert newsroom.digest("subscribers", "segment", "add", "x").code == 2
    run = newsroom.digest("subscribers", "segment", "add", "x", "--topic", "खेलल")
    assert run.code == 2
    assert "did you mean 'खेल'?" in run.err
    assert newsroom.digest("subscribers", "segment", "add", "  ", "--state", "active").code == 2
    assert newsroom.json("subscribers", "segment", "list") == {"segments": []}


def test_many_rejected_rows_are_counted_by_reason(newsroom: Newsroom, tmp_path: Path) -> None:
    rows = [f"s{number}@example.com" for number in range(9)] * 2 + ["user@", "x@y", "no address"]
    (tmp_path / "list.csv").write_text("\n".join(["email", *rows]), encoding="utf-8")
    run = newsroom.digest("subscribers", "import", str(tmp_path / "list.csv"))
    kinds = run.err.split("in total:\n")[1].splitlines()
    assert "    9 × the same address as on line …" in kinds
    assert sum(int(line.split(" × ")[0]) for line in kinds if " × " in line) == 12


def test_an_unknown_word_is_counted_by_itself_and_a_mistyped_domain_is_named(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    rows = [f"s{number}@example.com,{'member' if number % 3 else 'ex'}" for number in range(12)]
    (tmp_path / "list.csv").write_text("\n".join(["email,status", *rows, "x@gmial.com,"]), encoding="utf-8")
    run = newsroom.digest("subscribers", "import", str(tmp_path / "list.csv"), "--dry-run")
    kinds = [line.strip() for line in run.err.split("in total:\n")[1].splitlines() if " × " in line]
    assert [(line.split(" × ")[0], line.rpartition(" ")[2]) for line in kinds] == [("8", "'member'"), ("4", "'ex'")]
    assert "x@gmial.com looks mistyped: x@gmail.com?" in run.err


@pytest.mark.slow
def test_several_change_at_once_and_an_import_is_undone(newsroom: Newsroom) -> None:
    (newsroom.home / "new.csv").write_text("email,topics\nmohan@example.com,खेल\nlata@example.com,\n", encoding="utf-8")
    number = newsroom.json("subscribers", "import", "new.csv")["import"]
    (newsroom.home / "weekly.csv").write_text("email,frequency\nila@example.com,weekly\n", encoding="utf-8")
    weekly = ("subscribers", "import", "weekly.csv", "--dry-run")
    assert len(newsroom.json(*weekly, code=1)["rejected"]) == 1
    assert newsroom.json(*weekly, "--weekly-day", "sun")["rejected"] == []
    people = ("mohan@example.com", "lata@example.com")
    act = ("subscribers", "bulk", *people, "--add-topic", "देश")
    asked = newsroom.json(*act)
    assert (asked["dry_run"], asked["changed"]) == (True, ["mohan@example.com"])
    assert asked["stay"] == [{"why": "get all topics", "emails": ["lata@example.com"]}]
    told = newsroom.digest(*act)
    assert "Nothing was changed; --yes does it." in told.out
    assert "1 subscriber not changed (get all topics): lata@example.com" in told.err
    assert newsroom.json(*act, "--yes")["changed"] == ["mohan@example.com"]
    assert newsroom.json(*act)["changed"] == []
    # Whoever is paused for a day at noon misses the edition of the next morning.
    noon = "2026-11-23T12:00+05:30"
    assert newsroom.digest("subscribers", "bulk", people[0], "--pause", "1", "--yes", DIGEST_NOW=noon).code == 0
    # An act for one is logged as the desk logs it.
    with make_app(newsroom.home) as app:
        assert app.audit.newest(1)[0].what == "subscriber paused"
    rows = newsroom.json("subscribers", "list")["subscribers"]
    (paused,) = (row["paused_until"] for row in rows if row["email"] == people[0])
    assert datetime.fromisoformat(paused) == datetime.fromisoformat(noon) + timedelta(days=1)
    stopped = ("mohan@example.com", "asha@example.com")
    assert set(newsroom.json("subscribers", "bulk", *stopped, "--suppress", "bought", "--yes")["changed"]) == set(
        stopped
    )
    assert set(newsroom.json("subscribers", "bulk", *stopped, "--lift", "agreed", "--yes")["changed"]) == set(stopped)
    assert newsroom.json("subscribers", "bulk", *stopped, "--lift", "agreed")["stay"][0]["why"] == "get mail already"
    assert newsroom.json("subscribers", "bulk", stopped[0], "--suppress", "bought", "--yes")["changed"] == [stopped[0]]
    assert newsroom.json("subscribers", "bulk", stopped[0], "--lift", "agreed", "--yes")["changed"] == [stopped[0]]
    frequencies = {row["email"]: row["frequency"] for row in newsroom.json("subscribers", "list")["subscribers"]}
    assert len(newsroom.json("subscribers", "bulk", *stopped, "--frequency", "weekly:sun", "--yes")["changed"]) == 2
    assert len(newsroom.json("subscribers", "bulk", *stopped, "--restore-frequency", "--yes")["changed"]) == 2
    rows = newsroom.json("subscribers", "list")["subscribers"]
    assert {row["email"]: row["frequency"] for row in rows} == frequencies
    wrong = newsroom.digest("subscribers", "bulk", *people, "--frequency", "hourly")
    assert wrong.code == 2
    assert [each["import"] for each in newsroom.json("subscribers", "undo-import")["imports"]] == [number]
    planned = newsroom.json("subscribers", "undo-import", str(number))
    assert (planned["removed"], planned["kept"]) == (["lata@example.com"], ["mohan@example.com"])
    assert newsroom.json("subscribers", "undo-import", str(number), "--yes") == {**planned, "dry_run": False}
    assert "lata@example.com" not in emails(newsroom)
    assert "mohan@example.com" in emails(newsroom)
    again = newsroom.digest("subscribers", "undo-import", str(number))
    assert again.code == 1
    assert "it is undone already" in again.err
