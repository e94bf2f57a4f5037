"""DKIM: what is signed, dkimpy finds every change, and the message for a missing key or package."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.deliver.outcome import PerRecipient
from digest.deliver.smtp.connection import SmtpServer
from digest.deliver.smtp.dkim import configured_signer, signer
from digest.deliver.smtp.transport import Smtp
from digest.errors import ConfigurationError
from digest.mail import mime
from tests.deliver.emails import EMAIL, EMAIL_WITH_IMAGES, NOW, RecordingLog, outgoing
from tests.deliver.transports import clock
from tests.support.smtp_server import RecordingSmtp

_PRIVATE = rsa.generate_private_key(65537, 2048)
PEM, PKCS8 = (
    _PRIVATE.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    for form in (serialization.PrivateFormat.TraditionalOpenSSL, serialization.PrivateFormat.PKCS8)
)
PUBLIC = _PRIVATE.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
RECORD = b"v=DKIM1; k=rsa; p=" + b"".join(PUBLIC.splitlines()[1:-1])


def good(mail: bytes) -> bool:
    return bool(
        dkim.verify(mail, dnsfunc=lambda name, timeout=0: RECORD if name == b"s1._domainkey.example.com." else b"")
    )


@pytest.fixture(scope="module")
def signed() -> bytes:
    batch = outgoing("asha@example.com", email=EMAIL_WITH_IMAGES)
    mail = mime.build(batch, batch.recipients[0], date=NOW)
    return signer("example.com", "s1", PEM)(mail) + mail


def test_an_email_signed_and_sent_by_smtp_is_valid() -> None:
    with RecordingSmtp() as server:
        smtp = Smtp(
            SmtpServer("127.0.0.1", server.port, timeout=5), clock=clock, sign=signer("example.com", "s1", PKCS8)
        )
        assert smtp.submit(outgoing("asha@example.com", email=EMAIL_WITH_IMAGES), RecordingLog()) == PerRecipient(
            frozenset({1})
        )
        smtp.close()
        (email,) = server.emails
        assert email.content.startswith(b"DKIM-Signature: ")
        assert good(email.content)


@pytest.mark.parametrize(
    "name",
    [b"From", b"To", b"Subject", b"List-Unsubscribe", b"List-Unsubscribe-Post", b"Message-ID", b"Date", b"Feedback-ID"],
)
def test_no_important_header_can_be_changed_in_transit(signed: bytes, name: bytes) -> None:
    assert good(signed)
    assert signed.count(b"\r\n" + name + b": ") == 1
    assert not good(signed.replace(b"\r\n" + name + b": ", b"\r\n" + name + b": x"))


@pytest.mark.parametrize("name", [b"From", b"Subject", b"List-Unsubscribe", b"List-Unsubscribe-Post"])
def test_none_of_these_can_be_added_a_second_time(signed: bytes, name: bytes) -> None:
    assert not good(signed.replace(b"\r\n\r\n", b"\r\n" + name + b": other\r\n\r\n", 1))


def test_the_body_is_signed(signed: bytes) -> None:
    assert not good(signed[:-60] + b"x" + signed[-59:])


def test_a_relay_may_fold_lines_differently(signed: bytes) -> None:
    assert good(signed.replace(b"List-Help: ", b"list-help:  "))


ODD = st.lists(st.sampled_from([b"a", b" ", b"  ", b"\t", b"\r\n", b".", b"=", b"\xe0\xa4\x95"]), max_size=14).map(
    b"".join
)


@pytest.mark.slow
@settings(deadline=None)
@given(ODD, ODD)
def test_whatever_the_mail_looks_like_dkimpy_finds_the_signature_good(subject: bytes, body: bytes) -> None:
    value = b"\r\n ".join(line.strip() or b"x" for line in subject.split(b"\r\n"))
    mail = b"From: asha@example.com\r\nSubject:" + value + b"\r\nTo: a@example.com\r\n\r\n" + body
    header = signer("example.com", "s1", PEM)(mail)
    assert max(map(len, header.split(b"\r\n"))) <= 78
    assert good(header + mail)
    assert not good(header + mail.replace(b"\r\n\r\n", b"\r\n\r\nx", 1))


def test_signing_takes_a_fraction_of_what_dkimpy_takes_alone() -> None:
    batch = outgoing("asha@example.com", email=replace(EMAIL, html=EMAIL.html * 150, text=EMAIL.text * 60))
    mail = mime.build(batch, batch.recipients[0], date=NOW)
    ours = signer("example.com", "s1", PEM)

    def least(work: Callable[[], object]) -> float:
        taken = []
        for _ in range(5):
            began = time.thread_time()
            work()
            taken.append(time.thread_time() - began)
        return min(taken)

    alone = least(lambda: dkim.sign(mail, b"s1", b"example.com", PEM, canonicalize=(b"relaxed", b"relaxed")))
    assert least(lambda: ours(mail)) < alone / 3


@pytest.mark.slow
def test_the_key_comes_from_a_file_or_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "dkim.pem").write_bytes(PEM)
    batch = outgoing("asha@example.com")
    mail = mime.build(batch, batch.recipients[0], date=NOW)
    one_line = PEM.decode().replace("\n", "\\n")
    for file, environment in ((tmp_path / "dkim.pem", {}), (None, {"KEY": PEM.decode()}), (None, {"KEY": one_line})):
        assert good(configured_signer("example.com", "s1", file, "KEY", environment)(mail) + mail)


EC = ec.generate_private_key(ec.SECP256R1()).private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)


@pytest.mark.parametrize("key", [b"", b"no key", PUBLIC, PEM[:-200] + PEM[-33:], EC, b"\xff\x00"], ids=range(6))
def test_an_invalid_private_key_is_reported(key: bytes, tmp_path: Path) -> None:
    (tmp_path / "dkim.pem").write_bytes(key)
    with pytest.raises(ConfigurationError, match=r"key_file.*dkim.pem: expected a private RSA key in PEM"):
        configured_signer("example.com", "s1", tmp_path / "dkim.pem", "", {})


def test_a_missing_key_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"dkim.pem cannot be read: No such file"):
        configured_signer("example.com", "s1", tmp_path / "dkim.pem", "", {})
    with pytest.raises(ConfigurationError, match="key_env': KEY: expected a private RSA key"):
        configured_signer("example.com", "s1", None, "KEY", {})


def test_without_dkimpy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "dkim.pem").write_bytes(PEM)
    monkeypatch.setitem(sys.modules, "dkim", None)
    with pytest.raises(ConfigurationError, match=r"install hindi-digest\[dkim\]"):
        configured_signer("example.com", "s1", tmp_path / "dkim.pem", "", {})
