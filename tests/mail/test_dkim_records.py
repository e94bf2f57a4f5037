"""DKIM keys in the DNS (RFC 6376 section 3.6.1)."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from digest.mail.dns.dkim import check_key, public_key
from digest.utils.findings import Level
from tests.deliver.test_dkim import PEM, RECORD
from tests.mail.records import lookup_of
from tests.support.tables import each_row

NAME = "TXT s1._domainkey.a.in"


def published(bits: int) -> str:
    """A key that nobody signs with: any odd modulus of that size does, and needs no search for primes."""
    key = rsa.RSAPublicNumbers(65537, (1 << (bits - 1)) + 1).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


SHORT, WEAK, STRONG = published(1024), public_key(PEM), published(2048)


@each_row(
    ("record", "level", "text"),
    [
        (f"v=DKIM1; k=rsa; p={STRONG}", Level.GOOD, "a key of 2048 bits"),
        # Resend publishes nothing but the key.
        (f"p={STRONG}", Level.GOOD, "a key of 2048 bits"),
        (f"v=DKIM1; p={STRONG[:70]} {STRONG[70:]}", Level.GOOD, "a key of 2048 bits"),
        (f"v=DKIM1; p={SHORT}", Level.WARNING, "a key of 1024 bits; 2048 are advised"),
        (f"v=DKIM1; t=y; p={STRONG}", Level.WARNING, "test mode"),
        (f"v=DKIM1; t=s; p={STRONG}", Level.GOOD, "2048"),
        ("v=DKIM1; p=", Level.ERROR, "revoked"),
        (f"v=DKIM1; p={STRONG[:200]}", Level.ERROR, "no valid rsa key: was it cut"),
        ("v=DKIM1; p=no*base64", Level.ERROR, "no valid rsa key"),
        (f"v=DKIM2; p={STRONG}", Level.ERROR, "v=DKIM2; expected v=DKIM1"),
        (f"v=DKIM1; h=sha1; p={STRONG}", Level.ERROR, "does not allow sha256"),
        (f"v=DKIM1; k=dsa; p={STRONG}", Level.ERROR, "no valid dsa key"),
        ("v=spf1 -all", Level.ERROR, "has no key"),
    ],
)
def test_a_published_key(record: str, level: Level, text: str) -> None:
    finding = check_key("s1", "a.in", lookup_of({NAME: record}))
    assert finding.level == level, finding
    assert text in finding.message


def test_an_ed25519_key_is_good() -> None:
    raw = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    record = f"v=DKIM1; k=ed25519; p={base64.b64encode(raw).decode()}"
    assert check_key("s1", "a.in", lookup_of({NAME: record})).level == Level.GOOD


@pytest.mark.slow
def test_the_published_key_must_be_the_one_that_signs() -> None:
    other = rsa.generate_private_key(65537, 2048)
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    same = check_key("s1", "a.in", lookup_of({NAME: RECORD.decode()}), public=public_key(PEM))
    assert same.level in (Level.GOOD, Level.WARNING)
    wrong = check_key("s1", "a.in", lookup_of({NAME: RECORD.decode()}), public=public_key(pem))
    assert wrong.level == Level.ERROR
    assert "another key than the one that signs" in wrong.message
    assert public_key(pem) in wrong.fix


def test_missing_and_not_known_are_different() -> None:
    missing = check_key("s1", "a.in", lookup_of({}))
    assert missing.level == Level.ERROR
    assert missing.message == "s1._domainkey.a.in has no key"
    unknown = check_key("s1", "a.in", lookup_of({}, unknown=["s1._domainkey.a.in"]))
    assert unknown.level == Level.UNKNOWN
    assert "has no key" not in unknown.message
    twice = check_key("s1", "a.in", lookup_of({NAME: [f"p={STRONG}", f"p={SHORT}"]}))
    assert "has 2 keys" in twice.message


def test_a_private_key_that_cannot_be_read_has_no_public_one() -> None:
    assert public_key(b"nothing") is None
