"""`digest send` and `digest status`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest import local_time
from digest.cli.editions import existing, key_of, looked_at
from digest.cli.output import Progress, emit, json_option, note, plural, stranded_words, table
from digest.cli.stopping import stopped_by_signals
from digest.errors import ConfigurationError, DigestError, Fault

if TYPE_CHECKING:
    from digest.app import App
    from digest.pipeline import Sent
    from digest.store.counting import Missing

_SHOWN = 50  # names in a table
_IN_JSON = 1000
_FARTHEST = timedelta(days=3)  # news; and no provider keeps a letter longer


@click.command()
@click.argument("edition", required=False, default="")
@click.option("--to", "addresses", multiple=True, help="Send a marked test to this address only; may be repeated.")
@click.option("--at", metavar="TIME", default="", help="For this time: HH:MM of today, or 2026-11-23T07:00.")
@click.option("--dry-run", is_flag=True, help="Show who would get it; send nothing, freeze nothing.")
@click.option(
    "--force", metavar="REASON", default="", help="Send in spite of errors in the letter; the reason is kept."
)
@json_option
@click.pass_obj
def send(
    home: Path, edition: str, addresses: tuple[str, ...], at: str, dry_run: bool, force: str, as_json: bool
) -> int:
    """Send EDITION (default: today's, composed if needed) to everyone who is due and has not got it."""
    from digest import pipeline
    from digest.app import make_app

    with make_app(home) as app:
        if sum(map(bool, (addresses, dry_run, at))) > 1:
            raise click.UsageError("--to sends a test at once, --dry-run nothing, --at everyone later: choose one")
        when = _moment(app, at) if at else None
        key = key_of(app, edition)
        if addresses:
            return _send_test(app, key, addresses, as_json)
        if dry_run:
            return _dry_run(app, key, as_json)
        progress = Progress("sent")
        with stopped_by_signals() as stop:
            sent = pipeline.send(app, key, at=when, force=force.strip(), stop=stop, progress=progress)
            progress.end()
            return report(app, sent, as_json)


def _moment(app: App, said: str) -> datetime:
    """The time that `--at` names, in the newsletter's zone. Raises ConfigurationError for one that is none or past."""
    now = app.now()
    try:
        clock = datetime.strptime(said, "%H:%M").time() if len(said) <= 5 else None  # noqa: DTZ007  a clock has no zone
        when = datetime.combine(now.date(), clock) if clock else datetime.fromisoformat(said)
    except ValueError:
        expected = "expected HH:MM of today, or a time such as 2026-11-23T07:00"
        raise ConfigurationError([Fault("--at", 0, f"{expected}, found {said!r}")]) from None
    if not now.year - 1 <= when.year <= now.year + 1:
        raise ConfigurationError([Fault("--at", 0, f"{when:%Y-%m-%d} is in another time")])
    when = when if when.tzinfo else local_time.exactly(when, app.settings.newsletter.zone, "--at")
    # Within one zone Python compares what clocks show, which goes back once a year.
    ahead = when.astimezone(UTC) - now.astimezone(UTC)
    if not timedelta(0) < ahead <= _FARTHEST:
        past = f"is past; for tomorrow write {when + timedelta(days=1):%Y-%m-%dT%H:%M}" if clock else "is past"
        said = past if ahead <= timedelta(0) else "is more than three days ahead"
        raise ConfigurationError([Fault("--at", 0, f"{when:%Y-%m-%d %H:%M} {said}")])
    return when


def report(app: App, sent: Sent, as_json: bool) -> int:
    """Tells what a send came to; answers the exit code."""
    from digest.cli.json_output import counts_json, not_reached_json
    from digest.store.counting import missing

    counts, edition = sent.counts, sent.edition
    waiting = (
        counts.pending > 0 and edition.state == "sending" and not app.ledger.is_due(edition.key, app.now(), app.ahead)
    )
    problems = list(sent.notes) + (sent.report.problems if sent.report else [])
    for problem in problems:
        note(problem)
    if sent.report and sent.report.stopped and counts.pending:
        note(f"stopped; run `digest send {edition.key}` to go on")
    if as_json:
        gone = not_reached_json(missing(app.database, edition.key, limit=_IN_JSON))
        emit({**counts_json(edition, counts), "placed": sent.placed, "problems": problems, "not_reached": gone})
    elif edition.state == "skipped":
        click.echo(f"edition {edition.key} is skipped, nobody is mailed: {edition.reason}")
    else:
        if not sent.placed and sent.report and not sent.report.accepted and not counts.pending:
            click.echo(f"edition {edition.key}: nobody is due who has not got it; nothing was sent")
        # In a short list who is only waiting stays a number, so that the names that matter are seen.
        show_counts(app, sent, waiting, list(missing(app.database, edition.key, limit=_SHOWN + 1, waiting=False)))
    if edition.state == "skipped":
        return 1 if sent.all_sources_failed else 0
    incomplete = counts.rejected or counts.unknown or (counts.pending and not waiting)
    return 1 if incomplete or edition.state not in ("sending", "done") else 0


def show_counts(app: App, sent: Sent, waiting: bool, gone: Sequence[Missing], *, limit: int | None = _SHOWN) -> None:
    """The table of an edition's readers and who did not get it (`gone`): at most `limit` names, or everyone."""
    from digest.store.counting import next_due

    counts = sent.counts
    rows = [
        (name, getattr(counts, name))
        for name in ("frozen", "accepted", "rejected", "excluded", "pending", "unknown", "batches", "variants")
    ]
    click.echo(f"edition {sent.edition.key}, {sent.edition.state}")
    click.echo(table(("", "readers"), rows[:6]))
    if sent.report:
        click.echo(f"{sent.report.accepted} of them by this call")
    click.echo(f"{plural(counts.batches, 'batch', 'batches')}, {plural(counts.variants, 'variant', 'variants')}")
    if waiting and (due := next_due(app.database, sent.edition.key)):
        when = f"{due.astimezone(app.settings.newsletter.zone):%Y-%m-%d %H:%M}"
        click.echo(f"those pending are due from {when} on: `digest run` sends them then, or `digest send` after that")
    if not gone:
        return
    shown = gone[:limit]
    click.echo()
    click.echo(table(("who did not get it", "state", "why"), [(row.email, row.state, row.reason) for row in shown]))
    if len(gone) > len(shown):
        click.echo("… and more: `digest status --all` shows everyone")


@click.command()
@click.argument("edition", required=False, default="")
@click.option("--all", "everyone", is_flag=True, help="Name everyone who did not get it, not only the first 50.")
@json_option
@click.pass_obj
def status(home: Path, edition: str, everyone: bool, as_json: bool) -> int:
    """Show EDITION's counts per state (default: the newest edition), who did not get it and why."""
    from digest.app import make_app
    from digest.cli.json_output import counts_json, doubt_json, not_reached_json
    from digest.pipeline import Sent, why_not_sent
    from digest.store.events import heard
    from digest.store.stranding import stranded

    with make_app(home) as app:
        found = existing(app, edition) if edition else app.editions.newest()
        if found is None:
            raise DigestError("there is no edition yet; `digest send` makes one")
        most = None if everyone else _IN_JSON if as_json else _SHOWN + 1
        stands = app.status_reader.standing(found.key, app.now(), limit=most, waiting=as_json or everyone)
        totals, unknown, lost = (
            stands.counts,
            stands.doubts,
            stranded(app.database, found.key, app.settings.delivery.transport),
        )
        decided = app.editions.decisions(found.key)
        if as_json:
            document: dict[str, Any] = counts_json(found, totals)
            document["not_reached"] = not_reached_json(stands.missing)
            document["unknown_batches"] = [doubt_json(doubt) for doubt in unknown]
            document["stranded_batches"] = [doubt_json(doubt) for doubt in lost]
            document["decisions"] = [{"at": at.isoformat(), "what": what, "why": why} for at, what, why in decided]
            document |= asdict(heard(app.database, found.key))
            emit(document)
            return 0
        waiting = totals.pending > 0 and found.state == "sending" and not app.ledger.is_due(found.key, app.now())
        if found.reason:
            click.echo(found.reason)
        show_counts(app, Sent(found, totals), waiting, stands.missing, limit=None if everyone else _SHOWN)
        for said in why_not_sent(found) if totals.pending else ():
            click.echo(said)
        for at, what, why in decided:
            click.echo(f"{at.astimezone(app.settings.newsletter.zone):%Y-%m-%d %H:%M}  {what}: {why}")
        if said := str(heard(app.database, found.key)):
            click.echo(said)
        if unknown:
            click.echo(f"\n{len(unknown)} batches are in doubt: `digest reconcile {found.key}` settles them")
        if lost:
            click.echo(f"\n{stranded_words(lost)}: `digest reconcile {found.key}` settles them")
    return 0


def _send_test(app: App, key: str, addresses: tuple[str, ...], as_json: bool) -> int:
    from digest import pipeline
    from digest.subscribers.address import normalise

    faults = []
    for address in addresses:
        try:
            normalise(address)
        except ValueError as error:
            faults.append(Fault("--to", 0, f"{address!r} is no address that can be mailed: {error}"))
    if faults:
        raise ConfigurationError(faults)
    edition, problems = pipeline.send_test(app, key, [address.strip() for address in addresses])
    sent = 0 if edition.state == "skipped" else len(addresses) - len(problems)
    for problem in problems:
        note(problem)
    if as_json:
        document = {"edition": edition.key, "state": edition.state, "reason": edition.reason, "test": True}
        emit({**document, "sent": sent, "problems": problems})
    elif edition.state == "skipped":
        click.echo(f"edition {edition.key} is skipped, there is nothing to test: {edition.reason}")
    else:
        click.echo(f"test of edition {edition.key} sent to {sent} of {len(addresses)} addresses; no reader was mailed")
    return 1 if problems else 0


def _dry_run(app: App, key: str, as_json: bool) -> int:
    from digest import pipeline
    from digest.usecases.preflight import PreflightResult

    edition = looked_at(app, key)
    approved = edition.state == "draft" and app.settings.schedule.approval == "auto"
    if not approved and pipeline.why_not_sent(edition):
        raise DigestError(pipeline.why_not_sent(edition)[0])
    plan = app.enqueuer.plan(edition)
    found = PreflightResult()
    if edition.state != "skipped":
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
                "already": plan.already,
                "errors": list(found.errors),
                "warnings": list(found.warnings),
                "left_out": list(found.left_out),
            }
        )
        return 1 if found.errors else 0
    if plan.edition.state == "skipped":
        click.echo(f"edition {key} would be skipped: {plan.edition.reason}")
        return 0
    click.echo(f"edition {key} would go to {plan.due} readers; {plan.already} have their place in it already")
    if plan.excluded:
        click.echo(table(("who would not get it", "why"), plan.excluded[:_SHOWN]))
    for line in (*map(str, found.findings), *found.left_out):
        note(line)
    return 1 if found.errors else 0
