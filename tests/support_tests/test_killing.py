"""The balance of a provider's log finds duplicates, losses and incomplete lines."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.acceptance import AcceptanceLog
from tests.support.killing import balance


def line(email: str, message: str, state: str = "sent", edition: str = "a") -> dict[str, object]:
    return {"state": state, "email": email, "message_id": message, "args": {"e": edition}, "batch_id": ""}


def test_the_balance_counts_the_last_state_of_each_email(tmp_path: Path) -> None:
    log = AcceptanceLog(tmp_path / "log", fsync=True)
    log.write([line("asha@example.com", "1"), line("asha@example.com", "2"), line("ravi@example.com", "1", "held")])
    log.write([line("meera@example.com", "3", "held"), line("meera@example.com", "3", "cancelled")])
    log.write([])
    log.write([{"state": "violation", "message": '},{"state":"sent"', "field": "subject"}])
    log.close()
    log.write([line("late@example.com", "9")])
    with (tmp_path / "log").open("a") as file:
        file.write(json.dumps(line("torn@example.com", "4")))
    totals = balance(tmp_path / "log")
    assert totals.counts == {"asha@example.com": 2, "ravi@example.com": 1}
    assert totals.duplicates == {"asha@example.com": 2}
    assert (totals.cancelled, totals.waiting) == ({"meera@example.com": 1}, 1)
    assert totals.missing({"asha@example.com", "meera@example.com"}) == {"meera@example.com"}
    assert totals.unexpected({"asha@example.com"}) == {"ravi@example.com"}
    assert totals.violations == ['subject: },{"state":"sent"']


def test_emails_of_two_editions_are_not_duplicates(tmp_path: Path) -> None:
    log = AcceptanceLog(tmp_path / "log")
    log.write([line("asha@example.com", "1", edition="a"), line("asha@example.com", "2", edition="b")])
    log.close()
    assert balance(tmp_path / "log", key=lambda one: (one["args"]["e"], one["email"])).duplicates == {}
