"""The transports, each with its local server, behind one interface for the contract tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from digest.deliver.aws_signature import RequestSigner
from digest.deliver.brevo import Brevo
from digest.deliver.outbox import Outbox
from digest.deliver.ports import Transport
from digest.deliver.resend import Resend
from digest.deliver.sendgrid.client import SendGrid
from digest.deliver.ses import Ses
from digest.deliver.smtp.connection import SmtpServer
from digest.deliver.smtp.transport import Smtp
from digest.mail.headers import encode_header
from digest.utils.clock import utc_now
from tests.deliver.emails import NOW, SENDER
from tests.support.brevo_server import KEY as BREVO_KEY
from tests.support.brevo_server import BrevoServer
from tests.support.resend_server import KEY as RESEND_KEY
from tests.support.resend_server import ResendServer
from tests.support.sendgrid_server import KEY, SendGridServer
from tests.support.ses_server import KEY as SES_KEY
from tests.support.ses_server import SECRET as SES_SECRET
from tests.support.ses_server import SesServer
from tests.support.smtp_server import RecordingSmtp


def clock() -> datetime:
    return NOW


@dataclass
class TransportSetup:
    """A transport and its local server, which is None for the outbox."""

    transport: Transport
    server: Any
    folder: Path

    @property
    def always_html(self) -> bool:
        """Whether the provider refuses emails without HTML."""
        return self.transport.name == "brevo"

    @property
    def attaches_images(self) -> bool:
        return self.transport.name != "brevo"

    @property
    def encodes_headers(self) -> bool:
        """Whether headers other than subject and addresses may have encoded words."""
        return self.transport.name != "brevo"

    def arrived(self) -> list[tuple[str, bytes]]:
        """(address, mail) of everything that was accepted, in order. SendGrid's mails are built as SendGrid does."""
        if isinstance(self.server, RecordingSmtp):
            return [(to, email.content) for email in self.server.emails for to in email.rcpt_to]
        if isinstance(self.server, ResendServer):
            return [(email["to"][0], _mailed(email)) for email in self.server.resend.emails]
        if isinstance(self.server, BrevoServer):
            return [(email["version"]["to"][0]["email"], _from_version(email)) for email in self.server.brevo.emails]
        if isinstance(self.server, SesServer):
            return [(email["to"], _from_entry(email)) for email in self.server.ses.emails]
        if isinstance(self.server, SendGridServer):
            # Without sandbox requests.
            sent = (payload for payload in self.server.payloads if "mail_settings" not in payload)
            return [mail for payload in sent for mail in _assembled(payload)]
        files = sorted(self.folder.rglob("*.eml"))
        return [(file.name.split("-", 1)[1].removesuffix(".eml"), file.read_bytes()) for file in files]


@contextmanager
def _outbox(folder: Path) -> Iterator[TransportSetup]:
    yield TransportSetup(Outbox(folder / "outbox", clock), None, folder / "outbox")


@contextmanager
def _smtp(folder: Path) -> Iterator[TransportSetup]:
    with RecordingSmtp() as server:
        yield TransportSetup(Smtp(SmtpServer("127.0.0.1", server.port, timeout=5), clock=clock), server, folder)


@contextmanager
def _sendgrid(folder: Path) -> Iterator[TransportSetup]:
    with SendGridServer() as server:
        yield TransportSetup(SendGrid(KEY, host=server.url, sender=SENDER.email, timeout=5), server, folder)
        assert server.violations == []


@contextmanager
def _resend(folder: Path) -> Iterator[TransportSetup]:
    with ResendServer() as server:
        options: dict[str, Any] = {"realm": "here", "sender": SENDER.email, "timeout": 5, "calls_per_second": 1000}
        yield TransportSetup(Resend(RESEND_KEY, host=server.url, **options), server, folder)
        assert server.violations == []


@contextmanager
def _brevo(folder: Path) -> Iterator[TransportSetup]:
    with BrevoServer() as server:
        transport = Brevo(BREVO_KEY, host=server.url, realm="here", sender=SENDER.email, timeout=5)
        yield TransportSetup(transport, server, folder)
        assert server.violations == []


@contextmanager
def _ses(folder: Path) -> Iterator[TransportSetup]:
    with SesServer() as server:
        signer = RequestSigner(SES_KEY, SES_SECRET, None, "ap-south-1", utc_now)
        yield TransportSetup(Ses(signer, host=server.url, sender=SENDER.email, timeout=5), server, folder)
        assert server.violations == []


_SETUPS: Mapping[str, Callable[[Path], AbstractContextManager[TransportSetup]]] = {
    "outbox": _outbox,
    "smtp": _smtp,
    "sendgrid": _sendgrid,
    "resend": _resend,
    "brevo": _brevo,
    "ses": _ses,
}


@contextmanager
def transport_setup(kind: str, folder: Path) -> Iterator[TransportSetup]:
    """The transport of this name and its server, closed when the block ends."""
    with _SETUPS[kind](folder) as found:
        yield found
        found.transport.close()


def _assembled(payload: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Each recipient's mail from one payload, with literal substitutions in subject and content."""
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
        contents = [(content["type"], filled(content["value"])) for content in payload["content"]]
        yield address, _mail(headers, contents, [_attached(**one) for one in payload.get("attachments", [])])


def _mailed(email: dict[str, Any]) -> bytes:
    """The mail that Resend makes of one of its emails."""
    headers = [
        f"From: {email['from']}",
        f"To: {email['to'][0]}",
        encode_header("Subject", email["subject"]),
        *(f"{name}: {value}" for name, value in email["headers"].items()),
        *(f"Reply-To: {address}" for address in email.get("reply_to", [])),
    ]
    contents = [(f"text/{kind}", email[name]) for kind, name in (("plain", "text"), ("html", "html")) if name in email]
    images = [_attached(type=one.pop("content_type"), **one) for one in map(dict, email.get("attachments", []))]
    return _mail(headers, contents, images)


def _from_entry(email: dict[str, Any]) -> bytes:
    """The mail that SES makes of one entry."""
    headers = [
        f"From: {email['from']}",
        f"To: {email['to']}",
        encode_header("Subject", email["subject"]),
        *(f"{name}: {value}" for name, value in email["headers"].items()),
        *(f"Reply-To: {address}" for address in email["reply_to"]),
    ]
    contents = [(f"text/{kind}", email[name]) for kind, name in (("plain", "text"), ("html", "html")) if name in email]
    images = [
        _attached(
            type=one["ContentType"], content=one["RawContent"], content_id=one["ContentId"], filename=one["FileName"]
        )
        for one in email["attachments"]
    ]
    return _mail(headers, contents, images)


def _from_version(email: dict[str, Any]) -> bytes:
    """The mail that Brevo makes of one version."""
    sender = email["sender"]
    headers = [
        encode_header("From", sender.get("name", "")) + f"\r\n <{sender['email']}>",
        f"To: {email['version']['to'][0]['email']}",
        encode_header("Subject", email["subject"]),
        *(f"{name}: {value}" for name, value in {**email["headers"], **email["version"]["headers"]}.items()),
        *([f"Reply-To: {email['replyTo']['email']}"] if "replyTo" in email else []),
    ]
    return _mail(headers, [("text/plain", email["textContent"]), ("text/html", email["htmlContent"])], [])


def _mail(headers: list[str], contents: list[tuple[str, str]], images: list[str]) -> bytes:
    head = [*headers, "MIME-Version: 1.0", 'Content-Type: multipart/alternative; boundary="b"', ""]
    parts = [f"Content-Type: {type}; charset=utf-8\r\n\r\n{text}\r\n" for type, text in contents]
    if images:
        inner = "".join(f"--r\r\n{one}" for one in [parts.pop(), *images])
        parts.append(f'Content-Type: multipart/related; type="text/html"; boundary="r"\r\n\r\n{inner}--r--\r\n')
    return "\r\n".join([*head, *(f"--b\r\n{one}" for one in parts), "--b--", ""]).encode()


def _attached(*, type: str, content: str, content_id: str, filename: str, disposition: str = "inline") -> str:
    head = (
        f"Content-Type: {type}\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <{content_id}>\r\n"
        f'Content-Disposition: {disposition}; filename="{filename}"\r\n\r\n'
    )
    return f"{head}{content}\r\n"
