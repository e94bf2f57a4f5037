"""Everything that needs only the store works while digest.yaml or subscribers.yaml has errors."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.cli.newsroom import Newsroom

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

KEY = "2026-11-23"
# Commands that need only the store.
READERS = (
    ("status",),
    ("alerts", "list"),
    ("events", "handle"),
    ("reconcile", KEY, "--history"),
    ("subscribers", "history", "ravi@example.com"),
    ("edition", "list"),
    ("edition", "show", KEY),
    ("store", "backup", "copy.db", "--force"),
    ("report",),
    ("subscribers", "list"),
    ("subscribers", "export"),
)
CHANGERS = (
    ("send",),
    ("compose",),
    ("edition", "approve", "vishesh"),
    ("subscribers", "add", "neha@example.com"),
)


# Piece of the file, what takes its place, and the first error.
FAULTS = (
    ("digest.yaml", "compose_at:", "compose_att:", "unknown key 'schedule.compose_att'"),
    ("digest.yaml", "timezone: Asia/Kolkata", "timezone: Kolkata", "'newsletter.timezone': expected"),
    ("digest.yaml", "email: news@", "mail: news@", "'newsletter.sender.email' is required"),
    ("digest.yaml", "max_stories: 12", 'max_stories: "12', "invalid YAML"),
    ("subscribers.yaml", "asha@example.com", "asha", "'email': 'asha' is not a valid email"),
)


def test_commands_that_need_only_the_store_work_and_warn_once(newsroom: Newsroom) -> None:
    newsroom.json("send")
    newsroom.json("compose", "--slug", "vishesh")
    for name, old, new, fault in FAULTS:
        path = newsroom.home / name
        valid = path.read_text(encoding="utf-8")
        path.write_text(valid.replace(old, new), encoding="utf-8")
        for command in READERS:
            run = newsroom.digest(*command)
            assert run.code == 0, (command, run.err)
            assert re.match(rf"{name}:\d+: {re.escape(fault)}", run.err), (command, run.err)
            assert run.err.count("\n") == 1, (command, run.err)
        doctor = newsroom.digest("doctor", "--offline")
        assert fault in doctor.out
        assert "good: store" in doctor.out
        for changer in CHANGERS if name == "digest.yaml" else CHANGERS[:1]:
            run = newsroom.digest(*changer)
            assert run.code == 2, changer
            assert fault in run.err
        if name == "subscribers.yaml":
            assert newsroom.digest("edition", "cancel", "vishesh").code == 0
        path.write_text(valid, encoding="utf-8")


def test_the_last_valid_list_is_shown_and_exported(newsroom: Newsroom) -> None:
    valid = newsroom.json("subscribers", "list")["subscribers"]
    path = newsroom.home / "subscribers.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("asha@example.com", "asha"), encoding="utf-8")
    # No valid list was ever read.
    assert newsroom.digest("subscribers", "list").code == 2
    path.write_text(
        path.read_text(encoding="utf-8").replace("email: asha\n", "email: asha@example.com\n"), encoding="utf-8"
    )
    newsroom.json("subscribers", "export", "list.csv")
    newsroom.set_subscribers("email: asha")
    assert [each["email"] for each in newsroom.json("subscribers", "list")["subscribers"]] == [
        each["email"] for each in valid
    ]
    exported = newsroom.digest("subscribers", "export")
    assert "asha@example.com" in exported.out
    assert "subscribers.yaml:2: 'email': 'asha' is not a valid email" in exported.err
    # Somebody is editing the file: the command does not change it.
    assert newsroom.json("subscribers", "list")["subscribers"][0]["email"] == valid[0]["email"]


def test_doctor_looks_at_the_settings_and_the_list(newsroom: Newsroom) -> None:
    valid = newsroom.digest("doctor", "--offline").out
    assert "good: settings: digest.yaml has no errors" in valid
    assert "good: list: subscribers.yaml has no errors" in valid
    newsroom.set_subscribers("email: asha", "email: ravi", "email: meena@example.com")
    kept = newsroom.digest("doctor", "--offline")
    assert (kept.code, "warning: list: subscribers.yaml:2:" in kept.out) == (0, True)
    assert "(and 1 more error)" in kept.out
    assert "`digest run` uses the last valid list" in kept.out
    stopped = newsroom.digest("doctor", "--offline", DIGEST_SUBSCRIBERS__ON_ERROR="stop")
    assert (stopped.code, "error: list: subscribers.yaml:2:" in stopped.out) == (1, True)
    assert "`digest run` sends to nobody" in stopped.out
    newsroom.edit_settings("max_stories: 12", "max_stories: many")
    faulty = newsroom.digest("doctor", "--offline").out
    assert "not known: list: the list was not checked" in faulty


def test_an_edition_can_be_paused_with_faulty_settings(newsroom: Newsroom) -> None:
    newsroom.json("compose")
    newsroom.digest("edition", "approve", KEY)
    newsroom.edit_settings("transport: outbox", "transport: outbux")
    assert newsroom.digest("edition", "pause", KEY).out == f"Edition {KEY} is paused.\n"


def test_who_leaves_and_what_comes_back_is_processed_with_faulty_settings(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.json("send")
    newsroom.json("store", "backup", str(tmp_path / "copy.db"))
    newsroom.edit_settings("compose_at:", "compose_att:")
    bounce = tmp_path / "bounce.eml"
    bounce.write_bytes(b"Subject: a letter\n\nHello\n")
    assert newsroom.json("bounces", str(bounce))["kinds"] == {"not a report": 1}
    assert newsroom.json("subscribers", "remove", "ravi@example.com")["email"] == "ravi@example.com"
    assert newsroom.json("subscribers", "erase", "asha@example.com", "--reason", "asked by phone")["known"]
    restored = newsroom.json("store", "restore", str(tmp_path / "copy.db"))
    assert (restored["sent_since"], restored["carried"]["erased"]) == ([], 1)


def test_returned_mail_waits_for_the_settings_by_which_it_is_recognised(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.json("send")
    newsroom.edit_settings("email: news@", "mail: news@")
    bounce = tmp_path / "bounce.eml"
    bounce.write_bytes(b"Subject: a letter\n\nHello\n")
    refused = newsroom.digest("bounces", str(bounce))
    assert (refused.code, "'newsletter.sender.email' is required" in refused.err) == (2, True)
    # A mail server keeps the mail.
    piped = subprocess.run(
        newsroom.command("bounces", "-"),
        input=bounce.read_bytes(),
        env=newsroom.env(),
        cwd=newsroom.home,
        capture_output=True,
        check=False,
    )
    assert piped.returncode == 75, piped
    # The folder of the outbox is not known either.
    newsroom.edit_settings("mail: news@", "email: news@")
    newsroom.edit_settings("transport: outbox", "transport: outbux")
    assert newsroom.digest("subscribers", "erase", "asha@example.com", "--reason", "asked").code == 2


@pytest.mark.parametrize(
    "line", ["store: {url: [1]}", 'stor: {url: "sqlite:///other.db"}', 'store: {ulr: "sqlite:///other.db"}']
)
def test_nothing_is_read_from_another_store_than_the_settings_mean(newsroom: Newsroom, line: str) -> None:
    newsroom.json("compose")
    path = newsroom.home / "digest.yaml"
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    run = newsroom.digest("status")
    assert run.code == 2
    assert f"digest.yaml:{path.read_text(encoding='utf-8').count(chr(10))}" in run.err
    assert not run.out


def test_a_faulty_file_makes_no_new_store(newsroom: Newsroom) -> None:
    newsroom.edit_settings("compose_at:", "compose_att:")
    assert newsroom.digest("edition", "list").code == 2
    assert not (newsroom.home / "digest.db").exists()


def test_a_draft_is_approved_for_the_last_valid_list(newsroom: Newsroom) -> None:
    newsroom.json("compose")
    newsroom.json("send", "--dry-run")
    newsroom.edit_settings("approval: auto", "approval: required")
    newsroom.set_subscribers("email: asha@example.com", "email: nobody")
    run = newsroom.digest("edition", "approve")
    assert run.code == 0, run.err
    assert run.out.startswith(f"Edition {KEY} is approved. `digest run` sends it at ")
    assert "subscribers.yaml:3: " in run.err
    again = newsroom.digest("edition", "approve")
    assert again.code == 1
    assert "No edition of today waits for approval" in again.err


def test_a_draft_cannot_be_resumed(newsroom: Newsroom) -> None:
    newsroom.json("compose")
    run = newsroom.digest("edition", "resume", KEY)
    assert run.code == 1
    assert f"Edition {KEY} is a draft, not paused" in run.err
    assert f"digest edition approve {KEY}" in run.err
    newsroom.digest("edition", "approve", KEY)
    assert (
        f"is approved, not paused, so it cannot be resumed. `digest send {KEY}`"
        in newsroom.digest("edition", "resume", KEY).err
    )
