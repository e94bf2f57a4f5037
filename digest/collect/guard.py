"""Which addresses the fetcher may talk to: takes a URL apart and checks what its name resolves to.

A feed's URL is text from outside, and so is every redirect: without this check either could make the digest
read the cloud's metadata service or a router's page. Connects to nothing and reads nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from digest.errors import DigestError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_PORTS = {"http": 80, "https": 443}
# RFC 6052: an IPv4 address in the last 32 bits
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_INTRANETS = tuple(
    ipaddress.ip_network(network)
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)

# Where clouds keep secrets beside the link-local addresses (AWS, Alibaba, Oracle, Azure): never to be asked.
_METADATA = frozenset(
    ipaddress.ip_address(one) for one in ("fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16")
)

_PATH_SAFE = "%/:@!$&'()*+,;=~-._"


class UrlRefused(DigestError):
    """The URL or the address behind its name may not be fetched; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart. `host` is ASCII (IDNA) without brackets; `path` holds the query, percent-encoded."""

    scheme: str
    host: str
    port: int
    path: str
    user: str = ""

    @property
    def netloc(self) -> str:
        """What goes into the Host header: brackets round IPv6, the port only when it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL again, without fragment and without credentials: safe to show and to log."""
        return f"{self.scheme}://{self.netloc}{self.path}"


def parse_url(url: str) -> Target:
    """Take a URL apart. Raises Refused for anything but http and https, or when it names no valid host."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError as mistake:
        raise UrlRefused(f"{_short(url)} is not a URL: {mistake}.") from mistake
    if parts.scheme not in _PORTS:
        raise UrlRefused(f"{_short(url)} is not an http or https URL.")
    if not host:
        raise UrlRefused(f"{_short(url)} names no host.")
    if ":" not in host:
        try:
            host = host.encode("ascii" if host.isascii() else "idna").decode("ascii")
        except UnicodeError as mistake:
            raise UrlRefused(f"{_short(url)} names a host that can't exist.") from mistake
        if any(char <= " " or char in '\x7f"<>\\^`{|}' for char in host):
            raise UrlRefused(f"{_short(url)} names a host that can't exist.")
    path = quote(parts.path or "/", safe=_PATH_SAFE)
    if parts.query:
        path += "?" + quote(parts.query, safe=_PATH_SAFE + "?[]")
    user = parts.netloc.rpartition("@")[0]
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], path, user)


def resolve(host: str, port: int, *, allow_private: bool = False) -> list[Address]:
    """Resolve a host to the addresses that may be dialled, in the resolver's order.

    `allow_private` lets an intranet's addresses and loopback through, but never link-local ones, where clouds
    keep their metadata service. Raises Refused when the name is unknown, or when any of its addresses is not
    public: a name that points at both kinds is an attack or a mistake, and choosing one would hide it.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as mistake:
        raise UrlRefused(f"The name {host} is unknown (DNS has no address for it).") from mistake
    result: list[Address] = []
    for _family, _type, _proto, _name, sockaddr in found:
        address = ipaddress.ip_address(str(sockaddr[0]).partition("%")[0])
        if not is_public(address) and not (allow_private and is_private(address)):
            hint = "; set allow_private on the source if it is meant" if is_private(address) else ""
            named = host if str(address) == host else f"{host} leads to {address}, which"
            raise UrlRefused(f"{named} is not a public address{hint}.")
        if address not in result:
            result.append(address)
    return result


def same_host(url: str, other: str) -> bool:
    """Whether two URLs name one host, whatever the port: what a source's `allow_private` reaches."""
    try:
        return parse_url(url).host.lower() == parse_url(other).host.lower()
    except UrlRefused:
        return False


def is_public(address: Address) -> bool:
    """Whether everyone can reach an address: not private, loopback, link-local, CGNAT, multicast, reserved.

    IPv6 forms that carry an IPv4 address (mapped, 6to4, Teredo, NAT64) are judged by what they carry too.
    """
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
    """Whether an address belongs to an intranet or to this machine: what `allow_private` may let through."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return is_private(address.ipv4_mapped)
    if address in _METADATA or address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    return address.is_loopback or any(address in network for network in _INTRANETS)


def _short(url: str) -> str:
    """The URL for a message: no credentials, no control characters, not endless."""
    before, at, after = url.strip().partition("@")
    shown = before.split("//")[0] + "//" + after if at and "//" in before else url.strip()
    return "".join(char for char in shown if char.isprintable())[:200] or "''"
