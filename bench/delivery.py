"""Handing an edition over: our whole path (list, freeze, ledger, requests) against the `sendgrid` package alone."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from bench import sink
from digest import freezing, pipeline
from digest.app import App, make_app
from digest.cli.folder import make_folder
from digest.deliver.message import Outgoing, recipient
from digest.deliver.transports.sendgrid_payload import payload

KEY = "SG.bench"


def run(readers: int) -> list[tuple[str, ...]]:
    """Rows of (what, readers per second, ratio to the rival)."""
    with tempfile.TemporaryDirectory() as place, sink.running() as url:
        home = Path(place) / "letter"
        make_folder(home)
        rows = "".join(f"  - email: reader{number}@example.com\n" for number in range(readers))
        (home / "subscribers.yaml").write_text("subscribers:\n" + rows, encoding="utf-8")
        environment = {
            "DIGEST_DELIVERY__TRANSPORT": "sendgrid",
            "DIGEST_DELIVERY__SENDGRID__HOST": url,
            "SENDGRID_API_KEY": KEY,
        }
        with make_app(home, environment=environment) as app:
            key = pipeline.edition_key(app)
            pipeline.compose(app, key)
            began = time.perf_counter()
            listed = freezing.read_list(app)
            read = time.perf_counter() - began
            began = time.perf_counter()
            sent = pipeline.send(app, key)
            whole = time.perf_counter() - began - read
            assert sent.counts.accepted == readers, sent
            rival = _package(app, url, readers)
    assert len(listed) == readers
    whole_and_list = whole + read
    return [
        ("the sendgrid package, ready-made dicts of 1,000, no ledger", f"{readers / rival:,.0f}", "1"),
        ("digest: freeze, ledger and requests", f"{readers / whole:,.0f}", f"{rival / whole:.2f}"),
        ("digest: reading the list besides", f"{readers / whole_and_list:,.0f}", f"{rival / whole_and_list:.2f}"),
    ]


def _package(app: App, url: str, readers: int) -> float:
    """Seconds that the package takes for the same requests; the dicts are made beforehand."""
    from sendgrid import SendGridAPIClient

    letter = app.editions.letters(pipeline.edition_key(app))["html"]
    people = tuple(
        recipient(number, f"reader{number}@example.com", app.sender, app.signer.sign) for number in range(1000)
    )
    ready = payload(Outgoing("bench", "1", "1", letter, app.sender, people))
    client = SendGridAPIClient(KEY, host=url).client
    began = time.perf_counter()
    for _ in range(readers // 1000):
        client.mail.send.post(request_body=ready, timeout=30)
    return time.perf_counter() - began
