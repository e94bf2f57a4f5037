"""`digest send` and `digest status`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.find_edition import current_edition, decision_line, existing, key_of
from digest.cli.opening import app_despite_faults, pass_app
from digest.cli.output import (
    WORKER_HEADERS,
    emit,
    json_option,
    note,
    plural,
    require_addresses,
    table,
    unsendable_note,
    worker_cells,
)
from digest.cli.progress import calls, progress
from digest.cli.signals import stopped_by_signals
from digest.cli.telemetry import telemetry
from digest.errors import ConfigurationError, DigestError
from digest.models import BEGUN_STATES, EditionState
from digest.notify.alert import AlertKind
from digest.notify.disks import disk_alerts, free_bytes
from digest.utils.clock import resolve_local_time
from digest.utils.text import pick

if TYPE_CHECKING:
    from digest.app import App
    from digest.models import Edition
    from digest.store.sending.status import Counts, EditionStatus, UnreachedGroup
    from digest.usecases.send_result import SendResult

# The most rows of a table, and the most names in a JSON document.
_MAX_IN_TABLE = 50
# The most open alerts in `status`.
_MAX_ALERTS = 5
_MAX_IN_JSON = 1000
_MAX_REASONS = 20
# If there are more, a dry run only counts excluded subscribers by reason.
_MAX_EXCLUDED = 10
# How long an edition with unknown outcomes is shown beside newer ones.
_ATTENTION = timedelta(days=30)
# States of recipients with a place in an edition.
_PLACED = ("accepted", "pending", "unknown", "rejected")
# The limit of `--at`: no provider schedules an email further ahead.
_MAX_LEAD = timedelta(days=3)


@click.command()
@click.argument("edition", required=False, default="")
@click.option("--to", "addresses", multiple=True, help="Send a marked test to this address only; can be repeated.")
@click.option("--at", metavar="TIME", default="", help="Send at this time: HH:MM of today, or 2026-11-23T07:00.")
@click.option("--dry-run", is_flag=True, help="Show who would get it. Sends nothing, and stores no draft.")
@click.option("--force", metavar="REASON", default="", help="Send despite errors in the email; the reason is recorded.")
@click.option(
    "--obey-frequency", is_flag=True, help="Send a special edition only to subscribers whose days include its day."
)
@json_option
@pass_app
def send(
    app: App,
    edition: str,
    addresses: tuple[str, ...],
    at: str,
    dry_run: bool,
    force: str,
    obey_frequency: bool,
    as_json: bool,
) -> int:
    """Send EDITION (default: today's, composed if needed) to everyone who is due and does not have it yet.

    EDITION is a key, or the slug of an edition in the schedule, which means that of today. A special edition goes to
    everyone who is neither suppressed nor paused.
    """
    from digest import pipeline
    from digest.usecases.enqueue import SendRequest
    from digest.workers.seats import calling_workers

    if sum(map(bool, (addresses, dry_run, at))) > 1:
        raise click.UsageError("--to, --dry-run and --at exclude each other: choose one")
    when = _parse_time(app, at) if at else None
    key = key_of(app, edition, begun=True)
    if addresses:
        return _send_test(app, key, addresses, as_json)
    if dry_run:
        return _dry_run(app, key, as_json, obey_frequency=obey_frequency)
    with telemetry(app.environment), stopped_by_signals() as stop:
        with progress() as job:
            on_source = calls(job("collected"), len(app.sources))
            request = SendRequest(at=when, force=force.strip() or None, obey_frequency=obey_frequency)
            sent = pipeline.send(
                calling_workers(app), key, request, stop=stop, progress=job("sent"), on_source=on_source
            )
        return report_sent(app, sent, as_json)


def _parse_time(app: App, text: str) -> datetime:
    """Parse `--at` in the newsletter's zone. Raises ConfigurationError for an invalid, past or distant time."""
    now = app.now()
    try:
        # A time of day has no zone.
        clock = datetime.strptime(text, "%H:%M").time() if len(text) <= 5 else None  # noqa: DTZ007
        when = datetime.combine(now.date(), clock) if clock else datetime.fromisoformat(text)
    except ValueError:
        expected = "expected HH:MM of today, or a time such as 2026-11-23T07:00"
        raise ConfigurationError.at("--at", f"{expected}, found {text!r}") from None
    if not now.year - 1 <= when.year <= now.year + 1:
        raise ConfigurationError.at("--at", f"{when:%Y-%m-%d} is more than a year away")
    when = when if when.tzinfo else resolve_local_time(when, app.settings.newsletter.zone)
    # Compare in UTC: within one zone Python subtracts wall clock times, which jump twice a year.
    lead = when.astimezone(UTC) - now.astimezone(UTC)
    if not timedelta(0) < lead <= _MAX_LEAD:
        past = f"is past; for tomorrow write {when + timedelta(days=1):%Y-%m-%dT%H:%M}" if clock else "is past"
        problem = past if lead <= timedelta(0) else "is more than three days ahead"
        raise ConfigurationError.at("--at", f"{when:%Y-%m-%d %H:%M} {problem}")
    return when


def report_sent(app: App, sent: SendResult, as_json: bool) -> int:
    """Show the outcome of a send. Returns the exit code."""
    from digest.cli.json_output import counts_json, not_reached_json
    from digest.store.sending.status import find_unreached, group_unreached

    counts, edition = sent.counts, sent.edition
    waiting = (
        counts.pending > 0
        and edition.state == EditionState.SENDING
        and not app.ledger.is_due(edition.key, app.now(), app.schedule_window)
    )
    problems = list(sent.notes) + (sent.report.problems if sent.report else [])
    for problem in problems:
        note(problem)
    if sent.report and sent.report.stopped and counts.pending:
        note(f"Stopped. Run `digest send {edition.key}` to resume.")
    if as_json:
        not_reached = not_reached_json(find_unreached(app.database, edition.key, limit=_MAX_IN_JSON))
        emit({**counts_json(edition, counts), "placed": sent.placed, "problems": problems, "not_reached": not_reached})
    elif edition.state == EditionState.SKIPPED:
        click.echo(f"Edition {edition.key} is skipped; nothing was sent: {edition.reason}")
    else:
        done = not counts.pending and not counts.unknown
        if done and not sent.placed and sent.report and not sent.report.accepted:
            click.echo(f"Edition {edition.key}: everyone who is due already has it; nothing was sent.")
        _show_counts(app, sent, waiting)
        _show_groups(edition.key, group_unreached(find_unreached(app.database, edition.key, waiting=False)))
    if edition.state == EditionState.SKIPPED:
        return 1 if sent.all_sources_failed else 0
    incomplete = counts.rejected or counts.unknown or (counts.pending and not waiting)
    return 1 if incomplete or edition.state not in BEGUN_STATES else 0


def _show_counts(app: App, sent: SendResult, waiting: bool) -> None:
    """Print an edition's counts."""
    from digest.store.sending.status import next_due

    counts = sent.counts
    names = ("frozen", "accepted", "rejected", "excluded", "pending", "unknown")
    click.echo(f"edition {sent.edition.key}, {sent.edition.state}")
    click.echo(table(("", "recipients"), [(name, getattr(counts, name)) for name in names]))
    if sent.report:
        click.echo(f"{sent.report.accepted} of the accepted ones by this command")
    click.echo(f"{plural(counts.batches, 'batch', 'batches')}, {plural(counts.variants, 'variant')}")
    if waiting and (due := next_due(app.database, sent.edition.key)):
        when = f"{due.astimezone(app.settings.newsletter.zone):%Y-%m-%d %H:%M}"
        click.echo(f"The pending ones are due from {when}; `digest run` sends them then, or `digest send` after that.")


def _show_groups(key: str, groups: Sequence[UnreachedGroup]) -> None:
    """Print who did not get an edition, and why. Recipients of a large group are counted, with examples."""
    rows: list[tuple[str, str, str]] = []
    for group in groups:
        if len(group.emails) == group.recipients:
            rows += [(email, group.state, group.reason) for email in group.emails]
        else:
            who = f"{group.recipients:,} recipients, such as {', '.join(group.emails)}"
            rows.append((who, group.state, group.reason))
    _show_unreached(rows[:_MAX_IN_TABLE])
    if rows[_MAX_IN_TABLE:] or any(len(group.emails) < group.recipients for group in groups):
        click.echo(f"`digest status {key} --all` names everyone.")


def _show_unreached(rows: Sequence[tuple[str, str, str]]) -> None:
    if rows:
        click.echo()
        click.echo(table(("did not get it", "state", "why"), rows))


def _show_reasons(reasons: Sequence[tuple[str, int]]) -> None:
    click.echo()
    click.echo(table(("excluded because", "recipients"), reasons))


@click.command()
@click.argument("edition", required=False, default="")
@click.option("--all", "everyone", is_flag=True, help="Name everyone who did not get it.")
@click.option("--watch", "live", is_flag=True, help="Show a live page of the day until Ctrl-C.")
@json_option
@click.pass_obj
def status(home: Path, edition: str, everyone: bool, live: bool, as_json: bool) -> int:
    """Show EDITION's counts (default: the newest edition), who did not get it, and why.

    Without EDITION it also names older editions that are unfinished or have unknown outcomes. With --watch: what comes
    next, the progress of a send, the last editions, and the sources' health.
    """
    if live and (edition or everyone or as_json):
        raise click.UsageError("--watch shows the whole day: leave out EDITION, --all and --json")

    with app_despite_faults(home) as app:
        if live:
            from digest.cli.watch import watch

            watch(app)
            return 0
        if problem := app.high_water.problem():
            note(problem)
        found = existing(app, key_of(app, edition)) if edition else app.editions.newest()
        if found is None:
            if not as_json:
                _show_alerts(app, ())
                # A newsletter that was just set up on several machines.
                _show_workers(app)
            raise DigestError("There is no edition yet. `digest send` makes one.")
        by_name = as_json or everyone
        read = app.status_reader
        limit = None if everyone else _MAX_IN_JSON
        state = read.read(found.key, app.now(), limit=limit) if by_name else read.read_groups(found.key, app.now())
        others = [] if edition else _other_unfinished(app, found)
        if as_json:
            emit({**_status_json(app, found, state, others), "store_problem": problem})
        else:
            _show_status(app, found, state, others)
    return 0


def _other_unfinished(app: App, shown: Edition) -> list[tuple[Edition, Counts]]:
    """Return the other editions that are being sent or paused, or have unknown outcomes, newest first."""
    now = app.now()
    keys = [key for key in app.overview.unfinished((now - _ATTENTION).date()) if key != shown.key]
    editions = [edition for key in keys if (edition := app.editions.get(key))]
    return [(edition, app.status_reader.counts(edition.key, now)) for edition in editions]


def _status_json(
    app: App, found: Edition, state: EditionStatus, others: Sequence[tuple[Edition, Counts]]
) -> dict[str, Any]:
    from digest.cli.json_output import counts_json, decision_json, not_reached_json, unknown_batch_json, worker_json
    from digest.store.content.events import count_feedback
    from digest.store.sending.status import unsendable_batches
    from digest.usecases.reconcile import hold_without_recipients

    held = hold_without_recipients(app.database, found.key, found.day)
    unsendable = unsendable_batches(app.database, found.key, app.settings.delivery.transport)
    return {
        **counts_json(found, state.counts),
        "not_reached": not_reached_json(state.unreached),
        "unknown_batches": [unknown_batch_json(batch) for batch in state.unknown],
        "stranded_batches": [unknown_batch_json(batch) for batch in unsendable],
        "held": held.reason if held else None,
        "decisions": [decision_json(each) for each in app.editions.decisions(found.key)],
        "specials": [{"edition": key, "at": at.isoformat()} for key, at in _specials(app)],
        "others": [counts_json(edition, counts) for edition, counts in others],
        "failed_feedback": app.overview.failed_feedback().number,
        "workers": [worker_json(each) for each in app.workers.all()],
        **asdict(count_feedback(app.database, found.key)),
    }


def _show_status(app: App, found: Edition, state: EditionStatus, others: Sequence[tuple[Edition, Counts]]) -> None:
    from digest.store.content.events import count_feedback
    from digest.usecases.send_result import SendResult, why_not_sent

    totals = state.counts
    waiting = totals.pending > 0 and found.state == EditionState.SENDING and not app.ledger.is_due(found.key, app.now())
    if found.reason:
        click.echo(found.reason)
    _show_counts(app, SendResult(found, totals), waiting)
    _show_alerts(app, {found.key, *(other.key for other, _ in others)})
    _show_unreached([(row.email, row.state, row.reason) for row in state.unreached])
    _show_groups(found.key, state.groups)
    is_auto = found.state == EditionState.DRAFT and not app.stopper.requires_approval(found.key)
    for reason in why_not_sent(found) if totals.pending or not (totals.frozen or is_auto) else ():
        click.echo(reason)
    planned = app.calendar.of(found.key)
    if planned and (is_auto or found.state == EditionState.APPROVED):
        hour = planned.send_at.astimezone(app.settings.newsletter.zone)
        ahead, past = f"`digest run` sends it at {hour:%Y-%m-%d %H:%M}.", f"{hour:%H:%M} is past. To send it"
        click.echo(ahead if hour > app.now() else f"{past}: digest send {found.key}")
    if totals.pending and found.state == EditionState.SENDING and not waiting:
        alone = f"`digest run` sends the pending ones; if it does not run: digest send {found.key}"
        click.echo("The workers send the pending ones." if app.workers.seats() else alone)
    for each in app.editions.decisions(found.key):
        click.echo(decision_line(each, app.settings.newsletter.zone))
    if feedback := str(count_feedback(app.database, found.key)):
        click.echo(feedback)
    _show_open_questions(app, found, state)
    for other, counts in others:
        click.echo(f"\n{_other_line(other, counts)}")
    if specials := _specials(app):
        names = ", ".join(f"{key} at {at:%Y-%m-%d %H:%M}" for key, at in specials)
        click.echo(f"\nApproved special editions: {names}")
    _show_workers(app)


def _other_line(edition: Edition, counts: Counts) -> str:
    parts = [f"{number:,} {name}" for name in ("pending", "unknown") if (number := getattr(counts, name))]
    numbers = f": {', '.join(parts)} of {plural(counts.frozen, 'recipient')}" if parts else ""
    return f"Edition {edition.key} is {edition.state}{numbers}. Details: digest status {edition.key}"


def _show_alerts(app: App, shown: Collection[str]) -> None:
    """Print the open alerts. One of them may say why emails wait.

    Unknown outcomes of the editions in `shown` have lines of their own.
    """
    if failed := app.overview.failed_feedback().number:
        what = plural(failed, "webhook payload or returned mail", "webhook payloads and returned mails")
        click.echo(f"\n{what} could not be processed; `digest events handle --failed` tries again and says why.")
    told = {(AlertKind.FEEDBACK_FAILED, ""), *((AlertKind.OUTCOME_UNKNOWN, key) for key in shown)}
    stored = [each for each in app.alert_store.open() if (each.kind, each.subject) not in told]
    # A full disk is found here, because then no alert can be stored.
    enough = app.settings.alerts.disk_free_mb * 1_000_000
    disks = list(disk_alerts(free_bytes(app.watched_folders), enough, app.now()))
    found = [*disks, *(each for each in stored if not disks or each.kind != AlertKind.DISK_LOW)]
    for each in found[:_MAX_ALERTS]:
        click.echo(f"\nAlert: {each.title}. {each.text} {each.action}")
    if len(found) > _MAX_ALERTS:
        click.echo("\n`digest alerts list` shows more alerts.")


def _show_workers(app: App) -> None:
    if workers := app.workers.all():
        click.echo()
        click.echo(table(WORKER_HEADERS, [worker_cells(each) for each in workers]))


def _show_open_questions(app: App, found: Edition, state: EditionStatus) -> None:
    """Print the decisions that wait for an operator: unknown, held and unsendable batches."""
    from digest.store.sending.status import unsendable_batches
    from digest.usecases.reconcile import held_editions, hold_without_recipients

    if state.unknown:
        batches = plural(len(state.unknown), "batch has", "batches have")
        click.echo(f"\n{batches} an unknown outcome. To resolve it: digest reconcile {found.key}")
    if held := hold_without_recipients(app.database, found.key, found.day):
        click.echo(f"\nHeld: {held.reason}. Nothing of it is sent until you decide: digest reconcile {found.key}")
    if others := [key for key in held_editions(app.database, app.now().date()) if key != found.key]:
        click.echo(
            f"\nAlso held, because the store was restored: {', '.join(others)}. For each: digest reconcile EDITION"
        )
    if unsendable := unsendable_batches(app.database, found.key, app.settings.delivery.transport):
        click.echo(f"\n{unsendable_note(unsendable)}")


def _specials(app: App) -> list[tuple[str, datetime]]:
    """Return the approved special editions, each with its time in the newsletter's zone."""
    from digest.usecases.special import approved_specials

    zone = app.settings.newsletter.zone
    return [(each.key, at.astimezone(zone)) for each, at in approved_specials(app.editions)]


def _send_test(app: App, key: str, addresses: tuple[str, ...], as_json: bool) -> int:
    from digest import pipeline

    require_addresses("--to", addresses)
    edition, problems = pipeline.send_test(app, key, [address.strip() for address in addresses])
    sent = 0 if edition.state == EditionState.SKIPPED else len(addresses) - len(problems)
    for problem in problems:
        note(problem)
    if as_json:
        document = {"edition": edition.key, "state": edition.state, "reason": edition.reason, "test": True}
        emit({**document, "sent": sent, "problems": problems})
    elif edition.state == EditionState.SKIPPED:
        click.echo(f"Edition {edition.key} is skipped; there is nothing to test: {edition.reason}")
    else:
        click.echo(
            f"Sent a test of edition {edition.key} to {sent} of {plural(len(addresses), 'address', 'addresses')}."
        )
    # Whoever asked for a test waits for it.
    return 0 if sent == len(addresses) else 1


def _places(placed: Counts) -> str:
    """Return the number of recipients in each state, as text."""
    return ", ".join(f"{getattr(placed, state):,} {state}" for state in _PLACED if getattr(placed, state))


def _dry_run(app: App, key: str, as_json: bool, *, obey_frequency: bool) -> int:
    from digest.notify.report import group_reasons
    from digest.usecases.preflight import PreflightResult
    from digest.usecases.send_result import why_not_sent

    edition = current_edition(app, key, store=False)
    approved = edition.state == EditionState.DRAFT and not app.requires_approval(key)
    if not approved and (reasons := why_not_sent(edition)):
        raise DigestError(reasons[0])
    plan = app.enqueuer.plan(edition, obey_frequency=obey_frequency)
    app.example_domain_guard.refuse_example_domain()
    app.sample_guard.refuse(edition)
    found = PreflightResult()
    if edition.state != EditionState.SKIPPED:
        found = app.preflight.check_edition(edition, app.enqueuer.variants_in_use(edition))
    if as_json:
        emit(
            {
                "edition": key,
                "state": plan.edition.state,
                "reason": plan.edition.reason,
                "dry_run": True,
                "would_send": plan.due,
                "excluded": len(plan.excluded),
                "already": plan.placed.frozen - plan.placed.excluded,
                **{state: getattr(plan.placed, state) for state in _PLACED},
                **pick(found, "errors warnings left_out"),
            }
        )
        return 1 if found.errors else 0
    if plan.edition.state == EditionState.SKIPPED:
        click.echo(f"Edition {key} would be skipped: {plan.edition.reason}")
        return 0
    click.echo(f"Edition {key} would go to {plural(plan.due, 'subscriber')}.")
    if already := _places(plan.placed):
        click.echo(f"Others have a place in it already: {already}.")
    if plan.placed.pending:
        click.echo("Pending recipients get it too, when they are due.")
    if plan.placed.unknown:
        click.echo(
            f"Recipients with an unknown outcome may have it, and are left out: `digest reconcile {key}` resolves them."
        )
    if len(plan.excluded) > _MAX_EXCLUDED:
        _show_reasons(group_reasons(((reason, 1) for _email, reason in plan.excluded), _MAX_REASONS))
    elif plan.excluded:
        click.echo(table(("would not get it", "why"), plan.excluded))
    for line in (*map(str, found.findings), *found.left_out):
        note(line)
    return 1 if found.errors else 0
