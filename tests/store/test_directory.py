"""The desk's search of subscribers: filters, prefixes, pages, groups; on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete

from digest.models import Subscriber
from digest.store.database import Database
from digest.store.people import suppressions
from digest.store.people.carry_over import reserve_ids
from digest.store.people.directory import SubscriberDirectory, SubscriberFilter, SubscriberState
from digest.store.people.preferences import ConsentContext, PreferenceStore
from digest.store.people.subscribers import SubscriberStore
from digest.store.schema import preference
from tests.store.conftest import NOW

PAGE = ConsentContext("a page")
STATE = SubscriberState
PEOPLE = (
    Subscriber("Asha@example.com", "आशा शर्मा", topics=("खेल",)),
    Subscriber("ravi@example.com", "Ravi Verma", frequency="weekdays", timezone="Asia/Dubai"),
    Subscriber("mira@example.com", "Mira", status="paused"),
    Subscriber("dev%_@example.com", "O'Brien % Dev"),
    Subscriber("left@example.com"),
    Subscriber("bounced@example.com", topics=("देश", "खेल")),
    Subscriber("spam@example.com"),
)


@pytest.fixture
def directory(database: Database) -> SubscriberDirectory:
    """The people above and one who was removed; ravi chose a topic himself, and some get no mail."""
    store = SubscriberStore(database)
    gone = Subscriber("gone@example.com")
    store.sync([(each.email.lower(), each) for each in (*PEOPLE, gone)], now=NOW - timedelta(days=1), version="1")
    store.sync([(each.email.lower(), each) for each in PEOPLE], now=NOW, version="2")
    preferences = PreferenceStore(database)
    ravi = preferences.find("ravi@example.com")
    assert ravi is not None
    preferences.set(ravi.id, {"topics": ["खेल"]}, PAGE, now=NOW)
    with database.write() as connection:
        for address, reason in (("left@", "unsubscribed"), ("bounced@", "bounced"), ("spam@", "complained")):
            suppressions.suppress(connection, f"{address}example.com", reason, at=NOW, detail="")
    return SubscriberDirectory(database)


def found(directory: SubscriberDirectory, **wanted: object) -> list[str]:
    given = SubscriberFilter(**wanted)  # type: ignore[arg-type]
    lines, _more = directory.page(given, now=NOW, limit=50)
    emails = [line.subscriber.email.lower() for line in lines]
    if given.state is not STATE.UNCONFIRMED:
        assert directory.addresses(given, now=NOW) == frozenset(emails), "a group has whom its list shows"
    return [email.partition("@")[0] for email in emails]


def test_each_state_shows_its_subscribers_and_they_add_up(directory: SubscriberDirectory) -> None:
    assert found(directory, state=STATE.ACTIVE) == ["dev%_", "ravi", "asha"]
    assert found(directory, state=STATE.PAUSED) == ["mira"]
    assert found(directory, state=STATE.LEFT) == ["left"]
    assert found(directory, state=STATE.BOUNCED) == ["bounced"]
    assert found(directory, state=STATE.COMPLAINED) == ["spam"]
    assert found(directory, state=STATE.REMOVED) == ["gone"]
    assert len(found(directory)) == len(PEOPLE) + 1
    counts = directory.counts(NOW)
    assert {state: number for state, number in counts.items() if number} == {
        STATE.ACTIVE: 3, STATE.PAUSED: 1, STATE.LEFT: 1, STATE.BOUNCED: 1, STATE.COMPLAINED: 1, STATE.REMOVED: 1,
    }  # fmt: skip


def test_a_pause_of_ones_own_counts_until_it_ends(directory: SubscriberDirectory, database: Database) -> None:
    preferences = PreferenceStore(database)
    asha = preferences.find("asha@example.com")
    assert asha is not None
    preferences.set(asha.id, {"paused_until": NOW + timedelta(days=3)}, PAGE, now=NOW)
    assert found(directory, state=STATE.PAUSED) == ["mira", "asha"]
    later, _more = directory.page(SubscriberFilter(state=STATE.PAUSED), now=NOW + timedelta(days=4), limit=9)
    assert [line.subscriber.email for line in later] == ["mira@example.com"]


def test_a_search_compares_beginnings_in_any_script(directory: SubscriberDirectory) -> None:
    assert found(directory, search="ASHA") == ["asha"]
    assert found(directory, search="शर्मा") == ["asha"]
    assert found(directory, search="verma") == ["ravi"]
    assert found(directory, search="%") == ["dev%_"], "marks of a pattern are letters like any other"
    assert found(directory, search="_") == found(directory, search="sha") == found(directory, search="'") == []
    assert found(directory, search="o'b") == ["dev%_"]
    assert found(directory, search="a", topic="खेल") == ["asha"]
    assert len(found(directory, search="@example")) == len(found(directory, search="EXAMPLE.com")) == len(PEOPLE) + 1
    assert found(directory, search="@xample") == []
    assert directory.count(SubscriberFilter(topic="खेल"), now=NOW) == len(found(directory, topic="खेल"))


def test_filters_together_and_topics_that_somebody_chose(directory: SubscriberDirectory) -> None:
    assert found(directory, topic="खेल") == ["bounced", "ravi", "asha"]
    assert found(directory, topic="खेल", state=STATE.ACTIVE) == ["ravi", "asha"]
    assert found(directory, topic="देश") == ["bounced"]
    assert found(directory, topic="खे") == []
    assert found(directory, frequency="weekdays", timezone="Asia/Dubai") == ["ravi"]
    assert found(directory, origin="-", search="r") == ["ravi"]
    assert found(directory, origin="mela") == []


def test_pages_have_everybody_once(directory: SubscriberDirectory) -> None:
    seen: list[str] = []
    before: int | None = None
    for _ in range(5):
        lines, before = directory.page(SubscriberFilter(), now=NOW, limit=2, before=before)
        seen += [line.subscriber.email for line in lines]
        if before is None:
            break
    assert len(seen) == len(set(seen)) == len(PEOPLE) + 1


def test_a_page_without_enough_subscribers_says_where_to_look_further(
    directory: SubscriberDirectory, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The list is so long that one page does not examine all of it.
    monkeypatch.setattr("digest.store.people.directory._SPAN", 3)
    usual = SubscriberFilter(state=STATE.ACTIVE, frequency="daily", timezone="Asia/Kolkata")
    with database.write() as connection:
        connection.execute(delete(preference))
    before, seen, pages = None, [], 0
    while pages == 0 or before is not None:
        lines, before = directory.page(usual, now=NOW, limit=50, before=before)
        seen += [line.subscriber.email for line in lines]
        pages += 1
    assert (seen, pages) == (["dev%_@example.com", "Asha@example.com"], 3)


def test_gaps_between_ids_hide_nobody(directory: SubscriberDirectory, database: Database) -> None:
    everybody = found(directory)
    with database.write() as connection:
        reserve_ids(connection, NOW)
    SubscriberStore(database).sync([("new@example.com", Subscriber("new@example.com"))], now=NOW, version="3")
    with database.write() as connection:
        reserve_ids(connection, NOW)
    lines, before = directory.page(SubscriberFilter(), now=NOW, limit=50)
    assert ([line.subscriber.email.lower().partition("@")[0] for line in lines], before) == (["new", *everybody], None)
    assert found(directory, timezone="Asia/Dubai") == ["ravi"], "an index finds few subscribers wherever they are"


def test_a_saved_group_is_replaced_and_forgotten(directory: SubscriberDirectory, database: Database) -> None:
    wanted = SubscriberFilter(state=STATE.ACTIVE, topic="खेल")
    with database.write() as connection:
        directory.save_segment(connection, "खेल वाले", wanted, NOW)
        directory.save_segment(connection, "खेल वाले", replace(wanted, topic="देश"), NOW)
    (group,) = directory.segments()
    assert (group.name, group.filter) == ("खेल वाले", replace(wanted, topic="देश"))
    with database.write() as connection:
        assert directory.drop_segment(connection, "खेल वाले")
        assert not directory.drop_segment(connection, "खेल वाले")


def test_who_has_not_confirmed_is_in_no_group(directory: SubscriberDirectory) -> None:
    assert directory.addresses(SubscriberFilter(state=STATE.UNCONFIRMED), now=NOW) == frozenset()
