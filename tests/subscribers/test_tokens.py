"""Tokens in links: nothing is accepted that was not signed for this purpose."""

from __future__ import annotations

import base64
import itertools
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.subscribers.tokens import TokenSigner

OURS = TokenSigner([b"a key of the newsroom"])
THEIRS = TokenSigner([b"a key of somebody else"])
BASE64 = string.ascii_letters + string.digits + "-_"


@given(st.integers(0, 2**63 - 1), st.sampled_from(["leave", "preferences", "view"]))
def test_a_token_identifies_its_subscriber_for_its_purpose_only(subscriber: int, purpose: str) -> None:
    token = OURS.sign(purpose, subscriber)
    assert OURS.read(purpose, token) == subscriber
    assert OURS.read("other", token) is None
    assert THEIRS.read(purpose, token) is None
    assert set(token) <= set(BASE64)
    assert len(token) == 36
    words = [OURS.sign(purpose, subscriber) for purpose in ("leave", "preferences", "view")]
    assert list(OURS.sign_email([subscriber, 7])) == [tuple(words), OURS.sign_email([7])[0]]


def test_truncated_changed_and_extended_tokens_are_rejected() -> None:
    token = OURS.sign("leave", 42)
    assert all(OURS.read("leave", token[:n]) is None for n in range(len(token)))
    for place, character in itertools.product(range(len(token)), BASE64):
        changed = token[:place] + character + token[place + 1 :]
        assert (OURS.read("leave", changed) == 42) == (changed == token)
    for added in ("=", "==", "A", ".", " ", "\n", "%20", "é", "\ud800", "A" * 40, "\x00"):
        assert OURS.read("leave", token + added) is None
        assert OURS.read("leave", added + token) is None


def test_only_the_canonical_encoding_is_accepted() -> None:
    token = next(t for t in (OURS.sign("leave", n) for n in range(1000)) if "-" in t and "_" in t)
    assert OURS.read("leave", token.replace("-", "+")) is None
    assert OURS.read("leave", token.replace("_", "/")) is None


def test_the_subscriber_of_a_token_can_not_be_replaced() -> None:
    raw = bytearray(base64.urlsafe_b64decode(OURS.sign("leave", 42) + "=="))
    raw[8] ^= 1
    assert OURS.read("leave", base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()) is None


@given(st.binary(min_size=0, max_size=60))
def test_random_bytes_are_rejected(raw: bytes) -> None:
    for token in (base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), raw.decode("latin-1")):
        assert OURS.read("leave", token) is None


@given(st.text(max_size=50))
def test_random_text_is_rejected(text: str) -> None:
    assert OURS.read("leave", text) is None


def test_old_links_work_after_key_rotation() -> None:
    old, new = b"the key of last year", b"the key of this year"
    token = TokenSigner([old]).sign("leave", 7)
    both = TokenSigner([new, old])
    assert both.read("leave", token) == 7
    assert TokenSigner([new]).read("leave", token) is None
    assert TokenSigner([new]).read("leave", both.sign("leave", 8)) == 8
    assert TokenSigner([old]).read("leave", both.sign("leave", 8)) is None


def test_rotation_works_for_keys_with_the_same_key_id() -> None:
    old = b"the key of last year"
    first = base64.urlsafe_b64decode(TokenSigner([old]).sign("x", 0) + "==")[0]
    twin = next(
        key
        for key in (b"another key %06d" % n for n in range(100_000))
        if base64.urlsafe_b64decode(TokenSigner([key]).sign("x", 0) + "==")[0] == first
    )
    both = TokenSigner([twin, old])
    assert both.read("leave", TokenSigner([old]).sign("leave", 7)) == 7
    assert both.read("leave", both.sign("leave", 9)) == 9


@pytest.mark.parametrize("keys", [[], [b"short"], [b"a key of the newsroom", b"short"]])
def test_a_short_key_is_rejected(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        TokenSigner(keys)
