"""`digest receipt`: issued from both stores, verified by the command and by the ten lines in the docs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from digest.app import make_app
from digest.receipt import canonical
from digest.store.schema import edition
from digest.store.sending.folding import KEPT_EDITIONS
from tests.chaos.killed_send import EDITION
from tests.cli.newsroom import Newsroom
from tests.paths import ROOT
from tests.support.sendgrid_server import SendGridServer, sendgrid_environment

PAGE = (ROOT / "docs" / "receipt.md").read_text(encoding="utf-8")
LATER = "2027-08-23T07:00+05:30"


def issue(newsroom: Newsroom, code: int = 0, **environment: str) -> dict[str, Any]:
    document: dict[str, Any] = newsroom.json("receipt", EDITION, code=code, **environment)
    return document


def written(newsroom: Newsroom, document: dict[str, Any]) -> Path:
    path = newsroom.home / "receipt.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def ten_lines(receipt: Path, key: str) -> subprocess.CompletedProcess[str]:
    """Run the Python of the docs unchanged."""
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    assert len(list(filter(None, code.splitlines()))) == 10
    return subprocess.run(
        [sys.executable, "-c", code, str(receipt), key], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.slow
def test_a_receipt_is_verified_by_the_command_and_by_the_docs(newsroom: Newsroom) -> None:
    newsroom.json("send")
    sent = newsroom.json("status")
    done = newsroom.digest("receipt", EDITION, "--out", "receipt.json")
    assert (done.code, done.out) == (0, "")
    found = newsroom.json("receipt", "--verify", "receipt.json")
    assert (found["valid"], found["complete"]) == (True, True)
    counts = found["statement"]["counts"]
    assert counts == {name: sent[name] for name in counts}
    assert "VALID" in newsroom.digest("receipt", "--verify", "receipt.json").out
    key = newsroom.digest("receipt", "--public-key").out.strip()
    receipt = newsroom.home / "receipt.json"
    assert ten_lines(receipt, key).returncode == 0
    receipt.write_text(receipt.read_text("utf-8").replace('"accepted": 1,', '"accepted": 2,', 1), encoding="utf-8")
    assert "AssertionError" in ten_lines(receipt, key).stderr
    refused = newsroom.digest("receipt", "--verify", "receipt.json")
    assert (refused.code, refused.out) == (1, "")
    assert "does not fit the chain" in refused.err
    assert refused.err.count("\n") == 1


@pytest.mark.slow
def test_the_ten_lines_refuse_another_key(newsroom: Newsroom) -> None:
    newsroom.json("send")
    receipt = written(newsroom, issue(newsroom))
    assert "InvalidSignature" in ten_lines(receipt, "11" * 32).stderr


@pytest.mark.slow
def test_anybody_verifies_with_the_public_key_and_not_without_it(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.json("send")
    receipt = written(newsroom, issue(newsroom))
    key = newsroom.json("receipt", "--public-key")["public_key"]
    auditor = Newsroom(tmp_path / "auditor")
    auditor.home.mkdir()
    assert auditor.digest("receipt", "--verify", str(receipt), "--signed-by", key).code == 0
    assert list(auditor.home.iterdir()) == []
    without = auditor.digest("receipt", "--verify", str(receipt))
    assert (without.code, "issuer's public key" in without.err) == (2, True)
    foreign = auditor.digest("receipt", "--verify", str(receipt), "--signed-by", "0" * 64)
    assert (foreign.code, "another key" in foreign.err) == (1, True)
    assert auditor.digest("receipt", "--verify", str(receipt), "--signed-by", "abc").code == 2
    assert auditor.digest("receipt", "--verify", "missing.json", "--signed-by", key).code == 1


@pytest.mark.slow
def test_a_receipt_of_a_provider_has_its_ids_and_no_address(newsroom: Newsroom) -> None:
    with SendGridServer(reject=["asha@example.com"]) as server:
        newsroom.environment |= {
            **sendgrid_environment(server.url),
        }
        newsroom.digest("send")
        ids = {message.id for message in server.messages}
    document = issue(newsroom)
    attempts = [attempt for batch in document["batches"] for attempt in batch["attempts"]]
    assert {attempt["provider_id"] for attempt in attempts if attempt["state"] == "accepted"} == ids
    assert document["statement"]["counts"]["rejected"] == 1
    assert "@" not in json.dumps(document)


@pytest.mark.slow
def test_an_edition_that_is_not_done_says_so(newsroom: Newsroom) -> None:
    newsroom.json("compose")
    nobody = newsroom.digest("receipt", EDITION)
    assert (nobody.code, "has no recipients yet" in nobody.err) == (1, True)
    with SendGridServer() as server:
        newsroom.environment |= {
            **sendgrid_environment(server.url, "SG.wrong"),
        }
        newsroom.digest("send", EDITION)
    document = issue(newsroom, code=1)
    assert (document["statement"]["state"], document["statement"]["counts"]["accepted"]) == ("sending", 0)
    text = newsroom.digest("receipt", EDITION)
    assert (text.code, "NOT COMPLETE" in text.out) == (1, True)
    receipt = written(newsroom, document)
    assert newsroom.json("receipt", "--verify", str(receipt))["complete"] is False


@pytest.mark.slow
def test_pruning_changes_nothing_in_a_receipt(newsroom: Newsroom) -> None:
    newsroom.json("send")
    before = issue(newsroom)
    fold(newsroom)
    after = issue(newsroom, DIGEST_NOW=LATER)
    assert after["batches"] == before["batches"]
    ours = {"issued_at", "reported"}
    assert {name: value for name, value in after["statement"].items() if name not in ours} == {
        name: value for name, value in before["statement"].items() if name not in ours
    }
    assert len(before["statement"]["emails"]) > 1


def fold(newsroom: Newsroom) -> None:
    """Send enough later editions that the first one may be reduced to counts, and prune."""
    days = [f"2026-12-{day:02}" for day in range(1, KEPT_EDITIONS + 1)]
    with make_app(newsroom.home, environment=newsroom.env()) as app:
        first = app.editions.get(EDITION)
        assert first
        for day in days:
            app.editions.put(replace(first, key=day, day=date.fromisoformat(day)), over=())
            with app.database.write() as connection:
                frozen = {"frozen_at": datetime.fromisoformat(f"{day}T07:00+05:30")}
                connection.execute(update(edition).where(edition.c.key == day).values(**frozen))
    assert EDITION in newsroom.json("store", "prune", DIGEST_NOW=LATER)["editions"]


@pytest.mark.slow
def test_the_emails_are_those_of_the_hashes(newsroom: Newsroom) -> None:
    newsroom.json("send")
    statement = issue(newsroom)["statement"]
    newsroom.digest("receipt", EDITION, "--emails", "emails")
    for email in statement["emails"]:
        for ending in ("html", "text"):
            suffix = {"html": "html", "text": "txt"}[ending]
            file = newsroom.home / "emails" / f"{EDITION}-{email['variant']}.{suffix}"
            content = file.read_bytes() if file.exists() else b""
            assert email[f"{ending}_sha256"] == sha256(content).hexdigest()
    assert statement["content"] == sha256(canonical(statement["emails"])).hexdigest()


def test_the_key_is_private_and_made_once(newsroom: Newsroom) -> None:
    key = newsroom.digest("receipt", "--public-key").out
    file = newsroom.home / "digest.db.receipt-key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert newsroom.digest("receipt", "--public-key").out == key
    file.chmod(0o644)
    assert newsroom.digest("receipt", "--public-key").out == key
    assert file.stat().st_mode & 0o777 == 0o600
    given = newsroom.digest("receipt", "--public-key", DIGEST_RECEIPT_KEY="2a" * 32).out
    assert given != key
    secret = file.read_text("ascii").strip()
    assert secret not in newsroom.digest("receipt", "--public-key").out
    for wrong in ("short", "z" * 64):
        run = newsroom.digest("receipt", "--public-key", DIGEST_RECEIPT_KEY=wrong)
        assert (run.code, "64 hexadecimal digits" in run.err, wrong in run.err) == (2, True, False)
    file.write_text("damaged")
    assert "64 hexadecimal digits" in newsroom.digest("receipt", "--public-key").err


@pytest.mark.parametrize(
    "arguments",
    [(), (EDITION, "--public-key"), ("--public-key", "--out", "f"), (EDITION, "--signed-by", "0" * 64)],
    ids=" ".join,
)
def test_wrong_usage(newsroom: Newsroom, arguments: tuple[str, ...]) -> None:
    assert newsroom.digest("receipt", *arguments).code == 2


@pytest.mark.slow
def test_a_receipt_from_postgresql(newsroom: Newsroom, postgres_url: str) -> None:
    newsroom.environment["DIGEST_STORE__URL"] = postgres_url
    newsroom.json("send")
    receipt = written(newsroom, issue(newsroom))
    assert newsroom.json("receipt", "--verify", str(receipt))["valid"]
    assert (newsroom.home / "digest.receipt-key").exists()


@pytest.mark.slow
def test_every_name_of_a_receipt_is_documented(newsroom: Newsroom) -> None:
    newsroom.json("send")
    document = issue(newsroom)
    batch = document["batches"][0]
    names = {*document["statement"], *document["statement"]["counts"], *document["statement"]["reported"]}
    names |= {*document["statement"]["emails"][0], *batch, *batch["attempts"][0]}
    assert [name for name in sorted(names) if f"`{name}`" not in PAGE] == []


@pytest.mark.slow
def test_a_file_that_cannot_be_written_is_named(newsroom: Newsroom) -> None:
    newsroom.json("send")
    run = newsroom.digest("receipt", EDITION, "--out", os.devnull + "/receipt.json")
    assert (run.code, "cannot be written" in run.err) == (1, True)
