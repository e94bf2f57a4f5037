"""Secrets are masked in every form in which a server may repeat them; ordinary words stay."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from digest.deliver.outcome import Accepted, NotSent, PerRecipient, Rejected, Retryable, Split, Unknown, with_reasons
from digest.utils.redact import MASK, forget, protect, redact, secrets_of_url, without_known, without_known_bytes
from tests.support.cpu import is_linear, repeated
from tests.support.tables import each_row

SECRET = 'hunter2/पास"word&x'


@each_row(
    "form",
    [
        SECRET,
        quote(SECRET, safe=""),
        json.dumps({"a": SECRET}),
        json.dumps({"a": SECRET}, ensure_ascii=False),
        json.dumps({"a": SECRET}).replace("/", "\\/"),
        html.escape(SECRET),
    ],
)
def test_a_known_secret_is_masked_in_every_spelling(form: str) -> None:
    protect([SECRET])
    text = f"before {form} after"
    for cleaned in (without_known(text), without_known_bytes(text.encode()).decode()):
        assert MASK in cleaned
        assert "hunter2" not in cleaned
        assert cleaned.startswith("before ")
        assert cleaned.endswith(" after")


@given(st.binary(max_size=9), st.text(st.characters(codec="utf-8"), min_size=6, max_size=20), st.binary(max_size=9))
def test_a_known_secret_is_masked_within_base64_of_anything(before: bytes, secret: str, after: bytes) -> None:
    forget()
    protect([secret])
    whole = before + secret.encode() + after
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        assert MASK in without_known(encode(whole).decode())


def test_a_short_secret_is_masked_only_as_a_whole_word() -> None:
    protect(["hunter2", "abc"])
    assert without_known("hunter2, hunter22 and abc") == f"{MASK}, hunter22 and abc"


@each_row(
    ("text", "expected"),
    [
        ("Authorization: Bearer x.y.z", "Authorization: Bearer ***"),
        ('{"Authorization": "Basic dTpw"}', '{"Authorization": "Basic ***"}'),
        ("got Bearer abc123def456", "got Bearer ***"),
        ("https://user:p@ss@feed.example/rss", "https://***@feed.example/rss"),
        ("postgresql://digest:pw@db/digest", "postgresql://***@db/digest"),
        ("GET /rss?a=1&apikey=K&b=2", "GET /rss?a=1&apikey=***&b=2"),
        ("AUTH PLAIN AGpvZQBzZWNyZXQxMjM= refused", "AUTH PLAIN *** refused"),
        ("key SG.aaaaaaaaaaaa.bbbbbbbbbbbb is wrong", "key *** is wrong"),
        ("key re_abcdefghij_klmnopqr is wrong", "key *** is wrong"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str, expected: str) -> None:
    assert redact(text) == expected
    assert redact(expected) == expected


@each_row(
    "text",
    [
        "password authentication failed for user digest",
        "needs a password; check 'store.url'",
        "Bearer tokens and basic authentication are different",
        "250 AUTH PLAIN LOGIN",
        "asha@example.com: 550 5.1.1 no such user, see https://help.example/550?id=7",
        "'sources[1].auth.env' names the environment variable NEWS_API_KEY, which is not set; put the key there",
        "समाचार: https://अख़बार.example/लेख",
    ],
)
def test_ordinary_sentences_stay(text: str) -> None:
    assert redact(text) == text


def test_secrets_of_a_url() -> None:
    assert set(secrets_of_url("https://joe:p%40ss@feed.example/rss?apikey=KEY1&page=2")) == {"p%40ss", "p@ss", "KEY1"}
    assert set(secrets_of_url("https://TOKEN@feed.example/rss")) == {"TOKEN"}
    assert not set(secrets_of_url("https://feed.example/rss?page=2"))
    assert not set(secrets_of_url("https://[feed.example/rss?key=x"))


@each_row("piece", ["a.", "a-", "x-a", "://", "bearer ", "password ", "?token", "AUTH ", "\\", "SG."])
def test_every_text_takes_linear_time(piece: str) -> None:
    assert is_linear(redact, repeated(piece), 40_000)


def test_an_outcome_is_cleaned_whatever_it_is() -> None:
    protect(["the-secret-key"])
    said = "it said the-secret-key"
    for outcome in (
        Accepted(said),
        Rejected({1: "fine", 2: said}),
        Split(said),
        NotSent(said, retry_after=3.0, permanent=True),
        Unknown(said),
        Retryable(said),
        PerRecipient(frozenset({1}), {2: said}, {3: said}, not_sent_reason=said),
    ):
        cleaned = with_reasons(outcome, redact)
        assert type(cleaned) is type(outcome)
        assert repr(cleaned) == repr(outcome).replace("the-secret-key", MASK)


def test_a_batch_with_a_thousand_recipients_is_cleaned_in_a_few_calls() -> None:
    calls: list[str] = []

    def clean(text: str) -> str:
        if text:
            calls.append(text)
        return text

    everyone = range(1000)
    with_reasons(PerRecipient(frozenset(everyone)), clean)
    with_reasons(Rejected({number: f"no such user {number}" for number in everyone}), clean)
    assert len(calls) == 1
