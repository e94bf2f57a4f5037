"""An SMTP server that takes every letter and answers as fast as it can: `python -m bench.smtp_sink` prints its port."""

from __future__ import annotations

import asyncio
import sys

_END = b"\r\n.\r\n"


class _Sink(asyncio.Protocol):
    """Reads no header and keeps nothing. Answers each command, and each letter at its final dot."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.inside, self.held = transport, False, b""
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        data = self.held + data
        answers = []
        while data:
            if self.inside:
                end = data.find(_END)
                if end < 0:
                    self.held = data[-4:]
                    break
                data, self.inside = data[end + len(_END) :], False
                answers.append(b"250 taken\r\n")
                continue
            line, found, rest = data.partition(b"\r\n")
            if not found:
                self.held = data
                break
            verb, data = line[:4].upper(), rest
            self.inside = verb == b"DATA"
            answers.append(_ANSWERS.get(verb, b"250 fine\r\n"))
        else:
            self.held = b""
        self.transport.write(b"".join(answers))


_ANSWERS = {
    b"EHLO": b"250-sink\r\n250 PIPELINING\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}


async def _main() -> None:
    server = await asyncio.get_running_loop().create_server(_Sink, "127.0.0.1", 0, backlog=512)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    # Ends with the process that reads our output: its end closes our input.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main())
