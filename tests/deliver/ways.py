"""The three transports, each against its real local counterpart, behind one shape for the contract suite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from digest.deliver.headers import encode_header
from digest.deliver.ports import Transport
from digest.deliver.transports.outbox import Outbox
from digest.deliver.transports.sendgrid import SendGrid
from digest.deliver.transports.smtp import Smtp
from tests.deliver.letters import NOW
from tests.support.sendgrid_server import KEY, SendGridServer
from tests.support.smtp_server import RecordingSmtp


def clock() -> datetime:
    return NOW


@dataclass
class Way:
    """A transport with what came out at its other end. `server` is None for the outbox."""

    transport: Transport
    server: Any
    folder: Path

    def arrived(self) -> list[tuple[str, bytes]]:
        """(address, mail) of everything that was taken, in order; SendGrid's is put together as it would do it."""
        if isinstance(self.server, RecordingSmtp):
            return [(to, letter.content) for letter in self.server.letters for to in letter.rcpt_to]
        if isinstance(self.server, SendGridServer):
            return [mail for payload in self.server.payloads for mail in _assembled(payload)]
        files = sorted(self.folder.rglob("*.eml"))
        return [(file.name.split("-", 1)[1].removesuffix(".eml"), file.read_bytes()) for file in files]


@contextmanager
def way(kind: str, folder: Path) -> Iterator[Way]:
    """The transport of this name and its server, closed when the block ends."""
    if kind == "outbox":
        found = Way(Outbox(folder / "outbox", clock), None, folder / "outbox")
        yield found
        found.transport.close()
    elif kind == "smtp":
        with RecordingSmtp() as server:
            transport: Transport = Smtp("127.0.0.1", server.port, clock=clock, timeout=5)
            yield Way(transport, server, folder)
            transport.close()
    else:
        with SendGridServer() as sendgrid:
            transport = SendGrid(KEY, host=sendgrid.url, timeout=5)
            yield Way(transport, sendgrid, folder)
            transport.close()
            assert sendgrid.violations == []


def _assembled(payload: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Each reader's mail out of one payload: literal substitutions in subject and content, headers as given."""
    for person in payload["personalizations"]:

        def filled(text: str, values: dict[str, str] = person["substitutions"]) -> str:
            for tag, value in values.items():
                text = text.replace(tag, value)
            return text

        address = person["to"][0]["email"]
        headers = [
            f"From: {payload['from']['email']}",
            f"To: {address}",
            encode_header("Subject", filled(payload["subject"])),
            *(f"{name}: {value}" for name, value in {**payload["headers"], **person["headers"]}.items()),
        ]
        if "reply_to" in payload:
            headers.append(f"Reply-To: {payload['reply_to']['email']}")
        if "name" in payload["from"]:
            headers[0] = encode_header("From", payload["from"]["name"]) + f"\r\n <{payload['from']['email']}>"
        headers += ["MIME-Version: 1.0", 'Content-Type: multipart/alternative; boundary="b"', ""]
        parts = [
            f"Content-Type: {content['type']}; charset=utf-8\r\n\r\n{filled(content['value'])}\r\n"
            for content in payload["content"]
        ]
        pictures = [_attached(one) for one in payload.get("attachments", [])]
        if pictures:
            inner = "".join(f"--r\r\n{one}" for one in [parts.pop(), *pictures])
            parts.append(f'Content-Type: multipart/related; type="text/html"; boundary="r"\r\n\r\n{inner}--r--\r\n')
        yield address, "\r\n".join([*headers, *(f"--b\r\n{one}" for one in parts), "--b--", ""]).encode()


def _attached(one: dict[str, str]) -> str:
    head = (
        f"Content-Type: {one['type']}\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <{one['content_id']}>\r\n"
        f'Content-Disposition: {one["disposition"]}; filename="{one["filename"]}"\r\n\r\n'
    )
    return f"{head}{one['content']}\r\n"
