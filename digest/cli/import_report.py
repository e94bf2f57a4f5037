"""What came of an import: as a document, in words, and the rejected rows as a file. Decides and imports nothing."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from digest.cli.output import note, plural
from digest.files import replacing
from digest.store.importing import Imported
from digest.subscribers.archive import Lists
from digest.subscribers.exporting import guarded

_TOLD = 10
"""Rejected rows that are told one by one."""

Refused = list[tuple[int, str, str]]
"""(line, address, reason) of rows that were not taken."""


def document(
    file: Path, origin: str, lists: Lists, done: Imported, refused: Refused, *, dry_run: bool
) -> dict[str, Any]:
    """What `--json` prints; what is said of a list is that of the first, where the file holds several."""
    held = [
        {
            "file": part.file.path.name,
            "format": part.format,
            "encoding": part.file.encoding,
            "columns": dict(part.columns),
            "ignored": list(part.ignored),
        }
        for part in lists.parts
    ]
    rejected = []
    for line, email, reason in refused:
        name, own = lists.place(line)
        rejected.append({"line": own, "email": email, "reason": reason, "file": name})
    return {
        **held[0],
        "file": file.name,
        "origin": origin,
        "dry_run": dry_run,
        **asdict(done),
        "lists": held,
        "rejected": rejected,
    }


def say(origin: str, lists: Lists, done: Imported, refused: Refused, target: Path | None, *, dry_run: bool) -> None:
    """The same in words; `target` is where the rejected rows are."""
    for part in lists.parts:
        encoding = "" if part.file.encoding.startswith("utf") else f", read as {part.file.encoding}"
        columns = ", ".join(f"{key} from {heading}" for key, heading in part.columns.items())
        click.echo(f"{part.file.path.name}: {part.format}{encoding}; {columns}")
    ignored = dict.fromkeys(heading for part in lists.parts for heading in part.ignored)
    if ignored:
        click.echo(f"columns that mean nothing here: {', '.join(ignored)}")
    for line, _email, reason in refused[:_TOLD]:
        name, own = lists.place(line)
        note(f"{name}:{own}: {reason}")
    if len(refused) > _TOLD:
        kinds = Counter(reason.partition(":")[0] for _line, _email, reason in refused).most_common(5)
        told = ", ".join(f"{count} × {kind}" for kind, count in kinds)
        note(f"… and {len(refused) - _TOLD} more; of all: {told}")
    if refused:
        note(f"rejected rows are in {target}" if target else "--rejected FILE writes the rejected rows with reasons")
    numbers = (
        (done.added, "new"),
        (done.returned, "on the list again"),
        (done.changed, "changed"),
        (done.kept, "left as they are"),
        (done.barred, "barred, as the list says"),
        (len(refused), "rejected"),
    )
    said = ", ".join(f"{count} {what}" for count, what in numbers if count) or "no reader"
    click.echo(f"{'would be taken' if dry_run else 'taken'} in as {origin}: {said}")
    if done.still_barred:
        note(f"{plural(done.still_barred, 'reader', 'readers')} of it left or bounced here before and get no mail")


def write_rejected(target: Path, lists: Lists, refused: Refused) -> None:
    """The rejected rows as they were, with line and reason: mend them and import the file again."""
    reasons = {line: reason for line, _email, reason in refused}
    several = len(lists.parts) > 1
    with replacing(target) as file:
        out = csv.writer(file)
        out.writerow([*lists.headings, *(["rejected file"] if several else []), "rejected line", "rejected because"])
        for line, cells, reason in lists.originals(reasons):
            name, own = lists.place(line)
            out.writerow([*map(guarded, cells), *([name] if several else []), own, guarded(reason)])
