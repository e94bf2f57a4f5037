"""A short run of `make proof`, and the report about its results."""

from __future__ import annotations

import socket
import struct
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from digest.deliver.sendgrid.client import SendGrid
from tests.chaos.killed_send import prepare
from tests.cli.newsroom import Newsroom
from tests.proof.cases import FAULTS, STORES, Case, all_cases, quick_cases
from tests.proof.providers import BY_NAME, INDEPENDENT, PROVIDERS, STORM
from tests.proof.report import as_html, markdown, write
from tests.proof.run import Result, run_case
from tests.support.killing import serving
from tests.support.profiles import only_thorough
from tests.support.sendgrid_server import KEY

RECIPIENTS = 120
MADE = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    return prepare(tmp_path_factory.mktemp("proof") / "prepared", RECIPIENTS)


# tests/chaos/test_kill.py kills a send too.
@only_thorough
@pytest.mark.slow
@pytest.mark.parametrize(
    "case",
    [
        Case("kill -9", "sendgrid", "sqlite", 1, 5),
        Case("packet loss", "ses", "sqlite", 1, 5),
    ],
    ids=str,
)
def test_nobody_twice_and_nobody_missed(prepared: Newsroom, tmp_path: Path, case: Case) -> None:
    if reason := case.why_not:
        pytest.skip(reason)
    result = run_case(case, prepared, tmp_path / "run", RECIPIENTS)
    assert result.holds, result
    assert result.sends == RECIPIENTS
    assert result.by_events + result.by_log + result.by_operator == result.unknown


def test_every_fault_meets_every_provider_and_store_that_knows_it() -> None:
    cases = list(all_cases(1))
    assert len(set(cases)) == len(cases)
    assert {(case.provider, case.store, case.workers) for case in cases} == {
        (provider, store, workers)
        for provider in PROVIDERS
        for store, workers in (("sqlite", 1), ("postgresql", 1), ("postgresql", 3))
    }
    missing = {(fault, provider) for fault in FAULTS for provider in PROVIDERS} - {
        (case.fault, case.provider) for case in cases
    }
    # A mail server that answers 5xx has refused the email.
    assert missing == {("5xx after acceptance", "smtp")}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_quick_form_has_every_fault_provider_store_and_number_of_processes(seed: int) -> None:
    cases = quick_cases(seed)
    assert [case.fault for case in cases] == [fault for fault in FAULTS if fault != STORM]
    assert {case.provider for case in cases} == set(PROVIDERS)
    assert {case.store for case in cases} == set(STORES)
    assert {case.workers for case in cases} == {1, 3}


def test_the_independent_server_takes_no_trial_of_the_key_for_an_email(tmp_path: Path) -> None:
    log = tmp_path / "accepted.jsonl"
    with serving(BY_NAME[INDEPENDENT].module, "--log", str(log), "--key", KEY) as url:
        transport = SendGrid(KEY, host=url)
        assert transport.probe() is None
        transport.close()
    assert log.read_text() == ""


def test_the_independent_server_says_nothing_of_a_client_that_resets_its_connection(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "accepted.jsonl"
    with serving(BY_NAME[INDEPENDENT].module, "--log", str(log), "--key", KEY) as url:
        place = urlsplit(url)
        assert place.hostname
        assert place.port
        with socket.create_connection((place.hostname, place.port)) as client:
            client.sendall(b"POST /v3/mail/send HTTP/1.1\r\nContent-Length: 9\r\n\r\n")
            # Closing sends a reset.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport = SendGrid(KEY, host=url)
        assert transport.probe() is None
        transport.close()
    assert "Traceback" not in capfd.readouterr().err


def test_a_seed_decides_a_case_whatever_runs_beside_it() -> None:
    case = Case("kill -9", "smtp", "sqlite", 1, 17)
    assert case.rng().random() == replace(case).rng().random()
    assert case.rng().random() != replace(case, seed=18).rng().random()
    assert case.rng().random() != replace(case, provider="ses").rng().random()


GOOD = Result("kill -9", "sendgrid", "sqlite", 1, 17, 600, 600, unknown=30, by_events=20, by_operator=10, resent=10)
TWICE = Result("429", "smtp", "postgresql", 3, 17, 600, 601, duplicates=1)
BROKEN = Result("disk full", "ses", "sqlite", 1, 17, 600, wrong="TimeoutError: a | b")
NOT_RUN = Result("link down", "ses", "sqlite", 1, 17, not_run="needs root")


def test_the_report_has_the_numbers_and_the_seeds() -> None:
    page = markdown([GOOD, replace(GOOD, seed=18)], MADE)
    assert "**2 sends with a fault, 1,200 emails: 0 duplicates, 0 missed.**" in page
    assert "| sendgrid | SQLite | 1 | 17–18 | 1,200 | 0 | 0 | 60 | 40, 0, 20 | 20 | 0 |" in page
    assert "wrong" not in page
    assert "2026-11-29" in page


@pytest.mark.parametrize(
    "bad", [TWICE, BROKEN, replace(GOOD, missed=1), replace(GOOD, left=1)], ids=lambda bad: bad.fault
)
def test_the_report_names_what_went_wrong_and_how_to_repeat_it(bad: Result) -> None:
    assert GOOD.holds
    assert not bad.holds
    page = markdown([replace(GOOD, fault="clock steps"), bad], MADE)
    assert "**1 sends went wrong:**" in page
    only = f"{bad.fault}/{bad.provider}/{bad.store}/{bad.workers}"
    assert f"`make proof ARGS=\"--seed 17 --only '{only}'\"`" in page
    assert "**wrong with seed 17**" in page
    assert only == str(Case(bad.fault, bad.provider, bad.store, bad.workers, 17))


def test_what_was_not_run_says_why() -> None:
    page = markdown([GOOD, NOT_RUN], MADE)
    assert "| ses | SQLite | 1 | 17 | not run: needs root |" in page
    assert "1 sends were not run" in page


def test_every_row_has_every_column_and_the_html_has_every_row(tmp_path: Path) -> None:
    results = [GOOD, TWICE, BROKEN, NOT_RUN]
    page = write(tmp_path, results, MADE)
    tables = [line for line in page.splitlines() if line.startswith("|") and "date" not in line and line.count("|") > 3]
    assert {line.count("|") for line in tables} == {12}
    shown = (tmp_path / "proof.html").read_text(encoding="utf-8")
    assert shown == as_html(page)
    # The table of facts and one of each fault.
    assert shown.count("<table>") == 5
    assert "<td>not run: needs root</td>" in shown.replace(" class=n", "")
    assert "**" not in shown
    assert "TimeoutError: a / b" in shown
