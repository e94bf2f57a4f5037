"""Outbound mail of the pages: single emails that visitors ask for, sent outside the ledger by one background thread.

A page answers before its email is sent, and before it is built if that needs a lookup of the address. So the response
time does not reveal whether an address is known. The operator's log names failures without the address.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from digest.deliver.message import Outgoing, Recipient, Sender, recipient
from digest.deliver.ports import Transport
from digest.deliver.trial import send_direct
from digest.i18n import translator
from digest.models import RenderedEmail
from digest.store.people.preferences import StoredSubscriber
from digest.subscribers.tokens import Signer
from digest.web.pages import Pages

log = logging.getLogger(__name__)

# Emails that may wait to be sent; further ones are refused.
_MAX_QUEUED = 1000


class OutboundMail:
    """A queue with one thread and a transport of its own. `transport` is called when the first email is sent."""

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
            log.error("could not send an email that a page promised: %s", type(error).__name__)
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
        sender = replace(self.sender, base_url="")
        to = recipient(0, email, sender, self.signer.sign_letter)
        # The Message-ID derives from the recipient's id. A mailbox may hide a message whose Message-ID repeats.
        return self._build(to._replace(id=signup), subject, language, kind="confirm", place=f"/confirm/{token}")

    def reminder(self, subscriber: StoredSubscriber, language: str) -> Outgoing:
        """The email for a subscriber whose address was entered again."""
        subject = translator(language).gettext("You get %(name)s already")
        place = f"/preferences/{self.signer.sign('preferences', subscriber.id)}"
        to = recipient(subscriber.id, subscriber.email, self.sender, self.signer.sign_letter)
        unique = to._replace(id=secrets.randbits(62))
        return self._build(unique, subject, language, kind="known", place=place)

    def _build(self, to: Recipient, subject: str, language: str, *, kind: str, place: str) -> Outgoing:
        subject %= {"name": self.pages.branding.name}
        values = {"subject": subject, "kind": kind, "link": self.pages.absolute_url(place, language)}
        html = self.pages.render("mail.html.j2", language, **values)
        text = self.pages.render("mail.txt.j2", language, **values)
        return Outgoing("join", "join", "join", RenderedEmail("html", subject, html, text), to.sender, (to,))
