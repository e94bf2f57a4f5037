"""Writes that come together are committed together, and each is told its own end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from contextlib import closing

import pytest

from digest.web.gathering import Gathering


class Slow:
    """Commits when it is let; `groups` is what it was handed."""

    def __init__(self, *, broken: str = "") -> None:
        self.groups: list[list[str]] = []
        self.begun, self.go = threading.Event(), threading.Event()
        self.broken = broken

    def commit(self, items: Sequence[str]) -> list[str]:
        self.groups.append(list(items))
        self.begun.set()
        assert self.go.wait(10)
        if self.broken in items:
            raise OSError("disk full")
        return [item.upper() for item in items]


async def _first_then(slow: Slow, gathering: Gathering[str, str], rest: Sequence[str]) -> list[asyncio.Task[str]]:
    """One write under way, the others waiting for it."""
    tasks = [asyncio.create_task(gathering.write("first"))]
    await asyncio.to_thread(slow.begun.wait, 10)
    tasks += [asyncio.create_task(gathering.write(each)) for each in rest]
    await asyncio.sleep(0)
    assert not any(task.done() for task in tasks), "answered before it was committed"
    return tasks


def test_what_comes_while_one_commits_goes_in_one_commit() -> None:
    slow, rest = Slow(), [f"r{number}" for number in range(20)]

    async def all_of_them() -> list[str]:
        tasks = await _first_then(slow, gathering, rest)
        slow.go.set()
        return await asyncio.gather(*tasks)

    with closing(Gathering(slow.commit, "test")) as gathering:
        assert asyncio.run(all_of_them()) == ["FIRST", *(each.upper() for each in rest)]
    assert slow.groups == [["first"], rest]


def test_who_was_not_written_hears_it_and_the_next_go_on() -> None:
    slow = Slow(broken="bad")

    async def all_of_them() -> list[str | BaseException]:
        tasks = await _first_then(slow, gathering, ["beside", "bad"])
        slow.go.set()
        ends: list[str | BaseException] = list(await asyncio.gather(*tasks, return_exceptions=True))
        return [*ends, await gathering.write("later")]

    with closing(Gathering(slow.commit, "test")) as gathering:
        first, *failed, later = asyncio.run(all_of_them())
    assert (first, later) == ("FIRST", "LATER")
    assert [str(each) for each in failed] == ["disk full"] * 2


def test_who_goes_away_while_waiting_is_written_all_the_same() -> None:
    slow = Slow()

    async def all_of_them() -> str:
        _first, gone, stayed = await _first_then(slow, gathering, ["gone", "stayed"])
        gone.cancel()
        slow.go.set()
        with pytest.raises(asyncio.CancelledError):
            await gone
        return await stayed

    with closing(Gathering(slow.commit, "test")) as gathering:
        assert asyncio.run(all_of_them()) == "STAYED"
    assert slow.groups == [["first"], ["gone", "stayed"]]
