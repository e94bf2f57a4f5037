"""`digest reconcile` after SMTP: what is known of each recipient, and decisions one by one, with evidence."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from digest.app import make_app
from tests.cli.newsroom import Newsroom, parse_mail
from tests.deliver.scripted_smtp import ScriptedSmtp
from tests.support.folders import newsletter_folder

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

EDITION = "2026-11-23"
ASHA, RAVI, MEENA, KABIR = (f"{name}@example.com" for name in ("asha", "ravi", "meena", "kabir"))


def over_smtp(server: Any) -> dict[str, str]:
    return {
        "DIGEST_DELIVERY__TRANSPORT": "smtp",
        "DIGEST_DELIVERY__SMTP__HOST": "127.0.0.1",
        "DIGEST_DELIVERY__SMTP__PORT": str(server.port),
        "DIGEST_DELIVERY__SMTP__SECURITY": "none",
        "DIGEST_DELIVERY__THREADS": "1",
        "DIGEST_NEWSLETTER__BASE_URL": "https://news.example.com",
    }


@pytest.fixture
def broken(interrupted: Newsroom, tmp_path: Path) -> Newsroom:
    """An edition with two unknown recipients: Asha got it, Ravi did not. Kabir and Meena have it."""
    home = tmp_path / "newsletter"
    shutil.copytree(interrupted.home, home)
    return Newsroom(home, dict(interrupted.environment))


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    """The newsletter folder that `broken` copies: a server that breaks off takes seconds."""
    home = tmp_path_factory.mktemp("interrupted") / "newsletter"
    newsletter_folder(home, all_sources=False)
    newsroom = Newsroom(home)
    newsroom.set_subscribers(*(f"email: {address}" for address in (ASHA, MEENA, RAVI, KABIR)))
    with ScriptedSmtp(dot=[None, b"250 fine\r\n", b"250-2.0.0 Ok: queued\r\n250 as 4F2", b"250 fine\r\n"]) as server:
        newsroom.environment |= over_smtp(server)
        newsroom.digest("send")
    status = newsroom.json("status")
    assert (status["accepted"], status["unknown"], status["pending"]) == (2, 2, 0)
    return newsroom


def unknown(newsroom: Newsroom) -> dict[str, dict[str, Any]]:
    batches = newsroom.json("reconcile", EDITION, code=1)["batches"]
    return {each["email"]: each for batch in batches for each in batch["recipients"]}


def test_each_recipient_is_shown_with_all_that_is_known(broken: Newsroom) -> None:
    found = unknown(broken)
    assert set(found) == {ASHA, RAVI}
    assert found[ASHA]["last_words"] == "354 go on"
    assert found[RAVI]["last_words"] == "250-2.0.0 Ok: queued 250 as 4F2"
    assert found[ASHA]["host"] == f"127.0.0.1:{broken.environment['DIGEST_DELIVERY__SMTP__PORT']}"
    assert found[ASHA]["time"].startswith("2026-11-23T07:00")
    assert found[ASHA]["time"].endswith("+05:30")
    text = broken.digest("reconcile", EDITION).out
    for part in (ASHA, found[ASHA]["message_id"], "2026-11-23 07:00", "IST", "354 go on", found[ASHA]["attempt"]):
        assert part in text


def test_the_message_id_is_that_of_the_email(broken: Newsroom) -> None:
    """As in the mail server's log: the email has the same one when it is sent again."""
    expected = unknown(broken)[RAVI]["message_id"]
    assert broken.digest("reconcile", EDITION, "--resend", RAVI, "--reason", "not in the log").code == 1
    assert broken.digest("send", EDITION, DIGEST_DELIVERY__TRANSPORT="outbox").code == 1
    assert parse_mail(broken.outbox()[RAVI])["Message-ID"] == f"<{expected}>"


def test_recipients_are_accepted_and_resent_one_by_one(broken: Newsroom) -> None:
    accepted = broken.json("reconcile", EDITION, "--accept", "Asha@Example.com", "--evidence", "in the log", code=1)
    assert (accepted["unknown"], accepted["pending"]) == (1, 0)
    resent = broken.json("reconcile", EDITION, "--resend", RAVI, "--reason", "not in the log")
    assert (resent["unknown"], resent["pending"]) == (0, 1)
    with ScriptedSmtp() as server:
        sent = broken.json("send", EDITION, **over_smtp(server))
        assert server.taken == [RAVI]
    assert (sent["state"], sent["frozen"], sent["accepted"]) == ("done", 4, 4)


def test_nothing_of_a_cancelled_edition_is_to_be_sent(broken: Newsroom) -> None:
    broken.digest("edition", "cancel", EDITION)
    run = broken.digest("reconcile", EDITION, "--resend", RAVI, "--reason", "asked him")
    assert broken.json("status")["pending"] == 1
    assert "digest send" not in run.err


def test_a_paused_edition_is_to_be_resumed(broken: Newsroom) -> None:
    broken.digest("edition", "pause", EDITION)
    run = broken.digest("reconcile", EDITION, "--resend", RAVI, "--reason", "asked him")
    assert f"Edition {EDITION} is paused: digest edition resume {EDITION}" in run.err
    assert "digest run" not in run.err


def test_both_in_one_command(broken: Newsroom) -> None:
    done = broken.json("reconcile", EDITION, "--accept", ASHA, "--resend", "all", "--evidence", "the log of mx")
    assert (done["unknown"], done["pending"]) == (0, 1)


def test_accepting_all_asks_for_evidence(broken: Newsroom) -> None:
    run = broken.digest("reconcile", EDITION, "--accept", "all", "--reason", "I think so")
    assert run.code == 2
    assert "--evidence" in run.err
    assert set(unknown(broken)) == {ASHA, RAVI}
    assert broken.json("reconcile", EDITION, "--accept", "all", "--evidence", "both in the log")["unknown"] == 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--accept", MEENA, "--reason", "x"), f"{MEENA} does not have an unknown outcome; unknown: {ASHA}, {RAVI}"),
        (("--accept", ASHA), "say how you know"),
        (("--accept", ASHA, "--resend", ASHA, "--reason", "x"), f"{ASHA} is in both"),
        (("--accept", "99", "--reason", "x"), "batch 99 does not have an unknown outcome"),
    ],
)
def test_a_wrong_decision_changes_nothing(broken: Newsroom, arguments: tuple[str, ...], expected: str) -> None:
    run = broken.digest("reconcile", EDITION, *arguments)
    assert run.code == 2
    assert expected in run.err
    assert broken.json("status")["unknown"] == 2


def test_the_history_says_who_decided_when_and_why(broken: Newsroom) -> None:
    assert "No decisions are recorded" in broken.digest("reconcile", EDITION, "--history").out
    evidence = "Nov 23 07:00:02 mx: 4F2: status=sent"
    broken.digest("reconcile", EDITION, "--accept", ASHA, "--evidence", evidence, DIGEST_USER="meena")
    (entry,) = broken.json("reconcile", EDITION, "--history")["decisions"]
    assert (entry["email"], entry["what"], entry["by"], entry["evidence"]) == (ASHA, "accept", "meena", evidence)
    for command in (("reconcile", EDITION, "--history"), ("edition", "show", EDITION), ("status", EDITION)):
        out = broken.digest(*command).out
        assert f"accept {ASHA} by meena: {evidence}" in out
    assert broken.json("edition", "show", EDITION)["decisions"] == [entry]
    broken.digest("reconcile", EDITION, "--resend", RAVI, "--reason", "not there")
    # The user of the operating system.
    assert broken.json("reconcile", EDITION, "--history")["decisions"][1]["by"]


def test_a_decision_that_sends_nothing_works_with_faulty_files(broken: Newsroom) -> None:
    broken.edit_settings("compose_at:", "compose_att:")
    assert set(unknown(broken)) == {ASHA, RAVI}
    accepted = broken.digest("reconcile", EDITION, "--accept", ASHA, "--evidence", "in the log")
    assert accepted.code == 1, accepted.err
    assert accepted.err.startswith("digest.yaml:")
    refused = broken.digest("reconcile", EDITION, "--resend", RAVI, "--reason", "not in the log")
    assert refused.code == 2
    assert "unknown key 'schedule.compose_att'" in refused.err
    assert "--resend needs a valid file: repair it first" in refused.err
    assert "works all the same" not in refused.err
    # The lookup in the provider's log depends on these.
    broken.edit_settings("compose_att:", "compose_at:")
    broken.edit_settings("email: news@", "mail: news@")
    assert broken.digest("reconcile", EDITION).code == 2
    broken.edit_settings("mail: news@", "email: news@")
    # The list does not show whom the edition reached.
    broken.set_subscribers("email: asha")
    resent = broken.digest("reconcile", EDITION, "--resend", RAVI, "--reason", "not in the log")
    assert resent.code == 0, resent.err
    assert resent.err.startswith("subscribers.yaml:2:")
    assert broken.json("status")["pending"] == 1


def test_a_person_on_a_terminal_is_asked(broken: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import sys

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal("both are in the log\n"))
    run = broken.digest("reconcile", EDITION, "--accept", "all")
    assert run.code == 0, run.err
    assert "What shows that all of them have the email?" in run.err
    found = broken.json("reconcile", EDITION, "--history")["decisions"]
    assert [each["evidence"] for each in found] == ["both are in the log"] * 2


def test_an_interrupted_run_leaves_the_time_and_the_server(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a crash: no reply was recorded."""
    newsroom.set_subscribers(f"email: {ASHA}", f"email: {RAVI}")
    with ScriptedSmtp() as server:
        newsroom.environment |= over_smtp(server)
        newsroom.json("send", "--at", "07:30")
        environment = {**newsroom.environment, "DIGEST_NOW": "2026-11-23T07:30+05:30"}
        with make_app(newsroom.home, environment=environment) as app:
            (claim,) = app.ledger.claim(1, EDITION, "smtp", app.now(), 5)
            app.ledger.record_started(claim.attempt, claim.recipients[0][0])
        newsroom.environment |= environment
    (found,) = unknown(newsroom).values()
    assert (found["email"], found["last_words"]) == (ASHA, "")
    assert found["host"].startswith("127.0.0.1:")
    assert "none was recorded" in newsroom.digest("reconcile", EDITION).out
