"""The reader pages of a newsletter folder, served on 127.0.0.1 for real, and a browser's view of them without one."""

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

from digest import messages
from digest.app import App, make_app
from digest.cli.init import make_folder
from digest.models import Subscriber
from digest.store.consent import Consent, ConsentLog
from digest.subscribers.address import normalise
from digest.web.serving import run_server

NOW = "2026-11-23T07:00+05:30"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def title(self) -> str:
        found = re.search("<h1[^>]*>(.*?)</h1>", self.text, re.S)
        return found[1].strip() if found else ""


@dataclass
class Site:
    """A newsletter and where its pages are."""

    app: App
    base: str

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        place = urlsplit(self.base)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            given = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, given, answer.read().decode("utf-8", "replace"))
        finally:
            connection.close()

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def post(self, path: str, *fields: tuple[str, str], network: str = "", **more: str) -> Answer:
        """A form as a browser sends it; `network` is who asks, by the word of a trusted proxy."""
        body = urlencode([*fields, *more.items()]).encode()
        from_ = {"X-Forwarded-For": network} if network else {}
        return self.ask("POST", path, body, {"Content-Type": FORM, **from_})

    def token(self, purpose: str, email: str) -> str:
        found = self.site_reader(email)
        return self.app.signer.sign(purpose, found)

    def site_reader(self, email: str) -> int:
        from digest.store.wishes import WishStore

        found = WishStore(self.app.database).at(normalise(email))
        assert found is not None, email
        return found.id

    def candidates(self) -> dict[str, object]:
        """Address → why it would get nothing of an edition of today, or None for who would get it."""
        from digest.subscribers.due import decide

        now = self.app.now()
        rows = self.app.readers.candidates("2026-11-23")
        return {row.email: decide(row, now.date(), send_at=None, now=now).excluded or None for row in rows}

    def consent(self, email: str) -> list[Consent]:
        return ConsentLog(self.app.database).of(normalise(email))

    def mails(self, to: str, folder: str = "join", *, wait: float = 10.0) -> list[EmailMessage]:
        """The mails in the outbox to this address, the first of them waited for."""
        place = self.app.home / "outbox"
        until = time.monotonic() + wait
        while True:
            found = sorted(place.glob(f"{folder}/*-{to}.eml"))
            if found or time.monotonic() > until:
                return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in found]
            time.sleep(0.02)


def link_of(mail: EmailMessage) -> str:
    """The path of the link in a mail's text."""
    text = mail.get_body(("plain",))
    assert text is not None
    found = re.search(r"https?://\S+", text.get_content())
    assert found
    place = urlsplit(found[0])
    return f"{place.path}?{place.query}" if place.query else place.path


@contextmanager
def site(home: Path, readers: Sequence[str | Subscriber] = ("asha@example.com",), **environment: str) -> Iterator[Site]:
    """A newsletter with these readers, its pages served."""
    if not (home / "digest.yaml").exists():
        make_folder(home)
    with make_app(home, environment={"DIGEST_NOW": NOW, **environment}) as app, run_server(app, port=0) as base:
        listed = [each if isinstance(each, Subscriber) else Subscriber(each) for each in readers]
        app.readers.sync([(normalise(each.email), each) for each in listed], now=app.now())
        yield Site(app, base)


def said(message: str, language: str = "hi") -> str:
    """What a message id is in a language."""
    return messages.translator(language).gettext(message)
