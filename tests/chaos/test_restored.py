"""A short run of `make chaos ARGS='--restores 50'`: a copy from the middle of a send is put back; nobody gets two."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path

import pytest

from tests.chaos.killed_send import prepare
from tests.chaos.restored_send import WAYS, Restoring, restore_and_resume
from tests.cli.newsroom import Newsroom
from tests.support.profiles import only_thorough

pytestmark = pytest.mark.slow

RECIPIENTS = 400


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    return prepare(tmp_path_factory.mktemp("restored") / "prepared", RECIPIENTS)


PLANS = [
    Restoring(150, "", files=True, policy="resend"),
    Restoring(("after claim", 2), "", files=True, policy="fence"),
    Restoring(150, "", files=False, policy="fence", scheduled=True, paused=True),
    Restoring(150, "", files=False, policy="hold"),
]


# One way for each plan is enough: how the copy is put back and what is done then are independent.
CASES = [*((PLANS[0], way) for way in WAYS), *zip(PLANS[1:], cycle(WAYS)), (PLANS[2], "restore")]


# tests/cli/test_store.py puts back copies from before a send: nobody gets the edition again.
@only_thorough
@pytest.mark.parametrize(("plan", "way"), CASES, ids=str)
def test_a_copy_put_back_after_a_send_mails_nobody_twice(
    prepared: Newsroom, tmp_path: Path, plan: Restoring, way: str
) -> None:
    plan = Restoring(plan.at, way, plan.files, plan.policy, plan.scheduled, plan.paused)
    before, after = restore_and_resume(plan, prepared, tmp_path / "run", RECIPIENTS, batch_size=40)
    assert before.holds, before
    assert after.holds, after
    if way == "restore" and not before.killed:
        # The store that was in place knows what it has sent. The batches that a killed sender had in flight stay
        # unknown.
        assert not before.unknown
        return
    assert before.unknown
    # The provider's log shows the operator the outcome of every batch that was sent completely.
    assert after.unknown < before.unknown
