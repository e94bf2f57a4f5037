"""Who may read /metrics: programs on this machine, configured networks, and who has the token."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from digest.utils.urls import host_name

_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class MetricsAccess:
    networks: tuple[_Network, ...] = ()
    # '' for none.
    token: str = ""

    def allows(self, client: str, headers: Mapping[str, str]) -> bool:
        """Decide by the client's address and the request's headers, with names in lower case."""
        given, expected = headers.get("authorization", "").encode(), f"Bearer {self.token}".encode()
        if self.token and hmac.compare_digest(given, expected):
            return True
        try:
            address = ipaddress.ip_address(client)
        except ValueError:
            return False
        if any(address in network for network in self.networks):
            return True
        # A proxy on this machine forwards requests of others. They have a public host name, or a header of the proxy.
        passed_on = any(header in headers for header in _FORWARDED)
        return address.is_loopback and host_name(headers.get("host", "")) in _LOOPBACK_NAMES and not passed_on
