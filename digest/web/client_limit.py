"""Limit the requests and connections that one client has open at once.

Requests are counted by the client's address; a trusted proxy sends it in a header. Connections are counted by the
peer's address, except those of trusted proxies, which connect for many clients. uvicorn itself only limits the total.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

# Requests, and connections, that one client may have open at once. Carriers put thousands of phones behind one address,
# and mailbox providers send one-click unsubscribes by the dozen, but a request takes milliseconds.
MAX_PER_CLIENT = 100

_REFUSAL = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 60\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class OpenRequests:
    """Counts the requests of each client that are being answered. For one event loop."""

    def __init__(self, limit: int = MAX_PER_CLIENT) -> None:
        self._limit = limit
        self._open: Counter[str] = Counter()

    @contextmanager
    def count(self, address: str) -> Iterator[bool]:
        """Count a request for the duration of the block; yields whether it may be answered."""
        client = client_of(address)
        self._open[client] += 1
        try:
            yield self._open[client] <= self._limit
        finally:
            self._open[client] -= 1
            if not self._open[client]:
                del self._open[client]


def client_of(address: str) -> str:
    """Return the client of an address: the address, or the /64 network of an IPv6 address, which one machine has."""
    return network_of(address, 32, 64)


def limited_protocol(proxies: Collection[str]) -> type[asyncio.Protocol]:
    """Return uvicorn's HTTP protocol, which closes a connection if its peer has MAX_PER_CLIENT open already.

    `proxies` are the addresses and networks of `web.proxies`, which have no limit.
    """
    from uvicorn.protocols.http.h11_impl import H11Protocol

    unlimited = Networks(proxies)

    class LimitedProtocol(H11Protocol):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            peer = self.client[0] if self.client else ""
            if peer in unlimited:
                return
            client = client_of(peer)
            others: Any = self.connections
            if sum(1 for other in others if other.client and client_of(other.client[0]) == client) > MAX_PER_CLIENT:
                transport.write(_REFUSAL)
                transport.close()

    return LimitedProtocol


class Networks:
    """Contains an address that is one of these addresses or in one of these networks; `*` is all."""

    def __init__(self, places: Collection[str]) -> None:
        self._places = frozenset(places)
        self._networks = []
        for place in places:
            # A name is only compared.
            with suppress(ValueError):
                self._networks.append(ipaddress.ip_network(place, strict=False))

    def __contains__(self, address: str) -> bool:
        if "*" in self._places or address in self._places:
            return True
        try:
            known = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(known in network for network in self._networks)


def network_of(address: str, bits: int, bits_of_ipv6: int) -> str:
    """Return the network of an address, by its first bits; the address itself if it is none."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv6Address):
        if known.ipv4_mapped is None:
            return f"{int(known) >> (128 - bits_of_ipv6):x}/{bits_of_ipv6}"
        known = known.ipv4_mapped
    return str(known) if bits == 32 else f"{int(known) >> (32 - bits):x}/{bits}"
