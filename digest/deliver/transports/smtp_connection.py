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
from contextlib import suppress
from typing import NamedTuple

from digest.deliver import lines
from digest.deliver.message import one_line
from digest.deliver.transports.smtp_line import Line

_VERDICT = 600.0
"""Seconds for the answer after the final dot (RFC 5321 section 4.5.3.2.6): who waits less leaves readers in doubt."""

_TAIL = 4096  # bytes of a letter that are written with its final dot
_DOTS_LOOKED_AT = 200  # base64 has none, so those of the headers are all there are
_LINE_FEED = 10
_FAREWELL = 5.0  # seconds
_BAD_SEQUENCE = 503  # about what was said before, so nobody's fault that a later try would meet again


class Envelope(NamedTuple):
    """Both addresses are plain: `message.invalid_recipients` has seen the reader's, the settings the sender's."""

    sender: str
    reader: str


class RecipientRejected(Exception):
    """A 5xx answer about this letter."""


class RecipientDeferred(Exception):
    """A 4xx answer about this reader: not sent for now, the others may well be."""


class TryLater(Exception):
    """Not sent, for now; or by this run never, when it is `for_good`."""

    def __init__(self, said: str, *, for_good: bool = False) -> None:
        super().__init__(said)
        self.for_good = for_good


class OutcomeUnknown(Exception):
    """The letter was on its way and no answer came."""


class Connection:
    """After Later or Doubt it is good for nothing but `close`; after Refused or PutOff it takes the next letter."""

    def __init__(self, server: smtplib.SMTP, handle: lines.Line, timeout: float) -> None:
        if server.sock is None:
            raise smtplib.SMTPServerDisconnected("the server closed the connection")
        self.server, self.handle, self.line = server, handle, Line(server.sock, timeout)
        self.verdict = max(_VERDICT, timeout)
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
            raise TryLater("the connection was made ready for another letter")
        self.letters += 1
        self._ask(envelope)
        self._give(mail, then if self.pipelining else None)

    def noop(self) -> tuple[int, bytes]:
        """What the server says when nothing is asked of it. Raises OSError."""
        self.line.write(b"NOOP\r\n")
        return self.line.reply()

    def close(self, *, politely: bool = False) -> None:
        """Ends it; without a word where one would be taken for a part of a letter."""
        if politely and not self._due:
            with suppress(OSError):
                self.line.write(b"QUIT\r\n")
                self.line.reply(_FAREWELL)
        self.server.close()
        self.handle.close()

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
                except (RecipientRejected, RecipientDeferred) as error:
                    refused, self._stale = error, True
            if refused is not None:
                if code // 100 == 3:  # it would take the letter for nobody: it gets an empty one
                    self.line.write(b".\r\n")
                    self.line.reply(self.verdict)
                raise refused
        except OSError as error:
            raise TryLater(str(error)) from error

    def _one_by_one(self, words: list[tuple[str, str]]) -> None:
        for verb, line in words:
            self._write([(verb, line)])
            try:
                _judge(verb, *self._answer())
            except (RecipientRejected, RecipientDeferred):
                self._stale = True
                raise

    def _give(self, mail: bytes, then: Envelope | None) -> None:
        """The letter, and behind its final dot what asks for the next one. Nothing was handed over before the dot."""
        following = _commands(then) if then else []
        letter = _stuffed(mail)
        asked = "".join(line for _verb, line in following).encode("ascii")
        try:
            self.line.write(letter + asked, apart=max(0, len(letter) - _TAIL))
            code, said = self.line.reply(self.verdict)
        except OSError as error:
            if self.line.left < len(letter):
                raise TryLater(f"the connection broke within the letter: {error}") from error
            raise OutcomeUnknown(f"the connection broke after the letter was on its way: {error}") from error
        if code // 100 not in (2, 4, 5):
            raise OutcomeUnknown(f"the letter was on its way and the answer to it makes no sense: {code} {_text(said)}")
        self.ahead = then
        self._due.extend(verb for verb, _line in following)
        self._stale = code // 100 != 2 and then is None  # RFC 5321 section 4.1.1.4 clears it; some servers need telling
        _judge(".", code, said)

    def _write(self, words: list[tuple[str, str]]) -> None:
        self._due.extend(verb for verb, _line in words)
        self.line.write("".join(line for _verb, line in words).encode("ascii"))

    def _answer(self) -> tuple[int, bytes]:
        self._due.popleft()
        return self.line.reply()


class _Dialled(smtplib.SMTP):
    """smtplib's client over a line of ours."""

    line: lines.Line
    _host: str  # smtplib's own name for whose certificate it has to be, set by it only where it connects at once

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self.line.dial(host, port, timeout)


class _DialledTls(smtplib.SMTP_SSL, _Dialled):
    """The same over TLS from the first byte."""


def connect(
    host: str,
    port: int,
    within: lines.ConnectionRegistry,
    *,
    name: str,
    security: str = "none",
    username: str = "",
    password: str = "",
    timeout: float = 60.0,
) -> Connection:
    """A connection that is fit for letters, on which we call ourselves `name`. `security` is none, starttls or tls; an
    empty `username` means no AUTH. Raises OSError (smtplib's errors are such) and ValueError."""
    context = ssl.create_default_context() if security != "none" else None
    handle = within.line()
    server: _Dialled
    if security == "tls":
        server = _DialledTls(timeout=timeout, local_hostname=name, context=context)
    else:
        server = _Dialled(timeout=timeout, local_hostname=name)
    server.line = handle
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
        return Connection(server, handle, timeout)
    except BaseException:
        server.close()
        handle.close()
        raise


def own_name() -> str:
    """What a client calls itself in EHLO: this machine's full name, or its address in brackets where it has none (RFC
    5321 section 4.1.4). May ask the DNS."""
    name = socket.getfqdn()
    if "." in name:
        return name
    try:
        return f"[{socket.gethostbyname(socket.gethostname())}]"
    except OSError:
        return "[127.0.0.1]"


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
        raise TryLater(sentence, for_good=kind == 5 and code != _BAD_SEQUENCE)
    if kind == 5:
        raise RecipientRejected(sentence)
    if kind == 4 and code != 421 and verb != "DATA":
        raise RecipientDeferred(sentence)
    raise TryLater(sentence)


def _text(said: bytes | str) -> str:
    return one_line(said.decode("utf-8", "replace") if isinstance(said, bytes) else said)


def _stuffed(mail: bytes) -> bytes:
    """The mail with leading dots doubled and the final dot (RFC 5321 section 4.5.2). A mail of ours is base64, so its
    few dots are looked at one by one: a search for line ends would take as long as making the mail."""
    end = b".\r\n" if mail.endswith(b"\r\n") else b"\r\n.\r\n"
    place = -1
    for _ in range(_DOTS_LOOKED_AT):
        place = mail.find(b".", place + 1)
        if place < 0:
            return mail + end
        if place == 0 or mail[place - 1] == _LINE_FEED:
            break
    return (b"." if mail.startswith(b".") else b"") + mail.replace(b"\r\n.", b"\r\n..") + end
