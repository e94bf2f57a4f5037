"""Where the desk is served: with the pages, on its own port or host, or not at all; and during a send."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Connection, Engine, event

from digest import pipeline
from digest.app import make_app
from digest.cli.users import first_link
from digest.cli.web import announce_desk
from digest.models import EditionState, Role
from digest.usecases.enqueue import SendRequest
from digest.web.server import RunningPages, run_pages
from tests.support.folders import newsletter_folder
from tests.web.desk.browser import TESTER, Browser, code_of, set_up
from tests.web.desk.conftest import KEY, SETTINGS, open_desk
from tests.web.site import Site


@pytest.mark.slow
def test_the_desk_can_be_turned_off(tmp_path: Path) -> None:
    for site in open_desk(tmp_path / "newsletter", DIGEST_DESK__ENABLED="false"):
        assert site.get("/desk/login").status == 404
        assert site.get("/join").status == 200


def test_the_desk_has_a_port_of_its_own(tmp_path: Path) -> None:
    home = tmp_path / "newsletter"
    newsletter_folder(home, all_sources=False)
    with make_app(home, environment={**SETTINGS, "DIGEST_DESK__PORT": "0"}) as app, run_pages(app, port=0) as pages:
        assert pages.desk_base != pages.base
        assert Site(app, pages.base).get("/desk/login").status == 404
        assert Site(app, pages.desk_base).get("/desk/login").status == 200
        assert Site(app, pages.desk_base).get("/join").status == 404


@pytest.mark.slow
def test_the_desk_has_a_host_of_its_own(tmp_path: Path) -> None:
    for site in open_desk(tmp_path / "newsletter", DIGEST_DESK__BASE_URL="https://desk.example.com"):
        own = {"Host": "desk.example.com", "X-Forwarded-Proto": "https"}
        assert "डेस्क" in site.request("GET", "/login", headers=own).text
        assert site.request("GET", "/join", headers=own).status == 404
        assert site.request("GET", "/join", headers={"Host": "news.example.com"}).status == 200
        assert site.request("GET", "/login", headers={"Host": "evil.example.com"}).status == 421


@pytest.mark.slow
def test_a_proxy_may_strip_the_path_of_the_pages(tmp_path: Path) -> None:
    for site in open_desk(tmp_path / "newsletter", DIGEST_NEWSLETTER__BASE_URL="https://example.com/news"):
        for path in ("/news/desk/login", "/desk/login"):
            page = site.get(path)
            assert page.status == 200
            assert 'action="/news/desk/login"' in page.text


def test_a_page_reads_the_store_in_one_transaction(editor: Browser, desk: Site) -> None:
    begun: list[str] = []

    def note(connection: Connection) -> None:
        # What is counted in the background has transactions of its own.
        if not connection.get_execution_options().get("writes"):
            begun.append(threading.current_thread().name)

    # All databases, because that of the desk has an engine of its own.
    event.listen(Engine, "begin", note)
    try:
        for path in ("/", f"/edition/{KEY}", f"/edition/{KEY}/pool?q=a", "/reports"):
            begun.clear()
            assert editor.get(path).status == 200
            assert [each for each in begun if each.startswith("AnyIO")] == ["AnyIO worker thread"], path
    finally:
        event.remove(Engine, "begin", note)


def test_files_are_kept_by_browsers_and_compressed_once(desk: Site) -> None:
    paths = re.findall(r'(?:href|src)="(/desk/static/[^"#]+)"', Browser(desk).get("/login").text)
    assert len(paths) > 3
    for path in paths:
        answer = desk.request("GET", path, headers={"Accept-Encoding": "gzip"})
        assert "immutable" in answer.headers["cache-control"]
        assert (answer.headers["content-encoding"], answer.headers["vary"]) == ("gzip", "accept-encoding")
    assert desk.get("/desk/static/1/..%2fapp.py").status == 404


def test_the_first_admin_gets_a_link_until_somebody_signed_in(desk: Site) -> None:
    links = [first_link(desk.app, desk.base) for _ in range(2)]
    assert links[0] != links[1]
    token = urlsplit(links[1]).path.rpartition("/")[2]
    browser = Browser(desk)
    code = code_of(desk.app, desk.app.accounts.app_key(token))
    assert browser.post(f"/link/{token}", password="a long password", code=code).status == 303
    assert browser.get("/users").status == 200
    assert first_link(desk.app, desk.base) == ""
    assert [line.user.name for line in desk.app.accounts.list()] == ["admin"]
    assert TESTER.name not in browser.get("/log").text


@pytest.mark.parametrize(
    ("base_url", "told"), [("https://news.example.com", 1), ("", 0)], ids=["behind a web server", "on this machine"]
)
def test_the_first_link_also_opens_before_there_is_a_web_server_in_front(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    base_url: str,
    told: int,
) -> None:
    home = tmp_path / "newsletter"
    newsletter_folder(home)
    monkeypatch.setattr("digest.cli.web.on_terminal", lambda stream: True)
    caplog.set_level("INFO")
    with make_app(home, environment={**SETTINGS, "DIGEST_NEWSLETTER__BASE_URL": base_url}) as app:
        announce_desk(app, RunningPages(app, "http://127.0.0.1:8000"))
        links = re.findall(r"http\S+/desk/link/\S+", "\n".join(caplog.messages))
    assert len({urlsplit(link).path for link in links}) == 1
    assert caplog.text.count("On this machine it is http://127.0.0.1:8000/desk/link/") == told
    assert any(link.startswith("http://127.0.0.1:8000/") for link in links)


@pytest.mark.slow
def test_a_send_is_followed_and_stopped(desk: Site) -> None:
    app, sender = desk.app, set_up(desk, "kavita", Role.SENDER)
    edition = app.editions.get(KEY)
    assert edition is not None
    app.approver.approve(edition, how="a test", by=TESTER)
    app.enqueuer.enqueue(edition, SendRequest(scheduled=True))
    page = sender.get("/").text
    assert "भेजा जा रहा है" in page
    assert "बाक़ी" in page
    assert 'id="do-pause"' in page
    assert sender.post(f"/edition/{KEY}/pause").status == 303
    assert "रुका हुआ है" in sender.get("/").text
    sender.post(f"/edition/{KEY}/resume")
    found = app.editions.get(KEY)
    assert found is not None
    assert found.state == EditionState.SENDING
    assert sender.post(f"/edition/{KEY}/move", story=edition.lead, step="down").status == 409, "nothing is changed now"
    sender.post(f"/edition/{KEY}/cancel")
    assert "पूरा रोका गया" in sender.get(f"/edition/{KEY}").text
    assert pipeline.send(app, KEY).counts.accepted == 0
