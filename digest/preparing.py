"""Making beforehand what is each reader's own in a request: a day has hours for it, and a send has seconds.

Knows which transport is to be prepared for; what the bytes are is the transport's matter, keeping them the store's
(`store.personalizations`). Nothing depends on it: what is not there is made while the letter goes.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping

from digest.app import App
from digest.deliver.message import recipients, unmailable
from digest.deliver.ports import Personalizing

WORTH = 10_000
"""Readers below whom it is not worth half a kilobyte each."""
_AT_ONCE = 20  # blocks


def forms(app: App) -> Mapping[str, str]:
    """Transport → the form of its personalizations, where some are kept."""
    found = {one.name: _form(app, one) for one in app.transports if isinstance(one, Personalizing)}
    return {name: form for name, form in found.items() if app.ledger.personalizations.any(form)}


def prepare(app: App, stop: threading.Event, *, worth: int = WORTH) -> int:
    """Makes what is lacking for readers on the list, when they are at least `worth`. Answers for how many. May be
    stopped at any time; what is made is kept."""
    first = app.transports[0]
    if not isinstance(first, Personalizing):
        return 0
    kept, form, made = app.ledger.personalizations, _form(app, first), 0
    if kept.listed() < worth:
        return 0
    kept.tidy(form)
    lacking = kept.lacking(form)
    for start in range(0, len(lacking), _AT_ONCE):
        if stop.is_set():
            break
        ready = []
        for block in map(kept.block, lacking[start : start + _AT_ONCE]):
            readers = recipients(block.readers, app.sender, app.signer.letters)
            if not unmailable(readers):
                ready.append((block, [body.encode("ascii") for body in first.personalizations(readers, app.sender)]))
        kept.keep(form, ready)
        made += sum(len(block.readers) for block, _bodies in ready)
    return made


def _form(app: App, transport: Personalizing) -> str:
    """What a transport makes of a reader who doesn't exist, hashed: another key, another address of the pages, another
    way to write it is another form."""
    probe = recipients([(0, "probe@example.com")], app.sender, app.signer.letters)
    made = "\n".join((transport.name, *transport.personalizations(probe, app.sender)))
    return hashlib.sha256(made.encode()).hexdigest()
