"""Dependencies shared by all routes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from fastapi.responses import HTMLResponse

from digest.store.people.preferences import ERASED, ConsentContext, PreferenceStore, StoredSubscriber
from digest.store.rate_limits import RateLimiter
from digest.subscribers.tokens import TokenSigner
from digest.web.pages import Pages

# The subscriber id in the links of test emails.
TEST_SUBSCRIBER = 0


class Refused(Exception):
    """The request is answered with this page instead."""

    def __init__(self, response: HTMLResponse) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True)
class Context:
    """What routes with personal links need. Routes run in threads and share it."""

    pages: Pages
    signer: TokenSigner
    preferences: PreferenceStore
    quotas: RateLimiter
    # The current time in the newsletter's time zone.
    now: Callable[[], datetime]

    def subscriber_id_from_token(self, purpose: str, token: str) -> int | None:
        """Return the subscriber id that a token names for this purpose, or None if we did not sign it.

        A browser adds cookies to requests by itself, but never a token. So other sites cannot act for a subscriber
        (CSRF).
        """
        return self.signer.read(purpose, token)

    def require_id(self, request: Request, purpose: str, token: str) -> int:
        """Return the subscriber id that a token names. Raises Refused if we did not sign it."""
        id = self.subscriber_id_from_token(purpose, token)
        if id is None:
            raise Refused(self.invalid_link(request))
        return id

    def subscriber(self, id: int) -> StoredSubscriber | None:
        """Return the subscriber with this id, or None if unknown or erased."""
        found = self.preferences.get(id) if id != TEST_SUBSCRIBER else None
        return None if found is None or found.status == ERASED else found

    def subscribers(self, ids: Sequence[int]) -> list[StoredSubscriber | None]:
        """Return for each of a few hundred ids what `subscriber` does, from one query."""
        found = self.preferences.get_several(set(ids) - {TEST_SUBSCRIBER})
        stored = map(found.get, ids)
        return [None if each is None or each.status == ERASED else each for each in stored]

    def paused_until(self, subscriber: StoredSubscriber | None) -> datetime | None:
        """Return when the subscriber's pause ends, in the newsletter's time zone; None without a pause."""
        until = subscriber.paused_until if subscriber else None
        now = self.now()
        return until.astimezone(now.tzinfo) if until and until > now else None

    def consent_context(self, request: Request, page: str, wording: str = "", detail: str = "") -> ConsentContext:
        """Return the context of a decision for the consent log: the page, its language and the client's IP address."""
        origin = f"{self.pages.language(request)}, from {client_address(request)}"
        return ConsentContext(f"web:{page}", wording, f"{detail}; {origin}" if detail else origin)

    def invalid_link(self, request: Request, *, by_subscriber: bool = True) -> HTMLResponse:
        """Respond with the page for a link that we did not sign. To subscribers it offers another link by email."""
        catalogue = self.pages.catalogue(request)
        advice = catalogue.gettext("Part of the link may be missing. Open it from the email again, or write to us.")
        title = catalogue.gettext("This link is incomplete")
        return self.pages.error(request, 404, title, advice, offers_link=by_subscriber)


def client_address(request: Request) -> str:
    """Return the client's IP address. The server has already resolved it behind trusted proxies."""
    return request.client.host if request.client else ""
