"""Run one case and check it: the fault, the sends afterwards, resolving unknown batches, the provider's log."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Set
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.chaos.killed_send import EDITION, compare_with_log
from tests.chaos.schedules import send_webhooks
from tests.cli.newsroom import Newsroom
from tests.proof.cases import Case
from tests.proof.faults import CAUSES
from tests.proof.field import Field, make_field
from tests.proof.providers import BY_NAME
from tests.support.killing import balance

# How often a send is started until nothing is pending, and how often unknown batches are resolved.
_STARTS, _ROUNDS = 8, 5


@dataclass(frozen=True)
class Result:
    """Numbers of recipients. `sends` are those that the provider's log has, whatever our ledger says.

    `unknown` are those before anything was settled; then how they were settled; `left` are those that stay unknown.
    `wrong` says what broke, if something did; `not_run` why the case was not run."""

    fault: str
    provider: str
    store: str
    workers: int
    seed: int
    recipients: int = 0
    sends: int = 0
    duplicates: int = 0
    missed: int = 0
    unknown: int = 0
    by_events: int = 0
    by_log: int = 0
    by_operator: int = 0
    resent: int = 0
    left: int = 0
    seconds: float = 0.0
    wrong: str = ""
    not_run: str = ""

    @property
    def case(self) -> Case:
        return Case(self.fault, self.provider, self.store, self.workers, self.seed)

    @property
    def holds(self) -> bool:
        return not (self.duplicates or self.missed or self.left or self.wrong)


def run_case(case: Case, prepared: Newsroom, folder: Path, recipients: int) -> Result:
    """Run the case in a copy of the prepared folder. Never raises: an error is part of the result."""
    if reason := case.why_not:
        return Result(**asdict(case), not_run=reason)
    began = time.monotonic()
    numbers: dict[str, Any] = {}
    try:
        with make_field(case, prepared, folder, recipients) as field:
            try:
                numbers = _run(field)
            except Exception as error:
                numbers = _broken(error) | _counted(field)
    except Exception as error:
        # What was found stays, even if a server did not end well.
        numbers = _broken(error) | {name: value for name, value in numbers.items() if value}
    seconds = round(time.monotonic() - began, 1)
    return Result(**asdict(case), recipients=recipients, seconds=seconds, **numbers)


def _broken(error: Exception) -> dict[str, Any]:
    return {"wrong": " ".join(f"{type(error).__name__}: {error}".split())[:500]}


def _counted(field: Field) -> dict[str, Any]:
    """The provider's log of a case that ended with an error."""
    if not field.log.exists():
        return {}
    found = balance(field.log)
    return {"sends": found.counts.total(), "duplicates": sum(count - 1 for count in found.duplicates.values())}


def _run(field: Field) -> dict[str, Any]:
    # Not the server's random generator, whose state depends on earlier requests.
    CAUSES[field.case.fault](field, field.case.rng())
    field.await_end()
    # Otherwise everything would be sent after the fault has ended.
    assert field.accepted(), "nothing was sent while the fault was there"
    status = _send_until_done(field)
    settled: Counter[str] = Counter()
    for _ in range(_ROUNDS):
        # A batch that is sent again may become unknown again, because the provider's faults continue.
        if status["unknown"]:
            settled += Counter({"unknown": status["unknown"], **_settle(field, status["unknown"])})
            status = _send_until_done(field)
    verdict = compare_with_log(field.log, status, field.recipients, killed=False)
    wrong = [
        f"{number} {name}"
        for name, number in (("unexpected", verdict.unexpected), ("falsely accepted", verdict.falsely_accepted))
        if number
    ]
    if status["rejected"] or status["excluded"]:
        wrong.append(f"{status['rejected']} rejected, {status['excluded']} excluded")
    return {
        **settled,
        "sends": balance(field.log).counts.total(),
        "duplicates": verdict.duplicates,
        "missed": verdict.missed,
        "left": verdict.unknown,
        "wrong": ", ".join(wrong),
    }


def _send_until_done(field: Field) -> dict[str, Any]:
    """Send again, as an operator or `digest run` does, until nothing is pending."""
    for _ in range(_STARTS):
        sent = field.digest("send", EDITION)
        status = field.status()
        if status["frozen"] and not status["pending"]:
            return status
    # The end of what it printed says why.
    said = f"{sent.out[-200:]} {sent.err[-300:]}"
    raise AssertionError(
        f"after {_STARTS} sends {status['pending']} recipients are pending; the last ended with {sent.code}: {said}"
    )


def _settle(field: Field, unknown: int) -> dict[str, int]:
    """Resolve unknown batches: by the provider's webhooks, then by its log, then as an operator who reads the log."""
    found = dict.fromkeys(("by_events", "by_log", "by_operator", "resent"), 0)
    # The webhook's receiver runs in this process, which reaches no store in a namespace.
    if field.case.provider == "sendgrid" and not field.links:
        field.newsroom.environment |= field.settings
        send_webhooks(field.newsroom, field.log, field.case.seed)
        left = field.status()["unknown"]
        found["by_events"], unknown = unknown - left, left
    # Exit code 1: something is unknown.
    shown = json.loads(field.digest("reconcile", EDITION, "--json").out)
    found["by_log"] = unknown - shown["unknown"]
    # Nothing is sent while the operator decides, so the log is read once.
    served: Set[str] = balance(field.log).counts.keys() if shown["batches"] else frozenset()
    for batch in shown["batches"]:
        accepted, resent = _decide(field, batch, served)
        found["by_operator"] += accepted + resent
        found["resent"] += resent
    return found


def _decide(field: Field, batch: dict[str, Any], served: Set[str]) -> tuple[int, int]:
    """Decide about a batch. `served` are the addresses of the provider's log.

    Returns how many were accepted, and how many are sent again.
    """
    emails = {each["email"] for each in batch["recipients"]}
    reached = emails & served
    if reached and reached != emails:
        # Only some of the batch: recipients are named where each had an email of their own.
        if not BY_NAME[field.case.provider].one_by_one:
            return 0, 0
        words = [word for email in sorted(emails) for word in ("--accept" if email in reached else "--resend", email)]
    else:
        words = ["--accept" if reached else "--resend", str(batch["batch"])]
    done = field.digest("reconcile", EDITION, *words, "--offline", "--evidence", "the provider's log")
    assert done.code in (0, 1), done.err
    return len(reached), len(emails - reached)
