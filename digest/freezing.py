"""From an edition and its readers to places in it: who is due, in which variant, in which batch. Part of the pipeline.

Strings the list, the decision who is due, the renderer and the ledger together; holds none of their rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time

from digest.app import App
from digest.errors import DigestError
from digest.models import Edition, Letter, Subscriber, Variant
from digest.preflight import NotFit, judge
from digest.render.selection import select
from digest.render.variants import variant_for
from digest.store.counting import counts
from digest.store.freezing import Entry
from digest.store.freezing import freeze as write_freeze
from digest.subscribers import listing
from digest.subscribers.address import normalise
from digest.subscribers.due import Candidate, Due, decide

NO_STORY = "no story of the chosen topics"


@dataclass(frozen=True)
class Plan:
    """Who would get an edition if it were sent now: numbers of readers, and (address, reason) of the excluded."""

    edition: Edition
    due: int
    already: int
    excluded: list[tuple[str, str]]


def read_list(app: App) -> list[tuple[str, Subscriber]]:
    """The readers of `subscribers.yaml` with their comparable addresses. Raises ConfigurationError with every fault."""
    readers = listing.read_list(app.home / listing.FILE_NAME, topics=app.topics)
    return [(normalise(reader.email), reader) for reader in readers]


def list_version(app: App) -> tuple[int, int, int]:
    """What changes when somebody edits or replaces the list's file; zeros where there is none."""
    try:
        stat = (app.home / listing.FILE_NAME).stat()
    except OSError:
        return 0, 0, 0
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


@dataclass(frozen=True)
class Frozen:
    """How many readers got a place in a batch, and what an operator should know of their letters."""

    placed: int
    notes: tuple[str, ...]


def freeze(app: App, edition: Edition, *, scheduled: bool, at: datetime | None = None, force: str = "") -> Frozen:
    """Gives every listed reader without a place one: in a batch, or excluded with the reason. Renders the letters of
    the variants that are new, and looks them over: errors stop it before anything is written.

    Due is everyone at the own hour when `scheduled`, else now, or at the time `at`. `force` is the reason for sending
    all the same; it is kept. Raises NotFit.
    """
    now = app.now()
    letters = app.editions.letters(edition.key)
    new: list[Letter] = []
    entries: list[Entry] = []
    send_at = app.settings.schedule.send_at if scheduled else None
    for reader, variant, due in _decided(app, edition, send_at=send_at):
        if at is not None and due.due_at is not None:
            due = replace(due, due_at=at)
        if due.due_at is not None and variant.key not in letters:
            letter = app.renderer.render(edition, variant, now=now)
            if letter is None:
                raise DigestError(f"edition {edition.key}: variant {variant.key} has stories and no letter")
            letters[variant.key] = letter
            new.append(letter)
        entries.append(Entry(reader.id, variant.key, due.due_at, due.excluded))
    found = judge(app, new, edition)
    if found.errors and not force:
        raise NotFit(edition.key, found.errors)
    if found.errors:
        app.editions.record(edition.key, "forced", f"{force} (in spite of: {'; '.join(found.errors)})", now=now)
    app.editions.keep_letters(edition.key, letters.values())
    placed = write_freeze(app.database, edition.key, entries, app.settings.delivery.readers_per_batch, now=now)
    return Frozen(placed, (*found.errors, *found.warnings, *found.left_out))


def variants_in_use(app: App, edition: Edition) -> list[Variant]:
    """The variant of everything, and each other that a listed reader would get and that has a story."""
    found = {"html": variant_for(edition, (), "html")}
    for _, reader in read_list(app):
        variant = variant_for(edition, reader.topics, reader.format)
        if variant.key not in found and select(edition, variant) is not None:
            found[variant.key] = variant
    return list(found.values())


def plan(app: App, edition: Edition) -> Plan:
    """What a one-off send of the edition would do. Freezes nothing and sends nothing."""
    listed = read_list(app)
    already = counts(app.database, edition.key)
    if edition.state == "skipped":
        return Plan(edition, 0, 0, [])
    app.readers.sync(listed, now=app.now())
    decided = [(reader.email, due.excluded) for reader, _variant, due in _decided(app, edition, send_at=None)]
    excluded = [(email, reason) for email, reason in decided if reason]
    return Plan(edition, len(decided) - len(excluded), already.frozen - already.excluded, excluded)


def _decided(app: App, edition: Edition, *, send_at: time | None) -> Iterator[tuple[Candidate, Variant, Due]]:
    """Every listed reader without a place, with the variant and the decision; `send_at` as `due.decide` has it."""
    now = app.now()
    storied: dict[str, bool] = {}
    for reader in app.readers.candidates(edition.key):
        due = decide(reader, edition.day, send_at=send_at, now=now)
        variant = variant_for(edition, reader.topics, reader.format)
        if variant.key not in storied:
            storied[variant.key] = select(edition, variant) is not None
        if due.due_at is not None and not storied[variant.key]:
            due = Due(None, NO_STORY)
        yield reader, variant, due
