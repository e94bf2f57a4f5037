"""Hands letters over by SMTP, one transaction per reader, and tells for each what the server said.

Drives MAIL, RCPT and DATA itself instead of `sendmail`, because only so it is known on which side of the final dot a
connection broke: before it the server must forget the mail, after it nobody knows (RFC 1047, RFC 5321 section 4.5.3.2).
"""

from __future__ import annotations

import smtplib
import ssl
import threading
from collections.abc import Callable
from datetime import datetime

from digest.deliver.message import Outgoing, Recipient, one_line, unmailable
from digest.deliver.mime import build
from digest.deliver.outcome import Mixed, NotSent, Outcome
from digest.deliver.ports import Journal, Recovery

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
    """One connection per thread. `security` is none, starttls or tls; an empty `username` means no AUTH."""

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
    ) -> None:
        self.host, self.port, self.security = host, port, security
        self.username, self.password, self.timeout = username, password, timeout
        self.clock = clock
        self.local = threading.local()
        self.open: list[smtplib.SMTP] = []
        self.lock = threading.Lock()

    def submit(self, outgoing: Outgoing, journal: Journal) -> Outcome:
        accepted: set[int] = set()
        in_a_row, reason = 0, ""
        rejected: dict[int, str] = {}
        bad = unmailable(outgoing.recipients)
        for reader in outgoing.recipients:
            if reader.id in bad:
                rejected[reader.id] = bad[reader.id]
                journal.refused(reader.id, bad[reader.id])
                continue
            try:
                server = self._server()
            except (OSError, ValueError) as error:
                said, for_good = self._said(error), isinstance(error, _FOR_GOOD)
                if not accepted and not rejected:
                    return NotSent(said, permanent=for_good)
                return Mixed(frozenset(accepted), rejected, not_sent_reason=said, stop=for_good)
            try:
                data = build(outgoing, reader, date=self.clock())
            except ValueError as error:  # nothing has left: it must not look like doubt
                said = f"the letter can't be written as a mail: {error}"
                return Mixed(frozenset(accepted), rejected, not_sent_reason=said, stop=True)
            journal.handing(reader.id)
            try:
                self._transaction(server, outgoing.sender.email, reader, data)
                accepted.add(reader.id)
                in_a_row = 0
            except _Refused as error:
                rejected[reader.id] = str(error)
                journal.refused(reader.id, str(error))
            except _PutOff as error:
                journal.put_off(reader.id)
                in_a_row, reason = in_a_row + 1, self._said(error)
                if in_a_row >= _PUT_OFF_IN_A_ROW:  # it is not about the readers then
                    return Mixed(frozenset(accepted), rejected, not_sent_reason=reason)
            except _Later as error:
                self._drop()
                said = self._said(error)
                return Mixed(frozenset(accepted), rejected, not_sent_reason=said, stop=error.for_good)
            except _Doubt as error:
                self._drop()
                said = self._said(error)
                return Mixed(frozenset(accepted), rejected, {reader.id: said}, not_sent_reason=said)
        return Mixed(frozenset(accepted), rejected, not_sent_reason=reason)

    def probe(self) -> str:
        try:
            code, said = self._server().noop()
        except (OSError, ValueError) as error:
            self._drop()
            return self._said(error)
        return "" if code == 250 else f"smtp {self.host}:{self.port}: {code} {_text(said)}"

    def close(self) -> None:
        with self.lock:
            servers, self.open = self.open, []
            self.local = threading.local()
        for server in servers:
            server.close()

    def _transaction(self, server: smtplib.SMTP, sender: str, reader: Recipient, data: bytes) -> None:
        """One mail. Raises _Refused (for good), _Later (certainly not sent) or _Doubt (nobody knows)."""
        self.local.letters += 1
        try:
            code, said = server.mail(sender)
            if code != 250:  # about the sender, so no reader is to blame
                raise _Later(f"{code} {_text(said)}", for_good=code >= 500)
            self._expect(server, *server.rcpt(reader.email), one_reader=True)
            self._expect(server, *server.docmd("DATA"), wanted=3)
        except OSError as error:
            raise _Later(str(error)) from error
        try:
            server.send(_stuffed(data))
            code, said = server.getreply()
        except OSError as error:
            raise _Doubt(f"the connection broke after the letter was on its way: {error}") from error
        if code // 100 not in (2, 4, 5):
            raise _Doubt(f"the letter was on its way and the answer to it makes no sense: {code} {_text(said)}")
        self._expect(server, code, said, one_reader=True)

    def _expect(
        self, server: smtplib.SMTP, code: int, said: bytes, *, wanted: int = 2, one_reader: bool = False
    ) -> None:
        """Raises _Refused, _PutOff or _Later when the answer is not of the kind wanted, with the connection fit for
        the next. A 4xx may be about `one_reader` (greylisting); 421 is always about the connection."""
        if code // 100 == wanted:
            return
        sentence = f"{code} {_text(said)}"
        if code // 100 != 5 and not (one_reader and code // 100 == 4 and code != 421):
            raise _Later(sentence)
        try:
            server.rset()  # else the next MAIL is "nested"
        except OSError:
            self._drop()
        raise _Refused(sentence) if code // 100 == 5 else _PutOff(sentence)

    def _server(self) -> smtplib.SMTP:
        server: smtplib.SMTP | None = getattr(self.local, "server", None)
        if server is not None and self.local.letters >= _LETTERS_PER_CONNECTION:
            self._drop(politely=True)
            server = None
        return server if server is not None else self._connect()

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context() if self.security != "none" else None
        server: smtplib.SMTP
        if self.security == "tls":
            server = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        try:
            server.ehlo_or_helo_if_needed()
            if self.security == "starttls":
                server.starttls(context=context)
                server.ehlo_or_helo_if_needed()
            if self.username:
                server.login(self.username, self.password)
        except BaseException:
            server.close()
            raise
        self.local.server, self.local.letters = server, 0
        with self.lock:
            self.open.append(server)
        return server

    def _drop(self, *, politely: bool = False) -> None:
        server: smtplib.SMTP | None = getattr(self.local, "server", None)
        if server is None:
            return
        self.local.server = None
        with self.lock:
            if server in self.open:
                self.open.remove(server)
        if politely:
            try:
                server.quit()
            except (smtplib.SMTPException, OSError):
                server.close()
        else:
            server.close()

    def _said(self, error: Exception) -> str:
        if isinstance(error, smtplib.SMTPResponseException):
            return f"smtp {self.host}:{self.port}: {error.smtp_code} {_text(error.smtp_error)}"
        return f"smtp {self.host}:{self.port}: {error}"


class _Refused(Exception):
    """A 5xx answer about this letter."""


class _PutOff(Exception):
    """A 4xx answer about this reader: not sent for now, the others may well be."""


class _Later(Exception):
    """Not sent, for now; or by this run never, when it is `for_good`."""

    def __init__(self, said: str, *, for_good: bool = False) -> None:
        super().__init__(said)
        self.for_good = for_good


class _Doubt(Exception):
    """The letter was on its way and no answer came."""


def _text(said: bytes | str) -> str:
    return one_line(said.decode("utf-8", "replace") if isinstance(said, bytes) else said)


def _stuffed(data: bytes) -> bytes:
    """The mail with leading dots doubled and the final dot (RFC 5321 section 4.5.2). No line of ours begins with a
    dot but by a header's folding, which begins with a space; the doubling stays for safety's sake."""
    stuffed = data.replace(b"\r\n.", b"\r\n..")
    return stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n")
