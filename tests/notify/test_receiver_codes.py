"""Messages of receiving servers about a sender, and the row that must match."""

from __future__ import annotations

import re

from digest.notify.alert import AlertKind
from digest.notify.conditions import CONDITIONS, KINDS
from digest.notify.receiver_codes import CODES, HINTS, classify
from tests.paths import ROOT
from tests.support.tables import each_row

# The packages that have the titles of alerts.
TITLED = ("notify", "scheduler", "newsletter")


@each_row(
    ("answer", "name"),
    [
        ("550-5.7.26 Your email has been blocked because the sender is unauthenticated. gsmtp", "gmail 7.26"),
        (
            "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your SPF domain",
            "gmail 7.28",
        ),
        ("550-5.7.25 [192.0.2.1] The IP address sending this message does not have a PTR record setup", "gmail 7.25"),
        ("550 5.7.30 Gmail requires DKIM", "gmail 7.30"),
        ("421 4.7.32 From header isn't aligned", "gmail 7.32"),
        ("550-5.7.1 Our system has detected that this message is likely unsolicited mail. gsmtp", "gmail 7.1"),
        ("421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume", "yahoo TSS04"),
        ("553 5.7.2 [TSS09] All messages from 192.0.2.1 will be permanently deferred", "yahoo TSS09"),
        ("553 5.7.1 [BL21] Connections not accepted from IP addresses on Spamhaus SBL", "yahoo BL"),
        ("554 5.7.9 Message not accepted for policy reasons", "yahoo 5.7.9"),
        ("550 5.7.515 Access denied, sending domain example.com does not meet the required level", "outlook 5.7.515"),
    ],
)
def test_an_answer_about_the_sender(answer: str, name: str) -> None:
    row = classify(answer)
    assert row is not None
    assert row.name == name
    assert any(hint in answer for hint in HINTS)


@each_row(
    "answer",
    [
        "550 5.1.1 The email account that you tried to reach does not exist. gsmtp",
        "452 4.2.2 The recipient's inbox is out of storage space",
        # A server that refuses to relay says nothing about our reputation.
        "550 5.7.1 <asha@example.com>: Relay access denied",
        "250 2.0.0 OK",
        "",
    ],
)
def test_an_answer_about_something_else(answer: str) -> None:
    assert classify(answer) is None


def test_every_row_has_a_name_of_its_own() -> None:
    assert len({row.name for row in CODES}) == len(CODES)


def test_every_kind_of_alert_is_documented() -> None:
    page = (ROOT / "docs/alerts.md").read_text(encoding="utf-8")
    assert [kind for kind in AlertKind if f"`{kind}`" not in page] == []
    assert set(AlertKind) >= KINDS


def test_the_runbook_has_each_kind_with_its_first_line() -> None:
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    section = page.partition("## When an alert arrives\n")[2].partition("\n## ")[0]
    rows = [re.split(r" *\| *", line)[1:-1] for line in section.splitlines() if line.startswith("| `")]
    assert sorted(row[0].strip("`") for row in rows) == sorted(AlertKind)
    assert all(row[2] and row[3] for row in rows)
    files = [*(ROOT / "digest").glob("*/*.py")]
    texts = "\n".join(file.read_text(encoding="utf-8") for file in files if file.parent.name in TITLED)
    parts = [part.strip() for row in rows for title in re.findall("`([^`]+)`", row[1]) for part in title.split("…")]
    assert [part for part in parts if part not in texts] == []
    assert len(set(CONDITIONS)) == len(CONDITIONS)
