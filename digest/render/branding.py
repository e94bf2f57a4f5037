"""The newsletter's name, addresses and look, as every email shows them."""

from __future__ import annotations

from dataclasses import dataclass

from digest.render.themes import DEFAULT_THEME, Theme


@dataclass(frozen=True, slots=True)
class Branding:
    """The newsletter's name and addresses, and how its emails look."""

    name: str
    # A code such as `hi`.
    language: str
    # An IANA name.
    timezone: str
    # Address of the reader pages without a trailing slash; '' if there are none.
    base_url: str
    postal_address: str
    sender_email: str
    reply_to: str
    theme: Theme = DEFAULT_THEME
