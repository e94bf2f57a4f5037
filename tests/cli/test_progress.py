"""The lines by which a long job reports its progress in a log."""

from __future__ import annotations

import pytest

from digest.cli.progress import Lines


def test_the_rate_counts_from_the_first_report(capsys: pytest.CaptureFixture[str]) -> None:
    moments = iter([50.0, 50.0, 60.0, 80.0])
    report = Lines("sent", lambda: next(moments))
    # It came after 50 seconds of preparing.
    report(200, 60_000)
    report(20_200, 60_000)
    report(60_000, 60_000)
    assert capsys.readouterr().err.splitlines() == [
        "sent: 200 of 60,000",
        "sent: 20,200 of 60,000, 2,000/s, 20 s left",
        "sent: 60,000 of 60,000, 1,993/s",
    ]


def test_a_slow_job_has_no_rate_of_nought(capsys: pytest.CaptureFixture[str]) -> None:
    moments = iter([0.0, 0.0, 30.0])
    report = Lines("collected", lambda: next(moments))
    report(1, 4)
    report(2, 4)
    assert capsys.readouterr().err.splitlines() == ["collected: 1 of 4", "collected: 2 of 4, 1 min 0 s left"]
