"""Who came, by day: by an entry of the consent log, or by an edit of the list file."""

from __future__ import annotations

from datetime import timedelta

from digest.models import Subscriber
from digest.store.database import Database
from digest.store.people.consent import ConsentLog
from digest.store.people.growth import GrowthReader
from digest.store.people.subscribers import SubscriberStore
from tests.store.conftest import NOW


def test_people_whom_somebody_wrote_into_the_list_file_came_on_that_day(database: Database) -> None:
    store, yesterday = SubscriberStore(database), NOW - timedelta(days=1)
    addresses = [f"{name}@example.com" for name in ("asha", "ravi", "meena")]
    people = [(address, Subscriber(address)) for address in addresses]
    store.sync(people[:1], now=yesterday)
    # The desk, which writes into the file too, has an entry about meena.
    ConsentLog(database).record(addresses[2], "added", NOW, "the desk, by mira")
    store.sync(people, now=NOW)
    days = GrowthReader(database).by_day(NOW, 3)
    assert [each.joined for each in days] == [0, 1, 2]
    # Whoever comes off the file left, and is not counted again.
    store.sync(people[1:], now=NOW + timedelta(minutes=1))
    assert [(each.joined, each.left) for each in GrowthReader(database).by_day(NOW, 2)] == [(1, 0), (2, 1)]
