"""A post of 2,500 events: verified and kept, as a provider waits for it; and handled afterwards. Rival: the `sendgrid`
package's check of the signature alone, which keeps nothing."""

from __future__ import annotations

import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from digest.app import make_app
from digest.cli.init import make_folder
from digest.events.signature import Verifier, read_keys
from digest.models import Edition
from digest.store.content.events import EventStore
from tests.support.freezing import Entry, freeze
from tests.support.sendgrid_events import Webhook, body, event

EVENTS = 2500
KEY = "2026-11-23"
TIMES = 9


def run() -> list[tuple[str, ...]]:
    """Rows of (what, milliseconds, ratio to the rival)."""
    from sendgrid.helpers.eventwebhook import EventWebhook

    signer = Webhook()
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as place:
        home = Path(place) / "letter"
        make_folder(home)
        rows = "".join(f"  - email: reader{number}@example.com\n" for number in range(EVENTS))
        (home / "subscribers.yaml").write_text("subscribers:\n" + rows, encoding="utf-8")
        with make_app(home) as app:
            app.subscribers.sync(app.subscriber_list.read(), now=now)
            app.editions.put(Edition(KEY, now.date(), 1, "sending", "विषय", "", ()), over=())
            ids = [candidate.id for candidate in app.subscribers.candidates(KEY)]
            freeze(app.database, KEY, [Entry(id, "html", now) for id in ids], 1000, now=now)
            bodies = [_post(ids, now) for _ in range(TIMES)]
            signed = [signer.headers(each, now.timestamp()) for each in bodies]
            verifier, store = Verifier(read_keys(signer.public)), EventStore(app.database)
            package = EventWebhook(signer.public)

            def ours(number: int) -> None:
                signature, stamp, _type = signed[number].values()
                assert verifier.accepts(bodies[number], signature, stamp, now)
                assert store.keep("sendgrid", bodies[number], now)

            def theirs(number: int) -> None:
                signature, stamp, _type = signed[number].values()
                assert package.verify_signature(bodies[number].decode(), signature, stamp)

            rival, whole = _median(theirs), _median(ours)
            began = time.perf_counter()
            assert app.feedback.process_webhooks().payloads == TIMES
            handled = 1000 * (time.perf_counter() - began) / TIMES
    return [
        ("the sendgrid package's check alone", f"{rival:.1f}", "1"),
        ("verified and kept", f"{whole:.1f}", f"{whole / rival:.1f}"),
        ("handled afterwards", f"{handled:.0f}", ""),
    ]


def _post(ids: list[int], now: datetime) -> bytes:
    ours = {"dg_edition": KEY, "dg_batch": "1", "dg_attempt": "", "response": "250 2.0.0 OK 1763 gsmtp", "tls": 1}
    at = now.timestamp()
    return body(
        [
            event("delivered", f"reader{place}@example.com", at, dg_delivery=str(id), ip="192.0.2.7", **ours)
            for place, id in enumerate(ids)
        ]
        + [event("delivered", f"{secrets.token_hex(4)}@example.net", at)]
    )


def _median(work: Callable[[int], None]) -> float:
    """Milliseconds."""
    took = []
    for number in range(TIMES):
        began = time.perf_counter()
        work(number)
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took)
