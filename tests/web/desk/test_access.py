"""Every role, and no user, on every route of the table; forms of other sites; planted session cookies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import pytest

from digest.models import Role
from digest.web.desk.access import ROUTES, Route, table_of_docs
from digest.web.desk.app import handler_of
from tests.paths import ROOT
from tests.web.desk.browser import Browser, set_up
from tests.web.desk.conftest import open_desk
from tests.web.site import Site

REFUSED = (401, 403)
# Values of the parameters for which an allowed request changes nothing.
VALUES = {
    "key": "2026-01-01",
    "story": "none",
    "token": "none",
    "name": "none",
    "cid": "none",
    "version": "1",
    "id": "0",
    "act": "0",
}


@dataclass
class Everybody:
    desk: Site
    browsers: dict[Role, Browser]


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everybody]:
    for desk in open_desk(tmp_path_factory.mktemp("access") / "newsletter"):
        yield Everybody(desk, {role: set_up(desk, f"one-{role}", role) for role in Role})


def path_of(route: Route) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: VALUES[match[1]], route.path)


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


PROTECTED = [route for route in ROUTES if route.role is not None]
OPEN = [route for route in ROUTES if route.role is None]


@pytest.mark.slow
def test_nobody_is_led_to_the_form(everybody: Everybody) -> None:
    stranger, wrong = Browser(everybody.desk), []
    for route in PROTECTED:
        if route.method == "POST":
            led = stranger.post(path_of(route)).status == 401
        else:
            response = stranger.get(path_of(route))
            led = response.status == 303 and response.headers["location"].startswith("/desk/login")
        if not led:
            wrong.append(named(route))
    assert wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_do_what_the_table_says(everybody: Everybody, role: Role) -> None:
    """The least role of a route is let in, and the one below it is not."""
    browser, wrong = everybody.browsers[role], []
    above = dict(pairwise(Role)).get(role)
    for route in PROTECTED:
        if route.role not in (role, above) or route.page == "login.sign_out":
            continue
        response = browser.get(path_of(route)) if route.method == "GET" else browser.post(path_of(route))
        if (response.status not in REFUSED) != (route.role == role) or response.status >= 500:
            wrong.append((named(route), response.status))
    assert wrong == []


@pytest.mark.slow
def test_open_routes_need_nobody(everybody: Everybody) -> None:
    stranger, wrong = Browser(everybody.desk), []
    for route in OPEN:
        response = stranger.get(path_of(route)) if route.method == "GET" else stranger.post(path_of(route))
        # The form responds 401 to empty credentials.
        if response.status == 403 or response.status >= 500:
            wrong.append((named(route), response.status))
    assert wrong == []


def test_the_table_names_each_route_once_and_a_handler_for_each() -> None:
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)
    for route in ROUTES:
        assert callable(handler_of(route))


def test_roles_include_those_before_them() -> None:
    roles = [*Role]
    for number, role in enumerate(roles):
        assert [other for other in Role if role.includes(other)] == roles[: number + 1]


@pytest.mark.slow
def test_a_form_without_its_token_is_refused(everybody: Everybody) -> None:
    admin, other, wrong = everybody.browsers[Role.ADMIN], everybody.browsers[Role.SENDER], []
    token = other.token()
    for route in ROUTES:
        if route.method == "POST":
            path = path_of(route)
            refused = (
                admin.post(path, token="").status,
                admin.post(path, token=token).status,
                Browser(everybody.desk).post(path, token="x" * 24).status,
            )
            if refused[:2] != (403, 403) or refused[2] not in REFUSED:
                wrong.append((named(route), refused))
    assert wrong == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_a_form_of_another_site_is_refused_even_with_the_token(everybody: Everybody, headers: dict[str, str]) -> None:
    admin = everybody.browsers[Role.ADMIN]
    assert admin.submit("/edition/2026-11-23/undo", {}, headers=headers).status == 403


@pytest.mark.slow
def test_no_get_changes_anything(everybody: Everybody) -> None:
    desk, admin = everybody.desk, everybody.browsers[Role.ADMIN]
    before = len(desk.app.audit.newest(1000))
    key = "2026-11-23"
    story = next(iter(desk.app.editions.get(key).stories())).id  # type: ignore[union-attr]
    for route in ROUTES:
        if route.method == "GET":
            path = route.path.replace("{key}", key).replace("{story}", story)
            admin.get(re.sub(r"\{(\w+)\}", "none", path))
    assert len(desk.app.audit.newest(1000)) == before


@pytest.mark.slow
def test_every_page_has_a_strict_policy(everybody: Everybody) -> None:
    for route in ROUTES:
        if route.method == "GET" and not route.path.endswith("/letter"):
            policy = everybody.browsers[Role.ADMIN].get(path_of(route)).headers["content-security-policy"]
            assert "script-src 'self'" in policy
            assert "unsafe" not in policy


def test_the_docs_print_the_table() -> None:
    assert table_of_docs() in (ROOT / "docs/desk.md").read_text(encoding="utf-8")
