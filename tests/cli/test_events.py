"""What the world says, end to end: a batch in doubt is settled by posts that come late, twice and reordered; bounced
mail bars who is gone; and the next edition goes to nobody who left."""

from __future__ import annotations

import hashlib
import mailbox
import random
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from fastapi import FastAPI

from digest import verp
from digest.app import make_app
from digest.deliver.message import Outgoing, recipient
from digest.deliver.mime import message_id
from digest.models import RenderedEmail
from digest.scheduler import Scheduler
from digest.store.content.events import FeedbackCounts, count_feedback
from digest.store.database import open_database
from digest.store.people.preferences import ConsentContext, PreferenceStore
from digest.subscribers.tokens import Signer
from digest.web.webhooks import webhooks
from tests.cli.newsroom import Newsroom, many
from tests.events import mails
from tests.support.asgi import Asgi
from tests.support.sendgrid_events import PATH, Webhook, late, of
from tests.support.sendgrid_server import KEY, SendGridServer

EDITION = "2026-11-23"
NOON = "2026-11-23T12:00+05:30"
SENDGRID = Webhook()


@pytest.fixture
def over_sendgrid(newsroom: Newsroom) -> Newsroom:
    newsroom.environment |= {
        "SENDGRID_API_KEY": KEY,
        "SENDGRID_WEBHOOK_KEYS": SENDGRID.public,
        "DIGEST_DELIVERY__TRANSPORT": "sendgrid",
        "DIGEST_DELIVERY__SENDGRID__TIMEOUT": "1s",
        "DIGEST_DELIVERY__BATCH_SIZE": "10",
        "DIGEST_WEB__WEBHOOKS__SENDGRID__KEYS_ENV": "SENDGRID_WEBHOOK_KEYS",
    }
    newsroom.readers(*many(30))
    return newsroom


def post(room: Newsroom, bodies: list[bytes]) -> None:
    """As SendGrid would, to the webhook of this newsletter."""
    with make_app(room.home, environment=room.env()) as app:
        routes = FastAPI()
        routes.include_router(webhooks(app))
        at = app.now().timestamp()
        with closing(Asgi(routes)) as client:
            assert {client.request("POST", PATH, body, SENDGRID.headers(body, at)).status for body in bodies} == {204}


def outcome(room: Newsroom, edition: str = EDITION) -> FeedbackCounts:
    with closing(open_database("sqlite:///digest.db", home=room.home)) as database:
        return count_feedback(database, edition)


@pytest.mark.parametrize("seed", range(4))
def test_posts_settle_what_was_in_doubt_and_bar_who_bounced(over_sendgrid: Newsroom, seed: int) -> None:
    with SendGridServer(faults=["ok", "accept_then_close", "ok"]) as server:
        over_sendgrid.environment["DIGEST_DELIVERY__SENDGRID__HOST"] = server.url
        told = over_sendgrid.json("send", code=1)
        assert (told["accepted"], told["unknown"]) == (20, 10)
        taken = list(server.provider.acceptances())
        assert len(taken) == 30
    events = []
    for number, each in enumerate(taken):
        events.append(of(each, "processed"))
        if number % 10 == 9:
            events.append(of(each, "bounce", type="bounce", status="5.1.1", reason="550 no such user"))
        else:
            events.append(of(each, "delivered", response="250 OK"))
    events += [of(taken[0], "spamreport"), of(taken[1], "unsubscribe"), of(taken[2], "deferred"), of(taken[3], "open")]
    bodies = late(events, seed)
    post(over_sendgrid, bodies)
    handled = over_sendgrid.json("events", "handle", DIGEST_NOW=NOON)
    assert (handled["suppressed"], handled["settled"]) == (5, [EDITION])
    post(over_sendgrid, random.Random(seed).sample(bodies, len(bodies)))
    assert over_sendgrid.json("events", "handle")["posts"] == 0
    status = over_sendgrid.json("status")
    assert (status["state"], status["accepted"], status["unknown"]) == ("done", 30, 0)
    assert outcome(over_sendgrid) == FeedbackCounts(delivered=27, bounced=3, complained=1, left=1)
    assert over_sendgrid.json("reconcile", EDITION)["unknown"] == 0
    tomorrow = over_sendgrid.json("send", "--dry-run", DIGEST_NOW="2026-11-24T07:00+05:30")
    assert (tomorrow["would_send"], tomorrow["excluded"]) == (25, 5)


def test_a_post_that_can_not_be_read_is_passed_over_and_said(over_sendgrid: Newsroom) -> None:
    post(over_sendgrid, [b"no json", b"[]", b'[{"event": 7}]'])
    run = over_sendgrid.digest("events", "handle")
    assert (run.code, "Processed 2 webhook payloads with 0 events" in run.out) == (0, True)
    assert "Skipped webhook payload 1 of sendgrid: the payload is not JSON" in run.err
    assert over_sendgrid.json("events", "handle")["posts"] == 0


def sent_by_mail(newsroom: Newsroom) -> dict[str, str]:
    """Address → the headers of the letter that a reader got, as a report returns them."""
    newsroom.json("send")
    return {
        address: mail.decode("ascii").replace("\r\n", "\n").partition("\n\n")[0]
        for address, mail in newsroom.outbox().items()
    }


def bounced(newsroom: Newsroom, data: bytes, tmp_path: Path) -> dict[str, object]:
    path = tmp_path / "mail"
    path.write_bytes(data)
    told = newsroom.json("bounces", str(path), DIGEST_NOW=NOON)
    assert isinstance(told, dict)
    return told


def test_bounced_mail_bars_the_reader_whose_letter_it_returns(newsroom: Newsroom, tmp_path: Path) -> None:
    letters = sent_by_mail(newsroom)
    told = bounced(newsroom, mails.dsn(letters["asha@example.com"]), tmp_path)
    assert told == {"mails": 1, "suppressed": 1, "kinds": {"bounced": 1}}
    assert outcome(newsroom) == FeedbackCounts(bounced=1)
    assert bounced(newsroom, mails.dsn(letters["asha@example.com"]), tmp_path)["suppressed"] == 0
    # Redacted by the provider: the signed word in the returned headers says whose it is.
    assert bounced(newsroom, mails.complaint(letters["ravi@example.com"]), tmp_path)["suppressed"] == 1
    delayed = mails.dsn(letters["meena@example.com"], action="delayed", status="4.4.1", diagnostic="x")
    assert bounced(newsroom, delayed, tmp_path) == {"mails": 1, "suppressed": 0, "kinds": {"deferred": 1}}
    assert outcome(newsroom) == FeedbackCounts(bounced=1, complained=1)
    tomorrow = newsroom.json("send", "--dry-run", DIGEST_NOW="2026-11-24T07:00+05:30")
    assert tomorrow["excluded"] == 3  # and Latika, who is paused


def test_a_message_id_and_the_recipient_are_enough_and_neither_alone_is(newsroom: Newsroom, tmp_path: Path) -> None:
    letters = sent_by_mail(newsroom)
    lines = letters["asha@example.com"].splitlines()
    bare = "\n".join(line for line in lines if line.startswith("Message-ID"))
    for data in (
        mails.dsn(""),
        mails.dsn(bare, recipient="ravi@example.com"),
        mails.dsn(mails.returned(token="A" * 34)),
    ):
        told = bounced(newsroom, data, tmp_path)
        assert told["kinds"] == {"bounced, but not for an email of this newsletter": 1}
    assert bounced(newsroom, mails.dsn(bare), tmp_path)["suppressed"] == 1


def test_a_bounce_address_alone_identifies_its_recipient(newsroom: Newsroom, tmp_path: Path) -> None:
    """With VERP a report without any part of the returned email is enough, if the token is signed."""
    sent_by_mail(newsroom)
    over = {"DIGEST_DELIVERY__SMTP__BOUNCES": "bounces@example.com"}
    with make_app(newsroom.home, environment=newsroom.env(over)) as app:
        known = PreferenceStore(app.database).at("ravi@example.com")
        assert known
        tokens = [app.signer.sign("leave", known.id), app.signer.sign("bounce", known.id)]
    file = tmp_path / "bounce.eml"
    for token, suppressed in zip(tokens, (0, 1), strict=True):
        address = verp.address("bounces@example.com", token)
        file.write_bytes(f"Delivered-To: {address}\n".encode() + mails.dsn("", recipient="elsewhere@example.org"))
        assert newsroom.json("bounces", str(file), DIGEST_NOW=NOON, **over)["suppressed"] == suppressed


def test_nobody_can_work_out_the_message_id_of_anothers_letter(newsroom: Newsroom, tmp_path: Path) -> None:
    """Else whoever knows an address could bar it: edition and domain are no secrets, and ids are small numbers."""
    sent_by_mail(newsroom)
    stranger = Signer([b"a key of the attacker's own"])
    ids = []
    with make_app(newsroom.home, environment=newsroom.env()) as app:
        for number in range(1, 21):
            guessed = recipient(number, "asha@example.com", app.sender, stranger.sign_letter)
            plain = hashlib.sha256(f"{EDITION}\0{number}\0asha@example.com".encode()).hexdigest()[:32]
            outgoing = Outgoing(EDITION, "", "", RenderedEmail("", "", "", ""), app.sender, ())
            ids += [message_id(outgoing, guessed), f"{plain}@{app.sender.list_id}"]
    for start in (0, 20):
        forged = mails.dsn("\n".join(f"Message-ID: <{id}>" for id in ids[start : start + 20]))
        told = bounced(newsroom, forged, tmp_path)
        assert told == {"mails": 1, "suppressed": 0, "kinds": {"bounced, but not for an email of this newsletter": 1}}


@pytest.mark.parametrize(
    ("stamp", "barred"),
    [
        ("Received: by mx.example.com with SMTP id 5; Mon, 23 Nov 2026 08:30:00 +0530", 0),
        ("Received: by a clock that is slow; Mon, 23 Nov 2026 09:30:00 +0530", 1),
        ("Received: by mx.example.com with SMTP id 5; Mon, 23 Nov 2026 11:00:00 +0530", 1),
        ("Received: by mx; Mon, 23 Nov 2026 11:00:00 +0530\nReceived: by x; Mon, 23 Nov 2026 08:00:00 +0530", 1),
        ("Received: by mx.example.com; Thu, 1 Jan 1970 00:00:00 +0000", 1),
        ("Received: by mx.example.com; Mon, 23 Nov 2037 00:00:00 +0000", 1),
        ("Received: by mx.example.com; Mon, 99 Nov 2026 00:00:00 +9999", 1),
        ("Date: Mon, 23 Nov 2026 09:00:00 +0530", 1),
    ],
)
def test_leaving_by_a_mail_that_lay_unread_does_not_undo_coming_back(
    newsroom: Newsroom, tmp_path: Path, stamp: str, barred: int
) -> None:
    sent_by_mail(newsroom)
    with make_app(newsroom.home, environment=newsroom.env()) as app:
        wishes = PreferenceStore(app.database)
        known = wishes.find("asha@example.com")
        assert known
        wishes.unsubscribe(known.id, ConsentContext("web:leave"), now=app.now())
        wishes.resubscribe(known.id, ConsentContext("web:leave"), now=datetime.fromisoformat("2026-11-23T10:00+05:30"))
        token = app.signer.sign("leave", known.id)
    mail = f"{stamp}\nFrom: asha@example.com\nSubject: unsubscribe {token}\n\n"
    assert bounced(newsroom, mail.encode(), tmp_path)["suppressed"] == barred


def test_a_maildir_is_read_once_and_put_away(newsroom: Newsroom, tmp_path: Path) -> None:
    letters = sent_by_mail(newsroom)
    box = mailbox.Maildir(tmp_path / "Maildir")
    for data in (mails.dsn(letters["asha@example.com"]), mails.OUT_OF_OFFICE, mails.qmail(letters["ravi@example.com"])):
        box.add(data)
    told = newsroom.json("bounces", "--maildir", str(tmp_path / "Maildir"), DIGEST_NOW=NOON)
    assert told == {"mails": 3, "suppressed": 2, "kinds": {"bounced": 2, "not a report": 1}}
    assert all(message.get_flags() == "S" for message in box)
    assert newsroom.json("bounces", "--maildir", str(tmp_path / "Maildir"))["mails"] == 0
    run = newsroom.digest("bounces", "--maildir", str(tmp_path))
    assert (run.code, "is not a Maildir" in run.err) == (2, True)


def test_an_mbox_holds_several_and_a_pipe_one(newsroom: Newsroom, tmp_path: Path) -> None:
    letters = sent_by_mail(newsroom)
    leave = next(line for line in letters["asha@example.com"].splitlines() if "subject=unsubscribe" in line)
    token = leave.rpartition("%20")[2].rstrip(">")
    by_mail = f"From: asha@example.com\nSubject: unsubscribe {token}\n\nplease\n".encode()
    boxed = b"".join(
        b"From x Mon Nov 23\n" + data + b"\n" for data in (by_mail, mails.exim(letters["ravi@example.com"]))
    )
    told = bounced(newsroom, boxed, tmp_path)
    assert told == {"mails": 2, "suppressed": 2, "kinds": {"left": 1, "bounced": 1}}
    assert outcome(newsroom) == FeedbackCounts(bounced=1, left=1)
    assert newsroom.digest("bounces").code == 2


@pytest.mark.slow
def test_a_pipe_keeps_the_mail_while_the_store_is_locked(newsroom: Newsroom) -> None:
    import sqlite3
    import subprocess

    letters = sent_by_mail(newsroom)
    piped = {"input": mails.dsn(letters["asha@example.com"]), "cwd": newsroom.home, "env": newsroom.env()}
    (newsroom.home / "digest.db").rename(newsroom.home / "kept.db")
    (newsroom.home / "digest.db").write_bytes(b"no database at all" * 100)
    done = subprocess.run(newsroom.command("bounces", "-"), capture_output=True, timeout=60, check=False, **piped)  # type: ignore[call-overload]
    assert (done.returncode, b"is no SQLite database" in done.stderr) == (75, True)
    (newsroom.home / "kept.db").rename(newsroom.home / "digest.db")
    done = subprocess.run(newsroom.command("bounces", "-"), capture_output=True, timeout=60, check=False, **piped)  # type: ignore[call-overload]
    assert (done.returncode, b"1 address newly suppressed" in done.stdout) == (0, True), done.stderr
    with closing(sqlite3.connect(newsroom.home / "digest.db")) as store:
        assert store.execute("SELECT reason FROM suppression").fetchall() == [("bounced",)]


def test_check_tells_a_missing_webhook_and_a_wrong_key(over_sendgrid: Newsroom) -> None:
    named = "DIGEST_WEB__WEBHOOKS__SENDGRID__KEYS_ENV"
    assert over_sendgrid.json("check", "--offline", code=2)["warnings"] == []  # the example's base_url is a fault
    without = over_sendgrid.json("check", "--offline", code=2, **{named: ""})
    assert "bounces and complaints are not received" in without["warnings"][0]
    wrong = over_sendgrid.json("check", "--offline", code=2, SENDGRID_WEBHOOK_KEYS="no key")
    assert any("not a public key" in fault["message"] for fault in wrong["faults"])


def test_many_blocks_are_told_and_the_clock_hears_them(over_sendgrid: Newsroom) -> None:
    with SendGridServer() as server:
        over_sendgrid.environment["DIGEST_DELIVERY__SENDGRID__HOST"] = server.url
        over_sendgrid.json("send")
        taken = server.provider.acceptances()
    reason = {"type": "blocked", "bounce_classification": "Reputation", "reason": "550 5.7.1 listed"}
    post(over_sendgrid, late([of(each, "bounce", **reason) for each in taken[:25]], seed=1))
    said: list[str] = []
    with make_app(over_sendgrid.home, environment=over_sendgrid.env()) as app:
        Scheduler(app, said.append).process_feedback()
    assert len(said) == 1
    assert f"Edition {EDITION}: 25 of 25 emails were blocked" in said[0]
    assert outcome(over_sendgrid) == FeedbackCounts(blocked=25)
    assert over_sendgrid.json("send", "--dry-run", DIGEST_NOW="2026-11-24T07:00+05:30")["would_send"] == 30
