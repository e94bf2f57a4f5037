"""Queries the DNS with dnspython."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from functools import lru_cache

from digest.mail.dns.lookup import Answer, Lookup

# Seconds for one attempt, and for a whole query.
_TRY, _LIFETIME = 2.0, 4.0
_NO_ANSWER = f"no answer within {_LIFETIME:.0f} seconds"
# A server that has not answered any query is given up after this many.
_DEAD_AFTER = 2


def parse_nameserver(text: str) -> tuple[str, int]:
    """Parse `127.0.0.1`, `127.0.0.1:5353` or `[::1]:5353`. Raises ValueError."""
    host, port = text.strip(), "53"
    if host.startswith("["):
        host, _, rest = host[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif host.count(":") == 1:
        host, _, port = host.partition(":")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"expected a port from 1 to 65535, found {port!r}")
    return str(ipaddress.ip_address(host)), int(port)


def make_lookup(nameserver: str = "") -> Lookup:
    """Return a cached lookup by this server (`address[:port]`), or by the system's. Raises ValueError."""
    import dns.resolver

    try:
        resolver = dns.resolver.Resolver(configure=not nameserver)
    except dns.resolver.NoResolverConfiguration:
        return lambda name, kind: Answer((), "this machine has no DNS server in /etc/resolv.conf")  # noqa: ARG005
    if nameserver:
        host, port = parse_nameserver(nameserver)
        resolver.nameservers, resolver.port = [host], port
    resolver.timeout, resolver.lifetime = _TRY, _LIFETIME
    # Otherwise twenty queries to a dead server would take twenty times as long.
    silent, answered = 0, False

    @lru_cache(maxsize=512)
    def lookup(name: str, kind: str) -> Answer:
        nonlocal silent, answered
        if silent >= _DEAD_AFTER and not answered:
            return Answer((), _NO_ANSWER)
        answer = _ask(lambda: resolver.resolve(name, kind, search=False), kind)
        silent += answer.problem == _NO_ANSWER
        answered = answered or answer.problem != _NO_ANSWER
        return answer

    return lookup


def _ask(resolve: Callable[[], object], kind: str) -> Answer:
    """Query the DNS, and convert dnspython's answer or exception."""
    import dns.exception
    import dns.name
    import dns.resolver

    try:
        found = resolve()
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return Answer()
    except dns.resolver.NoNameservers as error:
        # SERVFAIL also means a faulty DNSSEC signature. Receivers see the same.
        reasons = dict.fromkeys(" ".join(str(each[3]).split()) for each in error.kwargs.get("errors", []))
        return Answer((), f"every server failed: {', '.join(reasons) or 'no reason'}")
    except dns.exception.Timeout:
        return Answer((), _NO_ANSWER)
    except (dns.exception.DNSException, OSError, UnicodeError, ValueError) as error:
        return Answer((), f"{type(error).__name__}")
    return Answer(tuple(_text(record, kind) for record in found))  # type: ignore[attr-defined]


def _text(record: object, kind: str) -> str:
    if kind == "TXT":
        # The strings of a record are joined without a space (RFC 7208 section 3.3).
        return b"".join(record.strings).decode("ascii", "replace")  # type: ignore[attr-defined]
    if kind == "MX":
        return f"{record.preference} {record.exchange.to_text(omit_final_dot=True)}"  # type: ignore[attr-defined]
    return str(record)
