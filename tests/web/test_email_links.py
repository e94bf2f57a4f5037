"""Every email to a subscriber: where its links lead, and which of them make the browser known (ADR 29).

The table of docs/reader-pages.md says what is right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest

from digest import pipeline
from digest.mail.message import recipient, substitute
from digest.models import RenderedEmail, Subscriber
from digest.store.people.reengagement import SilentSubscriber
from digest.usecases.reengage import ReengagePlan
from digest.web.app import load_pages
from digest.web.stay import question
from tests.paths import ROOT
from tests.support.folders import newsletter_folder
from tests.web.site import FORM, Site, link_of, site
from tests.web.test_answers import BLOCKS, KEY
from tests.web.test_known_browser import COOKIE

pytestmark = pytest.mark.slow

BASE = "https://news.example.com"
# Subscribers of the sample list.
READER, ASKED = "asha@example.com", "ravi@example.com"
NEW = "new@example.org"
# Enough for every form that a link leads to.
FIELDS = {"nominee": "रवि", "contact": "ravi@example.org", "List-Unsubscribe": "One-Click"}


def letter(pages: Site, email: str) -> str:
    return pages.token("preferences", email)


def join(pages: Site, email: str) -> None:
    pages.post("/join", email=email)


def confirm(pages: Site, email: str) -> None:
    join(pages, email)
    (first,) = pages.mails(email)
    next(pages.app.home.glob(f"outbox/join/*{email}.eml")).unlink()
    pages.post(link_of(first))


def choose(pages: Site, email: str) -> None:
    pages.post(f"/preferences/{letter(pages, email)}/choose")


def leave(pages: Site, email: str) -> None:
    pages.post(f"/leave/{letter(pages, email)}/leave")


def come_back_later(pages: Site, email: str) -> None:
    pages.post(f"/leave/{pages.token('leave', email)}")
    with site(pages.app.home, PEOPLE, DIGEST_NEWSLETTER__BASE_URL=BASE, DIGEST_NOW="2026-11-26T07:00+05:30") as later:
        later.post(f"/leave/{letter(later, email)}/back")
        pages.mails(email, "own")


def move(pages: Site, email: str) -> None:
    pages.post(f"{pages.preferences(email)}/address", email=NEW)
    # The change needs a yes from both addresses, and the second one carries it out.
    pages.post(link_of(pages.mails(email, "own")[0]))


def ask(kind: str) -> Callable[[Site, str], None]:
    def make(pages: Site, email: str) -> None:
        pages.post(f"{pages.preferences(email)}/{kind}")

    return make


def nominate(pages: Site, email: str) -> None:
    pages.post(f"{pages.preferences(email)}/nominee")
    link = link_of(pages.mails(email, "own")[0])
    for file in pages.app.home.glob(f"outbox/own/*-{email}.eml"):
        file.unlink()
    pages.post(link, **FIELDS)
    pages.mails(email, "own")


# Name in the docs → how the email comes, its folder of the outbox, and its address if that is another.
EMAILS: dict[str, tuple[Callable[[Site, str], None], str, str]] = {
    "confirm a sign-up": (join, "join", "neha@example.org"),
    "the welcome": (confirm, "join", "meera@example.org"),
    "you already get it": (join, "own", ""),
    "the link to the preferences": (choose, "own", ""),
    "a change by a link": (leave, "own", ""),
    "subscribe again": (come_back_later, "own", ""),
    "another address": (move, "own", NEW),
    "a copy of the data": (ask("data"), "own", ""),
    "an erasure": (ask("erase"), "own", ""),
    "a nomination": (ask("nominee"), "own", ""),
    "whom you nominate now": (nominate, "own", ""),
}

PEOPLE = (READER, ASKED, *(f"{number}@example.com" for number in range(len(EMAILS))))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A newsletter that sent an edition with a poll. Each email has a subscriber of its own."""
    home = tmp_path_factory.mktemp("links") / "newsletter"
    newsletter_folder(home, all_sources=False)
    folder = home / "samples/blocks" / KEY
    folder.mkdir()
    (folder / "poll.yaml").write_text(BLOCKS["poll"], encoding="utf-8")
    with site(home, [], DIGEST_NEWSLETTER__BASE_URL=BASE) as served:
        pipeline.send(served.app, KEY)
        served.app.subscribers.sync([(email, Subscriber(email)) for email in PEOPLE], now=served.app.now())
        yield served


def personal_links(text: str) -> dict[str, str]:
    """The links with a token: the first part of the path → the path. A view is made to be forwarded."""
    found = re.findall(rf"{BASE}(/(?!view/)[a-z]+/(?:[^\s\"<]*/)?[A-Za-z0-9_-]{{36}})(?![A-Za-z0-9_-])", text)
    return {f"/{path.split('/')[1]}/…": path for path in found}


def texts(pages: Site, email: str, folder: str) -> str:
    """The newest email, as text and as HTML."""
    mail = pages.mails(email, folder)[-1]
    return "".join(part.get_content() for kind in ("plain", "html") if (part := mail.get_body((kind,))))


def ask_to_continue(pages: Site, email: str, asked: RenderedEmail) -> None:
    silent = SilentSubscriber(pages.subscriber_id(email), email, pages.app.now())
    assert pages.app.reengagement.ask(ReengagePlan((silent,), (), 0), asked)


def all_links(pages: Site) -> dict[str, dict[str, str]]:
    """Make each email come: its name → its links."""
    found = {"an edition": personal_links(texts(pages, READER, KEY))}
    to = recipient(pages.subscriber_id(ASKED), ASKED, pages.app.sender, pages.app.signer.sign_email)
    asked = question(load_pages(pages.app, BASE), pages.app.signer, pages.app.reengagement.key())
    ask_to_continue(pages, ASKED, asked)
    found["the question whether to continue"] = personal_links(substitute(asked.html + asked.text, to.values))
    for number, (name, (make, folder, address)) in enumerate(EMAILS.items()):
        email, pages.cookie = f"{number}@example.com", ""
        make(pages, address if folder == "join" else email)
        found[name] = personal_links(texts(pages, address or email, folder))
    pages.cookie = ""
    return found


def makes_known(pages: Site, path: str) -> bool:
    """Whether the browser is known after opening a link and pressing the button of its page."""
    answers = [
        pages.request("GET", path),
        pages.request("POST", path, urlencode(FIELDS).encode(), {"Content-Type": FORM}),
    ]
    assert answers[0].status < 400, path
    return any(answer.headers.get("set-cookie", "").startswith(f"{COOKIE}=") for answer in answers)


def documented() -> dict[str, dict[str, bool]]:
    """The table of the docs: email → its links, and whether they make the browser known."""
    text = (ROOT / "docs/reader-pages.md").read_text(encoding="utf-8")
    section = text.partition("## Links in emails")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|`]+) \| (`[^|]+) \| [^|]+ \| (yes|no)\b[^|]*\|$", section, re.M)
    return {name: dict.fromkeys(re.findall("`([^`]+)`", links), known == "yes") for name, links, known in rows}


def test_the_docs_name_every_link_and_what_makes_a_browser_known(pages: Site) -> None:
    found = all_links(pages)
    assert {name: set(links) for name, links in found.items()} == {n: set(links) for n, links in documented().items()}
    # Leaving ends everything else, so it comes last.
    known = {
        name: {kind: makes_known(pages, links[kind]) for kind in sorted(links, key=lambda kind: kind == "/leave/…")}
        for name, links in found.items()
    }
    assert known == documented()
