"""A short run of `make chaos`: a killed send resumes, nobody gets two emails, and everyone missing is listed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.killed_send import kill_and_resume, prepare
from tests.chaos.schedules import make_schedule, run_schedule
from tests.cli.newsroom import Newsroom
from tests.support.killing import lines
from tests.support.profiles import first, only_thorough

pytestmark = pytest.mark.slow

RECIPIENTS = 600
BATCH = 25

Moment = Callable[[Path], float | Callable[[], bool]]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    return prepare(tmp_path_factory.mktemp("chaos") / "prepared", RECIPIENTS)


# The seeded schedule below kills too, and test_kill_redo.py kills another transport.
@only_thorough
@pytest.mark.parametrize(
    ("moment", "killed"),
    [
        pytest.param(lambda log: lines(log, RECIPIENTS // 2), True, id="half of them accepted"),
        pytest.param(lambda _log: 0.9, None, id="after 0.9 s"),
        pytest.param(lambda log: lines(log, 1), True, id="first batch accepted"),
        pytest.param(lambda _log: 60.0, False, id="not at all"),
    ],
)
def test_nobody_twice_and_nobody_missed(
    prepared: Newsroom, tmp_path: Path, moment: Moment, killed: bool | None
) -> None:
    verdict = kill_and_resume(prepared, tmp_path / "run", RECIPIENTS, moment, batch_size=BATCH, latency=60)
    assert verdict.holds, verdict
    if killed is not None:
        assert verdict.killed == killed
    if not verdict.killed:
        assert verdict.accepted == RECIPIENTS
    # Four threads, and the batch claimed ahead for them.
    assert verdict.unknown <= 5 * BATCH


# The test above has a slow provider and a closer bound.
@only_thorough
@pytest.mark.parametrize("accepted", [200, 1])
def test_with_a_fast_provider_only_claimed_batches_become_unknown(
    prepared: Newsroom, tmp_path: Path, accepted: int
) -> None:
    size = 10
    verdict = kill_and_resume(
        prepared, tmp_path / "run", RECIPIENTS, lambda log: lines(log, accepted), batch_size=size, latency=0
    )
    assert verdict.holds, verdict
    assert verdict.killed
    assert verdict.unknown <= 2 * 5 * size


FEW = 400


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    return prepare(tmp_path_factory.mktemp("schedules") / "prepared", FEW)


@pytest.mark.parametrize("seed", first([8, 11], dev=1))
def test_a_seeded_schedule_of_faults_and_kills_reaches_assert_everyone_once(
    few: Newsroom, tmp_path: Path, seed: int
) -> None:
    verdict = run_schedule(make_schedule(seed, FEW), few, tmp_path / "run", FEW)
    assert verdict.holds, verdict
