"""Sign-up: nobody gets a letter who did not press the button in their own mail, and nobody learns who is a reader."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes

import pytest
from sqlalchemy import text

from digest.models import Subscriber
from digest.store.wishes import LEFT, WishStore
from tests.web.site import Site, link_of, said, site


def asked(pages: Site, email: str = "neha@example.org") -> str:
    """Signs up and answers the path of the link in the mail."""
    assert pages.post("/join", email=email).status == 200
    (mail,) = pages.mails(email)
    return link_of(mail)


def test_two_steps_make_a_reader_with_proof_of_it(pages: Site) -> None:
    link = asked(pages, "Neha@Example.org")
    assert pages.app.signer.read("confirm", link.rpartition("/")[2]) is not None
    assert WishStore(pages.app.database).at("neha@example.org") is None
    look = pages.get(link)  # as a scanner does
    assert (look.status, look.title) == (200, said("One press more"))
    assert WishStore(pages.app.database).at("neha@example.org") is None
    assert pages.consent("neha@example.org") == []
    assert pages.post(link).title == said("You are a reader now")
    assert pages.candidates()["Neha@Example.org"] is None
    (entry,) = pages.consent("neha@example.org")
    assert (entry.what, entry.source) == ("signed up", "web:join")
    assert entry.wording.startswith("मुझे ‘सुबह की ख़बरें’ ईमेल से चाहिए।")
    assert "hi; asked at 2026-11-23 07:00" in entry.detail
    assert "from 127.0.0.1; confirmed at 2026-11-23 07:00" in entry.detail


def test_who_signed_up_is_not_dropped_by_an_edit_of_the_list(pages: Site) -> None:
    pages.post(asked(pages))
    pages.app.readers.sync([("ravi@example.com", Subscriber("ravi@example.com"))], now=pages.app.now())
    assert pages.candidates() == {"neha@example.org": None, "ravi@example.com": None}


def test_the_mail_holds_a_link_and_no_news_and_no_way_into_anybodys_wishes(pages: Site) -> None:
    asked(pages)
    (mail,) = pages.mails("neha@example.org")
    html, text = (mail.get_body((kind,)) for kind in ("html", "plain"))
    assert html is not None
    assert text is not None
    assert "/preferences/" not in html.get_content() + text.get_content()
    assert html.get_content().count("<a ") == 1
    assert "https" not in str(mail["List-Unsubscribe"])
    assert "पुष्टि करें" in str(mail["Subject"])


def test_a_confirmation_is_too_late_after_three_days(pages: Site, tmp_path: object) -> None:
    link = asked(pages)
    later = f"{pages.app.now() + timedelta(days=3, minutes=5):%Y-%m-%dT%H:%M%z}"
    with site(pages.app.home, [], DIGEST_NOW=later) as after:
        assert after.get(link).status == 410
        assert after.post(link).status == 410
        assert WishStore(after.app.database).at("neha@example.org") is None


def test_an_old_link_does_not_bring_back_who_left_since(pages: Site) -> None:
    link = asked(pages)
    pages.post(link)
    pages.post(f"/leave/{pages.token('leave', 'neha@example.org')}")
    pages.post(link)
    assert pages.candidates()["neha@example.org"] == LEFT


def test_who_left_comes_back_by_signing_up_anew(pages: Site) -> None:
    pages.post(f"/leave/{pages.token('leave', 'asha@example.com')}")
    pages.post(asked(pages, "asha@example.com"))
    assert pages.candidates()["asha@example.com"] is None


def test_nothing_tells_whether_an_address_is_known(pages: Site) -> None:
    pages.app.readers.suppress("ravi@example.com", "complained", now=pages.app.now())
    emails = ("asha@example.com", "ravi@example.com", "nobody@example.org")
    pages_seen = {pages.post("/join", email=email).text.replace(email, "X") for email in emails}
    assert len(pages_seen) == 1
    assert "/preferences/" in link_of(pages.mails("asha@example.com")[0])
    assert "/confirm/" in link_of(pages.mails("nobody@example.org")[0])
    assert pages.mails("ravi@example.com", wait=0.2) == []  # who called it spam gets nothing a stranger can ask for


def test_a_robot_that_fills_every_field_is_thanked_and_forgotten(pages: Site) -> None:
    assert pages.post("/join", email="neha@example.org", website="https://spam.example").title == said(
        "Look into your mail"
    )
    assert pages.mails("neha@example.org", wait=0.3) == []


def test_an_address_gets_one_mail_in_ten_minutes(pages: Site) -> None:
    asked(pages)
    (pages.app.home / "outbox" / "join").rename(pages.app.home / "outbox" / "seen")
    assert pages.post("/join", email="NEHA@example.org").status == 200  # and nothing is said of it
    assert pages.mails("*", wait=0.3) == []


@pytest.mark.parametrize(
    ("one", "same", "other"),
    [
        ("203.0.113.7", "203.0.113.250", "203.0.114.7"),
        ("2001:db8:0:1200::1", "2001:db8:0:12ff::9", "2001:db8:0:1300::1"),
    ],
)
def test_a_network_asks_twenty_times_an_hour(pages: Site, one: str, same: str, other: str) -> None:
    for number in range(20):
        assert pages.post("/join", email=f"n{number}@example.org", network=one).status == 200
    refused = pages.post("/join", email="more@example.org", network=same)
    assert refused.status == 429
    assert 'value="more@example.org"' in refused.text
    assert pages.post("/join", email="other@example.org", network=other).status == 200


@pytest.mark.parametrize(
    "email", ["", "neha", "neha@", "a b@example.org", "न@example.org", "x@y\r\nBcc: z@example.org"]
)
def test_what_is_no_address_is_said_beside_the_field(pages: Site, email: str) -> None:
    answer = pages.post("/join", email=email)
    assert answer.status in (400, 422)
    assert pages.mails("*", wait=0) == []


def test_what_was_typed_is_shown_escaped(pages: Site) -> None:
    answer = pages.post("/join", email='"><script>alert(1)</script>')
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_sign_up_can_be_switched_off(tmp_path: object) -> None:
    from pathlib import Path

    with site(Path(str(tmp_path)) / "letter", DIGEST_WEB__SIGNUP="false") as pages:
        assert pages.get("/join").status == 404
        assert pages.post("/join", email="neha@example.org").status == 404
        front = pages.get("/")
        assert (front.status, "/join" in front.text) == (200, False)


def test_the_names_that_a_mailbox_has_by_itself_share_its_ration(pages: Site) -> None:
    for email in ("lata.mehra@example.org", "latamehra+1@example.org", "l.a.t.a.mehra+digest@example.org"):
        assert pages.post("/join", email=email).status == 200
    assert len(pages.mails("lata.mehra@example.org")) == 1
    pages.post("/join", email="after@example.org")
    pages.mails("after@example.org")  # one thread hands over: what was asked before would be there by now
    assert pages.mails("latamehra+1@example.org", wait=0) == []


def test_an_answer_looks_nobody_up(pages: Site) -> None:
    """How long it takes would tell who is a reader: only for others is something written down."""
    with pages.app.database.write() as connection:
        connection.execute(text("ALTER TABLE subscriber RENAME TO gone"))
    try:
        assert [pages.post("/join", email=f"{who}@example.com").status for who in ("asha", "nobody")] == [200, 200]
    finally:
        with pages.app.database.write() as connection:
            connection.execute(text("ALTER TABLE gone RENAME TO subscriber"))


def test_asked_twice_the_second_mail_has_a_message_id_of_its_own_and_either_link_confirms_once(pages: Site) -> None:
    first = asked(pages)
    (pages.app.home / "outbox" / "join").rename(pages.app.home / "outbox" / "first")
    with site(pages.app.home, [], DIGEST_NOW="2026-11-23T10:00+05:30") as later:
        second = asked(later)
        mails = [*(pages.app.home / "outbox" / "first").glob("*"), *(pages.app.home / "outbox" / "join").glob("*")]
        ids = {message_from_bytes(mail.read_bytes())["Message-ID"] for mail in mails}
        assert len(ids) == len(mails) == 2
        assert first != second
        later.post(first)
        assert later.candidates()["neha@example.org"] is None
        later.post(f"/leave/{later.token('leave', 'neha@example.org')}")
        later.post(second)
        assert later.candidates()["neha@example.org"] == LEFT
