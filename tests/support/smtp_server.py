"""A recording SMTP server: in-process (`with RecordingSmtp() as server`) or `python -m tests.support.smtp_server`.

Owns what it was given and how it misbehaves. A letter counts as accepted, and is in the log, before 250 is sent;
an accepted letter whose client never hears so is the doubt that RFC 1047 describes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import secrets
import ssl
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NamedTuple

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.acceptance import AcceptanceLog
from tests.support.loops import LoopThread, Port, reset, serve_until_told
from tests.support.tls import Identity

AfterDot = Literal["ok", "accept_then_close", "accept_then_reset", "accept_then_hang", "lose_then_close", "452", "554"]
"""What follows the final dot: 250; a close, RST or silence with the letter taken or lost; or an error code."""


class Letter(NamedTuple):
    """One accepted transaction; `content` as it came over the wire, dots unstuffed."""

    mail_from: str
    rcpt_to: tuple[str, ...]
    content: bytes


@dataclass(slots=True)
class Behaviour:
    """How the server misbehaves; a test may change it between letters.

    reject: addresses answered with 550 at RCPT. defer: with 451. after_dot: a script, first entry for the next
    letter, "ok" when it is empty. hang: seconds of silence for accept_then_hang.
    """

    reject: frozenset[str]
    defer: frozenset[str]
    after_dot: list[AfterDot]
    hang: float


class RecordingSmtp:
    """The server. login: (user, password) that AUTH then requires. starttls: offers it, `cafile` to trust.
    pipelining: offers it."""

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
    ) -> None:
        self.behaviour = Behaviour(frozenset(reject), frozenset(defer), list(after_dot), hang)
        self.letters: list[Letter] = []
        self.connections = 0
        self._login = login
        self._pipelining = pipelining
        self._log = AcceptanceLog(log, fsync=fsync)
        self._port = Port(port)
        self._identity = Identity() if starttls else None
        self._thread = LoopThread("smtp-server")
        self._protocols: list[_Protocol] = []

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        return self._port.number

    @property
    def cafile(self) -> Path | None:
        """The certificate that a client must trust after STARTTLS."""
        return self._identity.certificate if self._identity else None

    @property
    def counts(self) -> Counter[str]:
        """Address → how many accepted letters."""
        return Counter(address for letter in self.letters for address in letter.rcpt_to)

    def start(self) -> RecordingSmtp:
        """Listen; ready when this returns."""
        self._thread.start()
        self._listener = self._thread.call(self._listen())
        return self

    def stop(self) -> None:
        """Drop every connection and let go of thread, port, log and certificate."""
        try:
            self._thread.call(self._drop())
        finally:
            self._thread.stop()
            self._port.close()
            self._log.close()
            if self._identity:
                self._identity.close()

    def __enter__(self) -> RecordingSmtp:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def _listen(self) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(self._protocol, sock=self._port.listener(), backlog=512)

    def _protocol(self) -> _Protocol:
        context = None
        if self._identity:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._identity.certificate, self._identity.key)
        protocol = _Protocol(
            self,
            hostname="127.0.0.1",  # aiosmtpd would ask the resolver for a name of this machine
            ident="recording SMTP",
            tls_context=context,
            auth_require_tls=False,
            authenticator=self._authenticate if self._login else None,
            loop=asyncio.get_running_loop(),
        )
        # Not through the constructor: it warns that AUTH without TLS is unsafe, which on loopback it is not.
        protocol._auth_required = self._login is not None
        self.connections += 1
        self._protocols.append(protocol)
        return protocol

    async def _drop(self) -> None:
        self._listener.close()
        for protocol in self._protocols:
            if protocol.transport is not None:
                protocol.transport.abort()

    def _authenticate(self, server: SMTP, session: Session, envelope: Envelope, how: str, data: Any) -> AuthResult:
        given = (data.login.decode(), data.password.decode()) if isinstance(data, LoginPassword) else None
        return AuthResult(success=given == self._login, handled=False)  # False: aiosmtpd answers

    # aiosmtpd's handler protocol

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Offers PIPELINING where it is wanted; aiosmtpd can do it and does not say so."""
        session.host_name = hostname
        return [*responses[:1], *["250-PIPELINING"] * self._pipelining, *responses[1:]]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """550 or 451 for the addresses that are to be refused."""
        if address in self.behaviour.reject:
            return "550 5.1.1 no such user"
        if address in self.behaviour.defer:
            return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: _Protocol, session: Session, envelope: Envelope) -> str:
        """Take the letter, then do what the script says."""
        then = self.behaviour.after_dot.pop(0) if self.behaviour.after_dot else "ok"
        if then.isdigit():
            return f"{then} {then[0]}.3.0 not now"
        if then != "lose_then_close":
            self._take(envelope)
        if then.endswith("_hang"):
            await asyncio.sleep(self.behaviour.hang)
        if then.endswith("_reset"):
            reset(server.transport)
        elif then != "ok":
            server.transport.abort()
        return "250 OK"

    def _take(self, envelope: Envelope) -> None:
        content = envelope.original_content or b""
        self.letters.append(Letter(envelope.mail_from or "", tuple(envelope.rcpt_tos), content))
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
    """aiosmtpd's protocol; a connection that we broke off is no error worth a traceback."""

    transport: Any

    async def _handle_client(self) -> None:
        with contextlib.suppress(ConnectionError):
            await super()._handle_client()


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGTERM; `smtp://127.0.0.1:PORT` is the first line of stdout."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--fsync", action="store_true")
    parser.add_argument("--pipelining", action="store_true")
    parser.add_argument("--reject", action="append", default=[], metavar="ADDRESS")
    parser.add_argument("--defer", action="append", default=[], metavar="ADDRESS")
    parser.add_argument("--after-dot", action="append", default=[], metavar="WHAT")
    given = parser.parse_args(arguments)
    with RecordingSmtp(
        port=given.port,
        log=given.log,
        fsync=given.fsync,
        pipelining=given.pipelining,
        reject=given.reject,
        defer=given.defer,
        after_dot=given.after_dot,
    ) as server:
        serve_until_told(f"smtp://127.0.0.1:{server.port}")


if __name__ == "__main__":
    main()
