"""What readers decide, in the store: many leavings in one transaction, each told its own end."""

from __future__ import annotations

from sqlalchemy import event

from digest.store.consent import ConsentLog
from digest.store.database import Database
from digest.store.readers import ReaderStore
from digest.store.wishes import LEFT, Leaving, Said, WishStore
from tests.store.conftest import NOW, enlist


def test_leavings_go_together_in_one_commit(database: Database) -> None:
    names = [f"reader{number}@example.com" for number in range(40)]
    enlist(database, *names)
    readers, wishes = ReaderStore(database), WishStore(database)
    readers.suppress(names[1], "bounced", now=NOW)
    readers.suppress(names[2], LEFT, now=NOW)
    ids = [reader.id for name in names if (reader := wishes.at(name))]
    assert len(ids) == len(names)
    commits = 0

    def count(*_: object) -> None:
        nonlocal commits
        commits += 1

    event.listen(database.engine, "commit", count)
    leavings = [Leaving(id, Said("web:leave", "अभी छोड़ें", f"from {id}")) for id in (*ids, ids[0], 10**6)]
    told = wishes.leave_all(leavings, now=NOW)
    event.remove(database.engine, "commit", count)
    assert commits == 1
    assert told == [*(True for _ in ids), True, False]
    assert readers.suppressed() == dict.fromkeys(names, LEFT)
    log = ConsentLog(database)
    for id, name in zip(ids, names, strict=True):
        entries = log.of(name)
        if name == names[2]:  # had left before: nothing new was said
            assert entries == []
            continue
        (entry,) = entries
        assert (entry.what, entry.at, entry.source, entry.wording) == (LEFT, NOW, "web:leave", "अभी छोड़ें")
        assert entry.detail == f"from {id}"
