"""A newsletter whose provider is a local sink, with invented subscribers."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bench import sink
from digest import pipeline
from digest.app import App, make_app
from digest.cli.init import make_folder

API_KEY = "SG.bench"


@contextmanager
def newsletter(
    *, latency: float = 0.0, connections: int | None = None, store: str = "", now: str = ""
) -> Iterator[App]:
    """A new newsletter, on SQLite or in the store at this URL, that sends to a sink over TLS."""
    with tempfile.TemporaryDirectory() as folder, sink.running(latency) as provider:
        home = Path(folder) / "newsletter"
        make_folder(home)
        environment = {
            "DIGEST_NEWSLETTER__BASE_URL": "https://news.bench.test",
            "DIGEST_DELIVERY__TRANSPORT": "sendgrid",
            "DIGEST_DELIVERY__SENDGRID__HOST": provider.url,
            "SENDGRID_API_KEY": API_KEY,
        }
        if store:
            environment["DIGEST_STORE__URL"] = store
        if now:
            environment["DIGEST_NOW"] = now
        if connections:
            environment["DIGEST_DELIVERY__THREADS"] = str(connections)
        before = os.environ.get("SSL_CERT_FILE")
        # OpenSSL trusts this file, both in our client and in the sendgrid package.
        os.environ["SSL_CERT_FILE"] = provider.certificate
        try:
            with make_app(home, environment=environment) as app:
                yield app
        finally:
            os.environ.pop("SSL_CERT_FILE")
            if before is not None:
                os.environ["SSL_CERT_FILE"] = before


def email_of(number: int) -> str:
    """Return the address of an invented subscriber."""
    return f"subscriber{number}@example.com"


def add_subscribers(app: App, count: int) -> None:
    """Write subscribers.yaml and store the list."""
    write_list(app.home, count)
    app.subscriber_list.sync()


def write_list(home: Path, count: int) -> None:
    """Write a subscribers.yaml with addresses only."""
    rows = "".join(f"  - email: {email_of(number)}\n" for number in range(count))
    (home / "subscribers.yaml").write_text("subscribers:\n" + rows, encoding="utf-8")


def prepare_edition(app: App, key: str) -> None:
    """Compose the edition and render its variants, so that a send does neither."""
    # Sample articles count as real ones: otherwise each step would first read the whole list for a real address.
    edition = replace(pipeline.compose(app, key).edition, sample=False)
    app.editions.put(edition, over=(edition.state,))
    variants = app.enqueuer.variants_in_use(edition)
    emails = [app.renderer.render(edition, variant, now=app.now()) for variant in variants]
    app.editions.save_emails(key, [email for email in emails if email])
