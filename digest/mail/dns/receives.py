"""Whether a domain receives email, for a web form: bounded in time, cached, and False when unsure."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from digest.mail.dns.lookup import Answer
from digest.mail.dns.resolver import parse_nameserver

if TYPE_CHECKING:
    from dns.resolver import Resolver

# Seconds for all queries about one domain, and for one attempt.
_LIFETIME, _TRY = 1.5, 0.7
# The most concurrent look-ups. Further domains are not looked up.
_AT_ONCE = 8
# After this many unanswered domains in a row, look-ups pause for this many seconds.
_SILENT, _PAUSE = 3, 60.0
_CACHED = 10_000
# Names that are never in the DNS (RFC 2606, RFC 6761).
_RESERVED = ("example", "example.com", "example.net", "example.org", "invalid", "localhost", "test")
_MANY_RECORDS = 32


class MailDomains:
    """Asks the machine's DNS server, or `nameserver` (`address[:port]`). Threads share it. Raises ValueError."""

    def __init__(self, nameserver: str = "", *, clock: Callable[[], float] = time.monotonic) -> None:
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
        until = self._clock() + _LIFETIME
        for kind in ("MX", "A", "AAAA"):
            answer = self._lookup(domain, kind, until - self._clock())
            if answer.problem:
                return False
            if answer.records:
                return kind == "MX" and all(record.split()[1:] in (["."], []) for record in answer.records)
        return True

    def _lookup(self, domain: str, kind: str, lifetime: float) -> Answer:
        import dns.exception
        import dns.resolver

        if lifetime <= 0:
            return Answer((), "no time left")
        try:
            found = self._configured().resolve(domain, kind, search=False, lifetime=lifetime)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            self._answered()
            return Answer()
        except dns.exception.Timeout:
            self._not_answered()
            return Answer((), "no answer")
        except (dns.exception.DNSException, OSError, UnicodeError, ValueError) as error:
            return Answer((), type(error).__name__)
        self._answered()
        if kind != "MX":
            return Answer(("found",))
        texts = (f"{each.preference} {each.exchange.to_text(omit_final_dot=False)}" for each in found)
        return Answer(tuple(texts)[:_MANY_RECORDS])

    def _configured(self) -> Resolver:
        import dns.resolver

        with self._lock:
            if self._resolver is None:
                resolver = dns.resolver.Resolver(configure=self._server is None)
                if self._server is not None:
                    resolver.nameservers, resolver.port = [self._server[0]], self._server[1]
                resolver.timeout = _TRY
                resolver.cache = dns.resolver.LRUCache(_CACHED)
                self._resolver = resolver
            return self._resolver

    def _answered(self) -> None:
        with self._lock:
            self._silent = 0

    def _not_answered(self) -> None:
        with self._lock:
            self._silent += 1
            if self._silent >= _SILENT:
                self._silent, self._asleep_until = 0, self._clock() + _PAUSE
