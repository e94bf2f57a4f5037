"""What an admin reads about a provider that does not accept emails."""

from __future__ import annotations

import pytest

from digest.notify.provider_faults import ProviderFault, classify, remedy
from tests.support.tables import each_row


@each_row(
    ("transport", "problem", "fault", "words"),
    [
        ("smtp", "smtp mail.in:587: certificate verify failed: self-signed certificate", "certificate", "renew"),
        ("sendgrid", "sendgrid: the key is refused (401); check the variable: authorization required", "key", "KEY"),
        ("smtp", "smtp mail.in:587: 535 5.7.8 Error: authentication failed", "key", "the right password into KEY"),
        ("ses", "ses refuses the key (403); check the environment variables that hold the keys", "key", "a valid key"),
        ("sendgrid", "the key lacks a permission, or the sender is not verified (403)", "forbidden", "at SendGrid"),
        ("sendgrid", "the key may not send: it lacks the scope mail.send", "forbidden", "the right to send"),
        (
            "sendgrid",
            "neither the sender news@paper.in nor its domain is verified (Settings, Sender Authentication)",
            "sender",
            "verify the sender",
        ),
        ("resend", "the sender's domain paper.in is not verified (resend.com/domains)", "sender", "at Resend"),
        ("brevo", "brevo: the account has no credits left (402)", "account", "credits"),
        ("ses", "the quota of the last 24 hours is used up", "account", "Amazon SES"),
        ("sendgrid", "sendgrid asks to slow down (429)", "rate", "lower `delivery.rate`"),
        ("smtp", "cannot encode the email: too long", "email", "in the edition"),
        ("smtp", "smtp localhost:587: Connection refused", "host", "start the mail server"),
        ("brevo", "brevo: there is no mail service at this host (404)", "host", "`delivery.brevo.host`"),
        ("resend", "resend api.resend.com: timed out", "other", "status page of Resend"),
        ("smtp", "smtp mail.in:587: 451 4.3.0 try later", "other", "log of the mail server"),
    ],
)
def test_a_sentence_of_a_transport_has_its_remedy(transport: str, problem: str, fault: str, words: str) -> None:
    assert classify(problem) == fault
    assert words in remedy(transport, classify(problem), "KEY")


@pytest.mark.parametrize("transport", ["smtp", "sendgrid"])
def test_each_fault_has_a_remedy_of_its_own(transport: str) -> None:
    assert len({remedy(transport, fault) for fault in ProviderFault}) == len(ProviderFault)
