"""Post the stored events of outgoing webhooks to their receivers, signed by Standard Webhooks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from digest.errors import ConfigurationError, DigestError
from digest.notify.webhook import post_signed
from digest.store.desk.audit import ActKind
from digest.store.outgoing_webhooks import endpoint_key

if TYPE_CHECKING:
    from digest.models import Actor
    from digest.notify.webhook import Post
    from digest.store.desk.audit import AuditLog
    from digest.store.outgoing_webhooks import OutgoingEvent, OutgoingWebhookStore


@dataclass(frozen=True)
class Receiver:
    """An endpoint and its URL. `keys` returns its secrets, or raises ConfigurationError if they are missing."""

    url: str
    post: Post
    keys: Callable[[], Sequence[bytes]]

    @property
    def key(self) -> str:
        return endpoint_key(self.url)

    @property
    def host(self) -> str:
        """The host of its URL. The rest may contain a secret."""
        return urlsplit(self.url).hostname or "unknown"


@dataclass(frozen=True)
class OutgoingWebhooks:
    store: OutgoingWebhookStore
    receivers: Sequence[Receiver]
    audit: AuditLog
    now: Callable[[], datetime]

    def deliver(self) -> list[str]:
        """Post the events that are due.

        Returns a sentence for each receiver that failed; failed events are tried again later.
        """
        problems = [problem for each in self.receivers if (problem := self._deliver(each))]
        if self.receivers:
            self.store.prune(self.now())
        return problems

    def _deliver(self, receiver: Receiver) -> str | None:
        try:
            keys = receiver.keys()
        except ConfigurationError as error:
            return f"Webhooks to {receiver.host} wait: {error.problems[0]}"
        problem = None
        events = self.store.claim_events(receiver.key, self.now())
        for number, event in enumerate(events):
            try:
                failure = post_signed(
                    receiver.post, receiver.url, keys, event.id, int(self.now().timestamp()), event.content
                )
            except DigestError as error:
                # A receiver that does not answer would take the same time for each further event.
                for each in events[number:]:
                    self.store.failed(receiver.key, each.id, str(error), self.now())
                return f"A webhook to {receiver.host} failed: {error}. It is tried again."
            if failure:
                again = self.store.failed(
                    receiver.key,
                    event.id,
                    failure.reason,
                    self.now(),
                    after=failure.retry_after,
                    permanent=failure.permanent,
                )
                then = "It is tried again." if again else "It is given up."
                problem = f"A webhook to {receiver.host} failed: {failure.reason}. {then}"
            else:
                self.store.sent(receiver.key, [event.id], self.now())
        return problem

    def try_again(self, id: str, by: Actor) -> None:
        """Make a failed event due again, even if it was given up. Raises DigestError."""
        if not self.store.again(id, self.now()):
            raise DigestError(f"No failed webhook has the id {id[:40]}. `digest webhooks list --failed` shows them.")
        self.audit.record(by, ActKind.WEBHOOK_AGAIN, id, now=self.now())

    def host_of(self, event: OutgoingEvent) -> str:
        """Return the host of an event's receiver. If another receiver has the same host, its place in the settings
        follows.
        """
        number = next((at for at, each in enumerate(self.receivers) if each.key == event.endpoint), None)
        if number is None:
            return "no longer in the settings"
        host = self.receivers[number].host
        several = sum(each.host == host for each in self.receivers) > 1
        return f"{host} (webhooks[{number}])" if several else host
