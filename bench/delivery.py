"""Handing an edition over: our whole path (freeze, ledger, requests) to a sink over TLS, against three that do less.

The letter is there beforehand on both sides, and so is the list in the store (`bench.listing` is about that).
"""

from __future__ import annotations

import math
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from bench import sink
from digest import pipeline
from digest.app import App, make_app
from digest.cli.init import make_folder
from digest.deliver.message import Outgoing, recipients
from digest.deliver.transports.sendgrid_payload import request_body
from digest.models import RenderedEmail

KEY = "SG.bench"
FEW = 500
"""Readers of the plain script, whose time is scaled up."""
BATCH = 1000
ROUNDS = 5
"""Of which the fastest counts, ours and theirs."""


def run(readers: int) -> list[tuple[str, ...]]:
    """Rows of (what, readers per second, times ours is faster)."""
    with newsletter() as app:
        enlist(app, readers)
        key = pipeline.edition_key(app)
        first = _sent(app, key, readers)
        made_ready(app, f"{key}-0")
        ready = orjson.loads(_request(app, app.editions.letters(f"{key}-0")["html"]))
        url = app.settings.delivery.sendgrid.host
        ours = package = kept_alive = math.inf
        for number in range(ROUNDS):  # in turns, for the machine may have other work
            ours = min(ours, _sent(app, f"{key}-{number}", readers))
            package = min(package, _package(url, ready, readers))
            kept_alive = min(kept_alive, _kept_alive(url, ready, readers))
        script = _helpers(url, app.editions.letters(key)["html"]) * readers / FEW
    rivals = [
        (f"script: sendgrid's helpers, a request each ({FEW}, scaled)", script),
        (f"sendgrid package, ready-made dicts of {BATCH:,}, no ledger", package),
        ("urllib3 kept alive and orjson, the same dicts, no ledger", kept_alive),
    ]
    rows = [
        (f"digest: freeze, ledger and requests, {readers:,} readers", f"{readers / ours:,.0f}", "1"),
        ("the same, a newsletter's first edition", f"{readers / first:,.0f}", f"{first / ours:.2f}"),
    ]
    return rows + [(what, f"{readers / took:,.0f}", f"{took / ours:.2f}") for what, took in rivals]


def _sent(app: App, key: str, readers: int) -> float:
    """Seconds of the whole way, for an edition whose letters are there."""
    made_ready(app, key)
    began = time.perf_counter()
    sent = pipeline.send(app, key)
    took = time.perf_counter() - began
    assert sent.counts.accepted == readers, sent
    return took


@contextmanager
def newsletter() -> Iterator[App]:
    """A new newsletter whose provider is a sink over TLS."""
    with tempfile.TemporaryDirectory() as place, sink.running() as provider:
        home = Path(place) / "letter"
        make_folder(home)
        environment = {
            "DIGEST_NEWSLETTER__BASE_URL": "https://letters.bench.test",
            "DIGEST_DELIVERY__TRANSPORT": "sendgrid",
            "DIGEST_DELIVERY__SENDGRID__HOST": provider.url,
            "SENDGRID_API_KEY": KEY,
        }
        before = os.environ.get("SSL_CERT_FILE")
        os.environ["SSL_CERT_FILE"] = provider.certificate  # what OpenSSL trusts, in our client and in the package's
        try:
            with make_app(home, environment=environment) as app:
                yield app
        finally:
            os.environ.pop("SSL_CERT_FILE")
            if before is not None:
                os.environ["SSL_CERT_FILE"] = before


def made_ready(app: App, key: str) -> None:
    """Composes the edition and keeps the letters of all variants in use."""
    edition = pipeline.compose(app, key).edition
    variants = app.enqueuer.variants_in_use(edition)
    letters = [app.renderer.render(edition, variant, now=app.now()) for variant in variants]
    app.editions.keep_letters(key, [letter for letter in letters if letter])


def enlist(app: App, readers: int) -> None:
    """So many readers in subscribers.yaml and in the store."""
    rows = "".join(f"  - email: reader{number}@example.com\n" for number in range(readers))
    (app.home / "subscribers.yaml").write_text("subscribers:\n" + rows, encoding="utf-8")
    app.subscriber_list.sync()


def _request(app: App, letter: RenderedEmail) -> bytes:
    people = recipients([(n, f"reader{n}@example.com") for n in range(BATCH)], app.sender, app.signer.sign_letter)
    return request_body(Outgoing("bench", "1", "1", letter, app.sender, people))


def _helpers(url: str, letter: RenderedEmail) -> float:
    """Seconds of the script that everybody writes first."""
    from sendgrid import SendGridAPIClient
    from sendgrid.helpers.mail import Mail

    client = SendGridAPIClient(KEY, host=url)
    began = time.perf_counter()
    for number in range(FEW):
        html = letter.html.replace("-DGX_EMAIL_H-", f"reader{number}@example.com")
        client.send(
            Mail("news@example.com", f"reader{number}@example.com", letter.subject, letter.text, html),
        )
    return time.perf_counter() - began


def _package(url: str, ready: dict[str, Any], readers: int) -> float:
    """Seconds that the package takes for requests of the same shape; the dicts are made beforehand."""
    from sendgrid import SendGridAPIClient

    client = SendGridAPIClient(KEY, host=url).client
    began = time.perf_counter()
    for _ in range(readers // BATCH):
        client.mail.send.post(request_body=ready, timeout=30)
    return time.perf_counter() - began


def _kept_alive(url: str, ready: dict[str, Any], readers: int) -> float:
    """Seconds of the fastest simple client: one thread, one connection, the dicts made beforehand."""
    import urllib3

    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    with urllib3.PoolManager(ca_certs=os.environ["SSL_CERT_FILE"]) as pool:
        began = time.perf_counter()
        for _ in range(readers // BATCH):
            answer = pool.request("POST", f"{url}/v3/mail/send", body=orjson.dumps(ready), headers=headers)
            assert answer.status == 202
        return time.perf_counter() - began
