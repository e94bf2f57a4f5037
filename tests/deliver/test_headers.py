"""The headers of every email. No text can add a header."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.mail import headers, mime
from digest.mail.message import Sender
from tests.deliver.emails import EMAIL, NOW, SENDER, RecordingLog, outgoing, read
from tests.deliver.test_mime import headers_of
from tests.deliver.transports import transport_setup

ANY = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=80)
NAMES = [
    "From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "Reply-To", "List-Id", "List-Help", "List-Owner",
    "Feedback-ID", "Precedence", "Auto-Submitted", "List-Unsubscribe-Post", "MIME-Version", "Content-Type",
]  # fmt: skip


def names_of(mail: bytes) -> list[str]:
    return [line.partition(":")[0] for line in headers_of(mail) if not line.startswith(" ")]


@pytest.mark.parametrize("kind", ["outbox", "smtp"])
def test_every_email_has_all_headers_of_bulk_mail_once(kind: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    with transport_setup(kind, tmp_path) as setup:
        setup.transport.submit(outgoing("asha@example.com"), RecordingLog())
        ((_, mail),) = setup.arrived()
    assert names_of(mail) == NAMES
    message = read(mail)
    assert message["List-Help"] == "<mailto:desk@example.com?subject=help>"
    assert message["List-Owner"] == "<mailto:desk@example.com>"
    assert message["Feedback-ID"] == "2026-11-23:all:digest.example.com:examplecom"


@given(ANY, ANY, ANY, ANY, ANY, st.booleans())
def test_no_text_adds_a_header_or_ends_them(
    name: str, list_name: str, subject: str, edition: str, variant: str, web: bool
) -> None:
    sender = Sender(
        name, "news@example.com", "desk@example.com", list_name, "https://news.example.com" if web else None
    )
    email = replace(EMAIL, subject=subject, variant=variant)
    batch = outgoing("asha@example.com", email=email, sender=sender, edition=edition)
    mail = mime.build(batch, batch.recipients[0], date=NOW)
    assert names_of(mail) == [one for one in NAMES if web or one != "List-Unsubscribe-Post"]
    assert all(re.fullmatch(r"[!-9;-~]+:( .*)?| .*\S.*", line) for line in headers_of(mail))
    for value in headers.common_headers(sender, edition, variant).values():
        assert value.isascii()
        assert value.isprintable()


@given(ANY, ANY, st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?(\.[a-z]{2,8}){1,3}", fullmatch=True))
def test_a_feedback_id_has_four_parts_and_a_stable_last(edition: str, variant: str, domain: str) -> None:
    sender = replace(SENDER, email=f"news@{domain}")
    found = [headers.feedback_id(sender, of, key) for key, of in ((variant, edition), ("html", "2026-11-24"))]
    for one in found:
        assert re.fullmatch(r"(?:[A-Za-z0-9._-]{1,100}:){3}[a-z0-9]{5,15}", one)
    assert len({one.split(":")[-1] for one in found}) == 1


def test_the_sender_part_differs_between_domains() -> None:
    last = {
        headers.feedback_id(replace(SENDER, email=f"news@{domain}"), "2026-11-23", "html").split(":")[-1]
        for domain in ("a.in", "b.in", "news.khabar.example.co.in", "mail.khabar.example.co.in", "example.com")
    }
    assert len(last) == 5


def test_one_click_is_offered_where_there_are_pages_to_click() -> None:
    for url, offered in (("https://news.example.com", True), ("", False)):
        sender = replace(SENDER, base_url=url)
        assert (headers.ONE_CLICK in headers.common_headers(sender, "2026-11-23", "html")) == offered
