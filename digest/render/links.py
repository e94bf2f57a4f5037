"""The addresses of the reader pages, with placeholders where delivery puts a reader's token.

Must not know a token. `view`, `preferences` are '' when the newsletter has no pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from digest.models import PLACEHOLDERS
from digest.render import clean
from digest.render.masthead import Masthead


@dataclass(frozen=True, slots=True)
class Links:
    """`leave` is a page, or a mail to the desk when there are no pages (`by_mail`); '' only without both."""

    view: str
    preferences: str
    leave: str
    by_mail: bool


def links(masthead: Masthead, edition_key: str) -> Links:
    """The letter's own links. Placeholders stand at the end, as tokens are URL-safe there."""
    base = clean.web(masthead.base_url).rstrip("/")
    if base:
        return Links(
            view=f"{base}/view/{quote(edition_key, safe='')}/{PLACEHOLDERS['view']}",
            preferences=f"{base}/preferences/{PLACEHOLDERS['preferences']}",
            leave=f"{base}/leave/{PLACEHOLDERS['unsubscribe']}",
            by_mail=False,
        )
    desk = clean.mailbox(masthead.reply_to) or clean.mailbox(masthead.sender_email)
    mail = f"mailto:{desk}?subject=unsubscribe%20{PLACEHOLDERS['unsubscribe']}" if desk else ""
    return Links(view="", preferences="", leave=mail, by_mail=True)
