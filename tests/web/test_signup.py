"""Sign-up: only the owner of an address can subscribe it, and nobody learns who is a subscriber."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes

import pytest
from sqlalchemy import text

from digest.models import Subscriber
from digest.store.people.preferences import UNSUBSCRIBED, PreferenceStore
from digest.web.consent import CONSENT_VERSION, consent_wording
from tests.web.site import Site, link_of, site, translated

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow


def sign_up(pages: Site, email: str = "neha@example.org") -> str:
    """Sign up and return the path of the link in the email."""
    assert pages.post("/join", email=email).status == 200
    (mail,) = pages.mails(email)
    return link_of(mail)


def test_the_version_of_the_consent_changes_with_its_words() -> None:
    # If this fails because you changed a sentence: raise CONSENT_VERSION, and only then the sentences here.
    assert (CONSENT_VERSION, consent_wording("hi", "न"), consent_wording("en", "N")) == (
        2,
        "मुझे ‘न’ ईमेल पर चाहिए। सदस्यता कभी भी एक क्लिक में छोड़ी जा सकती है।",
        "I want to get N by email. I can unsubscribe at any time with one click.",
    )


def test_confirming_subscribes_and_logs_the_consent(pages: Site) -> None:
    link = sign_up(pages, "Neha@Example.org")
    assert pages.app.signer.read("confirm", link.rpartition("/")[2]) is not None
    assert PreferenceStore(pages.app.database).find("neha@example.org") is None
    # A link scanner opens the page too.
    look = pages.get(link)
    assert (look.status, look.title) == (200, translated("One more step"))
    assert PreferenceStore(pages.app.database).find("neha@example.org") is None
    assert pages.consent("neha@example.org") == []
    assert pages.post(link).title == translated("You are subscribed now")
    assert pages.candidates()["Neha@Example.org"] is None
    (entry,) = pages.consent("neha@example.org")
    assert (entry.what, entry.source) == ("signed up", "web:join")
    assert entry.wording.startswith("मुझे ‘सुबह की ख़बरें’ ईमेल पर चाहिए।")
    assert f"text {CONSENT_VERSION}, hi; asked at 2026-11-23 07:00" in entry.detail
    assert "from 127.0.0.1; confirmed at 2026-11-23 07:00" in entry.detail


def test_a_sign_up_survives_an_edit_of_the_list(pages: Site) -> None:
    pages.post(sign_up(pages))
    pages.app.subscribers.sync([("ravi@example.com", Subscriber("ravi@example.com"))], now=pages.app.now())
    assert pages.candidates() == {"neha@example.org": None, "ravi@example.com": None}


def test_the_confirmation_email_has_one_link_and_none_to_preferences(pages: Site) -> None:
    sign_up(pages)
    (mail,) = pages.mails("neha@example.org")
    html, text = (mail.get_body((kind,)) for kind in ("html", "plain"))
    assert html is not None
    assert text is not None
    assert "/preferences/" not in html.get_content() + text.get_content()
    assert html.get_content().count("<a ") == 1
    assert "https" not in str(mail["List-Unsubscribe"])
    assert "अपना ईमेल पता पक्का करें" in str(mail["Subject"])


def test_a_confirmation_link_expires_after_three_days(pages: Site, tmp_path: object) -> None:
    link = sign_up(pages)
    later = f"{pages.app.now() + timedelta(days=3, minutes=5):%Y-%m-%dT%H:%M%z}"
    with site(pages.app.home, [], DIGEST_NOW=later) as after:
        assert after.get(link).status == 410
        assert after.post(link).status == 410
        assert PreferenceStore(after.app.database).find("neha@example.org") is None


def test_an_old_link_does_not_resubscribe_after_an_unsubscribe(pages: Site) -> None:
    link = sign_up(pages)
    pages.post(link)
    pages.post(f"/leave/{pages.token('leave', 'neha@example.org')}")
    pages.post(link)
    assert pages.candidates()["neha@example.org"] == UNSUBSCRIBED


def test_a_new_sign_up_resubscribes(pages: Site) -> None:
    pages.post(f"/leave/{pages.token('leave', 'asha@example.com')}")
    pages.post(sign_up(pages, "asha@example.com"))
    assert pages.candidates()["asha@example.com"] is None


def test_no_response_reveals_whether_an_address_is_known(pages: Site) -> None:
    pages.app.subscribers.suppress("ravi@example.com", "complained", now=pages.app.now())
    emails = ("asha@example.com", "ravi@example.com", "nobody@example.org")
    pages_seen = {pages.post("/join", email=email).text.replace(email, "X") for email in emails}
    assert len(pages_seen) == 1
    assert "/preferences/" in link_of(pages.mails("asha@example.com")[0])
    assert "/confirm/" in link_of(pages.mails("nobody@example.org")[0])
    # Anyone can enter an address, so a person who reported us as spam gets nothing.
    assert pages.mails("ravi@example.com", wait=0.2) == []


def test_a_bot_that_fills_the_honeypot_gets_the_page_but_no_email(pages: Site) -> None:
    assert pages.post("/join", email="neha@example.org", website="https://spam.example").title == translated(
        "Check your email"
    )
    assert pages.mails("neha@example.org", wait=0.3) == []


def test_an_address_gets_one_email_in_ten_minutes(pages: Site) -> None:
    sign_up(pages)
    (pages.app.home / "outbox" / "join").rename(pages.app.home / "outbox" / "seen")
    # The page does not reveal the limit.
    assert pages.post("/join", email="NEHA@example.org").status == 200
    assert pages.mails("*", wait=0.3) == []


@pytest.mark.parametrize(
    ("one", "same", "other"),
    [
        ("203.0.113.7", "203.0.113.250", "203.0.114.7"),
        ("2001:db8:0:1200::1", "2001:db8:0:12ff::9", "2001:db8:0:1300::1"),
    ],
)
def test_a_network_has_twenty_sign_ups_an_hour(pages: Site, one: str, same: str, other: str) -> None:
    for number in range(20):
        assert pages.post("/join", email=f"n{number}@example.org", network=one).status == 200
    refused = pages.post("/join", email="more@example.org", network=same)
    assert refused.status == 429
    assert 'value="more@example.org"' in refused.text
    assert pages.post("/join", email="other@example.org", network=other).status == 200


@pytest.mark.parametrize(
    "email", ["", "neha", "neha@", "a b@example.org", "न@example.org", "x@y\r\nBcc: z@example.org"]
)
def test_an_invalid_address_is_refused(unchanged: Site, email: str) -> None:
    answer = unchanged.post("/join", email=email)
    assert answer.status in (400, 422)
    assert unchanged.mails("*", wait=0) == []


@pytest.mark.parametrize("email", ["-DGX_LEAVE-@example.org", "{{x}}@example.org", "%name%@example.org"])
def test_an_address_that_looks_like_a_placeholder_is_refused(unchanged: Site, email: str) -> None:
    answer = unchanged.post("/join", email=email)
    assert answer.status == 400
    assert translated("We cannot send email to an address with these characters.") in answer.text
    assert unchanged.mails("*", wait=0) == []


def test_input_is_escaped(pages: Site) -> None:
    answer = pages.post("/join", email='"><script>alert(1)</script>')
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_sign_up_can_be_disabled(tmp_path: object) -> None:
    from pathlib import Path

    with site(Path(str(tmp_path)) / "newsletter", DIGEST_WEB__SIGNUP="false") as pages:
        assert pages.get("/join").status == 404
        assert pages.post("/join", email="neha@example.org").status == 404
        front = pages.get("/")
        assert (front.status, "/join" in front.text) == (200, False)


def test_aliases_of_a_mailbox_share_its_limit(pages: Site) -> None:
    for email in ("lata.mehra@example.org", "latamehra+1@example.org", "l.a.t.a.mehra+digest@example.org"):
        assert pages.post("/join", email=email).status == 200
    assert len(pages.mails("lata.mehra@example.org")) == 1
    pages.post("/join", email="after@example.org")
    # One thread sends in order, so earlier emails would be there by now.
    pages.mails("after@example.org")
    assert pages.mails("latamehra+1@example.org", wait=0) == []


def test_the_response_needs_no_lookup(pages: Site) -> None:
    """The duration of a lookup would reveal who is a subscriber."""
    with pages.app.database.write() as connection:
        connection.execute(text("ALTER TABLE subscriber RENAME TO gone"))
    try:
        assert [pages.post("/join", email=f"{who}@example.com").status for who in ("asha", "nobody")] == [200, 200]
    finally:
        with pages.app.database.write() as connection:
            connection.execute(text("ALTER TABLE gone RENAME TO subscriber"))


def test_a_second_email_has_its_own_message_id_and_either_link_confirms_once(pages: Site) -> None:
    first = sign_up(pages)
    (pages.app.home / "outbox" / "join").rename(pages.app.home / "outbox" / "first")
    with site(pages.app.home, [], DIGEST_NOW="2026-11-23T10:00+05:30") as later:
        second = sign_up(later)
        mails = [*(pages.app.home / "outbox" / "first").glob("*"), *(pages.app.home / "outbox" / "join").glob("*")]
        ids = {message_from_bytes(mail.read_bytes())["Message-ID"] for mail in mails}
        assert len(ids) == len(mails) == 2
        assert first != second
        later.post(first)
        assert later.candidates()["neha@example.org"] is None
        later.post(f"/leave/{later.token('leave', 'neha@example.org')}")
        later.post(second)
        assert later.candidates()["neha@example.org"] == UNSUBSCRIBED
