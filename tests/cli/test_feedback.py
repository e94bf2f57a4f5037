"""`digest events handle` and `digest bounces`: late, repeated and reordered feedback resolves unknown batches.

Addresses that bounced, complained or unsubscribed are excluded from the next edition."""

from __future__ import annotations

import hashlib
import mailbox
import random
import sqlite3
import subprocess
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from fastapi import FastAPI

from digest.app import make_app
from digest.mail import verp
from digest.mail.message import Outgoing, recipient
from digest.mail.mime import message_id
from digest.models import RenderedEmail
from digest.scheduler import Scheduler, watch_settings
from digest.store.content.events import FeedbackCounts, count_feedback
from digest.store.database import open_database
from digest.store.people.preferences import ConsentContext, PreferenceStore
from digest.subscribers.tokens import TokenSigner
from digest.web.webhooks import webhooks
from tests.cli.newsroom import Newsroom, subscriber_rows
from tests.feedback import mails
from tests.support.asgi import Asgi
from tests.support.profiles import first
from tests.support.sendgrid_events import PATH, Webhook, body, late, of
from tests.support.sendgrid_server import KEY, SendGridServer

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

EDITION = "2026-11-23"
NOON = "2026-11-23T12:00+05:30"
SENDGRID = Webhook()


@pytest.fixture
def sendgrid_newsroom(newsroom: Newsroom) -> Newsroom:
    newsroom.environment |= {
        "SENDGRID_API_KEY": KEY,
        "SENDGRID_WEBHOOK_KEYS": SENDGRID.public,
        "DIGEST_DELIVERY__TRANSPORT": "sendgrid",
        "DIGEST_DELIVERY__SENDGRID__TIMEOUT": "1s",
        "DIGEST_DELIVERY__BATCH_SIZE": "10",
        "DIGEST_WEB__WEBHOOKS__SENDGRID__KEYS_ENV": "SENDGRID_WEBHOOK_KEYS",
    }
    newsroom.set_subscribers(*subscriber_rows(30))
    return newsroom


def post_webhooks(newsroom: Newsroom, bodies: list[bytes]) -> None:
    """Send payloads to the newsletter's webhook as SendGrid does."""
    with make_app(newsroom.home, environment=newsroom.env()) as app:
        routes = FastAPI()
        routes.include_router(webhooks(app))
        at = app.now().timestamp()
        with closing(Asgi(routes)) as client:
            assert {client.request("POST", PATH, body, SENDGRID.headers(body, at)).status for body in bodies} == {204}


def outcome(newsroom: Newsroom, edition: str = EDITION) -> FeedbackCounts:
    with closing(open_database("sqlite:///digest.db", home=newsroom.home)) as database:
        return count_feedback(database, edition)


@pytest.mark.parametrize("seed", first(range(4), dev=2))
def test_webhooks_resolve_an_unknown_batch_and_suppress_bounced_addresses(
    sendgrid_newsroom: Newsroom, seed: int
) -> None:
    with SendGridServer(faults=["ok", "accept_then_close", "ok"]) as server:
        sendgrid_newsroom.environment["DIGEST_DELIVERY__SENDGRID__HOST"] = server.url
        result = sendgrid_newsroom.json("send", code=1)
        assert (result["accepted"], result["unknown"]) == (20, 10)
        accepted = list(server.provider.acceptances())
        assert len(accepted) == 30
    events = []
    for number, each in enumerate(accepted):
        events.append(of(each, "processed"))
        if number % 10 == 9:
            events.append(of(each, "bounce", type="bounce", status="5.1.1", reason="550 no such user"))
        else:
            events.append(of(each, "delivered", response="250 OK"))
    events += [
        of(accepted[0], "spamreport"),
        of(accepted[1], "unsubscribe"),
        of(accepted[2], "deferred"),
        of(accepted[3], "open"),
    ]
    bodies = late(events, seed)
    post_webhooks(sendgrid_newsroom, bodies)
    handled = sendgrid_newsroom.json("events", "handle", DIGEST_NOW=NOON)
    assert (handled["suppressed"], handled["settled"]) == (5, [EDITION])
    post_webhooks(sendgrid_newsroom, random.Random(seed).sample(bodies, len(bodies)))
    assert sendgrid_newsroom.json("events", "handle")["posts"] == 0
    status = sendgrid_newsroom.json("status")
    assert (status["state"], status["accepted"], status["unknown"]) == ("done", 30, 0)
    assert outcome(sendgrid_newsroom) == FeedbackCounts(delivered=27, bounced=3, complained=1, left=1)
    assert sendgrid_newsroom.json("reconcile", EDITION)["unknown"] == 0
    tomorrow = sendgrid_newsroom.json("send", "--dry-run", DIGEST_NOW="2026-11-24T07:00+05:30")
    assert (tomorrow["would_send"], tomorrow["excluded"]) == (25, 5)


def test_an_unreadable_payload_is_skipped_and_reported(sendgrid_newsroom: Newsroom) -> None:
    post_webhooks(sendgrid_newsroom, [b"no json", b"[]", b'[{"event": 7}]'])
    run = sendgrid_newsroom.digest("events", "handle")
    assert (run.code, "Processed 2 webhook payloads with 0 events" in run.out) == (1, True)
    assert "Skipped webhook payload 1 of sendgrid: the payload is not JSON" in run.err
    assert sendgrid_newsroom.json("events", "handle")["posts"] == 0


def send_and_read_headers(newsroom: Newsroom) -> dict[str, str]:
    """Map each address to the headers of its email, as a bounce report returns them."""
    newsroom.json("send")
    return {
        address: mail.decode("ascii").replace("\r\n", "\n").partition("\n\n")[0]
        for address, mail in newsroom.outbox().items()
    }


def process_bounce(newsroom: Newsroom, data: bytes, tmp_path: Path) -> dict[str, object]:
    path = tmp_path / "mail"
    path.write_bytes(data)
    result = newsroom.json("bounces", str(path), DIGEST_NOW=NOON)
    assert isinstance(result, dict)
    return result


def test_bounce_mail_suppresses_the_recipient_of_the_returned_email(newsroom: Newsroom, tmp_path: Path) -> None:
    emails = send_and_read_headers(newsroom)
    result = process_bounce(newsroom, mails.dsn(emails["asha@example.com"]), tmp_path)
    assert result == {"mails": 1, "suppressed": 1, "kinds": {"bounced": 1}}
    assert outcome(newsroom) == FeedbackCounts(bounced=1)
    assert process_bounce(newsroom, mails.dsn(emails["asha@example.com"]), tmp_path)["suppressed"] == 0
    # The provider redacts the address. The signed token in the returned headers identifies the recipient.
    assert process_bounce(newsroom, mails.complaint(emails["ravi@example.com"]), tmp_path)["suppressed"] == 1
    delayed = mails.dsn(emails["meena@example.com"], action="delayed", status="4.4.1", diagnostic="x")
    assert process_bounce(newsroom, delayed, tmp_path) == {"mails": 1, "suppressed": 0, "kinds": {"deferred": 1}}
    assert outcome(newsroom) == FeedbackCounts(bounced=1, complained=1)
    tomorrow = newsroom.json("send", "--dry-run", DIGEST_NOW="2026-11-24T07:00+05:30")
    # Latika is paused.
    assert tomorrow["excluded"] == 3


def test_a_bounce_must_match_both_message_id_and_recipient(newsroom: Newsroom, tmp_path: Path) -> None:
    emails = send_and_read_headers(newsroom)
    lines = emails["asha@example.com"].splitlines()
    bare = "\n".join(line for line in lines if line.startswith("Message-ID"))
    for data in (
        mails.dsn(""),
        mails.dsn(bare, recipient="ravi@example.com"),
        mails.dsn(mails.returned(token="A" * 34)),
    ):
        result = process_bounce(newsroom, data, tmp_path)
        assert result["kinds"] == {"bounced, but not for an email of this newsletter": 1}
    assert process_bounce(newsroom, mails.dsn(bare), tmp_path)["suppressed"] == 1


def test_a_bounce_address_alone_identifies_its_recipient(newsroom: Newsroom, tmp_path: Path) -> None:
    """With VERP a report without any part of the returned email is enough, if the token is signed."""
    send_and_read_headers(newsroom)
    over = {"DIGEST_DELIVERY__SMTP__BOUNCES": "bounces@example.com"}
    with make_app(newsroom.home, environment=newsroom.env(over)) as app:
        known = PreferenceStore(app.database).find("ravi@example.com")
        assert known
        tokens = [app.signer.sign("leave", known.id), app.signer.sign("bounce", known.id)]
    file = tmp_path / "bounce.eml"
    for token, suppressed in zip(tokens, (0, 1), strict=True):
        address = verp.address("bounces@example.com", token)
        file.write_bytes(f"Delivered-To: {address}\n".encode() + mails.dsn("", recipient="elsewhere@example.org"))
        assert newsroom.json("bounces", str(file), DIGEST_NOW=NOON, **over)["suppressed"] == suppressed


def test_message_ids_cannot_be_guessed(newsroom: Newsroom, tmp_path: Path) -> None:
    """Otherwise anyone could suppress an address: edition and domain are public, and ids are small numbers."""
    send_and_read_headers(newsroom)
    stranger = TokenSigner([b"a key of the attacker's own"])
    ids = []
    with make_app(newsroom.home, environment=newsroom.env()) as app:
        for number in range(1, 21):
            guessed = recipient(number, "asha@example.com", app.sender, stranger.sign_email)
            plain = hashlib.sha256(f"{EDITION}\0{number}\0asha@example.com".encode()).hexdigest()[:32]
            outgoing = Outgoing(EDITION, "", "", RenderedEmail("", "", "", ""), app.sender, ())
            ids += [message_id(outgoing, guessed), f"{plain}@{app.sender.list_id}"]
    for start in (0, 20):
        forged = mails.dsn("\n".join(f"Message-ID: <{id}>" for id in ids[start : start + 20]))
        result = process_bounce(newsroom, forged, tmp_path)
        assert result == {"mails": 1, "suppressed": 0, "kinds": {"bounced, but not for an email of this newsletter": 1}}


# The stamp of a mail, and how many it unsubscribes. The person came back at 10:00.
STAMPS = [
    ("Received: by mx.example.com with SMTP id 5; Mon, 23 Nov 2026 08:30:00 +0530", 0),
    ("Received: by a clock that is slow; Mon, 23 Nov 2026 09:30:00 +0530", 1),
    ("Received: by mx.example.com with SMTP id 5; Mon, 23 Nov 2026 11:00:00 +0530", 1),
    ("Received: by mx; Mon, 23 Nov 2026 11:00:00 +0530\nReceived: by x; Mon, 23 Nov 2026 08:00:00 +0530", 1),
    ("Received: by mx.example.com; Thu, 1 Jan 1970 00:00:00 +0000", 1),
    ("Received: by mx.example.com; Mon, 23 Nov 2037 00:00:00 +0000", 1),
    ("Received: by mx.example.com; Mon, 99 Nov 2026 00:00:00 +9999", 1),
    ("Date: Mon, 23 Nov 2026 09:00:00 +0530", 1),
]


def test_an_old_unsubscribe_mail_does_not_undo_a_later_resubscription(newsroom: Newsroom, tmp_path: Path) -> None:
    send_and_read_headers(newsroom)
    ten = datetime.fromisoformat("2026-11-23T10:00+05:30")
    with make_app(newsroom.home, environment=newsroom.env()) as app:
        preferences = PreferenceStore(app.database)
        known = preferences.find("asha@example.com")
        assert known
        token = app.signer.sign("leave", known.id)
        for stamp, suppressed in STAMPS:
            preferences.unsubscribe(known.id, ConsentContext("web:leave"), now=app.now())
            preferences.resubscribe(known.id, ConsentContext("web:leave"), now=ten)
            mail = f"{stamp}\nFrom: asha@example.com\nSubject: unsubscribe {token}\n\n"
            assert process_bounce(newsroom, mail.encode(), tmp_path)["suppressed"] == suppressed, stamp


def test_mails_of_a_maildir_are_processed_once_and_marked_as_seen(newsroom: Newsroom, tmp_path: Path) -> None:
    emails = send_and_read_headers(newsroom)
    box = mailbox.Maildir(tmp_path / "Maildir")
    for data in (mails.dsn(emails["asha@example.com"]), mails.OUT_OF_OFFICE, mails.qmail(emails["ravi@example.com"])):
        box.add(data)
    result = newsroom.json("bounces", "--maildir", str(tmp_path / "Maildir"), DIGEST_NOW=NOON)
    assert result == {"mails": 3, "suppressed": 2, "kinds": {"bounced": 2, "auto-reply": 1}}
    assert all(message.get_flags() == "S" for message in box)
    assert newsroom.json("bounces", "--maildir", str(tmp_path / "Maildir"))["mails"] == 0
    run = newsroom.digest("bounces", "--maildir", str(tmp_path))
    assert (run.code, "is not a Maildir" in run.err) == (2, True)


def test_an_mbox_holds_several_mails(newsroom: Newsroom, tmp_path: Path) -> None:
    emails = send_and_read_headers(newsroom)
    leave = next(line for line in emails["asha@example.com"].splitlines() if "subject=unsubscribe" in line)
    token = leave.rpartition("%20")[2].rstrip(">")
    by_mail = f"From: asha@example.com\nSubject: unsubscribe {token}\n\nplease\n".encode()
    boxed = b"".join(
        b"From x Mon Nov 23\n" + data + b"\n" for data in (by_mail, mails.exim(emails["ravi@example.com"]))
    )
    result = process_bounce(newsroom, boxed, tmp_path)
    assert result == {"mails": 2, "suppressed": 2, "kinds": {"left": 1, "bounced": 1}}
    assert outcome(newsroom) == FeedbackCounts(bounced=1, left=1)
    assert newsroom.digest("bounces").code == 2


def test_bounces_asks_the_mail_server_to_retry_while_the_store_is_unusable(newsroom: Newsroom) -> None:
    emails = send_and_read_headers(newsroom)
    piped = {"input": mails.dsn(emails["asha@example.com"]), "cwd": newsroom.home, "env": newsroom.env()}
    (newsroom.home / "digest.db").rename(newsroom.home / "kept.db")
    (newsroom.home / "digest.db").write_bytes(b"no database at all" * 100)
    done = subprocess.run(newsroom.command("bounces", "-"), capture_output=True, timeout=60, check=False, **piped)  # type: ignore[call-overload]
    assert (done.returncode, b"is not an SQLite database" in done.stderr) == (75, True)
    (newsroom.home / "kept.db").rename(newsroom.home / "digest.db")
    done = subprocess.run(newsroom.command("bounces", "-"), capture_output=True, timeout=60, check=False, **piped)  # type: ignore[call-overload]
    assert (done.returncode, b"1 address newly suppressed" in done.stdout) == (0, True), done.stderr
    with closing(sqlite3.connect(newsroom.home / "digest.db")) as store:
        assert store.execute("SELECT reason FROM suppression").fetchall() == [("bounced",)]


def test_check_reports_a_missing_webhook_and_an_invalid_key(sendgrid_newsroom: Newsroom) -> None:
    named = "DIGEST_WEB__WEBHOOKS__SENDGRID__KEYS_ENV"
    missing = "bounces and complaints are not received"
    found = sendgrid_newsroom.json("check", "--offline")["warnings"]
    assert not any(missing in warning for warning in found)
    without = sendgrid_newsroom.json("check", "--offline", **{named: ""})["warnings"]
    assert [missing in warning for warning in without].count(True) == 1
    wrong = sendgrid_newsroom.json("check", "--offline", code=2, SENDGRID_WEBHOOK_KEYS="no key")
    assert any("not a public key" in fault["message"] for fault in wrong["faults"])


def test_the_scheduler_processes_feedback_and_reports_many_blocks(sendgrid_newsroom: Newsroom) -> None:
    with SendGridServer() as server:
        sendgrid_newsroom.environment["DIGEST_DELIVERY__SENDGRID__HOST"] = server.url
        sendgrid_newsroom.json("send")
        accepted = server.provider.acceptances()
    reason = {"type": "blocked", "bounce_classification": "Reputation", "reason": "550 5.7.1 listed"}
    post_webhooks(sendgrid_newsroom, late([of(each, "bounce", **reason) for each in accepted[:25]], seed=1))
    message: list[str] = []
    with make_app(sendgrid_newsroom.home, environment=sendgrid_newsroom.env()) as app:
        Scheduler(watch_settings(app), message.append).process_feedback()
    assert len(message) == 1
    assert f"Edition {EDITION}: 25 of 25 emails were blocked" in message[0]
    assert outcome(sendgrid_newsroom) == FeedbackCounts(blocked=25)
    assert sendgrid_newsroom.json("send", "--dry-run", DIGEST_NOW="2026-11-24T07:00+05:30")["would_send"] == 30


# The store refuses to suppress one address, as a bug or a damaged row would.
_REFUSE = """CREATE TRIGGER refuse BEFORE INSERT ON suppression WHEN NEW.address = 'ravi@example.com'
BEGIN SELECT RAISE(ABORT, 'no place for ravi@example.com'); END"""


def test_one_payload_that_fails_stops_none_behind_it_and_can_be_tried_again(newsroom: Newsroom) -> None:
    newsroom.environment |= {
        "SENDGRID_WEBHOOK_KEYS": SENDGRID.public,
        "DIGEST_WEB__WEBHOOKS__SENDGRID__KEYS_ENV": "SENDGRID_WEBHOOK_KEYS",
    }
    newsroom.json("send")
    bounce = {"event": "bounce", "type": "bounce", "status": "5.1.1", "timestamp": 1795410000}
    addresses = ("asha@example.com", "ravi@example.com", "meena@example.com", "latika@example.com")
    post_webhooks(newsroom, [body([{**bounce, "email": address}]) for address in addresses])
    with closing(sqlite3.connect(newsroom.home / "digest.db", isolation_level=None)) as store:
        store.execute(_REFUSE)
        # Its body can no longer be read.
        (whole,) = store.execute("SELECT body FROM webhook WHERE id = 3").fetchone()
        store.execute("UPDATE webhook SET body = x'00' WHERE id = 3")
        run = newsroom.digest("events", "handle")
        assert (run.code, "Processed 2 webhook payloads" in run.out) == (1, True)
        assert "digest.db failed: no place for …@example.com" in run.err
        assert "Skipped webhook payload 3 of sendgrid: unexpected error: " in run.err
        assert "`digest events handle --failed` tries it again" in run.err
        # Nothing waits any more, and nothing is forgotten.
        assert newsroom.json("events", "handle")["failed"] == 0
        assert newsroom.json("status")["failed_feedback"] == 2
        assert "2 webhook payloads and returned mails could not be processed" in newsroom.digest("status").out
        store.execute("DROP TRIGGER refuse")
        again = newsroom.digest("events", "handle", "--failed")
        assert (again.code, "Processed 1 webhook payload" in again.out) == (1, True)
        # The command that just failed is no advice.
        assert "if it still fails, report the bug" in again.err
        assert "handle --failed" not in again.err
        store.execute("UPDATE webhook SET body = ? WHERE id = 3", (whole,))
        assert newsroom.json("events", "handle", "--failed")["posts"] == 1
        assert store.execute("SELECT count(*) FROM suppression").fetchone() == (4,)
    assert newsroom.json("status")["failed_feedback"] == 0


def test_one_bounce_mail_that_fails_stops_none_behind_it_and_can_be_tried_again(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    emails = send_and_read_headers(newsroom)
    box = mailbox.Maildir(tmp_path / "Maildir")
    for address in ("ravi@example.com", "asha@example.com"):
        box.add(mails.qmail(emails[address]))
    with closing(sqlite3.connect(newsroom.home / "digest.db", isolation_level=None)) as store:
        store.execute(_REFUSE)
        run = newsroom.digest("bounces", "--maildir", str(tmp_path / "Maildir"), DIGEST_NOW=NOON)
        assert (run.code, "2 mails, 1 address newly suppressed" in run.out) == (1, True), run.out
        assert "1  could not be processed" in run.out
        assert newsroom.json("bounces", "--maildir", str(tmp_path / "Maildir"), DIGEST_NOW=NOON)["mails"] == 0
        # A mail server would send a mail back that a pipe refuses.
        piped = {"input": mails.qmail(emails["ravi@example.com"]), "cwd": newsroom.home, "env": newsroom.env()}
        done = subprocess.run(newsroom.command("bounces", "-"), capture_output=True, timeout=60, check=False, **piped)  # type: ignore[call-overload]
        assert done.returncode == 0, done.stderr
        assert newsroom.json("status")["failed_feedback"] == 1
        store.execute("DROP TRIGGER refuse")
        assert newsroom.json("events", "handle", "--failed", DIGEST_NOW=NOON)["suppressed"] == 1
    assert newsroom.json("status")["failed_feedback"] == 0
