"""One contract for every transport, each against its real local counterpart."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import get_args

import pytest

from digest.cli.init import PROVIDERS
from digest.config.settings import DeliverySettings
from digest.config.types import TransportName
from digest.deliver.outcome import Accepted, PerRecipient, Rejected
from digest.deliver.ports import RECOVERY
from digest.models import PLACEHOLDERS, PROVIDER_NAMES
from digest.usecases.check_setup import provider_routes
from digest.wiring.transports import TRANSPORTS
from tests.deliver.emails import (
    EMAIL,
    SENDER,
    SUBJECT,
    TEXT_ONLY,
    RecordingLog,
    legacy,
    outgoing,
    part,
    read,
    values_of,
)
from tests.deliver.transports import TransportSetup

ASHA, RAVI, MEENA = "asha@example.com", "ravi+news@example.co.in", "o'neil&co@example.com"


def accepted(setup: TransportSetup, *addresses: str, **given: object) -> dict[str, bytes]:
    """Submit, expect all to be accepted, and return address → mail."""
    batch = outgoing(*addresses, **given)  # type: ignore[arg-type]
    outcome = setup.transport.submit(batch, RecordingLog())
    everyone = {recipient.id for recipient in batch.recipients}
    assert isinstance(outcome, Accepted) or outcome == PerRecipient(accepted=frozenset(everyone))
    return dict(setup.arrived())


def test_the_table_matches_the_class(setup: TransportSetup) -> None:
    assert setup.transport.recovery == RECOVERY[setup.transport.name]


def test_every_transport_has_a_row_in_each_table() -> None:
    """What a new transport needs, besides its package."""
    delivery, names = DeliverySettings(), set(get_args(TransportName))
    assert names == TRANSPORTS.keys() == RECOVERY.keys() == PROVIDERS.keys()
    assert names <= DeliverySettings.model_fields.keys()
    assert names - {"outbox"} == delivery.key_variables.keys()
    providers = names - {"outbox", "smtp"}
    assert providers == PROVIDER_NAMES.keys() == delivery.api_urls.keys() == provider_routes("example.com").keys()


@pytest.mark.slow
def test_every_recipient_gets_one_email_with_their_own_values_and_no_placeholder(setup: TransportSetup) -> None:
    batch = outgoing(ASHA, RAVI, MEENA)
    accepted(setup, ASHA, RAVI, MEENA)
    mails = setup.arrived()
    assert len(mails) == 3
    for recipient, (_address, mail) in zip(batch.recipients, mails, strict=True):
        assert read(mail)["To"] == recipient.email
        own, text, html = values_of(recipient), part(mail, "plain"), part(mail, "html")
        assert f"नमस्ते {recipient.email},\n.\n..दो बिंदु\n" in text
        assert f"<p>नमस्ते {escape(recipient.email)}</p>" in html
        for name in ("unsubscribe", "preferences", "view"):
            assert own[name] in text
            assert own[name] in html
        for tag in (*PLACEHOLDERS.values(), "-DGX_", "leave-0"):
            assert tag not in text + html + read(mail)["Subject"]


def test_hindi_in_subject_and_names_round_trips(setup: TransportSetup) -> None:
    mail = accepted(setup, ASHA)[ASHA]
    message = read(mail)
    assert message["Subject"] == SUBJECT == legacy(mail, "Subject")
    (sender,) = message["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (SENDER.name, SENDER.email)
    assert SENDER.name in legacy(mail, "From")
    assert message["Reply-To"] == SENDER.reply_to


def test_the_headers_of_bulk_mail(setup: TransportSetup) -> None:
    message = read(accepted(setup, ASHA)[ASHA])
    assert str(message["List-Unsubscribe"]).split() == [
        "<https://news.example.com/leave/leave-1-x_Y>,",
        "<mailto:desk@example.com?subject=unsubscribe%20leave-1-x_Y>",
    ]
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert str(message["List-Id"]).endswith("<digest.example.com>")
    assert (SENDER.list_name in str(message["List-Id"])) is setup.encodes_headers
    assert (message["Precedence"], message["Auto-Submitted"]) == ("bulk", "auto-generated")
    for name in ("Subject", "From", "To", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Reply-To"):
        assert len(message.get_all(name)) == 1


def test_without_public_pages_there_is_no_one_click(setup: TransportSetup) -> None:
    mail = accepted(setup, ASHA, sender=replace(SENDER, base_url="http://news.example.com", reply_to=None))[ASHA]
    message = read(mail)
    assert message["List-Unsubscribe"] == "<mailto:news@example.com?subject=unsubscribe%20leave-1-x_Y>"
    assert message["List-Unsubscribe-Post"] is None
    assert message["Reply-To"] is None


def test_a_text_email_has_no_html(setup: TransportSetup) -> None:
    mail = accepted(setup, ASHA, email=TEXT_ONLY)[ASHA]
    assert f"नमस्ते {ASHA}" in part(mail, "plain")
    html = part(mail, "html")
    assert html == "" or (setup.always_html and f"नमस्ते {ASHA}" in html)


INJECTION = "\r\nBcc: stranger@example.com\r\n\r\n<b>body"


@pytest.mark.slow
@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r", "\x00\n", "\x0b\n"])
def test_no_text_can_start_a_header(setup: TransportSetup, line_end: str) -> None:
    evil = INJECTION.replace("\r\n", line_end)
    sender = replace(SENDER, name=f"Subah{evil}", list_name=f"सुबह{evil}")
    mail = accepted(setup, ASHA, email=replace(EMAIL, subject=SUBJECT + evil), sender=sender)[ASHA]
    message = read(mail)
    assert message["Bcc"] is None
    assert "Bcc: stranger@example.com" in message["Subject"]
    assert part(mail, "plain").startswith("नमस्ते")


@pytest.mark.slow
@pytest.mark.parametrize(
    "evil", ["asha@example.com" + INJECTION, "asha@example.com\n", "a b@example.com", "आशा@example.com", "asha", ""]
)
def test_an_invalid_address_is_rejected_without_harm_to_the_others(setup: TransportSetup, evil: str) -> None:
    notes = RecordingLog()
    outcome = setup.transport.submit(outgoing(ASHA, evil, RAVI), notes)
    assert isinstance(outcome, Rejected | PerRecipient)
    rejected = outcome.reasons if isinstance(outcome, Rejected) else outcome.rejected
    assert rejected == {2: "the address contains characters that are not allowed in email"}
    arrived = [address for address, _mail in setup.arrived()]
    if isinstance(outcome, Rejected):
        # The rest becomes a batch of its own.
        assert arrived == []
    else:
        assert outcome.accepted == {1, 3}
        assert arrived == [ASHA, RAVI]
        assert ("rejected", 2, rejected[2]) in notes.entries


def test_half_a_surrogate_pair_never_makes_an_outcome_unknown(setup: TransportSetup) -> None:
    """It cannot be encoded as UTF-8."""
    outcome = setup.transport.submit(outgoing(ASHA, email=replace(EMAIL, text=EMAIL.text + "\ud83d")), RecordingLog())
    assert len(setup.arrived()) == (0 if getattr(outcome, "permanent", False) else 1)


def test_probe_finds_no_problem_and_mails_nobody(setup: TransportSetup) -> None:
    assert setup.transport.probe() is None
    assert setup.arrived() == []
    accepted(setup, ASHA)
    assert setup.transport.probe() is None


def test_close_can_be_called_twice_and_before_anything_was_sent(setup: TransportSetup) -> None:
    setup.transport.close()
    setup.transport.close()
    assert setup.arrived() == []
