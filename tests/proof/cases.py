"""The cases of the report: which fault meets which provider, store and number of workers, and where one cannot."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from tests.proof.providers import PROVIDERS, STORM
from tests.support import links
from tests.support.outages import postgres_programs

# Fault → what happens, as the report says it.
FAULTS: Mapping[str, str] = {
    "kill -9": "a sender is killed with SIGKILL, once or twice, at any moment; one is started in its place",
    "link down": "a sender's cable is pulled for one to ten seconds, or for thirty if there are others: packets to the "
    "provider and the database vanish silently",
    "packet loss": "1 to 5 % of all packets between a sender and the provider and database get lost, both ways",
    "PostgreSQL restart": "the server is stopped, or crashes (`-m immediate`), and is back after 0 to 3 seconds",
    "lost replies": "3 of 10 calls lose their reply, whether or not the provider took the emails (SMTP: 3 of 100)",
    "5xx after acceptance": "3 of 10 calls are answered 500, 503 or 504, mostly after the emails were taken",
    "429": "3 of 10 calls are refused because of the rate (SMTP: 452 for 3 of 100)",
    "slow drip": "3 of 10 replies come byte by byte, late, or never end (SMTP: silence after the final dot)",
    "disk full": "no write of a sender to any file succeeds for one to five seconds",
    "clock steps": "a sender is killed, and started with a clock two hours back, then three hours ahead; several "
    "senders run at once with clocks that differ by hours",
    "restored backup": "a backup is made during the send, the send ends, the backup is put back, and it is sent again",
    STORM: "while replies get lost, one fault follows the other until everybody is served, at most ten and one more "
    "for each 5,000 recipients: kills, pulled cables, lost packets, restarts of PostgreSQL, full disks",
}
_NETWORK = ("link down", "packet loss", STORM)
_SERVERS = ("lost replies", "5xx after acceptance", "429", "slow drip")
STORES = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Case:
    """One send under one fault. The seed decides when and how the fault happens."""

    fault: str
    provider: str
    store: str
    workers: int
    seed: int

    def __str__(self) -> str:
        return f"{self.fault}/{self.provider}/{self.store}/{self.workers}"

    def rng(self) -> random.Random:
        """A random generator for this case only, so that other cases do not change it."""
        return random.Random(f"{self.seed} {self}")

    @property
    def needs_network(self) -> bool:
        return self.fault in _NETWORK

    @property
    def needs_own_server(self) -> bool:
        """Whether it needs a PostgreSQL server that nothing else uses."""
        return self.store == "postgresql" and self.fault in (*_NETWORK, "PostgreSQL restart")

    @property
    def why_not(self) -> str | None:
        """Why it is not run here, or None."""
        if self.needs_network and (reason := links.why_not()):
            return reason
        return _no_server() if self.needs_own_server else None


@cache
def _no_server() -> str | None:
    return None if postgres_programs() else "needs PostgreSQL's initdb and pg_ctl"


def applies(fault: str, provider: str, store: str) -> bool:
    """Whether there is such a fault at all."""
    if fault in _SERVERS:
        return fault in PROVIDERS[provider].played
    if fault == "PostgreSQL restart":
        return store == "postgresql"
    # PostgreSQL's copies are made by pg_dump: only the digest's own backup is tested.
    return fault != "restored backup" or store == "sqlite"


def all_cases(seed: int) -> Iterator[Case]:
    """Every case with this seed, in the order of the report."""
    for fault in FAULTS:
        for provider in PROVIDERS:
            for store in STORES:
                for workers in (1,) if store == "sqlite" else (1, 3):
                    if applies(fault, provider, store):
                        yield Case(fault, provider, store, workers, seed)


def quick_cases(seed: int) -> list[Case]:
    """Each fault once but the storm, and each provider, store and number of workers at least once."""
    found = list(all_cases(seed))
    random.Random(seed).shuffle(found)
    chosen: dict[str, Case] = {}
    seen: set[object] = set()
    for fault in FAULTS:
        # It takes minutes.
        if fault == STORM:
            continue
        mine = [case for case in found if case.fault == fault]
        best = max(mine, key=lambda case: len({case.provider, (case.store, case.workers)} - seen))
        seen |= {best.provider, (best.store, best.workers)}
        chosen[fault] = best
    return list(chosen.values())
