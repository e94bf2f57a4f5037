"""Find the host of a URL or a request. Split a URL only if every program reads the same host in it.

Python, browsers and resolvers disagree about hosts such as `[::1].evil.example` (RFC 3986 section 3.2.2 allows
nothing after the bracket) and `good.example\\@evil.example` (https://url.spec.whatwg.org/#host-parsing). A URL that
one part of a program checks and another reads differently reaches a host that nobody has checked.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, unquote, urlsplit

from digest.messages import Message

# Reserved for documentation (RFC 2606 section 3).
EXAMPLE_DOMAINS = ("example.com", "example.org", "example.net", "example")
_BRACKETED = re.compile(r"\[([^\[\]@]+)\](?::([0-9]*))?\Z")
_PLAIN = re.compile(r"([^\[\]@:]+)(?::([0-9]*))?\Z")
_NOT_IN_HOSTS = re.compile(r"[\x00-\x20\x7f\"%/<>\\^`{|}]")


def split_url(url: str) -> SplitResult:
    """Like `urlsplit`, for a URL with or without a host.

    Raises ValueError; its message continues the words "its host".
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError(Message("is invalid")) from None
    if not parts.netloc:
        return parts
    user, at, place = parts.netloc.rpartition("@")
    if "@" in user or "\\" in user or (at and looks_like_host(user)):
        raise ValueError("can be read in two ways, because of the text before the @")
    found = _BRACKETED.match(place) or _PLAIN.match(place)
    if found is None or _NOT_IN_HOSTS.search(found[1]):
        raise ValueError(Message("is invalid"))
    if place.startswith("["):
        try:
            address = ipaddress.IPv6Address(found[1])
        except ValueError:
            raise ValueError("is invalid: expected an IPv6 address between the brackets") from None
        if address.scope_id:
            raise ValueError("is invalid: an address in a URL has no zone")
    if found[2] and int(found[2]) > 65535:
        raise ValueError(Message("has an invalid port"))
    return parts


def is_example(host: str) -> bool:
    """Whether a host is in a domain that is reserved for documentation."""
    return f".{host.lower()}".endswith(tuple(f".{domain}" for domain in EXAMPLE_DOMAINS))


def host_name(header: str) -> str:
    """Return the name in a Host header, in lower case, without brackets and port, as `urlsplit` returns it
    for a URL.
    """
    name = header.strip().lower()
    return name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]


def looks_like_host(user: str) -> bool:
    """Whether the text before an `@` looks like a host and not like a user: `127.0.0.1:1`, `bank.example`.

    A dot in a name with a password that is not a port number (`first.last:secret`) is a user.
    """
    name, colon, password = user.partition(":")
    name = unquote(name)
    if "[" in user or _is_address(name):
        return True
    is_port = not colon or (password.isascii() and password.isdigit() and len(password) <= 5)
    return is_port and ("." in name or name.lower() == "localhost" or (name.isascii() and name.isdigit()))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
