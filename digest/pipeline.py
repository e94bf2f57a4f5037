"""The day, step by step: collect, compose, freeze, hand over, close. Start to read here.

Strings the stages together and holds none of their rules. Every step may be run again at any time: what is done is
done, what is not is gone on with.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from digest import examples
from digest.app import App
from digest.composing import Composed, collect, compose, day_of, edition_key
from digest.deliver.job import Job
from digest.deliver.message import Outgoing, carried, cids, recipient
from digest.deliver.report import SendReport
from digest.deliver.sender import send_due
from digest.deliver.stopping import cut_off
from digest.deliver.transports import RECOVERY, REDO_WITHIN
from digest.deliver.trial import hand_over
from digest.errors import DigestError
from digest.freezing import freeze, mirror_list
from digest.models import Edition, Variant
from digest.store import intended
from digest.store.counting import Counts, counts, pending
from digest.store.locks import alone, at_work

__all__ = [
    "Composed",
    "Sent",
    "collect",
    "compose",
    "day_of",
    "deliver_due",
    "edition_key",
    "send",
    "send_test",
]

_LOCK_WAIT = 5.0  # seconds
_STALE_AFTER = timedelta(minutes=30)


@dataclass(frozen=True)
class Sent:
    """The outcome of `send`: the edition's totals, and what this call did."""

    edition: Edition
    counts: Counts
    placed: int = 0
    report: SendReport | None = None
    notes: tuple[str, ...] = field(default=())
    blind: bool = False
    """Whether every source failed, so that nothing is known of what there is to send."""


def send(
    app: App,
    key: str,
    *,
    scheduled: bool = False,
    at: datetime | None = None,
    force: str = "",
    stop: threading.Event | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Sent:
    """Composes if needed, freezes whoever has no place in the edition yet, and hands over all that is due.

    Safe to run at any time and any number of times: a reader has one place in an edition. With `scheduled`, readers
    get it at their own hour; a one-off send is for now, or for the time `at`. A provider that can recall is handed
    what is due up to `delivery.lead` ahead. `force` is the reason for sending in spite of errors in a
    letter. Raises Busy when another process is sending, NotFit for a letter with errors.
    """
    stop = stop or threading.Event()
    mirror_list(app)  # a faulty list mails nobody, so it is read before anything is done
    app.ready_to_send()
    examples.refuse(app)
    with alone(app.database, "sending", wait=_LOCK_WAIT) as turn, _meant(app, key, at, stop) as (at, meant):
        doubtful = recover(app, key)
        before = app.editions.get(key)
        edition, failures = _made_ready(app, key, stop)
        doubtful += (*meant, *failures)
        if edition.state not in ("approved", "frozen", "sending", "done"):
            blind = edition.state == "skipped" and 0 < len(app.sources) <= len(failures)
            return Sent(edition, counts(app.database, key), notes=(*doubtful, *why_not(edition)), blind=blind)
        if stop.is_set():
            return Sent(edition, counts(app.database, key), notes=("stopped before anyone was mailed",))
        if before is None or before.composed_at != edition.composed_at:
            mirror_list(app)  # edited meanwhile, perhaps: composing may have taken a while
        frozen = freeze(app, edition, scheduled=scheduled, at=at, force=force)
        turn.share()
        return _hand_over(app, key, frozen.placed, stop, progress, (*doubtful, *frozen.notes))


@contextmanager
def _meant(
    app: App, key: str, at: datetime | None, stop: threading.Event
) -> Iterator[tuple[datetime | None, tuple[str, ...]]]:
    """The time for which the edition is asked for: by this call, else by one that was cut short before anybody had a
    place in it; and what is to be said of the latter. Forgotten when the block ends without having been cut short."""
    before, said = intended.kept(app.database, key), ""
    if at is not None:
        intended.keep(app.database, key, at)
    elif before is not None and not counts(app.database, key).frozen:
        when = f"{before.astimezone(app.settings.newsletter.zone):%Y-%m-%d %H:%M}"
        at = before if before > app.now() else None
        then = "it goes then (--at names another time)" if at else "that is past, so it goes now"
        said = f"edition {key} was asked for at {when} by a run that was cut short; {then}"
    try:
        yield at, (said,) if said else ()
    finally:
        if not stop.is_set() and (at is not None or before is not None):
            intended.forget(app.database, key)


def deliver_due(app: App, key: str, *, stop: threading.Event) -> Sent | None:
    """Hands over what of a frozen edition has become due, and closes it when all is done, for the scheduler's ticks.
    None when there is nothing to hand over. Who has left the list since gets nothing more."""
    edition = app.editions.get(key)
    if edition is None or edition.state != "sending":
        return None
    if not app.ledger.is_due(key, app.now(), app.ahead):
        app.ledger.finish(key, app.now())
        return None
    mirror_list(app)
    with alone(app.database, "sending", wait=0.0) as turn:
        doubtful = recover(app, key)
        turn.share()
        return _hand_over(app, key, 0, stop, None, doubtful)


def send_test(app: App, key: str, addresses: Sequence[str]) -> tuple[Edition, list[str]]:
    """Sends a marked test to these addresses only; no delivery row, no state. Answers the edition and a sentence per
    address that it could not be handed over for."""
    app.ready_to_send()
    edition = app.editions.get(key) or compose(app, key).edition
    if edition.state == "skipped":
        return edition, []
    letter = app.renderer.render(edition, Variant("html"), now=app.now(), test=True)
    if letter is None:
        raise DigestError(f"edition {key} has no story to show")
    # Signed for reader 0, who does not exist: the links of a test lead to pages but change nobody's wishes.
    readers = [recipient(0, address, app.sender, app.signer.letters) for address in addresses]
    pictures = carried(letter, app.articles.pictures.held(cids([letter])))
    outgoing = [Outgoing(f"{key}-test", "test", "test", letter, app.sender, (reader,), pictures) for reader in readers]
    return edition, hand_over(app.transports[0], outgoing)


def why_not(edition: Edition) -> tuple[str, ...]:
    """Why an edition in this state is not sent; nothing for one that is."""
    if edition.state == "draft":
        return (f"edition {edition.key} waits for approval: digest edition approve {edition.key}",)
    if edition.state == "paused":
        return (f"edition {edition.key} is paused: digest edition resume {edition.key}",)
    if edition.state in ("cancelled", "expired"):
        return (f"edition {edition.key} is {edition.state}; nobody further is mailed",)
    return ()


def recover(app: App, key: str) -> tuple[str, ...]:
    """Settles what a killed run left, whatever state the edition is in. Call under the lock."""
    resend = app.settings.delivery.on_unknown == "resend"
    doubtful = app.ledger.begin_run(key, recovery=RECOVERY, redo_within=REDO_WITHIN, now=app.now(), resend=resend)
    return (f"{doubtful} readers were in the hands of a run that was cut short",) if doubtful else ()


def _made_ready(app: App, key: str, stop: threading.Event) -> tuple[Edition, tuple[str, ...]]:
    """The edition, and the sources that failed: composed from what they have now if it is not there yet or only an
    old, untouched draft; approved where nobody has to look first."""
    edition = app.editions.get(key)
    auto = app.settings.schedule.approval == "auto"
    failures: tuple[str, ...] = ()
    if edition is None or edition.state == "skipped" or (auto and _is_stale(app, edition)):
        composed = compose(app, key)
        edition = composed.edition
        if composed.collected:
            failures = tuple(f"source {s.name}: {s.error}" for s in composed.collected.sources if s.error)
    if edition.state == "draft" and auto and not stop.is_set():
        app.editions.move(key, "approved", out_of=("draft",))
        edition = app.editions.get(key) or edition
    return edition, failures


def _is_stale(app: App, edition: Edition) -> bool:
    """A draft that somebody looked at a while ago and changed nothing in: the news has gone on since."""
    if edition.state != "draft" or edition.composed_at is None or not app.editions.is_untouched(edition.key):
        return False
    return app.now() - edition.composed_at > _STALE_AFTER


def _hand_over(
    app: App,
    key: str,
    placed: int,
    stop: threading.Event,
    progress: Callable[[int, int], None] | None,
    notes: tuple[str, ...],
) -> Sent:
    waiting = pending(app.database, key)
    done = 0

    def step(readers: int) -> None:
        nonlocal done
        done += readers
        if progress:
            progress(done, waiting)

    settings = app.settings.delivery
    letters = app.editions.letters(key)
    job = Job(
        edition=key,
        letters=letters,
        pictures=app.articles.pictures.held(cids(letters.values())),
        sender=app.sender,
        ledger=app.ledger,
        transports=app.transports,
        token=app.signer.letters,
        clock=app.clock,
        threads=settings.threads,
        tries=settings.tries,
        stop=stop,
        progress=step,
        ahead=app.ahead,
        resend=settings.on_unknown == "resend",
        meter=app.meter,
    )
    with at_work(app.database, app.ledger.run), cut_off(stop, app.transports):
        report = send_due(job)
    for transport in app.transports:
        transport.close()  # connections belong to the run's threads, which are gone
    app.ledger.finish(key, app.now())
    edition = app.editions.get(key)
    if edition is None:
        raise DigestError(f"edition {key} is no longer in the store")
    return Sent(edition, counts(app.database, key), placed, report, notes)
