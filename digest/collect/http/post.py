"""Request a URL from the settings once, with limited time, without redirects and private hosts."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass

from digest import __version__
from digest.collect.http import ssrf
from digest.collect.http.connect import Connector, Deadline, FetchError, describe_cause
from digest.collect.http.fetch import AGENT
from digest.errors import DigestError

_MAX_ANSWER = 4096
# Seconds.
_TIMEOUT = 10.0


class PostFailed(DigestError):
    """There was no answer. The message names the host only: the path may be a secret."""


@dataclass(frozen=True, slots=True)
class PostAnswer:
    """A server's answer. Header names are in lower case; the body is cut."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class JsonPoster:
    """Requests public hosts; with `allow_private` also this machine and intranets. Safe to share between threads."""

    def __init__(
        self, *, allow_private: bool = False, timeout: float = _TIMEOUT, max_answer: int = _MAX_ANSWER
    ) -> None:
        """`max_answer`: bytes that are read of an answer."""
        self.allow_private, self.timeout, self.max_answer = allow_private, timeout, max_answer
        self._connector = Connector(timeout / 2, timeout)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> PostAnswer:
        """Post once and return the answer, whatever its status; a redirect is not followed. Raises PostFailed."""
        return self._request("POST", url, body, {"Content-Type": "application/json", **headers})

    def get(self, url: str) -> PostAnswer:
        """Like `post`."""
        return self._request("GET", url, None, {})

    def _request(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> PostAnswer:
        deadline = Deadline(time.monotonic() + self.timeout, self.timeout)
        try:
            target = ssrf.parse_url(url)
        except ssrf.UrlRefused:
            raise PostFailed("its URL is not valid") from None
        fields = {
            "Host": target.netloc,
            "User-Agent": f"{AGENT}/{__version__}",
            "Accept-Encoding": "identity",
            "Connection": "close",
            **headers,
        }
        try:
            with self._connector.connect(target, deadline, allow_private=self.allow_private) as (connection, expired):
                try:
                    connection.request(method, target.path, body=body, headers=fields, preload_content=False)
                    with contextlib.closing(connection.getresponse()) as response:
                        answer = response.read(self.max_answer, decode_content=False)
                        names = {name.lower(): value for name, value in response.headers.items()}
                        return PostAnswer(int(response.status), names, answer)
                except Exception as error:
                    late = expired.is_set() or deadline.remaining <= 0
                    cause = f"no answer in {self.timeout:g} seconds" if late else describe_cause(error)
                    raise PostFailed(f"{target.host}: {cause}") from None
        except ssrf.UrlRefused as error:
            raise PostFailed(str(error).rstrip(".")) from None
        except FetchError as error:
            raise PostFailed(f"{target.host}: {describe_cause(error)}".replace(target.url, target.host)) from None
