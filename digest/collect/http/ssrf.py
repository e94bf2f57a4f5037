"""Protection against server-side request forgery: parse a URL, and check the addresses that its host resolves to.

Without it a feed or a redirect could make the digest read a cloud's metadata service or a router's page.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import quote

from digest.errors import DigestError
from digest.messages import Message
from digest.utils.urls import split_url

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_PORTS = {"http": 80, "https": 443}
# RFC 6052: the last 32 bits are an IPv4 address.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_PRIVATE_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)

# Where clouds keep secrets, besides the link-local addresses (AWS, Alibaba, Oracle, Azure). Never allowed.
_METADATA = frozenset(
    ipaddress.ip_address(one) for one in ("fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16")
)

_HOST = re.compile(r"[A-Za-z0-9._~-]+")
_PATH_SAFE = "%/:@!$&'()*+,;=~-._"


class UrlRefused(DigestError):
    """The URL or an address of its host may not be fetched. The message says why."""


class PrivateAddress(UrlRefused):
    """The host has a private address, which `allow_private` would permit."""


@dataclass(frozen=True, slots=True)
class Target:
    """A parsed URL."""

    scheme: str
    # ASCII (IDNA), without brackets.
    host: str
    port: int
    # Path and query, percent-encoded.
    path: str
    user: str = ""

    @property
    def netloc(self) -> str:
        """The Host header: brackets around IPv6, and the port only if it is not the default."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL without fragment and credentials: safe to show and to log."""
        return f"{self.scheme}://{self.netloc}{self.path}"


def parse_url(url: str) -> Target:
    """Parse a URL. Raises UrlRefused for anything but http and https, and for invalid hosts."""
    try:
        parts = split_url(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise UrlRefused(
            Message("%(url)s is not a URL that can be fetched: its host %(why)s.", url=_short(url), why=error)
        ) from error
    if parts.scheme not in _PORTS:
        raise UrlRefused(Message("%(url)s is not an http or https URL.", url=_short(url)))
    if not host:
        raise UrlRefused(Message("%(url)s has no host.", url=_short(url)))
    if ":" not in host:
        try:
            host = host.encode("ascii" if host.isascii() else "idna").decode("ascii")
        except UnicodeError as error:
            raise UrlRefused(Message("%(url)s has an invalid host.", url=_short(url))) from error
        # Also what IDNA has made of characters that look like others.
        if not _HOST.fullmatch(host):
            raise UrlRefused(Message("%(url)s has an invalid host.", url=_short(url)))
    path = quote(parts.path or "/", safe=_PATH_SAFE)
    if parts.query:
        path += "?" + quote(parts.query, safe=_PATH_SAFE + "?[]")
    user = parts.netloc.rpartition("@")[0]
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], path, user)


def resolve(host: str, port: int, *, allow_private: bool = False) -> list[Address]:
    """Resolve a host to the addresses that may be connected to, in the resolver's order.

    `allow_private` permits addresses of an intranet and loopback, but never link-local ones. Raises UrlRefused if the
    name is unknown or any address is not allowed: a name with both kinds is an attack or an error. It raises
    PrivateAddress if `allow_private` would permit the address.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UrlRefused(Message("The name %(host)s is unknown (DNS has no address for it).", host=host)) from error
    result: list[Address] = []
    for _family, _type, _proto, _name, sockaddr in found:
        address = ipaddress.ip_address(str(sockaddr[0]).partition("%")[0])
        if not is_public(address) and not (allow_private and is_private(address)):
            refusal = PrivateAddress if is_private(address) else UrlRefused
            if str(address) == host:
                raise refusal(Message("%(host)s is not a public address.", host=host))
            raise refusal(
                Message("%(host)s leads to %(address)s, which is not a public address.", host=host, address=address)
            )
        if address not in result:
            result.append(address)
    return result


def same_host(url: str, other: str) -> bool:
    """Whether two URLs have the same host, whatever the port. A source's `allow_private` covers its own host."""
    try:
        return parse_url(url).host.lower() == parse_url(other).host.lower()
    except UrlRefused:
        return False


def is_public(address: Address) -> bool:
    """Whether an address is publicly reachable. An IPv4 address inside an IPv6 address must be public too."""
    if isinstance(address, ipaddress.IPv6Address) and address in _NAT64:
        return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    if (
        address in _METADATA
        or not address.is_global
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
    ):
        return False
    if isinstance(address, ipaddress.IPv6Address):
        carried = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        return all(is_public(inner) for inner in carried if inner is not None)
    return True


def is_private(address: Address) -> bool:
    """Whether an address belongs to an intranet or to this machine, which `allow_private` may permit."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return is_private(address.ipv4_mapped)
    if address in _METADATA or address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    return address.is_loopback or any(address in network for network in _PRIVATE_NETWORKS)


def _short(url: str) -> str:
    """Return the URL for a message: without credentials and control characters, and not too long."""
    before, at, after = url.strip().partition("@")
    shown = before.split("//")[0] + "//" + after if at and "//" in before else url.strip()
    return "".join(char for char in shown if char.isprintable())[:200] or "''"
