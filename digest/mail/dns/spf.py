"""SPF (RFC 7208): the record of the MAIL FROM domain, evaluated through its includes as a receiver does."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field

from digest.mail.dns.resolver import Lookup, addresses, not_known
from digest.utils.findings import Finding, error, good, warning
from digest.utils.text import short_line

_CHECK = "SPF"
# RFC 7208 section 4.6.4.
MAX_LOOKUPS = 10
MAX_VOID = 2
_CLOSE = 8
# The count at which evaluation stops, to end loops of includes.
_STOP = 40
_TERM = re.compile(r"(?P<sign>[+\-~?]?)(?P<name>[a-z][a-z0-9_.-]*)(?P<rest>[:/=].*)?", re.I)
_ASKING = frozenset({"include", "a", "mx", "ptr", "exists"})
_FREE = frozenset({"ip4", "ip6", "all"})


@dataclass
class _Walk:
    """The counts so far, over all records."""

    lookups: int = 0
    # Names that do not exist or have no such record.
    void: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    # Findings about names with an unknown answer.
    unknown: list[Finding] = field(default_factory=list)


def check_spf(domain: str, lookup: Lookup, *, suggestion: str) -> list[Finding]:
    """Check the SPF of a MAIL FROM domain. `suggestion` is a record to publish if there is none."""
    answer = lookup(domain, "TXT")
    if answer.problem:
        return [not_known(_CHECK, f"TXT {domain}", answer)]
    records = spf_records(answer.records)
    if not records:
        fix = f'publish TXT {domain} "{suggestion}"'
        return [error(_CHECK, f"{domain} has no SPF record", fix)]
    if len(records) > 1:
        message = (
            f"{domain} has {len(records)} SPF records, so receivers use none: {'; '.join(map(short_line, records))}"
        )
        return [error(_CHECK, message, "merge them into one TXT record and delete the others")]
    walk = _Walk()
    _follow(domain, records[0], lookup, walk)
    return [*_judge_counts(domain, walk), *_judge_all(domain, records[0], lookup), *walk.unknown] or [
        good(_CHECK, f"{domain}: {short_line(records[0])} ({walk.lookups} of {MAX_LOOKUPS} lookups)")
    ]


def spf_records(records: tuple[str, ...]) -> list[str]:
    """Return the TXT records that are SPF records (RFC 7208 section 4.5)."""
    return [record for record in records if re.match(r"v=spf1(\s|$)", record, re.I)]


def _judge_counts(domain: str, walk: _Walk) -> list[Finding]:
    found = [
        error(_CHECK, f"{domain}: {fault}", "correct this term; receivers reject the whole record (permerror)")
        for fault in walk.faults
    ]
    fewer = "remove includes of services you no longer use, or replace `a` and `mx` by `ip4:` and `ip6:`"
    if walk.lookups > MAX_LOOKUPS:
        count = f"{walk.lookups}{' or more' if walk.lookups >= _STOP else ''}"
        found.append(
            error(_CHECK, f"{domain} needs {count} DNS lookups; receivers stop at {MAX_LOOKUPS} (permerror)", fewer)
        )
    elif walk.lookups >= _CLOSE:
        found.append(
            warning(_CHECK, f"{domain} needs {walk.lookups} DNS lookups; receivers allow {MAX_LOOKUPS}", fewer)
        )
    if len(walk.void) > MAX_VOID:
        names = ", ".join(walk.void)
        message = f"{domain} names {len(walk.void)} hosts without records; receivers allow {MAX_VOID}: {names}"
        found.append(error(_CHECK, message, "remove these terms"))
    elif walk.void:
        found.append(warning(_CHECK, f"{domain} names hosts without records: {', '.join(walk.void)}", "remove them"))
    return found


def _judge_all(domain: str, record: str, lookup: Lookup) -> list[Finding]:
    """Judge how the record ends, through `redirect`."""
    terms = _terms(record)
    for _hop in range(MAX_LOOKUPS):
        signs = [sign for sign, name, _rest in terms if name == "all"]
        redirect = next((rest[1:] for _sign, name, rest in terms if name == "redirect"), "")
        if signs or not redirect or "%" in redirect:
            break
        answer = lookup(redirect, "TXT")
        records = spf_records(answer.records)
        if answer.problem or len(records) != 1:
            # The redirect's own check reports this.
            return []
        terms = _terms(records[0])
    else:
        return []
    if signs and signs[0] in ("", "+"):
        return [warning(_CHECK, f"{domain} ends with +all: anyone may send in its name", "end the record with ~all")]
    if not signs and not redirect:
        return [warning(_CHECK, f"{domain} has no `all`: other senders are not marked", "end the record with ~all")]
    if signs and signs[0] == "?":
        return [warning(_CHECK, f"{domain} ends with ?all: other senders are not marked", "end the record with ~all")]
    return []


def _terms(record: str) -> list[tuple[str, str, str]]:
    """Return (sign, name in lower case, rest with its `:`, `/` or `=`) of each term; an invalid one has an
    empty name.
    """
    found = []
    for word in record.split()[1:]:
        match = _TERM.fullmatch(word)
        found.append((match["sign"], match["name"].lower(), match["rest"] or "") if match else ("", "", word))
    return found


def _follow(domain: str, record: str, lookup: Lookup, walk: _Walk) -> None:
    """Count the lookups of a record and its includes."""
    terms = _terms(record)
    has_all = any(name == "all" for _sign, name, _rest in terms)
    for sign, name, rest in terms:
        if walk.lookups >= _STOP:
            return
        if rest.startswith("=") and not sign:
            # With `all`, a redirect is ignored (section 6.1). So is any other modifier.
            if name == "redirect" and not has_all:
                walk.lookups += 1
                _include(rest[1:], lookup, walk, "redirect=")
        elif name in _ASKING:
            walk.lookups += 1
            _ask(name, rest, domain, lookup, walk)
        elif name not in _FREE or not _is_network(name, rest):
            walk.faults.append(f"`{short_line(sign + name + rest)}` is not a term of SPF")
        # Nothing after it is reached.
        if name == "all":
            return


def _ask(name: str, rest: str, domain: str, lookup: Lookup, walk: _Walk) -> None:
    target = rest[1:] if rest.startswith(":") else ""
    target = target.partition("/")[0]
    if "%" in target or name == "ptr":
        # A macro depends on the email.
        return
    if not target and name in ("include", "exists"):
        walk.faults.append(f"`{name}` needs a domain")
        return
    target = target or domain
    if name == "include":
        _include(target, lookup, walk, "include:")
        return
    answer = lookup(target, "MX") if name == "mx" else addresses(lookup, target)
    if answer.problem:
        walk.unknown.append(not_known(_CHECK, target, answer))
    elif not answer.records and name != "exists":
        walk.void.append(target)


def _include(target: str, lookup: Lookup, walk: _Walk, term: str) -> None:
    if "%" in target:
        return
    answer = lookup(target, "TXT")
    if answer.problem:
        walk.unknown.append(not_known(_CHECK, f"TXT {target}", answer))
        return
    if not answer.records:
        walk.void.append(target)
    records = spf_records(answer.records)
    if len(records) == 1:
        _follow(target, records[0], lookup, walk)
    elif not records:
        walk.faults.append(f"`{term}{short_line(target)}` leads to no SPF record")
    else:
        walk.faults.append(f"`{term}{short_line(target)}` leads to {len(records)} SPF records")


def _is_network(name: str, rest: str) -> bool:
    if name == "all":
        return not rest
    try:
        network = ipaddress.ip_network(rest.removeprefix(":"), strict=False)
    except ValueError:
        return False
    return f"ip{network.version}" == name
