"""The mailbox gets a notice of each change by a link of an email, with a button to undo it. A known browser needs none.
A forwarded email contains the tokens of its text, but not the one of its header.
"""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from digest.feedback.rules import UNSUBSCRIBED
from digest.store.people.consent import NOMINATED, ConsentLog
from digest.store.people.preferences import PreferenceStore
from tests.web.site import Site, link_of, site, translated

# Each test serves an edition.
pytestmark = pytest.mark.slow

ASHA = "asha@example.com"
FORM = {"topics": "खेल", "days": "sun", "format": "text", "hour": ""}


def page(pages: Site, name: str) -> str:
    return f"/{name}/{pages.token('preferences', ASHA)}"


def told(pages: Site) -> EmailMessage:
    """An email to the mailbox about a change."""
    return pages.mails(ASHA, "own")[-1]


def stored(pages: Site) -> tuple[object, ...]:
    found = PreferenceStore(pages.app.database).find(ASHA)
    assert found
    return found.topics, found.frequency, found.format, found.paused_until, found.suppressed


def test_whoever_got_a_forwarded_email_can_unsubscribe_nobody_for_long(pages: Site) -> None:
    leave = page(pages, "leave")
    assert "a•••@example.com" in pages.get(leave).text
    assert ASHA not in pages.get(leave).text
    assert pages.post(f"{leave}/leave").title == translated("You have unsubscribed")
    undo = link_of(told(pages))
    assert pages.get(undo).title == translated("Subscribe again?")
    assert stored(pages)[-1] == UNSUBSCRIBED
    assert pages.post(undo).title == translated("Your subscription is active")
    assert stored(pages)[-1] is None
    assert [entry.source for entry in pages.consent(ASHA)] == ["web:leave", "web:undo"]
    # Used once: it does not subscribe a person again who leaves later.
    pages.post(f"/leave/{pages.token('leave', ASHA)}")
    pages.post(undo)
    assert stored(pages)[-1] == UNSUBSCRIBED


def test_the_button_of_a_mailbox_provider_tells_nobody(pages: Site) -> None:
    pages.post(f"/leave/{pages.token('leave', ASHA)}", **{"List-Unsubscribe": "One-Click"})
    assert stored(pages)[-1] == UNSUBSCRIBED
    assert pages.mails(ASHA, "own", wait=0.1) == []


def test_a_one_click_post_to_the_visible_link_is_told(pages: Site) -> None:
    assert pages.post(page(pages, "leave"), **{"List-Unsubscribe": "One-Click"}).status == 200
    assert stored(pages)[-1] == UNSUBSCRIBED
    told(pages)


def test_coming_back_is_told_too(pages: Site) -> None:
    leave = page(pages, "leave")
    pages.post(f"/leave/{pages.token('leave', ASHA)}")
    pages.post(f"{leave}/back")
    assert stored(pages)[-1] is None
    undo = link_of(told(pages))
    assert pages.get(undo).title == translated("Unsubscribe?")
    assert pages.post(undo).title == translated("You have unsubscribed")
    assert stored(pages)[-1] == UNSUBSCRIBED


def test_a_known_browser_sends_no_notice(pages: Site) -> None:
    pages.post(pages.preferences(ASHA), **FORM)
    assert stored(pages) == (("खेल",), "weekly:sun", "text", None, None)
    pages.post(page(pages, "pause"))
    pages.post(page(pages, "leave") + "/leave")
    assert stored(pages)[-1] == UNSUBSCRIBED
    assert pages.mails(ASHA, "own", wait=0.1) == []


@pytest.mark.parametrize(
    ("name", "path", "form"),
    [("pause", "", {}), ("leave", "/pause", {"weeks": "2"}), ("leave", "/less", {"frequency": "weekly:sun"})],
)
def test_a_forwarded_email_pauses_nobody(pages: Site, name: str, path: str, form: dict[str, str]) -> None:
    before = stored(pages)
    assert pages.post(page(pages, name) + path, **form).status == 403
    assert stored(pages) == before
    assert pages.mails(ASHA, "own", wait=0.1) == []


def test_the_pause_button_of_an_email_brings_a_link_to_the_pauses(pages: Site) -> None:
    asked = pages.get(page(pages, "pause"))
    assert asked.title == translated("Take a break")
    assert f'action="{page(pages, "preferences")}/choose"' in asked.text
    pages.post(f"{page(pages, 'preferences')}/choose", **{"for": "pause"})
    link = link_of(told(pages))
    assert f"{link}#pause" in str(told(pages).get_body(("plain",)).get_content())  # type: ignore[union-attr]
    opened = pages.request("GET", link)
    pages.cookie = opened.headers["set-cookie"].partition(";")[0]
    assert 'id="pause"' in pages.get(opened.headers["location"]).text
    assert pages.post(page(pages, "pause")).title.startswith("आपके ईमेल सोमवार, 7 दिसंबर 2026")


def test_an_old_email_subscribes_nobody_again(pages: Site) -> None:
    """Within a day the button of the page is enough; later somebody else may have found the email."""
    leave = page(pages, "leave")
    pages.post(f"/leave/{pages.token('leave', ASHA)}")
    with site(pages.app.home, [ASHA], DIGEST_NOW="2026-12-03T07:00+05:30") as later:
        later.post(f"{leave}/back")
        assert stored(later)[-1] == UNSUBSCRIBED
        assert (
            translated("We have sent you an email. Open its link to subscribe again.")
            in later.get(f"{leave}?done=undo").text
        )
        later.post(link_of(told(later)))
        assert stored(later)[-1] is None


def test_too_many_changes_are_refused_but_leaving_is_not(pages: Site) -> None:
    place = page(pages, "leave")
    for _ in range(6):
        pages.post(f"{place}/leave")
        last = pages.post(f"{place}/back")
    assert "इस बार कोई ईमेल नहीं भेजा गया" in last.text
    assert stored(pages)[-1] == UNSUBSCRIBED


def test_nobody_is_told_at_an_address_that_bounced(pages: Site) -> None:
    pages.app.subscribers.suppress(ASHA, "bounced", now=pages.app.now())
    pages.post(f"{page(pages, 'leave')}/leave")
    assert stored(pages)[-1] == UNSUBSCRIBED
    assert pages.mails(ASHA, "own", wait=0.1) == []


def test_a_change_is_put_back_for_thirty_days(pages: Site) -> None:
    pages.post(page(pages, "leave") + "/leave")
    undo = link_of(told(pages))
    for day, status in (("2026-12-22", 200), ("2026-12-24", 410)):
        with site(pages.app.home, [ASHA], DIGEST_NOW=f"{day}T07:00+05:30") as later:
            assert later.get(undo).status == status


@pytest.mark.parametrize("language", ["hi", "bho"])
def test_a_nominee_is_shown_without_the_network_address(pages: Site, language: str) -> None:
    detail = f"Ravi, 98; {language}, from 203.0.113.9"
    ConsentLog(pages.app.database).record(ASHA, NOMINATED, pages.app.now(), "web", detail=detail)
    assert ConsentLog(pages.app.database).nominee(ASHA) == "Ravi, 98"


def test_a_nomination_needs_the_mailbox(tmp_path: Path) -> None:
    with site(tmp_path / "newsletter", [ASHA]) as pages:
        pages.post(f"{pages.preferences(ASHA)}/nominee")
        link = asked = link_of(told(pages))
        assert pages.get(link).title == translated("Nominate somebody")
        wrong = pages.post(link, nominee="रवि", contact=" ")
        assert (wrong.status, 'value="रवि"' in wrong.text) == (400, True)
        done = pages.post(link, nominee="रवि", contact="ravi@example.org")
        assert done.title == translated("Your nomination is stored")
        pages.post(link, nominee="कोई और", contact="x")
        held = pages.app.personal_data.collect(ASHA)
        assert held
        assert [entry["detail"].split(";")[0] for entry in held["consents"]] == ["रवि, ravi@example.org"]
        named = translated("You nominate: %(who)s") % {"who": "रवि, ravi@example.org"}
        assert named in pages.get(pages.preferences(ASHA)).text
        subjects = {str(mail["Subject"]) for mail in pages.mails(ASHA, "own", count=2)}
        assert translated("Your nomination at %(name)s") % {"name": "सुबह की ख़बरें"} in subjects
        # Another link withdraws it, once.
        pages.post(f"{pages.preferences(ASHA)}/nominee")
        links = {link_of(mail) for mail in pages.mails(ASHA, "own", count=3)}
        (again,) = (link for link in links - {asked} if link.startswith("/nominee/"))
        assert named in pages.get(again).text
        assert pages.post(f"{again}/withdraw").title == translated("Your nomination is withdrawn")
        assert pages.post(again, nominee="कोई और", contact="x").title == translated("Your nomination is withdrawn")
        assert named not in pages.get(pages.preferences(ASHA)).text
