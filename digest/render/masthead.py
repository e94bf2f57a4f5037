"""What of the newsletter's settings stands in every letter. Data only; reads no settings."""

from __future__ import annotations

from dataclasses import dataclass

from digest.render.themes import HOUSE, Theme


@dataclass(frozen=True, slots=True)
class Masthead:
    """The newsletter's name and addresses, and how its letters look.

    `language` is a code (`hi`), `timezone` an IANA name, `base_url` where the reader pages live without a
    trailing slash or '' when there are none.
    """

    name: str
    language: str
    timezone: str
    base_url: str
    postal_address: str
    sender_email: str
    reply_to: str
    theme: Theme = HOUSE
