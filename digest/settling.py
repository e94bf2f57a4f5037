"""Batches in doubt, settled: by the provider's own log where it can be asked, else by an operator's word. Part of the
pipeline."""

from __future__ import annotations

from collections.abc import Mapping

from digest.app import App
from digest.deliver.outcome import Accepted, NotSent
from digest.deliver.ports import Lookup
from digest.deliver.transports import RECOVERY, REDO_WITHIN
from digest.pipeline import recover
from digest.store import stranding
from digest.store.batches import readers
from digest.store.counting import Doubt, doubts
from digest.store.locks import alone
from digest.store.recovering import Left
from digest.store.standing import Onlooker

_LOCK_WAIT = 5.0  # seconds


def onlooker(app: App) -> Onlooker:
    """Tells how editions stand, without a word to anybody."""
    left = Left(RECOVERY, REDO_WITHIN, app.ledger.progress.boot, app.settings.delivery.on_unknown == "resend")
    return Onlooker(app.database, left)


def stranded(app: App, key: str) -> list[Doubt]:
    """Batches that only a transport may send which the settings name no more."""
    return stranding.stranded(app.database, key, app.settings.delivery.transport)


def look_up(app: App, key: str) -> list[int]:
    """Asks the providers' logs about every batch in doubt; answers those that they show, which are accepted now. What
    they do not show stays in doubt. What a killed run left is in doubt too. Raises Busy while a send is at work."""
    with alone(app.database, "sending", wait=_LOCK_WAIT):
        recover(app, key)
    shown = []
    named = {transport.name: transport for transport in app.transports if isinstance(transport, Lookup)}
    for doubt in doubts(app.database, key):
        transport = named.get(doubt.transport)
        if transport is None:
            continue
        with app.database.read() as connection:
            emails = [email for _id, email in readers(connection, doubt.batch)]
        if transport.look_up(doubt.attempt, emails) == "accepted" and app.ledger.prove(doubt.attempt):
            shown.append(doubt.batch)
    app.ledger.finish(key, app.now())
    return shown


def settle(app: App, key: str, decisions: Mapping[int, Accepted | NotSent], reason: str) -> None:
    """Carries out an operator's word on batches whose outcome is unknown, or that are stranded. Raises Busy while a
    send is at work."""
    with alone(app.database, "sending", wait=_LOCK_WAIT):
        recover(app, key)
        for number in decisions.keys() & {one.batch for one in stranded(app, key)}:
            stranding.hold(app.database, key, number)
        for number, outcome in decisions.items():
            app.ledger.decide(key, number, outcome, reason, app.now())
        app.ledger.finish(key, app.now())
