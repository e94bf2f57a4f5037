"""What the routes are handed: the newsletter, the stores behind the pages, the pages themselves and the post."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import Request

from digest.app import App
from digest.store.published import PublishedStore
from digest.store.rate_limits import RateLimiter
from digest.store.signups import SignupStore
from digest.store.wishes import ERASED, Reader, Said, WishStore
from digest.web.pages import Pages
from digest.web.post import Post

NOBODY = 0
"""The reader whom the links of test letters name."""


@dataclass(frozen=True)
class Room:
    """The collaborators of all routes. Routes run in threads and may share it."""

    app: App
    pages: Pages
    post: Post
    wishes: WishStore
    signups: SignupStore
    quotas: RateLimiter
    published: PublishedStore

    def now(self) -> datetime:
        """The time in the newsletter's zone."""
        return self.app.now()

    def bearer(self, purpose: str, token: str) -> int | None:
        """The id of the reader whom the token names for this purpose; None for what we did not sign.

        The token is the whole authority: it stands in the reader's own letter, in the path, and nothing that a browser
        adds by itself (no cookie) stands in its place. So no other site can act for a reader: it would have to know it.
        """
        return self.app.signer.read(purpose, token)

    def reader(self, id: int) -> Reader | None:
        """The reader, unless nobody is behind the id any more."""
        found = self.wishes.reader(id) if id != NOBODY else None
        return None if found is None or found.status == ERASED else found

    def pausing(self, reader: Reader | None) -> datetime | None:
        """Until when the reader pauses, in the newsletter's zone; None when they do not."""
        until = reader.paused_until if reader else None
        now = self.now()
        return until.astimezone(now.tzinfo) if until and until > now else None

    def said(self, request: Request, page: str, wording: str = "", detail: str = "") -> Said:
        """For the log of consent: which page, in which language, from which address of the network."""
        where = f"{self.pages.language(request)}, from {client(request)}"
        return Said(f"web:{page}", wording, f"{detail}; {where}" if detail else where)


def client(request: Request) -> str:
    """The address of the network that asks, as the server has it (proxies that are trusted are seen through)."""
    return request.client.host if request.client else ""
