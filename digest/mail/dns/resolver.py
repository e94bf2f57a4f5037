"""Query the DNS with dnspython: for the checks of `digest doctor`, and for a form that asks if a domain gets email.

An answer is records, none, or unknown.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from digest.utils.findings import Finding, error, good, unknown

if TYPE_CHECKING:
    from dns.resolver import Resolver

# Seconds for one attempt, and for a whole query, of a check.
_TRY, _LIFETIME = 2.0, 4.0
_NO_ANSWER = "no answer in time"
# A server that has not answered any query is given up after this many.
_DEAD_AFTER = 2
# The same for a web form: for all queries about one domain, and for one attempt.
_FORM_LIFETIME, _FORM_TRY = 1.5, 0.7
# The most concurrent look-ups. Further domains are not looked up.
_AT_ONCE = 8
# After this many unanswered domains in a row, look-ups pause for this many seconds.
_SILENT, _PAUSE = 3, 60.0
_CACHED = 10_000
# Names that are never in the DNS (RFC 2606, RFC 6761).
_RESERVED = ("example", "example.com", "example.net", "example.org", "invalid", "localhost", "test")


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


def make_lookup(nameserver: str | None) -> Lookup:
    """Return a cached lookup by this server (`address[:port]`), or by the system's. Raises ValueError."""
    import dns.resolver

    try:
        resolver = dns.resolver.Resolver(configure=not nameserver)
    except dns.resolver.NoResolverConfiguration:
        return lambda name, kind: DnsAnswer((), "this machine has no DNS server in /etc/resolv.conf")  # noqa: ARG005
    if nameserver:
        host, port = parse_nameserver(nameserver)
        resolver.nameservers, resolver.port = [host], port
    resolver.timeout, resolver.lifetime = _TRY, _LIFETIME
    # Otherwise twenty queries to a dead server would take twenty times as long.
    silent, answered = 0, False

    @lru_cache(maxsize=512)
    def lookup(name: str, kind: str) -> DnsAnswer:
        nonlocal silent, answered
        if silent >= _DEAD_AFTER and not answered:
            return DnsAnswer((), _NO_ANSWER)
        answer = _ask(lambda: resolver.resolve(name, kind, search=False), kind)
        silent += answer.problem == _NO_ANSWER
        answered = answered or answer.problem != _NO_ANSWER
        return answer

    return lookup


def _ask(resolve: Callable[[], object], kind: str) -> DnsAnswer:
    """Query the DNS, and convert dnspython's answer or exception."""
    import dns.exception
    import dns.name
    import dns.resolver

    try:
        found = resolve()
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return DnsAnswer()
    except dns.resolver.NoNameservers as error:
        # SERVFAIL also means a faulty DNSSEC signature. Receivers see the same.
        reasons = dict.fromkeys(" ".join(str(each[3]).split()) for each in error.kwargs.get("errors", []))
        return DnsAnswer((), f"every server failed: {', '.join(reasons) or 'no reason'}")
    except dns.exception.Timeout:
        return DnsAnswer((), _NO_ANSWER)
    except (dns.exception.DNSException, OSError, UnicodeError, ValueError) as error:
        return DnsAnswer((), f"{type(error).__name__}")
    return DnsAnswer(tuple(_text(record, kind) for record in found))  # type: ignore[attr-defined]


def _text(record: object, kind: str) -> str:
    if kind == "TXT":
        # The strings of a record are joined without a space (RFC 7208 section 3.3).
        return b"".join(record.strings).decode("ascii", "replace")  # type: ignore[attr-defined]
    if kind == "MX":
        return f"{record.preference} {record.exchange.to_text(omit_final_dot=True)}"  # type: ignore[attr-defined]
    return str(record)


class MailDomains:
    """Finds domains that surely receive no email. Lookups are bounded in time and cached.

    Asks the machine's DNS server, or `nameserver` (`address[:port]`). Threads share it. Raises ValueError.
    """

    def __init__(self, nameserver: str | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._server = parse_nameserver(nameserver) if nameserver else None
        self._clock = clock
        self._free = threading.BoundedSemaphore(_AT_ONCE)
        self._lock = threading.Lock()
        self._silent = 0
        self._asleep_until = 0.0
        self._resolver: Resolver | None = None

    def surely_receives_none(self, domain: str) -> bool:
        """Whether the DNS shows that the domain receives no email: no MX, A or AAAA, or a null MX (RFC 7505).

        False if unknown, because the DNS is slow, down or busy.
        """
        if any(domain == name or domain.endswith(f".{name}") for name in _RESERVED):
            return False
        if self._clock() < self._asleep_until or not self._free.acquire(blocking=False):
            return False
        try:
            return self._ask(domain)
        finally:
            self._free.release()

    def _ask(self, domain: str) -> bool:
        until = self._clock() + _FORM_LIFETIME
        for kind in ("MX", "A", "AAAA"):
            answer = self._lookup(domain, kind, until - self._clock())
            if answer.problem:
                return False
            if answer.records:
                return kind == "MX" and all(record.split()[1:] in (["."], []) for record in answer.records)
        return True

    def _lookup(self, domain: str, kind: str, lifetime: float) -> DnsAnswer:
        if lifetime <= 0:
            return DnsAnswer((), "no time left")
        answer = _ask(lambda: self._configured_resolver().resolve(domain, kind, search=False, lifetime=lifetime), kind)
        with self._lock:
            if answer.problem == _NO_ANSWER:
                self._silent += 1
                if self._silent >= _SILENT:
                    self._silent, self._asleep_until = 0, self._clock() + _PAUSE
            elif not answer.problem:
                self._silent = 0
        return answer

    def _configured_resolver(self) -> Resolver:
        import dns.resolver

        with self._lock:
            if self._resolver is None:
                resolver = dns.resolver.Resolver(configure=self._server is None)
                if self._server is not None:
                    resolver.nameservers, resolver.port = [self._server[0]], self._server[1]
                resolver.timeout = _FORM_TRY
                resolver.cache = dns.resolver.LRUCache(_CACHED)
                self._resolver = resolver
            return self._resolver


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    """The answer to one question."""

    # TXT records with their strings joined; "10 mx.example.com" for MX. Empty: the DNS says that there is none.
    records: tuple[str, ...] = ()
    # Why the answer is unknown; None if it is known.
    problem: str | None = None


# (name, type) → answer. Types: "TXT", "A", "AAAA", "MX". Never raises.
Lookup = Callable[[str, str], DnsAnswer]


def not_known(check: str, name: str, answer: DnsAnswer) -> Finding:
    """Return the finding for an answer with a problem."""
    return unknown(
        check,
        f"not known: the DNS did not answer for {name} ({answer.problem})",
        "run `digest doctor` again, or name another DNS server with --nameserver",
    )


def addresses(lookup: Lookup, name: str) -> DnsAnswer:
    """Return the A and AAAA records of a name. Unknown if there are none and one of the two queries failed."""
    found = [lookup(name, kind) for kind in ("A", "AAAA")]
    records = tuple(record for answer in found for record in answer.records)
    problem = next((answer.problem for answer in found if answer.problem), None)
    return DnsAnswer(records) if records else DnsAnswer((), problem)


def tags(record: str) -> dict[str, str]:
    """Return the tags of a record such as `v=DMARC1; p=none`, names in lower case.

    The first of two equal names counts.
    """
    pairs = (part.partition("=") for part in record.split(";"))
    found: dict[str, str] = {}
    for name, _, value in pairs:
        if name.strip():
            found.setdefault(name.strip().lower(), value.strip())
    return found


def check_resolves(check: str, domain: str, lookup: Lookup, *, returns: bool) -> list[Finding]:
    """Check that the domain of From or MAIL FROM resolves, and with `returns` that bounces can come back to it.

    Yahoo refuses a domain that does not resolve; so do many servers (RFC 5321 section 5.1).
    """
    mx = lookup(domain, "MX")
    if mx.problem:
        return [not_known(check, f"MX {domain}", mx)]
    if any(record.split()[1:] in (["."], [""], []) for record in mx.records):
        if not returns:
            return [good(check, f"{domain} accepts no email (null MX)")]
        fix = f"publish MX {domain} with the server that receives your bounces"
        return [error(check, f"{domain} accepts no email (null MX): bounces are lost", fix)]
    if mx.records:
        return [good(check, f"{domain} is received by {', '.join(record.split()[-1] for record in mx.records)}")]
    host = addresses(lookup, domain)
    if host.problem:
        return [not_known(check, f"A {domain}", host)]
    if host.records:
        return [good(check, f"{domain} has an address")]
    fix = f"publish MX {domain} with the server that receives your bounces, such as `10 mail.{domain}.`"
    return [error(check, f"{domain} does not resolve (no MX, A or AAAA): Yahoo and others refuse its email", fix)]
