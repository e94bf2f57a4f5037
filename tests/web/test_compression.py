"""What the pages send compressed, and what never, because its length could tell a secret."""

from __future__ import annotations

import gzip
import http.client
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from digest.models import Role
from tests.web.desk.browser import Browser, set_up
from tests.web.desk.conftest import KEY, edition_of, open_desk
from tests.web.site import FORM, Site

pytestmark = pytest.mark.slow


def sent(site: Site, path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    """The response to a browser that accepts gzip, with the bytes as they are sent."""
    place = urlsplit(site.base)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
    asked = {each.replace("_", "-"): value for each, value in headers.items()}
    connection.request(method, path, headers={"Accept-Encoding": "gzip, br", "Content-Type": FORM, **asked})
    response = connection.getresponse()
    is_stream = (response.getheader("content-type") or "").startswith("text/event-stream")
    body = response.readline() if is_stream else response.read()
    connection.close()
    return response, body


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from open_desk(tmp_path_factory.mktemp("desk") / "newsletter")


@pytest.fixture(scope="module")
def cookie(desk: Site) -> str:
    return f"desk={set_up(desk, 'asha', Role.ADMIN).cookies['desk']}"


def test_pages_are_sent_compressed(desk: Site, cookie: str) -> None:
    for path in ("/desk/", f"/desk/edition/{KEY}/letter", f"/desk/edition/{KEY}/pool?q=a", "/join", "/style.css"):
        response, body = sent(desk, path, cookie=cookie)
        assert (response.status, response.getheader("content-encoding")) == (200, "gzip"), path
        assert "accept-encoding" in (response.getheader("vary") or "").lower()
        assert len(body) < len(gzip.decompress(body)) * 0.8, path
        plain = desk.request("GET", path, headers={"cookie": cookie})
        assert "content-encoding" not in plain.headers
        assert path.startswith("/desk") or plain.text == gzip.decompress(body).decode()


def test_a_page_from_memory_is_known_by_its_etag_in_each_encoding(desk: Site) -> None:
    zipped, _body = sent(desk, "/style.css")
    plain = desk.get("/style.css").headers["etag"]
    assert zipped.getheader("etag") != plain
    assert sent(desk, "/style.css", if_none_match=zipped.getheader("etag") or "")[0].status == 304
    assert desk.request("GET", "/style.css", headers={"if-none-match": plain}).status == 304


def test_pictures_streams_and_small_answers_stay_as_they_are(desk: Site, cookie: str) -> None:
    cid = next(each.image.url for each in edition_of(desk).stories() if each.image).removeprefix("cid:")
    for path in (f"/desk/picture/{cid}", f"/desk/edition/{KEY}/changes", "/healthz"):
        response, body = sent(desk, path, cookie=cookie)
        assert response.status == 200
        assert body
        assert response.getheader("content-encoding") is None, path


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_site_asks_for_with_a_cookie_and_a_query_is_not_compressed(
    desk: Site, cookie: str, site: str
) -> None:
    pool = f"/desk/edition/{KEY}/pool?q=guess"
    assert sent(desk, pool, cookie=cookie, sec_fetch_site=site)[0].getheader("content-encoding") is None
    assert sent(desk, pool, cookie=cookie, sec_fetch_site="same-origin")[0].getheader("content-encoding") == "gzip"
    # A link in an email opens a whole page.
    assert sent(desk, "/desk/", cookie=cookie, sec_fetch_site=site)[0].getheader("content-encoding") == "gzip"
    assert sent(desk, "/join?lang=en", sec_fetch_site=site)[0].getheader("content-encoding") == "gzip"


def test_the_answer_to_a_form_is_not_compressed(desk: Site, cookie: str) -> None:
    response, body = sent(desk, "/desk/users", "POST", cookie=cookie)
    assert (response.status, response.getheader("content-encoding")) == (403, None)
    assert len(body) > 1_000


def test_each_page_has_the_token_of_its_browser_under_another_mask(desk: Site) -> None:
    suman, ravi = set_up(desk, "suman", Role.EDITOR), Browser(desk)
    pages = [re.findall('name="csrf" value="([^"]+)"', suman.get("/").text) for _ in range(2)]
    assert len(pages[0]) > 10
    assert [len(set(tokens)) for tokens in pages] == [1, 1], "a page repeats its token, which compresses well"
    first, second = pages[0][0], pages[1][0]
    assert first != second
    half = len(first) // 2
    # No part of it stays, such as the one behind the mask.
    parts = [{token[at : at + 8] for at in range(0, len(token), 8)} for token in (first, second)]
    assert not parts[0] & parts[1]
    for token in (first, second, first):
        assert suman.post("/language", token=token, language="hi").status == 303
    for token in (first[:half] + second[half:], first[:half], first[half:], second[:-4], f"{first}AAAA", "", "="):
        assert suman.post("/language", token=token or "-", language="hi").status == 403, token
    assert ravi.post("/language", token=first, language="hi").status == 403
