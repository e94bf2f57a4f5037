"""Emails that visitors ask for: those of a sign-up, and the current edition once more.

They are sent outside the ledger by one background thread, so they cannot affect its exactly-once guarantee. A page
answers before its email is sent, and before it is built if that needs a lookup of the address. So the response time
does not reveal whether an address is known. The operator's log names failures without the address.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from digest.deliver.direct import send_direct
from digest.deliver.ports import Transport
from digest.i18n import translator
from digest.mail.message import Outgoing, Recipient, Sender, content_ids, inline_images, recipient
from digest.models import BatchState, RenderedEmail
from digest.render.variants import variant_for
from digest.store.content.articles import ImageStore
from digest.store.content.editions import EditionStore, PublishedStore
from digest.store.people.preferences import StoredSubscriber
from digest.store.rate_limits import Quota
from digest.subscribers.tokens import Signer
from digest.web.dependencies import Context
from digest.web.pages import Pages

log = logging.getLogger(__name__)

# Emails that may wait to be sent; further ones are refused.
_MAX_QUEUED = 1000


class OutboundMail:
    """A queue with its own thread and transport. `transport` is called when the first email is sent."""

    def __init__(self, transport: Callable[[], Transport]) -> None:
        self._transport = transport
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="outbound-mail")
        self._queued = 0

    def send(self, email: Outgoing) -> bool:
        """Queue an email. Return False if the queue is full."""
        return self.build_and_send(lambda: email)

    def build_and_send(self, build: Callable[[], Outgoing | None]) -> bool:
        """Queue an email that the background thread builds; `build` may return None to send nothing."""
        if self._queued >= _MAX_QUEUED:
            return False
        self._queued += 1
        self._thread.submit(self._send, build)
        return True

    def close(self) -> None:
        """Send what is queued, then stop."""
        self._thread.shutdown(wait=True)

    def _send(self, build: Callable[[], Outgoing | None]) -> None:
        try:
            email = build()
            if email is None:
                return
            for problem in send_direct(self._transport(), [email]):
                anonymous = problem.replace(email.recipients[0].email, "a subscriber")
                log.error("could not send an email of %s: %s", email.batch, anonymous)
        # An exception would end the thread silently, and no further email would be sent.
        except Exception as error:
            log.error("could not send an email requested on a page: %s", type(error).__name__)
        finally:
            self._queued -= 1


@dataclass(frozen=True)
class SignupEmails:
    """Builds the two emails of a sign-up. They contain no news, only a link."""

    pages: Pages
    sender: Sender
    signer: Signer

    def confirmation(self, signup: int, email: str, token: str, language: str) -> Outgoing:
        """The email that asks the owner of an address to confirm the sign-up."""
        subject = translator(language).gettext("Confirm: you want to get %(name)s")
        # The address has no subscriber yet, so List-Unsubscribe offers mailto instead of a link.
        sender = replace(self.sender, base_url=None)
        to = recipient(0, email, sender, self.signer.sign_email)
        # The Message-ID derives from the recipient's id. A mailbox may hide a message whose Message-ID repeats.
        return self._build(to._replace(id=signup), subject, language, kind="confirm", place=f"/confirm/{token}")

    def reminder(self, subscriber: StoredSubscriber, language: str) -> Outgoing:
        """The email for a subscriber whose address was entered again."""
        subject = translator(language).gettext("You already get %(name)s")
        place = f"/preferences/{self.signer.sign('preferences', subscriber.id)}"
        to = recipient(subscriber.id, subscriber.email, self.sender, self.signer.sign_email)
        unique = to._replace(id=secrets.randbits(62))
        return self._build(unique, subject, language, kind="known", place=place)

    def _build(self, to: Recipient, subject: str, language: str, *, kind: str, place: str) -> Outgoing:
        subject %= {"name": self.pages.branding.name}
        values = {"subject": subject, "kind": kind, "link": self.pages.absolute_url(place, language)}
        html = self.pages.render("mail.html.j2", language, **values)
        text = self.pages.render("mail.txt.j2", language, **values)
        return Outgoing("join", "join", "join", RenderedEmail("html", subject, html, text), to.sender, (to,))


class ResendResult(StrEnum):
    """The answer to a request for another copy. Templates compare the values."""

    SENT = "sent"
    # The subscriber's regular copy has not been sent yet.
    PENDING = "coming"
    RATE_LIMITED = "often"
    # There is no edition, or the subscriber gets no mail.
    UNAVAILABLE = "none"


@dataclass(frozen=True)
class Resender:
    """Sends further copies of the newest edition."""

    context: Context
    editions: EditionStore
    published: PublishedStore
    images: ImageStore
    sender: Sender
    outbound: OutboundMail

    def resend(self, subscriber: StoredSubscriber) -> ResendResult:
        """Send the newest edition to the subscriber again."""
        now = self.context.now()
        newest = self.published.newest(1, now)
        if not newest or subscriber.suppressed or not subscriber.listed:
            return ResendResult.UNAVAILABLE
        key = newest[0].key
        place = self.published.place(key, subscriber.id)
        if place and place.state in (BatchState.PENDING, BatchState.SUBMITTING):
            return ResendResult.PENDING
        email = find_email(self.editions, key, subscriber, place.variant if place else None)
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
        queued = self.outbound.send(Outgoing(unique, "again", "again", email, self.sender, (to,), images))
        return ResendResult.SENT if queued else ResendResult.RATE_LIMITED


def find_email(
    editions: EditionStore, key: str, subscriber: StoredSubscriber | None, variant: str | None = None
) -> RenderedEmail | None:
    """The stored email of an edition for a subscriber: as sent, by preferences, or the full one; None without any."""
    emails = editions.emails(key)
    edition = editions.get(key)
    if variant not in emails and subscriber is not None and edition is not None:
        variant = variant_for(edition, subscriber.topics, subscriber.format).key
    names = (variant, "html", "text")
    return next((emails[name] for name in names if name in emails), None)
