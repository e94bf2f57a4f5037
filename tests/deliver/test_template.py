"""Byte templates: with any slots at any place, the mail decodes to the same text."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from digest.mail import mime
from digest.mail.message import Recipient, substitute
from digest.models import PLACEHOLDERS
from tests.deliver.emails import EMAIL, EMAIL_WITH_IMAGES, NOW, SENDER, outgoing, read

TAGS = st.sampled_from(list(PLACEHOLDERS.values()))
RUN = st.integers(0, 200).map(lambda size: ("क ख\n" * 50)[:size]) | st.text("ab\r\n-ग", max_size=8)
TEXT = st.lists(RUN | TAGS, max_size=12).map("".join)
WORD = st.text("a-DGXLEAV_@.&<", max_size=130)
# The second one is in a header too.
VALUES = st.tuples(WORD, st.text("a-DGXLEAV_", max_size=20), WORD, WORD)


@given(TEXT, TEXT, st.lists(VALUES, min_size=1, max_size=4))
def test_every_recipient_gets_their_own_values(text: str, html: str, each: list[tuple[str, str, str, str]]) -> None:
    batch = outgoing("asha@example.com", email=replace(EMAIL, text=text, html="<p>" + html))
    template = mime.template(batch)
    for mailbox, leave, preferences, view in each:
        person = Recipient(1, f"{mailbox}@example.com", SENDER, leave, preferences, view)
        mail, values = template.mail(person, NOW), person.values
        assert mail.isascii()
        assert max(map(len, mail.split(b"\r\n"))) <= 78
        message = read(mail)
        assert [part.defects for part in message.walk()] == [[], [], []]
        for kind, whole in (("plain", text), ("html", "<p>" + html)):
            body = message.get_body((kind,))
            assert body is not None
            # Line ends are unified before the values are inserted, because the bytes of values must not change.
            even = whole.replace("\r\n", "\n").replace("\n", "\r\n")
            assert body.get_payload(decode=True) == substitute(even, values).encode()


def test_a_subject_may_be_personal() -> None:
    batch = outgoing(
        "asha@example.com", "ravi@example.com", email=replace(EMAIL, subject="नमस्ते -DGX_EMAIL_T-: आज की ख़बरें")
    )
    for recipient in batch.recipients:
        subject = read(mime.template(batch).mail(recipient, NOW))["Subject"]
        assert subject == f"नमस्ते {recipient.email}: आज की ख़बरें"


def test_different_emails_have_different_templates() -> None:
    def mail(**given: object) -> bytes:
        batch = outgoing("asha@example.com", **given)  # type: ignore[arg-type]
        return mime.template(batch).mail(batch.recipients[0], NOW)

    mails = [
        mail(),
        mail(edition="2026-11-24"),
        mail(email=replace(EMAIL, text="और कुछ")),
        mail(sender=replace(SENDER, reply_to=None)),
        mail(sender=replace(SENDER, base_url=None)),
    ]
    assert len(set(mails)) == len(mails)
    assert mail() == mails[0]


def test_no_boundary_is_the_beginning_of_another() -> None:
    """RFC 2046 section 5.1.1: a line that begins with a boundary counts as one."""
    batch = outgoing("asha@example.com", email=EMAIL_WITH_IMAGES)
    message = read(mime.build(batch, batch.recipients[0], date=NOW))
    outer, inner = (part.get_boundary() for part in message.walk() if part.is_multipart())
    assert outer is not None
    assert inner is not None
    assert not inner.startswith(outer)
    assert not outer.startswith(inner)
