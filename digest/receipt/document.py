"""The document of a receipt: canonical JSON, a hash chain over the batches, a signature, and how both are verified.

Canonical JSON is that of RFC 8785: sorted keys, no spaces, UTF-8, and of numbers only integers. So any language can
verify a receipt.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from digest.errors import DigestError

FORMAT = "digest-receipt"
VERSION = 1
# Every recipient is counted in exactly one of them.
PARTS = ("accepted", "rejected", "excluded", "pending", "unknown")
# The counts of a batch. Rejected and excluded recipients are in no batch.
BATCH_PARTS = ("accepted", "pending", "unknown")
# Bytes. A million recipients need less than one megabyte.
MAX_SIZE = 64_000_000
_HEX = re.compile(r"[0-9a-f]+\Z")
# Larger integers are not exact in every language (RFC 8785, appendix D).
_MAX_NUMBER = 2**53 - 1


class ReceiptError(DigestError):
    """A receipt is refused."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A verified receipt: the signed statement, and the batches that its chain covers."""

    statement: Mapping[str, Any]
    batches: Sequence[Mapping[str, Any]]

    @property
    def is_complete(self) -> bool:
        """Whether the edition was done: nobody is pending or unknown."""
        counts = self.statement["counts"]
        return self.statement["state"] == "done" and not counts["pending"] and not counts["unknown"]


def canonical(value: Any) -> bytes:
    """Return the only form in which data is hashed and signed."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def chain_batches(batches: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give each batch its hash: SHA-256 of the hash before it, in hexadecimal, and of the batch."""
    chain, before = [], ""
    for each in batches:
        before = _hash(before, each)
        chain.append({**each, "hash": before})
    return chain


def sign(statement: Mapping[str, Any], batches: Sequence[Mapping[str, Any]], key: Ed25519PrivateKey) -> dict[str, Any]:
    """Return the document of a receipt. The statement gets its format, the head of the chain and the public key."""
    chain = chain_batches(batches)
    signed = {
        "format": FORMAT,
        "version": VERSION,
        **statement,
        "chain": {"batches": len(chain), "head": chain[-1]["hash"] if chain else ""},
        "public_key": public_hex(key),
    }
    return {"statement": signed, "batches": chain, "signature": key.sign(canonical(signed)).hex()}


def in_lines(document: Mapping[str, Any]) -> str:
    """Write the document so that people can read and compare it: a batch on each line."""
    batches = ",\n".join(f"  {json.dumps(each, ensure_ascii=False)}" for each in document["batches"])
    statement = json.dumps(document["statement"], ensure_ascii=False, indent=1)
    return f'{{"statement": {statement},\n"batches": [\n{batches}\n],\n"signature": "{document["signature"]}"}}\n'


def public_hex(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def verify(data: bytes, trusted: str) -> Receipt:
    """Check a receipt against the issuer's public key. Raises ReceiptError with one sentence."""
    statement, batches, signature = _parse(data)
    signer = statement["public_key"]
    if not _is_hex(signer, 32) or not _is_hex(signature, 64):
        raise ReceiptError("The receipt has no usable public key or signature; it was altered.")
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(signer)).verify(bytes.fromhex(signature), canonical(statement))
    except InvalidSignature:
        raise ReceiptError("The signature does not fit the statement; the receipt was altered.") from None
    if signer != trusted:
        raise ReceiptError(
            f"The receipt is signed by another key ({signer[:16]}…) than the issuer's ({trusted[:16]}…); it is foreign."
        )
    _check_chain(statement["chain"], batches)
    _check_counts(statement["counts"], batches)
    return Receipt(statement, batches)


def _check_chain(chain: Mapping[str, Any], batches: Sequence[Mapping[str, Any]]) -> None:
    before = ""
    for position, each in enumerate(batches, 1):
        rest = {name: value for name, value in each.items() if name != "hash"}
        if each["hash"] != _hash(before, rest):
            raise ReceiptError(
                f"Batch {each.get('batch', position)}, {_place(position)} of the receipt, does not fit the chain; it, "
                "or one before it, was altered, added or removed."
            )
        before = each["hash"]
    if len(batches) != chain.get("batches"):
        raise ReceiptError(
            f"The receipt has {len(batches)} batches and the statement is about {chain.get('batches')}; it was cut."
        )
    if before != chain.get("head"):
        raise ReceiptError("The batches are not those that the statement is about; they were replaced.")


def _check_counts(counts: Mapping[str, Any], batches: Sequence[Mapping[str, Any]]) -> None:
    if counts["frozen"] != sum(counts[part] for part in PARTS):
        raise ReceiptError("The counts of the statement do not add up to the number of recipients.")
    for part in BATCH_PARTS:
        total = sum(each[part] for each in batches)
        if total != counts[part]:
            raise ReceiptError(f"The batches have {total} {part} recipients and the statement says {counts[part]}.")


def _parse(data: bytes) -> tuple[dict[str, Any], list[dict[str, Any]], str]:
    """Return the statement, the batches and the signature, with every name that is read later."""
    if len(data) > MAX_SIZE:
        raise ReceiptError(f"This file is larger than {MAX_SIZE // 1_000_000} MB, so it is no receipt.")
    try:
        read = json.loads(data.decode(), object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_refuse)
        canonical(read)
    except (ValueError, RecursionError):
        raise ReceiptError(
            "This file is not valid JSON as `digest receipt` writes it; it was cut or altered."
        ) from None
    statement = read.get("statement") if isinstance(read, dict) else None
    if not isinstance(statement, dict) or statement.get("format") != FORMAT:
        raise ReceiptError("This file is not a receipt of digest.")
    if statement.get("version") != VERSION:
        raise ReceiptError(
            f"This receipt has version {statement.get('version')!r} of the format and this digest reads version "
            f"{VERSION}; update digest."
        )
    batches = read.get("batches")
    if read.keys() != {"statement", "batches", "signature"} or not isinstance(batches, list):
        raise ReceiptError("A receipt has exactly `statement`, `batches` and `signature`; it was cut or altered.")
    if missing := _missing(statement, batches):
        raise ReceiptError(f"The receipt lacks a usable {missing}; it was cut or altered.")
    return statement, batches, read["signature"]


def _missing(statement: Mapping[str, Any], batches: Sequence[Any]) -> str | None:
    """Return the name of a field that is missing or has the wrong type."""
    for name in ("newsletter", "issuer", "edition", "subject", "state", "issued_at", "public_key"):
        if not isinstance(statement.get(name), str):
            return f"`{name}`"
    counts, chain = statement.get("counts"), statement.get("chain")
    if not isinstance(counts, dict) or not all(_is_count(counts.get(name)) for name in ("frozen", *PARTS)):
        return "`counts`"
    if not isinstance(chain, dict):
        return "`chain`"
    for position, each in enumerate(batches, 1):
        if not isinstance(each, dict) or not isinstance(each.get("hash"), str):
            return f"`hash` in the {_place(position)} batch"
        if not all(_is_count(each.get(name)) for name in BATCH_PARTS):
            return f"count in the {_place(position)} batch"
    return None


def _place(position: int) -> str:
    ending = "th" if position % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(position % 10, "th")
    return f"{position}{ending}"


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_NUMBER


def _is_hex(value: Any, size: int) -> bool:
    return isinstance(value, str) and len(value) == 2 * size and bool(_HEX.match(value))


def _hash(before: str, batch: Mapping[str, Any]) -> str:
    return sha256(before.encode() + canonical(batch)).hexdigest()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse duplicate names, because another program might read the other value."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice")
    return found


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is no integer")
