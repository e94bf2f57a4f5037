"""Sign an email with DKIM (RFC 6376), for transports that send whole emails.

dkimpy (the extra `dkim`) canonicalizes and folds. OpenSSL computes the signature, because dkimpy computes RSA in pure
Python, which takes ten times as long. A relay that signs is still faster.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from digest.errors import ConfigurationError

# RFC 8058 section 4 demands both List-Unsubscribe headers, and Gmail Feedback-ID; RFC 6376 section 5.4.1 the others.
SIGNED = (
    "from", "to", "reply-to", "subject", "date", "message-id", "list-id", "list-help", "list-owner", "list-unsubscribe",
    "list-unsubscribe-post", "feedback-id", "precedence", "auto-submitted", "mime-version", "content-type",
)  # fmt: skip

# Signed once more than they occur, so that nobody can add a second one (RFC 6376 section 5.4.2).
_OVERSIGNED = (b"from", b"subject", b"list-unsubscribe", b"list-unsubscribe-post")

_NAME = b"DKIM-Signature"
# A body with any of these is not in relaxed form.
_NOT_RELAXED = (b"\t", b"  ", b" \r\n")
_EXPECTED = "expected a private RSA key in PEM (-----BEGIN … PRIVATE KEY-----)"


def signer(domain: str, selector: str, key: bytes) -> Callable[[bytes], bytes]:
    """Return a function that makes the `DKIM-Signature` header of an email, with its line end.

    `key` is a private RSA key in PEM. The signature is relaxed/relaxed, RSA-SHA256. Raises ModuleNotFoundError without
    dkimpy, and ValueError if the key is not one.
    """
    from dkim import fold, hash_headers
    from dkim.canonicalization import CanonicalizationPolicy

    relaxed = CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")
    private = _load_key(key)
    identity = (("d", domain), ("i", f"@{domain}"), ("q", "dns/txt"), ("s", selector))
    wanted = {name.encode("ascii") for name in SIGNED}

    def sign(mail: bytes) -> bytes:
        head, _, body = mail.partition(b"\r\n\r\n")
        headers = _headers(head)
        names = [name for name, _value in headers]
        signed = [*(name for name in names if name in wanted), *_OVERSIGNED]
        tags = b"; ".join(
            f"{name}={value}".encode("ascii")
            for name, value in (
                *(("v", "1"), ("a", "rsa-sha256"), ("c", "relaxed/relaxed"), *identity),
                *(("t", str(int(time.time()))), ("h", " : ".join(name.decode("ascii") for name in signed))),
                *(("bh", _base64(hashlib.sha256(_relaxed_body(body, relaxed)).digest())), ("b", "")),
            )
        )
        signed_text = _Buffer()
        unsigned = fold(tags, namelen=len(_NAME), linesep=b"\r\n")
        canonical = relaxed.canonicalize_headers(headers)
        hash_headers(signed_text, relaxed, canonical, signed, (_NAME, b" " + unsigned), {})
        signature = _base64(private.sign(bytes(signed_text), PKCS1v15(), SHA256())).encode("ascii")
        header: bytes = fold(tags + signature, namelen=len(_NAME), linesep=b"\r\n")
        return _NAME + b": " + header + b"\r\n"

    return sign


class _Buffer(bytearray):
    """Collects the bytes that dkimpy would hash. OpenSSL hashes them when it signs."""

    def update(self, more: bytes) -> None:
        self += more


def _load_key(key: bytes) -> RSAPrivateKey:
    try:
        private = load_pem_private_key(key, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(_EXPECTED) from error
    if not isinstance(private, RSAPrivateKey):
        raise ValueError(_EXPECTED)
    return private


def _headers(head: bytes) -> list[tuple[bytes, bytes]]:
    """Return the headers: name in lower case, and the folded value with its line ends."""
    headers: list[tuple[bytes, bytes]] = []
    for line in head.split(b"\r\n"):
        if line[:1] in (b" ", b"\t") and headers:
            name, value = headers[-1]
            headers[-1] = name, value + b"\r\n" + line
        else:
            name, _, value = line.partition(b":")
            headers.append((name.lower(), value))
    return headers


def _relaxed_body(body: bytes, policy: Any) -> bytes:
    """Return the canonical body. Base64 with single spaces in the part headers is already in relaxed form."""
    has_one_end = body.endswith(b"\r\n") and not body.endswith(b"\r\n\r\n") and body != b"\r\n"
    if has_one_end and not any(mark in body for mark in _NOT_RELAXED):
        return body
    relaxed: bytes = policy.canonicalize_body(body)
    return relaxed


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def configured_signer(
    domain: str, selector: str, file: Path | None, variable: str, environment: Mapping[str, str]
) -> Callable[[bytes], bytes]:
    """Return the signer with the key in `file`, or else in the environment variable.

    Raises ConfigurationError if dkimpy or the key is missing, or the key is invalid.
    """
    try:
        # A variable that cannot hold line ends has \\n instead.
        key = file.read_bytes() if file else environment.get(variable, "").replace("\\n", "\n").encode()
        return signer(domain, selector, key)
    except ModuleNotFoundError:
        problem = "'delivery.smtp.dkim' needs dkimpy; install hindi-digest[dkim]"
    except OSError as error:
        problem = f"'delivery.smtp.dkim.key_file': {file} cannot be read: {error.strerror}"
    except ValueError as error:
        problem = f"'delivery.smtp.dkim.{'key_file' if file else 'key_env'}': {file or variable}: {error}"
    raise ConfigurationError.at("digest.yaml", problem)
