"""Send emails by SMTP, one transaction for each recipient, with the server's reply for each.

With separate transactions, a rejection, a bounce (VERP) or a broken connection (RFC 1047) concerns one recipient
only. `connection` drives the connection.
"""

from __future__ import annotations

import smtplib
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from digest.deliver.http_client import ConnectionRegistry
from digest.deliver.outcome import NotSent, Outcome, PerRecipient
from digest.deliver.ports import RecipientLog, Recovery
from digest.deliver.smtp.connection import (
    Envelope,
    OutcomeUnknown,
    RecipientDeferred,
    RecipientRejected,
    SmtpConnection,
    SmtpServer,
    TryLater,
    connect,
    describe,
    own_name,
)
from digest.errors import TakenOver
from digest.mail import verp
from digest.mail.message import Outgoing, Recipient, invalid_recipients
from digest.mail.mime import Template, template
from digest.models import DEFERRED

# After this many deferrals in a row, the recipients are not the cause.
_MAX_DEFERRED_IN_A_ROW = 3
# Emails per connection. Many servers close or slow down a connection that sends more.
_EMAILS_PER_CONNECTION = 100
# Errors that no retry in this run can fix. Every error of smtplib is an OSError.
_PERMANENT_ERRORS = (
    smtplib.SMTPAuthenticationError,
    smtplib.SMTPNotSupportedError,
    ssl.SSLCertVerificationError,
    # A host or user name that cannot be encoded as ASCII.
    ValueError,
)


class Smtp:
    """Keeps one connection for each thread.

    Bounces go to `bounces`, with `token("bounce", id)` added for each recipient (VERP), or to the sender if it is
    empty. `sign` returns the DKIM-Signature header to put before an email. Errors name `settings`, a section of
    digest.yaml.
    """

    name = "smtp"
    recovery: Recovery = "stepwise"

    def __init__(
        self,
        server: SmtpServer,
        *,
        clock: Callable[[], datetime],
        bounces: str | None = None,
        token: Callable[[str, int], str] | None = None,
        sign: Callable[[bytes], bytes] | None = None,
        settings: str = "delivery.smtp",
    ) -> None:
        self.server = server
        self.where = f"smtp {server.host}:{server.port}"
        self.registry = ConnectionRegistry()
        self.clock, self.sign, self.settings = clock, sign, settings
        self.bounces, self.token = bounces, token
        self.local = threading.local()
        self.open: list[SmtpConnection] = []
        self.lock = threading.Lock()

    # Cached, because the DNS may take seconds to answer and there are hundreds of connections.
    @cached_property
    def ehlo_name(self) -> str:
        return own_name()

    def submit(self, outgoing: Outgoing, log: RecipientLog) -> Outcome:
        try:
            mail_template = template(outgoing)
        except ValueError as error:
            return NotSent(_cannot_encode(error), permanent=True)
        rejected = invalid_recipients(outgoing.recipients)
        for id, reason in rejected.items():
            log.rejected(id, reason)
        recipients = [recipient for recipient in outgoing.recipients if recipient.id not in rejected]
        self._drop(unless_idle=True)
        return self._submit(recipients, outgoing.sender.email, mail_template, rejected, log)

    def _submit(
        self,
        recipients: Sequence[Recipient],
        sender: str,
        mail_template: Template,
        rejected: dict[int, str],
        log: RecipientLog,
    ) -> Outcome:
        accepted: set[int] = set()
        in_a_row, reason = 0, ""

        def ended(reason: str, *, permanent: bool = False) -> PerRecipient:
            return PerRecipient(frozenset(accepted), rejected, not_sent_reason=reason, permanent=permanent)

        try:
            for recipient, following in zip(recipients, [*recipients[1:], None], strict=False):
                if log.should_stop():
                    self._drop()
                    return ended("the run was asked to stop")
                try:
                    connection = self._connection()
                except (OSError, ValueError) as error:
                    permanent = isinstance(error, _PERMANENT_ERRORS)
                    if not accepted and not rejected:
                        return NotSent(self._describe(error), permanent=permanent)
                    return ended(self._describe(error), permanent=permanent)
                try:
                    mail = mail_template.mail(recipient, self.clock())
                    if self.sign is not None:
                        mail = self.sign(mail) + mail
                    envelope = self._envelope(sender, recipient)
                except ValueError as error:
                    # Nothing was sent, so the outcome is not unknown.
                    return ended(_cannot_encode(error), permanent=True)
                log.started(recipient.id)
                try:
                    full = connection.emails + 1 >= _EMAILS_PER_CONNECTION
                    next_envelope = None if following is None or full else self._envelope(sender, following)
                    connection.send(envelope, mail, following=next_envelope)
                    accepted.add(recipient.id)
                    in_a_row = 0
                except RecipientRejected as error:
                    rejected[recipient.id] = str(error)
                    log.rejected(recipient.id, str(error))
                except RecipientDeferred as error:
                    log.deferred(recipient.id, str(error))
                    in_a_row, reason = in_a_row + 1, f"{DEFERRED}{self._describe(error)}"
                    if in_a_row >= _MAX_DEFERRED_IN_A_ROW:
                        break
                except TryLater as error:
                    self._drop()
                    return ended(self._describe(error), permanent=error.permanent)
                except OutcomeUnknown as error:
                    self._drop()
                    unknown = {recipient.id: self._describe(error)}
                    return replace(ended(self._describe(error)), unknown=unknown, last_reply=error.last_reply)
        except TakenOver as error:
            # The outcomes so far are still valid, and the ledger can use them.
            self._drop()
            return ended(str(error))
        return PerRecipient(frozenset(accepted), rejected, not_sent_reason=reason)

    def probe(self) -> str | None:
        self._drop(unless_idle=True)
        try:
            code, text = self._connection().noop()
        except (OSError, ValueError) as error:
            self._drop()
            return self._describe(error)
        return None if code == 250 else self._describe(smtplib.SMTPResponseException(code, text))

    def close(self) -> None:
        with self.lock:
            connections, self.open = self.open, []
            self.local = threading.local()
        for connection in connections:
            connection.close()
        self.registry.reset()

    def abort(self) -> None:
        self.registry.abort()

    def _envelope(self, sender: str, recipient: Recipient) -> Envelope:
        if self.bounces and self.token is not None:
            sender = verp.address(self.bounces, self.token("bounce", recipient.id))
        return Envelope(sender, recipient.email)

    def _connection(self) -> SmtpConnection:
        """Return this thread's connection, replaced once it has sent enough. Raises the errors of `connect`."""
        connection: SmtpConnection | None = getattr(self.local, "connection", None)
        if connection is not None and connection.emails < _EMAILS_PER_CONNECTION:
            return connection
        self._drop(politely=True)
        connection = connect(self.server, self.registry, name=self.ehlo_name)
        self.local.connection = connection
        with self.lock:
            self.open.append(connection)
        return connection

    def _drop(self, *, politely: bool = False, unless_idle: bool = False) -> None:
        """Close this thread's connection.

        A connection that has announced another email must not be reused: the replies to that email would be read as
        replies to the next one.
        """
        connection: SmtpConnection | None = getattr(self.local, "connection", None)
        if connection is None or (unless_idle and connection.announced is None):
            return
        self.local.connection = None
        with self.lock:
            if connection in self.open:
                self.open.remove(connection)
        connection.close(politely=politely)

    def _describe(self, error: Exception) -> str:
        text = f"{self.where}: {describe(error)}"
        if isinstance(error, smtplib.SMTPAuthenticationError):
            text += (
                f"; check {self.settings}.username in digest.yaml and the password in the variable of "
                f"{self.settings}.password_env"
            )
        return text


def _cannot_encode(error: ValueError) -> str:
    return f"cannot encode the email: {error}"
