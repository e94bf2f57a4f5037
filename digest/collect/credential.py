"""A source's secret on its way: which requests carry it, and how. Looks none up, and shows none.

A header or a parameter of the query; only requests to the source's own host carry it, so that no redirect leads it
elsewhere. It stands in no repr, message or store.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote, unquote_plus, urlsplit, urlunsplit

from digest.collect import guard

_USUAL = {("http", 80), ("https", 443)}


@dataclass(frozen=True, slots=True)
class Credential:
    """`origin` is the source's own address; exactly one of `header` and `param` is a name."""

    origin: guard.Target
    value: str = field(repr=False)
    header: str = ""
    param: str = ""

    def meant_for(self, place: guard.Target) -> bool:
        """Whether a request to `place` may carry it: the same host and port, or its https twin; never https → http."""
        if place.host != self.origin.host or (self.origin.scheme, place.scheme) == ("https", "http"):
            return False
        twins = {(self.origin.scheme, self.origin.port), (place.scheme, place.port)} == _USUAL
        return place.port == self.origin.port or twins

    def path(self, path: str) -> str:
        """The request's path with the parameter added; `path` holds the query."""
        if not self.param:
            return path
        return f"{path}{'&' if '?' in path else '?'}{quote(self.param, safe='')}={quote(self.value, safe='')}"

    def headers(self) -> dict[str, str]:
        return {self.header: self.value} if self.header else {}

    def cleaned(self, url: str) -> str:
        """A redirect's URL without the parameter, which many servers hand back in it."""
        if not self.param:
            return url
        try:
            parts = urlsplit(url)
        except ValueError:
            return url
        pairs = [one for one in parts.query.split("&") if unquote_plus(one.partition("=")[0]) != self.param]
        return urlunsplit(parts._replace(query="&".join(pairs)))
