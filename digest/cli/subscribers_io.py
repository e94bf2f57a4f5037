"""`digest subscribers import` and `export`: lists of readers from and for other programs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from digest.cli.output import emit, json_option, note, plural
from digest.errors import ConfigurationError, Fault
from digest.subscribers.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from digest.app import App
    from digest.store.roster import Listed
    from digest.subscribers.exporting import Leaving


def _pairs(ctx: click.Context, option: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """`email=Mail,name=Vorname` and several of them as a mapping."""
    pairs: dict[str, str] = {}
    for part in (part for text in given for part in text.split(",") if part.strip()):
        key, sign, value = part.partition("=")
        if not sign or not key.strip() or not value.strip():
            raise click.BadParameter(f"expected such as email=Mail, found {part!r}", ctx, option)
        pairs[key.strip()] = value.strip()
    return pairs


@click.command("import", short_help="Take the readers of FILE into the store.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Default: told by the file's headings.")
@click.option("--map", "mapping", multiple=True, callback=_pairs, help="Which column has what: email=Mail,name=Leser.")
@click.option(
    "--default", "usual", multiple=True, callback=_pairs, help="For rows that say nothing: frequency=weekdays."
)
@click.option("--origin", help="The name under which these readers are kept (default: the file's).")
@click.option("--existing", type=click.Choice(("update", "keep")), default="update", help="Readers of imports before.")
@click.option("--dry-run", is_flag=True, help="Do it all, say what came of it, and take it back.")
@click.option(
    "--rejected", type=click.Path(dir_okay=False, path_type=Path), help="Write rows that were not taken here."
)
@json_option
@click.pass_obj
def import_(
    home: Path,
    file: Path,
    format_: str | None,
    mapping: dict[str, str],
    usual: dict[str, str],
    origin: str | None,
    existing: Literal["update", "keep"],
    dry_run: bool,
    rejected: Path | None,
    as_json: bool,
) -> int:
    """Take the readers of FILE into the store: all of them or, where it can't be read, none.

    CSV, JSON Lines, or what Mailchimp (the ZIP as it is), Ghost, listmonk and Substack export. Who left or bounced
    there is barred here.
    """
    from digest.app import make_app
    from digest.cli import import_report
    from digest.subscribers.archive import Lists, unpacked
    from digest.subscribers.importing import read_list

    name = (origin if origin is not None else file.stem).strip()
    if not name or not name.isprintable():
        raise ConfigurationError([Fault("--origin", 0, "expected a name of one line")])
    refused: list[tuple[int, str, str]] = []

    def reject(line: int, email: str, reason: str) -> None:
        refused.append((line, email, reason))

    with make_app(home) as app, unpacked(file) as (files, others):
        # Of whom the file lists the store must know first: they stay the file's.
        app.subscriber_list.sync(may_be_empty=True)
        lists = Lists(
            tuple(
                read_list(one, format=format_ or "", mapping=mapping, usual=usual, topics=app.topics) for one in files
            )
        )
        done = app.people.imports.take(
            lists.readers(reject),
            name,
            source=f"import {name} of {file.name}",
            now=app.now(),
            existing=existing,
            rejected=reject,
            dry_run=dry_run,
            where=lists.where,
        )
        refused.sort()
        if rejected is not None:
            import_report.write_rejected(rejected, lists, refused)
    for line in others:
        note(f"{file.name}: {line}")
    if as_json:
        emit(import_report.document(file, name, lists, done, refused, dry_run=dry_run))
    else:
        import_report.say(name, lists, done, refused, rejected, dry_run=dry_run)
    return 1 if refused and not (done.added or done.returned or done.changed or done.kept or done.barred) else 0


@click.command(short_help="Write the readers who may be mailed.")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Default: by the file's ending, else csv.")
@click.option("--origin", help="Only readers of this import, or of subscribers.yaml.")
@click.option("--barred", is_flag=True, help="Those who get no mail instead: for the other tool's list of who left.")
@json_option
@click.pass_obj
def export(home: Path, file: Path | None, format_: str | None, origin: str | None, barred: bool, as_json: bool) -> None:
    """Write the readers who may be mailed, to FILE or to stdout, in a format that other tools read."""
    import sys

    from digest.app import make_app
    from digest.files import replacing
    from digest.store.wishes import WishStore
    from digest.subscribers import exporting

    if as_json and file is None:
        raise click.UsageError("--json tells what came of it: name a FILE to write to")
    kind = format_ or ("jsonl" if file and file.suffix in (".jsonl", ".ndjson") else "csv")
    with make_app(home) as app:
        app.subscriber_list.sync(may_be_empty=True)
        known = {"subscribers.yaml": "", **{name: name for name in app.people.roster.origins()}}
        if origin is not None and origin not in known:
            raise ConfigurationError([Fault("--origin", 0, f"there is no '{origin}'; known: {', '.join(known)}")])
        chosen = (
            app.people.roster.barred()
            if barred
            else app.people.roster.readers(None if origin is None else known[origin])
        )
        left: Counter[str] = Counter()
        pauses = WishStore(app.database).paused(app.now())
        rows = _leaving(_as_wished(app, chosen, pauses), kind, left, barred=barred)
        if file is None:
            count = exporting.write(rows, sys.stdout, kind)
        else:
            with replacing(file) as out:
                count = exporting.write(rows, out, kind)
    if as_json:
        emit({"file": str(file), "format": kind, "readers": count, "left_out": dict(left)})
    elif file is not None:
        click.echo(f"{plural(count, 'reader', 'readers')} in {file}")
    for reason, number in left.items():
        note(f"{plural(number, 'reader is', 'readers are')} not in it: {reason}")


def _as_wished(
    app: App, chosen: Iterable[Listed], pauses: Mapping[str, datetime]
) -> Iterator[tuple[Listed, datetime | None]]:
    """The readers with what they chose themselves over the list, and the end of their own pause: no other tool knows
    of that. Whom the list pauses has none."""
    from digest.store.wishes import WishStore

    own = WishStore(app.database).chosen()
    for row in chosen:
        fields: dict[str, Any] = dict(own.get(row.address, {}))
        if "topics" in fields:
            fields["topics"] = tuple(fields["topics"])
        if "hour" in fields:
            fields["hour"] = time.fromisoformat(fields["hour"]) if fields["hour"] else None
        until = pauses.get(row.address) if row.reader.status == "active" else None
        if until:
            fields["status"] = "paused"
        yield replace(row, reader=replace(row.reader, **fields)) if fields else row, until


def _leaving(
    chosen: Iterable[tuple[Listed, datetime | None]], kind: str, left: Counter[str], *, barred: bool
) -> Iterator[Leaving]:
    from digest.subscribers.exporting import Leaving
    from digest.subscribers.formats import PAUSABLE

    for row, until in chosen:
        if row.barred and not barred:
            left["barred from mail (--barred writes these)"] += 1
        elif row.reader.status != "active" and not barred and kind not in PAUSABLE:
            left[f"paused, which {kind} can't say"] += 1
        else:
            yield Leaving(row.reader, row.origin, row.barred, row.barred_at, row.agreed_at, until)
