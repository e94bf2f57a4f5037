"""A browser without JavaScript for the desk: cookies, forms with their tokens, redirects."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urlencode

from pyotp import TOTP

from digest.app import App
from digest.models import Actor, Role
from digest.usecases.accounts import CODE_SECONDS
from tests.web.site import FORM, Response, Site

TESTER = Actor("tester", "command")
PASSWORD = "nadi ke paar gaon"
ROOT = "/desk"
_LATE = re.compile(r"<(span|a) class=\"late.*?</span></\1>", re.S)


@dataclass
class Browser:
    """One browser at the desk."""

    site: Site
    cookies: dict[str, str] = field(default_factory=dict)
    # What a proxy adds.
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Response:
        return self._request("GET", path, None, headers)

    def post(self, path: str, *, token: str | None = None, follow: bool = False, **fields: str) -> Response:
        """Submit a form with the token of its page, or with another one."""
        return self.submit(path, fields, token=token, follow=follow)

    def submit(
        self,
        path: str,
        fields: Mapping[str, str],
        *,
        token: str | None = None,
        headers: Mapping[str, str] = {},
        follow: bool = False,
    ) -> Response:
        given = self.token() if token is None else token
        body = urlencode({**fields, **({"csrf": given} if given else {})}).encode()
        response = self._request("POST", path, body, {"Content-Type": FORM, **headers})
        if follow and response.status == 303:
            # Browsers keep the anchor to themselves.
            return self.get(response.headers["location"].removeprefix(ROOT).partition("#")[0])
        return response

    def problems(self, edition: str) -> str:
        """The list of problems of an edition at this path. Like the page, it asks again until the checks have run.

        Without their repetitions beside the fields and stories.
        """
        until = time.monotonic() + 60
        while f"{edition}/checks" in (page := self.get(f"{edition}/checks").text):
            assert time.monotonic() < until, page
        return _LATE.sub("", page)

    def send(self, path: str, body: bytes, type: str) -> Response:
        """Submit a body that is encoded already."""
        return self._request("POST", path, body, {"Content-Type": type})

    def token(self) -> str:
        """The token of this browser's forms. Every page has it, also the sign-in page."""
        page = self.get("/login").text if "desk" not in self.cookies else self.get("/nowhere").text
        found = re.search('name="csrf" value="([^"]+)"', page) or re.search(
            'name="csrf" value="([^"]+)"', self.get("/login").text
        )
        assert found, page
        return unescape(found[1])

    def _request(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Response:
        sent = {**self.headers, **headers}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        response = self.site.request(method, ROOT + path, body, sent)
        if cookie := response.headers.get("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
        return response


def code_of(app: App, key: str, *, steps: int = 0) -> str:
    """The code that an authenticator app shows now, or so many steps of half a minute later."""
    return str(TOTP(key).generate_otp(int(app.now().timestamp()) // CODE_SECONDS + steps))


def set_up(site: Site, name: str, role: Role) -> Browser:
    """Add a user and sign them in by their link."""
    accounts, browser = site.app.accounts, Browser(site)
    accounts.add(name, role, TESTER)
    link = accounts.make_link(name, TESTER)
    done = browser.post(f"/link/{link}", password=PASSWORD, code=code_of(site.app, accounts.app_key(link)))
    assert done.status == 303, done.text
    return browser
