"""Letters by SMTP over loopback, each with its reader's own values: ours against smtplib with an EmailMessage each, and
against smtp-source, a C program that sends the same bytes over and over.

To `smtp-sink` where it is installed (Debian: `apt-get install --no-install-recommends postfix`; nothing of it needs to
run), and to a sink of ours, which is faster than smtp-sink and so shows more of the sender.
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

from digest import pipeline
from digest.app import App, make_app
from digest.cli.init import make_folder
from digest.deliver.message import Outgoing, Recipient, recipient, substitute
from digest.deliver.transports.smtp import Smtp
from digest.models import RenderedEmail, Variant

LETTERS, RIVALS, ROUNDS, THREADS = 20_000, 300, 4, 8
_SBIN = f"{os.environ.get('PATH', '')}:/usr/sbin"


def run() -> list[tuple[str, ...]]:
    """Rows of (what, letters per second, ratio to smtplib, ratio to smtp-source)."""
    rows: list[tuple[str, ...]] = []
    sinks: list[tuple[str, Callable[[], Iterator[int]]]] = [("our own sink", _own_sink)]
    if shutil.which("smtp-sink", path=_SBIN):
        sinks.insert(0, ("smtp-sink", _smtp_sink))
    else:
        rows.append(("smtp-sink is not installed (Debian: postfix)", "-", "-", "-"))
    with tempfile.TemporaryDirectory() as place:
        home = Path(place) / "letter"
        make_folder(home)
        rows_of_list = "".join(f"  - email: reader{number}@example.com\n" for number in range(LETTERS))
        (home / "subscribers.yaml").write_text("subscribers:\n" + rows_of_list, encoding="utf-8")
        for name, sink in sinks:
            with contextmanager(sink)() as port:
                rows += _against(name, port, home)
    return rows


def _against(name: str, port: int, home: Path) -> list[tuple[str, ...]]:
    with make_app(home, environment=_environment(port)) as app:
        letter, people = _letter(app), _people(app, 625)
        size = len(_email_message(app, letter, people[0]).as_bytes())
        spent, whole = [0.0, 0.0, 0.0], 0.0
        for part in range(ROUNDS):  # in turns, for the machine may have other work
            if part == ROUNDS // 2:
                whole = LETTERS / _whole_path(app)
            rivals = people[part::ROUNDS][: RIVALS // ROUNDS]
            spent[0] += _timed(partial(_by_smtplib, port, app, letter, rivals))
            spent[1] += _smtp_source(port, size)
            spent[2] += _timed(partial(_ours, port, app, letter, people))
    smtplib_rate, ours = RIVALS / spent[0], LETTERS / spent[2]
    source = LETTERS / spent[1] if spent[1] else 0.0
    rates = [
        (f"{name}: smtplib, one connection, EmailMessage each ({RIVALS} letters)", smtplib_rate),
        (f"{name}: smtp-source -s 8, the same {size / 1000:.0f} kB each time", source),
        (f"{name}: digest, {THREADS} connections, no ledger", ours),
        (f"{name}: digest send, from the freeze to the last 250, each reader noted", whole),
    ]
    return [
        (what, f"{rate:,.0f}", f"{rate / smtplib_rate:.1f}", f"{rate / source:.2f}" if source else "-")
        for what, rate in rates
        if rate
    ]


def _ours(port: int, app: App, letter: RenderedEmail, people: tuple[Recipient, ...]) -> None:
    """The transport alone, batches of 1,000 readers."""
    smtp = Smtp("127.0.0.1", port, clock=lambda: datetime.now(UTC))

    def batch(number: int) -> None:
        outcome = smtp.submit(Outgoing("bench", str(number), "1", letter, app.sender, people), _Silent())
        assert len(getattr(outcome, "accepted", ())) == len(people), outcome

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(batch, range(LETTERS // ROUNDS // len(people))))
    smtp.close()


def _whole_path(app: App) -> float:
    """Seconds of `digest send` for a composed edition: freeze, ledger, a note for each reader, the letters. The list is
    in the store (`bench.listing` is about that)."""
    key = pipeline.edition_key(app)
    app.subscriber_list.sync()
    began = time.perf_counter()
    sent = pipeline.send(app, key)
    took = time.perf_counter() - began
    assert sent.counts.accepted == LETTERS, sent
    return took


class _Silent:
    """A Journal that remembers nothing."""

    def started(self, reader: int) -> None: ...

    def rejected(self, reader: int, reason: str) -> None: ...

    def deferred(self, reader: int) -> None: ...

    def should_stop(self) -> bool:
        return False


def _by_smtplib(port: int, app: App, letter: RenderedEmail, people: tuple[Recipient, ...]) -> None:
    with smtplib.SMTP("127.0.0.1", port) as server:
        for reader in people:
            server.send_message(_email_message(app, letter, reader))


def _email_message(app: App, letter: RenderedEmail, reader: Recipient) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = app.sender.email, reader.email
    message["Subject"] = letter.subject
    message["List-Unsubscribe"] = f"<{reader.unsubscribe_uris[0]}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(substitute(letter.text, reader.values), cte="base64")
    message.add_alternative(substitute(letter.html, reader.values), subtype="html", cte="base64")
    return message


def _smtp_source(port: int, size: int) -> float:
    program = shutil.which("smtp-source", path=_SBIN)
    if program is None:
        return 0.0
    command = [
        program,
        "-s",
        "8",
        "-m",
        str(LETTERS // ROUNDS),
        "-l",
        str(size),
        "-f",
        "a@example.com",
        "-t",
        "b@example.com",
    ]
    return _timed(lambda: subprocess.run([*command, f"127.0.0.1:{port}"], check=True, timeout=300))


def _people(app: App, count: int) -> tuple[Recipient, ...]:
    return tuple(
        recipient(number, f"reader{number}@example.com", app.sender, app.signer.sign_letter) for number in range(count)
    )


def _letter(app: App) -> RenderedEmail:
    """The samples' edition of today, composed."""
    key = pipeline.edition_key(app)
    pipeline.compose(app, key)
    edition = app.editions.get(key)
    letter = app.renderer.render(edition, Variant("html"), now=app.now()) if edition else None
    assert letter is not None
    return letter


def _environment(port: int) -> dict[str, str]:
    return {
        "DIGEST_DELIVERY__TRANSPORT": "smtp",
        "DIGEST_DELIVERY__SMTP__HOST": "127.0.0.1",
        "DIGEST_DELIVERY__SMTP__PORT": str(port),
        "DIGEST_DELIVERY__THREADS": str(THREADS),
        "DIGEST_THEME__MAX_IMAGES": "0",  # the rival's letter carries none
        "DIGEST_THEME__BRIEFS": "0",
        "DIGEST_EDITION__MAX_STORIES": "40",
        "DIGEST_EDITION__PER_SECTION": "40",
        "DIGEST_EDITION__MAX_BYTES": "80000",
        "DIGEST_STORE__URL": f"sqlite:///bench-{port}.db",
    }


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


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


if __name__ == "__main__":
    for row in run():
        print(*row, sep=" | ")
