"""Clicks are classified as clicks of machines or of people."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from digest.feedback.clicks.agents import is_data_centre, is_machine_agent
from digest.feedback.clicks.classify import ClickRequest, classify
from tests.feedback import later_patterns
from tests.feedback.click_patterns import machines, people

_MACHINES, _PEOPLE = list(machines()), list(people())
_LATER = [
    *later_patterns.first_machines(),
    *later_patterns.first_people(),
    *later_patterns.second_machines(),
    *later_patterns.second_people(),
    *later_patterns.third_machines(),
]
# Both could be people: a gateway that checks at the time of a click, and a lecture room in which all open one story.
_KNOWN_MISSES = {"HEAD without a name, GET as Chrome", "one link, sixty times in a minute"}


@pytest.mark.parametrize(("links", "requests"), [each[1:] for each in _MACHINES], ids=[each[0] for each in _MACHINES])
def test_no_request_of_a_machine_counts(links: int, requests: list[ClickRequest]) -> None:
    assert all(classify(requests, links))


@pytest.mark.parametrize(("links", "requests"), [each[1:] for each in _PEOPLE], ids=[each[0] for each in _PEOPLE])
def test_a_person_counts(links: int, requests: list[ClickRequest]) -> None:
    assert not all(classify(requests, links))


@pytest.mark.parametrize("pattern", _LATER, ids=[each[0] for each in _LATER])
def test_later_patterns(pattern: later_patterns.Pattern) -> None:
    name, links, requests, expected = pattern
    assert (classify(requests, links) == expected) is (name not in _KNOWN_MISSES)


def test_there_are_enough_patterns() -> None:
    assert len(_MACHINES) >= 30
    assert len(_PEOPLE) >= 30


def test_the_order_of_requests_does_not_matter() -> None:
    rng = random.Random(3)
    for _name, links, requests in (*_MACHINES, *_PEOPLE):
        verdicts = dict(zip(map(id, requests), classify(requests, links), strict=True))
        mixed = rng.sample(requests, len(requests))
        assert [verdicts[id(each)] for each in mixed] == classify(mixed, links)


def test_only_the_gateways_requests_are_taken_away_from_a_reader() -> None:
    links, requests = next(each[1:] for each in _PEOPLE if each[0] == "the gateway first, then the reader")
    assert classify(requests, links) == [True] * 16 + [False]


def test_nothing_is_concluded_from_no_requests() -> None:
    assert classify([], 16) == []


@pytest.mark.parametrize("address", ["", "nonsense", "::1", "127.0.0.1", "49.36.18.7", "2401:4900::1"])
def test_an_address_that_is_nobodys_is_no_data_centre(address: str) -> None:
    assert not is_data_centre(address)


def test_an_address_of_a_cloud_is_found_in_both_notations() -> None:
    assert is_data_centre("::ffff:40.94.33.20")
    assert is_data_centre("2600:1f18::7")


def test_a_long_name_takes_no_time() -> None:
    assert is_machine_agent("(compatible; " * 2000)
    requests = [replace(_PEOPLE[0][2][0], agent="x" * 60_000) for _ in range(200)]
    assert len(classify(requests, 16)) == 200
