"""Addresses are normalised for comparison; invalid ones are rejected with a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.models import PLACEHOLDERS
from digest.subscribers.address import normalise, refuse_tags
from tests.support.tables import each_row


@each_row(
    ("written", "comparable"),
    [
        ("asha@example.com", "asha@example.com"),
        ("  Asha@Example.COM\t", "asha@example.com"),
        ("asha+news@example.co.in", "asha+news@example.co.in"),
        ("o'neil@example.com", "o'neil@example.com"),
        ("ravi@bücher.example", "ravi@xn--bcher-kva.example"),
        ("ravi@BÜCHER.example", "ravi@xn--bcher-kva.example"),
        ("ravi@bu\u0308cher.example", "ravi@xn--bcher-kva.example"),
        ("ravi@डाटामेल.भारत", "ravi@xn--c2bd4bq1db8d.xn--h2brj9c"),
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
    ],
)
def test_normalised_addresses(written: str, comparable: str) -> None:
    assert normalise(written) == comparable


@each_row(
    "written",
    [
        "", "asha", "@example.com", "asha@", "a@b@example.com", "asha@example", "asha@example..com", "asha@-a.com",
        "asha@example.com.", ".asha@example.com", "a..b@example.com", "asha @example.com", "Asha <asha@example.com>",
        "asha@[127.0.0.1]", "आशा@example.com", "asha@exam_ple.com", "asha@example.com\u200b", "a,b@example.com",
        "a" * 65 + "@example.com", "a@" + "b" * 64 + ".com", "a@" + "b." * 130 + "com", "asha@example.com\r\nBcc: x",
        '"asha sharma"@example.com', "asha@example.123", "asha@xn--zzzz ह.com",
    ],
)  # fmt: skip
def test_invalid_addresses(written: str) -> None:
    with pytest.raises(ValueError, match=r"^[^A-Z\s].*[^.\s]$"):
        normalise(written)


@given(st.text(max_size=30) | st.emails())
def test_normalising_is_idempotent_ascii_and_safe_in_a_header(written: str) -> None:
    try:
        found = normalise(written)
    except ValueError:
        return
    assert found.isascii()
    assert found.isprintable()
    assert not set(found) & set(' <>",;:\\')
    assert normalise(found) == normalise(found.upper()) == found


@each_row(
    "written",
    [*PLACEHOLDERS.values(), *(f"{tag.lower()}@example.com" for tag in PLACEHOLDERS.values()), "{{x}}@example.com",
     "%name%@example.com", "आशा {{{unsubscribe}}}", "[unsubscribe]", "<%asm_group_unsubscribe_url%>"],
)  # fmt: skip
def test_what_looks_like_a_placeholder_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="looks like a placeholder, which email services replace; write it without"):
        refuse_tags(written)


@each_row(
    "written",
    ["asha@example.com", "asha+50%off@example.com", "{asha}@example.com", "आशा [शर्मा]", "Asha (50%)", "आशा-राम"],
)
def test_what_no_service_replaces_is_accepted(written: str) -> None:
    refuse_tags(written)
