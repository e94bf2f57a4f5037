"""The day, step by step: collect, compose, freeze, hand over, close. Start to read here.

Strings the stages together and holds none of their rules. Every step may be run again at any time: what is done is
done, what is not is gone on with.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from digest.app import App
from digest.deliver.message import Outgoing, recipient
from digest.deliver.sender import Job, SendReport, send_due
from digest.deliver.transports import RECOVERY
from digest.deliver.trial import hand_over
from digest.errors import ConfigurationError, DigestError, Fault
from digest.freezing import freeze, read_list
from digest.models import Edition, Variant
from digest.store.counting import Counts, counts
from digest.store.locks import alone

if TYPE_CHECKING:
    from digest.collect.collector import CollectReport, SourceReport
    from digest.curate.compose import Curated

_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")
_LOCK_WAIT = 5.0


@dataclass(frozen=True)
class Composed:
    """An edition as it stands, and what was left out of it and why."""

    edition: Edition
    curated: Curated | None = None


@dataclass(frozen=True)
class Sent:
    """The outcome of `send`: the edition's totals, and what this call did."""

    edition: Edition
    counts: Counts
    placed: int = 0
    report: SendReport | None = None
    notes: tuple[str, ...] = field(default=())


def collect(app: App, *, progress: Callable[[SourceReport], None] | None = None) -> CollectReport:
    """Fetches every source and keeps what is new."""
    from digest.collect.collector import collect as gather

    return gather(
        app.sources, fetcher=app.fetcher, memory=app.articles, now=app.now(), home=app.home, progress=progress
    )


def edition_key(app: App, *, day: date | None = None, slug: str = "") -> str:
    """The key of an edition: its date, or a special's slug. Raises ConfigurationError for an unusable slug."""
    if slug and not _KEY.match(slug):
        said = f"expected a short name of a-z, 0-9 and '-', found {slug!r}"
        raise ConfigurationError([Fault("--slug", 0, said)])
    return slug or (day or app.now().date()).isoformat()


def compose(app: App, key: str, *, day: date | None = None) -> Composed:
    """Curates the articles in the window into a draft, or into a skipped edition with its reason.

    Collects first where nothing was collected yet. A draft is composed anew, with what the desk changed laid over it
    again; an edition that is further on is left as it is.
    """
    from digest.curate import compose as curate
    from digest.curate import desk
    from digest.render import subject

    standing = app.editions.get(key)
    if standing and standing.state not in ("draft", "skipped"):
        return Composed(standing)
    now = app.now()
    day = day or (standing.day if standing else now.date())
    until = min(now, _end_of(app, day))
    since = until - app.rules.window
    articles = app.articles.between(since, until)
    if not articles and until == now:
        collect(app)
        articles = app.articles.between(since, until)
    changes = app.editions.desk(key)
    curated = curate.compose(
        articles,
        rules=app.rules,
        weights={source.name: source.weight for source in app.sources},
        now=until,
        pinned=changes.pinned,
        dropped=changes.dropped,
    )
    edition = Edition(
        key=key,
        day=day,
        number=app.editions.number_for(key),
        state="skipped" if curated.reason else "draft",
        subject="",
        preheader="",
        sections=curated.sections,
        lead=curated.lead,
        reason=curated.reason,
        composed_at=now,
    )
    if not curated.reason:
        edition = desk.apply(edition, changes)
        language = app.settings.newsletter.language
        edition = replace(edition, subject=edition.subject or subject.subject_line(edition, language))
        edition = replace(edition, preheader=edition.preheader or subject.preheader(edition, language))
    if not app.editions.put(edition, over=("draft", "skipped")):
        raise DigestError(f"edition {key} moved on while it was being composed; nothing was changed")
    return Composed(edition, curated)


def send(
    app: App,
    key: str,
    *,
    day: date | None = None,
    scheduled: bool = False,
    stop: threading.Event | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Sent:
    """Composes if needed, freezes whoever has no place in the edition yet, and hands over all that is due.

    Safe to run at any time and any number of times: a reader has one place in an edition. With `scheduled`, readers
    get it at their own hour; a one-off send is for now. Raises Busy when another process is at the same edition.
    """
    listed = read_list(app)  # a faulty list mails nobody, so it is read before anything is done
    app.ready_to_send()
    with alone(app.database, f"sending {key}", wait=_LOCK_WAIT):
        edition = _made_ready(app, key, day)
        if edition.state not in ("approved", "frozen", "sending", "done"):
            return Sent(edition, counts(app.database, key), notes=_why_not(edition))
        app.readers.sync(listed, now=app.now())
        placed = freeze(app, edition, scheduled=scheduled)
        return _hand_over(app, key, placed, stop or threading.Event(), progress)


def deliver_due(app: App, key: str, *, stop: threading.Event) -> Sent | None:
    """Hands over what of a frozen edition has become due, for the scheduler's ticks. None when nothing has."""
    edition = app.editions.get(key)
    if edition is None or edition.state != "sending" or not app.ledger.is_due(key, app.now()):
        return None
    with alone(app.database, f"sending {key}", wait=0.0):
        return _hand_over(app, key, 0, stop, None)


def send_test(app: App, key: str, addresses: Sequence[str], *, day: date | None = None) -> tuple[Edition, list[str]]:
    """Sends a marked test to these addresses only; no delivery row, no state. Answers the edition and a sentence per
    address that it could not be handed over for."""
    app.ready_to_send()
    edition = app.editions.get(key) or compose(app, key, day=day).edition
    if edition.state == "skipped":
        return edition, []
    letter = app.renderer.render(edition, Variant("html"), now=app.now(), test=True)
    if letter is None:
        raise DigestError(f"edition {key} has no story to show")
    # Signed for reader 0, who does not exist: the links of a test lead to pages but change nobody's wishes.
    readers = [recipient(0, address, app.sender, app.signer.sign) for address in addresses]
    outgoing = [Outgoing(f"{key}-test", "test", "test", letter, app.sender, (reader,)) for reader in readers]
    return edition, hand_over(app.transport, outgoing)


def _made_ready(app: App, key: str, day: date | None) -> Edition:
    """The edition, composed from what the sources have now if it is not there yet, and approved where nobody has to
    look first."""
    edition = app.editions.get(key)
    if edition is None or edition.state == "skipped":
        collect(app)
        edition = compose(app, key, day=day).edition
    if edition.state == "draft" and app.settings.schedule.approval == "auto":
        app.editions.move(key, "approved", out_of=("draft",), now=app.now())
        edition = app.editions.get(key) or edition
    return edition


def _hand_over(
    app: App, key: str, placed: int, stop: threading.Event, progress: Callable[[int, int], None] | None
) -> Sent:
    doubtful = app.ledger.begin_run(key, recovery=RECOVERY, now=app.now())
    start = counts(app.database, key)
    done = start.frozen - start.pending

    def step(readers: int) -> None:
        nonlocal done
        done += readers
        if progress:
            progress(done, start.frozen)

    settings = app.settings.delivery
    report = send_due(
        Job(
            edition=key,
            letters=app.editions.letters(key),
            sender=app.sender,
            ledger=app.ledger,
            transport=app.transport,
            token=app.signer.sign,
            clock=app.clock,
            threads=settings.threads,
            tries=settings.tries,
            stop=stop,
            progress=step,
        )
    )
    end = counts(app.database, key)
    if end.settled:
        app.editions.move(key, "done", out_of=("sending",), now=app.now())
    edition = app.editions.get(key)
    if edition is None:
        raise DigestError(f"edition {key} is no longer in the store")
    notes = (f"{doubtful} readers were in the hands of a run that was cut short",) if doubtful else ()
    return Sent(edition, end, placed, report, notes)


def _why_not(edition: Edition) -> tuple[str, ...]:
    if edition.state == "draft":
        return (f"edition {edition.key} waits for approval: digest edition approve {edition.key}",)
    if edition.state == "paused":
        return (f"edition {edition.key} is paused: digest edition resume {edition.key}",)
    return () if edition.state == "skipped" else (f"edition {edition.key} is {edition.state}; nobody is mailed",)


def _end_of(app: App, day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(0), app.settings.newsletter.zone)
