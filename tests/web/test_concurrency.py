"""Unsubscribes during a send: none is lost, and a subscriber who left before the claim gets no email."""

from __future__ import annotations

import http.client
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from digest import pipeline
from digest.deliver.outcome import Accepted
from digest.store.database import Database
from digest.store.people.preferences import UNSUBSCRIBED, ConsentContext, PreferenceStore
from digest.store.sending.ledger import SqlLedger
from digest.store.sending.status import find_unreached
from tests.store.conftest import KEY, NOW, Frozen, frozen  # noqa: F401
from tests.support.enqueue import claim_one
from tests.support.folders import newsletter_folder
from tests.web.site import site

CONTEXT = ConsentContext("test")


@pytest.mark.slow
def test_fifty_concurrent_unsubscribes_during_a_send(tmp_path: Path) -> None:
    emails = [f"r{number}@example.com" for number in range(600)]
    leaving = emails[::2]
    home = tmp_path / "newsletter"
    newsletter_folder(home, all_sources=False)
    rows = "\n".join(f"  - {{email: {email}}}" for email in emails)
    (home / "subscribers.yaml").write_text(f"subscribers:\n{rows}\n", encoding="utf-8")
    with site(home, emails, DIGEST_DELIVERY__BATCH_SIZE="20", DIGEST_DELIVERY__THREADS="2") as pages:
        pipeline.compose(pages.app, KEY)
        tokens = [pages.token("leave", email) for email in leaving]
        start, answered = threading.Event(), []

        def leave(part: int) -> None:
            place = urlsplit(pages.base)
            connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
            start.wait()
            for at in range(part, len(tokens), 50):
                connection.request("POST", f"/leave/{tokens[at]}", b"List-Unsubscribe=One-Click")
                answer = connection.getresponse()
                answer.read()
                answered.append(answer.status)
            connection.close()

        with ThreadPoolExecutor(50) as pool:
            jobs = [pool.submit(leave, part) for part in range(50)]
            start.set()
            report = pipeline.send(pages.app, KEY)
            for job in jobs:
                job.result()
        assert answered == [200] * len(leaving)
        assert pages.app.subscribers.suppressed() == dict.fromkeys(leaving, UNSUBSCRIBED)
        mailed = {path.stem.partition("-")[2] for path in (home / "outbox" / KEY).glob("*.eml")}
        excluded = {row.email for row in find_unreached(pages.app.database, KEY)}
        assert report.counts.frozen == len(emails)
        assert mailed | excluded == set(emails)
        assert not mailed & excluded
        # Everybody who stayed has got it.
        assert excluded <= set(leaving)


@pytest.mark.slow
@pytest.mark.parametrize("action", ["leave", "pause"])
def test_a_claim_excludes_who_left_before_it(database: Database, frozen: Frozen, action: str) -> None:  # noqa: F811
    ids = frozen(300, size=5)
    ledger, preferences = SqlLedger(database), PreferenceStore(database)
    gone: list[int] = []
    turn = threading.Barrier(2)

    def leave() -> None:
        turn.wait()
        for id in reversed(ids[::2]):
            if action == "leave":
                preferences.unsubscribe(id, CONTEXT, now=NOW)
            else:
                preferences.set(id, {"paused_until": NOW + timedelta(days=7)}, CONTEXT, now=NOW)
            # Only now would the page answer.
            gone.append(id)

    leaver = threading.Thread(target=leave)
    leaver.start()
    turn.wait()
    handed: list[int] = []
    while True:
        # Let both threads run.
        time.sleep(0.003)
        before = set(gone)
        claim = claim_one(ledger, KEY, "outbox", NOW, 5)
        if claim is None:
            break
        assert not before & {id for id, _email in claim.recipients}
        handed += [id for id, _email in claim.recipients]
        ledger.settle(claim.attempt, Accepted(), NOW)
    leaver.join()
    assert set(ids[1::2]) <= set(handed)
    assert len(handed) < len(ids), "nobody left in time, so there was no race"
