"""Posts on Telegram: limits in UTF-16 units, every fault of a server, and one post an edition by the ledger."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest import pipeline
from digest.app import App, make_app
from digest.deliver.telegram import (
    MAX_CAPTION,
    MAX_MESSAGE,
    MaybePosted,
    NotPosted,
    Outcome,
    Posted,
    PostRefused,
    TelegramClient,
    cut,
    fit_text,
    utf16_length,
)
from digest.hindi.cut import clusters
from digest.store.sending.channel_posts import PostState
from digest.usecases.share import ChannelPoster
from tests.support import http_behaviours
from tests.support.folders import newsletter_folder
from tests.support.http_server import Exchange, Handler, HttpServer

TOKEN = "123456:local-test-token"
CHANNEL = "@nadipur_news"
RunShare = Callable[..., tuple[int, dict[str, Any]]]
KEY = "2026-11-23"
SEND = f"/bot{TOKEN}/sendMessage"
PHOTO = f"/bot{TOKEN}/sendPhoto"
OK = json.dumps({"ok": True, "result": {"message_id": 77}})


def answer(status: int, body: object, **headers: str) -> Handler:
    return lambda exchange: exchange.reply(json.dumps(body).encode(), status=status, headers=headers)


# What a server does, and the outcome. A request that the server may have read is never repeated.
FAULTS: list[tuple[str, Handler, type[Outcome]]] = [
    ("posted", answer(200, {"ok": True, "result": {"message_id": 77}}), Posted),
    ("posted, unreadable", lambda exchange: exchange.reply(b"<html>"), Posted),
    ("posted, and cut off", http_behaviours.truncated(OK.encode(), 5), Posted),
    ("wrong channel", answer(400, {"ok": False, "description": "Bad Request: chat not found"}), PostRefused),
    ("wrong token", answer(401, {"ok": False, "description": "Unauthorized"}), PostRefused),
    ("no admin", answer(403, {"ok": False, "description": "Forbidden: not a member"}), PostRefused),
    ("no such method", answer(404, {"ok": False}), PostRefused),
    ("too large", answer(413, {"ok": False}), PostRefused),
    ("not ok", answer(200, {"ok": False, "description": "no"}), PostRefused),
    ("too many", answer(429, {"ok": False, "parameters": {"retry_after": 7}}), NotPosted),
    ("too many, by header", answer(429, {}, **{"Retry-After": "9"}), NotPosted),
    ("server error", answer(500, {"ok": False}), MaybePosted),
    ("bad gateway", answer(502, "x"), MaybePosted),
    ("request timeout", answer(408, {}), MaybePosted),
    ("hangs", http_behaviours.hang(30), MaybePosted),
    ("resets", http_behaviours.reset(), MaybePosted),
    ("posted, and resets", http_behaviours.reset(b"{"), Posted),
    ("no HTTP", http_behaviours.nonsense(), MaybePosted),
]


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as server:
        yield server


@pytest.mark.slow
@pytest.mark.parametrize("photo", [None, b"\xff\xd8 card"], ids=["text", "photo"])
@pytest.mark.parametrize(("handler", "expected"), [each[1:] for each in FAULTS], ids=[each[0] for each in FAULTS])
def test_every_answer_says_whether_the_channel_may_have_it(
    server: HttpServer, handler: Handler, expected: type[Outcome], photo: bytes | None
) -> None:
    server.route(PHOTO if photo else SEND, handler)
    client = TelegramClient(TOKEN, host=server.url("").rstrip("/"), timeout=0.3)
    try:
        outcome = client.post(CHANNEL, "सुबह की ख़बरें", photo)
    finally:
        client.close()
    assert isinstance(outcome, expected)
    assert len(server.requests) == 1
    assert TOKEN not in repr(outcome)
    if isinstance(outcome, NotPosted):
        assert outcome.retry_after in (7.0, 9.0)


def test_nobody_listens_so_nothing_was_sent() -> None:
    with HttpServer() as server:
        host = server.url("").rstrip("/")
    outcome = TelegramClient(TOKEN, host=host, timeout=0.3).post(CHANNEL, "x")
    assert isinstance(outcome, NotPosted)
    assert TOKEN not in outcome.detail


def test_the_text_and_the_photo_arrive_whole(server: HttpServer) -> None:
    for path in (SEND, PHOTO):
        server.route(path, OK, type="application/json")
    client = TelegramClient(TOKEN, host=server.url("").rstrip("/"))
    assert client.post(CHANNEL, "नदी 🌊") == Posted(77)
    assert json.loads(server.hits(SEND)[0].body) == {"chat_id": CHANNEL, "text": "नदी 🌊"}
    assert client.post(CHANNEL, "नदी 🌊", b"\xff\xd8\r\n--x\r\n") == Posted(77)
    client.close()
    body = server.hits(PHOTO)[0].body
    assert b"\xff\xd8\r\n--x\r\n" in body
    assert "नदी 🌊".encode() in body


@pytest.mark.parametrize("text", ["", "  ", "क" * (MAX_MESSAGE + 1), "🌊" * (MAX_MESSAGE // 2 + 1)])
def test_a_text_that_telegram_would_refuse_is_never_sent(text: str) -> None:
    with pytest.raises(ValueError, match="4096"):
        TelegramClient(TOKEN).post(CHANNEL, text)


@given(st.text(max_size=60) | st.text("क्षित्र 🌊👩‍👩‍👧é", max_size=60), st.integers(1, 80))
def test_text_is_cut_between_letters_in_utf_16_units(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert utf16_length(short) <= limit
    whole = clusters(text)
    assert short == text or short.removesuffix("…") in {
        "".join(whole[:number]).rstrip() for number in range(len(whole))
    }


@settings(max_examples=60)
@given(st.lists(st.text("क्षि 🌊", min_size=1, max_size=90), max_size=5), st.integers(120, MAX_CAPTION))
def test_the_link_stays_whatever_is_left_out(points: list[str], limit: int) -> None:
    tail = "पूरा अंक: https://news.example.com/archive/2026-11-23"
    text = fit_text("सुबह · 23 नवंबर", "शीर्षक " * 20, points, tail, limit)
    assert utf16_length(text) <= limit
    assert text.endswith(tail)


@pytest.fixture
def posting(tmp_path: Path, server: HttpServer) -> Iterator[App]:
    """A newsletter with a channel whose edition was sent."""
    newsletter_folder(tmp_path / "newsletter", all_sources=False)
    environment = {
        "DIGEST_NOW": "2026-11-23T07:00+05:30",
        "DIGEST_NEWSLETTER__BASE_URL": "https://news.example.com",
        "DIGEST_TELEGRAM__CHANNEL": CHANNEL,
        "DIGEST_TELEGRAM__HOST": server.url("").rstrip("/"),
        "DIGEST_TELEGRAM__CARD": "false",
        "DIGEST_TELEGRAM__TIMEOUT": "1s",
        "TELEGRAM_BOT_TOKEN": TOKEN,
    }
    with make_app(tmp_path / "newsletter", environment=environment) as app:
        pipeline.send(app, KEY)
        yield app


def poster(app: App, later: timedelta = timedelta(0)) -> ChannelPoster:
    made = app.channel_poster
    assert made
    return replace(made, now=lambda: app.now() + later)


@pytest.mark.slow
def test_an_edition_is_posted_once_with_its_link(posting: App, server: HttpServer) -> None:
    server.route(SEND, OK, type="application/json")
    assert [each.state for each in poster(posting).post_due()] == [PostState.POSTED]
    assert poster(posting).post_due() == []
    assert poster(posting).post(KEY, at_once=True).message == 77
    [request] = server.hits(SEND)
    text = json.loads(request.body)["text"]
    assert f"https://news.example.com/archive/{KEY}" in text
    assert "*" not in text


@pytest.mark.slow
def test_what_telegram_may_have_is_never_posted_again_by_itself(posting: App, server: HttpServer) -> None:
    server.route(SEND, http_behaviours.reset())
    assert poster(posting).post(KEY).state == PostState.UNKNOWN
    server.route(SEND, OK, type="application/json")
    for later in (timedelta(0), timedelta(hours=2)):
        assert poster(posting, later).post_due() == []
        assert poster(posting, later).post(KEY, at_once=True).state == PostState.UNKNOWN
    assert len(server.requests) == 1
    made = poster(posting)
    assert made.posts.decide(KEY, CHANNEL, posted=False, now=posting.now())
    assert made.post(KEY).state == PostState.POSTED
    assert not made.posts.decide(KEY, CHANNEL, posted=False, now=posting.now())


@pytest.mark.slow
def test_what_was_surely_not_posted_is_tried_again_later(posting: App, server: HttpServer) -> None:
    server.route(SEND, answer(429, {"ok": False, "parameters": {"retry_after": 600}}))
    assert poster(posting).post(KEY).state == PostState.NOT_SENT
    server.route(SEND, OK, type="application/json")
    assert poster(posting, timedelta(minutes=6)).post_due() == []
    assert [each.state for each in poster(posting, timedelta(minutes=11)).post_due()] == [PostState.POSTED]


@pytest.mark.slow
def test_a_process_that_died_leaves_the_outcome_unknown(posting: App, server: HttpServer) -> None:
    made = poster(posting)
    assert made.posts.claim(KEY, CHANNEL, now=posting.now()) is None
    held = made.posts.claim(KEY, CHANNEL, now=posting.now())
    assert held
    assert held.state == PostState.SUBMITTING
    late = made.posts.claim(KEY, CHANNEL, now=posting.now() + timedelta(minutes=11))
    assert late
    assert late.state == PostState.UNKNOWN
    # The answer comes after all, and is proof.
    made.posts.settle(KEY, CHANNEL, PostState.POSTED, now=posting.now(), message=5)
    assert made.posts.claim(KEY, CHANNEL, now=posting.now()).state == PostState.POSTED  # type: ignore[union-attr]
    assert server.requests == []


@pytest.mark.slow
def test_twenty_processes_post_once(posting: App, server: HttpServer) -> None:
    gate = threading.Event()

    def slow(exchange: Exchange) -> None:
        gate.wait(5)
        exchange.reply(OK.encode())

    server.route(SEND, slow)
    states: list[PostState] = []
    one = replace(poster(posting), client=lambda: TelegramClient(TOKEN, host=server.url("").rstrip("/"), timeout=10))
    threads = [threading.Thread(target=lambda: states.append(one.post(KEY).state)) for _ in range(20)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()
    assert states.count(PostState.POSTED) >= 1
    assert len(server.hits(SEND)) == 1


@pytest.mark.slow
def test_an_old_edition_is_not_posted_when_the_channel_is_new(posting: App, server: HttpServer) -> None:
    assert poster(posting, timedelta(hours=13)).post_due() == []
    assert server.requests == []


@pytest.mark.slow
def test_the_command_says_what_to_do(posting: App, server: HttpServer, run_share: RunShare) -> None:
    server.route(SEND, http_behaviours.reset())
    code, shown = run_share()
    assert (code, shown["state"]) == (1, "unknown")
    code, shown = run_share("--seen")
    assert (code, shown["state"]) == (0, "posted")
    assert len(server.requests) == 1


@pytest.fixture
def run_share(posting: App) -> RunShare:
    from click.testing import CliRunner

    from digest.cli.commands import cli

    def run(*arguments: str) -> tuple[int, dict[str, Any]]:
        done = CliRunner().invoke(
            cli,
            ["--home", str(posting.home), "share", KEY, "--telegram", "--json", *arguments],
            env=dict(posting.environment),
            standalone_mode=False,
        )
        return done.return_value, json.loads(done.stdout)

    return run
