"""Refuse to mail real people while the newsletter still has the example's address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from digest.errors import ConfigProblem, ConfigurationError

if TYPE_CHECKING:
    from digest.store.people.subscribers import SubscriberStore

EXAMPLE_DOMAINS = ("example.com", "example.org", "example.net", "example")
"""Domains reserved for documentation (RFC 2606 section 3)."""


@dataclass(frozen=True)
class ExampleDomainGuard:
    """Checks `newsletter.base_url`.

    A broken unsubscribe link is worse than none: subscribers who cannot unsubscribe report spam.
    """

    base_url: str
    # Whether emails only go to files.
    outbox_only: bool
    subscribers: SubscriberStore

    def fault(self) -> ConfigProblem | None:
        """Return what is wrong with the address, if emails leave this machine."""
        host = f".{urlsplit(self.base_url).hostname or ''}"
        if self.outbox_only or not host.endswith(tuple(f".{domain}" for domain in EXAMPLE_DOMAINS)):
            return None
        message = (
            "'newsletter.base_url' is an example address, so every unsubscribe link would be broken; "
            "set it to the address of your pages, or leave it empty"
        )
        return ConfigProblem("digest.yaml", 0, message)

    def refuse_example_domain(self) -> None:
        """Raise ConfigurationError if a recipient outside the example domains would get such a link."""
        fault = self.fault()
        if fault and self.subscribers.any_beyond(EXAMPLE_DOMAINS):
            raise ConfigurationError([fault])
