"""Answers of the DNS: records, none, or unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from digest.utils.findings import Finding, unknown


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question."""

    # TXT records with their strings joined; "10 mx.example.com" for MX. Empty: the DNS says that there is none.
    records: tuple[str, ...] = ()
    # Why the answer is unknown; '' if it is known.
    problem: str = ""


# (name, type) → answer. Types: "TXT", "A", "AAAA", "MX". Never raises.
Lookup = Callable[[str, str], Answer]


def not_known(check: str, name: str, answer: Answer) -> Finding:
    """The finding for an answer with a problem."""
    return unknown(
        check,
        f"not known: the DNS did not answer for {name} ({answer.problem})",
        "run `digest doctor` again, or name another DNS server with --nameserver",
    )


def addresses(lookup: Lookup, name: str) -> Answer:
    """The A and AAAA records of a name. Unknown if there are none and one of the two queries failed."""
    found = [lookup(name, kind) for kind in ("A", "AAAA")]
    records = tuple(record for answer in found for record in answer.records)
    problem = next((answer.problem for answer in found if answer.problem), "")
    return Answer(records) if records else Answer((), problem)


def tags(record: str) -> dict[str, str]:
    """The tags of a record such as `v=DMARC1; p=none`, names in lower case. The first of two equal names counts."""
    pairs = (part.partition("=") for part in record.split(";"))
    found: dict[str, str] = {}
    for name, _, value in pairs:
        if name.strip():
            found.setdefault(name.strip().lower(), value.strip())
    return found
