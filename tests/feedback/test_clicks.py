"""Clicks are classified as clicks of machines or of people."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from digest.feedback.clicks import ClickRequest, LinkVisit, classify_visits, is_machine_agent, read_signs
from digest.feedback.networks import is_data_centre
from digest.models import HONEYPOT
from tests.feedback.click_patterns import HINDI, START, WINDOWS, machines, mixed, people
from tests.support.tables import each_row

_MACHINES, _PEOPLE = list(machines()), list(people())


def classify(requests: Sequence[ClickRequest], links: int) -> list[bool]:
    """Whether each request is a machine's, in the two steps in which the store keeps nothing of a visitor."""
    visits = [LinkVisit(each.target, each.at, read_signs(each), f"{each.address} {each.agent}") for each in requests]
    return classify_visits(visits, links)


@each_row(("links", "requests"), [each[1:] for each in _MACHINES])
def test_no_request_of_a_machine_counts(links: int, requests: list[ClickRequest]) -> None:
    assert all(classify(requests, links))


@each_row(("links", "requests"), [each[1:] for each in _PEOPLE])
def test_a_person_counts(links: int, requests: list[ClickRequest]) -> None:
    assert not all(classify(requests, links))


@each_row(("name", "links", "requests", "expected"), list(mixed()))
def test_each_request_of_a_pattern_is_judged(
    name: str, links: int, requests: list[ClickRequest], expected: list[bool]
) -> None:
    assert classify(requests, links) == expected


def test_outsiders_patterns() -> None:
    """Of 50 machines and 50 people, all but one have exactly the clicks that a person made."""
    table = yaml.safe_load((Path(__file__).parent / "outsider_patterns.yaml").read_text(encoding="utf-8"))
    for kind in ("machines", "people"):
        wrong = []
        for pattern in table[kind]:
            visitors: dict[tuple[str, ...], list[ClickRequest]] = {}
            for second, link, agent, headers, address, *method in pattern["requests"]:
                request = ClickRequest(
                    HONEYPOT if link == "trap" else f"{link}",
                    START + timedelta(seconds=second),
                    method[0] if method else "GET",
                    agent=table["agents"].get(agent, agent),
                    address=address,
                    headers=table["headers"][headers],
                )
                language = request.headers.get("accept-language", "")
                visitors.setdefault((address, request.agent, language), []).append(request)
            counted = {
                request.target
                for requests in visitors.values()
                for request, is_machine in zip(requests, classify(requests, 10), strict=True)
                if not is_machine
            }
            if counted != {f"{link}" for link in pattern.get("chosen", ())}:
                wrong.append(pattern["name"])
        # A person who opens one story at equal intervals looks like a monitor.
        assert len(table[kind]) == 50
        assert wrong == {"machines": [], "people": ["same story five times over three days"]}[kind]


def test_the_order_of_requests_does_not_matter() -> None:
    rng = random.Random(3)
    for _name, links, requests in (*_MACHINES, *_PEOPLE):
        verdicts = dict(zip(map(id, requests), classify(requests, links), strict=True))
        mixed = rng.sample(requests, len(requests))
        assert [verdicts[id(each)] for each in mixed] == classify(mixed, links)


def test_only_the_gateways_requests_are_taken_away_from_a_reader() -> None:
    links, requests = next(each[1:] for each in _PEOPLE if each[0] == "the gateway first, then the reader")
    assert classify(requests, links) == [True] * 16 + [False]


def _opens(links: int, gaps: Sequence[float], headers: Mapping[str, str]) -> list[bool]:
    """The verdicts on somebody who opens so many links, with these seconds before each."""
    at, requests = START, []
    for number in range(links):
        at += timedelta(seconds=gaps[number % len(gaps)])
        requests.append(ClickRequest(f"story {number}", at, agent=WINDOWS, address="49.36.18.7", headers=headers))
    return classify(requests, 12)


# A reader opens tabs one after the other, or skims every story; a program in between has the same pace.
@pytest.mark.parametrize(("links", "gaps"), [(8, (0.8, 1.4, 0.9, 2.3)), (12, (9.0, 13.0, 8.0, 14.0))])
def test_a_link_followed_in_a_mailbox_is_a_persons_at_the_pace_of_a_program(links: int, gaps: Sequence[float]) -> None:
    assert all(_opens(links, gaps, HINDI))
    assert not any(_opens(links, gaps, {**HINDI, "referer": "https://mail.google.com/"}))


def test_no_hand_opens_links_within_tenths_of_a_second() -> None:
    by_hand = {**HINDI, "referer": "https://mail.google.com/"}
    assert all(_opens(12, (0.1, 0.3, 0.2), by_hand))
    assert all(_opens(5, (0.2, 0.4, 0.1), by_hand))
    # Nor is one that names itself, or is in a data centre, a person without Indian languages.
    request = ClickRequest("story 1", START, agent="curl/8.14.1", address="49.36.18.7", headers=by_hand)
    assert classify([request], 12) == [True]
    assert classify([replace(request, agent=WINDOWS, address="3.110.44.5")], 12) == [False]
    foreign = {**by_hand, "accept-language": "en-US"}
    assert classify([replace(request, agent=WINDOWS, address="3.110.44.5", headers=foreign)], 12) == [True]


def test_nothing_is_concluded_from_no_requests() -> None:
    assert classify([], 16) == []


# Carriers, Private Relay by Akamai and Cloudflare, proxies of employees, and a VPN: people use these.
@each_row(
    "address",
    [
        "",
        "nonsense",
        "::1",
        "127.0.0.1",
        "49.36.18.7",
        "2401:4900::1",
        "172.224.226.10",
        "104.28.30.1",
        "165.225.106.9",
    ],
)
def test_an_address_that_is_nobodys_is_no_data_centre(address: str) -> None:
    assert not is_data_centre(address)


def test_an_address_of_a_cloud_is_found_in_both_notations() -> None:
    assert is_data_centre("::ffff:40.94.33.20")
    assert is_data_centre("2600:1f18::7")


# Mumbai, Pune, Chennai, Hyderabad and Delhi, at Microsoft, Amazon, Google, Oracle, DigitalOcean, Linode and E2E.
@each_row(
    "address",
    [
        "4.213.50.9", "20.204.3.3", "98.70.12.1", "3.110.44.5", "43.205.9.1", "34.93.10.1", "34.131.7.7",
        "129.154.40.2", "152.67.9.9", "64.227.140.8", "172.232.80.5", "164.52.200.1",
    ],
)  # fmt: skip
def test_clouds_in_india_are_known(address: str) -> None:
    assert is_data_centre(address)


def test_a_long_name_takes_no_time() -> None:
    assert is_machine_agent("(compatible; " * 2000)
    requests = [replace(_PEOPLE[0][2][0], agent="x" * 60_000) for _ in range(200)]
    assert len(classify(requests, 16)) == 200
