"""Send a subscriber their newest edition once more."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from digest.mail.message import Outgoing, Sender, content_ids, inline_images, recipient
from digest.models import BatchState, RenderedEmail, split_variant
from digest.render.variants import variant_for
from digest.store.content.articles import ImageStore
from digest.store.content.editions import EditionStore, PublishedStore
from digest.store.people.preferences import StoredSubscriber
from digest.store.people.requests import RequestStore
from digest.store.rate_limits import Quota
from digest.web.dependencies import Context
from digest.web.editions import LatestEdition
from digest.web.outbound_mail import OutboundMail


class ResendResult(StrEnum):
    """The result of a request for another copy. Templates compare the values."""

    SENT = "sent"
    # The subscriber's regular copy has not been sent yet.
    PENDING = "coming"
    RATE_LIMITED = "often"
    # There is no edition, or the subscriber gets no mail.
    UNAVAILABLE = "none"


@dataclass(frozen=True)
class Resender:
    """Sends further copies of editions."""

    context: Context
    editions: EditionStore
    latest: LatestEdition
    published: PublishedStore
    images: ImageStore
    sender: Sender
    outbound: OutboundMail
    requests: RequestStore
    # The topics that a subscriber may choose.
    topics: Collection[str]

    def resend(self, subscriber: StoredSubscriber) -> ResendResult:
        """Send the subscriber's newest edition again."""
        now = self.context.now()
        newest = self.latest.of(subscriber)
        if newest is None or subscriber.suppressed or not subscriber.listed:
            return ResendResult.UNAVAILABLE
        key = newest.key
        place = self.published.place(key, subscriber.id)
        if place and place.state in (BatchState.PENDING, BatchState.SUBMITTING):
            return ResendResult.PENDING
        email = find_email(self.editions, key, subscriber, place.variant if place else None, choosable=self.topics)
        if email is None:
            return ResendResult.UNAVAILABLE
        name = f"again:{subscriber.id}"
        quotas = [Quota(name, 3, timedelta(days=1)), Quota(name, 1, timedelta(minutes=5))]
        if not self.context.quotas.take(quotas, now):
            return ResendResult.RATE_LIMITED
        images = inline_images(email, self.images.load(content_ids([email])))
        # The Message-ID derives from this name. A mailbox may hide a message whose Message-ID repeats.
        unique = f"{key}-again-{secrets.token_hex(4)}"
        to = recipient(subscriber.id, subscriber.email, self.sender, self.context.signer.sign_email)
        if not self.outbound.send(Outgoing(unique, "again", "again", email, self.sender, (to,), images)):
            return ResendResult.RATE_LIMITED
        # For the copy of the person's data.
        self.requests.record_again(subscriber.id, key, now)
        return ResendResult.SENT


def find_email(
    editions: EditionStore,
    key: str,
    subscriber: StoredSubscriber | None,
    variant: str | None = None,
    *,
    choosable: Collection[str],
) -> RenderedEmail | None:
    """Return the stored email for a subscriber: the one they got, or one by their preferences, or the one with all
    topics.
    """
    emails = editions.emails(key)
    edition = editions.get(key)

    def newest(base: str) -> str:
        own = (name for name in emails if split_variant(name)[0] == base)
        return max(own, key=lambda name: split_variant(name)[1], default=base)

    if variant not in emails and subscriber is not None and edition is not None:
        variant = newest(variant_for(edition, subscriber.topics, subscriber.format, choosable=choosable).key)
    names = (variant, newest("html"), newest("text"))
    return next((emails[name] for name in names if name in emails), None)
