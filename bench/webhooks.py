"""A webhook call with 2,500 events: verified and stored while the provider waits, and processed afterwards.

The rival is the `sendgrid` package's check of the signature alone, which stores nothing.
"""

from __future__ import annotations

import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bench.measure import timed
from bench.newsletter import email_of, write_list
from digest.app import make_app
from digest.cli.init import make_folder
from digest.feedback.sendgrid import SendGridVerifier, read_keys
from digest.models import Edition, EditionState
from digest.store.content.events import EventStore
from tests.support.enqueue import Entry, enqueue
from tests.support.sendgrid_events import Webhook, body, event

EVENTS = 2500
KEY = "2026-11-23"


def run(*, quick: bool) -> list[tuple[str, ...]]:
    """Rows of (what, milliseconds, ratio to the rival)."""
    from sendgrid.helpers.eventwebhook import EventWebhook

    signer = Webhook()
    now, rounds = datetime.now(UTC), 2 if quick else 9
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "newsletter"
        make_folder(home)
        write_list(home, EVENTS)
        with make_app(home) as app:
            app.subscribers.sync(app.subscriber_list.read(), now=now)
            app.editions.put(Edition(KEY, now.date(), 1, EditionState.SENDING, "विषय", "", ()), over=())
            ids = [candidate.id for candidate in app.subscribers.candidates(KEY)]
            enqueue(app.database, KEY, [Entry(id, "html", now) for id in ids], 1000, now=now)
            bodies = [_payload(ids, now) for _ in range(rounds)]
            signed = [signer.headers(each, now.timestamp()) for each in bodies]
            verifier, store = SendGridVerifier(read_keys(signer.public)), EventStore(app.database)
            package = EventWebhook(signer.public)

            def ours(number: int) -> None:
                signature, timestamp, _type = signed[number].values()
                assert verifier.accepts(bodies[number], signature, timestamp, now)
                assert store.save("sendgrid", bodies[number], now)

            def theirs(number: int) -> None:
                signature, timestamp, _type = signed[number].values()
                assert package.verify_signature(bodies[number].decode(), signature, timestamp)

            rival, whole = _median(theirs, rounds), _median(ours, rounds)
            start = time.perf_counter()
            assert app.feedback.process_webhooks().payloads == rounds
            processed = 1000 * (time.perf_counter() - start) / rounds
    return [
        ("the sendgrid package's check alone", f"{rival:.1f}", "1"),
        ("digest: verified and stored", f"{whole:.1f}", f"{whole / rival:.1f}"),
        ("digest: processed afterwards", f"{processed:.0f}", ""),
    ]


def _payload(ids: list[int], now: datetime) -> bytes:
    ours = {"dg_edition": KEY, "dg_batch": "1", "dg_attempt": "", "response": "250 2.0.0 OK 1763 gsmtp", "tls": 1}
    at = now.timestamp()
    return body(
        [
            event("delivered", email_of(place), at, dg_delivery=str(id), ip="192.0.2.7", **ours)
            for place, id in enumerate(ids)
        ]
        + [event("delivered", f"{secrets.token_hex(4)}@example.net", at)]
    )


def _median(work: Callable[[int], None], rounds: int) -> float:
    """Return the median milliseconds of a call."""
    return 1000 * statistics.median(timed(partial(work, number)) for number in range(rounds))
