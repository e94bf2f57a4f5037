"""Tokens in links: 10,000 forged ones open nothing, and a GET changes nothing. The routes come from the routing table,
so a test of a new route fails until TOKENS has its purpose.
"""

from __future__ import annotations

import base64
import hashlib
import random
import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from sqlalchemy import select

from digest import pipeline
from digest.models import Subscriber
from digest.store.people.preferences import PreferenceStore
from digest.store.people.reengagement import SilentSubscriber
from digest.store.people.requests import RequestKind, RequestStore
from digest.store.people.signups import SignupStore
from digest.store.schema import metadata, person_request, subscriber
from digest.subscribers.tokens import TokenSigner
from digest.usecases.reengage import ReengagePlan
from digest.web.app import create_app, load_pages
from digest.web.known_browser import cookie_name, cookie_value
from digest.web.stay import question
from tests.support.asgi import Asgi, Response
from tests.support.folders import newsletter_folder
from tests.support.profiles import examples
from tests.web.site import FORM, Site, site
from tests.web.test_answers import BLOCKS, KEY

pytestmark = pytest.mark.slow

MANY = examples(10_000, dev=200)
MANY_COOKIES = examples(2_000, dev=50)
HEADERS = {"Host": "localhost", "Content-Type": FORM}
# Enough for every form; a field that a form does not have is ignored.
FIELDS = {
    "topics": "खेल",
    "days": "sun",
    "format": "text",
    "hour": "",
    "weeks": "2",
    "frequency": "weekly:sun",
    "why": "other",
    "word": "अच्छा",
    "email": "new@example.org",
    "nominee": "रवि",
    "contact": "ravi@example.org",
    "seen": "x",
    "browsers": "all",
}
# Purposes of tokens that are signed for a number → what the number counts.
SUBSCRIBERS = ("leave", "preferences", "view")
REQUESTS = {
    "own-address-present": 0,
    "own-address-new": 0,
    "own-data": 1,
    "own-erase": 2,
    "own-nominee": 3,
    "own-choose": 4,
    "own-undo": 5,
    "confirm": 6,
}
# The header of an email and its visible link lead to the same page, with different tokens.
TWO = {"/leave/{token}": ["leave", "preferences"]}
QUESTION = f"reengage-{KEY}"
# A parameter of a path that is a token.
TOKEN = re.compile(r"\{(token|code)\}")
CHOICES = {"{side}": ("present", "new"), "{kind}": ("data", "erase", "choose")}
VALUES = {"block": "poll", "choice": "1"}


@dataclass
class Doors:
    """The pages of a newsletter in this process, and their routes with a token: (method, path with `{token}`)."""

    pages: Site
    client: Asgi
    routes: list[tuple[str, str]]
    tokens: dict[str, str]
    # The paths of the other pages, with their parameters.
    others: list[str]

    def open(self, method: str, path: str, token: str) -> Response:
        body = urlencode(FIELDS).encode() if method == "POST" else b""
        return self.client.request(method, path.replace("{token}", token), body, HEADERS)

    def rows_of(self, id: int) -> dict[str, list[str]]:
        """What the store has about a subscriber: table → rows, and for requests by email also their kind → rows."""
        found: dict[str, list[str]] = {}
        with self.pages.app.database.read() as connection:
            address = connection.execute(select(subscriber.c.address).where(subscriber.c.id == id)).scalar()
            for table in metadata.sorted_tables:
                own = table.c.id == id if table is subscriber else None
                own = table.c.subscriber == id if "subscriber" in table.c else own
                own = table.c.address == address if own is None and "address" in table.c else own
                for row in connection.execute(select(table).where(own)) if own is not None else ():
                    name = f"to {row.kind}" if table is person_request else table.name
                    found.setdefault(name, []).append(repr(tuple(row)))
        return found

    def state(self) -> str:
        """A hash of every row of the store."""
        found = hashlib.sha256()
        with self.pages.app.database.read() as connection:
            for table in metadata.sorted_tables:
                rows = sorted(repr(tuple(row)) for row in connection.execute(select(table)))
                found.update(f"{table.name}: {rows}".encode())
        return found.hexdigest()

    def opening(self, method: str, path: str) -> list[str]:
        """The purposes whose tokens open a route, by GET; by POST it would change something."""
        return [purpose for purpose, token in self.tokens.items() if self.open(method, path, token).status < 400]


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """For tests that change nothing."""
    with serve(tmp_path_factory.mktemp("doors") / "newsletter") as served:
        yield served


@contextmanager
def serve(home: Path) -> Iterator[Doors]:
    newsletter_folder(home, all_sources=False)
    folder = home / "samples/blocks" / KEY
    folder.mkdir()
    (folder / "poll.yaml").write_text(BLOCKS["poll"], encoding="utf-8")
    with site(home, ["asha@example.com", "ravi@example.com"]) as pages:
        app = pages.app
        pipeline.compose(app, "vishesh", fetch=False)
        pipeline.send(app, KEY)
        plan = ReengagePlan((SilentSubscriber(1, "asha@example.com", app.now()),), (), 0)
        asked = question(load_pages(app, pages.base), app.signer, QUESTION)
        assert app.reengagement.ask(plan, asked) == QUESTION
        requests, now = RequestStore(app.database), app.now()
        undo = requests.open_undo(1, {"frequency": "weekly:sun"}, now=now, most=None)
        assert undo
        numbers = [
            requests.open(1, RequestKind.ADDRESS, now=now, address="new@example.org", email="new@example.org").id,
            requests.open(1, RequestKind.DATA, now=now).id,
            requests.open(1, RequestKind.ERASE, now=now).id,
            requests.open(1, RequestKind.NOMINEE, now=now).id,
            requests.open(1, RequestKind.CHOOSE, now=now).id,
            undo.id,
            SignupStore(app.database).request("neha@example.org", "neha@example.org", wording="", detail="", now=now),
        ]
        tokens = {purpose: app.signer.sign(purpose, 1) for purpose in SUBSCRIBERS}
        tokens |= {purpose: app.signer.sign(purpose, numbers[at]) for purpose, at in REQUESTS.items()}
        tokens["approve"] = app.signer.sign_name("approve", KEY)
        links, edition = app.readable_click_links, app.editions.get(KEY)
        assert links
        assert edition
        tokens["c"] = next(iter(links.by_code(edition)))
        with create_app(app, pages.base) as guard:
            # The pages store something when they start, which no request changes.
            app.archivist.catch_up(lambda: False)
            with closing(Asgi(guard)) as client:
                yield Doors(pages, client, list(_routes(guard, app.signer)), tokens, _others(guard))


def _paths(guard: Any) -> dict[str, Any]:
    """Every path of the routing table, with its methods."""
    app = guard
    while not hasattr(app, "openapi"):
        app = app.app
    paths: dict[str, Any] = app.openapi()["paths"]
    return paths


def _others(guard: Any) -> list[str]:
    return [path for path, operations in _paths(guard).items() if "get" in operations and not TOKEN.search(path)]


def _routes(guard: Any, signer: TokenSigner) -> Iterator[tuple[str, str]]:
    """Every route with a token, from the routing table; a path with a choice gives one for each."""
    for path, operations in _paths(guard).items():
        if not TOKEN.search(path):
            continue
        filled = TOKEN.sub("{token}", path)
        kind = path.split("/")[1]
        edition = QUESTION if kind == "stay" else KEY
        filled = filled.replace("{edition}", edition).replace("{edition_code}", signer.sign_link(kind, edition))
        for name, value in VALUES.items():
            filled = filled.replace(f"{{{name}}}", value)
        for method in operations:
            name = next((name for name in CHOICES if name in filled), "")
            for choice in CHOICES.get(name, ("",)):
                yield method.upper(), filled.replace(name, choice)


def forged(tokens: dict[str, str], signer: TokenSigner, dice: random.Random) -> Iterator[str]:
    """Endless tokens that nobody signed: with a foreign key, cut, with a wrong bit, longer, and random."""
    foreign, good = TokenSigner([b"a key of somebody else"]), list(tokens.values())
    while True:
        token = dice.choice(good)
        yield foreign.sign(dice.choice(list(tokens)), dice.randint(1, 2))
        yield token[: dice.randrange(1, len(token))]
        raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
        yield base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()
        yield token + dice.choice(["A", "=", "%00", "%20", "."])
        yield token.swapcase() if token.swapcase() != token else "x"
        # Signed for a purpose that no page has.
        yield signer.sign(dice.choice(["bounce", "", "own"]), 1)
        yield quote(dice.randbytes(dice.randrange(1, 40)).decode("latin-1"), safe="")


def test_no_forged_token_opens_anything(doors: Doors) -> None:
    before = doors.state()
    tokens = forged(doors.tokens, doors.pages.app.signer, random.Random(20261123))
    accepted = []
    for number, token in zip(range(MANY), tokens, strict=False):
        method, path = doors.routes[number % len(doors.routes)]
        answer = doors.open(method, path, token)
        if answer.status not in (404, 405, 422):
            accepted.append((method, path, token, answer.status))
    assert accepted == []
    assert doors.state() == before


def test_no_forged_cookie_opens_the_preferences(doors: Doors) -> None:
    app, store = doors.pages.app, PreferenceStore(doors.pages.app.database)
    own, other = store.get(1), store.get(2)
    assert own
    assert other
    name, path = cookie_name(app.settings.newsletter.base_url), f"/preferences/{doors.tokens['preferences']}"
    good = cookie_value(app.signer, own, app.now())
    until, _, code = good.partition(".")

    def opens(cookie: str) -> bool:
        answer = doors.client.request("GET", path, b"", {**HEADERS, "Cookie": f"{name}={cookie}"})
        assert answer.status == 200
        return b'name="topics"' in answer.body

    dice = random.Random(20261123)
    assert opens(good)
    assert not opens(cookie_value(app.signer, other, app.now()))
    for number, part in zip(range(MANY_COOKIES), forged({"browser": code}, app.signer, dice), strict=False):
        assert not opens(f"{until}.{part}" if number % 4 else f"{int(until) + dice.randint(1, 10**9)}.{code}"), part


def test_reading_changes_nothing_and_a_token_opens_only_its_own_pages(doors: Doors) -> None:
    before = doors.state()
    opened = {path: doors.opening("GET", path) for method, path in doors.routes if method == "GET"}
    for path in opened:
        for token in doors.tokens.values():
            assert doors.open("HEAD", path, token).body == b""
    assert doors.state() == before
    # A new route fails here until its purpose is among the tokens.
    assert {path: purposes for path, purposes in opened.items() if len(purposes) != 1} == TWO
    by_purpose = {purposes[0] for purposes in opened.values()}
    assert by_purpose == set(doors.tokens)
    shared = {path: purposes[0] for path, purposes in opened.items() if f"/{purposes[0]}/" not in path}
    assert {path for path, purpose in shared.items() if not purpose.startswith("own-")} == {
        # The button of an email to pause, the question whether to continue, and a poll's answer.
        "/pause/{token}",
        f"/stay/{QUESTION}/{doors.pages.app.signer.sign_link('stay', QUESTION)}/{{token}}",
        f"/answer/{KEY}/poll/1/{{token}}",
    }


def test_reading_any_other_page_changes_nothing(doors: Doors) -> None:
    app = doors.pages.app
    page = doors.open("GET", f"/archive/{KEY}", "").body.decode()
    cid = re.findall('/picture/([^"]+)"', page)[0]
    (story,) = app.archive.topic(app.topics[0], app.now(), limit=1)
    values = {"edition": KEY, "story": story.thread, "name": quote(app.topics[0]), "year": KEY[:4], "cid": cid}
    before = doors.state()
    for path in doors.others:
        filled = re.sub(r"\{(\w+)\}", lambda place: values[place[1]], path)
        for query in ("", "?q=khel&lang=en&pictures=1&page=1&done=saved"):
            # The card of a story needs FriBidi.
            assert doors.open("GET", filled + query, "").status in ((200, 404) if "card" in path else (200,)), filled
            assert doors.open("HEAD", filled + query, "").body == b""
    assert doors.state() == before


def test_a_foreign_token_changes_nothing(doors: Doors) -> None:
    """A valid token on every route of another purpose."""
    own = {path: doors.opening("GET", path) for method, path in doors.routes if method == "GET"}
    before = doors.state()
    for method, path in doors.routes:
        if method != "POST":
            continue
        # A form is at the path of its page, or below.
        page = max((each for each in own if path.startswith(each)), key=len)
        for purpose, token in doors.tokens.items():
            if purpose not in own[page]:
                assert doors.open("POST", path, token).status == 404, (path, purpose)
    assert doors.state() == before


# What a stranger changes with the links of a forwarded email, in tables of the store and requests by email. With
# "to undo" the mailbox gets a notice that undoes it, and with "to choose" the link to the preferences.
STRANGER = {
    "/leave/{token}": {"suppression", "consent", "to undo"},
    "/leave/{token}/leave": {"suppression", "consent", "to undo"},
    "/leave/{token}/choose": {"to choose"},
    "/preferences/{token}/choose": {"to choose"},
    f"/answer/{KEY}/poll/1/{{token}}": {"answer"},
}


def test_what_a_stranger_can_do_with_a_forwarded_email(tmp_path: Path) -> None:
    """Every route, each for another subscriber, with the tokens of the text of an email."""
    with serve(tmp_path / "newsletter") as doors:
        app = doors.pages.app
        people = [f"kavita{number}@example.com" for number in range(2 * len(doors.routes))]
        app.subscribers.sync([(email, Subscriber(email)) for email in people], now=app.now())
        ids = map(doors.pages.subscriber_id, people)
        changed: dict[str, set[str]] = {}
        for method, path in doors.routes:
            for purpose in ("preferences", "view"):
                id = next(ids)
                before = doors.rows_of(id)
                answer = doors.open(method, path, app.signer.sign(purpose, id))
                after = doors.rows_of(id)
                if found := {name for name in before | after if before.get(name) != after.get(name)}:
                    changed[path] = found
                assert "set-cookie" not in answer.headers, path
                for private in (b"kavita", b'name="topics"', b'name="hour"', b"/choose/"):
                    assert private not in answer.body, (path, private)
        assert changed == STRANGER


def test_a_link_that_was_used_does_nothing_again(tmp_path: Path) -> None:
    with serve(tmp_path / "newsletter") as doors:
        for purpose in ("confirm", "own-address-new", "own-nominee", "own-undo", "own-erase"):
            opened = (path for method, path in doors.routes if method == "POST" and "{token}/" not in path)
            path = next(path for path in opened if doors.opening("GET", path) == [purpose])
            doors.open("POST", path, doors.tokens[purpose])
            before = doors.state()
            for _ in range(3):
                assert doors.open("POST", path, doors.tokens[purpose]).status < 500
            assert doors.state() == before


def test_public_pages_hold_no_token(doors: Doors) -> None:
    """A forwarded view, an archive page, a feed or a card can only be read."""
    signer, view = doors.pages.app.signer, doors.tokens["view"]
    story = doors.pages.app.archive.topic(doors.pages.app.topics[0], doors.pages.app.now(), limit=1)
    assert story
    paths = ["/", "/join", "/privacy", "/archive", f"/archive/{KEY}", "/archive.xml", "/archive.atom", "/corrections"]
    paths += ["/sitemap.xml", "/sitemap/news.xml", f"/card/edition/{KEY}.jpg", f"/view/{KEY}/{view}"]
    paths += [f"/story/{each.thread}" for each in story]
    read: Callable[[str], bool] = lambda token: any(signer.read(purpose, token) is not None for purpose in doors.tokens)  # noqa: E731
    for path in paths:
        answer = doors.client.request("GET", path, b"", HEADERS)
        # A machine without FriBidi draws no card.
        assert answer.status == 200 or "/card/" in path, path
        found = {token for token in re.findall(rb"[A-Za-z0-9_-]{36}", answer.body) if read(token.decode())}
        assert found <= {view.encode()}, path
        assert b"asha@example.com" not in answer.body, path
