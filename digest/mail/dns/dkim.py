"""DKIM keys in the DNS (RFC 6376 section 3.6.1)."""

from __future__ import annotations

import base64
import binascii

from digest.mail.dns.resolver import DnsAnswer, Lookup, not_known, tags
from digest.utils.findings import Finding, Level, error, good, warning

_CHECK = "DKIM"
# Bits. Gmail and Yahoo refuse keys shorter than the first, and recommend the second.
_MIN_BITS, _GOOD_BITS = 1024, 2048


def record_name(selector: str, domain: str) -> str:
    return f"{selector}._domainkey.{domain}"


def check_key(selector: str, domain: str, lookup: Lookup, *, public: str | None = None) -> Finding:
    """Check the key of a selector. `public` is the base64 key that must be published, where it is known."""
    name = record_name(selector, domain)
    answer = lookup(name, "TXT")
    if answer.problem:
        return not_known(_CHECK, f"TXT {name}", answer)
    return judge_key(name, answer, public)


def judge_key(name: str, answer: DnsAnswer, public: str | None) -> Finding:
    """Judge the TXT records at `name`."""
    wanted = f'publish TXT {name} "v=DKIM1; k=rsa; p={public or "…"}"'
    fix = wanted if public else f"publish the record that your provider shows for {name}"
    records = [record for record in answer.records if "p=" in record.replace(" ", "")]
    if not records:
        return error(_CHECK, f"{name} has no key", fix)
    if len(records) > 1:
        return error(_CHECK, f"{name} has {len(records)} keys; receivers may use either", "delete all but one")
    found = tags(records[0])
    key = "".join(found["p"].split()) if "p" in found else ""
    if found.get("v", "DKIM1") != "DKIM1":
        return error(_CHECK, f"{name} begins with v={found['v']}; expected v=DKIM1", fix)
    if not key:
        return error(_CHECK, f"{name} is revoked (its p= is empty)", fix)
    if "h" in found and "sha256" not in found["h"].lower().split(":"):
        return error(_CHECK, f"{name} does not allow sha256 (h={found['h']})", "remove h= from the record")
    if public and key != public:
        return error(_CHECK, f"{name} is another key than the one that signs: every signature is invalid", wanted)
    kind = found.get("k", "rsa").lower()
    size = _bits(key) if kind == "rsa" else 0 if kind == "ed25519" else None
    if size is None:
        return error(_CHECK, f"{name} holds no valid {kind} key: was it cut when it was pasted?", fix)
    if 0 < size < _MIN_BITS:
        message = f"{name} is a key of {size} bits; Gmail and Yahoo refuse less than {_MIN_BITS}"
        return error(_CHECK, message, f"make a key of {_GOOD_BITS} bits and publish it under a new selector")
    if "y" in found.get("t", "").lower().split(":"):
        return warning(_CHECK, f"{name} is in test mode (t=y): receivers may ignore it", "remove t=y from the record")
    if 0 < size < _GOOD_BITS:
        message = f"{name} is a key of {size} bits; {_GOOD_BITS} are advised"
        return warning(_CHECK, message, f"make a key of {_GOOD_BITS} bits and publish it under a new selector")
    return good(_CHECK, f"{name} has a key of {size} bits" if size else f"{name} has an {kind} key")


def best(findings: list[Finding]) -> list[Finding]:
    """Return the findings of selectors that have a key. If none has, return the first unknown finding, or else the
    first one.
    """
    present = [finding for finding in findings if finding.level in (Level.GOOD, Level.WARNING)]
    unsure = [finding for finding in findings if finding.level == Level.UNKNOWN]
    return present or unsure[:1] or findings[:1]


def public_key(private: bytes) -> str | None:
    """Return the base64 key to publish for a private key in PEM; None if unreadable, which another check reports."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    try:
        key = load_pem_private_key(private, None).public_key()
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, TypeError):
        return None
    return base64.b64encode(der).decode()


def _bits(key: str) -> int | None:
    """Return the length of an RSA key; None if it is not one. Some providers publish the bare RSAPublicKey."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        found = load_der_public_key(base64.b64decode(key, validate=True))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        return None
    return found.key_size if isinstance(found, RSAPublicKey) else None
