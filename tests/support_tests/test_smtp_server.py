"""The recording SMTP server keeps accepted emails, rejects on request, and can leave the outcome unknown."""

from __future__ import annotations

import smtplib
import ssl
from pathlib import Path

import pytest

from tests.support.killing import balance, serving
from tests.support.smtp_server import RecordingSmtp

EMAIL = "Subject: =?utf-8?b?4KSG4KSc?=\r\n\r\nनमस्ते\r\n.dot\r\n".encode()
SENDER = "news@example.com"


def send(port: int, *to: str) -> dict[str, tuple[int, bytes]]:
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
        return client.sendmail(SENDER, to, EMAIL)


def test_an_email_is_kept_byte_for_byte_with_its_envelope(tmp_path: Path) -> None:
    with RecordingSmtp(log=tmp_path / "log") as server:
        assert send(server.port, "asha@example.com", "ravi@example.com") == {}
        assert server.emails == [(SENDER, ("asha@example.com", "ravi@example.com"), EMAIL)]
    assert balance(tmp_path / "log").counts == {"asha@example.com": 1, "ravi@example.com": 1}


def test_rejected_and_deferred_addresses_are_refused_and_not_recorded() -> None:
    with RecordingSmtp(reject=["gone@example.com"], defer=["full@example.com"]) as server:
        refused = send(server.port, "gone@example.com", "full@example.com", "asha@example.com")
        assert {address: code for address, (code, _) in refused.items()} == {
            "gone@example.com": 550,
            "full@example.com": 451,
        }
        assert server.counts == {"asha@example.com": 1}


@pytest.mark.parametrize(
    ("what", "taken"),
    [("accept_then_close", 1), ("accept_then_reset", 1), ("accept_then_hang", 1), ("lose_then_close", 0)],
)
def test_without_a_reply_after_the_dot_the_email_may_be_accepted_or_lost(what: str, taken: int) -> None:
    with RecordingSmtp(after_dot=[what], hang=0.1) as server:  # type: ignore[list-item]
        with pytest.raises(smtplib.SMTPServerDisconnected):
            send(server.port, "asha@example.com")
        assert len(server.emails) == taken
        send(server.port, "ravi@example.com")
        assert server.counts["ravi@example.com"] == 1


@pytest.mark.parametrize("code", ["452", "554"])
def test_a_code_after_the_dot_is_definite(code: str) -> None:
    with RecordingSmtp(after_dot=[code]) as server:  # type: ignore[list-item]
        with pytest.raises(smtplib.SMTPDataError) as caught:
            send(server.port, "asha@example.com")
        assert (caught.value.smtp_code, server.emails) == (int(code), [])


def test_auth_and_starttls() -> None:
    with RecordingSmtp(login=("user", "secret"), starttls=True) as server:
        with pytest.raises(smtplib.SMTPSenderRefused):
            send(server.port, "asha@example.com")
        with smtplib.SMTP("127.0.0.1", server.port, timeout=5) as client:
            client.starttls(context=ssl.create_default_context(cafile=str(server.cafile)))
            with pytest.raises(smtplib.SMTPAuthenticationError):
                client.login("user", "wrong")
            client.login("user", "secret")
            client.sendmail(SENDER, ["asha@example.com"], EMAIL)
        assert server.counts == {"asha@example.com": 1}


def test_it_stops_with_a_connected_client() -> None:
    with RecordingSmtp() as server:
        client = smtplib.SMTP("127.0.0.1", server.port, timeout=5)
        client.ehlo()
    with pytest.raises(smtplib.SMTPServerDisconnected):
        client.noop()
    client.close()


@pytest.mark.slow
def test_a_process_writes_a_line_for_each_accepted_recipient(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with serving("tests.support.smtp_server", "--log", str(log), "--reject", "gone@example.com") as url:
        send(int(url.rpartition(":")[2]), "asha@example.com", "gone@example.com")
        assert balance(log).counts == {"asha@example.com": 1}
