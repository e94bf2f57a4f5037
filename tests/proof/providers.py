"""The providers of the report: a local server of each, and how it plays the faults."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tests.support import brevo_server, resend_server, sendgrid_server, ses_api, ses_server

# Fault → kinds of faults of the HTTP servers, see `sendgrid_faults`.
_KINDS = {
    "lost replies": ("accept_then_reset", "accept_then_close", "lose_then_reset", "half_head", "truncated_chunked"),
    "5xx after acceptance": ("error_500_accepted", "error_503_accepted", "error_504_accepted", "error_500"),
    "429": ("rate_limit", "retry_after"),
    "slow drip": ("slow_body", "slow_reply", "drip_head", "accept_then_hang"),
}
# Fault → what the SMTP server does after the final dot, see `smtp_server`.
_AFTER_DOT = {
    "lost replies": ("accept_then_close", "accept_then_reset", "lose_then_close"),
    "429": ("452",),
    "slow drip": ("accept_then_hang",),
}
# The part of the calls that meet the fault: of batches, and of single emails. In a storm, other faults come too.
_CALLS, _EMAILS = 0.3, 0.03
_CALLS_IN_STORM, _EMAILS_IN_STORM = 0.08, 0.01
STORM = "all at once"
_KINDS[STORM] = tuple(kind for kinds in _KINDS.values() for kind in kinds)
_AFTER_DOT[STORM] = tuple(what for whats in _AFTER_DOT.values() for what in whats)


@dataclass(frozen=True)
class Provider:
    """`settings` are those for a server at this host and port. `faults` are the options that make the server play it.

    `one_by_one`: each recipient has an outcome of their own."""

    name: str
    module: str
    options: tuple[str, ...]
    settings: Callable[[str, str], Mapping[str, str]]
    faults: Callable[[str, int, random.Random], tuple[str, ...]]
    played: frozenset[str]
    one_by_one: bool = False


def _calls_with(fault: str, _recipients: int, rng: random.Random) -> tuple[str, ...]:
    if fault not in _KINDS:
        return ()
    kinds, part = _KINDS[fault], _CALLS_IN_STORM if fault == STORM else _CALLS
    chances = (f"--chance={kind}={part / len(kinds):.4f}" for kind in kinds)
    return (f"--seed={rng.randrange(1 << 30)}", *chances)


def _dots_with(fault: str, recipients: int, rng: random.Random) -> tuple[str, ...]:
    if fault not in _AFTER_DOT:
        return ()
    part = _EMAILS_IN_STORM if fault == STORM else _EMAILS
    return tuple(
        f"--after-dot={rng.choice(_AFTER_DOT[fault]) if rng.random() < part else 'ok'}" for _ in range(recipients)
    )


def _http(name: str, key_env: str, key: str, more: Mapping[str, str] = {}) -> Provider:
    prefix = f"DIGEST_DELIVERY__{name.upper()}__"

    def settings(host: str, port: str) -> Mapping[str, str]:
        return {
            "DIGEST_DELIVERY__TRANSPORT": name,
            f"{prefix}HOST": f"http://{host}:{port}",
            f"{prefix}TIMEOUT": "2s",
            key_env: key,
            **more,
        }

    options = ("--key", key, "--latency", "60", "--check-every", "10")
    return Provider(name, f"tests.support.{name}_server", options, settings, _calls_with, frozenset(_KINDS))


def _smtp(host: str, port: str) -> Mapping[str, str]:
    return {
        "DIGEST_DELIVERY__TRANSPORT": "smtp",
        "DIGEST_DELIVERY__SMTP__HOST": host,
        "DIGEST_DELIVERY__SMTP__PORT": port,
        "DIGEST_DELIVERY__SMTP__TIMEOUT": "2s",
        # A fast server would be done before a fault begins.
        "DIGEST_DELIVERY__RATE__PER_SECOND": "150",
    }


PROVIDERS = {
    each.name: each
    for each in (
        _http("sendgrid", "SENDGRID_API_KEY", sendgrid_server.KEY),
        Provider(
            "smtp",
            "tests.support.smtp_server",
            ("--pipelining",),
            _smtp,
            _dots_with,
            frozenset(_AFTER_DOT),
            one_by_one=True,
        ),
        _http(
            "resend",
            "RESEND_API_KEY",
            resend_server.KEY,
            # Emails with images would be sent one by one.
            {"DIGEST_THEME__MAX_IMAGES": "0", "DIGEST_DELIVERY__RESEND__CALLS_PER_SECOND": "1000"},
        ),
        _http("brevo", "BREVO_API_KEY", brevo_server.KEY),
        _http("ses", "AWS_ACCESS_KEY_ID", ses_server.KEY, {"AWS_SECRET_ACCESS_KEY": ses_api.SECRET}),
    )
}

# SendGrid's API by a server that shares no code with ours. Only the campaign uses it (`--independent`).
INDEPENDENT = "independent"
# Every provider by its name in a case.
BY_NAME = {
    **PROVIDERS,
    INDEPENDENT: replace(PROVIDERS["sendgrid"], name=INDEPENDENT, module="tests.support.independent_server"),
}
