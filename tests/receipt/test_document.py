"""The document of a receipt: any change makes it invalid, with one sentence."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from digest.receipt import ReceiptError, as_text, chain_batches, in_lines, public_hex, sign, verify
from tests.support.tables import each_row

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))


def statement(**counts: int) -> dict[str, Any]:
    numbers = {"frozen": 6, "accepted": 3, "rejected": 1, "excluded": 1, "pending": 0, "unknown": 1}
    return {
        "newsletter": "सुबह की ख़बरें",
        "issuer": "example.com",
        "issued_at": "2026-11-23T01:30:00Z",
        "edition": "2026-11-23",
        "subject": 'बर्फ़बारी — "पहली" \\ 🌨\x7f',
        "state": "done",
        "counts": {**numbers, **counts},
    }


BATCHES = [
    {"batch": 7, "accepted": 2, "pending": 0, "unknown": 0, "attempts": [{"attempt": "a1", "provider_id": "x-1"}]},
    {"batch": 9, "accepted": 1, "pending": 0, "unknown": 0, "attempts": []},
    {"batch": 11, "accepted": 0, "pending": 0, "unknown": 1, "attempts": []},
]
DOCUMENT = sign(statement(), BATCHES, KEY)


def refusal(document: Any, trusted: Ed25519PrivateKey = KEY) -> str:
    with pytest.raises(ReceiptError) as refused:
        verify(json.dumps(document).encode(), public_hex(trusted))
    return str(refused.value)


@pytest.mark.parametrize("write", [json.dumps, in_lines, lambda document: json.dumps(document, indent=4)])
def test_a_receipt_is_valid_however_it_is_written(write: Callable[[Any], str]) -> None:
    found = verify(write(DOCUMENT).encode(), public_hex(KEY))
    assert found.statement["counts"]["accepted"] == 3
    assert [each["batch"] for each in found.batches] == [7, 9, 11]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all values, and of all things that can be removed."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield from leaves(item, (*path, name))


PLACES = list(leaves(DOCUMENT))


@given(st.sampled_from(PLACES), st.sampled_from(["remove", "double", "change", "null"]))
def test_every_change_is_refused(place: tuple[Any, ...], how: str) -> None:
    changed = copy.deepcopy(DOCUMENT)
    *way, last = place
    inside: Any = changed
    for step in way:
        inside = inside[step]
    old = inside[last]
    if how == "remove":
        del inside[last]
    elif how == "double" and isinstance(inside, list):
        inside.insert(last, old)
    elif how == "null":
        inside[last] = None
    else:
        inside[last] = old + 1 if isinstance(old, int) else f"{old}0"
    sentence = refusal(changed)
    assert "\n" not in sentence
    assert sentence.endswith(".")


def test_names_may_not_be_added() -> None:
    assert "altered" in refusal({**DOCUMENT, "statement": {**DOCUMENT["statement"], "audited": "yes"}})
    assert "exactly" in refusal({**DOCUMENT, "note": "nothing"})


def cut(document: dict[str, Any]) -> None:
    document["batches"].pop()


def swapped(document: dict[str, Any]) -> None:
    document["batches"].reverse()


def linked_again(document: dict[str, Any]) -> None:
    """As a forger who can compute the chain, but does not have the key."""
    plain = [{name: value for name, value in each.items() if name != "hash"} for each in document["batches"]]
    plain[0]["accepted"] = 1
    plain[1]["accepted"] = 2
    document["batches"] = chain_batches(plain)


def other_batches(document: dict[str, Any]) -> None:
    document["batches"] = sign(statement(), [*BATCHES[:2], {**BATCHES[2], "batch": 12}], KEY)["batches"]


def other_version(document: dict[str, Any]) -> None:
    document["statement"]["version"] = 2


def other_format(document: dict[str, Any]) -> None:
    document["statement"]["format"] = "invoice"


def no_hex(document: dict[str, Any]) -> None:
    document["signature"] = "z" * 128


@each_row(
    ("forge", "words"),
    [
        (cut, "it was cut"),
        (swapped, "Batch 11, 1st of the receipt, does not fit the chain"),
        (linked_again, "they were replaced"),
        (other_batches, "they were replaced"),
        (other_version, "version 2 of the format"),
        (other_format, "not a receipt"),
        (no_hex, "no usable public key or signature"),
    ],
)
def test_forgeries_are_named(forge: Callable[[dict[str, Any]], None], words: str) -> None:
    document = copy.deepcopy(DOCUMENT)
    forge(document)
    assert words in refusal(document)


def test_a_foreign_receipt_is_refused() -> None:
    assert "another key" in refusal(sign(statement(), BATCHES, OTHER))
    # The key of the receipt is replaced by the issuer's.
    foreign = sign(statement(), BATCHES, OTHER)
    foreign["statement"]["public_key"] = public_hex(KEY)
    assert "The signature does not fit" in refusal(foreign)


def test_counts_that_do_not_add_up_are_refused_even_if_they_are_signed() -> None:
    assert "do not add up" in refusal(sign(statement(rejected=2), BATCHES, KEY))
    assert "3 accepted recipients and the statement says 4" in refusal(
        sign(statement(accepted=4, rejected=0), BATCHES, KEY)
    )
    assert "lacks a usable `counts`" in refusal(sign(statement(rejected=-1), BATCHES, KEY))


TEXT = json.dumps(DOCUMENT)


@each_row(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        TEXT[:-5].encode(),
        TEXT.replace('"accepted": 3', '"accepted": 3.0').encode(),
        TEXT.replace('"accepted": 3', '"accepted": 1, "accepted": 3').encode(),
        TEXT.replace('"accepted": 3', '"accepted": NaN').encode(),
        TEXT.replace('"edition": "', '"edition": "\\ud800').encode(),
        b" " * 64_000_001,
    ],
)
def test_what_is_no_receipt_is_refused(data: bytes) -> None:
    with pytest.raises(ReceiptError):
        verify(data, public_hex(KEY))


def test_the_text_says_what_was_signed() -> None:
    text = as_text(verify(TEXT.encode(), public_hex(KEY)))
    assert "accepted  3  taken by the email provider" in text
    # Somebody is unknown.
    assert "NOT COMPLETE" in text


@each_row(
    ("reported", "line"),
    [
        ({"delivered": 0, "bounced": 0}, "Reported afterwards: nothing"),
        ({"delivered": 2, "bounced": 0}, "Reported afterwards: 2 delivered, 0 bounced"),
        ({"delivered": None, "bounced": 1}, "Reported afterwards: 1 bounced"),
    ],
)
def test_noughts_alone_are_no_reports(reported: dict[str, int | None], line: str) -> None:
    document = sign({**statement(), "reported": reported}, BATCHES, KEY)
    assert line in as_text(verify(json.dumps(document).encode(), public_hex(KEY))).splitlines()
