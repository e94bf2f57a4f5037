"""The way out: RFC 8058 to the letter, for ever, and nothing but a POST goes it."""

from __future__ import annotations

import pytest

from digest.store.wishes import LEFT
from tests.web.site import FORM, Site, said

MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
    "multipart/form-data; boundary=x",
)
URLENCODED = (b"List-Unsubscribe=One-Click", FORM)


@pytest.mark.parametrize(
    ("body", "kind"), [URLENCODED, MULTIPART, (b"", FORM), (b"\xff\x00 nonsense", "text/plain"), (b"", "")]
)
def test_one_post_and_the_reader_is_out(pages: Site, body: bytes, kind: str) -> None:
    token = pages.token("leave", "asha@example.com")
    answer = pages.ask("POST", f"/leave/{token}", body, {"Content-Type": kind} if kind else {})
    assert answer.status == 200
    assert "set-cookie" not in answer.headers
    assert "location" not in answer.headers
    assert pages.app.readers.suppressed() == {"asha@example.com": LEFT}
    assert pages.candidates() == {"asha@example.com": LEFT, "ravi@example.com": None}
    (entry,) = pages.consent("asha@example.com")
    assert (entry.what, entry.source) == (LEFT, "web:leave")
    assert "from 127.0.0.1" in entry.detail


def test_again_and_again_it_is_well_and_changes_nothing(pages: Site) -> None:
    token = pages.token("leave", "asha@example.com")
    for _ in range(3):
        answer = pages.post(f"/leave/{token}")
        assert (answer.status, answer.title) == (200, said("You have left"))
    assert len(pages.consent("asha@example.com")) == 1


def test_a_get_or_head_changes_nothing(pages: Site) -> None:
    token = pages.token("leave", "asha@example.com")
    answer = pages.get(f"/leave/{token}")
    assert answer.status == 200
    assert answer.text.count('<form method="post"') == 2  # leave; pause
    head = pages.ask("HEAD", f"/leave/{token}")
    assert (head.status, head.text) == (200, "")
    assert pages.app.readers.suppressed() == {}


def test_who_is_on_no_list_any_more_is_answered_well(pages: Site) -> None:
    token = pages.token("leave", "asha@example.com")
    pages.app.readers.sync([], now=pages.app.now())
    assert pages.post(f"/leave/{token}").status == 200
    assert pages.app.readers.suppressed() == {"asha@example.com": LEFT}
    assert pages.post(f"/leave/{pages.app.signer.sign('leave', 10**6)}").status == 200


def test_a_test_letter_leads_somewhere_and_changes_nobody(pages: Site) -> None:
    token = pages.app.signer.sign("leave", 0)
    for answer in (pages.get(f"/leave/{token}"), pages.post(f"/leave/{token}")):
        assert (answer.status, answer.title) == (200, said("You are not on our list"))
    assert pages.app.readers.suppressed() == {}


def test_the_readers_own_word_stands_above_a_bounce(pages: Site) -> None:
    pages.app.readers.suppress("asha@example.com", "bounced", now=pages.app.now())
    pages.post(f"/leave/{pages.token('leave', 'asha@example.com')}")
    assert pages.app.readers.suppressed() == {"asha@example.com": LEFT}


def test_coming_back_takes_back_the_own_leaving_alone(pages: Site) -> None:
    asha, ravi = (pages.token("leave", f"{name}@example.com") for name in ("asha", "ravi"))
    pages.post(f"/leave/{asha}")
    assert pages.post(f"/leave/{asha}/back").title == said("Welcome back")
    pages.app.readers.suppress("ravi@example.com", "complained", now=pages.app.now())
    assert pages.post(f"/leave/{ravi}/back").title == said("You get no mail from us")
    assert pages.app.readers.suppressed() == {"ravi@example.com": "complained"}
    assert [entry.what for entry in pages.consent("asha@example.com")] == [LEFT, "came back"]


def test_a_pause_instead_takes_the_leaving_back(pages: Site) -> None:
    token = pages.token("leave", "asha@example.com")
    pages.post(f"/leave/{token}")
    assert "7 दिसंबर 2026" in pages.post(f"/leave/{token}/pause", weeks="2").title
    assert pages.candidates() == {"asha@example.com": "paused until 2026-12-07", "ravi@example.com": None}


def test_why_is_optional_and_written_down(pages: Site) -> None:
    token = pages.token("leave", "asha@example.com")
    pages.post(f"/leave/{token}")
    assert said("Thank you for telling us.") in pages.post(f"/leave/{token}/why", why="too much").text
    assert pages.consent("asha@example.com")[-1].detail.startswith("too much")
    assert pages.post(f"/leave/{token}/why", why="<script>").status == 422


def test_a_leaving_outlives_every_edit_of_the_list(pages: Site) -> None:
    from digest.models import Subscriber

    pages.post(f"/leave/{pages.token('leave', 'asha@example.com')}")
    for name in ("", "आशा"):
        pages.app.readers.sync(
            [("asha@example.com", Subscriber("asha@example.com", name, status="active"))], now=pages.app.now()
        )
        assert pages.candidates() == {"asha@example.com": LEFT}


def test_a_letters_own_links_lead_to_these_pages(sent: Site) -> None:
    import re

    (mail,) = sent.mails("asha@example.com", "2026-11-23")
    (header,) = re.findall("<https://news.example.com(/leave/[^>]+)>", str(mail["List-Unsubscribe"]))
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    body = mail.get_body(("html",))
    assert body is not None
    links = set(re.findall('href="https://news.example.com(/[^"]+)"', body.get_content()))
    assert header in links
    assert {link.split("/")[1] for link in links} == {"leave", "preferences", "view"}
    for link in links:
        assert sent.get(link).status == 200, link


def test_a_link_of_who_was_erased_is_answered_and_leaves_nothing(pages: Site) -> None:
    from sqlalchemy import text

    token = pages.token("leave", "asha@example.com")
    with pages.app.database.write() as connection:
        gone = (
            "UPDATE subscriber SET address = 'erased:1', email = '', status = 'erased', listed = :no WHERE address = :a"
        )
        connection.execute(text(gone), {"a": "asha@example.com", "no": False})
    for place in ("", "/back", "/why"):
        assert pages.post(f"/leave/{token}{place}", why="other").status == 200
    assert pages.app.readers.suppressed() == {}
    with pages.app.database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM consent")).scalar() == 0
