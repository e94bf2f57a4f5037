"""`digest reconcile`: resolve batches whose outcome is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.editions import existing
from digest.cli.output import emit, json_option, note, unsendable_note
from digest.cli.tables import table
from digest.errors import ConfigProblem, ConfigurationError

if TYPE_CHECKING:
    from digest.app import App
    from digest.deliver.outcome import Accepted, NotSent
    from digest.store.sending.restored import Doubt


@click.command()
@click.argument("key", metavar="EDITION")
@click.option("--accept", "accepted", multiple=True, help="A batch that the provider did send (its number, or 'all').")
@click.option("--resend", "resent", multiple=True, help="A batch that the provider did not send; it is sent again.")
@click.option("--reason", default="", help="How you know; recorded with the decision.")
@click.option("--offline", is_flag=True, help="Do not query the provider's log.")
@json_option
@click.pass_obj
def reconcile(
    home: Path,
    key: str,
    accepted: tuple[str, ...],
    resent: tuple[str, ...],
    reason: str,
    offline: bool,
    as_json: bool,
) -> int:
    """Look up unknown batches in the provider's log, show what is left, and carry out your decisions."""
    from digest.app import make_app
    from digest.cli.json_output import unknown_batch_json
    from digest.pipeline import day_of
    from digest.store.sending.status import counts, unknown_batches

    with make_app(home) as app:
        doubt = app.reconciler.find_doubt(key, day_of(key) or app.now().date())
        if doubt:
            return _settle_doubtful(app, key, doubt, accepted, resent, reason, as_json)
        existing(app, key)
        confirmed = [] if offline else app.reconciler.query_provider_log(key)
        if offline:
            # An interrupted run may have left unknown batches.
            app.reconciler.resolve(key, {}, "")
        for batch in confirmed:
            note(f"Batch {batch}: the provider's log shows that it was sent.")
        known = {batch.batch: batch for batch in (*unknown_batches(app.database, key), *app.reconciler.unsendable(key))}
        decisions = _decisions(accepted, resent, reason, known)
        if decisions:
            app.reconciler.resolve(key, decisions, reason)
        unknown, unsendable = unknown_batches(app.database, key), app.reconciler.unsendable(key)
        totals = counts(app.database, key)
    if as_json:
        rows = [{**unknown_batch_json(batch), "detail": batch.detail} for batch in unknown]
        document = {"edition": key, "unknown": totals.unknown, "pending": totals.pending, "batches": rows}
        emit({**document, "stranded_batches": [unknown_batch_json(batch) for batch in unsendable], "shown": confirmed})
    elif not unknown and not unsendable:
        click.echo(f"Edition {key}: no batch has an unknown outcome.")
    else:
        shown = [(b.batch, b.recipients, b.attempt, b.started_at, b.detail) for b in (*unknown, *unsendable)]
        click.echo(table(("batch", "recipients", "dg_attempt", "started", "what is known"), shown))
        click.echo("Look up the attempt at the provider, then --accept or --resend the batch with --reason.")
    if unsendable:
        note(unsendable_note(unsendable))
    if totals.pending:
        note(f"Run `digest send {key}` to send the pending batches.")
    return 1 if unknown or unsendable else 0


def _settle_doubtful(
    app: App, key: str, doubt: Doubt, accepted: tuple[str, ...], resent: tuple[str, ...], reason: str, as_json: bool
) -> int:
    """Take the decision on an edition that may have been sent before the store was restored, and has no recipients."""
    if accepted:
        sends = f"run `digest send {key}` first: it mails nobody and makes everyone unknown; then accept"
        raise ConfigurationError([ConfigProblem("--accept", 0, f"edition {key} has no recipients yet; {sends}")])
    not_sent = _decisions((), resent, reason, {}) is not None and resent == ("all",)
    if not_sent:
        app.reconciler.set_not_sent(key, reason)
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
            }
        )
    elif not_sent:
        click.echo(f"Edition {key} was not sent before the store was restored. It is sent as usual from now on.")
    else:
        click.echo(f"Edition {key}: {doubt.reason}.")
        click.echo(f'If it was not: digest reconcile {key} --resend all --reason "how you know"')
        click.echo(f"If it was: digest send {key}, which mails nobody and makes everyone unknown;")
        click.echo(f'           then digest reconcile {key} --accept all --reason "how you know"')
    return 0 if not_sent else 1


def _decisions(
    accepted: tuple[str, ...], resent: tuple[str, ...], reason: str, known: Mapping[int, object]
) -> dict[int, Accepted | NotSent]:
    """Return the operator's decision for each batch. `all` means those that the other option does not name."""
    from digest.deliver.outcome import Accepted, NotSent

    if (accepted or resent) and not reason:
        raise ConfigurationError([ConfigProblem("--reason", 0, "say how you know; it is recorded with the decision")])
    accept, resend = _numbers("--accept", accepted, known), _numbers("--resend", resent, known)
    both = sorted(accept & resend) if accept and resend else []
    if both or ("all" in accepted and "all" in resent):
        problem = f"batch {both[0]} is in both" if both else "both are 'all'"
        raise ConfigurationError([ConfigProblem("--accept and --resend", 0, f"{problem}; choose one for each batch")])
    if "all" in accepted:
        accept = set(known) - resend
    if "all" in resent:
        resend = set(known) - accept
    return {**dict.fromkeys(accept, Accepted()), **dict.fromkeys(resend, NotSent(reason))}


def _numbers(option: str, words: tuple[str, ...], known: Mapping[int, object]) -> set[int]:
    hint = f"; unknown batches: {', '.join(map(str, known))}" if known else ""
    numbers = [word for word in words if word != "all"]
    problems = [
        ConfigProblem(option, 0, f"batch {word} does not have an unknown outcome{hint}")
        for word in numbers
        if not (word.isascii() and word.isdecimal() and int(word) in known)
    ]
    if problems:
        raise ConfigurationError(problems)
    return {int(word) for word in numbers}
