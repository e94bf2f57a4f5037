"""`digest reconcile`: the operator's word on batches whose outcome is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.editions import existing
from digest.cli.output import emit, json_option, note, stranded_words, table
from digest.errors import ConfigurationError, Fault

if TYPE_CHECKING:
    from digest.deliver.outcome import Accepted, NotSent


@click.command()
@click.argument("key", metavar="EDITION")
@click.option("--accept", "accepted", multiple=True, help="A batch that the provider did take (its number, or 'all').")
@click.option("--resend", "resent", multiple=True, help="A batch that the provider did not take; it is sent again.")
@click.option("--reason", default="", help="How you know; kept with the decision.")
@click.option("--offline", is_flag=True, help="Do not ask the provider's log.")
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
    """Ask the provider's log about batches whose outcome is unknown, show what is left, and settle it by your word."""
    from digest.app import make_app
    from digest.cli.json_output import doubt_json
    from digest.store.counting import counts, doubts

    with make_app(home) as app:
        existing(app, key)
        shown = [] if offline else app.reconciler.query_provider_log(key)
        if offline:
            # An interrupted run may have left unknown batches.
            app.reconciler.resolve(key, {}, "")
        for batch in shown:
            note(f"batch {batch}: the provider's log shows that it was taken")
        known = {doubt.batch: doubt for doubt in (*doubts(app.database, key), *app.reconciler.unsendable(key))}
        decisions = _decisions(accepted, resent, reason, known)
        if decisions:
            app.reconciler.resolve(key, decisions, reason)
        left, stranded = doubts(app.database, key), app.reconciler.unsendable(key)
        totals = counts(app.database, key)
    if as_json:
        rows = [{**doubt_json(d), "detail": d.detail} for d in left]
        document = {"edition": key, "unknown": totals.unknown, "pending": totals.pending, "batches": rows}
        emit({**document, "stranded_batches": [doubt_json(d) for d in stranded], "shown": shown})
    elif not left and not stranded:
        click.echo(f"edition {key}: no batch is in doubt")
    else:
        rows_shown = [(d.batch, d.readers, d.attempt, d.started_at, d.detail) for d in (*left, *stranded)]
        click.echo(table(("batch", "readers", "dg_attempt", "begun", "what is known"), rows_shown))
        click.echo("Look the attempt up at the provider, then --accept or --resend the batch with --reason.")
    if stranded:
        note(stranded_words(stranded))
    if totals.pending:
        note(f"run `digest send {key}` to send what is pending again")
    return 1 if left or stranded else 0


def _decisions(
    accepted: tuple[str, ...], resent: tuple[str, ...], reason: str, known: Mapping[int, object]
) -> dict[int, Accepted | NotSent]:
    """The operator's word per batch. `all` means those that the other option does not name."""
    from digest.deliver.outcome import Accepted, NotSent

    if (accepted or resent) and not reason:
        raise ConfigurationError([Fault("--reason", 0, "say how you know; the decision is kept with it")])
    took, again = _numbers("--accept", accepted, known), _numbers("--resend", resent, known)
    both = sorted(took & again) if took and again else []
    if both or ("all" in accepted and "all" in resent):
        said = f"batch {both[0]} is named by both" if both else "both say all"
        raise ConfigurationError([Fault("--accept and --resend", 0, f"{said}; a batch was either taken or not")])
    if "all" in accepted:
        took = set(known) - again
    if "all" in resent:
        again = set(known) - took
    return {**dict.fromkeys(took, Accepted()), **dict.fromkeys(again, NotSent(reason))}


def _numbers(option: str, words: tuple[str, ...], known: Mapping[int, object]) -> set[int]:
    hint = f"; in doubt: {', '.join(map(str, known))}" if known else ""
    named = [word for word in words if word != "all"]
    faults = [
        Fault(option, 0, f"no batch {word} is in doubt{hint}")
        for word in named
        if not (word.isascii() and word.isdecimal() and int(word) in known)
    ]
    if faults:
        raise ConfigurationError(faults)
    return {int(word) for word in named}
