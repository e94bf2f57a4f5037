"""One contract for every transport, each against its real local counterpart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from html import escape
from pathlib import Path

import pytest

from digest.deliver import transports
from digest.deliver.outcome import Accepted, PerRecipient, Rejected
from digest.models import PLACEHOLDERS
from tests.deliver.letters import LETTER, SENDER, SUBJECT, TEXT_ONLY, Notes, legacy, letter_to, outgoing, part, read
from tests.deliver.ways import Way, way

ASHA, RAVI, MEENA = "asha@example.com", "ravi+news@example.co.in", "o'neil&co@example.com"


@pytest.fixture(params=sorted(transports.TRANSPORTS))
def road(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Way]:
    with way(request.param, tmp_path) as found:
        yield found


def accepted(road: Way, *addresses: str, **given: object) -> dict[str, bytes]:
    """Submits, expects all to be taken, and answers address → mail."""
    batch = outgoing(*addresses, **given)  # type: ignore[arg-type]
    outcome = road.transport.submit(batch, Notes())
    everyone = {reader.id for reader in batch.recipients}
    assert isinstance(outcome, Accepted) or outcome == PerRecipient(accepted=frozenset(everyone))
    return dict(road.arrived())


def test_the_table_says_what_the_class_says(road: Way) -> None:
    name = road.transport.name
    assert isinstance(road.transport, transports.load(name))
    assert road.transport.recovery == transports.RECOVERY[name]
    assert transports.RECOVERY.keys() == transports.TRANSPORTS.keys()


def test_every_reader_gets_one_letter_with_their_own_values_and_no_placeholder(road: Way) -> None:
    batch = outgoing(ASHA, RAVI, MEENA)
    accepted(road, ASHA, RAVI, MEENA)
    mails = road.arrived()
    assert len(mails) == 3
    for reader, (_address, mail) in zip(batch.recipients, mails, strict=True):
        assert read(mail)["To"] == reader.email
        own, text, html = letter_to(reader), part(mail, "plain"), part(mail, "html")
        assert f"नमस्ते {reader.email},\n.\n..दो बिंदु\n" in text
        assert f"<p>नमस्ते {escape(reader.email)}</p>" in html
        for name in ("unsubscribe", "preferences", "view"):
            assert own[name] in text
            assert own[name] in html
        for tag in (*PLACEHOLDERS.values(), "-DGX_", "leave-0"):
            assert tag not in text + html + read(mail)["Subject"]


def test_hindi_in_subject_and_names_round_trips(road: Way) -> None:
    mail = accepted(road, ASHA)[ASHA]
    message = read(mail)
    assert message["Subject"] == SUBJECT == legacy(mail, "Subject")
    (sender,) = message["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (SENDER.name, SENDER.email)
    assert SENDER.name in legacy(mail, "From")
    assert message["Reply-To"] == SENDER.reply_to


def test_the_headers_of_bulk_mail(road: Way) -> None:
    message = read(accepted(road, ASHA)[ASHA])
    assert str(message["List-Unsubscribe"]).split() == [
        "<https://news.example.com/leave/leave-1-x_Y>,",
        "<mailto:desk@example.com?subject=unsubscribe%20leave-1-x_Y>",
    ]
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert str(message["List-Id"]).endswith("<digest.example.com>")
    assert SENDER.list_name in str(message["List-Id"])
    assert (message["Precedence"], message["Auto-Submitted"]) == ("bulk", "auto-generated")
    for name in ("Subject", "From", "To", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Reply-To"):
        assert len(message.get_all(name)) == 1


def test_without_reader_pages_there_is_no_one_click(road: Way) -> None:
    mail = accepted(road, ASHA, sender=replace(SENDER, base_url="http://news.example.com", reply_to=""))[ASHA]
    message = read(mail)
    assert message["List-Unsubscribe"] == "<mailto:news@example.com?subject=unsubscribe%20leave-1-x_Y>"
    assert message["List-Unsubscribe-Post"] is None
    assert message["Reply-To"] is None


def test_a_letter_of_text_alone_has_no_html(road: Way) -> None:
    mail = accepted(road, ASHA, letter=TEXT_ONLY)[ASHA]
    assert part(mail, "html") == ""
    assert f"नमस्ते {ASHA}" in part(mail, "plain")


INJECTION = "\r\nBcc: stranger@example.com\r\n\r\n<b>body"


@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r", "\x00\n", "\x0b\n"])
def test_no_text_can_start_a_header(road: Way, line_end: str) -> None:
    evil = INJECTION.replace("\r\n", line_end)
    sender = replace(SENDER, name=f"Subah{evil}", list_name=f"सुबह{evil}")
    mail = accepted(road, ASHA, letter=replace(LETTER, subject=SUBJECT + evil), sender=sender)[ASHA]
    message = read(mail)
    assert message["Bcc"] is None
    assert "Bcc: stranger@example.com" in message["Subject"]
    assert part(mail, "plain").startswith("नमस्ते")


@pytest.mark.parametrize(
    "evil", ["asha@example.com" + INJECTION, "asha@example.com\n", "a b@example.com", "आशा@example.com", "asha", ""]
)
def test_an_address_that_no_mail_can_carry_is_rejected_and_the_others_are_not_harmed(road: Way, evil: str) -> None:
    notes = Notes()
    outcome = road.transport.submit(outgoing(ASHA, evil, RAVI), notes)
    assert isinstance(outcome, Rejected | PerRecipient)
    rejected = outcome.reasons if isinstance(outcome, Rejected) else outcome.rejected
    assert rejected == {2: "the address contains characters that are not allowed in email"}
    arrived = [address for address, _mail in road.arrived()]
    if isinstance(outcome, Rejected):
        assert arrived == []  # the rest becomes a batch of its own
    else:
        assert outcome.accepted == {1, 3}
        assert arrived == [ASHA, RAVI]
        assert ("rejected", 2, rejected[2]) in notes.entries


def test_half_a_surrogate_pair_harms_nobody(road: Way) -> None:
    """It can't be written as UTF-8; what is certain is that the outcome is never in doubt."""
    outcome = road.transport.submit(outgoing(ASHA, letter=replace(LETTER, text=LETTER.text + "\ud83d")), Notes())
    assert len(road.arrived()) == (0 if getattr(outcome, "permanent", False) else 1)


def test_probe_finds_nothing_wrong_and_mails_nobody(road: Way) -> None:
    assert road.transport.probe() is None
    assert road.arrived() == []
    accepted(road, ASHA)
    assert road.transport.probe() is None


def test_close_can_be_called_twice_and_before_anything_was_sent(road: Way) -> None:
    road.transport.close()
    road.transport.close()
    assert road.arrived() == []
