"""What is wrong with a provider or a mail server, from its sentence, and what an admin does about it."""

from __future__ import annotations

import re
from enum import StrEnum

from digest.models import PROVIDER_NAMES


class ProviderFault(StrEnum):
    CERTIFICATE = "certificate"
    SENDER = "sender"
    # The account is paused, or has no credits or quota left.
    ACCOUNT = "account"
    # The key is right, but may not do this, or not for this sender.
    FORBIDDEN = "forbidden"
    # The key or password is wrong.
    KEY = "key"
    # It is asked too often.
    RATE = "rate"
    # No retry changes the email.
    EMAIL = "email"
    # No server answers, or another one than the provider's.
    HOST = "host"
    OTHER = "other"


# The first that matches counts, because a sentence may contain words of several.
_PATTERNS = {
    ProviderFault.CERTIFICATE: r"certificate",
    ProviderFault.SENDER: r"neither the sender|domain.{0,80}is not verified",
    ProviderFault.ACCOUNT: r"\b402\b|no credits|quota|account may not send|paused for the account",
    # Amazon SES answers a wrong key with 403 too.
    ProviderFault.FORBIDDEN: r"^(?!.*refuses the key).*(?:\b403\b|lacks the scope)",
    ProviderFault.KEY: r"\b401\b|\b53[0458]\b|refuses the key|key is refused|authenticat|not logged in",
    ProviderFault.RATE: r"\b429\b|slow down|too many requests",
    ProviderFault.EMAIL: r"refuses the email|cannot encode the email|email must be shorter",
    ProviderFault.HOST: r"no mail service|not SendGrid's|connection refused|not found in the DNS|unreachable|no route|"
    r"a web page, not an API|redirect",
}
_COMPILED = {fault: re.compile(pattern, re.I | re.S) for fault, pattern in _PATTERNS.items()}


def classify(problem: str) -> ProviderFault:
    """Return what the sentence of a transport is about."""
    return next((fault for fault, pattern in _COMPILED.items() if pattern.search(problem)), ProviderFault.OTHER)


def remedy(transport: str, fault: ProviderFault, variable: str = "") -> str:
    """Return what an admin does, as a clause. `variable` is the environment variable with the key or password."""
    name, is_smtp = PROVIDER_NAMES.get(transport, transport), transport == "smtp"
    host = f"`delivery.{transport}.host`"
    match fault:
        case ProviderFault.CERTIFICATE:
            return f"renew the server's certificate, or correct {host}"
        case ProviderFault.FORBIDDEN:
            return f"give the key the right to send, or verify the sender, at {name}"
        case ProviderFault.KEY if variable:
            return f"put {'the right password' if is_smtp else 'a valid key'} into {variable}"
        case ProviderFault.KEY:
            return f"correct the {'user name or password' if is_smtp else 'key'}"
        case ProviderFault.SENDER:
            return f"verify the sender at {name}, or correct `newsletter.sender.email`"
        case ProviderFault.ACCOUNT:
            return f"look at the account at {name}: its credits, its quota, or why it is paused"
        case ProviderFault.RATE:
            return f"lower `delivery.rate`, or ask {'the operator of the mail server' if is_smtp else name} for more"
        case ProviderFault.EMAIL:
            return "correct what the reason names, in digest.yaml or in the edition"
        case ProviderFault.HOST if is_smtp:
            return f"correct {host} and `delivery.smtp.port`, or start the mail server"
        case ProviderFault.HOST:
            return f"repair the network of this machine, or correct {host}"
        case _:
            return "look at the log of the mail server" if is_smtp else f"look at the status page of {name}"
