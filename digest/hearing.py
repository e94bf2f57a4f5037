"""From what the world says to what the store knows: posts that wait, and mail that came back. Holds no rule of its own.

Posts are kept by the web's webhook and handled here, by the scheduler's ring or `digest events handle`; mail is handled
as it is read. Everything may be cut short and done again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from digest.app import App
from digest.errors import ConfigurationError, Fault
from digest.events import sendgrid
from digest.events.dsn import Report, read_report
from digest.events.effects import Applied, apply
from digest.events.event import Event
from digest.store.events import heard
from digest.subscribers.address import normalise

if TYPE_CHECKING:
    from digest.events.signature import Verifier

_MANY_BLOCKS = 20
_OLDEST_MAIL = timedelta(days=366)
_SLOWEST_CLOCK = timedelta(hours=1)
_READERS: dict[str, Callable[[bytes, Callable[[str], str]], list[Event]]] = {"sendgrid": sendgrid.read}
"""Provider → what reads its posts."""


@dataclass(frozen=True)
class Hearing:
    """What one round brought. `settled` are editions with a batch that is in doubt no more; `notes` are for people."""

    posts: int = 0
    events: int = 0
    kept: int = 0
    suppressed: int = 0
    settled: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def webhook_verifier(app: App) -> Verifier | None:
    """What checks SendGrid's posts, by the keys that the settings name; None where they name none. Raises
    ConfigurationError for a key that is none."""
    from digest.events.signature import Verifier, read_keys

    variable = app.settings.web.webhooks.sendgrid.keys_env
    if not variable:
        return None
    try:
        return Verifier(read_keys(app.environment.get(variable, "")))
    except ValueError as error:
        raise ConfigurationError([Fault(variable, 0, f"{error} ('web.webhooks.sendgrid.keys_env')")]) from None


def handle_posts(app: App) -> Hearing:
    """Handles every post that waits, and forgets those handled long ago."""
    now = app.now()
    totals: Counter[str] = Counter()
    settled: set[str] = set()
    blocked: set[str] = set()
    notes: list[str] = []
    for post in app.events.waiting():
        try:
            events = _READERS[post.provider](post.body, comparable)
        except (KeyError, sendgrid.NoEvents) as error:
            app.events.close(post.id, now, fault=str(error))
            notes.append(f"post {post.id} of {post.provider} is passed over: {error}")
            continue
        applied = take(app, events)
        settled |= applied.proven
        blocked |= applied.blocked
        notes += applied.alarms
        app.events.close(post.id, now)
        totals += Counter(posts=1, events=len(events), kept=applied.kept, suppressed=applied.suppressed)
    app.events.forget(now - app.settings.web.webhooks.keep)
    notes += [line for key in sorted(blocked) for line in _many_blocks(app, key)]
    notes += [f"edition {key}: the provider tells of a batch that was open: it took it" for key in sorted(settled)]
    return Hearing(settled=tuple(sorted(settled)), notes=tuple(notes), **totals)


def _many_blocks(app: App, key: str) -> list[str]:
    """When a tenth of what was heard of an edition is blocks, it is about the sender and not about the readers."""
    found = heard(app.database, key)
    whole = found.delivered + found.bounced + found.blocked
    if found.blocked < _MANY_BLOCKS or found.blocked * 10 < whole:
        return []
    said = f"edition {key}: {found.blocked} of {whole} letters were blocked; look at the reasons at the provider"
    return [f"{said}, and `digest edition pause {key}` holds what is still to go"]


Verp = Callable[[str], int | None]
"""The reader whom a signed envelope address names; None for any other address."""


def handle_mail(app: App, data: bytes, *, verp: Verp = lambda _address: None) -> tuple[str, int]:
    """Handles one mail that came back. Answers what it was, in a few words, and how many addresses it barred."""
    report = read_report(data)
    if report is None:
        return "no report", 0
    found = _letter_of(app, report, verp)
    if found is None:
        return f"{report.said[0].kind}, but of no letter of ours", 0
    reader, address, edition = found
    said = report.said[0]
    at = _heard_at(report, said.kind, app.now())
    event = Event(said.kind, at, address=address, subscriber=reader, edition=edition, reason=said.reason)
    applied = take(app, [event])
    return said.kind, applied.suppressed


def _heard_at(report: Report, kind: str, now: datetime) -> datetime:
    """A report that lay in a mailbox says what was so when it came, before a reader may have come back. A stamp of
    another age is no stamp, and no clock that is slow may undo a leaving."""
    if report.at is None or not now - _OLDEST_MAIL < report.at < now:
        return now
    return min(report.at + _SLOWEST_CLOCK, now) if kind == "left" else report.at


def _letter_of(app: App, report: Report, verp: Verp) -> tuple[int, str, str] | None:
    """(reader, comparable address, edition or '') of the letter that a report is about. Only what we have signed is
    believed, or a Message-ID together with the recipient whose it is."""
    from digest.deliver.message import Outgoing, recipient
    from digest.deliver.mime import message_id
    from digest.models import RenderedEmail

    signed = [*map(verp, report.envelope), *(app.signer.read("leave", word) for word in report.signed)]
    reader = next((id for id in signed if id), None)
    addresses = [address for said in report.said if (address := comparable(said.address))]
    nothing = RenderedEmail("", "", "", "")
    for letter in app.events.letters(reader, addresses):
        outgoing = Outgoing(letter.edition, "", "", nothing, app.sender, ())
        had = recipient(letter.reader, letter.email, app.sender, app.signer.letters)
        if message_id(outgoing, had) in report.message_ids:
            return letter.reader, letter.address, letter.edition
    known = app.readers.email_of(reader) if reader else None
    return (reader, comparable(known), "") if reader and known else None


def comparable(address: str) -> str:
    """The address in the one form of the list, '' for what is none."""
    try:
        return normalise(address) if len(address) <= 320 else ""
    except ValueError:
        return ""


def take(app: App, events: Sequence[Event]) -> Applied:
    """Applies events, and ends editions whose last doubt they settle."""
    now = app.now()
    tracking = app.settings.newsletter.tracking == "on"
    applied = apply(events, memory=app.events, ledger=app.ledger, readers=app.readers, now=now, tracking=tracking)
    for key in applied.proven:
        app.ledger.finish(key, now)
    return applied
