"""Send the emails that visitors ask for: sign-up emails, and the current edition once more.

They are sent outside the ledger by one background thread, so they cannot affect its exactly-once guarantee. A page
answers before its email is sent. If the email needs a lookup of the address, the page answers before that too. So the
response time does not reveal whether an address is known. The operator's log names failures without the address.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from digest.deliver.direct import send_direct
from digest.deliver.ports import Transport
from digest.mail.message import Outgoing

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
        """Send the queued emails, then stop."""
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
