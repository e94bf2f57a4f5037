"""From an edition and its readers to places in it: who is due, in which variant, in which batch. Part of the pipeline.

Strings the list, the decision who is due, the renderer and the ledger together; holds none of their rules.
"""

from __future__ import annotations

from dataclasses import dataclass

from digest.app import App
from digest.models import Edition, Subscriber
from digest.render.selection import select
from digest.render.variants import variant_for
from digest.store.counting import counts
from digest.store.freezing import Entry
from digest.store.freezing import freeze as write_freeze
from digest.subscribers import listing
from digest.subscribers.address import normalise
from digest.subscribers.due import decide

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


def freeze(app: App, edition: Edition, *, scheduled: bool) -> int:
    """Gives every listed reader without a place one: in a batch, or excluded with the reason. Renders the letters of
    the variants that are new. Answers how many readers got a place in a batch."""
    now = app.now()
    send_at = app.settings.schedule.send_at if scheduled else None
    letters = app.editions.letters(edition.key)
    storyless: set[str] = set()
    entries: list[Entry] = []
    for reader in app.readers.candidates(edition.key):
        due = decide(reader, edition.day, send_at=send_at, now=now)
        if due.due_at is None:
            entries.append(Entry(reader.id, excluded=due.excluded))
            continue
        variant = variant_for(edition, reader.topics, reader.format)
        if variant.key not in letters and variant.key not in storyless:
            letter = app.renderer.render(edition, variant, now=now)
            if letter is None:
                storyless.add(variant.key)
            else:
                letters[variant.key] = letter
        if variant.key in storyless:
            entries.append(Entry(reader.id, excluded=NO_STORY))
        else:
            entries.append(Entry(reader.id, variant.key, due.due_at))
    app.editions.keep_letters(edition.key, letters.values())
    return write_freeze(app.database, edition.key, entries, app.settings.delivery.batch_size, now=now)


def plan(app: App, edition: Edition) -> Plan:
    """What a one-off send of the edition would do. Freezes nothing and sends nothing."""
    listed = read_list(app)
    already = counts(app.database, edition.key)
    if edition.state == "skipped":
        return Plan(edition, 0, 0, [])
    app.readers.sync(listed, now=app.now())
    due, excluded = 0, []
    for reader in app.readers.candidates(edition.key):
        decision = decide(reader, edition.day, send_at=None, now=app.now())
        reason = decision.excluded
        if not reason and select(edition, variant_for(edition, reader.topics, reader.format)) is None:
            reason = NO_STORY
        if reason:
            excluded.append((reader.email, reason))
        else:
            due += 1
    return Plan(edition, due, already.frozen - already.excluded, excluded)
