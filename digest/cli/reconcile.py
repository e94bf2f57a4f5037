"""`digest reconcile`: resolve batches and recipients whose outcome is unknown."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.find_edition import decision_line, existing
from digest.cli.opening import app_despite_faults, refuse_faults, user_name
from digest.cli.output import emit, json_option, note, printable, table, unsendable_note
from digest.errors import ConfigProblem, ConfigurationError
from digest.models import GIVEN_UP_STATES, WAITING_STATES, EditionState, is_special

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from digest.app import App
    from digest.deliver.outcome import Accepted, NotSent
    from digest.store.sending.decisions import DecisionGrounds
    from digest.store.sending.restored import HoldReason
    from digest.store.sending.status import UnknownBatch, UnknownRecipient
    from digest.usecases.reconcile import Unsettled

# The most addresses in a message, and in a table.
_MAX_LISTED = 5
_MAX_IN_TABLE = 50


@click.command()
@click.argument("key", metavar="EDITION")
@click.option(
    "--accept",
    "accepted",
    multiple=True,
    metavar="ADDRESS|BATCH|all",
    help="Who has the email: an address, a batch by its number, or 'all'.",
)
@click.option(
    "--resend",
    "resent",
    multiple=True,
    metavar="ADDRESS|BATCH|all",
    help="Who does not have the email, and gets it again.",
)
@click.option("--reason", default="", help="How you know; recorded with the decision.")
@click.option("--evidence", default="", help="What you saw, such as the line of the mail log; recorded too.")
@click.option("--history", is_flag=True, help="Show the decisions so far, with who made them, when and why.")
@click.option("--offline", is_flag=True, help="Do not query the provider's log.")
@json_option
@click.pass_obj
def reconcile(
    home: Path,
    key: str,
    accepted: tuple[str, ...],
    resent: tuple[str, ...],
    reason: str,
    evidence: str,
    history: bool,
    offline: bool,
    as_json: bool,
) -> int:
    """Look up unknown batches in the provider's log, show what is left, and carry out your decisions.

    A decision needs --reason or --evidence. Accepting all recipients of SMTP needs --evidence.
    """
    request = _ReconcileRequest(key, accepted, resent, reason.strip(), evidence.strip(), as_json=as_json)
    # Their emails are recognised by the sender, and looked up at the provider.
    needs = () if history else ("newsletter", "delivery")
    sends = "--resend" if resent and not history else ""
    with app_despite_faults(home, needs=needs, refused=sends) as opened:
        # With a faulty list, `digest run` uses the last valid one, so this command does too.
        app = opened.copy_with(unattended=True)
        if history:
            existing(app, key)
            return _show_history(app, key, as_json=as_json)
        code = _settle_held(app, request)
        if code is not None:
            return code
        existing(app, key)
        confirmed = _query_provider(app, key, offline=offline)
        if request.decides:
            _carry_out(app, request)
        return _report(app, key, confirmed, as_json=as_json)


@dataclass
class _ReconcileRequest:
    """What the operator decides about the recipients of an edition, and how they know."""

    key: str
    accepted: tuple[str, ...]
    resent: tuple[str, ...]
    reason: str
    evidence: str
    as_json: bool

    @property
    def decides(self) -> bool:
        return bool(self.accepted or self.resent)

    @property
    def is_about_all(self) -> bool:
        """Whether it says that nobody has the edition, or nothing."""
        return not self.accepted and (not self.resent or self.resent == ("all",))

    def ask_for_grounds(self, *, needs_evidence: bool = False) -> None:
        """Ask in a terminal for missing grounds, or raise a usage error."""
        may_ask = sys.stdin.isatty() and not self.as_json
        if needs_evidence and not self.evidence:
            self.evidence = _evidence(may_ask)
        elif not self.reason and not self.evidence:
            self.reason = _reason(may_ask)

    def grounds(self, app: App) -> DecisionGrounds:
        from digest.store.sending.decisions import DecisionGrounds

        return DecisionGrounds(self.reason or self.evidence, self.evidence, user_name(app.environment))


def _settle_held(app: App, request: _ReconcileRequest) -> int | None:
    """Settle an edition without recipients that is held since the store was restored.

    Return the exit code, or None if there is none: then it has recipients, and each is decided on its own.
    """
    from digest import pipeline
    from digest.usecases.compose import day_of
    from digest.usecases.reconcile import hold_without_recipients

    key = request.key
    hold_reason = hold_without_recipients(app.database, key, day_of(key) or app.now().date())
    if not hold_reason:
        return None
    # The recipients depend on the schedule and the topics.
    refuse_faults(app, f"`digest reconcile` of edition {key}, which is held since the store was restored,")
    if request.decides:
        request.ask_for_grounds()
    if request.is_about_all:
        grounds = request.grounds(app)
        return _settle_doubtful(app, key, hold_reason, grounds, request.as_json, not_sent=bool(request.resent))
    existing(app, key)
    pipeline.place_held(app, key)
    return None


def _query_provider(app: App, key: str, *, offline: bool) -> Sequence[int]:
    """Return the unknown batches that the provider's log shows as sent."""
    from digest.store.sending.decisions import DecisionGrounds

    if offline:
        # An interrupted run may have left unknown batches.
        app.reconciler.resolve(key, {}, DecisionGrounds(""))
        return []
    confirmed = app.reconciler.query_provider_log(key)
    for batch in confirmed:
        note(f"Batch {batch}: the provider's log shows that it was sent.")
    return confirmed


def _carry_out(app: App, request: _ReconcileRequest) -> None:
    key, reconciler = request.key, app.reconciler
    decisions = _decisions(request.accepted, request.resent, reconciler.recipients(key), reconciler.may_be_single)
    request.ask_for_grounds(needs_evidence=decisions.accepts_unseen)
    reconciler.resolve(key, decisions.batches, request.grounds(app), singly=decisions.recipients)


def _report(app: App, key: str, confirmed: Sequence[int], *, as_json: bool) -> int:
    """Show what is left to decide, and return the exit code."""
    from digest.cli.json_output import unknown_batch_json, unknown_recipient_json
    from digest.store.sending.status import counts, unknown_batches
    from digest.usecases.send_result import why_not_sent

    unknown, unsendable = unknown_batches(app.database, key), app.reconciler.unsendable(key)
    left = app.reconciler.recipients(key)
    totals = counts(app.database, key)
    zone = app.settings.newsletter.zone
    if as_json:
        batches = [
            {
                **unknown_batch_json(each),
                "detail": each.detail,
                "recipients": [unknown_recipient_json(one, zone) for one in left if one.recipient.batch == each.batch],
            }
            for each in unknown
        ]
        document = {"edition": key, "unknown": totals.unknown, "pending": totals.pending, "batches": batches}
        stranded = [unknown_batch_json(each) for each in unsendable]
        emit({**document, "stranded_batches": stranded, "shown": list(confirmed)})
    elif not unknown and not unsendable:
        click.echo(f"Edition {key}: no batch has an unknown outcome.")
    else:
        _show(key, [*unknown, *unsendable], left, zone)
    if unsendable:
        note(unsendable_note(unsendable))
    edition = existing(app, key)
    if totals.pending and edition.state == EditionState.PAUSED:
        for reason in why_not_sent(edition):
            note(reason)
    elif totals.pending and edition.state not in GIVEN_UP_STATES:
        note(f"`digest run` or a worker sends what is pending within a minute; if none runs, use `digest send {key}`.")
    return 1 if unknown or unsendable else 0


def _settle_doubtful(
    app: App, key: str, hold_reason: HoldReason, grounds: DecisionGrounds, as_json: bool, *, not_sent: bool
) -> int:
    """Show an edition that may have been sent before the store was restored, and has no recipients.

    With `not_sent` record that it was not.
    """
    if not_sent:
        app.reconciler.set_not_sent(key, grounds)
    edition = app.editions.get(key)
    may_have_it = []
    if edition is not None and edition.state in WAITING_STATES and not not_sent:
        may_have_it = app.reconciler.expected(key, app.enqueuer.due_candidates(edition))
    if as_json:
        emit(
            {
                "edition": key,
                "unknown": 0,
                "pending": 0,
                "batches": [],
                "stranded_batches": [],
                "shown": [],
                "doubtful": not not_sent,
                "may_have_it": [{"email": email, "message_id": id or None} for email, id in may_have_it],
            }
        )
    elif not_sent:
        click.echo(f"Edition {key} was not sent before the store was restored. It is sent as usual from now on:")
        if not is_special(key):
            click.echo(f"by `digest run` or a worker at each subscriber's hour, or by `digest send {key}` at once.")
        elif edition is not None and edition.state == EditionState.APPROVED:
            click.echo(f"by `digest send {key}`. `digest run` sends it too, unless it was approved too long ago.")
        else:
            click.echo(f"by `digest send {key}`, or by `digest run` once somebody approves it.")
    else:
        click.echo(f"Edition {key}: {hold_reason.reason}.")
        if may_have_it:
            click.echo("\nThese subscribers of today's list may have it:")
            names = ("address", "Message-ID") if may_have_it[0][1] else ("address",)
            shown_rows = [(email, f"<{id}>")[: len(names)] for email, id in may_have_it[:_MAX_IN_TABLE]]
            click.echo(table(names, shown_rows))
            if len(may_have_it) > _MAX_IN_TABLE:
                click.echo(f"… and {len(may_have_it) - _MAX_IN_TABLE:,} more; `--json` lists them all.")
            click.echo("Look for them at your provider, in the log of your mail server, or in a mailbox of yours.\n")
        click.echo(f'If it was not sent:   digest reconcile {key} --resend all --reason "how you know"')
        if edition is None:
            click.echo("If it was sent:       leave it. The store does not have it, so nothing of it is sent.")
        else:
            click.echo(f'If it was sent:       digest reconcile {key} --accept all --evidence "what shows it"')
            click.echo(f'If some have it:      digest reconcile {key} --accept ADDRESS --evidence "what shows it"')
            click.echo("                      and so on; nobody else gets it before you decide about them too.")
    return 0 if not_sent else 1


def _show(key: str, batches: Sequence[UnknownBatch], left: Sequence[Unsettled], zone: ZoneInfo) -> None:
    """Show what is left: SMTP recipients one by one, other batches in a table."""
    single = [each for each in left if each.message_id]
    for each in single:
        click.echo(_block(each, zone))
    numbers = {each.recipient.batch for each in single}
    rows = [
        (b.batch, b.recipients, b.attempt, f"{b.started_at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}", b.detail)
        for b in batches
        if b.batch not in numbers
    ]
    if rows:
        click.echo(table(("batch", "recipients", "dg_attempt", "started", "what is known"), rows))
    if any(b.transport for b in batches if b.batch not in numbers):
        click.echo("Look up the attempt at the provider, then --accept or --resend the batch with --reason.")
    elif rows:
        # `restored` marks, which no provider knows.
        click.echo(
            "Find out whether this edition was sent: at your provider, in the log of your mail server, or in a mailbox "
            "of yours. Then --accept or --resend the batch with --evidence."
        )
    if single:
        click.echo(
            "Search the log of the mail server for each Message-ID, or for the address at that time. Then decide:\n"
            f'  digest reconcile {key} --accept ADDRESS --evidence "the line of the log"\n'
            f'  digest reconcile {key} --resend ADDRESS --evidence "not in the log"'
        )


def _block(each: Unsettled, zone: ZoneInfo) -> str:
    found = each.recipient
    host = f" to {found.host}" if found.host else ""
    fields = {"Message-ID": f"<{each.message_id}>"}
    if found.transport:
        fields |= {
            "time": f"{found.started_at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}",
            "attempt": f"{found.attempt}, batch {found.batch}, {found.transport}{host}",
            "server's last reply": found.last_reply or "none was recorded",
        }
    else:
        # A `restored` mark: this store never saw the attempt, if there was one.
        fields |= {"time": "not known", "batch": str(found.batch)}
    fields["what happened"] = found.detail
    lines = [f"  {name + ':':21}{value}" for name, value in fields.items()]
    return printable("\n".join([found.email, *lines, ""]))


def _show_history(app: App, key: str, *, as_json: bool) -> int:
    from digest.cli.json_output import decision_json
    from digest.store.sending.decisions import Decision

    decisions = [each for each in app.editions.decisions(key) if each.what in (Decision.ACCEPT, Decision.RESEND)]
    if as_json:
        emit({"edition": key, "decisions": [decision_json(each) for each in decisions]})
        return 0
    for each in decisions:
        click.echo(decision_line(each, app.settings.newsletter.zone))
    if not decisions:
        click.echo(f"No decisions are recorded for edition {key}.")
    return 0


@dataclass(frozen=True)
class _Decisions:
    """Decisions on whole batches, and on single recipients by batch and subscriber id."""

    batches: dict[int, Accepted | NotSent]
    recipients: dict[int, dict[int, Accepted | NotSent]]
    # Whether recipients who may have got a separate email by SMTP are accepted without being named.
    accepts_unseen: bool


def _decisions(
    accepted: Collection[str],
    resent: Collection[str],
    left: Sequence[Unsettled],
    may_be_single: Callable[[UnknownRecipient], bool],
) -> _Decisions:
    """Return the decision for each recipient.

    A named address takes precedence over the number of its batch. `all` means all that the other option does not name.
    `may_be_single` is the method of `Reconciler`.
    """
    from digest.deliver.outcome import Accepted, NotSent
    from digest.usecases.reconcile import one_by_one

    accept, resend = _Words.parse("--accept", accepted, left), _Words.parse("--resend", resent, left)
    batch, person = accept.batches & resend.batches, accept.people & resend.people
    if batch or person or (accept.all and resend.all):
        email = next((one.recipient.email for one in left if one.recipient.subscriber in person), "")
        problem = f"batch {min(batch)} is in both" if batch else f"{email} is in both" if person else "both are 'all'"
        raise ConfigurationError.at("--accept and --resend", f"{problem}; choose one for each batch")
    chosen: dict[int, dict[int, Accepted | NotSent]] = {}
    whole: set[int] = set()
    unseen = False
    for each in left:
        found = each.recipient
        takes = accept.rank(found.batch, found.subscriber), resend.rank(found.batch, found.subscriber)
        if takes == (0, 0):
            continue
        outcome = Accepted() if takes[0] > takes[1] else NotSent("resent by an operator")
        chosen.setdefault(found.batch, {})[found.subscriber] = outcome
        unseen = unseen or (isinstance(outcome, Accepted) and accept.all and may_be_single(found))
        if not one_by_one(found):
            whole.add(found.batch)
    sizes = {number: sum(each.recipient.batch == number for each in left) for number in whole}
    batches: dict[int, Accepted | NotSent] = {}
    for number, size in sizes.items():
        outcomes = list(chosen[number].values())
        if len(outcomes) == size and len(set(outcomes)) == 1:
            batches[number] = outcomes[0]
            del chosen[number]
    return _Decisions(batches, chosen, unseen)


@dataclass(frozen=True)
class _Words:
    """The words of an option: batches, people by subscriber id, or `all`."""

    batches: set[int]
    people: set[int]
    all: bool

    @classmethod
    def parse(cls, option: str, words: Iterable[str], left: Sequence[Unsettled]) -> _Words:
        """Parse an option. Raises ConfigurationError for a word that names nothing with an unknown outcome."""
        from digest.subscribers.address import comparable

        by_address = {comparable(each.recipient.email): each.recipient.subscriber for each in left}
        numbers = list(dict.fromkeys(each.recipient.batch for each in left))
        batches: set[int] = set()
        people: set[int] = set()
        problems = []
        everyone = False
        for word in words:
            if word == "all":
                everyone = True
            elif "@" in word and comparable(word) in by_address:
                people.add(by_address[comparable(word)])
            elif "@" in word:
                others = [each.recipient.email for each in left if each.message_id][:_MAX_LISTED]
                hint = f"; unknown: {', '.join(others)}" if others else ""
                problems.append(ConfigProblem(option, 0, f"{word} does not have an unknown outcome{hint}"))
            elif word.isascii() and word.isdecimal() and int(word) in numbers:
                batches.add(int(word))
            else:
                hint = f"; unknown batches: {', '.join(map(str, numbers))}" if numbers else ""
                problems.append(ConfigProblem(option, 0, f"batch {word} does not have an unknown outcome{hint}"))
        if problems:
            raise ConfigurationError(problems)
        return cls(batches, people, everyone)

    def rank(self, batch: int, person: int) -> int:
        """Return how specifically the option names a recipient; 0 if it does not."""
        return 3 if person in self.people else 2 if batch in self.batches else int(self.all)


def _evidence(may_ask: bool) -> str:
    if may_ask:
        return _ask("What shows that all of them have the email? Such as lines of the mail server's log")
    message = (
        "'--accept all' says that each of these recipients has the email; say what shows it, such as a line of the "
        "mail server's log, or accept the addresses that you found there"
    )
    raise ConfigurationError.at("--evidence", message)


def _reason(may_ask: bool) -> str:
    if may_ask:
        return _ask("How do you know?")
    raise ConfigurationError.at("--reason", "say how you know; it is recorded with the decision")


def _ask(question: str) -> str:
    # On stderr, like every note.
    return str(click.prompt(question, err=True)).strip()
