"""Hands letters over by SMTP, one transaction per reader, and tells for each what the server said.

One transaction each, because only so a refusal, a bounce (VERP) and the doubt of a broken connection (RFC 1047) are
about one reader. How a letter goes over a connection is `smtp_connection`'s.
"""

from __future__ import annotations

import smtplib
import ssl
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property, partial

from digest import verp
from digest.deliver.lines import ConnectionRegistry
from digest.deliver.message import Outgoing, Recipient, invalid_recipients
from digest.deliver.mime import Template, template
from digest.deliver.outcome import NotSent, Outcome, PerRecipient
from digest.deliver.ports import RecipientLog, Recovery
from digest.deliver.transports.smtp_connection import (
    Connection,
    Envelope,
    OutcomeUnknown,
    RecipientDeferred,
    RecipientRejected,
    TryLater,
    connect,
    own_name,
    said,
)

_PUT_OFF_IN_A_ROW = 3
_LETTERS_PER_CONNECTION = 100  # many servers drop or slow a connection that carries more
_FOR_GOOD = (
    smtplib.SMTPAuthenticationError,
    smtplib.SMTPNotSupportedError,
    ssl.SSLCertVerificationError,
    ValueError,  # a host or a name that can't be written in ASCII
)
"""What no later try of this run can mend. Every error of smtplib is an OSError."""


class Smtp:
    """One connection per thread. `security` is none, starttls or tls; an empty `username` means no AUTH.

    `bounces` is the address that bounces go to, with the word of `token("bounce", reader)` in it (VERP); '': they go to
    the letter's sender. `sign` gives the DKIM-Signature of a mail, to stand before it.
    """

    name = "smtp"
    recovery: Recovery = "stepwise"

    def __init__(
        self,
        host: str,
        port: int,
        *,
        clock: Callable[[], datetime],
        security: str = "none",
        username: str = "",
        password: str = "",
        timeout: float = 60.0,
        bounces: str = "",
        token: Callable[[str, int], str] | None = None,
        sign: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self.where = f"smtp {host}:{port}"
        self.lines = ConnectionRegistry()
        self.connect = partial(
            connect, host, port, self.lines, security=security, username=username, password=password, timeout=timeout
        )
        self.clock, self.sign = clock, sign
        self.bounces, self.token = bounces, token
        self.local = threading.local()
        self.open: list[Connection] = []
        self.lock = threading.Lock()

    @cached_property
    def ehlo_name(self) -> str:
        """Asked for once: the answer may take the DNS seconds, and there are hundreds of connections."""
        return own_name()

    def submit(self, outgoing: Outgoing, log: RecipientLog) -> Outcome:
        try:
            letter = template(outgoing)
        except ValueError as error:
            return NotSent(_unwritable(error), permanent=True)
        rejected = invalid_recipients(outgoing.recipients)
        for id, reason in rejected.items():
            log.rejected(id, reason)
        readers = [reader for reader in outgoing.recipients if reader.id not in rejected]
        self._drop(unless_idle=True)
        return self._hand_over(readers, outgoing.sender.email, letter, rejected, log)

    def _hand_over(
        self,
        readers: Sequence[Recipient],
        sender: str,
        letter: Template,
        rejected: dict[int, str],
        log: RecipientLog,
    ) -> Outcome:
        accepted: set[int] = set()
        in_a_row, reason = 0, ""

        def ended(reason: str, unknown: dict[int, str] | None = None, *, stop: bool = False) -> Outcome:
            return PerRecipient(frozenset(accepted), rejected, unknown or {}, not_sent_reason=reason, stop=stop)

        for reader, following in zip(readers, [*readers[1:], None], strict=False):
            if log.should_stop():
                self._drop()
                return ended("the run was asked to stop")
            try:
                connection = self._connection()
            except (OSError, ValueError) as error:
                for_good = isinstance(error, _FOR_GOOD)
                if not accepted and not rejected:
                    return NotSent(self._said(error), permanent=for_good)
                return ended(self._said(error), stop=for_good)
            try:
                mail = letter.mail(reader, self.clock())
                if self.sign is not None:
                    mail = self.sign(mail) + mail
                envelope = self._envelope(sender, reader)
            except ValueError as error:  # nothing has left: it must not look like doubt
                return ended(_unwritable(error), stop=True)
            log.started(reader.id)
            try:
                full = connection.letters + 1 >= _LETTERS_PER_CONNECTION
                then = None if following is None or full else self._envelope(sender, following)
                connection.hand_over(envelope, mail, then=then)
                accepted.add(reader.id)
                in_a_row = 0
            except RecipientRejected as error:
                rejected[reader.id] = str(error)
                log.rejected(reader.id, str(error))
            except RecipientDeferred as error:
                log.deferred(reader.id)
                in_a_row, reason = in_a_row + 1, self._said(error)
                if in_a_row >= _PUT_OFF_IN_A_ROW:  # it is not about the readers then
                    break
            except TryLater as error:
                self._drop()
                return ended(self._said(error), stop=error.for_good)
            except OutcomeUnknown as error:
                self._drop()
                return ended(self._said(error), {reader.id: self._said(error)})
        return PerRecipient(frozenset(accepted), rejected, not_sent_reason=reason)

    def probe(self) -> str:
        self._drop(unless_idle=True)
        try:
            code, answer = self._connection().noop()
        except (OSError, ValueError) as error:
            self._drop()
            return self._said(error)
        return "" if code == 250 else self._said(smtplib.SMTPResponseException(code, answer))

    def close(self) -> None:
        with self.lock:
            connections, self.open = self.open, []
            self.local = threading.local()
        for connection in connections:
            connection.close()
        self.lines.reset()

    def abort(self) -> None:
        self.lines.abort()

    def _envelope(self, sender: str, reader: Recipient) -> Envelope:
        if self.bounces and self.token is not None:
            sender = verp.address(self.bounces, self.token("bounce", reader.id))
        return Envelope(sender, reader.email)

    def _connection(self) -> Connection:
        """This thread's, opened when there is none or the one there has carried enough. Raises as `connect` does."""
        connection: Connection | None = getattr(self.local, "connection", None)
        if connection is not None and connection.letters < _LETTERS_PER_CONNECTION:
            return connection
        self._drop(politely=True)
        connection = self.connect(name=self.ehlo_name)
        self.local.connection = connection
        with self.lock:
            self.open.append(connection)
        return connection

    def _drop(self, *, politely: bool = False, unless_idle: bool = False) -> None:
        """Closes this thread's connection. One whose next envelope is under way is not idle: what is answered to it
        would be taken for an answer to somebody else."""
        connection: Connection | None = getattr(self.local, "connection", None)
        if connection is None or (unless_idle and connection.ahead is None):
            return
        self.local.connection = None
        with self.lock:
            if connection in self.open:
                self.open.remove(connection)
        connection.close(politely=politely)

    def _said(self, error: Exception) -> str:
        return f"{self.where}: {said(error)}"


def _unwritable(error: ValueError) -> str:
    return f"the letter can't be written as a mail: {error}"
