"""Importing a list: what happens to each kind of subscriber, all or nothing."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from digest.models import Actor, Subscriber
from digest.store.database import Database
from digest.store.people.consent import ConsentLog
from digest.store.people.erasure import Erasures
from digest.store.people.imports import ImportResult, ImportTerms, SubscriberImport
from digest.store.people.preferences import ConsentContext, PreferenceStore
from digest.store.people.subscribers import SubscriberAdmin, SubscriberStore
from digest.subscribers.imports.rows import Incoming
from tests.store.conftest import KEY, NOW, enlist

LONG_AGO = datetime(2019, 5, 1, tzinfo=UTC)

BY, TERMS = Actor("mira", "command"), ImportTerms("old", "x")


def row(line: int, address: str, **values: Any) -> Incoming:
    return Incoming(line, address, address, **values)


def take(
    database: Database,
    *rows: Incoming,
    origin: str = "old",
    existing: str = "update",
    wording: str = "",
    dry_run: bool = False,
) -> tuple[ImportResult, list[Any]]:
    refused: list[Any] = []
    terms = ImportTerms(origin, "list.csv", wording, existing == "update")
    done = SubscriberImport(database, Erasures(database)).run(
        rows, terms, BY, now=NOW, rejected=lambda *row: refused.append(row), dry_run=dry_run
    )
    return done, refused


def eligible_addresses(database: Database) -> dict[str, str | None]:
    """Return address → reason of a suppression, of all candidates."""
    return {subscriber.email: subscriber.suppressed for subscriber in SubscriberStore(database).candidates(KEY)}


def test_new_subscribers_are_eligible(database: Database) -> None:
    done, refused = take(
        database, row(2, "a@example.com", name="आशा", topics=["देश"], hour="07:30"), row(3, "b@example.com")
    )
    assert (done, refused) == (ImportResult(2, 0, 0, 0, 0, 0), [])
    a, b = SubscriberAdmin(database).imported()
    assert a.subscriber == Subscriber("a@example.com", "आशा", ("देश",), hour=time(7, 30))
    assert b.subscriber == Subscriber("b@example.com")
    assert (a.origin, b.origin) == ("old", "old")
    assert eligible_addresses(database) == {"a@example.com": None, "b@example.com": None}


def test_known_consent_is_logged(database: Database) -> None:
    take(database, row(2, "a@example.com", agreed_at=LONG_AGO, detail="from 192.0.2.4"))
    found = [(one.what, one.at, one.source, one.detail) for one in ConsentLog(database).entries("a@example.com")]
    assert found == [
        ("agreed", LONG_AGO, "list.csv", "from 192.0.2.4"),
        ("imported", NOW, "list.csv", "from 192.0.2.4"),
    ]


def test_subscribers_yaml_wins(database: Database) -> None:
    enlist(database, "a@example.com")
    done, _ = take(database, row(2, "a@example.com", name="x"))
    assert done == ImportResult(0, 0, 0, 1, 0, 0)
    assert list(SubscriberAdmin(database).imported()) == []
    assert ConsentLog(database).entries("a@example.com") == []


def test_an_imported_subscriber_listed_in_the_file_belongs_to_it(database: Database) -> None:
    take(database, row(2, "a@example.com"), row(3, "b@example.com"))
    enlist(database, "a@example.com")
    assert [one.address for one in SubscriberAdmin(database).imported()] == ["b@example.com"]
    enlist(database)
    assert list(eligible_addresses(database)) == ["b@example.com"]


@pytest.mark.parametrize("existing", ["update", "keep"])
def test_a_pause_is_imported_unless_the_subscriber_chose_something(database: Database, existing: str) -> None:
    until, past = NOW + timedelta(days=14), NOW - timedelta(days=1)
    preferences = PreferenceStore(database)
    take(database, row(2, "known@example.com"), row(3, "chose@example.com"), row(4, "left@example.com"))
    enlist(database, "file@example.com")
    SubscriberAdmin(database).remove("left@example.com", source="admin", now=NOW)
    chose = preferences.find("chose@example.com")
    assert chose
    preferences.set(chose.id, {"format": "text"}, ConsentContext("web:preferences"), now=NOW)
    names = ("known", "chose", "left", "file", "new")
    rows = [row(n, f"{name}@example.com", status="active", paused_until=until) for n, name in enumerate(names, 2)]
    done, _ = take(database, *rows, row(9, "over@example.com", paused_until=past), existing=existing)
    assert (done.added, done.returned) == (2, 1)
    expected = {"left", "new", *(["known"] if existing == "update" else [])}
    assert preferences.paused(NOW) == {f"{name}@example.com": until for name in expected}
    found = [one.what for one in ConsentLog(database).entries("known@example.com")]
    assert found == ["imported", *(["changed"] if existing == "update" else [])]


@pytest.mark.parametrize(("existing", "name"), [("update", "नई"), ("keep", "आशा")])
def test_importing_again_changes_or_keeps(database: Database, existing: str, name: str) -> None:
    take(database, row(2, "a@example.com", name="आशा", topics=["देश"]))
    again = (row(2, "a@example.com", name="नई"), row(3, "b@example.com"))
    done, _ = take(database, *again, origin="new", existing=existing)
    changed = ("a@example.com",) if existing == "update" else ()
    assert done == ImportResult(1, 0, len(changed), 1 - len(changed), 0, 0, first_changed=changed)
    a, b = SubscriberAdmin(database).imported()
    assert (a.subscriber.name, a.subscriber.topics, a.origin, b.origin) == (name, ("देश",), "old", "new")
    assert take(database, *again, origin="new", existing=existing)[0] == ImportResult(0, 0, 0, 2, 0, 0)


def test_a_removed_subscriber_is_listed_again(database: Database) -> None:
    enlist(database, "a@example.com")
    enlist(database)
    done, _ = take(database, row(2, "a@example.com", name="आशा"))
    assert done == ImportResult(0, 1, 0, 0, 0, 0)
    (subscriber,) = SubscriberAdmin(database).imported()
    assert (subscriber.subscriber.name, subscriber.origin) == ("आशा", "old")


def test_an_unsubscribed_row_suppresses_a_listed_subscriber(database: Database) -> None:
    enlist(database, "a@example.com")
    rows = (row(2, "a@example.com", suppressed="unsubscribed"), row(3, "b@example.com", suppressed="bounced"))
    stops = ImportResult(0, 0, 0, 0, 2, 0, stopped=1, first_stopped=("a@example.com",))
    assert take(database, *rows, dry_run=True)[0] == stops, "the preview names who gets no more mail"
    assert SubscriberStore(database).suppressed() == {}
    assert take(database, *rows)[0] == stops
    assert SubscriberStore(database).suppressed() == {"a@example.com": "unsubscribed", "b@example.com": "bounced"}
    assert take(database, *rows)[0] == ImportResult(0, 0, 0, 0, 0, 0, already_suppressed=2)
    assert [one.what for one in ConsentLog(database).entries("b@example.com")] == ["bounced"]


def test_an_unsubscribed_subscriber_stays_suppressed(database: Database) -> None:
    SubscriberStore(database).suppress("a@example.com", "complained", now=NOW)
    assert take(database, row(2, "a@example.com"))[0] == ImportResult(1, 0, 0, 0, 0, 1)
    assert eligible_addresses(database) == {"a@example.com": "complained"}


def test_the_first_of_many_are_named_in_the_order_of_the_file(database: Database) -> None:
    addresses = [f"{name}@example.com" for name in "zyxwvuts"]
    enlist(database, *addresses)
    done, _ = take(database, *(row(at, one, suppressed="bounced") for at, one in enumerate(addresses, 2)))
    assert (done.stopped, done.first_stopped) == (8, tuple(addresses[:5]))


def test_the_consent_of_a_whole_file_is_logged_for_who_joins(database: Database) -> None:
    take(database, row(2, "a@example.com"))
    joining = row(2, "a@example.com", name="नई"), row(3, "b@example.com"), row(4, "c@example.com", suppressed="bounced")
    take(database, *joining, wording="the form at the book fair")
    log = ConsentLog(database)
    said = {name: [one.wording for one in log.entries(f"{name}@example.com")] for name in "abc"}
    assert said == {"a": ["", ""], "b": ["the form at the book fair"], "c": [""]}


def test_the_same_address_twice(database: Database) -> None:
    rows = [
        row(2, "a@example.com", name="first"),
        row(3, "b@example.com"),
        row(4, "a@example.com", name="second"),
        row(5, "b@example.com", suppressed="unsubscribed"),
    ]
    done, refused = take(database, *rows)
    assert done == ImportResult(1, 0, 0, 0, 1, 0)
    assert refused == [
        (3, "b@example.com", "the same address as on line 5"),
        (4, "a@example.com", "the same address as on line 2"),
    ]
    (subscriber,) = SubscriberAdmin(database).imported()
    assert subscriber.subscriber.name == "first"


def test_a_dry_run_changes_nothing(database: Database) -> None:
    rows = (row(2, "a@example.com"), row(3, "b@example.com", suppressed="bounced"))
    assert take(database, *rows, dry_run=True)[0] == take(database, *rows)[0]


def test_an_error_in_the_middle_changes_nothing(database: Database) -> None:
    def rows() -> Any:
        yield row(2, "a@example.com")
        raise RuntimeError("the file ends here")

    with pytest.raises(RuntimeError):
        take(database, *rows())
    with pytest.raises(RuntimeError):
        SubscriberImport(database, Erasures(database)).run(rows(), TERMS, BY, now=NOW, rejected=print)
    assert eligible_addresses(database) == {}
    assert take(database, row(2, "a@example.com"))[0].added == 1


@pytest.mark.slow
def test_the_store_can_be_written_while_a_list_is_read(database: Database) -> None:
    """A running send and unsubscribes do not wait until a million rows are parsed."""

    def rows() -> Any:
        yield row(2, "a@example.com")
        SubscriberStore(database).suppress("z@example.com", "unsubscribed", now=NOW)
        for line in range(3, 10_010):  # beyond what is staged at once
            yield row(line, f"r{line}@example.com")
        SubscriberStore(database).suppress("y@example.com", "unsubscribed", now=NOW)

    done = SubscriberImport(database, Erasures(database)).run(rows(), TERMS, BY, now=NOW, rejected=print)
    assert done.added == 10_008


def test_an_erased_address_is_rejected(database: Database) -> None:
    erasures = Erasures(database)
    enlist(database, "a@example.com")
    erasures.erase("a@example.com", "asked for it", now=NOW)
    done, refused = take(database, row(2, "a@example.com"), row(3, "b@example.com"))
    assert done.added == 1
    assert refused == [(2, "a@example.com", "was erased at the person's request and is not imported again")]
    enlist(database, "a@example.com", "c@example.com")
    assert set(eligible_addresses(database)) == {"b@example.com", "c@example.com"}
    with database.write() as connection:
        assert erasures.allow_return(connection, "a@example.com")
    enlist(database, "a@example.com", "c@example.com")
    assert "a@example.com" in eligible_addresses(database)


def test_imported_subscribers_are_edited_in_the_store(database: Database) -> None:
    admin = SubscriberAdmin(database)
    take(database, row(2, "a@example.com", topics=["देश"], hour="07:30"))
    enlist(database, "b@example.com")
    assert admin.update("a@example.com", {"topics": ("खेल",), "hour": None, "status": "paused"}, source="s", now=NOW)
    held = admin.find("a@example.com")
    assert held
    assert held.subscriber == Subscriber("a@example.com", topics=("खेल",), status="paused")
    assert not admin.update("b@example.com", {"name": "x"}, source="s", now=NOW)
    assert not admin.remove("b@example.com", source="s", now=NOW)
    assert admin.remove("a@example.com", source="s", now=NOW)
    assert not admin.remove("a@example.com", source="s", now=NOW)
    assert list(eligible_addresses(database)) == ["b@example.com"]
    whats = [one.what for one in ConsentLog(database).entries("a@example.com")]
    assert whats == ["imported", "changed", "removed"]


def test_subscribers_are_counted_by_import(database: Database) -> None:
    enlist(database, "z@example.com")
    take(database, *(row(n, f"r{n}@example.com") for n in range(2, 8)))
    assert SubscriberAdmin(database).import_counts() == {"old": 6}


SOURCE = "import mela of list.csv"


def test_an_import_is_undone_except_for_people_who_decided_something_since(database: Database) -> None:
    admin, undo = SubscriberAdmin(database), SubscriberAdmin(database).import_undo
    before = [row(2, "old@example.com", name="पुराना", topics=["देश"]), row(3, "gone@example.com"), row(4, "spam@e.com")]
    SubscriberImport(database, Erasures(database)).run(
        before, ImportTerms("first", "import first of a.csv"), BY, now=NOW, rejected=lambda *_: None
    )
    admin.remove("gone@example.com", source="x", now=NOW)
    SubscriberStore(database).suppress("soft@example.com", "bounced", now=NOW, detail="5.1.1")
    later, people = NOW + timedelta(hours=1), ("new", "old", "gone", "stays", "left", "soft", "spam")
    values: dict[str, dict[str, Any]] = {
        "old": {"name": "नया", "topics": ["खेल"], "paused_until": later + timedelta(days=9)},
        "left": {"suppressed": "unsubscribed"},
        "soft": {"suppressed": "unsubscribed"},
        "spam": {"suppressed": "complained"},
    }
    addresses = {name: "spam@e.com" if name == "spam" else f"{name}@example.com" for name in people}
    done = SubscriberImport(database, Erasures(database)).run(
        [row(line, addresses[name], **values.get(name, {})) for line, name in enumerate(people)],
        ImportTerms("mela", SOURCE),
        BY,
        now=later,
        rejected=lambda *_: None,
    )
    assert done.act is not None
    assert undo.possible() == [done.act, done.act - 1]
    stays = admin.find("stays@example.com")
    assert stays is not None
    ConsentLog(database).record("stays@example.com", "changed", later + timedelta(hours=1), "web:preferences")
    planned = undo.plan(done.act)
    assert planned is not None
    found = undo.run(done.act, source="the desk, by mira", now=later + timedelta(hours=2))
    assert found == planned
    assert (set(found.removed), found.changed) == ({"new@example.com", "gone@example.com"}, ("old@example.com",))
    assert set(found.mailed) == {"left@example.com", "soft@example.com"}
    # Only their own sign-up ends a complaint.
    assert set(found.kept) == {"stays@example.com", "spam@e.com"}
    old, new, gone = (admin.find(f"{name}@example.com") for name in ("old", "new", "gone"))
    assert old is not None
    assert new is not None
    assert gone is not None
    assert (old.subscriber.name, old.subscriber.topics, old.origin) == ("पुराना", ("देश",), "first")
    assert PreferenceStore(database).paused(later) == {}
    assert (new.listed, gone.listed, gone.origin) == (False, False, "first")
    assert SubscriberStore(database).suppressed() == {"soft@example.com": "bounced", "spam@e.com": "complained"}
    words = [one.what for one in ConsentLog(database).entries("new@example.com")]
    assert words == ["imported", "removed"]
    assert undo.run(done.act, source="", now=later) is None
    assert undo.possible() == [done.act - 1]
    # What an import replaced is personal.
    assert undo.forget_old(NOW + timedelta(days=31), 2) == 2
    assert undo.forget_old(NOW + timedelta(days=31), 2) == 1
    assert undo.possible() == []
