"""The numbers of a newsletter for Prometheus. They are read from the store at each scrape, so any process has them all.

Names follow https://prometheus.io/docs/practices/naming/. No label has an address, a token or the key of an edition.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from digest import __version__
from digest.errors import ConfigurationError
from digest.store.workers import Worker
from digest.web.health.checks import Health

try:
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import GaugeMetricFamily, Metric
    from prometheus_client.exposition import choose_encoder
    from prometheus_client.registry import Collector
except ModuleNotFoundError as error:
    raise ConfigurationError.at("/metrics", f"/metrics needs {error.name}; install hindi-digest[metrics]") from None

# Names of `Counts` that are states of recipients.
_STATES = ("accepted", "rejected", "excluded", "pending", "unknown")


class NewsletterCollector(Collector):
    """Yields gauges from the store and from the schedule of this process."""

    def __init__(self, health: Health) -> None:
        self.health = health

    def collect(self) -> Iterator[Metric]:
        build = GaugeMetricFamily("digest_build_info", "The version that is running.", labels=["version"])
        build.add_metric([__version__], 1)
        yield build
        heartbeat = self.health.heartbeat
        if heartbeat is not None and heartbeat.age is not None:
            text = "When the schedule last gave a sign of life, in seconds since 1970."
            yield GaugeMetricFamily(
                "digest_schedule_last_tick_timestamp_seconds", text, value=time.time() - heartbeat.age
            )
        numbers = self.health.numbers()
        yield GaugeMetricFamily("digest_store_up", "Whether the store answers.", value=numbers is not None)
        if numbers is None:
            return
        editions = GaugeMetricFamily("digest_editions", "Editions by state.", labels=["state"])
        for state, count in numbers.editions.items():
            editions.add_metric([state], count)
        yield editions
        if numbers.current is not None:
            text = "Recipients of the edition that was sent last, by state."
            recipients = GaugeMetricFamily("digest_edition_recipients", text, labels=["state"])
            for state in _STATES:
                recipients.add_metric([state], getattr(numbers.current, state))
            yield recipients
        if numbers.last_done is not None:
            text = "When the last edition was finished, in seconds since 1970."
            yield GaugeMetricFamily("digest_last_send_timestamp_seconds", text, value=numbers.last_done.timestamp())
        text = "Recipients whose outcome is unknown, in all editions."
        yield GaugeMetricFamily("digest_unknown_recipients", text, value=numbers.unknown)
        text = "Sources that failed three times in a row or more."
        yield GaugeMetricFamily("digest_failing_sources", text, value=numbers.failing_sources)
        text = "How often in a row each source of the settings has failed; 0 for one that works."
        failures = GaugeMetricFamily("digest_source_failures", text, labels=["source"])
        for name, count in numbers.failures.items():
            failures.add_metric([name], count)
        yield failures
        text = "Webhook payloads that wait to be processed."
        yield GaugeMetricFamily("digest_queued_webhooks", text, value=numbers.queued_webhooks)
        yield GaugeMetricFamily("digest_open_alerts", "Alerts whose cause lasts.", value=numbers.open_alerts)
        yield from _workers(numbers.workers)


def _workers(workers: Sequence[Worker]) -> Iterator[Metric]:
    """Yield the metrics of the workers. Each is named by its host and process, because they come and go."""
    names = ["host", "pid", "version"]
    seats = GaugeMetricFamily(
        "digest_worker_seats", "Parts of editions that a live worker sends at a time.", labels=names
    )
    jobs = GaugeMetricFamily("digest_worker_jobs", "Jobs that a live worker holds.", labels=names)
    text = "Recipients per second that a live worker settled in the last ten seconds."
    rate = GaugeMetricFamily("digest_worker_recipients_per_second", text, labels=names)
    # In a container that was killed and started again, the dead worker and the new one have the same name for seconds.
    # Prometheus would take either.
    newest = {(worker.host, str(worker.pid), worker.version): worker for worker in workers}
    for who, worker in newest.items():
        seats.add_metric(who, worker.seats)
        jobs.add_metric(who, len(worker.jobs))
        rate.add_metric(who, worker.rate)
    yield from (seats, jobs, rate)


def exposition(health: Health, accept: str) -> tuple[str, bytes]:
    """Return the content type and body of a scrape, in the format that the Accept header asks for."""
    # A new registry, without metrics of the process and its garbage collection.
    registry = CollectorRegistry(auto_describe=False)
    registry.register(NewsletterCollector(health))
    encode, content_type = choose_encoder(accept)
    return content_type, encode(registry)
