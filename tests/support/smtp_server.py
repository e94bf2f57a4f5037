"""A recording SMTP server: in-process (`with RecordingSmtp() as server`) or `python -m tests.support.smtp_server`.

An email is accepted, and logged, before 250 is sent. If the client does not receive the 250, the outcome is unknown to
it (RFC 1047).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import secrets
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.loop_server import LoopServer
from tests.support.loops import reset, serve_until_stopped

# After the final dot: 250; close, RST or silence, with the email accepted or lost; or an error code.
AfterDot = Literal["ok", "accept_then_close", "accept_then_reset", "accept_then_hang", "lose_then_close", "452", "554"]

# Bytes.
_MAX_EMAIL = 64 << 20


class Email(NamedTuple):
    """An accepted transaction. `content` is as received, with dots unstuffed."""

    mail_from: str
    rcpt_to: tuple[str, ...]
    content: bytes


@dataclass(slots=True)
class Behaviour:
    """How the server misbehaves. A test can change it between emails.

    reject: addresses answered with 550 at RCPT. defer: with 451. replies: address → its reply at RCPT. after_dot: a
    script with an entry for each email; "ok" follows. hang: seconds of silence for accept_then_hang.
    """

    reject: frozenset[str]
    defer: frozenset[str]
    after_dot: list[AfterDot]
    hang: float
    replies: dict[str, str] = field(default_factory=dict)


class RecordingSmtp(LoopServer):
    """The server. With `login` (user, password) AUTH is required. A client must trust `cafile` for STARTTLS."""

    def __init__(
        self,
        *,
        port: int = 0,
        reject: Collection[str] = (),
        defer: Collection[str] = (),
        after_dot: Collection[AfterDot] = (),
        hang: float = 2.0,
        login: tuple[str, str] | None = None,
        starttls: bool = False,
        pipelining: bool = False,
        log: Path | str | None = None,
        fsync: bool = False,
        host: str = "127.0.0.1",
    ) -> None:
        super().__init__("smtp-server", port=port, log=log, fsync=fsync, tls=starttls, host=host)
        self.behaviour = Behaviour(frozenset(reject), frozenset(defer), list(after_dot), hang)
        self.emails: list[Email] = []
        self.connections = 0
        self._login = login
        self._pipelining = pipelining
        self._protocols: list[_Protocol] = []

    @property
    def counts(self) -> Counter[str]:
        """Address → how many accepted emails."""
        return Counter(address for email in self.emails for address in email.rcpt_to)

    async def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._protocol, sock=self._port.listener(), backlog=512)

    def _protocol(self) -> _Protocol:
        protocol = _Protocol(
            self,
            # Otherwise aiosmtpd looks up the name of this machine.
            hostname="127.0.0.1",
            ident="recording SMTP",
            tls_context=self._tls_context(),
            auth_require_tls=False,
            authenticator=self._authenticate if self._login else None,
            loop=asyncio.get_running_loop(),
        )
        # The constructor would warn that AUTH without TLS is unsafe, which does not matter on loopback.
        protocol._auth_required = self._login is not None
        self.connections += 1
        self._protocols.append(protocol)
        return protocol

    async def _end(self) -> None:
        self._listener.close()
        for protocol in self._protocols:
            if protocol.transport is not None:
                protocol.transport.abort()

    def _authenticate(self, server: SMTP, session: Session, envelope: Envelope, how: str, data: Any) -> AuthResult:
        given = (data.login.decode(), data.password.decode()) if isinstance(data, LoginPassword) else None
        # Not handled, so aiosmtpd answers.
        return AuthResult(success=given == self._login, handled=False)

    # The next methods are called by aiosmtpd.

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Announce PIPELINING if wanted. aiosmtpd supports it and does not announce it."""
        session.host_name = hostname
        return [*responses[:1], *["250-PIPELINING"] * self._pipelining, *responses[1:]]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer 550 or 451 for addresses to reject or defer."""
        if address in self.behaviour.reject:
            return "550 5.1.1 no such user"
        if address in self.behaviour.replies:
            return self.behaviour.replies[address]
        if address in self.behaviour.defer:
            return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: _Protocol, session: Session, envelope: Envelope) -> str:
        """Accept the email, then do what the script says."""
        then = self.behaviour.after_dot.pop(0) if self.behaviour.after_dot else "ok"
        if then.isdigit():
            return f"{then} {then[0]}.3.0 not now"
        if then != "lose_then_close":
            self._accept(envelope)
        if then.endswith("_hang"):
            await asyncio.sleep(self.behaviour.hang)
        if then.endswith("_reset"):
            reset(server.transport)
        elif then != "ok":
            server.transport.abort()
        return "250 OK"

    def _accept(self, envelope: Envelope) -> None:
        content = envelope.original_content or b""
        self.emails.append(Email(envelope.mail_from or "", tuple(envelope.rcpt_tos), content))
        message_id = secrets.token_urlsafe(12)
        now = time.time()
        self._log.write(
            {
                "state": "sent",
                "email": address,
                "message_id": message_id,
                "args": {"mail_from": envelope.mail_from or ""},
                "batch_id": "",
                "send_at": 0,
                "time": now,
            }
            for address in envelope.rcpt_tos
        )


class _Protocol(SMTP):
    """aiosmtpd's protocol, without a traceback for a connection that we closed, and with whole emails read at once."""

    transport: Any
    _reader: Any

    async def _handle_client(self) -> None:
        with contextlib.suppress(ConnectionError):
            await super()._handle_client()

    async def smtp_DATA(self, arg: str) -> None:
        """Receive an email. aiosmtpd reads it line by line, which takes longer than all the rest of a send."""
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        if arg or not self.envelope.rcpt_tos:
            await self.push("501 Syntax: DATA" if arg else "503 Error: need RCPT command")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        try:
            text = await self._text()
        except asyncio.CancelledError:
            self._writer.close()
            raise
        if max(map(len, text.split(b"\r\n"))) + 2 > self.line_length_limit:
            status = "500 Line too long (see RFC5321 4.5.3.1.6)"
        else:
            unstuffed = text.removeprefix(b".").replace(b"\r\n.", b"\r\n")
            self.envelope.content = self.envelope.original_content = unstuffed
            status = await self._call_handler_hook("DATA")
        self._set_post_data_state()
        await self.push(status)

    async def _text(self) -> bytes:
        """Read to the final dot. Returns what is before it."""
        text = b""
        limit, self._reader._limit = self._reader._limit, _MAX_EMAIL
        while text != b".\r\n" and not text.endswith(b"\r\n.\r\n"):
            text += await self._reader.readuntil(b".\r\n")
        self._reader._limit = limit
        return text.removesuffix(b".\r\n")


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGTERM. `smtp://HOST:PORT` is the first line of stdout."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--log", type=Path)
    parser.add_argument("--fsync", action="store_true")
    parser.add_argument("--pipelining", action="store_true")
    parser.add_argument("--reject", action="append", default=[], metavar="ADDRESS")
    parser.add_argument("--defer", action="append", default=[], metavar="ADDRESS")
    parser.add_argument("--after-dot", action="append", default=[], metavar="WHAT")
    args = parser.parse_args(arguments)
    with RecordingSmtp(
        host=args.host,
        port=args.port,
        log=args.log,
        fsync=args.fsync,
        pipelining=args.pipelining,
        reject=args.reject,
        defer=args.defer,
        after_dot=args.after_dot,
    ) as server:
        serve_until_stopped(f"smtp://{args.host}:{server.port}")


if __name__ == "__main__":
    main()
