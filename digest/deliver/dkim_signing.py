"""Signs a mail with DKIM (RFC 6376), for transports that hand over whole mails. `signer` says what is signed.

dkimpy (the extra `dkim`) gives the relaxed forms and the folding, OpenSSL the signature, which dkimpy computes in pure
Python: a tenth of the time is left, nearly all of it RSA, so a relay that signs by itself stays the faster way.
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

from digest.errors import ConfigProblem, ConfigurationError

SIGNED = (
    "from", "to", "reply-to", "subject", "date", "message-id", "list-id", "list-help", "list-owner", "list-unsubscribe",
    "list-unsubscribe-post", "feedback-id", "precedence", "auto-submitted", "mime-version", "content-type",
)  # fmt: skip
"""RFC 8058 section 4 asks for both of List-Unsubscribe, Gmail for Feedback-ID; RFC 6376 section 5.4.1 for the rest."""

_SEALED = (b"from", b"subject", b"list-unsubscribe", b"list-unsubscribe-post")
"""Signed once more than they are there, so that nobody on the way can add a second (RFC 6376 section 5.4.2)."""

_NAME = b"DKIM-Signature"
_UNEVEN = (b"\t", b"  ", b" \r\n")
_EXPECTED = "expected a private RSA key in PEM (-----BEGIN … PRIVATE KEY-----)"


def signer(domain: str, selector: str, key: bytes) -> Callable[[bytes], bytes]:
    """What gives a mail's `DKIM-Signature: …` with its line end, to stand before the mail; relaxed/relaxed, RSA-SHA256.

    `key` is a private RSA key in PEM. Raises ModuleNotFoundError without dkimpy and ValueError for a key that is none.
    """
    from dkim import fold, hash_headers
    from dkim.canonicalization import CanonicalizationPolicy

    relaxed = CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")
    private = _private(key)
    who = (("d", domain), ("i", f"@{domain}"), ("q", "dns/txt"), ("s", selector))
    wanted = {name.encode("ascii") for name in SIGNED}

    def sign(mail: bytes) -> bytes:
        head, _, body = mail.partition(b"\r\n\r\n")
        headers = _fields(head)
        names = [name for name, _value in headers]
        signed = [*(name for name in names if name in wanted), *_SEALED]
        tags = b"; ".join(
            f"{name}={value}".encode("ascii")
            for name, value in (
                *(("v", "1"), ("a", "rsa-sha256"), ("c", "relaxed/relaxed"), *who),
                *(("t", str(int(time.time()))), ("h", " : ".join(name.decode("ascii") for name in signed))),
                *(("bh", _base64(hashlib.sha256(_relaxed(body, relaxed)).digest())), ("b", "")),
            )
        )
        text = _Text()
        mine = fold(tags, namelen=len(_NAME), linesep=b"\r\n")
        hash_headers(text, relaxed, relaxed.canonicalize_headers(headers), signed, (_NAME, b" " + mine), {})
        signature = _base64(private.sign(bytes(text), PKCS1v15(), SHA256())).encode("ascii")
        header: bytes = fold(tags + signature, namelen=len(_NAME), linesep=b"\r\n")
        return _NAME + b": " + header + b"\r\n"

    return sign


class _Text(bytearray):
    """Takes what dkimpy would hash: OpenSSL hashes what it signs."""

    def update(self, more: bytes) -> None:
        self += more


def _private(key: bytes) -> RSAPrivateKey:
    try:
        private = load_pem_private_key(key, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(_EXPECTED) from error
    if not isinstance(private, RSAPrivateKey):
        raise ValueError(_EXPECTED)
    return private


def _fields(head: bytes) -> list[tuple[bytes, bytes]]:
    """The headers as they stand, folded: name in small letters, and the value with its line ends."""
    fields: list[tuple[bytes, bytes]] = []
    for line in head.split(b"\r\n"):
        if line[:1] in (b" ", b"\t") and fields:
            name, value = fields[-1]
            fields[-1] = name, value + b"\r\n" + line
        else:
            name, _, value = line.partition(b":")
            fields.append((name.lower(), value))
    return fields


def _relaxed(body: bytes, policy: Any) -> bytes:
    """The body as it is hashed. Base64 with single spaces in the heads of its parts is relaxed as it is."""
    one_end = body.endswith(b"\r\n") and not body.endswith(b"\r\n\r\n") and body != b"\r\n"
    if one_end and not any(odd in body for odd in _UNEVEN):
        return body
    even: bytes = policy.canonicalize_body(body)
    return even


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def configured(
    domain: str, selector: str, file: Path | None, variable: str, environment: Mapping[str, str]
) -> Callable[[bytes], bytes]:
    """The signer whose key is in `file`, or else in the environment's `variable`. Raises ConfigurationError where
    dkimpy or the key is missing, or the key is none."""
    try:
        # A line end is written \\n where a variable can hold none.
        key = file.read_bytes() if file else environment.get(variable, "").replace("\\n", "\n").encode()
        return signer(domain, selector, key)
    except ModuleNotFoundError:
        said = "'delivery.smtp.dkim' needs dkimpy; install hindi-digest[dkim]"
    except OSError as error:
        said = f"'delivery.smtp.dkim.key_file': {file} can't be read: {error.strerror}"
    except ValueError as error:
        said = f"'delivery.smtp.dkim.{'key_file' if file else 'key_env'}': {file or variable}: {error}"
    raise ConfigurationError([ConfigProblem("digest.yaml", 0, said)])
