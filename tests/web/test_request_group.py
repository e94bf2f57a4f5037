"""Requests of one moment share a commit; each is answered after it, and with its own result."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from contextlib import closing

import pytest

from digest.web.request_group import RequestGroup


def test_what_waits_during_a_commit_shares_the_next_one() -> None:
    first, go_on = threading.Event(), threading.Event()
    batches: list[Sequence[int]] = []

    def write(items: Sequence[int]) -> list[int]:
        batches.append(items)
        first.set()
        assert go_on.wait(10)
        return [10 * item for item in items]

    async def ask() -> list[int]:
        begun = asyncio.create_task(group.put(1))
        await asyncio.to_thread(first.wait, 10)
        others = [asyncio.create_task(group.put(item)) for item in (2, 3, 4)]
        await asyncio.sleep(0)
        # Whoever goes away is written, and disturbs nobody.
        others.pop(1).cancel()
        go_on.set()
        return list(await asyncio.gather(begun, *others))

    with closing(RequestGroup(write)) as group:
        assert asyncio.run(ask()) == [10, 20, 40]
    assert batches == [[1], [2, 3, 4]]


def test_all_of_a_commit_that_fails_are_told_and_the_next_one_works() -> None:
    def write(items: Sequence[int]) -> list[int]:
        if 0 in items:
            raise OSError("the disk is full")
        return list(items)

    async def ask(item: int) -> int:
        return await group.put(item)

    with closing(RequestGroup(write)) as group:
        with pytest.raises(OSError, match="full"):
            asyncio.run(ask(0))
        assert asyncio.run(ask(7)) == 7
