"""Abuse of the pages: oversized heads, silent connections, two Host headers, mass sign-ups by bots."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.web.site import FORM, Site, said, site


def dial(pages: Site) -> socket.socket:
    place = urlsplit(pages.base)
    return socket.create_connection((place.hostname, place.port), timeout=20)


def rest(line: socket.socket) -> bytes:
    """All that comes until the other side hangs up."""
    got = b""
    try:
        while part := line.recv(1 << 16):
            got += part
    except ConnectionError:  # it was closed while we still wrote
        pass
    return got


@pytest.mark.parametrize("size", [70_000, 400_000])
@pytest.mark.parametrize("end", [b"", b"\r\n\r\n"], ids=["unfinished", "whole"])
def test_a_head_has_an_end(pages: Site, size: int, end: bytes) -> None:
    with dial(pages) as line:
        try:
            line.sendall(b"GET /join HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * size + end)
        except ConnectionError:
            return  # refused before it was whole
        assert rest(line)[:13] in (b"HTTP/1.1 431 ", b"HTTP/1.1 400 ", b"")
    assert pages.get("/join").status == 200


def test_one_click_answers_before_a_body_that_never_comes(pages: Site) -> None:
    token = pages.token("leave", "asha@example.com")
    with dial(pages) as line:
        line.sendall(f"POST /leave/{token} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n".encode())
        assert line.recv(64).startswith(b"HTTP/1.1 200 ")
    assert list(pages.app.readers.suppressed()) == ["asha@example.com"]


def test_many_silent_connections_keep_nobody_out(pages: Site) -> None:
    with ExitStack() as lines:
        for _ in range(300):
            lines.enter_context(dial(pages)).sendall(b"GET / HT")
        assert pages.get("/join").status == 200


def test_two_requests_in_one_piece_are_both_answered(pages: Site) -> None:
    one = b"GET /icon.svg HTTP/1.1\r\nHost: localhost\r\n"
    with dial(pages) as line:
        line.sendall(one + b"\r\n" + one + b"Connection: close\r\n\r\n")
        assert rest(line).count(b"HTTP/1.1 200 ") == 2


def test_a_connection_is_kept_for_the_next_request(pages: Site) -> None:
    place = urlsplit(pages.base)
    with closing(HTTPConnection(place.hostname or "", place.port, timeout=20)) as line:
        line.connect()
        kept = line.sock
        for _ in range(2):
            line.request("GET", "/icon.svg")
            assert line.getresponse().read()
        assert line.sock is kept


@pytest.mark.parametrize("other", [b"localhost", b"evil.example"])
def test_a_request_with_two_hosts_is_refused(pages: Site, other: bytes) -> None:
    with dial(pages) as line:
        line.sendall(b"GET /join HTTP/1.1\r\nHost: localhost\r\nHost: " + other + b"\r\nConnection: close\r\n\r\n")
        assert rest(line).startswith(b"HTTP/1.1 400 ")


@pytest.fixture
def few(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path / "letter", DIGEST_WEB__SIGNUP_MAILS_PER_HOUR="2") as pages:
        yield pages


def test_a_crowd_of_machines_does_not_make_us_mail_the_world(few: Site) -> None:
    for number in range(2):
        few.post("/join", email=f"victim{number}@example.org", network=f"203.0.{number}.9")
        assert few.mails(f"victim{number}@example.org")
    answer = few.post("/join", email="victim3@example.org", network="203.0.3.9")
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) == 3600
    assert said("Very many ask for the letter just now. Please try again in an hour.") in answer.text
    assert 'value="victim3@example.org"' in answer.text
    assert few.mails("victim3@example.org", wait=0.5) == []


def test_asking_for_one_address_again_and_again_uses_up_nothing_of_the_others(few: Site) -> None:
    for number in range(5):
        few.post("/join", email="asha@example.org", network=f"203.0.{number}.9")
    assert len(few.mails("asha@example.org")) == 1
    few.post("/join", email="ravi@example.org", network="203.0.9.9")
    assert len(few.mails("ravi@example.org")) == 1


def test_the_form_is_taken_as_ever(pages: Site) -> None:
    assert pages.ask("POST", "/join", b"email=", {"Content-Type": FORM}).status == 400
