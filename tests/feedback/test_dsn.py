"""Bounces, complaints and unsubscribes by mail are recognised; other mail is not a report."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.feedback.bounce_patterns import CODES, PHRASES, classify
from digest.feedback.dsn import MAX_MAIL_BYTES, DeliveryReport, RecipientStatus, parse_message, parse_report
from digest.feedback.effects import rule_for
from digest.subscribers.tokens import TokenSigner
from tests.feedback import mails
from tests.support.cpu import is_linear
from tests.support.tables import each_row

TOKEN = TokenSigner([b"k" * 16]).sign("leave", 7)
EMAIL = mails.returned(token=TOKEN)


def report(data: bytes) -> DeliveryReport:
    found = parse_report(data)
    assert found
    return found


@each_row(
    "data",
    [
        mails.dsn(EMAIL),
        mails.dsn(EMAIL, kind="message/rfc822"),
        mails.dsn(EMAIL).replace(b"\r\n", b"\n"),
        mails.dsn(EMAIL, status="5.0.0", diagnostic="x-unix; user unknown"),
        mails.qmail(EMAIL),
        mails.exim(EMAIL),
        mails.exchange(EMAIL),
    ],
)
def test_a_hard_bounce_is_recognised_from_every_kind_of_server(data: bytes) -> None:
    found = report(data)
    assert found.statuses[0].kind == "bounced"
    assert found.statuses[0].address == "asha@example.com"
    assert TOKEN in found.tokens
    assert found.message_ids == ("m@digest.example.com",)
    assert "news@example.com" in found.envelope


@each_row(
    ("action", "status", "diagnostic", "kind"),
    [
        ("failed", "5.1.1", "smtp; 550 5.1.1 user unknown", "bounced"),
        ("failed", "5.1.10", "", "bounced"),
        ("failed", "5.2.1", "smtp; 550 5.2.1 mailbox disabled", "bounced"),
        ("failed", "5.1.8", "smtp; 553 5.1.8 sender's domain does not exist", "blocked"),
        ("failed", "5.2.2", "smtp; 552 5.2.2 mailbox full", "blocked"),
        ("failed", "5.7.1", "smtp; 554 5.7.1 listed by a blocklist", "blocked"),
        ("failed", "5.1.1", "smtp; 550 5.7.1 listed by a blocklist", "blocked"),
        ("failed", "5.0.0", "smtp; 550 rejected as spam: user unknown to us", "blocked"),
        ("failed", "5.0.0", "smtp; 550 No such user here", "bounced"),
        ("failed", "5.0.0", "", "blocked"),
        ("failed", "", "", "blocked"),
        ("failed", "4.4.7", "smtp; delivery time expired", "deferred"),
        ("delayed", "4.4.1", "", "deferred"),
        ("delayed", "5.1.1", "", "deferred"),
        ("delivered", "2.0.0", "", "delivered"),
        ("relayed", "2.0.0", "", None),
        ("failed", "nonsense", "अमान्य", "blocked"),
    ],
)
def test_only_a_missing_mailbox_is_a_hard_bounce(action: str, status: str, diagnostic: str, kind: str | None) -> None:
    assert classify(action, status, diagnostic) == kind
    if action != "relayed":
        found = parse_report(mails.dsn(EMAIL, action=action, status=status, diagnostic=diagnostic))
        assert found
        assert found.statuses[0].kind == kind


@each_row(("phrase", "kind"), PHRASES)
def test_every_phrase_is_recognised_without_a_code(phrase: str, kind: str) -> None:
    assert classify("failed", "5.0.0", f"smtp; 550 {phrase.title()}") == kind
    assert rule_for(kind, "").suppress == ("bounced" if kind == "bounced" else None)


def test_only_bounced_codes_suppress() -> None:
    assert {rule_for(kind, "").suppress for _code, kind in CODES if kind != "bounced"} == {None}


@pytest.mark.parametrize(
    ("sort", "kind"), [("abuse", "complained"), ("fraud", "complained"), ("opt-out", "left"), ("not-spam", None)]
)
def test_a_complaint_identifies_its_email(sort: str, kind: str | None) -> None:
    found = parse_report(mails.complaint(EMAIL, sort))
    assert (found.statuses[0].kind if found else None) == kind
    if found:
        assert TOKEN in found.tokens


def test_unsubscribing_by_mail() -> None:
    mail = f"From: asha@example.com\nTo: desk@example.com\nSubject: unsubscribe {TOKEN}\n\n".encode()
    assert report(mail) == DeliveryReport((RecipientStatus("left", None, "by mail"),), tokens=(TOKEN,))


@each_row(
    "data",
    [mails.OUT_OF_OFFICE, mails.EMAIL_TO_THE_DESK, b"", b"\n\n", b"\xff\xfe", b"Subject: unsubscribe \n\nhello"],
)
def test_other_mail_is_not_a_report(data: bytes) -> None:
    assert parse_report(data) is None


def test_the_original_recipient_counts_if_mail_was_forwarded() -> None:
    data = mails.dsn(EMAIL, recipient="old@elsewhere.example", original="asha@example.com")
    assert report(data).statuses[0].address == "asha@example.com"


def test_the_worst_of_several_recipients_comes_first() -> None:
    two = b"\r\nFinal-Recipient: rfc822; b@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
    data = mails.dsn(EMAIL, action="delayed", status="4.4.1", diagnostic="x")
    data = data.replace(b"Diagnostic-Code: x\r\n", b"Diagnostic-Code: x\r\n" + two)
    assert [status.kind for status in report(data).statuses] == ["bounced", "deferred"]


def bomb(levels: int) -> bytes:
    heads = [f'Content-Type: multipart/mixed; boundary="b{level}"\n\n--b{level}\n' for level in range(levels)]
    return "".join(heads).encode()


@pytest.mark.slow
@pytest.mark.parametrize(
    "data",
    [
        bomb(20_000),
        b'Content-Type: multipart/mixed; boundary="a"\n\n' + b"--a\n\nx\n" * 130_000,
        b"From: x\n" + b" folded\n" * 120_000,
        b"X: y\n" * 200_000,
        b"Content-Type: multipart/report; boundary=" + b'"' * 900_000,
        b"From: MAILER-DAEMON\nSubject: undelivered\n\n" + b"a@" * 500_000,
        b"From: MAILER-DAEMON\nSubject: undelivered\n\n" + b"deliver" * 140_000,
        b"From: x\nSubject: failure\n\nHi. This is the qmail\n" + b"<a@b.cd>:\nx\n\n" * 70_000,
        b"From: x\nSubject: failure\n\nHi. This is the qmail\n" + b"<" * 1_000_000,
        b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + b"=" * 1_000_000,
        b"Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n" + b"=\n" * 500_000,
        b"Content-Type: message/delivery-status\n\n" + b"Action: failed\nStatus: 5.1.1\n\n" * 33_000,
        b"\r\n" * 500_000 + b" \n" * 10,
        b" \n" * 500_000,
        b"A:\n \n" * 200_000,
    ],
    ids=range(15),
)
def test_hostile_mail_is_parsed_in_linear_time(data: bytes) -> None:
    assert is_linear(parse_report, lambda size: data[:size], len(data), floor=0.1)


def test_a_long_mail_is_read_up_to_the_limit() -> None:
    report_first = mails.dsn(EMAIL, kind="message/rfc822") + b"x" * (MAX_MAIL_BYTES * 2)
    assert report(report_first).statuses[0].kind == "bounced"
    assert len(parse_message(report_first)[1]) <= 50


LINES = b"""--a
--a--
Action: failed
Status: 5.1.1
Status: x
=3D
<a@b.cd>:
From: mailer-daemon
Subject: fail
Hi. This is the qmail
Content-Type: multipart/report; boundary=a
Content-Type: message/delivery-status
Content-Type: message/feedback-report
Content-Transfer-Encoding: base64
Feedback-Type: abuse
Final-Recipient: rfc822; a@b.cd

"""
PIECES = st.sampled_from([b"\r\n", b" ", *LINES.splitlines(keepends=True)])


@given(st.lists(PIECES | st.binary(max_size=6), max_size=25))
def test_no_mail_raises(pieces: list[bytes]) -> None:
    found = parse_report(b"".join(pieces))
    if found:
        assert all(rule_for(status.kind, "").kind for status in found.statuses)
