"""Rate limits in the store: they survive restarts, and threads and processes share them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from digest.deliver.ports import SendRateLimiter
from digest.store.database import Database, open_database
from digest.store.rate_limits import DAY, HOUR, SECOND, Limits, TransportLimits, WarmUp
from tests.store.conftest import NOW


def test_a_limit_holds_after_a_restart(store_url: str, tmp_path: Path) -> None:
    for goes in (True, False):
        database = open_database(store_url, home=tmp_path)
        meter: SendRateLimiter = TransportLimits(database, Limits({HOUR: 100}))
        assert (meter.take("sendgrid", 60, NOW) == 0) == goes
        database.close()


def test_recipients_who_wait_are_not_counted(database: Database) -> None:
    meter = TransportLimits(database, Limits({HOUR: 100, SECOND: 90}))
    assert meter.take("smtp", 90, NOW) == 0
    assert meter.take("smtp", 50, NOW) == 1800
    assert meter.take("smtp", 10, NOW) == 1  # the hour has room for them, the second has not
    assert meter.take("smtp", 10, NOW + timedelta(seconds=1)) == 0


def test_each_transport_has_its_own_count(database: Database) -> None:
    meter = TransportLimits(database, Limits({HOUR: 100}))
    assert [meter.take(name, 100, NOW) for name in ("smtp", "sendgrid")] == [0, 0]
    assert meter.take("smtp", 1, NOW) > 0


def test_recipients_not_sent_to_are_subtracted(database: Database) -> None:
    meter = TransportLimits(database, Limits({HOUR: 100, DAY: 150}))
    assert meter.take("smtp", 100, NOW) == 0
    meter.put_back("smtp", 100)
    assert meter.take("smtp", 100, NOW) == 0
    meter.put_back("smtp", 999)
    meter.put_back("unheard-of", 5)
    assert meter.take("smtp", 100, NOW) == 0


def test_a_warm_up_grows_from_the_first_use_of_a_transport(database: Database) -> None:
    meter = TransportLimits(database, Limits({}, WarmUp(500, 1.5)))
    assert meter.take("sendgrid", 500, NOW) == 0
    assert meter.take("sendgrid", 1, NOW) > 0
    tomorrow = NOW + timedelta(days=1)
    assert meter.take("sendgrid", 750, tomorrow) == 0
    assert meter.take("sendgrid", 1, tomorrow) > 0
    assert meter.take("smtp", 501, tomorrow) == 0  # the window is empty, so a single batch may be larger than the limit
    assert meter.take("smtp", 1, tomorrow) > 0


def test_no_recipients_and_no_limits(database: Database) -> None:
    assert TransportLimits(database, Limits({HOUR: 5})).take("smtp", 0, NOW) == 0
    assert TransportLimits(database, Limits({})).take("smtp", 10**6, NOW) == 0


def test_threads_of_two_processes_never_exceed_the_limit_together(store_url: str, tmp_path: Path) -> None:
    """Two open stores act as two processes; 16 threads ask at once for more than the limit."""
    stores = [open_database(store_url, home=tmp_path) for _ in range(2)]
    meters = [TransportLimits(one, Limits({HOUR: 100, DAY: 90})) for one in stores]
    together = threading.Barrier(16)

    def ask(n: int) -> int:
        together.wait(20)
        return sum(10 for _ in range(3) if meters[n % 2].take("sendgrid", 10, NOW) == 0)

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(ask, range(16))) == 90
    for one in stores:
        one.close()
