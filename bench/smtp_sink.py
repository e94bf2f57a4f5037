"""An SMTP server that accepts every email as fast as it can: `python -m bench.smtp_sink` prints its port."""

from __future__ import annotations

import asyncio
import sys

_END = b"\r\n.\r\n"


class _Sink(asyncio.Protocol):
    """Answers each command, and each email at its final dot. Reads no header and keeps nothing."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.in_data, self.rest = transport, False, b""
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        data = self.rest + data
        replies = []
        while data:
            if self.in_data:
                end = data.find(_END)
                if end < 0:
                    self.rest = data[-4:]
                    break
                data, self.in_data = data[end + len(_END) :], False
                replies.append(b"250 accepted\r\n")
                continue
            line, found, rest = data.partition(b"\r\n")
            if not found:
                self.rest = data
                break
            verb, data = line[:4].upper(), rest
            self.in_data = verb == b"DATA"
            replies.append(_REPLIES.get(verb, b"250 OK\r\n"))
        else:
            self.rest = b""
        self.transport.write(b"".join(replies))


_REPLIES = {
    b"EHLO": b"250-sink\r\n250 PIPELINING\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}


async def _main() -> None:
    server = await asyncio.get_running_loop().create_server(_Sink, "127.0.0.1", 0, backlog=512)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    # Our input closes when the parent process ends.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main())
