"""Servers repeat the secrets that they are sent. None reaches the store or the output."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from digest.app import make_app
from digest.web.webhooks import webhooks
from tests.cli.newsroom import Newsroom, Run
from tests.deliver.scripted_smtp import ScriptedSmtp
from tests.support.asgi import Asgi
from tests.support.http_server import Exchange, HttpServer
from tests.support.profiles import first
from tests.support.sendgrid_events import PATH, Webhook

# Unlike a provider's keys, so that only its value can identify it.
SECRET = "correct.horse/battery+staple"
PASSWORD = "horse-battery9"


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


def forms(secret: str, user: str = "desk@example.com") -> list[bytes]:
    """The forms in which a secret could be stored or shown."""
    login = base64.b64encode(f"\0{user}\0{secret}".encode())
    basic = base64.b64encode(f"{user}:{secret}".encode())
    return [secret.encode(), secret[: len(secret) * 2 // 3].encode(), login, basic, base64.b64encode(secret.encode())]


def assert_kept(newsroom: Newsroom, secret: str, *runs: Run, user: str = "desk@example.com") -> None:
    """Fail if the secret is in the output of commands or in any file of the folder except the settings."""
    for form in forms(secret, user):
        for run in runs:
            assert form not in (run.out + run.err).encode()
        for path in newsroom.home.rglob("*"):
            if path.is_file() and path.suffix != ".yaml":
                assert form not in path.read_bytes(), path


def echo(status: int, wrap: str, *, before: str = "") -> object:
    """Answer with the request's Authorization header, in a message of the provider's form."""

    def handle(exchange: Exchange) -> None:
        message = f"{before}invalid: Authorization: {exchange.request.headers['authorization']}"
        body = json.dumps(
            {"errors": [{"message": message}]} if wrap == "sendgrid" else {"name": "x", "message": message}
        )
        exchange.reply(
            body.encode(), status=status, headers={"Content-Type": "application/json", "X-Message-Id": message}
        )

    return handle


VARIABLES = {"sendgrid": "SENDGRID_API_KEY", "resend": "RESEND_API_KEY"}
STATUSES = [400, 401, 403, 500, 202, 302]
# Every provider gets every status, with a short text or with one that is cut by the limit of messages. The first half
# has every status once.
ANSWERS = [
    (tuple(VARIABLES)[(place + turn) % 2], status, "x" * 255 if (place // 2 + turn) % 2 else "")
    for turn in range(2)
    for place, status in enumerate(STATUSES)
]


@pytest.mark.slow
@pytest.mark.parametrize(("provider", "status", "before"), first(ANSWERS, len(STATUSES)))
def test_the_key_of_an_api(newsroom: Newsroom, server: HttpServer, provider: str, status: int, before: str) -> None:
    for path in ["/v3/mail/send", "/v3/scopes", "/emails/batch", "/emails", "/domains"]:
        server.route(path, echo(status, provider, before=before))  # type: ignore[arg-type]
    newsroom.environment |= {
        "DIGEST_DELIVERY__TRANSPORT": provider,
        f"DIGEST_DELIVERY__{provider.upper()}__HOST": server.url().rstrip("/"),
        VARIABLES[provider]: SECRET,
        "DIGEST_DELIVERY__TRIES": "1",
    }
    runs = [newsroom.digest("send"), newsroom.digest("status", "--json"), newsroom.digest("check", "--json")]
    runs += [newsroom.digest("send", "--test", "asha@example.com")]
    assert any("***" in run.out + run.err for run in runs) or status in (202, 302)
    assert server.requests, "the provider was asked"
    assert_kept(newsroom, SECRET, *runs)


@pytest.mark.slow
@pytest.mark.parametrize("reply", ["535 5.7.8 AUTH PLAIN {login} is wrong", "535 wrong: {password}", "535 {alone}"])
def test_the_password_of_an_smtp_server(newsroom: Newsroom, reply: str) -> None:
    user = "desk@example.com"
    words = {
        "login": base64.b64encode(f"\0{user}\0{PASSWORD}".encode()).decode(),
        "password": PASSWORD,
        "alone": base64.b64encode(PASSWORD.encode()).decode(),
    }
    said = reply.format(**words).encode() + b"\r\n"
    with ScriptedSmtp(auth=[said] * 20) as smtp:
        smtp.hello = b"250-here\r\n250 AUTH PLAIN\r\n"
        runs = over_smtp(newsroom, smtp, user)
    assert "535" in runs[0].err
    assert_kept(newsroom, PASSWORD, *runs)


@pytest.mark.slow
def test_the_password_in_the_refusal_of_a_recipient(newsroom: Newsroom) -> None:
    with ScriptedSmtp(rcpt=[f"550 {PASSWORD} is no recipient\r\n".encode()] * 20, auth=[b"235 fine\r\n"] * 20) as smtp:
        smtp.hello = b"250-here\r\n250 AUTH PLAIN\r\n"
        runs = over_smtp(newsroom, smtp, "desk@example.com")
    assert "550 *** is no recipient" in runs[1].out
    assert_kept(newsroom, PASSWORD, *runs)


def over_smtp(newsroom: Newsroom, smtp: ScriptedSmtp, user: str) -> list[Run]:
    newsroom.environment |= {
        "DIGEST_DELIVERY__TRANSPORT": "smtp",
        "DIGEST_DELIVERY__SMTP__HOST": "127.0.0.1",
        "DIGEST_DELIVERY__SMTP__PORT": str(smtp.port),
        "DIGEST_DELIVERY__SMTP__USERNAME": user,
        "DIGEST_SMTP_PASSWORD": PASSWORD,
        "DIGEST_DELIVERY__THREADS": "1",
    }
    return [newsroom.digest("send"), newsroom.digest("status", "--all"), newsroom.digest("check", "--json")]


FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>ख़बर</title><link>https://example.com</link>
<item><title>नहर में पानी आया और खेत हरे हुए</title><link>https://example.com/a?apikey={key}</link>
<description>{key} के साथ पढ़ा गया। नहर में पानी आने से किसान बहुत ख़ुश हैं।</description></item></channel></rss>"""


def answers(server: HttpServer, how: str) -> None:
    """Serve /feed so that the response repeats the request."""

    def handle(exchange: Exchange) -> None:
        sent = exchange.request.headers.get("authorization") or exchange.request.headers.get("x-api-key", "")
        key = exchange.request.target.partition("apikey=")[2] or sent
        if how == "401":
            exchange.reply(sent.encode() + key.encode(), status=401)
        elif how == "redirect":
            exchange.reply(status=301, headers={"Location": f"/moved?session={key}".replace(" ", "%20")})
        elif how == "broken":
            exchange.reply(f"<rss><{key}".encode(), headers={"Content-Type": f"text/xml; x={key}"})
        else:
            headers = {"Content-Type": "application/rss+xml", "ETag": f'"{key}"', "Last-Modified": sent or key}
            exchange.reply(FEED.format(key=key).encode(), headers=headers)

    server.route("/feed", handle)
    server.route("/moved", lambda exchange: exchange.reply(FEED.format(key=exchange.request.target).encode()))


PLACES, REPLIES = ("header", "param", "userinfo", "query"), ("401", "redirect", "broken", "fine")
# Each place with each reply. The first four have all places and all replies.
SOURCES = [(place, REPLIES[(at + turn) % 4]) for turn in range(4) for at, place in enumerate(PLACES)]


@pytest.mark.slow
@pytest.mark.parametrize(("place", "how"), first(SOURCES, len(PLACES)))
def test_the_key_of_a_source(newsroom: Newsroom, server: HttpServer, place: str, how: str) -> None:
    answers(server, how)
    url, secret, row = server.url("/feed"), "key-of-the-agency-7", ""
    if place == "userinfo":
        url = url.replace("://", f"://desk%40example.com:{secret}@")
    elif place == "query":
        url += f"?apikey={secret}"
    else:
        newsroom.environment["AGENCY_KEY"] = secret
        row = f", auth: {{env: AGENCY_KEY, {place}: {'X-Api-Key' if place == 'header' else 'apikey'}}}"
    settings = newsroom.home / "digest.yaml"
    head = settings.read_text(encoding="utf-8").partition("\nsources:")[0]
    settings.write_text(
        f'{head}\nsources:\n  - {{name: अभिकरण, url: "{url}", allow_private: true{row}}}\n', encoding="utf-8"
    )
    commands = (
        ("collect",), ("collect", "--json"), ("sources", "list"), ("sources", "list", "--json"), ("check",),
        ("check", "--json"), ("sources", "test", "अभिकरण"), ("compose",), ("compose", "--json"),
        ("sources", "test", url, "--allow-private"), ("sources", "add", url, "--allow-private"),
    )  # fmt: skip
    runs = [newsroom.digest(*command) for command in commands]
    assert server.hits("/feed"), "the source was asked"
    assert_kept(newsroom, secret, *runs)


def test_a_changed_password_is_still_the_same_source(newsroom: Newsroom, server: HttpServer) -> None:
    server.route("/feed", FEED.format(key="x"))
    settings = newsroom.home / "digest.yaml"
    head = settings.read_text(encoding="utf-8").partition("\nsources:")[0]
    for password in ("first-password", "second-password"):
        url = server.url("/feed").replace("://", f"://desk:{password}@")
        settings.write_text(f'{head}\nsources:\n  - {{name: अ, url: "{url}", allow_private: true}}\n', encoding="utf-8")
        newsroom.json("collect")
    (source,) = newsroom.json("collect")["sources"]
    assert (source["kind"], source["error"]) == ("unchanged", "")


def test_a_webhook_that_quotes_a_key_is_stored_without_it(newsroom: Newsroom) -> None:
    webhook = Webhook()
    newsroom.environment |= {
        "SENDGRID_API_KEY": SECRET,
        "SENDGRID_WEBHOOK_KEYS": webhook.public,
        "DIGEST_WEB__WEBHOOKS__SENDGRID__KEYS_ENV": "SENDGRID_WEBHOOK_KEYS",
    }
    body = json.dumps([{"event": "bounce", "email": "asha@example.com", "reason": f"550 {SECRET}"}]).encode()
    with make_app(newsroom.home, environment=newsroom.env()) as app:
        routes = FastAPI()
        routes.include_router(webhooks(app))
        client = Asgi(routes)
        try:
            assert client.request("POST", PATH, body, webhook.headers(body, app.now().timestamp())).status == 204
        finally:
            client.close()
        (payload,) = app.events.queued()
        assert b"550 ***" in payload.body
    assert_kept(newsroom, SECRET, newsroom.digest("events", "handle"))


def test_the_password_of_a_store(newsroom: Newsroom) -> None:
    for url in (f"postgresql://digest:{PASSWORD}@127.0.0.1:1/digest", f"htp://digest:{PASSWORD}@h/d"):
        for command in (("status",), ("status", "--json"), ("check",), ("check", "--json")):
            assert_kept(newsroom, PASSWORD, newsroom.digest(*command, DIGEST_STORE__URL=url))


def test_an_invalid_setting_is_quoted_without_its_password(newsroom: Newsroom) -> None:
    for variable in ("DIGEST_NEWSLETTER__BASE_URL", "DIGEST_DELIVERY__SENDGRID__HOST", "DIGEST_SUMMARY__URL"):
        run = newsroom.digest("check", **{variable: f"htps://desk:{PASSWORD}@{'long.' * 30}example"})
        assert run.code == 2
        assert_kept(newsroom, PASSWORD, run)


def test_the_traceback_of_a_bug_has_no_secret(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"a bug with {SECRET}")

    monkeypatch.setattr("digest.pipeline.collect", fail)
    run = newsroom.digest("collect", SENDGRID_API_KEY=SECRET, DIGEST_DEBUG="1")
    assert (run.code, "RuntimeError: a bug with ***" in run.err) == (1, True)
    assert_kept(newsroom, SECRET, run)


@pytest.mark.slow
def test_log_lines_have_no_secret(newsroom: Newsroom, tmp_path: Path) -> None:
    script = tmp_path / "log.py"
    script.write_text(
        "import logging, sys\nfrom datetime import UTC, datetime\nfrom digest.cli.logs import logging_to_stderr\n"
        "from digest.utils.redact import protect\nprotect([sys.argv[1]])\n"
        "with logging_to_stderr('text', lambda: datetime.now(UTC)):\n"
        "    try:\n        raise ValueError(sys.argv[1])\n"
        "    except ValueError:\n        logging.exception('failed with %s', sys.argv[1])\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, script, SECRET], capture_output=True, text=True, check=True)
    assert "ValueError: ***" in done.stderr
    assert_kept(newsroom, SECRET, Run(0, done.stdout, done.stderr))
