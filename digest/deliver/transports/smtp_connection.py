"""One connection to an SMTP server: opened by smtplib (greeting, TLS, AUTH), then driven letter by letter.

Says of each letter on which side of the final dot it ended. Where the server offers PIPELINING (RFC 2920) MAIL, RCPT
and DATA go in one write, those of the next letter behind the final dot of the one before: one round trip a letter.
Knows nothing of batches, journals and outcomes.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections import deque
from typing import NamedTuple

from digest.deliver.lines import Line, Lines
from digest.deliver.message import one_line

_TAIL = 4096  # bytes of a letter that are written with its final dot
_BAD_SEQUENCE = 503  # about what was said before, so nobody's fault that a later try would meet again


class Envelope(NamedTuple):
    """Both addresses are plain: `message.unmailable` has seen the reader's, the settings the sender's."""

    sender: str
    reader: str


class Refused(Exception):
    """A 5xx answer about this letter."""


class PutOff(Exception):
    """A 4xx answer about this reader: not sent for now, the others may well be."""


class Later(Exception):
    """Not sent, for now; or by this run never, when it is `for_good`."""

    def __init__(self, said: str, *, for_good: bool = False) -> None:
        super().__init__(said)
        self.for_good = for_good


class Doubt(Exception):
    """The letter was on its way and no answer came."""


class Connection:
    """After Later or Doubt it is good for nothing but `close`; after Refused or PutOff it takes the next letter."""

    def __init__(self, server: smtplib.SMTP, line: Line) -> None:
        self.server, self.line = server, line
        self.letters = 0
        self.pipelining = server.has_extn("pipelining")
        self.ahead: Envelope | None = None
        """Whose MAIL, RCPT and DATA are on their way, unanswered as yet."""
        self._due: deque[str] = deque()  # verbs whose answers have not been read
        self._stale = False  # a transaction was left half done: RSET before the next

    def hand_over(self, envelope: Envelope, mail: bytes, *, then: Envelope | None) -> None:
        """One mail (CRLF line ends); `then` is whose turn it is after it, if anybody's. Raises Refused, PutOff, Later
        or Doubt."""
        if self.ahead not in (None, envelope):
            raise Later("the connection was made ready for another letter")
        self.letters += 1
        self._ask(envelope)
        self._give(_stuffed(mail), then if self.pipelining else None)

    def close(self, *, politely: bool = False) -> None:
        """Ends it; without a word where one would be taken for a part of a letter."""
        try:
            if politely and not self._due:
                self.server.quit()
        except OSError:  # every error of smtplib is one
            pass
        finally:
            self.server.close()
            self.line.close()

    def _ask(self, envelope: Envelope) -> None:
        """MAIL, RCPT and DATA, up to the server's word to go on."""
        try:
            if self.ahead is None:
                words = _commands(envelope, reset=self._stale)
                self._stale = False
                if self.pipelining:
                    self._write(words)
                else:
                    self._one_by_one(words)
                    return
            self.ahead = None
            if self._due[0] == "RSET":
                _judge("RSET", *self._answer())
            refused: Exception | None = None
            for verb in ("MAIL", "RCPT", "DATA"):
                # All answers are read whatever they say (RFC 2920 section 3.1); the first refusal is the reason.
                code, said = self._answer()
                try:
                    if refused is None:
                        _judge(verb, code, said)
                except (Refused, PutOff) as error:
                    refused, self._stale = error, True
            if refused is not None:
                if code // 100 == 3:  # it would take the letter for nobody: it gets an empty one
                    self.server.send(b".\r\n")
                    self.server.getreply()
                raise refused
        except OSError as error:
            raise Later(str(error)) from error

    def _one_by_one(self, words: list[tuple[str, str]]) -> None:
        for verb, line in words:
            self._write([(verb, line)])
            try:
                _judge(verb, *self._answer())
            except (Refused, PutOff):
                self._stale = True
                raise

    def _give(self, mail: bytes, then: Envelope | None) -> None:
        """The letter, and behind its final dot what asks for the next one. Nothing was handed over before the dot."""
        try:
            self.server.send(mail[:-_TAIL])
        except OSError as error:
            raise Later(f"the connection broke within the letter: {error}") from error
        following = _commands(then) if then else []
        try:
            self.server.send(mail[-_TAIL:] + "".join(line for _verb, line in following).encode("ascii"))
            code, said = self.server.getreply()
        except OSError as error:
            raise Doubt(f"the connection broke after the letter was on its way: {error}") from error
        if code // 100 not in (2, 4, 5):
            raise Doubt(f"the letter was on its way and the answer to it makes no sense: {code} {_text(said)}")
        self.ahead = then
        self._due.extend(verb for verb, _line in following)
        self._stale = code // 100 != 2 and then is None  # RFC 5321 section 4.1.1.4 clears it; some servers need telling
        _judge(".", code, said)

    def _write(self, words: list[tuple[str, str]]) -> None:
        self._due.extend(verb for verb, _line in words)
        self.server.send("".join(line for _verb, line in words).encode("ascii"))

    def _answer(self) -> tuple[int, bytes]:
        self._due.popleft()
        return self.server.getreply()


class _Dialled(smtplib.SMTP):
    """smtplib's client over a line of ours."""

    line: Line
    _host: str  # smtplib's own name for whose certificate it has to be, set by it only where it connects at once

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self.line.dial(host, port, timeout)


class _DialledTls(smtplib.SMTP_SSL, _Dialled):
    """The same over TLS from the first byte."""


def connect(
    host: str,
    port: int,
    lines: Lines,
    *,
    security: str = "none",
    username: str = "",
    password: str = "",
    timeout: float = 60.0,
) -> Connection:
    """A connection that is fit for letters. `security` is none, starttls or tls; an empty `username` means no AUTH.
    Raises OSError (smtplib's errors are such) and ValueError."""
    context = ssl.create_default_context() if security != "none" else None
    line = lines.line()
    server = _DialledTls(timeout=timeout, context=context) if security == "tls" else _Dialled(timeout=timeout)
    server.line = line
    server._host = host
    try:
        code, greeting = server.connect(host, port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, greeting)
        server.ehlo_or_helo_if_needed()
        if security == "starttls":
            server.starttls(context=context)
            server.ehlo_or_helo_if_needed()
        if username:
            server.login(username, password)
    except BaseException:
        server.close()
        line.close()
        raise
    return Connection(server, line)


def said(error: Exception) -> str:
    """What the server said, on one line; else what the error says."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return str(error)


def _commands(envelope: Envelope, *, reset: bool = False) -> list[tuple[str, str]]:
    words = [
        ("MAIL", f"MAIL FROM:<{envelope.sender}>\r\n"),
        ("RCPT", f"RCPT TO:<{envelope.reader}>\r\n"),
        ("DATA", "DATA\r\n"),
    ]
    return [("RSET", "RSET\r\n"), *words] if reset else words


def _judge(verb: str, code: int, said: bytes) -> None:
    """Raises Refused, PutOff or Later when the answer is not the one wanted. A 4xx to RCPT or after the dot may be
    about one reader (greylisting); 421 is always about the connection."""
    wanted, kind = 3 if verb == "DATA" else 2, code // 100
    if kind == wanted:
        return
    sentence = f"{code} {_text(said)}"
    if verb in ("MAIL", "RSET"):  # about the sender, so no reader is to blame
        raise Later(sentence, for_good=kind == 5 and code != _BAD_SEQUENCE)
    if kind == 5:
        raise Refused(sentence)
    if kind == 4 and code != 421 and verb != "DATA":
        raise PutOff(sentence)
    raise Later(sentence)


def _text(said: bytes | str) -> str:
    return one_line(said.decode("utf-8", "replace") if isinstance(said, bytes) else said)


def _stuffed(mail: bytes) -> bytes:
    """The mail with leading dots doubled and the final dot (RFC 5321 section 4.5.2). No line of ours begins with a
    dot; the doubling stays for safety's sake."""
    return mail.replace(b"\r\n.", b"\r\n..") + (b".\r\n" if mail.endswith(b"\r\n") else b"\r\n.\r\n")
