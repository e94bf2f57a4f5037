"""A person's own data: another address, a copy, erasure. Each needs a confirmation from the mailbox."""

from __future__ import annotations

import json
import re
import time
from email.message import EmailMessage
from pathlib import Path

import pytest

from digest.store.people.consent import NoticeStore, hash_of
from digest.store.people.preferences import PreferenceStore
from digest.web.privacy import Tracking
from tests.support.folders import newsletter_folder
from tests.web.site import FORM, Site, link_of, site, translated

# Each test serves an edition.
pytestmark = pytest.mark.slow

ASHA, NEW = "asha@example.com", "asha@example.org"


def preferences(pages: Site, email: str = ASHA) -> str:
    return pages.preferences(email)


def ask_for(pages: Site, what: str, email: str = ASHA, **fields: str) -> str:
    """Ask on the preferences page, and return the path of the link in the email to the present address."""
    assert pages.post(f"{preferences(pages, email)}/{what}", **fields).status == 200
    mail = asked_for(pages, what, email)
    assert "/preferences/" not in str(mail.get_body(("html",)).get_content())  # type: ignore[union-attr]
    return link_of(mail)


def asked_for(pages: Site, what: str, email: str = ASHA) -> EmailMessage:
    """The email about a request. Not the notices of changed preferences, which may arrive earlier."""
    until = time.monotonic() + 10
    while True:
        for mail in pages.mails(email, "own"):
            if link_of(mail).startswith(f"/{what}/"):
                return mail
        assert time.monotonic() < until
        time.sleep(0.02)


def stored(pages: Site, email: str) -> int | None:
    found = PreferenceStore(pages.app.database).find(email)
    return found.id if found else None


def test_an_address_changes_when_both_mailboxes_said_yes(pages: Site) -> None:
    own = preferences(pages)
    pages.post(own, topics="खेल", days="sun", format="text", hour="")
    id = stored(pages, ASHA)
    assert pages.post(f"{own}/address", email=NEW).title == translated("Your preferences")
    first = asked_for(pages, "address")
    (second,) = pages.mails(NEW, "own")
    present, new = link_of(first), link_of(second)
    # The new mailbox may belong to somebody else: it learns nothing about the old one, and cannot unsubscribe it.
    assert ASHA not in second.as_string()
    assert "https" not in str(second["List-Unsubscribe"])
    assert pages.get(new).title == translated("Change your address?")
    assert stored(pages, ASHA) == id
    assert pages.post(new).title == translated("One more yes is missing")
    assert stored(pages, ASHA) == id
    assert pages.post(present).title == translated("Your address is changed")
    assert (stored(pages, ASHA), stored(pages, NEW)) == (None, id)
    # Repeating it changes nothing.
    assert pages.post(new).title == translated("Your address is changed")
    shown = pages.get(preferences(pages, NEW)).text
    assert f": {NEW}<br>" in shown
    assert 'value="sun" aria-label="रविवार" checked' in shown
    assert [entry.what for entry in pages.consent(NEW)] == ["changed", "changed address"]
    assert pages.consent(ASHA) == []
    assert pages.candidates()[NEW] != ""
    # A link of an email to the old address still unsubscribes.
    pages.post(f"/leave/{pages.app.signer.sign('leave', id or 0)}")
    assert list(pages.app.subscribers.suppressed()) == [NEW]


def test_one_mailbox_alone_changes_nothing(pages: Site) -> None:
    present = link_of_request(pages)
    for _ in range(3):
        assert pages.post(present).title == translated("One more yes is missing")
    assert stored(pages, NEW) is None


def link_of_request(pages: Site) -> str:
    pages.post(f"{preferences(pages)}/address", email=NEW)
    return link_of(pages.mails(ASHA, "own")[0])


def test_an_address_that_gets_the_newsletter_already_is_not_taken_over(pages: Site) -> None:
    pages.post(f"{preferences(pages)}/address", email="ravi@example.com")
    present, new = (link_of(pages.mails(to, "own")[0]) for to in (ASHA, "ravi@example.com"))
    pages.post(present)
    answer = pages.post(new)
    assert translated("The newsletter goes to the new address already. Unsubscribe at one of the two.") in answer.text
    assert stored(pages, ASHA) is not None


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("nobody", translated("Enter an address such as %(example)s.") % {"example": "asha@example.com"}),
        (ASHA, "आपका पता तो यही है।"),
        ("asha@gmial.com", "कहीं आप asha@gmail.com तो नहीं लिखना चाहते थे?"),
    ],
)
def test_an_odd_new_address_is_asked_about_and_kept(pages: Site, typed: str, words: str) -> None:
    answer = pages.post(f"{preferences(pages)}/address", email=typed)
    assert answer.status == 400
    assert words in answer.text
    assert f'value="{typed}"' in answer.text
    assert pages.mails("*", "own", wait=0.1) == []


def test_the_suggested_address_has_a_button(pages: Site) -> None:
    path = f"{preferences(pages)}/address"
    asked = pages.post(path, email="asha@gmial.com").text
    assert 'name="meant" value="asha@gmail.com"' in asked
    # Enter in the field presses the first button, which keeps what was typed.
    assert re.findall("<button[^>]*>", asked)[0] == "<button hidden>"
    pages.post(path, email="asha@gmial.com", sure="asha@gmial.com", meant="asha@gmail.com")
    assert len(pages.mails("asha@gmail.com", "own")) == 1


def test_a_copy_of_the_data_needs_the_mailbox(pages: Site) -> None:
    pages.post(preferences(pages), topics="खेल", days="sun", format="text", hour="")
    link = ask_for(pages, "data")
    page = pages.get(link)
    assert ASHA not in page.text
    answer = pages.request("POST", link, b"", {"Content-Type": FORM})
    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    assert answer.headers["cache-control"] == "no-store"
    data = json.loads(answer.text)
    assert (data["email"], data["subscriber"]["topics"], data["subscriber"]["format"]) == (ASHA, ["खेल"], "text")
    assert [entry["what"] for entry in data["consents"]] == ["changed"]
    # All times are those of the newsletter's zone.
    assert {data["at"][-6:], data["consents"][0]["at"][-6:], data["subscriber"]["added at"][-6:]} == {"+05:30"}
    # Also a request that waits for its confirmation.
    pages.post(f"{preferences(pages)}/address", email=NEW)
    later = json.loads(pages.request("POST", link, b"", {"Content-Type": FORM}).text)
    assert [(each["kind"], each["new address"]) for each in later["requests"]] == [("data", ""), ("address", NEW)]


def test_a_copy_to_read_holds_what_the_file_for_programs_holds(pages: Site) -> None:
    pages.post(preferences(pages), topics="खेल", days="sun", format="text", hour="09:00")
    link = ask_for(pages, "data")
    answer = pages.request("POST", link, b"form=page", {"Content-Type": FORM})
    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.html"'
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("text/html; charset=utf-8", "no-store")
    # It is kept without our site, so it loads nothing.
    assert not re.search("(?:href|src|action)=|<script", answer.text)
    data = json.loads(pages.request("POST", link, b"", {"Content-Type": FORM}).text)
    shown = re.findall("<dt>([^<]*)</dt><dd>([^<]*)</dd>", answer.text)
    names = [name for name, _ in shown]
    # Every entry of every list, and no field under its English name.
    assert names.count(translated("When")) == sum(len(data[part]) for part in ("consents", "history", "requests"))
    assert not [name for name in names if name.isascii()]
    values = dict(shown)
    assert (values[translated("Topics")], values[translated("Time")]) == ("खेल", "सुबह 9 बजे")
    # What the log has in English is in Hindi too.
    assert values[translated("By which way")] == translated("web:preferences")
    assert "विषय: खेल; कितनी बार: रवि" in values[translated("Details")]
    assert values[translated("Time zone")] == "भारत"
    for raw in ("web:", "Asia/Kolkata", "subscribers.yaml"):
        assert raw not in answer.text, raw
    assert ASHA in answer.text
    english = pages.request("POST", f"{link}?lang=en", b"form=page", {"Content-Type": FORM}).text
    assert "<dt>By which way</dt><dd>the preferences page</dd>" in english
    assert "; page in Hindi, network address 127.0.0.1</dd>" in english


def test_a_copy_to_read_has_no_english_words_for_everything_and_for_the_usual_hour(pages: Site) -> None:
    days = [("days", day) for day in ("mon", "wed")]
    pages.post(preferences(pages), *days, topics="खेल", format="html", hour="09:00")
    every = [("topics", topic) for topic in pages.app.topics]
    pages.post(preferences(pages), *days, *every, format="html", hour="")
    link = ask_for(pages, "data")
    shown = pages.request("POST", link, b"form=page", {"Content-Type": FORM}).text
    assert f"विषय: {translated('everything')}; " in shown
    assert f"समय: {translated('with the edition')}" in shown
    assert "everything" not in shown
    assert "with the edition" not in shown


def test_a_copy_to_read_says_in_hindi_that_somebody_signed_up(pages: Site) -> None:
    pages.post("/join", email=NEW)
    pages.post(link_of(pages.mails(NEW)[0]))
    link = ask_for(pages, "data", NEW)
    shown = pages.request("POST", link, b"form=page", {"Content-Type": FORM}).text
    assert translated("came from the sign-up page") in shown
    assert "came from" not in shown


def test_erasing_needs_the_mailbox_and_removes_the_line_of_the_list(tmp_path: Path) -> None:
    with site(tmp_path / "newsletter", []) as pages:
        file = pages.app.home / "subscribers.yaml"
        file.write_text(f"subscribers:\n  - email: {ASHA}\n  - email: ravi@example.com\n", encoding="utf-8")
        pages.app.subscriber_list.sync()
        answer = f"/answer/2026-11-23/feedback/1/{pages.token('preferences', ASHA)}"
        link = ask_for(pages, "erase")
        assert pages.get(link).title == translated("Erase everything?")
        assert stored(pages, ASHA) is not None
        assert pages.post(link).title == translated("Everything is erased")
        assert stored(pages, ASHA) is None
        assert ASHA not in file.read_text(encoding="utf-8")
        assert pages.app.subscriber_admin.erasures.among([ASHA]) == {ASHA}
        # The request is gone with the person.
        late = pages.post(link)
        assert (late.status, 'href="/leave"' in late.text) == (410, True)
        assert "सब कुछ मिटवा चुके हैं" in late.text
        # So is a poll's subscriber. The link is complete.
        gone = pages.get(answer)
        assert (gone.status, gone.title) == (410, translated("You are not on our list"))
        pages.app.subscriber_list.sync()
        assert pages.app.subscribers.count_listed() == 1


def test_whoever_has_left_can_still_be_erased(pages: Site) -> None:
    leave = f"/leave/{pages.token('leave', ASHA)}"
    pages.post(leave)
    asked = pages.post(f"{leave}/erase")
    assert translated("We have sent you an email. Open its link to have everything erased.") in asked.text
    (mail,) = pages.mails(ASHA, "own")
    assert pages.post(link_of(mail)).title == translated("Everything is erased")
    assert pages.app.subscribers.suppressed() == {}


def test_requests_have_a_limit_and_links_expire(pages: Site) -> None:
    for _ in range(7):
        last = pages.post(f"{preferences(pages)}/data")
    assert translated("This has been asked for often today") in last.text
    # Only the newest link works. The email says until which minute.
    told = pages.mails(ASHA, "own")[0].get_body(("plain",))
    assert told is not None
    assert "यह लिंक गुरुवार, 26 नवंबर 2026, सुबह 7 बजे तक चलेगा।" in " ".join(told.get_content().split())
    links = [link_of(mail) for mail in pages.mails(ASHA, "own", count=6)]
    assert sorted(pages.get(link).status for link in links) == [200, *[410] * 5]
    with site(pages.app.home, [ASHA], DIGEST_NOW="2026-11-27T07:00+05:30") as later:
        assert {later.get(link).status for link in links} == {410}


def test_strangers_and_other_requests_do_not_use_up_the_limit_of_the_owner(pages: Site) -> None:
    place = f"/leave/{pages.token('preferences', ASHA)}"
    pages.post(f"{place}/leave")
    for _ in range(7):
        last = pages.post(f"{place}/data")
    assert translated("This has been asked for often today") not in last.text
    assert "कोई ईमेल नहीं भेजा गया" in last.text
    # Another network has requests left, and the link in the mailbox works until the next email comes.
    assert pages.get(newest_link(pages, 3)).status == 200
    assert (
        translated("We have sent you an email. Its link leads to the file.")
        in pages.post(f"{place}/data", network="203.0.113.9").text
    )
    assert pages.get(newest_link(pages, 4)).status == 200
    assert (
        f"/leave/{pages.token('preferences', ASHA)}?done=erase"
        in pages.request("POST", f"{place}/erase", b"", {"Content-Type": FORM}).headers["location"]
    )
    pages.post(f"{place}/back")
    for what in ("data", "erase", "nominee"):
        assert translated("We have sent you an email") in pages.post(f"{preferences(pages)}/{what}").text


def newest_link(pages: Site, count: int) -> str:
    """The link of the last email about a copy of the data; waits until there are so many beside other emails."""
    until = time.monotonic() + 10
    links: list[str] = []
    while len(links) < count:
        assert time.monotonic() < until
        links = [link for mail in pages.mails(ASHA, "own") if (link := link_of(mail)).startswith("/data/")]
        time.sleep(0.02)
    assert len(links) == count
    return next(link for link in links if pages.get(link).status == 200)


def test_a_stranger_does_not_use_up_the_links_to_the_preferences(pages: Site) -> None:
    place = f"/preferences/{pages.token('preferences', ASHA)}/choose"
    for _ in range(7):
        last = pages.post(place)
    assert "उसका लिंक अब भी चलेगा" in last.text
    assert translated("We have sent you an email") in pages.post(place, network="203.0.113.9").text
    links = [link_of(mail) for mail in pages.mails(ASHA, "own", count=7)]
    assert len(links) == 7, "six for one network, and one for another"
    assert {pages.request("GET", link).status for link in links} == {303}


def test_without_an_edition_at_hand_the_link_comes_by_email(pages: Site) -> None:
    assert 'href="/leave"' in pages.get("/privacy").text
    assert pages.get("/leave").status == 200
    # What anybody asks for on the page to join does not use up the limit of leaving.
    pages.post("/join", email=ASHA)
    (reminder,) = pages.mails(ASHA, "own")
    answers = [pages.post("/leave", email=email) for email in ("nobody@example.org", ASHA)]
    # Nobody learns who is on the list.
    assert len({answer.text for answer in answers}) == 1
    both = pages.mails(ASHA, "own", count=2)
    (mail,) = (each for each in both if each["Message-ID"] != reminder["Message-ID"])
    assert pages.mails("nobody@example.org", "own", wait=0.1) == []
    # The email also says how to leave.
    leaving = "There you choose topics, days and time, take a break, or unsubscribe with one button."
    assert translated(leaving)[:30] in str(mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert "set-cookie" in pages.request("GET", link_of(mail)).headers
    # A stranger cannot fill the mailbox.
    assert pages.post("/leave", email=ASHA).text == answers[0].text
    assert len(pages.mails(ASHA, "own")) == 2
    assert pages.post("/leave", email="nobody").status == 400


def test_the_preferences_say_why(pages: Site) -> None:
    assert "23 नवंबर 2026 को संपादकों ने आपका पता सूची में जोड़ा था" in pages.get(preferences(pages)).text
    pages.post("/join", email="neha@example.org")
    pages.post(link_of(pages.mails("neha@example.org")[0]))
    assert "23 नवंबर 2026 को सदस्यता ली थी" in pages.get(preferences(pages, "neha@example.org")).text


def test_each_consent_keeps_the_notice_that_was_shown(pages: Site) -> None:
    pages.post("/join", email="neha@example.org")
    pages.post(link_of(pages.mails("neha@example.org")[0]))
    (entry,) = pages.consent("neha@example.org")
    notice = NoticeStore(pages.app.database).named([entry.notice])[entry.notice]
    assert (notice.language, notice.version, hash_of(notice.text)) == ("hi", 1, entry.notice)
    said = translated("Version %(number)s, since %(day)s") % {"number": 1, "day": "23 नवंबर 2026"}
    assert said in pages.get("/privacy").text
    for words in (
        translated("What we keep, what for and how long"),
        "60 दिन",
        "डिजिटल वैयक्तिक डाटा संरक्षण अधिनियम, 2023",
        "भारतीय डाटा संरक्षण बोर्ड",
        "desk@example.com",
    ):
        assert words in notice.text
    assert translated("Complain to the Board") not in pages.get("/privacy").text, "its address is not set"


def test_the_kept_notice_introduces_those_who_work_for_us(tmp_path: Path) -> None:
    home = tmp_path / "newsletter"
    newsletter_folder(home, all_sources=False)
    settings = home / "digest.yaml"
    more = "privacy:\n  processors:\n    - {name: Example Hosting, task: सर्वर}\n"
    settings.write_text(f"{settings.read_text(encoding='utf-8')}\n{more}", encoding="utf-8")
    with site(home) as pages:
        pages.post("/join", email="neha@example.org")
        pages.post(link_of(pages.mails("neha@example.org")[0]))
        (entry,) = pages.consent("neha@example.org")
        notice = NoticeStore(pages.app.database).named([entry.notice])[entry.notice]
        assert f"{translated('These work for us:')}\n* Example Hosting: सर्वर" in notice.text
    assert entry.wording.endswith("मेरी उम्र 18 साल या उससे ज़्यादा है।")
    # Other settings make another notice. The consent keeps the notice that was shown.
    with site(pages.app.home, [ASHA], DIGEST_PRIVACY__BOARD_URL="https://board.example/complain") as changed:
        link = f'<a href="https://board.example/complain">{translated("Complain to the Board")}</a>'
        assert link in changed.get("/privacy").text
        changed.post("/join", email="kavita@example.org")
        changed.post(link_of(changed.mails("kavita@example.org")[0]))
        (other,) = changed.consent("kavita@example.org")
        notices = NoticeStore(changed.app.database).named([entry.notice, other.notice])
        assert {each.version for each in notices.values()} == {1, 2}
        assert "https://board.example/complain" in notices[other.notice].text
    # Between the request and its confirmation too: the page of the button shows the present words and notice.
    with site(home, [ASHA]) as asked:
        asked.post("/join", email="meera@example.org")
        link = link_of(asked.mails("meera@example.org")[0])
    older = {"DIGEST_PRIVACY__MINIMUM_AGE": "16", "DIGEST_PRIVACY__BOARD_URL": "https://board.example/complain"}
    with site(home, [ASHA], **older) as changed:
        words = "मेरी उम्र 16 साल या उससे ज़्यादा है।"
        assert words in changed.get(link).text
        changed.post(link)
        (last,) = changed.consent("meera@example.org")
        kept = NoticeStore(changed.app.database).named([last.notice])[last.notice]
        assert last.wording.endswith(words)
        assert "https://board.example/complain" in kept.text


def test_the_notice_names_both_laws(tmp_path: Path) -> None:
    with site(tmp_path / "newsletter", DIGEST_PRIVACY__LAWS='["dpdp", "gdpr"]') as pages:
        text = pages.get("/privacy?lang=en").text
    for words in (
        "India&#39;s Digital Personal Data Protection Act, 2023, and the General Data Protection Regulation (GDPR)",
        "<b>By the law of India:</b> You may name somebody",
        "<b>By the law of the European Union:</b> We send you",
        "Data Protection Board of India",
        "data protection authority of your country",
    ):
        assert words in text


def test_the_notice_follows_the_settings(tmp_path: Path) -> None:
    settings = {
        "DIGEST_PRIVACY__LAWS": '["gdpr"]',
        "DIGEST_PRIVACY__MINIMUM_AGE": "0",
        "DIGEST_PRIVACY__RESPONSIBLE": "नदी मीडिया",
        "DIGEST_PRIVACY__GRIEVANCE__EMAIL": "suman@example.org",
        "DIGEST_NEWSLETTER__TRACKING": "on",
    }
    with site(tmp_path / "newsletter", **settings) as pages:
        text = pages.get("/privacy?lang=en").text
        for words in ("नदी मीडिया", "suman@example.org", "data protection authority", "which links you follow"):
            assert words in text
        assert "Data Protection Board" not in text
        assert "Digital Personal Data Protection Act" not in text
        assert "or older" not in pages.get("/join?lang=en").text
        assert "/privacy" in pages.get("/join").text
        assert "/privacy" in pages.get(preferences(pages)).text


@pytest.mark.parametrize("archive", ["public", "subscribers"])
def test_the_notice_names_each_cookie_and_the_codes_of_limits(tmp_path: Path, archive: str) -> None:
    phone = {"DIGEST_PRIVACY__GRIEVANCE__PHONE": "+91 11 0000 0000"}
    with site(tmp_path / "newsletter", DIGEST_WEB__ARCHIVE=archive, **phone) as pages:
        text = pages.get("/privacy?lang=en").text
        assert "a number made from your address or network" in text
        assert "a cookie in your browser" in text
        assert ("another cookie" in text) is (archive == "subscribers")
        assert '<a href="tel:+911100000000">+91 11 0000 0000</a>' in text


@pytest.mark.parametrize("tracking", Tracking)
def test_the_notice_and_the_sign_up_page_say_who_sees_which_clicks(tmp_path: Path, tracking: Tracking) -> None:
    settings = {
        Tracking.NOTHING: {},
        Tracking.CLICKS: {"DIGEST_CLICKS__ENABLED": "true"},
        Tracking.PEOPLE: {"DIGEST_CLICKS__ENABLED": "true", "DIGEST_CLICKS__SUBSCRIBERS": "true"},
        Tracking.OPENS: {"DIGEST_NEWSLETTER__TRACKING": "on", "DIGEST_CLICKS__ENABLED": "true"},
    }
    said = {
        Tracking.NOTHING: "We do not watch who opens an email or follows a link.",
        Tracking.CLICKS: "We count how many people open each link, but do not see who.",
        Tracking.PEOPLE: "We see who opened which link of an edition",
        Tracking.OPENS: "Opens and clicks are counted.",
    }
    items = {
        "which link of an edition was opened": (Tracking.CLICKS, Tracking.OPENS),
        "which links of an edition you open": (Tracking.PEOPLE,),
        "when you last opened a link": (Tracking.PEOPLE,),
        "whether you open an email": (Tracking.OPENS,),
    }
    with site(tmp_path / "newsletter", **settings[tracking]) as pages:
        text = pages.get("/privacy?lang=en").text
        assert [each for each in Tracking if said[each] in text] == [tracking]
        assert {words for words in items if words in text} == {words for words in items if tracking in items[words]}
        if tracking == Tracking.PEOPLE:
            assert "2 days; after that only totals" in text
        promised = "We do not watch who reads what" in pages.get("/?lang=en").text
        assert promised == (tracking in (Tracking.NOTHING, Tracking.CLICKS))


def test_the_notice_says_how_long_each_text_is_kept(tmp_path: Path) -> None:
    kept = {"DIGEST_STORE__KEEP__WORDS": "200d", "DIGEST_STORE__KEEP__DELIVERIES": "90d"}
    with site(tmp_path / "newsletter", **kept) as pages:
        items = re.findall("<dt>(.*?)</dt>.*?</b> ([^<]*)</dd></div>", pages.get("/privacy?lang=en").text)
    found = {what.split(",")[0]: time for what, time in items}
    assert found["what you write to us with an answer"] == "200 days"
    # The reason is in the consent log, which is never deleted.
    assert found["why you left"] == "until you have it erased"
    totals = "90 days, and always of the 10 newest editions; after that only totals without names"
    assert found["your answers to polls and quizzes"] == found["which edition we sent you"] == totals
