"""Emails, recipients and a log for the delivery tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any

from digest.deliver.outcome import NotSent, Outcome
from digest.mail.message import Outgoing, Recipient, Sender, Tokens, inline_images, recipient
from digest.models import PLACEHOLDERS, InlineImage, RenderedEmail

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
SUBJECT = "सुबह की ख़बरें: पहाड़ों में पहली बर्फ़, मंडी में प्याज़ के दाम गिरे और दस बड़ी ख़बरें"
SENDER = Sender("सुबह की ख़बरें", "news@example.com", "desk@example.com", "सुबह की ख़बरें", "https://news.example.com")
TEXT = "नमस्ते {email_text},\n.\n..दो बिंदु\nछोड़ें: https://news.example.com/leave/{unsubscribe}\n{preferences} {view}\n"
HTML = (
    "<html lang='hi'><p>नमस्ते {email_html}</p>\r\n.\r\n<a href='https://news.example.com/leave/{unsubscribe}'>छोड़ें</a>"
    "<a href='https://news.example.com/preferences/{preferences}'>पसंद</a><a href='/e/{view}'>देखें</a></html>"
)
EMAIL = RenderedEmail("all", SUBJECT, HTML.format(**PLACEHOLDERS), TEXT.format(**PLACEHOLDERS))
TEXT_ONLY = replace(EMAIL, variant="text", html="")
BRIDGE, FIELD = (
    InlineImage(f"{mark * 40}@digest", kind, kind.encode() + bytes(range(256)) * 3, 1088, 612)
    for mark, kind in (("a", "image/png"), ("b", "image/jpeg"))
)
EMAIL_WITH_IMAGES = replace(
    EMAIL,
    variant="pictured",
    html=EMAIL.html.replace("</html>", "".join(f'<img src="cid:{p.cid}" alt="">' for p in (BRIDGE, FIELD)) + "</html>"),
)


def token(recipients: Sequence[int]) -> list[Tokens]:
    """Unsigned tokens."""
    return [(f"leave-{n}-x_Y", f"preferences-{n}-x_Y", f"view-{n}-x_Y") for n in recipients]


def outgoing(
    *addresses: str, email: RenderedEmail = EMAIL, sender: Sender = SENDER, edition: str = "2026-11-23"
) -> Outgoing:
    """A batch to these addresses, with the images that its email shows. Ids count from 1."""
    recipients = tuple(recipient(n, address, sender, token) for n, address in enumerate(addresses, 1))
    images = inline_images(email, {image.cid: image for image in (FIELD, BRIDGE)})
    return Outgoing(edition, "7", "attempt-7", email, sender, recipients, images)


def many(count: int) -> list[str]:
    return [f"subscriber{n}@example.com" for n in range(1, count + 1)]


def values_of(recipient: Recipient) -> dict[str, str]:
    """Placeholder name → this recipient's value."""
    return {name: recipient.values[tag] for name, tag in PLACEHOLDERS.items()}


@dataclass
class RecordingLog:
    """A RecipientLog that keeps its entries in order."""

    entries: list[tuple[Any, ...]] = field(default_factory=list)
    stop_after: int = 1_000_000

    def started(self, recipient: int) -> None:
        self.entries.append(("started", recipient))

    def rejected(self, recipient: int, reason: str) -> None:
        self.entries.append(("rejected", recipient, reason))

    def deferred(self, recipient: int, reason: str) -> None:
        self.entries.append(("deferred", recipient))

    def should_stop(self) -> bool:
        return sum(entry[0] == "started" for entry in self.entries) >= self.stop_after


def read(data: bytes) -> EmailMessage:
    """A mail, parsed by the current parser."""
    message = message_from_bytes(data, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def legacy(data: bytes, name: str) -> str:
    """A header, decoded by the old decoder, which only knows encoded words."""
    value = message_from_bytes(data, policy=policy.compat32)[name]
    return str(make_header(decode_header(value)))


def part(data: bytes, kind: str) -> str:
    """A part's text with bare line feeds; empty without such a part."""
    body = read(data).get_body((kind,))
    return "" if body is None else str(body.get_content()).replace("\r\n", "\n")


def kind_of(outcome: Outcome) -> Any:
    """The outcome's class; "never" and "later" for the two kinds of NotSent."""
    return ("never" if outcome.permanent else "later") if isinstance(outcome, NotSent) else type(outcome)
