"""Signed receipts: canonical JSON, a hash chain over the batches, a signature, their check, and the readable form.

Canonical JSON is that of RFC 8785: sorted keys, no spaces, UTF-8, and of numbers only integers. So any language can
verify a receipt.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from digest.errors import ConfigurationError, DigestError
from digest.utils import redact
from digest.utils.files import PRIVATE_FILE, open_mode, sync_folder, write_private
from digest.utils.text import plural

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
_MEANINGS = {
    "frozen": "recipients when the edition was sent",
    "accepted": "taken by the email provider for delivery",
    "rejected": "refused by the email provider",
    "excluded": "not mailed: had left, paused, or bounced before",
    "pending": "not handed over yet",
    "unknown": "may or may not have been handed over",
}
# Environment variable: the private key, 32 bytes in hexadecimal.
KEY_ENV = "DIGEST_RECEIPT_KEY"
_KEY = re.compile(r"[0-9a-fA-F]{64}\Z")
_PUBLIC = _KEY


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


def as_text(receipt: Receipt) -> str:
    return "\n".join(_lines(receipt))


def _lines(receipt: Receipt) -> Iterator[str]:
    of = receipt.statement
    yield f"Receipt for edition {of['edition']} of {of['newsletter']}"
    yield f"Subject: {of['subject']}"
    yield f"Issued by {of['issuer']} on {_time(of['issued_at'])}"
    if of.get("frozen_at"):
        yield f"Recipients fixed on {_time(of['frozen_at'])}"
    yield f"State: {of['state']}{_since(of.get('done_at'))}"
    if not receipt.is_complete:
        yield "NOT COMPLETE: this edition was not done when the receipt was issued."
    yield ""
    width = max(len(f"{number:,}") for number in of["counts"].values())
    for name, meaning in _MEANINGS.items():
        yield f"{name:<9} {of['counts'][name]:>{width},}  {meaning}"
    yield ""
    yield f"Handed over by: {_transports(of.get('transports'))}"
    reported = of.get("reported")
    if isinstance(reported, dict):
        # Noughts alone mean that no report came, for example without a webhook.
        known = [f"{number:,} {name}" for name, number in reported.items() if number is not None]
        yield f"Reported afterwards: {', '.join(known) if any(reported.values()) else 'nothing'}"
    yield f"Batches: {len(receipt.batches):,}, chain {of['chain'].get('head') or 'empty'}"
    emails = of.get("emails")
    if isinstance(emails, list):
        yield f"Emails: {plural(len(emails), 'variant')}, content {of.get('content')}"
    else:
        yield "Emails: no hash was kept of them."
    yield f"Public key: {of['public_key']}"


def _transports(names: object) -> str:
    if not isinstance(names, list) or not names:
        return "nothing yet"
    return ", ".join(f"{name} (files; nobody was mailed)" if name == "outbox" else str(name) for name in names)


def _time(text: str) -> str:
    try:
        return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S} UTC"
    except ValueError:
        return text


def _since(text: object) -> str:
    return f" since {_time(text)}" if isinstance(text, str) else ""


def find_key(given: str, file: Path) -> Ed25519PrivateKey | None:
    """Return the key that is given in the environment, or else that of the file; None if there is neither.

    Raises ConfigurationError for an unusable one."""
    if given.strip():
        return _parse_key(given, KEY_ENV)
    try:
        text = file.read_text(encoding="ascii")
        mode = open_mode(file)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeError) as error:
        raise DigestError(f"{file}: the key for receipts can't be read: {error}") from error
    if mode:
        with contextlib.suppress(OSError):
            file.chmod(PRIVATE_FILE)
        mode = open_mode(file)
    if mode:
        raise DigestError(f"{file}: other users can read the key for receipts (mode {mode:04o}); run chmod 600 on it")
    return _parse_key(text, str(file))


def find_or_make_key(given: str, file: Path) -> Ed25519PrivateKey:
    """Like `find_key`, but create the file if there is no key. Raises DigestError if it can't be written."""
    found = find_key(given, file)
    if found is None:
        _make(file)
        found = find_key(given, file)
    if found is None:
        raise DigestError(f"{file}: the key for receipts was removed right after it was made; run the command again")
    return found


def _make(file: Path) -> None:
    """Create the file atomically, unless another process is faster."""
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        write_private(part, f"{secrets.token_hex(32)}\n".encode())
        with contextlib.suppress(FileExistsError):
            os.link(part, file)
        sync_folder(file.parent)
    except OSError as error:
        raise DigestError(f"{file}: the key for receipts can't be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def _parse_key(text: str, where: str) -> Ed25519PrivateKey:
    word = text.strip()
    if not _KEY.match(word):
        problem = "expected a private key of 64 hexadecimal digits, as `openssl rand -hex 32` prints"
        raise ConfigurationError.at(where, problem)
    redact.protect([word])
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(word))


def parse_public_key(text: str) -> str:
    """Return a public key as receipts have it. Raises ConfigurationError."""
    word = text.strip().lower()
    if not _PUBLIC.match(word):
        problem = "expected a public key of 64 hexadecimal digits, as `digest receipt --public-key` prints"
        raise ConfigurationError.at("--signed-by", problem)
    return word
