"""Limits per host: simultaneous connections, the interval between them, and the pause for a host that is down."""

from __future__ import annotations

import threading

import pytest

from digest.collect.http.fetch import Fetcher, FetchError, FetchLimits
from digest.collect.http.politeness import MAX_INTERVAL, MIN_INTERVAL, HostLimiter, HostUnavailable, is_local_host
from tests.support.http_behaviours import hang
from tests.support.http_server import HttpServer
from tests.support.tables import each_row


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def limiter(time: Time) -> HostLimiter:
    return HostLimiter(clock=time, sleep=time.sleep)


def test_starts_to_one_host_are_apart_and_other_hosts_do_not_wait() -> None:
    time = Time()
    hosts = limiter(time)
    for host in ("a.example", "a.example", "b.example", "a.example"):
        with hosts.slot(host):
            pass
    assert time.slept == [MIN_INTERVAL, MIN_INTERVAL]


def test_a_crawl_delay_is_respected_up_to_a_limit() -> None:
    time = Time()
    hosts = limiter(time)
    hosts.set_delay("a.example", 5)
    hosts.set_delay("b.example", 3600)
    hosts.set_delay("c.example", 0.1)
    for host in ("a.example", "b.example", "c.example"):
        for _ in range(2):
            with hosts.slot(host):
                pass
    assert time.slept == [5, MAX_INTERVAL, MIN_INTERVAL]


def test_only_two_at_a_time() -> None:
    hosts = HostLimiter(min_interval=0)
    inside, most = 0, 0
    lock, third = threading.Lock(), threading.Event()

    def visit() -> None:
        nonlocal inside, most
        with hosts.slot("a.example"):
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


def test_a_host_that_times_out_is_not_contacted_for_a_while() -> None:
    time = Time()
    hosts = limiter(time)
    for _ in range(3):
        with hosts.slot("a.example"):
            hosts.record_result("a.example", timed_out=True)
    with (
        pytest.raises(HostUnavailable, match=r"a\.example timed out 3 times in a row"),
        hosts.slot("a.example"),
    ):
        pass
    with hosts.slot("b.example"):
        pass
    time.now += 301
    with hosts.slot("a.example"):
        hosts.record_result("a.example", timed_out=False)
    with hosts.slot("a.example"):
        pass


@each_row(
    ("host", "own"),
    [("localhost", True), ("127.0.0.1", True), ("192.168.1.7", True), ("desk.local", True), ("::1", True),
     ("news.example", False), ("93.184.216.34", False), ("localhost.example", False)],
)  # fmt: skip
def test_local_hosts_are_exempt(host: str, own: bool) -> None:
    assert is_local_host(host) is own


@pytest.mark.slow
def test_a_fetcher_uses_the_limiter_and_waiting_does_not_count() -> None:
    time = Time()
    strict = HostLimiter(clock=time, sleep=time.sleep, exempt_local=False)
    with HttpServer() as site:
        fetcher = Fetcher(FetchLimits(total=0.5), limiter=strict)
        site.route("/feed", b"<rss/>")
        for _ in range(3):
            assert fetcher.get(site.url("/feed"), allow_private=True).status == 200
        assert time.slept == [MIN_INTERVAL, MIN_INTERVAL]
        site.route("/hang", hang(5))
        for _ in range(3):
            with pytest.raises(FetchError, match="longer than"):
                fetcher.get(site.url("/hang"), allow_private=True)
        with pytest.raises(FetchError, match="not contacted for a while"):
            fetcher.get(site.url("/feed"), allow_private=True)
        assert len(site.hits("/feed")) == 3
