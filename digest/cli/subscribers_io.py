"""`digest subscribers import` and `export`: exchange subscriber lists with other programs."""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from digest.cli.opening import app_despite_faults, command_actor, read_list_despite_faults
from digest.cli.output import emit, json_option, note, plural
from digest.cli.progress import ProgressReport, count_each, progress
from digest.subscribers.frequency import WEEKDAYS
from digest.subscribers.imports.formats import FORMATS
from digest.subscribers.list_file import nearest
from digest.utils.files import replacing
from digest.utils.text import pick

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from digest.store.people.imports import ImportResult
    from digest.subscribers.imports.mailchimp import ListBundle
    from digest.usecases.transfer_subscribers import ImportReport, Rejected

# The most rejected rows that are printed.
_MAX_REJECTED = 10


def _pairs(ctx: click.Context, option: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Parse `email=Mail,name=Vorname`; the option can be repeated."""
    pairs: dict[str, str] = {}
    for part in (part for text in given for part in text.split(",") if part.strip()):
        key, sign, value = part.partition("=")
        if not sign or not key.strip() or not value.strip():
            raise click.BadParameter(f"expected KEY=VALUE such as email=Mail, found {part!r}", ctx, option)
        pairs[key.strip()] = value.strip()
    return pairs


@click.command("import", short_help="Import the subscribers of FILE into the store.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Default: detected from the headings.")
@click.option(
    "--map", "mapping", multiple=True, callback=_pairs, help="Column of each field, such as email=Mail,name=Name."
)
@click.option(
    "--default",
    "usual",
    multiple=True,
    callback=_pairs,
    help="Value of a field for rows without it, such as frequency=weekdays.",
)
@click.option("--weekly-day", type=click.Choice(WEEKDAYS), help="The day of rows that say weekly without one.")
@click.option("--origin", help="Name of this import (default: the name of the file).")
@click.option(
    "--existing",
    type=click.Choice(("update", "keep")),
    default="update",
    show_default=True,
    help="Update or keep subscribers who were imported before.",
)
@click.option("--consent", default="", help="Where and how the people of the file agreed, for the record.")
@click.option("--dry-run", is_flag=True, help="Show the result, and change nothing.")
@click.option(
    "--rejected",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the rejected rows with reasons to this file.",
)
@json_option
@click.pass_obj
def import_(
    home: Path,
    file: Path,
    format_: str | None,
    mapping: dict[str, str],
    usual: dict[str, str],
    weekly_day: str | None,
    origin: str | None,
    existing: Literal["update", "keep"],
    consent: str,
    dry_run: bool,
    rejected: Path | None,
    as_json: bool,
) -> int:
    """Import the subscribers of FILE into the store: all, or none if the file cannot be read.

    FILE is CSV, JSON Lines, or an export of Mailchimp (the ZIP file), Ghost, listmonk or Substack. Addresses that
    unsubscribed or bounced there are suppressed here.
    """
    from digest.app import make_app
    from digest.usecases.transfer_subscribers import ListMapping, ListToImport

    name = (origin if origin is not None else file.stem).strip()
    listed = ListToImport(file, name, ListMapping(format_, mapping, usual, weekly_day or ""), existing, consent=consent)
    with make_app(home) as app, progress() as job:
        report = app.subscriber_transfer.import_list(
            listed,
            command_actor(app.environment),
            dry_run=dry_run,
            rejected_to=rejected,
            counting=lambda rows, unreadable: count_each(rows, _with_more(job("read"), unreadable)),
        )
    done, rejections = report.done, report.rejected
    for line in report.others:
        note(f"{file.name}: {line}")
    if as_json:
        emit(_document(file, name, report, dry_run=dry_run))
    else:
        _show(name, report, rejected, dry_run=dry_run)
    return 1 if rejections and not (done.added or done.returned or done.changed or done.kept or done.suppressed) else 0


@click.command(short_help="Export the subscribers who may be mailed.")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Default: from the file name, else csv.")
@click.option("--origin", help="Only subscribers of this import, or of subscribers.yaml.")
@click.option("--segment", "group", metavar="NAME", help="Only subscribers of this saved group.")
@click.option("--barred", "suppressed", is_flag=True, help="Export the suppressed addresses instead.")
@json_option
@click.pass_obj
def export(
    home: Path,
    file: Path | None,
    format_: str | None,
    origin: str | None,
    group: str | None,
    suppressed: bool,
    as_json: bool,
) -> None:
    """Write the subscribers who may be mailed to FILE or to stdout, in a format that other tools read."""
    import sys

    from digest.subscribers.imports import formats as subscriber_formats

    if as_json and file is None:
        raise click.UsageError("--json prints the result, so give a FILE to write to")
    kind = format_ or ("jsonl" if file and file.suffix in (".jsonl", ".ndjson") else "csv")
    excluded: Counter[str] = Counter()
    with app_despite_faults(home, check_list=False) as app:
        read_list_despite_faults(app, partial(app.subscriber_list.sync, may_be_empty=True))
        only = app.segments.addresses(group) if group is not None else None
        rows = app.subscriber_transfer.export_rows(kind, excluded, origin=origin, suppressed=suppressed, only=only)
        if file is None:
            count = subscriber_formats.write(rows, sys.stdout, kind)
        else:
            with progress() as job, replacing(file) as out:
                count = subscriber_formats.write(count_each(rows, job("written")), out, kind)
    if as_json:
        emit({"file": str(file), "format": kind, "readers": count, "left_out": dict(excluded)})
    elif file is not None:
        click.echo(f"Wrote {plural(count, 'subscriber')} to {file}.")
    for reason, number in excluded.items():
        note(f"{plural(number, 'subscriber')} not included: {reason}")


# The parts that differ between rows that are rejected for one reason: values, and places in files.
_VALUE = re.compile(r"'[^']*'|\"[^\"]*\"|\S*\d+")


def _with_more(report: ProgressReport, more: Callable[[], int]) -> ProgressReport:
    """Return a progress report that adds the number of `more` items to each count."""

    def counting(done: int, total: int | None) -> None:
        report(done + more(), None if total is None else total + more())

    return counting


def _document(file: Path, origin: str, report: ImportReport, *, dry_run: bool) -> dict[str, Any]:
    """Return the JSON document. Its top-level keys describe the first list of a file that holds several."""
    lists, done = report.lists, report.done
    parts = [
        {
            "file": part.file.path.name,
            "format": part.format,
            "encoding": part.file.encoding,
            "columns": dict(part.columns),
            "ignored": list(part.ignored),
        }
        for part in lists.parts
    ]

    def rows(found: Sequence[Rejected], what: str) -> list[dict[str, Any]]:
        places = ((lists.locate(line), email, text) for line, email, text in found)
        return [{"line": own, "email": email, what: text, "file": name} for (name, own), email, text in places]

    return {
        **parts[0],
        "file": file.name,
        "origin": origin,
        "dry_run": dry_run,
        **pick(done, "added returned changed kept"),
        "barred": done.suppressed,
        "still_barred": done.still_suppressed,
        "barred_before": done.already_suppressed,
        "stopped": done.stopped,
        "first_stopped": list(done.first_stopped),
        "first_changed": list(done.first_changed),
        "import": done.act,
        "lists": parts,
        "without_topic": rows(report.without, "topic"),
        "mistyped": dict(report.mistyped),
        "rejected": rows(report.rejected, "reason"),
    }


def _show(origin: str, report: ImportReport, target: Path | None, *, dry_run: bool) -> None:
    """Print the outcome. `target` is the file with the rejected rows."""
    lists, done, rejected = report.lists, report.done, report.rejected
    for part in lists.parts:
        encoding = "" if part.file.encoding.startswith("utf") else f", read as {part.file.encoding}"
        columns = ", ".join(f"{key} from {heading}" for key, heading in part.columns.items())
        click.echo(f"{part.file.path.name}: {part.format}{encoding}; {columns}")
    ignored = dict.fromkeys(heading for part in lists.parts for heading in part.ignored)
    if ignored:
        click.echo(f"ignored columns: {', '.join(ignored)}")
    for heading, values in report.unread:
        found = f"the column {heading!r} has values ({', '.join(values)}) and is not read"
        note(f"warning: {found}; if one of our fields is in it: --map 'FIELD={heading}'")
    if rejected:
        _show_rejected(lists, rejected, target)
    for email, meant in report.mistyped[:_MAX_REJECTED]:
        note(f"warning: {email} looks mistyped: {meant}?")
    if len(report.mistyped) > _MAX_REJECTED:
        note("… and more addresses that look mistyped")
    for topic, times in Counter(topic for _line, _email, topic in report.without).most_common(_MAX_REJECTED):
        similar = nearest(topic, lists.parts[0].topics or ())
        note(f"{plural(times, 'subscriber')} imported without the unknown topic '{topic}'{similar}")
    _show_totals(origin, done, len(rejected), dry_run=dry_run)
    if done.still_suppressed:
        count = plural(done.still_suppressed, "subscriber")
        note(f"{count} unsubscribed or bounced here before and get no mail.")


def _show_rejected(lists: ListBundle, rejected: Sequence[Rejected], target: Path | None) -> None:
    """Print the first rejected rows, and how many have which problem."""
    for line, _email, reason in rejected[:_MAX_REJECTED]:
        name, own = lists.locate(line)
        note(f"{name}:{own}: {reason}")
    if len(rejected) > _MAX_REJECTED:
        from digest.usecases.transfer_subscribers import shared_reasons

        shared = shared_reasons(rejected, _MAX_REJECTED)
        kinds = Counter(
            reason if reason in shared else _VALUE.sub("…", reason).removeprefix("…: ")
            for _line, _email, reason in rejected
        )
        note(f"… and {len(rejected) - _MAX_REJECTED} more; in total:")
        for kind, times in kinds.most_common():
            note(f"    {times} × {kind}")
    written = f"The rejected rows are in {target}."
    note(written if target else "--rejected FILE writes the rejected rows with reasons.")


def _show_totals(origin: str, done: ImportResult, rejected: int, *, dry_run: bool) -> None:
    """Print how many subscribers are new, changed and so on, and name the first of those who change."""
    numbers = (
        (done.added, "new"),
        (done.returned, "on the list again"),
        (done.changed, "changed"),
        (done.kept, "unchanged"),
        (done.suppressed, "suppressed, as the list says"),
        (done.stopped, "of these on the list until now"),
        (done.already_suppressed, "suppressed before"),
        (rejected, "rejected"),
    )
    result = ", ".join(f"{count} {what}" for count, what in numbers if count) or "no subscribers"
    click.echo(f"{'Would import' if dry_run else 'Imported'} as {origin}: {result}.")
    if done.act is not None and (done.added or done.returned or done.changed or done.suppressed):
        click.echo(f"To undo it: digest subscribers undo-import {done.act}")
    for what, all, first in (
        ("changed", done.changed, done.first_changed),
        ("no more mail", done.stopped, done.first_stopped),
    ):
        if all:
            more = f" and {all - len(first)} more" if all > len(first) else ""
            note(f"{what}: {', '.join(first)}{more}")
