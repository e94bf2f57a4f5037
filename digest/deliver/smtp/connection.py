"""One SMTP connection: opened by smtplib (greeting, TLS, AUTH), then driven email by email.

Reports whether an email failed before or after its final dot. If the server offers PIPELINING (RFC 2920), MAIL,
RCPT and DATA go in one write, and those of the next email follow the final dot of the one before: one round trip for
each email.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from digest.deliver import http_client
from digest.mail.message import without_controls
from digest.utils import redact

G = TypeVar("G")
T = TypeVar("T")

# Seconds to wait for the reply to the final dot (RFC 5321 section 4.5.3.2.6). A shorter wait leaves outcomes unknown.
_FINAL_REPLY_TIMEOUT = 600.0
# Seconds.
_QUIT_TIMEOUT = 5.0
# Bytes of an email that are written together with its final dot.
_TAIL_BYTES = 4096
# Base64 contains no dots, so only the headers have some.
_MAX_DOTS_CHECKED = 200
_LINE_FEED = 10
# "Bad sequence of commands" is about an earlier command, so it is not permanent.
_BAD_SEQUENCE = 503
# Bytes that TLS takes at once. Nobody can tell how many of them left before an error.
_TLS_CHUNK_BYTES = 65_536
_SEND_BUFFER_BYTES = 262_144
# Octets in a line of a reply; RFC 5321 section 4.5.3.1.5 allows 512.
_MAX_REPLY_LINE = 8192
# The most characters that are kept of the server's words before a connection broke.
_MAX_LAST_WORDS = 1000


class Envelope(NamedTuple):
    """Sender and recipient address. Both are plain ASCII without special characters.

    `message.invalid_recipients` has checked the recipient's, and the settings the sender's.
    """

    sender: str
    recipient: str


class RecipientRejected(Exception):
    """A 5xx reply about this email."""


class RecipientDeferred(Exception):
    """A 4xx reply about this recipient. Others may be accepted."""


class TryLater(Exception):
    """Not sent. With `permanent`, no retry in this run can succeed."""

    def __init__(self, reply: str, *, permanent: bool = False) -> None:
        super().__init__(reply)
        self.permanent = permanent


class OutcomeUnknown(Exception):
    """The email was sent and no valid reply came. `last_reply` is the server's last reply before."""

    def __init__(self, message: str, last_reply: str) -> None:
        super().__init__(message)
        self.last_reply = last_reply


class SmtpStream:
    """The bytes of a connection: all of them out, whole replies in, with a timeout for each step.

    A slow server has time as long as it makes progress. Every method raises OSError; the stream cannot be used after
    that.
    """

    def __init__(self, sock: socket.socket, timeout: float) -> None:
        self.sock, self.timeout = sock, timeout
        # How many bytes of the last `write` may have left. The rest definitely have not.
        self.sent = 0
        self._is_tls = isinstance(sock, ssl.SSLSocket)
        self._received = b""
        # The last whole reply, and the lines that were read of the one in progress.
        self._last, self._lines = b"", b""
        # The system reports room in this buffer when a third of it is free. With its default of some megabytes, a slow
        # server would seem to have stopped.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)

    def write(self, data: bytes, *, boundary: int = 0) -> None:
        """Write all of `data`.

        Over TLS no chunk crosses `boundary`, so that nothing after it has left if something before it fails.
        """
        view, sent, size = memoryview(data), 0, len(data)
        while sent < size:
            end = size
            if self._is_tls:
                end = min(size, sent + _TLS_CHUNK_BYTES)
                end = boundary if sent < boundary < end else end
            self.sent = end if self._is_tls else sent
            until = time.monotonic() + self.timeout
            sent += self._within(until, self.sock.send, view[sent:end])
            self.sent = sent

    def reply(self, timeout: float | None = None) -> tuple[int, bytes]:
        """Read the next reply. Return its code, or -1 if it has none, and its text."""
        texts: list[bytes] = []
        self._lines = b""
        # For all lines of the reply, so that one that arrives a byte at a time ends as well.
        until = time.monotonic() + (timeout or self.timeout)
        while True:
            line = self._line(until)
            self._lines += line
            texts.append(line[4:].strip(b" \t\r\n"))
            try:
                code = int(line[:3])
            except ValueError:
                code = -1
            if code < 0 or line[3:4] != b"-":
                self._last, self._lines = self._lines, b""
                return code, b"\n".join(texts)
            _check_time(until)

    @property
    def last_words(self) -> str:
        """The server's last words: the received part of a reply, or else the last whole reply."""
        begun = (self._lines + self._received).strip()
        # A truncated secret could not be found, so secrets are removed first.
        return _text(begun or self._last)[:_MAX_LAST_WORDS]

    def _line(self, until: float) -> bytes:
        while (end := self._received.find(b"\n") + 1) == 0:
            if len(self._received) > _MAX_REPLY_LINE:
                raise smtplib.SMTPResponseException(500, b"the reply's line is too long")
            more = self._within(until, self.sock.recv, _TLS_CHUNK_BYTES)
            if not more:
                raise smtplib.SMTPServerDisconnected("the server closed the connection")
            self._received += more
            if b"\n" not in more:
                _check_time(until)
        line, self._received = self._received[:end], self._received[end:]
        return line

    def _within(self, until: float, call: Callable[[G], T], argument: G) -> T:
        _check_time(until)
        self.sock.settimeout(until - time.monotonic())
        return call(argument)


class SmtpConnection:
    """An open SMTP session.

    After TryLater or OutcomeUnknown it can only be closed; after RecipientRejected or RecipientDeferred it takes the
    next email.
    """

    def __init__(self, server: smtplib.SMTP, handle: http_client.Connection, timeout: float) -> None:
        if server.sock is None:
            raise smtplib.SMTPServerDisconnected("the server closed the connection")
        self.server, self.handle, self.stream = server, handle, SmtpStream(server.sock, timeout)
        self.final_timeout = max(_FINAL_REPLY_TIMEOUT, timeout)
        self.emails = 0
        self.pipelining = server.has_extn("pipelining")
        # The envelope whose MAIL, RCPT and DATA were written and not answered yet.
        self.announced: Envelope | None = None
        # Commands whose replies have not been read.
        self._unanswered: deque[str] = deque()
        # A transaction was left unfinished, so RSET must come before the next one.
        self._needs_reset = False

    def send(self, envelope: Envelope, mail: bytes, *, following: Envelope | None) -> None:
        """Send one email with CRLF line ends. `following` is the envelope of the next one, if any.

        Raises RecipientRejected, RecipientDeferred, TryLater or OutcomeUnknown.
        """
        if self.announced not in (None, envelope):
            raise TryLater("another email was announced on this connection")
        self.emails += 1
        self._open_transaction(envelope)
        self._send_data(mail, following if self.pipelining else None)

    def noop(self) -> tuple[int, bytes]:
        """Send NOOP and return the reply. Raises OSError."""
        self.stream.write(b"NOOP\r\n")
        return self.stream.reply()

    def close(self, *, politely: bool = False) -> None:
        """Close the connection. `politely` sends QUIT, unless it would be taken for a part of an email."""
        if politely and not self._unanswered:
            with suppress(OSError):
                self.stream.write(b"QUIT\r\n")
                self.stream.reply(_QUIT_TIMEOUT)
        self.server.close()
        self.handle.close()

    def _open_transaction(self, envelope: Envelope) -> None:
        """Send MAIL, RCPT and DATA, unless announced earlier, and read their replies."""
        try:
            if self.announced is None:
                commands = _commands(envelope, reset=self._needs_reset)
                self._needs_reset = False
                if self.pipelining:
                    self._write(commands)
                else:
                    self._write_one_by_one(commands)
                    return
            self.announced = None
            if self._unanswered[0] == "RSET":
                _check_reply("RSET", *self._reply())
            refusal: Exception | None = None
            for verb in ("MAIL", "RCPT", "DATA"):
                # All replies must be read (RFC 2920 section 3.1); the first refusal is the reason.
                code, text = self._reply()
                try:
                    if refusal is None:
                        _check_reply(verb, code, text)
                except (RecipientRejected, RecipientDeferred) as error:
                    refusal, self._needs_reset = error, True
            if refusal is not None:
                if code // 100 == 3:
                    # The server accepts data for nobody: send it an empty email.
                    self.stream.write(b".\r\n")
                    self.stream.reply(self.final_timeout)
                raise refusal
        except OSError as error:
            raise TryLater(str(error)) from error

    def _write_one_by_one(self, commands: list[tuple[str, str]]) -> None:
        for verb, line in commands:
            self._write([(verb, line)])
            try:
                _check_reply(verb, *self._reply())
            except (RecipientRejected, RecipientDeferred):
                self._needs_reset = True
                raise

    def _send_data(self, mail: bytes, following: Envelope | None) -> None:
        """Send the email, and behind its final dot the commands of the next one. Before the dot, nothing is sent."""
        commands = _commands(following) if following else []
        data = _dot_stuffed(mail)
        announced = "".join(line for _verb, line in commands).encode("ascii")
        try:
            self.stream.write(data + announced, boundary=max(0, len(data) - _TAIL_BYTES))
            code, text = self.stream.reply(self.final_timeout)
        except OSError as error:
            if self.stream.sent < len(data):
                raise TryLater(f"the connection broke within the email: {error}") from error
            message = f"the connection broke after the email was sent: {error}"
            raise OutcomeUnknown(message, self.stream.last_words) from error
        if code // 100 not in (2, 4, 5):
            message = f"the email was sent and the reply is not valid: {code} {_text(text)}"
            raise OutcomeUnknown(message, self.stream.last_words)
        self.announced = following
        self._unanswered.extend(verb for verb, _line in commands)
        # RFC 5321 section 4.1.1.4 clears the transaction; some servers need the RSET.
        self._needs_reset = code // 100 != 2 and following is None
        _check_reply(".", code, text)

    def _write(self, commands: list[tuple[str, str]]) -> None:
        self._unanswered.extend(verb for verb, _line in commands)
        self.stream.write("".join(line for _verb, line in commands).encode("ascii"))

    def _reply(self) -> tuple[int, bytes]:
        self._unanswered.popleft()
        return self.stream.reply()


class _Client(smtplib.SMTP):
    """smtplib's client over a connection that can be aborted."""

    handle: http_client.Connection
    # smtplib checks the certificate against this name, but sets it only if the constructor connects.
    _host: str

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self.handle.connect(host, port, timeout)


class _TlsClient(smtplib.SMTP_SSL, _Client):
    """A `_Client` with TLS from the first byte."""


@dataclass(frozen=True)
class SmtpServer:
    """A server, and how to sign in there."""

    host: str
    port: int
    # none, starttls or tls.
    security: str = "none"
    # Without it there is no AUTH.
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    # Seconds.
    timeout: float = 60.0


def connect(to: SmtpServer, registry: http_client.ConnectionRegistry, *, name: str) -> SmtpConnection:
    """Open a session that is ready to send. `name` is our name in EHLO.

    Raises OSError, of which smtplib's errors are subclasses, and ValueError.
    """
    context = ssl.create_default_context() if to.security != "none" else None
    handle = registry.connection()
    server: _Client
    if to.security == "tls":
        server = _TlsClient(timeout=to.timeout, local_hostname=name, context=context)
    else:
        server = _Client(timeout=to.timeout, local_hostname=name)
    server.handle = handle
    server._host = to.host
    try:
        code, greeting = server.connect(to.host, to.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, greeting)
        server.ehlo_or_helo_if_needed()
        if to.security == "starttls":
            server.starttls(context=context)
            server.ehlo_or_helo_if_needed()
        if to.username is not None:
            server.login(to.username, to.password or "")
        return SmtpConnection(server, handle, to.timeout)
    except BaseException:
        server.close()
        handle.close()
        raise


def own_name() -> str:
    """Return this machine's full name for EHLO, or its address in brackets (RFC 5321 section 4.1.4).

    May query the DNS.
    """
    name = socket.getfqdn()
    if "." in name:
        return name
    try:
        return f"[{socket.gethostbyname(socket.gethostname())}]"
    except OSError:
        return "[127.0.0.1]"


def describe(error: Exception) -> str:
    """Return the server's reply on one line, or the error's own message."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return redact.redact(str(getattr(error, "strerror", None) or error))


def _commands(envelope: Envelope, *, reset: bool = False) -> list[tuple[str, str]]:
    commands = [
        ("MAIL", f"MAIL FROM:<{envelope.sender}>\r\n"),
        ("RCPT", f"RCPT TO:<{envelope.recipient}>\r\n"),
        ("DATA", "DATA\r\n"),
    ]
    return [("RSET", "RSET\r\n"), *commands] if reset else commands


def _check_reply(verb: str, code: int, text: bytes) -> None:
    """Raise RecipientRejected, RecipientDeferred or TryLater unless the command succeeded.

    A 4xx to RCPT or to the final dot may be about one recipient (greylisting); 421 is always about the connection.
    """
    expected, kind = 3 if verb == "DATA" else 2, code // 100
    if kind == expected:
        return
    reply = f"{code} {_text(text)}"
    if verb in ("MAIL", "RSET"):
        # About the sender, so no recipient is the cause.
        raise TryLater(reply, permanent=kind == 5 and code != _BAD_SEQUENCE)
    if kind == 5:
        raise RecipientRejected(reply)
    if kind == 4 and code != 421 and verb != "DATA":
        raise RecipientDeferred(reply)
    raise TryLater(reply)


def _text(reply: bytes | str) -> str:
    """Return the reply on one line, without secrets: some servers repeat the credentials of AUTH.

    Called for refusals only.
    """
    return redact.redact(without_controls(reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply))


def _dot_stuffed(mail: bytes) -> bytes:
    """Return the email with leading dots doubled and the final dot (RFC 5321 section 4.5.2).

    Our emails are base64 and contain few dots, so each dot is checked. A replace over the whole email would take as
    long as building it.
    """
    end = b".\r\n" if mail.endswith(b"\r\n") else b"\r\n.\r\n"
    place = -1
    for _ in range(_MAX_DOTS_CHECKED):
        place = mail.find(b".", place + 1)
        if place < 0:
            return mail + end
        if place == 0 or mail[place - 1] == _LINE_FEED:
            break
    return (b"." if mail.startswith(b".") else b"") + mail.replace(b"\r\n.", b"\r\n..") + end


def _check_time(until: float) -> None:
    if time.monotonic() >= until:
        raise TimeoutError("timed out")
