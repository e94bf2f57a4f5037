"""The pages of a newsletter folder on a real local server, and an HTTP client for them."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from digest import i18n, pipeline
from digest.app import App, make_app
from digest.models import Subscriber
from digest.store.people.consent import Consent, ConsentLog
from digest.store.people.preferences import PreferenceStore
from digest.subscribers.address import normalise
from digest.usecases.enqueue import SendRequest
from digest.web.known_browser import cookie_name, cookie_value
from digest.web.server import run_pages
from tests.support.folders import newsletter_folder

NOW = "2026-11-23T07:00+05:30"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Response:
    """A response with lower-case header names."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def title(self) -> str:
        found = re.search("<h1[^>]*>(.*?)</h1>", self.text, re.S)
        return found[1].strip() if found else ""


@dataclass
class Site:
    """A newsletter and the address of its pages."""

    app: App
    base: str
    # The Cookie header of every request.
    cookie: str = ""

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        place = urlsplit(self.base)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
        try:
            cookie = {"Cookie": self.cookie} if self.cookie else {}
            connection.request(method, path, body, {**cookie, **(headers or {})})
            response = connection.getresponse()
            received = {name.lower(): value for name, value in response.getheaders()}
            # A stream of events does not end for minutes.
            is_stream = received.get("content-type", "").startswith("text/event-stream")
            content = response.readline() if is_stream else response.read()
            return Response(response.status, received, content.decode("utf-8", "replace"))
        finally:
            connection.close()

    def follow(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Like `request`, and open the page of a redirect."""
        response = self.request(method, path, body, headers)
        return self.get(response.headers["location"]) if response.status == 303 else response

    def get(self, path: str) -> Response:
        return self.request("GET", path)

    def post(self, path: str, *fields: tuple[str, str], network: str = "", **more: str) -> Response:
        """Submit a form and open where it redirects to, as a browser does.

        `network` is the client address that a trusted proxy reports.
        """
        body = urlencode([*fields, *more.items()]).encode()
        forwarded = {"X-Forwarded-For": network} if network else {}
        return self.follow("POST", path, body, {"Content-Type": FORM, **forwarded})

    def token(self, purpose: str, email: str) -> str:
        return self.app.signer.sign(purpose, self.subscriber_id(email))

    def subscriber_id(self, email: str) -> int:
        found = PreferenceStore(self.app.database).find(normalise(email))
        assert found is not None, email
        return found.id

    def preferences(self, email: str) -> str:
        """The path of a subscriber's preferences, in a browser that is known as theirs from now on."""
        store = PreferenceStore(self.app.database)
        subscriber = store.find(normalise(email))
        assert subscriber is not None, email
        value = cookie_value(self.app.signer, subscriber, self.app.now())
        self.cookie = f"{cookie_name(self.app.settings.newsletter.base_url or self.base)}={value}"
        return f"/preferences/{self.token('preferences', email)}"

    def candidates(self) -> dict[str, object]:
        """For each address, why it would not get today's edition; None if it would."""
        from digest.subscribers.due import decide

        now = self.app.now()
        rows = self.app.subscribers.candidates("2026-11-23")
        return {row.email: decide(row, now.date(), send_at=None, now=now).excluded or None for row in rows}

    def consent(self, email: str) -> list[Consent]:
        return ConsentLog(self.app.database).entries(normalise(email))

    def mails(self, to: str, folder: str = "join", *, wait: float = 10.0, count: int = 1) -> list[EmailMessage]:
        """The emails to this address in the outbox; waits until there are this many."""
        place = self.app.home / "outbox"
        until = time.monotonic() + wait
        while True:
            found = sorted(place.glob(f"{folder}/*-{to}.eml"))
            if len(found) >= count or time.monotonic() > until:
                return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in found]
            time.sleep(0.02)


def link_of(mail: EmailMessage) -> str:
    """The path of the link in the text of an email."""
    text = mail.get_body(("plain",))
    assert text is not None
    found = re.search(r"https?://\S+", text.get_content())
    assert found
    place = urlsplit(found[0])
    return f"{place.path}?{place.query}" if place.query else place.path


@contextmanager
def site(
    home: Path, subscribers: Sequence[str | Subscriber] | None = ("asha@example.com",), **environment: str
) -> Iterator[Site]:
    """Serve a newsletter with these subscribers; None: with those in its store."""
    if not (home / "digest.yaml").exists():
        newsletter_folder(home, all_sources=False)
    with make_app(home, environment={"DIGEST_NOW": NOW, **environment}) as app, run_pages(app, port=0) as pages:
        if subscribers is not None:
            listed = [each if isinstance(each, Subscriber) else Subscriber(each) for each in subscribers]
            app.subscribers.sync([(normalise(each.email), each) for each in listed], now=app.now())
        yield Site(app, pages.base)


def send_editions_of_all_kinds(app: App) -> str:
    """Send an edition of the schedule, a special one and an alert. Returns the alert's key."""
    pipeline.send(app, "2026-11-23")
    edition = app.editions.get("2026-11-23")
    assert edition is not None
    pipeline.send(app, pipeline.compose(app, "special").edition.key)
    alert, _others = app.breaking.propose(next(story.id for story in edition.stories() if story.id != edition.lead))
    pipeline.send(app, alert.key, SendRequest(force="now"))
    return alert.key


def translated(message: str, language: str = "hi") -> str:
    """The translation of a message."""
    return i18n.translator(language).gettext(message)
