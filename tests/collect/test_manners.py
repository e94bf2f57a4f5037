"""Turns at a host, by a clock of ours: how many at once, how far apart, and a rest for one that is down."""

from __future__ import annotations

import threading

import pytest

from digest.collect.fetch import Fetcher, FetchError, FetchLimits
from digest.collect.manners import APART, SLOWEST, Down, Manners, is_own
from tests.support.http_behaviours import hang
from tests.support.http_server import HttpServer


class Time:
    """A clock that sleeping alone moves on."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def manners(time: Time) -> Manners:
    return Manners(clock=time, sleep=time.sleep)


def test_starts_to_one_host_are_apart_and_other_hosts_do_not_wait() -> None:
    time = Time()
    turns = manners(time)
    for host in ("a.example", "a.example", "b.example", "a.example"):
        with turns.turn(host):
            pass
    assert time.slept == [APART, APART]


def test_a_crawl_delay_is_honoured_up_to_a_bound() -> None:
    time = Time()
    turns = manners(time)
    turns.slow("a.example", 5)
    turns.slow("b.example", 3600)
    turns.slow("c.example", 0.1)
    for host in ("a.example", "b.example", "c.example"):
        for _ in range(2):
            with turns.turn(host):
                pass
    assert time.slept == [5, SLOWEST, APART]


def test_only_two_at_a_time() -> None:
    turns = Manners(apart=0)
    inside, most = 0, 0
    lock, third = threading.Lock(), threading.Event()

    def visit() -> None:
        nonlocal inside, most
        with turns.turn("a.example"):
            with lock:
                inside += 1
                most = max(most, inside)
            third.wait(0.05)
            with lock:
                inside -= 1

    threads = [threading.Thread(target=visit) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert most == 2


def test_a_host_that_lets_time_run_out_gets_a_rest_and_comes_back() -> None:
    time = Time()
    turns = manners(time)
    for _ in range(3):
        with turns.turn("a.example"):
            turns.ended("a.example", late=True)
    with pytest.raises(Down, match=r"a\.example did not answer in time 3 times"), turns.turn("a.example"):
        pass
    with turns.turn("b.example"):
        pass
    time.now += 301
    with turns.turn("a.example"):
        turns.ended("a.example", late=False)
    with turns.turn("a.example"):
        pass


@pytest.mark.parametrize(
    ("host", "own"),
    [("localhost", True), ("127.0.0.1", True), ("192.168.1.7", True), ("desk.local", True), ("::1", True),
     ("news.example", False), ("93.184.216.34", False), ("localhost.example", False)],
)  # fmt: skip
def test_ones_own_network_is_spared(host: str, own: bool) -> None:
    assert is_own(host) is own


def test_a_fetcher_keeps_the_manners_and_waiting_is_not_the_hosts_fault() -> None:
    time = Time()
    strict = Manners(clock=time, sleep=time.sleep, spare_own=False)
    with HttpServer() as site:
        fetcher = Fetcher(FetchLimits(whole=0.5), manners=strict)
        site.route("/feed", b"<rss/>")
        for _ in range(3):
            assert fetcher.get(site.url("/feed"), allow_private=True).status == 200
        assert time.slept == [APART, APART]
        site.route("/hang", hang(5))
        for _ in range(3):
            with pytest.raises(FetchError, match="longer than"):
                fetcher.get(site.url("/hang"), allow_private=True)
        with pytest.raises(FetchError, match="not asked for a while"):
            fetcher.get(site.url("/feed"), allow_private=True)
        assert len(site.hits("/feed")) == 3
