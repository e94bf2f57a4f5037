"""`digest sponsors` and `digest replies` print the counts and the replies, and write them to files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from digest import pipeline
from digest.app import make_app
from digest.cli.commands import cli
from tests.support.folders import newsletter_folder
from tests.usecases.test_sponsors import BOOK

KEY = "2026-11-23"
ENVIRONMENT = {"DIGEST_NOW": f"{KEY}T07:00+05:30"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A newsletter that sent an edition with an advertisement, and got a reply."""
    home = tmp_path_factory.mktemp("said") / "newsletter"
    newsletter_folder(home, all_sources=False)
    (home / "sponsors.yaml").write_text(BOOK, encoding="utf-8")
    (home / "subscribers.yaml").write_text("subscribers:\n  - {email: asha@example.com}\n", encoding="utf-8")
    with make_app(home, environment=ENVIRONMENT) as app:
        pipeline.send(app, KEY)
        app.feedback.process_mail("From: asha@example.com\r\nSubject: Re\r\n\r\n=SUM(1)\nअच्छा अंक".encode())
    return home


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["--home", str(home), *arguments], env=ENVIRONMENT)


def as_json(home: Path, *arguments: str) -> Any:
    return json.loads(run(home, *arguments, "--json").stdout)


@pytest.mark.slow
def test_sponsors_are_listed_with_what_is_used(home: Path) -> None:
    shown = run(home, "sponsors", "list").stdout
    assert "1 of 2" in shown
    assert "house ad" in shown
    first = as_json(home, "sponsors", "list")["sponsors"][0]
    assert (first["advertiser"], first["recipients"], first["cap"]) == ("हरियाली पौधशाला", 1, 2)


@pytest.mark.slow
def test_the_report_of_a_sponsor_is_a_file_too(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.csv"
    assert run(home, "sponsors", "report", "हरियाली पौधशाला", "--csv", str(file)).exit_code == 0
    assert f"{KEY},{KEY},middle,done,1,," in file.read_text(encoding="utf-8-sig")
    wrong = run(home, "sponsors", "report", "कोई और")
    assert "No advertiser" in str(wrong.exception or wrong.output)


def test_replies_are_shown_with_their_sender(home: Path) -> None:
    shown = run(home, "replies").stdout
    assert "asha@example.com (reply)" in shown
    assert "अच्छा अंक" in shown
    [word] = as_json(home, "replies")["words"]
    assert (word["email"], word["kind"], word["edition"]) == ("asha@example.com", "reply", None)
    assert as_json(home, "replies", KEY)["words"] == []
