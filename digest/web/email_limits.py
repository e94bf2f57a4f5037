"""Limit the emails that visitors can request: they may enter any address."""

from __future__ import annotations

from datetime import timedelta

from fastapi import Request

from digest.store.rate_limits import Quota
from digest.subscribers.address import mailbox
from digest.web.client_limit import network_of
from digest.web.dependencies import client_address

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
# Of one network. At a stall, hundreds of phones share the address of one mobile carrier (RFC 6598), and what a mailbox
# gets is limited by itself.
_PER_NETWORK_AND_HOUR, _PER_NETWORK_AND_DAY = 300, 1500


def mailbox_quotas(address: str, purpose: str = "join") -> list[Quota]:
    """Return the limits of the emails for a purpose to one mailbox that may not be its visitor's."""
    name = f"{purpose}:{mailbox(address)}"
    return [Quota(name, 1, timedelta(minutes=10)), Quota(name, 3, _DAY), Quota(name, 6, 7 * _DAY)]


def network_quotas(purpose: str, request: Request) -> list[Quota]:
    """Return the limits of the emails that one network can request for a purpose."""
    name = f"{purpose}:{network(client_address(request))}"
    return [Quota(name, _PER_NETWORK_AND_HOUR, _HOUR), Quota(name, _PER_NETWORK_AND_DAY, _DAY)]


def network(address: str) -> str:
    """Return the network that shares a quota: an IPv4 /24 or an IPv6 /56, the size of one household or office."""
    return network_of(address, 24, 56)
