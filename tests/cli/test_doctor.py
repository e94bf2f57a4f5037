"""`digest doctor`: our signed emails have no findings, and each defect of a changed one is found."""

from __future__ import annotations

from pathlib import Path

import dkim
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliver.smtp.dkim import SIGNED, signer
from digest.mail import mime
from digest.mail.dns.dmarc import is_related
from digest.mail.inspect import examine
from tests.cli.newsroom import Newsroom, subscriber_rows
from tests.deliver.emails import NOW, outgoing
from tests.deliver.test_dkim import PEM, PUBLIC, RECORD
from tests.support.cpu import cpu_limit
from tests.support.smtp_server import RecordingSmtp
from tests.support.tables import each_row

RESULTS = b"Authentication-Results: mx.example.net; dkim=pass header.d=example.com; spf=pass; dmarc=pass (p=NONE)\r\n"


def build_email(*, sign: bool = True) -> bytes:
    batch = outgoing("asha@example.com")
    mail = mime.build(batch, batch.recipients[0], date=NOW)
    return RESULTS + (signer("example.com", "s1", PEM)(mail) if sign else b"") + mail


GOOD = build_email()


def signed_without(*names: bytes) -> bytes:
    kept = [name.encode() for name in SIGNED if name.encode() not in names]
    bare = build_email(sign=False).removeprefix(RESULTS)
    return dkim.sign(bare, b"s1", b"example.com", PEM, include_headers=kept) + bare


def messages(mail: bytes, level: str) -> list[str]:
    return [finding.message for finding in examine(mail)[1] if finding.level == level]


def test_a_signed_email_of_ours_has_no_findings() -> None:
    assert messages(GOOD, "error") == messages(GOOD, "warning") == []
    good = "\n".join(messages(GOOD, "good"))
    assert "the signature of example.com (s=s1) covers from, list-unsubscribe, list-unsubscribe-post" in good
    assert "links to https://news.example.com/leave/" in good
    assert "dmarc=pass" in good


def replaced(old: bytes, new: bytes) -> bytes:
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


def without(name: bytes) -> bytes:
    return replaced(b"\r\n" + name + b": ", b"\r\nX-Old: ")


ERRORS = {
    "there is no DKIM-Signature": build_email(sign=False),
    "does not cover list-unsubscribe-post: RFC 8058": signed_without(b"list-unsubscribe-post"),
    "does not cover list-unsubscribe, list-unsubscribe-post": signed_without(
        b"list-unsubscribe", b"list-unsubscribe-post"
    ),
    "no DKIM signature is of the sender's domain example.org: d= is example.com": replaced(
        b"<news@example.com>", b"<news@example.org>"
    ),
    "uses rsa-sha1": replaced(b"a=rsa-sha256", b"a=rsa-sha1"),
    "there is no List-Unsubscribe:": without(b"List-Unsubscribe"),
    "there is no List-Unsubscribe-Post": without(b"List-Unsubscribe-Post"),
    "List-Unsubscribe contains no https address but http:": replaced(b"<https://news", b"<http://news"),
    "List-Unsubscribe contains no <address>": replaced(b"List-Unsubscribe: ", b"List-Unsubscribe: none\r\nX-Rest: "),
    "expected List-Unsubscribe=One-Click, found yes": replaced(b"List-Unsubscribe=One-Click", b"yes"),
    "there is no Message-ID": without(b"Message-ID"),
    "Message-ID does not have the form": replaced(b"Message-ID: <", b"Message-ID: "),
    "there is no Date": without(b"Date"),
    "Date is not a valid date": replaced(b"\r\nDate: ", b"\r\nDate: yesterday\r\nX-Rest: "),
    "there is no From": without(b"From"),
    "From occurs 2 times": replaced(b"\r\nTo: ", b"\r\nFrom: b@example.com\r\nTo: "),
    "the receiving server found dkim=fail": replaced(b"dkim=pass", b"dkim=fail"),
    "the receiving server found dmarc=none": replaced(b"dmarc=pass", b"dmarc=none"),
    "is not valid us-ascii, its charset": GOOD.replace(b"text/html; charset=utf-8", b"text/html; charset=us-ascii"),
    "still contains -DGX_LEAVE-": b"From: news@example.com\r\n\r\nhttps://x.example/-DGX_LEAVE-\r\n",
}
WARNINGS = {
    "does not cover subject": signed_without(b"subject"),
    "covers only the beginning of the body": replaced(b"c=relaxed/relaxed;", b"c=relaxed/relaxed; l=10;"),
    "there is no List-Id": without(b"List-Id"),
    "there is no Feedback-ID": without(b"Feedback-ID"),
    "there is no Precedence": without(b"Precedence"),
    "contains 2 https addresses": replaced(b"<mailto:desk@example.com?subject=unsubscribe", b"<https://other.example/"),
    "there is no Authentication-Results": GOOD.removeprefix(RESULTS),
    "the receiving server found spf=softfail": replaced(b"spf=pass", b"spf=softfail"),
    "the receiving server reports no result for dmarc": replaced(b"; dmarc=pass (p=NONE)", b""),
    "there is no text part": GOOD.replace(b"text/plain; ", b"text/x; "),
    "the text/html part is in iso-8859-1; expected utf-8": GOOD.replace(
        b"text/html; charset=utf-8", b"text/html; charset=iso-8859-1"
    ),
    "Gmail clips it at 102,400": b"Content-Type: text/html\r\n\r\n" + b"x" * 103_000,
}


@each_row(("sentence", "mail"), ERRORS.items())
def test_what_providers_reject_is_an_error(sentence: str, mail: bytes) -> None:
    assert any(sentence in message for message in messages(mail, "error")), messages(mail, "error")
    assert all(finding.fix for finding in examine(mail)[1] if finding.level != "good")


@each_row(("sentence", "mail"), WARNINGS.items())
def test_what_hurts_deliverability_is_a_warning(sentence: str, mail: bytes) -> None:
    assert any(sentence in message for message in messages(mail, "warning")), messages(mail, "warning")
    assert all(finding.fix for finding in examine(mail)[1] if finding.level != "good")


@given(st.binary(max_size=400) | st.lists(st.sampled_from(GOOD.split(b"\r\n")), max_size=60).map(b"\n".join))
def test_any_bytes_give_printable_findings(raw: bytes) -> None:
    for finding in examine(raw)[1]:
        assert finding.message.isprintable()


@each_row(
    ("domain", "sender", "expected"),
    [
        ("example.com", "example.com", True),
        ("example.com", "news.example.com", True),
        ("mail.example.com", "example.com", True),
        ("badexample.com", "example.com", False),
        ("com", "example.com", False),
        ("", "example.com", False),
        ("sendgrid.net", "example.com", False),
    ],
)
def test_alignment(domain: str, sender: str, expected: bool) -> None:
    assert is_related(domain, sender) is expected


@pytest.mark.parametrize("key", [RECORD, PUBLIC])
def test_the_command_verifies_with_a_local_key(newsroom: Newsroom, tmp_path: Path, key: bytes) -> None:
    (tmp_path / "email.eml").write_bytes(GOOD)
    (tmp_path / "key").write_bytes(key)
    run = newsroom.digest("doctor", str(tmp_path / "email.eml"), "--key", str(tmp_path / "key"))
    assert run.code == 0
    assert "good: the signature is valid" in run.out
    assert "email.eml: 0 errors" in run.out
    # Some programs save a mail with these line ends.
    (tmp_path / "email.eml").write_bytes(GOOD.replace(b"\r\n", b"\n"))
    assert newsroom.digest("doctor", str(tmp_path / "email.eml"), "--key", str(tmp_path / "key")).code == 0
    (tmp_path / "email.eml").write_bytes(GOOD.replace(b"\r\nTo: asha", b"\r\nTo: ravi"))
    run = newsroom.digest("doctor", str(tmp_path / "email.eml"), "--key", str(tmp_path / "key"))
    assert run.code == 1
    assert "error: the signature is invalid" in run.out


def test_the_senders_signature_is_verified_even_if_it_is_not_the_first(newsroom: Newsroom, tmp_path: Path) -> None:
    (tmp_path / "email.eml").write_bytes(signer("sendgrid.net", "x", PEM)(GOOD) + GOOD)
    (tmp_path / "key").write_bytes(RECORD)
    found = newsroom.json("doctor", str(tmp_path / "email.eml"), "--key", str(tmp_path / "key"), "--json")
    assert [one["domain"] for one in found["signatures"]] == ["sendgrid.net", "example.com"]
    assert "the signature is valid" in found["good"]
    assert found["errors"] == []


@pytest.mark.slow
def test_an_email_received_by_smtp_has_no_findings(newsroom: Newsroom, tmp_path: Path) -> None:
    (newsroom.home / "dkim.pem").write_bytes(PEM)
    (tmp_path / "key").write_bytes(RECORD)
    newsroom.set_subscribers(*subscriber_rows(3))
    with RecordingSmtp(pipelining=True) as server:
        over = {
            "DIGEST_DELIVERY__TRANSPORT": "smtp",
            "DIGEST_DELIVERY__SMTP__HOST": "127.0.0.1",
            "DIGEST_DELIVERY__SMTP__PORT": str(server.port),
            "DIGEST_DELIVERY__SMTP__BOUNCES": "bounces@example.com",
            "DIGEST_DELIVERY__SMTP__DKIM": "{domain: example.com, selector: s1, key_file: dkim.pem}",
            "DIGEST_NEWSLETTER__BASE_URL": "https://news.example.com",
        }
        assert newsroom.json("send", **over)["accepted"] == 3
        assert len({received.mail_from for received in server.emails}) == 3
        assert all(received.mail_from.startswith("bounces+") for received in server.emails)
        for received in server.emails:
            (tmp_path / "email.eml").write_bytes(RESULTS + received.content)
            found = newsroom.json("doctor", str(tmp_path / "email.eml"), "--key", str(tmp_path / "key"), "--json")
            assert (found["errors"], found["warnings"]) == ([], [])
            assert "the signature is valid" in found["good"]
        run = newsroom.digest("check", **over | {"DIGEST_DELIVERY__SMTP__DKIM__KEY_FILE": "none.pem"})
        assert run.code == 2
        assert "none.pem cannot be read: No such file" in run.out


def test_offline_reports_what_was_not_verified(newsroom: Newsroom, tmp_path: Path) -> None:
    (tmp_path / "email.eml").write_bytes(GOOD)
    found = newsroom.json("doctor", str(tmp_path / "email.eml"), "--offline", "--json")
    assert found["warnings"] == ["the signature itself was not verified: offline, and no --key is given"]
    assert found["bytes"] == len(GOOD)
    assert "list-unsubscribe-post" in found["signatures"][0]["headers"]


@pytest.mark.slow
def test_an_email_of_the_outbox_lacks_only_a_signature(newsroom: Newsroom) -> None:
    assert newsroom.digest("send").code == 0
    found = newsroom.json("doctor", str(next(newsroom.home.rglob("*.eml"))), "--json", code=1)
    assert len(found["errors"]) == 1
    assert found["errors"][0].startswith("there is no DKIM-Signature")


@pytest.mark.parametrize("content", [b"", b"<html>no mail</html>", b"\x00\x01\x02"])
def test_a_file_that_is_no_mail_is_refused(newsroom: Newsroom, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "email.eml").write_bytes(content)
    run = newsroom.digest("doctor", str(tmp_path / "email.eml"))
    assert run.code == 2
    assert "email.eml:1: expected an email, which starts with its headers" in run.err
    assert newsroom.digest("doctor", str(tmp_path / "none.eml")).code == 2


NEST = b"--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n"
HOSTILE = {
    "empty": b"",
    "binary": bytes(range(256)) * 50,
    "cut in its headers": GOOD[:60],
    "cut in its text": GOOD[: len(GOOD) // 2],
    "folded without end": GOOD.replace(b"Subject: ", b"Subject:\r\n " + b"x\r\n " * 2000),
    "8-bit headers": "From: आशा <अ@example.com>\nSubject: नमस्ते\nContent-Type: टेक्स्ट/प्लेन; charset=ü\n\nx".encode(),
    "a charset with a NUL": b"From: a@example.com\nContent-Type: text/plain; charset=\"ut\0f\"\n\nx",
    "a charset that is none": b"From: a@example.com\nContent-Type: text/plain; charset=undefined\n\nx",
    "a codec for no text": b"From: a@example.com\nContent-Type: text/plain; charset=rot13\n\nx",
    "nested parts": b"From: a@example.com\nContent-Type: multipart/mixed; boundary=b0\n\n"
    + b"".join(NEST % (n, n + 1) for n in range(3000)),
    "nested mails": b"From: a@example.com\n" + b"Content-Type: message/rfc822\n\n" * 3000,
    "nested comments": b"From: " + b"(" * 100_000 + b"\n\nx",
    "a hundred thousand parts": b"From: a@example.com\nContent-Type: multipart/mixed; boundary=b\n\n"
    + b"--b\n\nx\n" * 100_000,
    "a hundred thousand headers": b"X: y\n" * 100_000 + b"\nx",
    "a hundred thousand senders": b"From: " + b"a@example.com," * 100_000 + b"\n\nx",
    "a hundred thousand parameters": b"From: a@example.com\nContent-Type: text/plain; " + b"a=b;" * 100_000 + b"\n\nx",
    "UTF-16": b"From: a@example.com\n\nx".decode().encode("utf-16"),
    "line ends of one CR": GOOD.replace(b"\r\n", b"\r"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_mail_is_inspected_in_bounded_time(newsroom: Newsroom, kind: str) -> None:
    path = newsroom.home / "email.eml"
    path.write_bytes(HOSTILE[kind])
    with cpu_limit(4):
        run = newsroom.digest("doctor", str(path), "--offline")
    assert run.code == (1 if "error: " in run.out else 2 if run.err else 0)
    assert all(len(line) < 300 for line in run.out.splitlines())
