"""A source's secret: which requests carry it, and how.

It is a header or a query parameter. Only requests to the source's own host carry it, so that no redirect takes it
elsewhere, and it never appears in a repr, a message or the store.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote, unquote_plus, urlsplit, urlunsplit

from digest.collect.http import ssrf

_DEFAULT_PORTS = {("http", 80), ("https", 443)}


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret and where to put it."""

    # The source's own address.
    origin: ssrf.Target
    value: str = field(repr=False)
    # The name of a header or of a parameter; exactly one of them is set.
    header: str = ""
    param: str = ""

    def applies_to(self, target: ssrf.Target) -> bool:
        """Whether a request may carry it: to the same host and port, or an upgrade from http to https, never down."""
        if target.host != self.origin.host or (self.origin.scheme, target.scheme) == ("https", "http"):
            return False
        is_upgrade = {(self.origin.scheme, self.origin.port), (target.scheme, target.port)} == _DEFAULT_PORTS
        return target.port == self.origin.port or is_upgrade

    def add_to_path(self, path: str) -> str:
        """The request's path, including its query, with the parameter added."""
        if not self.param:
            return path
        return f"{path}{'&' if '?' in path else '?'}{quote(self.param, safe='')}={quote(self.value, safe='')}"

    def headers(self) -> dict[str, str]:
        return {self.header: self.value} if self.header else {}

    def remove_from(self, url: str) -> str:
        """A redirect's URL without the parameter, which many servers repeat in it."""
        if not self.param:
            return url
        try:
            parts = urlsplit(url)
        except ValueError:
            return url
        pairs = [pair for pair in parts.query.split("&") if unquote_plus(pair.partition("=")[0]) != self.param]
        return urlunsplit(parts._replace(query="&".join(pairs)))
