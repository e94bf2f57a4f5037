"""Envelope senders for each recipient: made, read in upper or lower case, and useless if forged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliver.outcome import PerRecipient
from digest.deliver.smtp.connection import SmtpServer
from digest.deliver.smtp.transport import Smtp
from digest.mail import verp
from digest.subscribers.tokens import TokenSigner
from tests.deliver.emails import RecordingLog, outgoing
from tests.deliver.transports import clock
from tests.support.smtp_server import RecordingSmtp

SIGNER = TokenSigner([b"a key of sixteen bytes and more"])
BOUNCES = "bounces@example.com"


@given(st.integers(0, 2**63), st.sampled_from([str, str.upper, str.lower, str.swapcase, "<{}>".format]))
def test_an_address_identifies_its_recipient_in_upper_or_lower_case(recipient: int, change) -> None:  # type: ignore[no-untyped-def]
    address = verp.address(BOUNCES, SIGNER.sign("bounce", recipient))
    local, _, domain = address.partition("@")
    assert local.startswith("bounces+")
    assert len(local) <= 64
    assert domain == "example.com"
    assert SIGNER.read("bounce", verp.token(BOUNCES, change(address))) == recipient


@given(st.text(max_size=90))
def test_any_other_address_identifies_nobody(address: str) -> None:
    for found in (address, f"bounces+{address}@example.com"):
        assert SIGNER.read("bounce", verp.token(BOUNCES, found) or "") is None


def test_a_token_for_another_purpose_or_place_is_none() -> None:
    leave = verp.address(BOUNCES, SIGNER.sign("leave", 7))
    assert SIGNER.read("bounce", verp.token(BOUNCES, leave) or "") is None
    good = verp.address(BOUNCES, SIGNER.sign("bounce", 7))
    assert verp.token("other@example.com", good) is None
    assert verp.token("bounces@example.org", good) is None


def test_an_address_that_is_too_long_for_a_token_is_refused() -> None:
    verp.address("b" * 19 + "@example.com", SIGNER.sign("bounce", 2**62))
    with pytest.raises(ValueError, match="at most 19"):
        verp.address("b" * 20 + "@example.com", SIGNER.sign("bounce", 2**62))


def test_each_email_has_its_own_envelope_sender_and_the_same_from() -> None:
    with RecordingSmtp() as server:
        smtp = Smtp(SmtpServer("127.0.0.1", server.port, timeout=5), clock=clock, bounces=BOUNCES, token=SIGNER.sign)
        assert smtp.submit(outgoing("asha@example.com", "ravi@example.com"), RecordingLog()) == PerRecipient(
            frozenset({1, 2})
        )
        smtp.close()
        recipients = [SIGNER.read("bounce", verp.token(BOUNCES, email.mail_from)) for email in server.emails]
        assert recipients == [1, 2]
        assert all(b"<news@example.com>" in email.content for email in server.emails)
