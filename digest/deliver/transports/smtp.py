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

from digest.deliver.message import Outgoing, Recipient
from digest.deliver.mime import build
from digest.deliver.outcome import Mixed, NotSent, Outcome
from digest.deliver.ports import Journal, Recovery

_LETTERS_PER_CONNECTION = 100  # many servers drop or slow a connection that carries more
_GONE = (smtplib.SMTPServerDisconnected, OSError)


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
        rejected: dict[int, str] = {}
        for reader in outgoing.recipients:
            try:
                server = self._server()
            except smtplib.SMTPAuthenticationError as error:
                return Mixed(frozenset(accepted), rejected, not_sent_reason=self._said(error), stop=True)
            except (smtplib.SMTPException, *_GONE) as error:
                if not accepted and not rejected:
                    return NotSent(self._said(error))
                return Mixed(frozenset(accepted), rejected, not_sent_reason=self._said(error))
            data = build(outgoing, reader, date=self.clock())
            journal.handing(reader.id)
            try:
                self._transaction(server, outgoing.sender.email, reader, data)
                accepted.add(reader.id)
            except _Refused as error:
                rejected[reader.id] = str(error)
                journal.refused(reader.id, str(error))
            except _Later as error:
                self._drop()
                return Mixed(frozenset(accepted), rejected, not_sent_reason=self._said(error))
            except _Doubt as error:
                self._drop()
                said = self._said(error)
                return Mixed(frozenset(accepted), rejected, {reader.id: said}, not_sent_reason=said)
        return Mixed(frozenset(accepted), rejected)

    def probe(self) -> str:
        try:
            self._server().noop()
        except (smtplib.SMTPException, *_GONE) as error:
            return self._said(error)
        return ""

    def close(self) -> None:
        with self.lock:
            servers, self.open = self.open, []
        for server in servers:
            server.close()

    def _transaction(self, server: smtplib.SMTP, sender: str, reader: Recipient, data: bytes) -> None:
        """One mail. Raises _Refused (for good), _Later (certainly not sent) or _Doubt (nobody knows)."""
        try:
            _expect(server.mail(sender), whole_run=True)
            _expect(server.rcpt(reader.email))
            code, said = server.docmd("DATA")
            if code != 354:
                _expect((code, said))
                raise _Later(f"the server answered DATA with {code} {_text(said)}")
        except _GONE as error:
            raise _Later(str(error)) from error
        try:
            server.send(_stuffed(data))
            answer = server.getreply()
        except _GONE as error:
            raise _Doubt(f"the connection broke after the letter was on its way: {error}") from error
        _expect(answer)
        self.local.letters += 1

    def _server(self) -> smtplib.SMTP:
        server: smtplib.SMTP | None = getattr(self.local, "server", None)
        if server is not None and self.local.letters >= _LETTERS_PER_CONNECTION:
            self._drop(politely=True)
            server = None
        return server if server is not None else self._connect()

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
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
        server: smtplib.SMTP = self.local.server
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


class _Later(Exception):
    """Not sent, for now."""


class _Doubt(Exception):
    """The letter was on its way and no answer came."""


def _expect(answer: tuple[int, bytes], *, whole_run: bool = False) -> None:
    code, said = answer
    if 200 <= code < 300:
        return
    sentence = f"{code} {_text(said)}"
    if code >= 500 and not whole_run:
        raise _Refused(sentence)
    raise _Later(sentence)


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace").replace("\n", " ") if isinstance(said, bytes) else said


def _stuffed(data: bytes) -> bytes:
    """The mail with leading dots doubled and the final dot (RFC 5321 section 4.5.2). No line of ours begins with a
    dot but by a header's folding, which begins with a space; the doubling stays for safety's sake."""
    stuffed = data.replace(b"\r\n.", b"\r\n..")
    return stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n")
