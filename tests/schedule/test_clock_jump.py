"""What the alert about a clock says: whether the machine slept, or its clock was set."""

from __future__ import annotations

from datetime import datetime

import pytest

from digest.scheduler.pulse import Clocks, find_jump

NOW = datetime.fromisoformat("2026-11-23T06:40+05:30")
BEFORE = Clocks(1000.0, 50.0, 70.0)


def after(*, wall: float = 30.0, steady: float = 30.0, running: float = 30.0) -> Clocks:
    return Clocks(BEFORE.wall + wall, BEFORE.steady + steady, BEFORE.running + running)


def test_clocks_that_run_alike_are_no_jump() -> None:
    assert find_jump(BEFORE, after(), NOW) is None
    assert find_jump(BEFORE, after(wall=149.0), NOW) is None
    # A process that was stopped while the machine ran, as by a debugger.
    assert find_jump(BEFORE, after(wall=900.0, steady=900.0, running=900.0), NOW) is None
    assert find_jump(Clocks.read(), Clocks.read(), NOW) is None


@pytest.mark.parametrize(
    ("clocks", "title", "text", "action"),
    [
        (after(wall=5430, running=5430), "The machine slept for 1 h 30 min", "It was suspended", "systemctl mask"),
        (after(wall=5430), "The clock jumped 1 h 30 min forward", "was paused and resumed", "who runs the host"),
        (after(wall=-570), "The clock was set back 10 min 0 s", "is not sent again", "timedatectl"),
    ],
)
def test_a_jump_is_named_by_its_cause(clocks: Clocks, title: str, text: str, action: str) -> None:
    jump = find_jump(BEFORE, clocks, NOW)
    assert jump is not None
    assert jump.title == title
    assert text in jump.text
    assert "It is 2026-11-23 06:40" in jump.text
    assert action in jump.action
