"""Check the conditions that admins must know of, and alert them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from digest.deliver.ports import Transport
from digest.deliver.shutdown import time_limit
from digest.errors import ConfigurationError
from digest.notify.alert import AlertKind
from digest.notify.conditions import EDITION_KINDS, KINDS, ending, find
from digest.notify.disks import free_bytes
from digest.notify.facts import AlertFacts, AlertRules
from digest.usecases.stop_edition import MIN_COMPLAINTS

if TYPE_CHECKING:
    from digest.models import Source
    from digest.notify.alert import Alert
    from digest.store.content.articles import ArticleStore
    from digest.store.content.editions import EditionStore
    from digest.store.sending.overview import Overview
    from digest.usecases.alerts import Alerts
    from digest.usecases.stop_edition import AutomaticStop

# Editions of this many days are checked, because complaints arrive for days.
_DAYS = 4
# Time between probes of a provider: while it works, and while it fails.
_PROBE_EVERY, _PROBE_AGAIN = timedelta(hours=1), timedelta(minutes=5)
# Seconds.
_PROBE_TIMEOUT = 20.0


@dataclass
class AlertWatch:
    """Collects the facts, and raises alerts for the conditions that they show. One thread at a time may `run` it."""

    alerts: Alerts
    editions: EditionStore
    automatic_stop: AutomaticStop
    overview: Overview
    articles: ArticleStore
    sources: Sequence[Source]
    rules: AlertRules
    # Transport → factory of a separate one for probes.
    transports: Mapping[str, Callable[[], Transport]]
    folders: Sequence[Path]
    # When the store was backed up last; None if that is not known.
    last_backup: Callable[[], datetime | None]
    now: Callable[[], datetime]
    # When `run` was called first.
    _since: datetime | None = None
    # Transport → time of the last probe, and its problem.
    _probes: dict[str, tuple[datetime, str | None]] = field(default_factory=dict)

    def run(self) -> None:
        """Raise new alerts and clear past ones. `Alerts.deliver` sends them."""
        self._stop_editions()
        self._since = self._since or self.now()
        facts = self.facts()
        found = [alert for alert in find(facts) if alert.until is None or alert.until > facts.now]
        self.alerts.update(found, KINDS, lambda alert: ending(alert, facts))

    def open_alerts(self) -> list[Alert]:
        """Return the open alerts. Leaves out those that have ended since `digest run` last looked.

        Only alerts about an edition are checked, and those with an end: all others would need requests to servers.
        """
        facts = self.facts(probe=False)
        holding = {alert.key for alert in find(facts)}
        return [
            each
            for each in self.alerts.store.open()
            if (each.until is None or each.until > facts.now)
            and (each.kind not in EDITION_KINDS or each.key in holding)
        ]

    def _stop_editions(self) -> None:
        """Pause editions whose first recipients bounce or complain, which a provider may report only after the send."""
        for key, failures in self.overview.sending().items():
            if failures >= MIN_COMPLAINTS:
                self.automatic_stop.check(key)

    def facts(self, *, probe: bool = True) -> AlertFacts:
        """Collect the facts. Without `probe` no provider is asked."""
        now = self.now()
        # An alert that an earlier process raised stays open while its condition holds.
        is_slow = any(each.kind == AlertKind.SENDING_SLOW for each in self.alerts.store.open())
        keys = self.overview.recent((now - timedelta(days=_DAYS)).date())
        editions = [edition for key in keys if (edition := self.editions.get(key))]
        return AlertFacts(
            now=now,
            rules=self.rules,
            editions=self.overview.editions(editions, now),
            attempts=self.overview.attempts(keys),
            answers=self.overview.answers(keys),
            sources=list(self.articles.health_of(self.sources).values()),
            transports=tuple(self.transports),
            probes=self._probe(now) if probe else {},
            last_event_at=self.overview.last_event_at(),
            failed_feedback=self.overview.failed_feedback(),
            sending_since=None if is_slow else self._since,
            last_backup=self.last_backup(),
            disks=free_bytes(self.folders),
        )

    def _probe(self, now: datetime) -> dict[str, str]:
        """Probe the transports, and return transport → problem. A refused key is found hours before a send needs it."""
        for name, build in self.transports.items():
            at, problem = self._probes.get(name, (None, None))
            pause = _PROBE_AGAIN if problem else _PROBE_EVERY
            if at is None or not at <= now < at + pause:
                self._probes[name] = (now, _probe(build))
        return {name: problem for name, (_at, problem) in self._probes.items() if problem}


def _probe(build: Callable[[], Transport]) -> str | None:
    try:
        transport = build()
    except ConfigurationError as error:
        return error.problems[0].message
    try:
        with time_limit(transport, _PROBE_TIMEOUT):
            return transport.probe()
    finally:
        transport.close()
