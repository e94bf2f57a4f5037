"""One request to the desk: its user, its language, and the ways to respond."""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from digest.config.loader import FILE_NAME
from digest.errors import ConfigProblem, ConfigurationError, StoreError
from digest.i18n import translator
from digest.models import Actor, Edition, Role, Story, is_breaking, is_special, split_key
from digest.usecases.block_texts import FIELDS
from digest.utils.urls import host_name
from digest.web.desk.sentences import PageSentence, refusal

if TYPE_CHECKING:
    from starlette.datastructures import UploadFile

    from digest.i18n.catalogue import Catalogue
    from digest.store.desk.users import Session, User
    from digest.web.desk.desk import Desk

# Names of cookies. Browsers accept the `__Host-` prefix only over https, and only for this host.
SECURE_COOKIE, PLAIN_COOKIE, LANGUAGE_COOKIE = "__Host-desk", "desk", "desk-language"
_FORM_PURPOSE = "desk form"
# The field of each form with its token.
TOKEN_FIELD = "csrf"  # noqa: S105
# The fields with texts that somebody would not like to type again.
_TYPED = dict.fromkeys(
    (
        *("title", "summary", "subject", "preheader", "intro", "note", "reason", "text", "by"),
        *(field.name for fields in FIELDS.values() for field in fields),
    )
)
_COOKIE_AGE = 30 * 24 * 3600
_LANGUAGE_AGE = 365 * 24 * 3600
# Nothing is loaded from elsewhere, and nothing is inline. A frame with its own policy shows the email.
PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_MAX_DIGITS = 18
_LOCAL = ("127.0.0.1", "localhost", "::1")


@dataclass
class Visit:
    """A request with the session that it belongs to, and its form."""

    desk: Desk
    request: Request
    form: Mapping[str, str] = field(default_factory=dict)
    session: Session | None = None
    file: UploadFile | None = None
    # The cookie's present value, and its new one.
    token: str = ""
    new_token: str | None = None

    @property
    def user(self) -> User:
        """The user who is signed in. Only for routes that need a role."""
        if self.session is None:
            raise RuntimeError("nobody is signed in")
        return self.session.user

    @property
    def patience(self) -> float:
        """Seconds that a page waits for counts from the background. If they are not ready, the page says so."""
        return 0.1

    @property
    def actor(self) -> Actor:
        return Actor(self.user.name, "desk")

    def may(self, role: Role) -> bool:
        return self.session is not None and self.session.user.role.includes(role)

    @property
    def faulty_since(self) -> datetime | None:
        """When `digest.yaml` got errors, for an admin: until they are corrected, the settings before are in use."""
        if not self.may(Role.ADMIN):
            return None
        app = self.desk.app
        try:
            stat = (app.home / FILE_NAME).stat()
        except OSError:
            return None
        key, editor = f"{stat.st_mtime_ns} {stat.st_size}", app.settings_editor
        if not self.desk.has_faults.get(key, lambda: bool(editor.read().faults), wait=self.patience):
            return None
        return datetime.fromtimestamp(stat.st_mtime, UTC)

    @cached_property
    def list_faults(self) -> tuple[ConfigProblem, ...]:
        """The errors of `subscribers.yaml`, for an admin. Until they are corrected, the last valid list is in use."""
        if not self.may(Role.ADMIN):
            return ()
        listed = self.desk.app.subscriber_list
        try:
            stat = listed.path.stat()
        except OSError:
            # Everybody may have come by an import.
            return ()
        key = f"{stat.st_mtime_ns} {stat.st_size}"
        return self.desk.list_faults.get(key, listed.faults, wait=self.patience) or ()

    @property
    def parameters(self) -> Mapping[str, str]:
        return self.request.path_params

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params

    @property
    def here(self) -> str:
        """The path of this page with its query. '' for the answer to a form, and for an address that works once."""
        url = self.request.url
        if self.request.method != "GET" or url.path.endswith("/oidc/done"):
            return ""
        return f"{url.path}?{url.query}" if url.query else url.path

    @property
    def language(self) -> str:
        chosen = self.request.cookies.get(LANGUAGE_COOKIE, "")
        return chosen if chosen in self.desk.views.languages else self.desk.views.languages[0]

    @cached_property
    def catalogue(self) -> Catalogue:
        return translator(self.language)

    @property
    def is_secure(self) -> bool:
        """Whether the browser reached us over https, perhaps by a proxy."""
        public = urlsplit(self.desk.url)
        behind = public.scheme == "https" and self.host == public.hostname
        return self.request.url.scheme == "https" or behind

    @property
    def host(self) -> str:
        return host_name(self.request.headers.get("host", ""))

    @property
    def may_sign_in(self) -> bool:
        """Passwords and cookies must not cross a network unencrypted."""
        return self.is_secure or self.host in _LOCAL

    @property
    def cookie(self) -> str:
        return SECURE_COOKIE if self.is_secure else PLAIN_COOKIE

    def read_session(self) -> None:
        """Find the session that the cookie names."""
        self.token = self.request.cookies.get(self.cookie, "")
        self.session = self.desk.accounts.session(self.token)

    @property
    def browser_key(self) -> str:
        """A signed key of this browser's cookie, which is set if there is none."""
        if not self.token:
            self.token = self.new_token = secrets.token_urlsafe(32)
        return self.desk.signer.sign_name(_FORM_PURPOSE, self.new_token or self.token)

    @cached_property
    def _pad(self) -> bytes:
        return secrets.token_bytes(len(self.browser_key.encode()))

    @property
    def form_token(self) -> str:
        """The CSRF token in every form of this page. Other sites cannot know it.

        It is the browser's key under a random mask, so the length of a compressed page tells nothing about the key
        (https://docs.djangoproject.com/en/5.2/ref/csrf/#how-it-works).
        """
        return _masked(self.browser_key, self._pad)

    @property
    def is_own_form(self) -> bool:
        """Whether a form comes from one of our pages, and this browser still has that page's cookie."""
        headers = self.request.headers
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return False
        if not self._has_own_origin():
            return False
        given = _unmasked(self.form.get(TOKEN_FIELD, ""))
        return bool(self.token) and hmac.compare_digest(given, self.browser_key.encode())

    @property
    def is_from_own_page(self) -> bool:
        """Whether a form comes from one of our pages, even if that page's cookie is gone.

        Its texts may then be shown again. Saving them needs a press on a page with a valid token.
        """
        # Only the browser sets these headers.
        site = self.request.headers.get("sec-fetch-site")
        is_told = site == "same-origin" or (site is None and "origin" in self.request.headers)
        return self.is_own_form or (is_told and self._has_own_origin())

    def _has_own_origin(self) -> bool:
        """Whether the origin that the browser names is ours, or it names none."""
        origin = self.request.headers.get("origin")
        return origin is None or origin.partition("://")[2] == self.request.headers.get("host", "")

    def edition(self) -> Edition:
        """Return the edition that the path names. Raises HTTPException."""
        found = self.desk.app.editions.get(self.parameters["key"])
        if found is None:
            raise HTTPException(404)
        return found

    def story(self, edition: Edition) -> Story:
        """Return the story of an edition that the path names. Raises HTTPException."""
        found = edition.story(self.parameters["story"])
        if found is None:
            raise HTTPException(404)
        return found

    def path(self, place: str, **query: str | Sequence[str]) -> str:
        """Return the path of a page of the desk."""
        return self.desk.views.root + quote(place) + (f"?{urlencode(query, doseq=True)}" if query else "")

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """Answer with a page."""
        html = self.desk.views.render(template, self.language, visit=self, **values)
        return self.finish(HTMLResponse(html, status, headers={"content-language": self.language}))

    def download(self, name: str, data: str | bytes, type: str) -> Response:
        """Answer with a file to be saved."""
        headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(name)}", "cache-control": "no-store"}
        return self.finish(Response(data, media_type=type, headers=headers))

    def go(self, place: str, *, part: str = "", **query: str) -> Response:
        """Show another page, after a form. `part` is the id of the element that it begins with."""
        # The script keeps the position by itself.
        anchor = f"#{part}" if part and "hx-request" not in self.request.headers else ""
        return self.finish(RedirectResponse(self.path(place, **query) + anchor, 303))

    def refusal(self, error: Exception) -> PageSentence:
        """Return why something was refused, in the language of the page. Raises the errors of the store again."""
        if isinstance(error, StoreError):
            raise error
        return refusal(error, self.catalogue)

    def fault_text(self, problem: ConfigProblem) -> PageSentence:
        """Return one error of a file in the language of the page."""
        return refusal(ConfigurationError([problem]), self.catalogue)

    @property
    def typed(self) -> list[str]:
        """The texts of the form that differ from those with which its page was opened."""
        return typed_texts(self.form) if self.is_from_own_page else []

    def problem(self, status: int, title: str, advice: str | PageSentence = "", *, field: str = "") -> Response:
        """Answer with a page that says what is wrong and repeats the typed texts. `field` is the wrong one, if any."""
        key = self.parameters.get("key", "") if status in (409, 422, 503) else ""
        more = {"key": key, "is_down": status == 503, "field": field}
        return self.page("problem.html.j2", status=status, title=title, advice=advice, **more)

    def finish(self, response: Response) -> Response:
        """Add the Content-Security-Policy, and the cookie if it changes."""
        response.headers.setdefault("content-security-policy", PAGE_POLICY)
        # With "no-referrer" a browser would hide the origin of our own forms too.
        response.headers.setdefault("referrer-policy", "same-origin")
        is_set = any(each.startswith(f"{self.cookie}=") for each in response.headers.getlist("set-cookie"))
        if self.new_token is not None and not is_set:
            response.set_cookie(
                self.cookie,
                self.new_token,
                max_age=_COOKIE_AGE,
                path="/",
                secure=self.is_secure,
                httponly=True,
                samesite="lax",
            )
        return response

    def set_language(self, response: Response, language: str) -> Response:
        response.set_cookie(
            LANGUAGE_COOKIE,
            language,
            max_age=_LANGUAGE_AGE,
            path=f"{self.desk.views.root}/",
            secure=self.is_secure,
            httponly=True,
            samesite="lax",
        )
        return response


def _masked(key: str, pad: bytes) -> str:
    """Return the pad and the key combined with it. Both have the same length."""
    return urlsafe_b64encode(pad + _combined(key.encode(), pad)).decode()


def _unmasked(token: str) -> bytes:
    """Return the key in a token of `_masked`; b"" if there is none."""
    try:
        raw = urlsafe_b64decode(token.encode())
    # Not base64, or not ASCII.
    except ValueError:
        return b""
    half = len(raw) // 2
    return _combined(raw[half:], raw[:half]) if len(raw) == 2 * half else b""


def _combined(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def form_text(value: object) -> str:
    """Return a text that can be stored and shown: without NUL, which PostgreSQL refuses, and half a character.

    JSON may have both, and so may a form, which names its own charset.
    """
    return str(value).encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def typed_texts(form: Mapping[str, str]) -> list[str]:
    """Return the texts of a form that changed since its page was opened."""
    return [form[name] for name in _TYPED if form.get(name, "").strip() not in ("", form.get(f"was_{name}", ""))]


def edition_path(key: str) -> str:
    return f"/edition/{key}"


def name_of_edition(visit: Visit, key: str, name: str = "") -> str:
    """Return the desk's name for an edition. `name` is a special edition's."""
    if is_breaking(key):
        return visit.catalogue.gettext("Breaking news")
    if is_special(key):
        return name or key
    branding = visit.desk.app.branding
    return branding.edition_name(key) or split_key(key)[1] or branding.name


def number_in(text: str) -> int | None:
    """Return the number in an address or a form; None if it is none, or too large for a database."""
    return int(text) if text.isdecimal() and len(text) <= _MAX_DIGITS else None
