"""From an edition and its readers to places in it: who is due, in which variant, in which batch. Part of the pipeline.

Strings the list, the decision who is due, the renderer and the ledger together; holds none of their rules.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time

from digest.app import App
from digest.errors import DigestError
from digest.garbage import gc_paused
from digest.models import Edition, RenderedEmail, Variant
from digest.preflight import NotFit, judge
from digest.render.variants import select, variant_for
from digest.store.counting import counts
from digest.store.freezing import Fate, freeze_listed
from digest.subscribers import listing
from digest.subscribers.due import Candidate, Due, decide
from digest.subscribers.including import contents

NO_STORY = "no story of the chosen topics"
_MOST_LOOKS = 10


@dataclass(frozen=True)
class Plan:
    """Who would get an edition if it were sent now: numbers of readers, and (address, reason) of the excluded."""

    edition: Edition
    due: int
    already: int
    excluded: list[tuple[str, str]]


def read_list(app: App, *, may_be_empty: bool = False) -> list[listing.Listed]:
    """The readers of `subscribers.yaml` with their comparable addresses. Raises ConfigurationError with every fault;
    that it lists nobody is one only where no import brought readers and it may not be empty."""
    empty = may_be_empty or app.people.roster.any_imported()
    return listing.read_files(app.home / listing.FILE_NAME, topics=app.topics, may_be_empty=empty)


def mirror_list(app: App, *, may_be_empty: bool = False) -> None:
    """Makes the store's list that of `subscribers.yaml`. Files that are as they were when this was last done are not
    read again. Raises ConfigurationError with every fault of the list; the store then stays as it is."""
    version = listing.version(contents(app.home / listing.FILE_NAME), app.topics)
    if app.readers.synced() != version:
        with gc_paused():
            readers = read_list(app, may_be_empty=may_be_empty)
            app.readers.sync(readers, now=app.now(), version=version)


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
    decided = _decider(app, edition, send_at=app.settings.schedule.send_at if scheduled else None, at=at)
    batch_size = app.settings.delivery.readers_per_batch
    letters = app.editions.letters(edition.key)
    placed = 0
    notes: dict[str, None] = {}
    for _look in range(_MOST_LOOKS):  # somebody may have changed while their letters were rendered
        known = {profile: decided(profile.candidate()) for profile in app.readers.profiles(edition.key)}
        wanted = {variant.key: variant for variant, fate in known.values() if fate.due_at is not None}
        new = [_rendered(app, edition, wanted[key], now) for key in wanted if key not in letters]
        found = judge(app, new, edition)
        if found.errors and not force:
            raise NotFit(edition.key, found.errors)
        if found.errors:
            app.editions.record(edition.key, "forced", f"{force} (in spite of: {'; '.join(found.errors)})", now=now)
        letters |= {letter.variant: letter for letter in new}
        app.editions.keep_letters(edition.key, letters.values())
        notes |= dict.fromkeys((*found.errors, *found.warnings, *found.left_out))
        fates = {profile: fate for profile, (_variant, fate) in known.items()}
        done = freeze_listed(app.database, edition.key, fates, batch_size, now=now)
        placed += done.readers
        if not done.unforeseen:
            return Frozen(placed, tuple(notes))
    raise DigestError(f"edition {edition.key}: readers keep changing while they are given their places; send again")


def variants_in_use(app: App, edition: Edition) -> list[Variant]:
    """The variant of everything, and each other that a listed reader would get and that has a story."""
    mirror_list(app)
    found = {"html": variant_for(edition, (), "html")}
    for topics, form in app.readers.choices():
        variant = variant_for(edition, topics, form)
        if variant.key not in found and select(edition, variant) is not None:
            found[variant.key] = variant
    return list(found.values())


def plan(app: App, edition: Edition) -> Plan:
    """What a one-off send of the edition would do. Freezes nothing and sends nothing."""
    mirror_list(app)
    already = counts(app.database, edition.key)
    if edition.state == "skipped":
        return Plan(edition, 0, 0, [])
    decided = _decider(app, edition, send_at=None)
    due, excluded = 0, []
    for reader in app.readers.candidates(edition.key):
        _variant, fate = decided(reader)
        if fate.excluded:
            excluded.append((reader.email, fate.excluded))
        else:
            due += 1
    return Plan(edition, due, already.frozen - already.excluded, excluded)


def _decider(
    app: App, edition: Edition, *, send_at: time | None, at: datetime | None = None
) -> Callable[[Candidate], tuple[Variant, Fate]]:
    """Says which variant a reader gets, and when or why not; `send_at` as `due.decide` has it, `at` for whoever is due
    at all."""
    now = app.now()
    storied: dict[str, bool] = {}

    def decided(reader: Candidate) -> tuple[Variant, Fate]:
        due = decide(reader, edition.day, send_at=send_at, now=now)
        variant = variant_for(edition, reader.topics, reader.format)
        if variant.key not in storied:
            storied[variant.key] = select(edition, variant) is not None
        if due.due_at is not None and not storied[variant.key]:
            due = Due(None, NO_STORY)
        return variant, Fate(excluded=due.excluded) if due.due_at is None else Fate(variant.key, at or due.due_at)

    return decided


def _rendered(app: App, edition: Edition, variant: Variant, now: datetime) -> RenderedEmail:
    letter = app.renderer.render(edition, variant, now=now)
    if letter is None:
        raise DigestError(f"edition {edition.key}: variant {variant.key} has stories and no letter")
    return letter
