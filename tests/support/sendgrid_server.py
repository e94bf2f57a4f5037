"""A local SendGrid: in-process (`with SendGridServer() as server`) or `python -m tests.support.sendgrid_server`.

See `sendgrid_api` for the responses, `sendgrid_faults` for the faults and `sendgrid_provider` for what was accepted.

Other processes use `POST /_test/clock {"set": t} | {"advance": s}`, `POST /_test/faults [...]` and `GET /_test/state`;
in-process tests use the attributes.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from tests.support.clock import Clock
from tests.support.http1 import READ_LIMIT, Connection, Head, Reply
from tests.support.loop_server import LoopServer
from tests.support.loops import serve_until_stopped
from tests.support.sendgrid_api import SCOPES, Api, endpoint
from tests.support.sendgrid_control import control, options
from tests.support.sendgrid_faults import Context, Fault, accepts, act, stage
from tests.support.sendgrid_plan import FaultPlan
from tests.support.sendgrid_provider import Acceptance, Message, Provider
from tests.support.sendgrid_rules import Violation

# The default API key.
KEY = "SG.local-test-key"


def sendgrid_environment(url: str, key: str = KEY) -> dict[str, str]:
    """Return the settings and the key of a newsletter that sends by the server at `url`."""
    return {
        "DIGEST_DELIVERY__TRANSPORT": "sendgrid",
        "DIGEST_DELIVERY__SENDGRID__HOST": url,
        "SENDGRID_API_KEY": key,
    }


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it arrived. Connections are numbered from 1.

    `status` is that of the reply without the fault, or 0 if the fault came before the body was read.
    """

    method: str
    target: str
    key: str
    size: int
    connection: int
    fault: str
    status: int


class SendGridServer(LoopServer):
    """The server. With the default arguments it accepts every valid request.

    keys, scopes: what is allowed (401 or 403 otherwise). log: file of the acceptance log; fsync: it survives a power
    cut. faults: the script; chances: kind → probability for sends, with `seed`. latency: seconds before each reply.
    validate_every: one in so many sends is checked against SendGrid's schema; check_every: the same for the rules.
    cancel_limit: batches that can be cancelled at once. reject: addresses that get a 400 with their index. tls: HTTPS
    with its own certificate (`cafile`). host: the address to listen at.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        keys: Collection[str] = (KEY,),
        scopes: Collection[str] = SCOPES,
        log: Path | str | None = None,
        fsync: bool = False,
        faults: Iterable[Fault | str | None] = (),
        chances: Mapping[str, float] | None = None,
        seed: int = 0,
        latency: float = 0.0,
        validate_every: int = 1,
        check_every: int = 1,
        cancel_limit: int = 10,
        reject: Collection[str] = (),
        tls: bool = False,
        host: str = "127.0.0.1",
    ) -> None:
        super().__init__("sendgrid-server", port=port, log=log, fsync=fsync, tls=tls, host=host)
        self.clock = Clock()
        self.latency = latency
        self.requests: deque[Seen] = deque(maxlen=100_000)
        # Kinds of the hangs during which the client waited until the end.
        self.expired_hangs: list[str] = []
        self.provider = Provider(self.clock, self._log, cancel_limit=cancel_limit)
        self.api = Api(
            self.provider,
            self._log,
            keys=keys,
            scopes=scopes,
            validate_every=validate_every,
            check_every=check_every,
            reject=reject,
        )
        self.endpoint = endpoint
        self._plan = FaultPlan(faults, chances or {}, seed)
        self._listener: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._numbers = itertools.count(1)

    @property
    def url(self) -> str:
        """`http(s)://HOST:PORT`, for use as SendGrid's host."""
        return f"{'https' if self._identity else 'http'}://{self._port.host}:{self.port}"

    @property
    def faults(self) -> list[Fault]:
        """The rest of the script. Set it at any time to Faults, kinds or "ok"."""
        return self._plan.script

    @faults.setter
    def faults(self, entries: Iterable[Fault | str | None]) -> None:
        self._plan.script = list(entries)
        # A control request runs on the loop, which cannot wait for itself.
        if self._thread.is_current:
            self._control_task = asyncio.get_running_loop().create_task(self._refuse_if_due())
        elif self._listener is not None:
            self._thread.call(self._refuse_if_due())

    @property
    def violations(self) -> list[Violation]:
        """Every broken rule of every payload so far. A correct sender leaves it empty."""
        return self.api.violations

    @property
    def payloads(self) -> list[dict[str, Any]]:
        """The last 100 valid payloads, accepted or not."""
        return [orjson.loads(body) for body in list(self.api.payloads)]

    @property
    def messages(self) -> list[Message]:
        """The accepted requests."""
        return self.provider.messages

    @property
    def accepted(self) -> list[Acceptance]:
        """Every accepted recipient with its state."""
        return self.provider.acceptances()

    @property
    def counts(self) -> Counter[str]:
        """Address → how many emails it gets."""
        return self.provider.counts()

    @contextlib.contextmanager
    def refusing(self) -> Iterator[None]:
        """Refuse connections, and close the idle ones, while the block runs."""
        self._thread.call(self._close_listener())
        try:
            yield
        finally:
            self._thread.call(self._open_listener())

    async def _begin(self) -> None:
        await self._open_listener()
        self._ticker = asyncio.get_running_loop().create_task(self._tick())
        await self._refuse_if_due()

    async def _end(self) -> None:
        await self._close_listener(drop_all=True)

    async def _tick(self) -> None:
        """Send held messages when a running clock reaches their send_at."""
        while True:
            await asyncio.sleep(0.05)
            if self.provider.waiting:
                self.provider.release()

    async def _open_listener(self) -> None:
        if self._listener is None:
            self._listener = await asyncio.start_server(
                self._serve, sock=self._port.listener(), ssl=self._tls_context(), limit=READ_LIMIT, backlog=1024
            )

    async def _close_listener(self, *, drop_all: bool = False) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for connection in list(self._connections):
            # A busy connection is closed after its reply.
            if drop_all or connection.idle:
                connection.abort()

    async def _refuse_if_due(self) -> None:
        fault = self._plan.next_refusal()
        if fault is not None:
            await self._refuse(fault)

    async def _refuse(self, fault: Fault) -> None:
        await self._close_listener()
        loop = asyncio.get_running_loop()
        loop.call_later(fault.seconds, lambda: setattr(self, "_opener", loop.create_task(self._reopen())))

    async def _reopen(self) -> None:
        await self._open_listener()
        await self._refuse_if_due()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer, next(self._numbers))
        self._connections.add(connection)
        try:
            while (head := await connection.head()) is not None:
                if not await self._exchange(connection, head):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, ValueError):
            # The client disconnected or sent an invalid request.
            pass
        except asyncio.CancelledError:
            connection.abort()
        finally:
            self._connections.discard(connection)
            connection.close()

    async def _exchange(self, connection: Connection, head: Head) -> bool:
        fault = self._plan.next(self.endpoint(head.path))
        reply = Reply(0)
        if fault is not None and stage(fault) != "body":
            self._note(connection, head, fault, reply)
            if stage(fault) == "listener":
                connection.reset()
                await self._refuse(fault)
                return False
            return await act(fault, Context(connection, head, reply, self.clock.now(), self.expired_hangs))
        if head.length < 0:
            await connection.reply(Reply(411))
            return False
        body = await connection.body(head)
        if head.path.startswith("/_test/"):
            await connection.reply(control(self, head, body))
            return True
        reply = self.api.answer(head, body, accept=fault is None or accepts(fault))
        if self.latency:
            await asyncio.sleep(self.latency)
        self._note(connection, head, fault, reply)
        if fault is None:
            await connection.reply(reply)
            keep_open = head.headers.get("connection", "").lower() != "close"
        else:
            keep_open = await act(fault, Context(connection, head, reply, self.clock.now(), self.expired_hangs))
        await self._refuse_if_due()
        return keep_open and self._listener is not None

    def _note(self, connection: Connection, head: Head, fault: Fault | None, reply: Reply) -> None:
        key = head.headers.get("authorization", "").removeprefix("Bearer ")
        kind = fault.kind if fault else ""
        self.requests.append(
            Seen(head.method, head.target, key, max(head.length, 0), connection.number, kind, reply.status)
        )


@contextlib.contextmanager
def serving(*arguments: str) -> Iterator[str]:
    """Serve as the command does, but in this process, which starts faster. Yields the URL."""
    with SendGridServer(**options([*arguments])) as server:
        yield server.url


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGTERM. The URL is the first line of stdout."""
    # A payload has thousands of dicts, all freed by reference counting.
    gc.set_threshold(100_000, 50, 100)
    with SendGridServer(**options(arguments)) as server:
        serve_until_stopped(f"{server.url} {server.cafile}" if server.cafile else server.url)


if __name__ == "__main__":
    main()
