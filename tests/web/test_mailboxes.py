"""The button that opens the mailbox after a sign-up."""

from __future__ import annotations

from digest.web.signup import mailbox_of
from tests.support.tables import each_row

GMAIL = "https://mail.google.com/mail/#search/in%3Aanywhere+from%3Anews%40example.com"


@each_row(
    ("address", "name", "url"),
    [
        ("asha@gmail.com", "Gmail", GMAIL),
        ("asha@yahoo.co.in", "Yahoo Mail", "https://mail.yahoo.com/"),
        ("asha@hotmail.com", "Outlook", "https://outlook.live.com/mail/"),
    ],
)
def test_known_providers_have_a_mailbox_on_the_web(address: str, name: str, url: str) -> None:
    assert mailbox_of(address, "news@example.com") == (name, url)


def test_other_addresses_have_none() -> None:
    assert mailbox_of("asha@notgmail.com", "news@example.com") is None
