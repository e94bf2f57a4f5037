"""Unsubscribe by RFC 8058: one POST is enough, and nothing else unsubscribes."""

from __future__ import annotations

import re

import pytest

from digest.store.people.preferences import UNSUBSCRIBED
from tests.web.site import FORM, Site, link_of, translated

MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
    "multipart/form-data; boundary=x",
)
URLENCODED = (b"List-Unsubscribe=One-Click", FORM)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "kind"), [URLENCODED, MULTIPART, (b"", FORM), (b"\xff\x00 nonsense", "text/plain"), (b"", "")]
)
def test_one_post_unsubscribes(pages: Site, body: bytes, kind: str) -> None:
    token = pages.token("leave", "asha@example.com")
    answer = pages.request("POST", f"/leave/{token}", body, {"Content-Type": kind} if kind else {})
    assert answer.status == 200
    assert "set-cookie" not in answer.headers
    assert "location" not in answer.headers
    assert pages.app.subscribers.suppressed() == {"asha@example.com": UNSUBSCRIBED}
    assert pages.candidates() == {"asha@example.com": UNSUBSCRIBED, "ravi@example.com": None}
    (entry,) = pages.consent("asha@example.com")
    assert (entry.what, entry.source) == (UNSUBSCRIBED, "web:leave")
    assert "from 127.0.0.1" in entry.detail


def test_repeating_it_succeeds_and_changes_nothing(pages: Site) -> None:
    token = pages.token("leave", "asha@example.com")
    for _ in range(3):
        answer = pages.post(f"/leave/{token}")
        assert (answer.status, answer.title) == (200, translated("You have unsubscribed"))
    assert len(pages.consent("asha@example.com")) == 1


def test_a_get_or_head_changes_nothing(pages: Site) -> None:
    token = pages.token("leave", "asha@example.com")
    answer = pages.get(f"/leave/{token}")
    assert answer.status == 200
    # One form to leave, and one for a link to the preferences.
    assert answer.text.count('<form method="post"') == 2
    head = pages.request("HEAD", f"/leave/{token}")
    assert (head.status, head.text) == (200, "")
    assert pages.app.subscribers.suppressed() == {}


def test_a_subscriber_who_is_off_the_list_can_unsubscribe(pages: Site) -> None:
    token = pages.token("leave", "asha@example.com")
    pages.app.subscribers.sync([], now=pages.app.now())
    assert pages.post(f"/leave/{token}").status == 200
    assert pages.app.subscribers.suppressed() == {"asha@example.com": UNSUBSCRIBED}
    assert pages.post(f"/leave/{pages.app.signer.sign('leave', 10**6)}").status == 200


def test_the_links_of_a_test_email_change_nobody(pages: Site) -> None:
    token = pages.app.signer.sign("leave", 0)
    for answer in (pages.get(f"/leave/{token}"), pages.post(f"/leave/{token}")):
        assert (answer.status, answer.title) == (200, translated("You are not on our list"))
    assert pages.app.subscribers.suppressed() == {}


def test_an_unsubscribe_outranks_a_bounce(pages: Site) -> None:
    pages.app.subscribers.suppress("asha@example.com", "bounced", now=pages.app.now())
    pages.post(f"/leave/{pages.token('leave', 'asha@example.com')}")
    assert pages.app.subscribers.suppressed() == {"asha@example.com": UNSUBSCRIBED}


def test_coming_back_undoes_only_an_unsubscribe(pages: Site) -> None:
    asha, ravi = (pages.token("leave", f"{name}@example.com") for name in ("asha", "ravi"))
    pages.post(f"/leave/{asha}")
    assert pages.post(f"/leave/{asha}/back").title == translated("Welcome back")
    pages.app.subscribers.suppress("ravi@example.com", "complained", now=pages.app.now())
    assert pages.post(f"/leave/{ravi}/back").title == translated("You get no email from us")
    assert pages.app.subscribers.suppressed() == {"ravi@example.com": "complained"}
    assert [entry.what for entry in pages.consent("asha@example.com")] == [UNSUBSCRIBED, "came back"]


def test_whoever_comes_back_sees_the_next_date_and_the_way_to_the_preferences(pages: Site) -> None:
    # The browser is not known, so the date is everybody's, whatever days the subscriber chose.
    due = "The next edition comes out on %(day)s, at %(time)s. You get those of the days that you chose, as before."
    token = pages.token("preferences", "asha@example.com")
    pages.post(f"/leave/{token}/leave")
    shown = pages.post(f"/leave/{token}/back").text
    assert f'href="/preferences/{token}"' in shown
    assert translated(due).split("%(day)s")[0] + "मंगलवार, 24 नवंबर" in shown
    # The token of the header opens no preferences, but mails the link.
    header = pages.token("leave", "ravi@example.com")
    pages.post(f"/leave/{header}")
    shown = pages.post(f"/leave/{header}/back").text
    assert "/preferences/" not in shown
    assert f'action="/leave/{header}/choose"' in shown


def test_a_known_browser_pauses_instead(pages: Site) -> None:
    place = pages.preferences("asha@example.com").replace("preferences", "leave", 1)
    assert f'action="{place}/pause"' in pages.get(place).text
    assert "7 दिसंबर 2026" in pages.post(f"{place}/pause", weeks="2").title
    assert pages.candidates() == {"asha@example.com": "paused until 2026-12-07", "ravi@example.com": None}


@pytest.mark.parametrize("kind", ["leave", "preferences"])
def test_other_browsers_get_a_link_to_the_days_by_email_instead(pages: Site, kind: str) -> None:
    place = f"/leave/{pages.token(kind, 'asha@example.com')}"
    shown = pages.get(place).text
    assert not any(f'action="{place}/{act}"' in shown for act in ("pause", "less"))
    for act, fields in (("pause", {"weeks": "2"}), ("less", {"frequency": "weekly:sun"})):
        assert pages.post(f"{place}/{act}", **fields).status == 403
    assert pages.candidates()["asha@example.com"] is None
    assert f'action="{place}/choose"' in shown
    assert translated("We have sent you an email") in pages.post(f"{place}/choose").text
    (mail,) = pages.mails("asha@example.com", "own")
    body = mail.get_body(("plain",))
    assert body is not None
    assert "#days" in body.get_content()


def leave_and_get_code(pages: Site, place: str) -> str:
    """Unsubscribe on the page, and return the code of its form for a reason."""
    found = re.search('name="code" value="([^"]+)"', pages.post(f"{place}/leave").text)
    return found[1] if found else ""


def test_a_reason_is_logged_once_and_by_a_known_browser_as_verified(pages: Site) -> None:
    place = pages.preferences("asha@example.com").replace("preferences", "leave", 1)
    code = leave_and_get_code(pages, place)
    assert translated("Thank you for your answer.") in pages.post(f"{place}/why", why="too much", code=code).text
    assert pages.consent("asha@example.com")[-1].detail.startswith("too much; hi")
    pages.post(f"{place}/why", why="other", word="again", code=code)
    assert [entry.what for entry in pages.consent("asha@example.com")] == [UNSUBSCRIBED, "said why"]
    assert pages.post(f"{place}/why", why="<script>", code=code).status == 422


def test_a_reason_of_a_stranger_is_marked_and_goes_with_the_undo(pages: Site) -> None:
    place = f"/leave/{pages.token('preferences', 'asha@example.com')}"
    code = leave_and_get_code(pages, place)
    pages.post(f"{place}/why", why="other", word="something rude", code=code)
    assert pages.consent("asha@example.com")[-1].detail.startswith("other: something rude; not verified")
    (mail,) = pages.mails("asha@example.com", "own")
    told = mail.get_body(("plain",))
    assert told is not None
    assert translated("If they gave a reason, we delete it when you subscribe again.") in told.get_content()
    pages.post(link_of(mail))
    assert [entry.what for entry in pages.consent("asha@example.com")] == [UNSUBSCRIBED, "came back"]
    # The code ends with the unsubscribe that it was for.
    pages.post(f"{place}/why", why="other", code=code)
    assert "said why" not in [entry.what for entry in pages.consent("asha@example.com")]


def test_only_the_browser_that_unsubscribed_gives_a_reason(pages: Site) -> None:
    place = f"/leave/{pages.token('preferences', 'asha@example.com')}"
    code = leave_and_get_code(pages, place)
    assert f'action="{place}/why"' not in pages.get(place).text
    for forged in ("", "x", code[:-1], code.replace(".0.", ".1.")):
        pages.post(f"{place}/why", why="other", code=forged)
    # Unsubscribing again gives no other code.
    assert leave_and_get_code(pages, place) == ""
    assert [entry.what for entry in pages.consent("asha@example.com")] == [UNSUBSCRIBED]


@pytest.mark.slow
def test_an_unsubscribe_survives_every_edit_of_the_list(pages: Site) -> None:
    from digest.models import Subscriber

    pages.post(f"/leave/{pages.token('leave', 'asha@example.com')}")
    for name in ("", "आशा"):
        pages.app.subscribers.sync(
            [("asha@example.com", Subscriber("asha@example.com", name, status="active"))], now=pages.app.now()
        )
        assert pages.candidates() == {"asha@example.com": UNSUBSCRIBED}


@pytest.mark.slow
def test_the_links_of_an_email_lead_to_these_pages(sent: Site) -> None:
    import re

    (mail,) = sent.mails("asha@example.com", "2026-11-23")
    (header,) = re.findall("<https://news.example.com(/leave/[^>]+)>", str(mail["List-Unsubscribe"]))
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    body = mail.get_body(("html",))
    assert body is not None
    links = set(re.findall('href="https://news.example.com(/[^"]+)"', body.get_content()))
    # A forwarded email does not contain the token of the header.
    assert header.removeprefix("/leave/") not in body.get_content()
    kinds = {"leave", "pause", "preferences", "privacy", "archive", "join", "answer"}
    assert {link.split("/")[1] for link in links} == kinds
    for link in (header, *links):
        assert sent.get(link).status == 200, link


def test_the_link_of_an_erased_subscriber_answers_and_stores_nothing(pages: Site) -> None:
    from sqlalchemy import text

    token = pages.token("leave", "asha@example.com")
    with pages.app.database.write() as connection:
        erase = (
            "UPDATE subscriber SET address = 'erased:1', email = '', status = 'erased', listed = :no WHERE address = :a"
        )
        connection.execute(text(erase), {"a": "asha@example.com", "no": False})
    for place in ("", "/back", "/why"):
        assert pages.post(f"/leave/{token}{place}", why="other").status == 200
    assert pages.app.subscribers.suppressed() == {}
    with pages.app.database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM consent")).scalar() == 0


def test_fewer_emails_are_offered_instead(pages: Site) -> None:
    place = pages.preferences("asha@example.com").replace("preferences", "leave", 1)
    assert 'name="frequency" value="weekly:sun"' in pages.get(place).text
    done = pages.post(f"{place}/less", frequency="weekly:sun")
    assert (done.status, done.title) == (200, translated("Your preferences are saved"))
    assert "रविवार, 29 नवंबर 2026" in done.text
    assert pages.consent("asha@example.com")[0].detail.startswith("frequency: weekly:sun")
    # Nothing less is left to offer.
    assert 'name="frequency"' not in pages.get(place).text
    assert pages.post(f"{place}/less", frequency="daily").status == 422


def test_a_reason_may_have_a_word(pages: Site) -> None:
    place = f"/leave/{pages.token('leave', 'asha@example.com')}"
    code = leave_and_get_code(pages, place)
    thanked = pages.post(f"{place}/why", code=code, why="other", word="  बहुत\r\nज़्यादा " + "क्षि" * 600)
    assert translated("Thank you for your answer.") in thanked.text
    detail = pages.consent("asha@example.com")[-1].detail
    assert detail.startswith("other: बहुत ज़्यादा क्षि")
    assert detail.partition(";")[0].endswith("क्षि")
    before = len(pages.consent("asha@example.com"))
    pages.post(f"{place}/why", code=code)
    assert len(pages.consent("asha@example.com")) == before
