"""The webhook over HTTP: what is stored, what is refused, and that unsigned requests change nothing."""

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
from digest.errors import ConfigurationError
from digest.feedback.sendgrid import SendGridVerifier, read_keys
from digest.feedback.sns import SnsVerifier
from digest.store.content.events import EventStore
from digest.store.database import Database, open_database
from digest.web.webhooks import MAX_BODY_BYTES, brevo_router, router, ses_router, webhooks
from tests.support.asgi import Asgi
from tests.support.folders import newsletter_folder
from tests.support.profiles import examples
from tests.support.sendgrid_events import PATH, Webhook, body, event
from tests.support.sns import TOPIC, Sns

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
AT = NOW.timestamp()
BODY = body([event("delivered", "asha@example.com", AT), event("bounce", "आशा", AT, type="bounce")])
SENDGRID, STRANGER = Webhook(), Webhook()


@dataclass
class Endpoint:
    """The webhook and its store."""

    client: Asgi
    store: EventStore

    def post(self, path: str, content: bytes | list[bytes | None], headers: dict[str, str]) -> int:
        return self.client.request("POST", path, content, headers).status

    def stored(self) -> list[bytes]:
        return [request.body for request in self.store.queued()]


@contextmanager
def serve(database: Database, *, secret: str = "") -> Iterator[Endpoint]:
    """Serve the webhook as `digest web` does."""
    store = EventStore(database)
    app = FastAPI()
    app.include_router(router(SendGridVerifier(read_keys(SENDGRID.public)), store, lambda: NOW, secret=secret))
    with closing(Asgi(app)) as client:
        yield Endpoint(client, store)


@pytest.fixture
def endpoint(database: Database) -> Iterator[Endpoint]:
    with serve(database) as endpoint:
        yield endpoint


def test_a_signed_request_is_stored_unchanged_and_once(endpoint: Endpoint) -> None:
    for _ in range(3):
        answer = endpoint.client.request("POST", PATH, BODY, SENDGRID.headers(BODY, AT))
        assert (answer.status, answer.body) == (204, b"")
    assert endpoint.stored() == [BODY]


def test_a_signed_request_is_stored_whatever_it_contains(endpoint: Endpoint) -> None:
    for content in (b"", b"[]", b"no json"):
        assert endpoint.post(PATH, content, SENDGRID.headers(content, AT)) == 204
    assert len(endpoint.stored()) == 3


@pytest.mark.parametrize("defect", ["stranger", "body", "old", "late", "bare", "signature", "timestamp"])
def test_an_unsigned_request_is_refused_and_not_stored(endpoint: Endpoint, defect: str) -> None:
    headers = (STRANGER if defect == "stranger" else SENDGRID).headers(
        BODY, AT + {"old": -90_000 - 3600, "late": 7200}.get(defect, 0)
    )
    if defect == "bare":
        headers = {}
    elif defect in ("signature", "timestamp"):
        del headers[next(name for name in headers if defect in name.lower())]
    content = BODY + b" " if defect == "body" else BODY
    assert endpoint.post(PATH, content, headers) == 403
    assert endpoint.stored() == []


def test_a_large_request_is_refused(endpoint: Endpoint) -> None:
    long = b"[" + b" " * MAX_BODY_BYTES + b"]"
    assert endpoint.post(PATH, long, SENDGRID.headers(long, AT)) == 413
    # In chunks there is no Content-Length.
    chunks: list[bytes | None] = [long[:MAX_BODY_BYTES], long[MAX_BODY_BYTES:]]
    assert endpoint.post(PATH, chunks, SENDGRID.headers(long, AT)) == 413
    assert endpoint.stored() == []


def test_a_broken_connection_stores_nothing(endpoint: Endpoint) -> None:
    assert endpoint.post(PATH, [BODY[:9], None, BODY[9:]], SENDGRID.headers(BODY, AT)) == 413
    assert endpoint.stored() == []


def test_a_secret_in_the_path_is_required_too(database: Database) -> None:
    with serve(database, secret="leaf-9") as endpoint:
        for path, status in ((PATH, 403), (f"{PATH}/leaf", 403), (f"{PATH}/leaf-9", 204)):
            assert endpoint.post(path, BODY, SENDGRID.headers(BODY, AT)) == status, path
        assert endpoint.stored() == [BODY]
    with serve(database) as endpoint:
        assert endpoint.post(f"{PATH}/leaf-9", BODY, SENDGRID.headers(BODY, AT)) == 403


def test_other_methods_are_not_allowed(endpoint: Endpoint) -> None:
    assert {endpoint.client.request(method, PATH).status for method in ("GET", "PUT", "DELETE")} == {405}


def test_a_failing_store_asks_for_a_retry(endpoint: Endpoint, database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("DROP TABLE webhook")
    assert endpoint.post(PATH, BODY, SENDGRID.headers(BODY, AT)) == 503


NAMES = st.sampled_from([*SENDGRID.headers(b"", AT), "Content-Encoding", "Expect", "X-Other"])
TEXTS = st.text("azAZ09+/=-, \t", max_size=100).map(str.strip)


def modified(dice: random.Random) -> tuple[bytes, dict[str, str]]:
    """The valid request with its body or a signed header changed, cut off or doubled."""
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


@pytest.mark.slow
def test_invalid_requests_store_nothing(sqlite_url: str, tmp_path: Path) -> None:
    valid = SENDGRID.headers(BODY, AT)
    seen: set[int] = set()
    with closing(open_database(sqlite_url, home=tmp_path)) as database, serve(database) as endpoint:

        @settings(max_examples=examples(200), deadline=None, suppress_health_check=list(HealthCheck))
        @given(
            content=st.binary(max_size=60) | st.just(BODY),
            changed=st.dictionaries(NAMES, TEXTS | st.sampled_from(list(valid.values())), min_size=1, max_size=3),
            path=st.sampled_from([PATH, PATH, PATH, f"{PATH}/x", f"{PATH}/%00", f"{PATH}/..%2f"]),
            seed=st.integers(0, 1 << 60),
        )
        def post(content: bytes, changed: dict[str, str], path: str, seed: int) -> None:
            dice = random.Random(seed)
            for _ in range(9):
                seen.add(endpoint.post(PATH, *modified(dice)))
            headers = {**valid, **changed}
            if (content, path) == (BODY, PATH) and all(headers[name] == valid[name] for name in list(valid)[:2]):
                # Nothing was changed.
                return
            seen.add(endpoint.post(path, content, headers))

        post()
        assert seen <= {307, 403, 404}
        assert endpoint.stored() == []


def open_app(home: Path, **environment: str) -> Iterator[App]:
    newsletter_folder(home, all_sources=False)
    with make_app(home, environment=environment) as app:
        yield app


def paths(app: App) -> set[str]:
    served = FastAPI()
    served.include_router(webhooks(app))
    return set(served.openapi()["paths"])


def test_keys_come_from_the_settings(tmp_path: Path) -> None:
    (without,) = [paths(app) for app in open_app(tmp_path / "without")]
    assert without == set()
    named = {"DIGEST_WEB__WEBHOOKS__SENDGRID__KEYS_ENV": "SENDGRID_WEBHOOK_KEYS"}
    both = f"{SENDGRID.public},{STRANGER.public}"
    (found,) = [paths(app) for app in open_app(tmp_path / "two", **named, SENDGRID_WEBHOOK_KEYS=both)]
    assert found == {PATH, f"{PATH}/{{path_secret}}"}
    for wrong in ("", "no key"):
        with pytest.raises(ConfigurationError, match=r"SENDGRID_WEBHOOK_KEYS: .*public key"):
            [webhooks(app) for app in open_app(tmp_path / f"wrong{wrong}", **named, SENDGRID_WEBHOOK_KEYS=wrong)]


TOKEN = "brevo-token-16-characters"


def test_brevos_events_need_the_token(database: Database) -> None:
    store, app = EventStore(database), FastAPI()
    app.include_router(brevo_router(TOKEN, store, lambda: NOW))
    body = b'{"event": "delivered"}'
    with closing(Asgi(app)) as client:
        endpoint = Endpoint(client, store)
        for given in (
            {},
            {"authorization": TOKEN},
            {"authorization": "Bearer "},
            {"authorization": f"Bearer {TOKEN}x"},
        ):
            assert endpoint.post("/webhooks/brevo", body, given) == 403
        assert endpoint.stored() == []
        bearer = {"authorization": f"Bearer {TOKEN}"}
        assert endpoint.post("/webhooks/brevo", b"x" * (MAX_BODY_BYTES + 1), bearer) == 413
        for _ in range(2):
            assert endpoint.post("/webhooks/brevo", body, bearer) == 204
        assert endpoint.stored() == [body]
        with database.write() as connection:
            connection.exec_driver_sql("DROP TABLE webhook")
        assert endpoint.post("/webhooks/brevo", b"other", bearer) == 503


def test_brevos_token_comes_from_the_settings_and_is_long(tmp_path: Path) -> None:
    named = {"DIGEST_WEB__WEBHOOKS__BREVO__TOKEN_ENV": "BREVO_WEBHOOK_TOKEN"}
    (found,) = [paths(app) for app in open_app(tmp_path / "one", **named, BREVO_WEBHOOK_TOKEN=TOKEN)]
    assert found == {"/webhooks/brevo"}
    with pytest.raises(ConfigurationError, match="at least 16 characters"):
        [webhooks(app) for app in open_app(tmp_path / "short", **named, BREVO_WEBHOOK_TOKEN="short")]


def test_messages_of_sns_are_stored_and_its_subscription_is_confirmed(database: Database) -> None:
    sns, store, app = Sns(NOW), EventStore(database), FastAPI()
    app.include_router(ses_router(SnsVerifier(TOPIC, sns.fetch), store, lambda: NOW))
    with closing(Asgi(app)) as client:
        endpoint = Endpoint(client, store)
        body = sns.message('{"eventType": "Send"}')
        assert endpoint.post("/webhooks/ses", b"{}", {}) == 403
        assert endpoint.post("/webhooks/ses", Sns(NOW).message("{}"), {}) == 403
        assert endpoint.post("/webhooks/ses", b"x" * (MAX_BODY_BYTES + 1), {}) == 413
        assert endpoint.stored() == []
        for _ in range(2):
            assert endpoint.post("/webhooks/ses", body, {"content-type": "text/plain; charset=UTF-8"}) == 204
        assert endpoint.stored() == [body]
        assert endpoint.post("/webhooks/ses", sns.message("?", kind="SubscriptionConfirmation"), {}) == 204
        assert sum("Action=ConfirmSubscription" in request for request in sns.requests) == 1
        assert endpoint.stored() == [body]
        sns.is_down = True
        assert endpoint.post("/webhooks/ses", sns.message("?", kind="SubscriptionConfirmation"), {}) == 503


def test_the_topic_comes_from_the_settings(tmp_path: Path) -> None:
    (found,) = [paths(app) for app in open_app(tmp_path / "one", DIGEST_WEB__WEBHOOKS__SES__TOPIC_ARN=TOPIC)]
    assert found == {"/webhooks/ses"}
