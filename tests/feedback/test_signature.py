"""Only posts with SendGrid's signature are accepted."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from digest.feedback.sendgrid import SendGridVerifier, read_keys
from tests.support.sendgrid_events import Webhook
from tests.support.tables import each_row

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
BODY = '[{"event":"delivered","email":"asha@example.com","name":"आशा"}]\r\n'.encode()
OLD, NEW = Webhook(), Webhook()
SIGNATURE, STAMP, _TYPE = OLD.headers(BODY, NOW.timestamp()).values()


def verifier(*webhooks: Webhook) -> SendGridVerifier:
    return SendGridVerifier(read_keys(",".join(webhook.public for webhook in webhooks)))


def test_the_raw_bytes_are_what_is_signed() -> None:
    assert verifier(OLD).accepts(BODY, SIGNATURE, STAMP, NOW)
    for other in (BODY.strip(), BODY + b" ", BODY.replace(b"asha", b"ravi"), b""):
        assert not verifier(OLD).accepts(other, SIGNATURE, STAMP, NOW)


def test_either_of_two_keys_will_do_while_they_change() -> None:
    assert verifier(NEW, OLD).accepts(BODY, SIGNATURE, STAMP, NOW)
    assert not verifier(NEW).accepts(BODY, SIGNATURE, STAMP, NOW)


@each_row(
    ("age", "taken"),
    [
        (timedelta(0), True),
        (timedelta(hours=24, minutes=50), True),
        (timedelta(hours=26), False),
        (timedelta(minutes=-30), True),
        (timedelta(hours=-2), False),
    ],
)
def test_a_redelivery_of_a_day_is_taken_and_an_older_post_is_not(age: timedelta, taken: bool) -> None:
    headers = OLD.headers(BODY, (NOW - age).timestamp())
    signature, stamp, _type = headers.values()
    assert verifier(OLD).accepts(BODY, signature, stamp, NOW) == taken


@given(st.text("azAZ09+/=-é\x00\ud800 ", max_size=120), st.text("0९-. ", max_size=20) | st.just(STAMP))
def test_no_header_raises_or_passes(signature: str, stamp: str) -> None:
    assert not verifier(OLD).accepts(BODY, signature, stamp, NOW)


@given(st.binary(min_size=1, max_size=90))
def test_no_bytes_for_a_signature_pass(raw: bytes) -> None:
    assert not verifier(OLD).accepts(BODY, base64.b64encode(raw).decode(), STAMP, NOW)


def test_a_key_is_read_as_sendgrid_shows_it_or_as_pem() -> None:
    pem = OLD.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    for text in (pem, pem.replace("\n", "\\n"), f" {OLD.public} ", f"{OLD.public},\n{NEW.public}"):
        assert SendGridVerifier(read_keys(text)).accepts(BODY, SIGNATURE, STAMP, NOW)


def test_an_invalid_key_is_reported_without_being_shown() -> None:
    def public(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
        return base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()

    foreign = [public(ec.generate_private_key(ec.SECP384R1())), public(rsa.generate_private_key(65537, 2048))]
    for text in ("", "no key", "é", OLD.public[:-8], f"{OLD.public},", ",".join([OLD.public] * 3), *foreign):
        with pytest.raises(ValueError, match=r"public key|P-256") as caught:
            read_keys(text)
        assert not text or text not in str(caught.value)
