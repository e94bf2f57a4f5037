"""Whether a newsletter still goes by the example's own address. Owns what an example is; sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from digest.errors import ConfigurationError, Fault

if TYPE_CHECKING:
    from digest.app import App

DOMAINS = ("example.com", "example.org", "example.net", "example")
"""RFC 2606: nobody is reached there."""


def fault(app: App) -> Fault | None:
    """What is wrong with the pages' address: links that lead nowhere are worse than none, for readers who can't leave
    complain. An outbox may have them."""
    host = f".{urlsplit(app.settings.newsletter.base_url).hostname or ''}"
    if not host.endswith(tuple(f".{domain}" for domain in DOMAINS)) or app.transports[0].name == "outbox":
        return None
    said = "is an example: every link to unsubscribe would lead nowhere; name your pages, or leave it empty"
    return Fault("digest.yaml", 0, f"'newsletter.base_url' {said}")


def refuse(app: App) -> None:
    """Keeps such links from people; the readers of a rehearsal are examples too. Raises ConfigurationError."""
    found = fault(app)
    if found and app.readers.any_beyond(DOMAINS):
        raise ConfigurationError([found])
