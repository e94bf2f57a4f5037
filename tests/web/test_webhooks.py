"""The webhook from outside: what is kept, what is refused, and that no post of a stranger changes anything."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.app import App, make_app
from digest.cli.init import make_folder
from digest.errors import ConfigurationError
from digest.events.signature import Verifier, read_keys
from digest.store.database import Database, open_database
from digest.store.events import EventStore
from digest.web.webhooks import MAX_BODY_BYTES, router, webhooks
from tests.support.asgi import Asgi
from tests.support.profiles import examples
from tests.support.sendgrid_events import PATH, Webhook, body, event

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
AT = NOW.timestamp()
BODY = body([event("delivered", "asha@example.com", AT), event("bounce", "आशा", AT, type="bounce")])
SENDGRID, STRANGER = Webhook(), Webhook()


@dataclass
class Room:
    client: Asgi
    store: EventStore

    def post(self, path: str, content: bytes | list[bytes | None], headers: dict[str, str]) -> int:
        return self.client.request("POST", path, content, headers).status

    def kept(self) -> list[bytes]:
        return [post.body for post in self.store.waiting()]


@pytest.fixture
def database(store_url: str, tmp_path: Path) -> Iterator[Database]:
    opened = open_database(store_url, home=tmp_path)
    yield opened
    opened.close()


@contextmanager
def opened(database: Database, *, secret: str = "") -> Iterator[Room]:
    """The webhook over a store, as `digest web` serves it."""
    store = EventStore(database)
    app = FastAPI()
    app.include_router(router(Verifier(read_keys(SENDGRID.public)), store, lambda: NOW, secret=secret))
    with closing(Asgi(app)) as client:
        yield Room(client, store)


@pytest.fixture
def here(database: Database) -> Iterator[Room]:
    with opened(database) as room:
        yield room


def test_a_signed_post_is_kept_as_it_came_and_once(here: Room) -> None:
    for _ in range(3):
        answer = here.client.request("POST", PATH, BODY, SENDGRID.headers(BODY, AT))
        assert (answer.status, answer.body) == (204, b"")
    assert here.kept() == [BODY]


def test_what_is_signed_is_kept_whatever_it_holds(here: Room) -> None:
    for content in (b"", b"[]", b"no json", b"\xff\x00"):
        assert here.post(PATH, content, SENDGRID.headers(content, AT)) == 204
    assert len(here.kept()) == 4


@pytest.mark.parametrize("spoilt", ["stranger", "body", "old", "late", "bare", "signature", "timestamp"])
def test_what_is_not_sendgrids_is_refused_and_leaves_nothing(here: Room, spoilt: str) -> None:
    headers = (STRANGER if spoilt == "stranger" else SENDGRID).headers(
        BODY, AT + {"old": -90_000 - 3600, "late": 7200}.get(spoilt, 0)
    )
    if spoilt == "bare":
        headers = {}
    elif spoilt in ("signature", "timestamp"):
        del headers[next(name for name in headers if spoilt in name.lower())]
    content = BODY + b" " if spoilt == "body" else BODY
    assert here.post(PATH, content, headers) == 403
    assert here.kept() == []


def test_a_post_that_is_too_long_is_refused(here: Room) -> None:
    long = b"[" + b" " * MAX_BODY_BYTES + b"]"
    assert here.post(PATH, long, SENDGRID.headers(long, AT)) == 413
    pieces: list[bytes | None] = [long[:MAX_BODY_BYTES], long[MAX_BODY_BYTES:]]  # without a Content-Length
    assert here.post(PATH, pieces, SENDGRID.headers(long, AT)) == 413
    assert here.kept() == []


def test_a_line_that_breaks_leaves_nothing(here: Room) -> None:
    assert here.post(PATH, [BODY[:9], None, BODY[9:]], SENDGRID.headers(BODY, AT)) == 413
    assert here.kept() == []


def test_a_secret_path_is_a_second_lock(database: Database) -> None:
    with opened(database, secret="leaf-9") as here:
        for path, status in ((PATH, 403), (f"{PATH}/leaf", 403), (f"{PATH}/leaf-9", 204)):
            assert here.post(path, BODY, SENDGRID.headers(BODY, AT)) == status, path
        assert here.kept() == [BODY]
    with opened(database) as here:
        assert here.post(f"{PATH}/leaf-9", BODY, SENDGRID.headers(BODY, AT)) == 403


def test_other_methods_find_nothing(here: Room) -> None:
    assert {here.client.request(method, PATH).status for method in ("GET", "PUT", "DELETE")} == {405}


def test_a_store_that_fails_asks_for_the_post_again(here: Room, database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("DROP TABLE webhook")
    assert here.post(PATH, BODY, SENDGRID.headers(BODY, AT)) == 503


NAMES = st.sampled_from([*SENDGRID.headers(b"", AT), "Content-Encoding", "Expect", "X-Other"])
TEXTS = st.text("azAZ09+/=-, \t", max_size=100).map(str.strip)


def spoilt(dice: random.Random) -> tuple[bytes, dict[str, str]]:
    """The true post with one byte of its body or one sign of a signed header changed, cut off or doubled."""
    headers = dict(SENDGRID.headers(BODY, AT))
    name = dice.choice([*headers][:2])
    place, sign = dice.randrange(len(headers[name])), dice.choice("0aZ/=+ -")
    content = bytearray(BODY)
    match dice.randrange(5):
        case 0:
            content[dice.randrange(len(BODY))] ^= 1 << dice.randrange(8)
        case 1:
            content = content[: dice.randrange(len(BODY))]
        case 2:
            content *= 2
        case 3:
            headers[name] = headers[name][:place]
        case _:
            old = headers[name]
            headers[name] = old[:place] + (sign if old[place] != sign else "9") + old[place + 1 :]
    return bytes(content), headers


def test_ten_thousand_strange_posts_change_nothing(sqlite_url: str, tmp_path: Path) -> None:
    true = SENDGRID.headers(BODY, AT)
    seen: set[int] = set()
    with closing(open_database(sqlite_url, home=tmp_path)) as database, opened(database) as here:

        @settings(max_examples=examples(1000), deadline=None, suppress_health_check=list(HealthCheck))
        @given(
            content=st.binary(max_size=60) | st.just(BODY),
            changed=st.dictionaries(NAMES, TEXTS | st.sampled_from(list(true.values())), min_size=1, max_size=3),
            path=st.sampled_from([PATH, PATH, PATH, f"{PATH}/x", f"{PATH}/%00", f"{PATH}/..%2f"]),
            seed=st.integers(0, 1 << 60),
        )
        def post(content: bytes, changed: dict[str, str], path: str, seed: int) -> None:
            dice = random.Random(seed)
            for _ in range(9):
                seen.add(here.post(PATH, *spoilt(dice)))
            headers = {**true, **changed}
            if (content, path) == (BODY, PATH) and all(headers[name] == true[name] for name in list(true)[:2]):
                return  # nothing about it is wrong
            seen.add(here.post(path, content, headers))

        post()
        assert seen <= {307, 403, 404}
        assert here.kept() == []


def the_app(home: Path, **environment: str) -> Iterator[App]:
    make_folder(home)
    with make_app(home, environment=environment) as app:
        yield app


def test_the_settings_name_the_keys(tmp_path: Path) -> None:
    (without,) = [webhooks(app) for app in the_app(tmp_path / "without")]
    assert without.routes == []
    named = {"DIGEST_WEB__WEBHOOKS__SENDGRID__KEYS_ENV": "SENDGRID_WEBHOOK_KEYS"}
    both = f"{SENDGRID.public},{STRANGER.public}"
    (found,) = [webhooks(app) for app in the_app(tmp_path / "two", **named, SENDGRID_WEBHOOK_KEYS=both)]
    assert len(found.routes) == 2
    for wrong in ("", "no key"):
        with pytest.raises(ConfigurationError, match=r"SENDGRID_WEBHOOK_KEYS: .*public key"):
            [webhooks(app) for app in the_app(tmp_path / f"wrong{wrong}", **named, SENDGRID_WEBHOOK_KEYS=wrong)]
