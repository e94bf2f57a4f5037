"""Send to 100,000 recipients on loopback: enqueue, ledger, personalizations and requests over TLS.

The edition is rendered and the list is stored beforehand; `bench.subscriber_list` measures the list. Nothing is
prepared per recipient. The rivals do less: they keep no ledger, so that a killed run would send twice.
"""

from __future__ import annotations

import math
import os
import time
from functools import partial
from html import escape
from typing import Any

import orjson

from bench.measure import timed
from bench.newsletter import API_KEY, add_subscribers, email_of, newsletter, prepare_edition
from digest import pipeline
from digest.app import App
from digest.deliver.sendgrid.payload import request_body
from digest.mail.message import Outgoing, recipients
from digest.models import PLACEHOLDERS, RenderedEmail

BATCH = 1000
# The fastest round counts, for us and for the rivals.
ROUNDS = 5
# The slowest rival sends this many; its time is scaled up.
SINGLE_SENDS = 500

# Least ratio to each rival, and most CPU time.
BAR_PREPARED, BAR_BUILT, BAR_SINGLE, BAR_CPU = 0.6, 1.0, 500, 22


def run(*, quick: bool) -> list[tuple[str, ...]]:
    """Rows of (what, recipients per second, times faster than the rival, bar)."""
    count, rounds = (5_000, 2) if quick else (100_000, ROUNDS)
    with newsletter() as app:
        add_subscribers(app, count)
        key = pipeline.key_of_today(app)
        prepare_edition(app, key)
        email = app.editions.emails(key)["html"]
        url = app.settings.delivery.sendgrid.host
        request = orjson.loads(_our_request(app, email))
        assert _personalizations(app, range(BATCH)) == request["personalizations"]
        ours = prepared = built = kept_alive = cpu = math.inf
        # The machine may have other work, so we and the rivals take turns.
        for number in range(rounds):
            seconds, used = _send(app, f"{key}-{number}", count)
            ours, cpu = min(ours, seconds), min(cpu, used)
            prepared = min(prepared, timed(partial(_package, url, request, count)))
            built = min(built, timed(partial(_package_building, url, request, count, app)))
            kept_alive = min(kept_alive, timed(partial(_urllib3, url, request, count)))
        single = timed(partial(_single_requests, url, email)) * count / SINGLE_SENDS
    what = f"digest send, {count:,} recipients, nothing prepared"
    rivals = [
        ("sendgrid package, ready-made dicts, no ledger", prepared, f"{BAR_PREPARED:.1f}"),
        ("sendgrid package that builds the personalizations, no ledger", built, f"{BAR_BUILT:.1f}"),
        (f"sendgrid package, a request each ({SINGLE_SENDS}, scaled up)", single, f"{BAR_SINGLE}"),
        ("urllib3 and orjson, one connection, ready-made dicts, no ledger", kept_alive, ""),
    ]
    rows = [(what, f"{count / ours:,.0f}", "", "")]
    rows += [
        (f"vs {rival}", f"{count / took:,.0f}", f"{took / ours:.2f}", f">= {bar}" if bar else "")
        for rival, took, bar in rivals
    ]
    return [*rows, (f"CPU per recipient in all: {1e6 * cpu / count:.1f} µs", "", "", f"<= {BAR_CPU} µs")]


def _send(app: App, key: str, count: int) -> tuple[float, float]:
    """Return wall and CPU seconds of sending a rendered edition."""
    prepare_edition(app, key)
    start, cpu = time.perf_counter(), time.process_time()
    sent = pipeline.send(app, key)
    seconds, used = time.perf_counter() - start, time.process_time() - cpu
    assert sent.counts.accepted == count, sent
    return seconds, used


def _our_request(app: App, email: RenderedEmail) -> bytes:
    rows = [(number, email_of(number)) for number in range(BATCH)]
    return request_body(
        Outgoing("bench", "1", "1", email, app.sender, recipients(rows, app.sender, app.signer.sign_email))
    )


def _personalizations(app: App, numbers: range) -> list[dict[str, Any]]:
    """The personalizations of our request as a script builds them: a dict each. It may use our signer."""
    base, mailto = app.sender.base_url, app.sender.reply_to or app.sender.email
    made = []
    for number, (leave, preferences, view) in zip(numbers, app.signer.sign_email(numbers), strict=True):
        email = email_of(number)
        made.append(
            {
                "to": [{"email": email}],
                "substitutions": {
                    PLACEHOLDERS["email_html"]: escape(email),
                    PLACEHOLDERS["email_text"]: email,
                    PLACEHOLDERS["unsubscribe"]: leave,
                    PLACEHOLDERS["preferences"]: preferences,
                    PLACEHOLDERS["view"]: view,
                },
                "headers": {
                    "List-Unsubscribe": f"<{base}/leave/{leave}>, <mailto:{mailto}?subject=unsubscribe%20{leave}>"
                },
                "custom_args": {"dg_delivery": str(number)},
            }
        )
    return made


def _package(url: str, request: dict[str, Any], count: int) -> None:
    """The sendgrid package with one request that it encodes and sends again and again."""
    from sendgrid import SendGridAPIClient

    client = SendGridAPIClient(API_KEY, host=url).client
    for _ in range(count // BATCH):
        client.mail.send.post(request_body=request, timeout=30)


def _package_building(url: str, request: dict[str, Any], count: int, app: App) -> None:
    """The sendgrid package, with the personalizations of each batch built on the way."""
    from sendgrid import SendGridAPIClient

    client = SendGridAPIClient(API_KEY, host=url).client
    for start in range(0, count, BATCH):
        personalizations = _personalizations(app, range(start, start + BATCH))
        client.mail.send.post(request_body={**request, "personalizations": personalizations}, timeout=30)


def _single_requests(url: str, email: RenderedEmail) -> None:
    """The first script that everybody writes: the package's helpers and a request for each recipient."""
    from sendgrid import SendGridAPIClient
    from sendgrid.helpers.mail import Mail

    client = SendGridAPIClient(API_KEY, host=url)
    for number in range(SINGLE_SENDS):
        html = email.html.replace(PLACEHOLDERS["email_html"], email_of(number))
        client.send(Mail("news@example.com", email_of(number), email.subject, email.text, html))


def _urllib3(url: str, request: dict[str, Any], count: int) -> None:
    """The fastest simple client: one thread and one connection, kept alive."""
    import urllib3

    headers = {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"}
    with urllib3.PoolManager(ca_certs=os.environ["SSL_CERT_FILE"]) as pool:
        for _ in range(count // BATCH):
            response = pool.request("POST", f"{url}/v3/mail/send", body=orjson.dumps(request), headers=headers)
            assert response.status == 202
