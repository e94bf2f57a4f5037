"""`/c/EDITION/CODE`: redirect to an address of that edition, and count the click.

The redirect never waits for the store, because a thread writes the requests. It only leads to addresses in the edition,
so nobody can abuse our domain to send people elsewhere. The other site learns neither the edition nor the subscriber.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from digest.feedback.clicks import ClickRequest, read_signs
from digest.models import HONEYPOT, SENT_STATES, EditionState
from digest.render.clicks import ClickLinks, ClickTarget
from digest.store.content.clicks import ClickStore, ClickVisit
from digest.store.content.editions import EditionStore
from digest.utils.redact import redact
from digest.web.client_limit import client_of
from digest.web.dependencies import TEST_SUBSCRIBER, Context, client_address
from digest.web.pages import PAGE_RESPONSES

log = logging.getLogger(__name__)

_SENT = (*SENT_STATES, EditionState.CANCELLED)
# The most requests that wait to be written; the seconds between writes; the time between counts of old requests.
_MOST_WAITING, _EVERY, _FOLD_EVERY = 10_000, 2.0, timedelta(hours=1)
# The most requests per hour that are written: from one address, which may be a mobile network with thousands of people,
# and from all addresses.
_MOST_PER_ADDRESS, _MOST_PER_HOUR = 2_000, 500_000
# The most editions whose links are cached.
_MOST_EDITIONS = 32
# Headers that identify the client, and whether a person uses it. Nothing else of a request is read.
_HEADERS = (
    "accept-language", "purpose", "referer", "sec-fetch-user", "sec-purpose", "x-moz", "x-operamini-phone-ua",
    "x-purpose",
)  # fmt: skip
_NO_REFERRER = {"referrer-policy": "no-referrer", "cache-control": "no-store"}


class ClickRecorder:
    """Writes clicks in a thread of its own, and calls `fold` once an hour to count old ones.

    The client's identity is only in memory until its hash is written.
    """

    def __init__(self, store: ClickStore, fold: Callable[[], int], now: Callable[[], datetime]) -> None:
        self._store, self._fold, self._now = store, fold, now
        self._waiting: deque[tuple[ClickVisit, str]] = deque(maxlen=_MOST_WAITING)
        self._stop = threading.Event()
        self._writing = threading.Lock()
        self._folded_at: datetime | None = None
        self._counting = threading.Lock()
        self._hour: datetime | None = None
        self._asked: Counter[str] = Counter()
        self._keys: dict[date, bytes] = {}
        self._thread = threading.Thread(target=self._run, name="clicks", daemon=True)
        self._thread.start()

    def add(self, visit: ClickVisit, client: str, address: str) -> None:
        """Queue a click.

        `client` identifies program and address; its hash becomes `visit.visitor`. A client with too many requests in an
        hour is no longer counted.
        """
        with self._counting:
            hour = visit.at.replace(minute=0, second=0, microsecond=0)
            if hour != self._hour:
                self._hour, self._asked = hour, Counter()
            self._asked[address] += 1
            self._asked[""] += 1
            if self._asked[address] > _MOST_PER_ADDRESS or self._asked[""] > _MOST_PER_HOUR:
                return
        self._waiting.append((visit, client))

    def flush(self) -> None:
        """Write queued clicks. If they cannot be written, they stay queued."""
        with self._writing:
            waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
            try:
                self._store.add([replace(visit, visitor=self._hash(client, visit.at)) for visit, client in waiting])
                waiting, now = [], self._now()
                if self._folded_at is None or now - self._folded_at >= _FOLD_EVERY:
                    self._folded_at = now
                    self._fold()
            # The thread must live on.
            except Exception as error:
                log.error("clicks could not be written: %s", redact(type(error).__name__))
            self._waiting.extendleft(reversed(waiting))

    def close(self) -> None:
        """Write queued clicks, then stop."""
        self._stop.set()
        self._thread.join()
        self.flush()

    def _hash(self, client: str, at: datetime) -> str:
        day = at.date()
        if day not in self._keys:
            self._keys = {day: self._store.key_of(day)}
        return hashlib.blake2b(client.encode(), key=self._keys[day], digest_size=12).hexdigest()

    def _run(self) -> None:
        while not self._stop.wait(_EVERY):
            self.flush()


@dataclass
class Redirects:
    """Finds the target of a code. Caches editions that can no longer change."""

    links: ClickLinks
    editions: EditionStore
    _known: OrderedDict[str, dict[str, ClickTarget]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, key: str, code: str) -> tuple[ClickTarget | None, bool]:
        """Return the target, and whether the edition was sent: only then its clicks count."""
        with self._lock:
            known = self._known.get(key)
        if known is not None:
            return known.get(code), True
        edition = self.editions.get(key)
        if edition is None:
            return None, False
        codes, sent = self.links.by_code(edition), edition.state in _SENT
        if sent:
            with self._lock:
                self._known[key] = codes
                while len(self._known) > _MOST_EDITIONS:
                    self._known.popitem(last=False)
        return codes.get(code), sent


def router(context: Context, redirects: Redirects, recorder: ClickRecorder | None) -> APIRouter:
    """Serve `/c/EDITION/CODE`, and with `clicks.subscribers` also `/c/EDITION/CODE/TOKEN`.

    Without `recorder` clicks are not counted.
    """
    routes = APIRouter(tags=["clicks"], responses=PAGE_RESPONSES)
    pages = context.pages

    def respond(request: Request, edition: str, code: str, subscriber: int | None) -> Response:
        target, sent = redirects.find(edition, code)
        if target is None:
            catalogue = pages.catalogue(request)
            advice = catalogue.gettext("Part of the link may be missing. Open it from the email again, or write to us.")
            return pages.error(request, 404, catalogue.gettext("This link is incomplete"), advice)
        if recorder is not None and sent and subscriber != TEST_SUBSCRIBER:
            now = context.now()
            headers = {name: request.headers[name] for name in _HEADERS if name in request.headers}
            method = str(request.scope.get("original_method", request.method))
            agent, address = request.headers.get("user-agent", ""), client_address(request)
            sign = read_signs(ClickRequest(target.name, now, method, agent, address, headers))
            network = client_of(address)
            client = f"{network}\n{agent}\n{headers.get('accept-language', '')}"
            recorder.add(ClickVisit(edition, target.name, "", subscriber, sign, now), client, network)
        if target.name == HONEYPOT:
            return RedirectResponse(f"{pages.root}/", 303, headers=_NO_REFERRER)
        return RedirectResponse(target.url, 302, headers=_NO_REFERRER)

    @routes.get("/c/{edition}/{code}", summary="Redirect to a story or advertisement of an edition")
    def click(request: Request, edition: str, code: str) -> Response:
        return respond(request, edition, code, None)

    @routes.get("/c/{edition}/{code}/{token}", summary="The same, for a subscriber")
    def click_of(request: Request, edition: str, code: str, token: str) -> Response:
        id = context.subscriber_id_from_token("view", token)
        # A wrong token must not keep anybody from the story. The click is just not counted for a subscriber.
        known = redirects.links.with_subscriber and id is not None
        return respond(request, edition, code, id if known else None)

    return routes
