"""Send emails by SMTP over loopback, each with its recipient's own values.

The rivals are smtplib with an EmailMessage each, and smtp-source, a C program that repeats the same bytes. The server
is `smtp-sink` if it is installed (Debian: `apt-get install --no-install-recommends postfix`; no service of it needs to
run), and `bench.smtp_sink`, which is faster and therefore shows more of the sender.
"""

from __future__ import annotations

import os
import shutil
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import partial
from pathlib import Path

from bench.measure import timed
from bench.newsletter import email_of, write_list
from digest import pipeline
from digest.app import App, make_app
from digest.cli.init import make_folder
from digest.deliver.smtp.connection import SmtpServer
from digest.deliver.smtp.transport import Smtp
from digest.mail.message import Outgoing, Recipient, recipients, substitute
from digest.models import RenderedEmail, Variant

BATCH, ROUNDS, CONNECTIONS = 625, 4, 8
_SBIN = f"{os.environ.get('PATH', '')}:/usr/sbin"


def run(*, quick: bool) -> list[tuple[str, ...]]:
    """Rows of (what, emails per second, ratio to smtplib, ratio to smtp-source)."""
    count, by_smtplib = (2_500, 40) if quick else (20_000, 300)
    rows: list[tuple[str, ...]] = []
    sinks: list[tuple[str, Callable[[], Iterator[int]]]] = [("bench.smtp_sink", _own_sink)]
    if shutil.which("smtp-sink", path=_SBIN):
        sinks.insert(0, ("smtp-sink", _smtp_sink))
    else:
        rows.append(("smtp-sink is not installed (Debian: postfix)", "-", "-", "-"))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "newsletter"
        make_folder(home)
        write_list(home, count)
        for name, sink in sinks:
            with contextmanager(sink)() as port:
                rows += _measure(name, port, home, count, by_smtplib)
    return rows


def _measure(name: str, port: int, home: Path, count: int, by_smtplib: int) -> list[tuple[str, ...]]:
    with make_app(home, environment=_environment(port)) as app:
        email, batch = _render(app), _recipients(app, BATCH)
        size = len(_email_message(app, email, batch[0]).as_bytes())
        spent, send = [0.0, 0.0, 0.0], 0.0
        # The machine may have other work, so we and the rivals take turns.
        for part in range(ROUNDS):
            if part == ROUNDS // 2:
                send = count / _send(app, count)
            few = batch[part::ROUNDS][: by_smtplib // ROUNDS]
            spent[0] += timed(partial(_by_smtplib, port, app, email, few))
            spent[1] += _smtp_source(port, size, count // ROUNDS)
            spent[2] += timed(partial(_transport, port, app, email, batch, count // ROUNDS))
    smtplib_rate, transport = by_smtplib / spent[0], count / spent[2]
    source = count / spent[1] if spent[1] else 0.0
    rates = [
        (f"{name}: smtplib, one connection, EmailMessage each ({by_smtplib} emails)", smtplib_rate),
        (f"{name}: smtp-source -s {CONNECTIONS}, the same {size / 1000:.0f} kB each time", source),
        (f"{name}: digest, {CONNECTIONS} connections, no ledger", transport),
        (f"{name}: digest send, {count:,} recipients, each recorded in the ledger", send),
    ]
    return [
        (what, f"{rate:,.0f}", f"{rate / smtplib_rate:.1f}", f"{rate / source:.2f}" if source else "-")
        for what, rate in rates
        if rate
    ]


def _transport(port: int, app: App, email: RenderedEmail, batch: tuple[Recipient, ...], count: int) -> None:
    """The transport alone, in batches."""
    smtp = Smtp(SmtpServer("127.0.0.1", port), clock=lambda: datetime.now(UTC))

    def submit(number: int) -> None:
        outcome = smtp.submit(Outgoing("bench", str(number), "1", email, app.sender, batch), _NoProgressLog())
        assert len(getattr(outcome, "accepted", ())) == len(batch), outcome

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(submit, range(count // len(batch))))
    smtp.close()


def _send(app: App, count: int) -> float:
    """Return the seconds of `digest send` for a composed edition. Storing the list does not count."""
    key = pipeline.key_of_today(app)
    app.subscriber_list.sync()
    start = time.perf_counter()
    sent = pipeline.send(app, key)
    took = time.perf_counter() - start
    assert sent.counts.accepted == count, sent
    return took


class _NoProgressLog:
    """A ProgressLog that keeps nothing."""

    def started(self, recipient: int) -> None: ...

    def rejected(self, recipient: int, reason: str) -> None: ...

    def deferred(self, recipient: int, reason: str) -> None: ...

    def should_stop(self) -> bool:
        return False


def _by_smtplib(port: int, app: App, email: RenderedEmail, batch: tuple[Recipient, ...]) -> None:
    with smtplib.SMTP("127.0.0.1", port) as server:
        for one in batch:
            server.send_message(_email_message(app, email, one))


def _email_message(app: App, email: RenderedEmail, one: Recipient) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = app.sender.email, one.email
    message["Subject"] = email.subject
    message["List-Unsubscribe"] = f"<{one.unsubscribe_uris[0]}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(substitute(email.text, one.values), cte="base64")
    message.add_alternative(substitute(email.html, one.values), subtype="html", cte="base64")
    return message


def _smtp_source(port: int, size: int, count: int) -> float:
    """Return the seconds of smtp-source, 0 if it is not installed."""
    program = shutil.which("smtp-source", path=_SBIN)
    if program is None:
        return 0.0
    options = f"-s {CONNECTIONS} -m {count} -l {size} -f a@example.com -t b@example.com".split()
    command = [program, *options, f"127.0.0.1:{port}"]
    return timed(lambda: subprocess.run(command, check=True, timeout=300))


def _recipients(app: App, count: int) -> tuple[Recipient, ...]:
    rows = [(number, email_of(number)) for number in range(count)]
    return recipients(rows, app.sender, app.signer.sign_email)


def _render(app: App) -> RenderedEmail:
    """Compose today's edition from the samples and render it."""
    edition = pipeline.compose(app, pipeline.key_of_today(app)).edition
    email = app.renderer.render(edition, Variant("html"), now=app.now())
    assert email is not None
    return email


def _environment(port: int) -> dict[str, str]:
    return {
        "DIGEST_DELIVERY__TRANSPORT": "smtp",
        "DIGEST_DELIVERY__SMTP__HOST": "127.0.0.1",
        "DIGEST_DELIVERY__SMTP__PORT": str(port),
        "DIGEST_DELIVERY__THREADS": str(CONNECTIONS),
        # The rival's email carries no images.
        "DIGEST_THEME__MAX_IMAGES": "0",
        "DIGEST_THEME__BRIEFS": "0",
        "DIGEST_EDITION__MAX_STORIES": "40",
        "DIGEST_EDITION__PER_SECTION": "40",
        "DIGEST_EDITION__MAX_BYTES": "80000",
        "DIGEST_STORE__URL": f"sqlite:///bench-{port}.db",
    }


def _smtp_sink() -> Iterator[int]:
    program = shutil.which("smtp-sink", path=_SBIN)
    assert program is not None
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([program, *user, f"127.0.0.1:{port}", "512"])
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _own_sink() -> Iterator[int]:
    command = [sys.executable, "-m", "bench.smtp_sink"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield int(process.stdout.readline())
    finally:
        process.communicate(timeout=10)
