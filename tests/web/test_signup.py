"""Sign-up: only the owner of an address can subscribe it, and nobody learns who is a subscriber."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import text

from digest import pipeline
from digest.app import make_app
from digest.mail.message import content_ids, recipient, substitute
from digest.models import PLACEHOLDERS, RenderedEmail, Subscriber
from digest.render.size_budget import CLIPPED, measure
from digest.store.content.archive import ArchivedStory
from digest.store.people.preferences import UNSUBSCRIBED, PreferenceStore
from digest.web import email_limits
from digest.web.consent import CONSENT_VERSION, consent_wording
from digest.web.editions import on_show
from digest.web.signup import round_down
from tests.support.dns_server import DnsServer
from tests.support.folders import newsletter_folder
from tests.support.tables import each_row
from tests.web.site import NOW, Site, link_of, send_editions_of_all_kinds, site, translated

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
        5,
        "मुझे ‘न’ ईमेल पर चाहिए। सदस्यता कभी भी छोड़ी जा सकती है; हर ईमेल में छोड़ने का लिंक है। मेरी उम्र 18 साल या उससे ज़्यादा है।",
        "I want to get N by email. I can unsubscribe at any time, from any email. I am 18 or older.",
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
    assert "अपना पता पक्का करें" in str(mail["Subject"])


def test_a_confirmation_link_expires_after_three_days(pages: Site) -> None:
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
    assert "/choose/" in link_of(pages.mails("asha@example.com", "own")[0])
    assert "/confirm/" in link_of(pages.mails("nobody@example.org")[0])
    # Anyone can enter an address, so a person who reported us as spam gets nothing.
    assert pages.mails("ravi@example.com", wait=0.2) == []


def test_the_answer_to_a_form_may_be_shown_again(pages: Site) -> None:
    for email, status in (("neha@example.org", 200), ("neha", 400)):
        answer = pages.post("/join", email=email)
        assert (answer.status, answer.headers["cache-control"]) == (status, "private, no-cache")


@each_row(
    ("number", "rounded"),
    [(0, 0), (7, 7), (99, 99), (100, 100), (1_234, 1_200), (48_312, 48_000), (105_600, 100_000)],
)
def test_the_number_of_readers_is_rounded_down(number: int, rounded: int) -> None:
    assert round_down(number) == rounded


@pytest.mark.parametrize(("least", "shown"), [("0", False), ("2", True), ("3", False)])
def test_the_form_says_how_many_read_it_from_a_number_on(tmp_path: Path, least: str, shown: bool) -> None:
    people = ["asha@example.com", "ravi@example.com"]
    with site(tmp_path / "newsletter", people, DIGEST_WEB__SHOW_READERS_FROM=least) as pages:
        # There are two, which is more than one.
        assert (translated("More than %(count)s readers") % {"count": 1} in pages.get("/").text) is shown


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
def test_a_network_has_a_limit_an_hour(
    pages: Site, monkeypatch: pytest.MonkeyPatch, one: str, same: str, other: str
) -> None:
    assert email_limits._PER_NETWORK_AND_HOUR == 300
    monkeypatch.setattr(email_limits, "_PER_NETWORK_AND_HOUR", 5)
    for number in range(5):
        assert pages.post("/join", email=f"n{number}@example.org", network=one).status == 200
    refused = pages.post("/join", email="more@example.org", network=same)
    assert refused.status == 429
    assert 'value="more@example.org"' in refused.text
    # The address is fine.
    assert "aria-invalid" not in refused.text
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


def test_sign_up_can_be_disabled(tmp_path: Path) -> None:
    with site(tmp_path / "newsletter", DIGEST_WEB__SIGNUP="false") as pages:
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


def test_a_used_link_says_that_the_subscription_is_active(pages: Site) -> None:
    link = sign_up(pages)
    first = pages.request("POST", link)
    pages.cookie = first.headers["set-cookie"].partition(";")[0]
    done = pages.get(first.headers["location"])
    assert done.title == translated("You are subscribed now")
    assert "/preferences/" in done.text
    pages.cookie = ""
    for again in (pages.get(link), pages.post(link)):
        assert (again.status, again.title) == (200, translated("Your subscription is active"))
        # A person with the old email gets no other key, and does not learn when the next edition comes.
        assert "/preferences/" not in again.text
        assert "मंगलवार, 24 नवंबर 2026" not in again.text
    place = pages.preferences("neha@example.org")
    assert "मंगलवार, 24 नवंबर 2026" in pages.get(link).text
    pages.post(f"{place}", ("topics", "देश"), ("days", "sun"), hour="", format="html", weeks="2")
    paused = translated("Your email is paused until %(day)s.") % {"day": "सोमवार, 7 दिसंबर 2026"}
    assert paused in pages.get(link).text
    pages.cookie = ""
    assert "दिसंबर" not in pages.get(link).text
    pages.post(f"/leave/{pages.token('leave', 'neha@example.org')}")
    assert pages.get(link).status == 410


def test_the_confirmation_email_says_when_the_link_expires_and_what_comes_next(pages: Site) -> None:
    sign_up(pages)
    (mail,) = pages.mails("neha@example.org")
    for kind in ("html", "plain"):
        part = mail.get_body((kind,))
        assert part is not None
        for expected in ("गुरुवार, 26 नवंबर 2026", "मंगलवार, 24 नवंबर 2026 को सुबह 7 बजे"):
            assert expected in " ".join(part.get_content().split())


@pytest.mark.parametrize(
    ("typed", "meant"), [("neha@gmial.com", "neha@gmail.com"), ("Neha@yahoo.con", "neha@yahoo.com")]
)
def test_a_mistyped_provider_is_a_question(pages: Site, typed: str, meant: str) -> None:
    asked = pages.post("/join", email=typed)
    assert asked.status == 400
    assert translated("Did you mean %(email)s?") % {"email": meant} in asked.text
    assert f'value="{typed}"' in asked.text
    # Enter in the field presses the first button, and whoever corrects the address there means the corrected one.
    first = re.search("<button[^>]*>", asked.text)
    assert first is not None
    assert "name=" not in first[0]
    assert pages.post("/join", ("meant", meant), email=typed).title == translated("Check your email")
    assert pages.mails(meant)
    # The address may be right.
    sure = pages.post("/join", email=typed, sure=typed.lower())
    assert sure.title == translated("Check your email")
    assert pages.mails(typed)
    # The answer counts for the address that was asked about.
    assert pages.post("/join", email="x@gmial.com", sure=typed.lower()).status == 400


def test_a_disposable_address_is_a_question(pages: Site) -> None:
    email = "neha@mailinator.com"
    asked = pages.post("/join", email=email)
    assert asked.status == 400
    # It asks nothing, so the button does not say yes or no.
    assert translated("Use this address anyway") in asked.text
    assert pages.post("/join", email=email, sure=email).title == translated("Check your email")


@pytest.mark.parametrize("archive", ["subscribers", "off"])
def test_the_form_shows_topics_and_headlines_also_without_a_public_archive(tmp_path: Path, archive: str) -> None:
    with site(tmp_path / "newsletter", DIGEST_WEB__ARCHIVE=archive) as pages:
        assert translated("Which topics there are") not in pages.get("/join").text
    with make_app(tmp_path / "newsletter", environment={"DIGEST_NOW": NOW}) as app:
        pipeline.send(app, "2026-11-23")
    with site(tmp_path / "newsletter", None, DIGEST_WEB__ARCHIVE=archive) as pages:
        shown = pages.get("/join").text
        edition = pages.app.editions.get("2026-11-23")
    assert edition is not None
    lead = next(story for story in edition.stories() if story.id == edition.lead)
    assert f"<h2>{lead.title}</h2>" in shown
    assert lead.summary
    assert lead.summary[:30] not in shown
    assert translated("Subscribers get the whole edition by email.") in shown
    assert 'href="/archive/' not in shown
    assert "/picture/" not in shown
    assert "og:image" not in shown
    with site(tmp_path / "newsletter", None, DIGEST_WEB__ARCHIVE=archive, DIGEST_WEB__SAMPLE="false") as pages:
        assert lead.title not in pages.get("/join").text
    assert translated("Which topics there are") in shown
    assert '<b lang="hi">खेल</b>' in shown
    # Nothing had news of it.
    assert '<b lang="hi">राजनीति</b>' not in shown


def test_the_form_shows_the_newest_edition_and_the_topics_that_have_news(sent: Site) -> None:
    shown = sent.get("/join")
    assert shown.headers["x-robots-tag"] == "all"
    edition = sent.app.editions.get("2026-11-23")
    assert edition is not None
    lead = next(story for story in edition.stories() if story.id == edition.lead)
    assert lead.title in shown.text
    assert 'href="/archive/2026-11-23"' in shown.text
    assert all(f'<li><b lang="hi">{section.name}</b>' in shown.text for section in edition.sections)
    assert "सुबह 7 बजे" in shown.title
    with_tracking = {"DIGEST_NEWSLETTER__TRACKING": "on", "DIGEST_SCHEDULE__DAYS": '["mon"]'}
    with site(sent.app.home, [], **with_tracking) as other:
        words = [translated("We do not watch who reads what"), translated("Every day at %(time)s")[:3]]
        assert [word in shown.text for word in words] == [True, True]
        assert [word in other.get("/join").text for word in words] == [False, False]


def test_the_form_shows_a_headline_of_each_section_as_the_email_does() -> None:
    def story(name: str, section: str, summary: str = "") -> ArchivedStory:
        return ArchivedStory("2026-11-23", name, name, date(2026, 11, 23), 0, section, "hi", name, summary, "", 0, None)

    lead, *others = (
        story("top", "खेल", "…"),
        story("a headline alone", "देश"),
        story("nation", "देश", "…"),
        story("nation again", "देश", "…"),
        story("sport", "खेल", "…"),
        story("science", "विज्ञान", "…"),
        story("only in brief", "शिक्षा"),
    )
    assert [each.title for each in on_show([lead, *others])] == ["top", "nation", "nation again", "sport", "science"]
    assert [each.title for each in on_show([lead, *others[:2]])] == ["top", "a headline alone", "nation"]


def test_the_form_introduces_the_editors(tmp_path: Path, unchanged: Site) -> None:
    who = f'<h2 id="makers">{translated("Who makes it")}</h2>'
    read = translated("Our editors read every edition before it is sent.")
    assert who not in unchanged.get("/join").text
    editors = "[{name: आशा <वर्मा>, about: शहर की ख़बरें लिखती हैं।, url: 'https://example.com/asha'}, {name: रवि}]"
    chosen = {"DIGEST_NEWSLETTER__EDITORS": editors, "DIGEST_SCHEDULE__APPROVAL": "required"}
    with site(tmp_path / "newsletter", **chosen) as pages:
        shown = pages.get("/join").text
        assert who in shown
        assert '<a href="https://example.com/asha">आशा &lt;वर्मा&gt;</a>' in shown
        assert "शहर की ख़बरें लिखती हैं।" in shown
        assert "<b>रवि</b></li>" in shown
        assert read in shown
    with site(tmp_path / "newsletter", DIGEST_WEB__SIGNUP="false", **chosen) as pages:
        assert who in pages.get("/").text


WELCOME = "Welcome to %(name)s"


def send_the_edition(home: Path, now: str = NOW) -> None:
    newsletter_folder(home, all_sources=False)
    with make_app(home, environment={"DIGEST_NOW": now}) as app:
        pipeline.send(app, "2026-11-23")


def body_of(mail: EmailMessage, kind: str = "html") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def welcome_of(pages: Site, email: str) -> EmailMessage | None:
    """The welcome that this address got. The pages send what is queued before they end."""
    subject = translated(WELCOME) % {"name": "सुबह की ख़बरें"}
    return next((mail for mail in pages.mails(email) if mail["Subject"] == subject), None)


def test_a_new_subscriber_gets_the_newest_edition_below_a_welcome(tmp_path: Path) -> None:
    home, email = tmp_path / "newsletter", "neha@example.org"
    send_the_edition(home)
    with site(home, []) as pages:
        confirmed = pages.post(sign_up(pages, email))
        assert translated("A welcome email with the latest edition is on its way.") in confirmed.text
        own = {purpose: pages.token(purpose, email) for purpose in ("leave", "preferences")}
        sent = pages.app.editions.emails("2026-11-23")["html"]
        to = recipient(pages.subscriber_id(email), email, pages.app.sender, pages.app.signer.sign_email)
        letter = replace(sent, html=substitute(sent.html, to.values), text=substitute(sent.text, to.values))
    mail = welcome_of(pages, email)
    assert mail is not None
    html, text = body_of(mail), body_of(mail, "plain")
    # The first words are ours, and below them is the whole edition, with this subscriber's links.
    for whole, part in ((html, letter.html.partition("<body")[2].partition(">")[2]), (text, letter.text)):
        above, found, below = whole.replace("\r\n", "\n").partition(part.strip())
        assert found
        assert below.strip() == ""
        assert mail["Subject"] in above
    pictures = {f"<{cid}>" for cid in content_ids([sent])}
    assert pictures
    assert pictures == {part["Content-ID"] for part in mail.walk() if part["Content-ID"]}
    # Every personal link is the new subscriber's, and no placeholder is left.
    assert not any(tag in html + text for tag in PLACEHOLDERS.values())
    tokens = set(re.findall(r"/(?:leave|preferences|pause)/([A-Za-z0-9_-]{36})", html + text))
    assert tokens == {own["preferences"]}
    assert set(re.findall(r"[a-z]+@example\.(?:org|com)", html + text)) <= {email, "news@example.com"}
    assert own["leave"] in mail["List-Unsubscribe"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert measure(RenderedEmail("html", "", html, text)).quoted_printable < CLIPPED


@pytest.mark.slow
def test_a_welcome_promises_no_edition_that_went_out_before_its_hour(tmp_path: Path) -> None:
    home, email = tmp_path / "newsletter", "neha@example.org"
    send_the_edition(home, "2026-11-23T06:00+05:30")
    with site(home, [], DIGEST_NOW="2026-11-23T06:10+05:30") as pages:
        pages.post(sign_up(pages, email))
    mail = welcome_of(pages, email)
    assert mail is not None
    above = body_of(mail).partition("news@example.com")[0]
    assert "मंगलवार, 24 नवंबर 2026" in above
    assert "सोमवार, 23 नवंबर 2026" not in above


def test_the_welcome_can_be_turned_off_and_needs_no_public_archive(tmp_path: Path) -> None:
    home = tmp_path / "newsletter"
    send_the_edition(home)
    for number, (settings, comes) in enumerate(
        (({"DIGEST_WEB__WELCOME": "false"}, False), ({"DIGEST_WEB__ARCHIVE": "off"}, True))
    ):
        email = f"neha-{number}@example.org"
        with site(home, [], **settings) as pages:
            confirmed = pages.post(sign_up(pages, email))
            said = translated("A welcome email with the latest edition is on its way.")
            assert (said in confirmed.text) == comes
        assert (welcome_of(pages, email) is not None) == comes


def test_a_welcome_that_gmail_would_cut_links_the_edition_instead(tmp_path: Path) -> None:
    home, email = tmp_path / "newsletter", "neha@example.org"
    newsletter_folder(home, all_sources=False)
    (home / "templates").mkdir(exist_ok=True)
    padding = "क" * 15_000
    block = "{% block footer %}{{ super() }}<p>" + padding + "</p>{% endblock %}"
    own = '{% extends "house/letter.html.j2" %}' + block
    (home / "templates/letter.html.j2").write_text(own, encoding="utf-8")
    with make_app(home, environment={"DIGEST_NOW": NOW}) as app:
        pipeline.send(app, "2026-11-23")
    with site(home, []) as pages:
        pages.post(sign_up(pages, email))
    mail = welcome_of(pages, email)
    assert mail is not None
    html = body_of(mail)
    assert padding not in html
    assert "/archive/2026-11-23" in html
    assert measure(RenderedEmail("html", "", html, "")).quoted_printable < CLIPPED


def test_breaking_news_and_special_editions_are_not_what_a_new_subscriber_gets(tmp_path: Path) -> None:
    home = tmp_path / "newsletter"
    newsletter_folder(home, all_sources=False)
    with site(home, [], DIGEST_BREAKING__ENABLED="true") as pages:
        alert = send_editions_of_all_kinds(pages.app)
        shown = pages.get("/join").text
        assert re.findall('samplemore"><a href="([^"]*)', shown) == ["/archive/2026-11-23"]
        assert alert not in shown
        confirmed = pages.post(sign_up(pages))
        assert translated(
            "Not in your inbox? Look into “Promotions” and “Spam”, and move it to the inbox from there."
        ) in (confirmed.text)
        label = f'<span class="label">{translated("Breaking news")}</span>'
        marked = [label in pages.get(f"/archive/{key}").text for key in (alert, "2026-11-23")]
        assert marked == [True, False]
        assert pages.get("/archive").text.count(label) == 1
    # The pages send what is queued before they end.
    body = next(mail for mail in pages.mails("neha@example.org") if "List-Unsubscribe-Post" in mail).get_body(
        ("plain",)
    )
    assert body is not None
    assert re.findall("/archive/[a-z0-9-]+", body.get_content()) == ["/archive/2026-11-23"]


def test_the_address_book_gets_the_sender(unchanged: Site) -> None:
    card = unchanged.get("/contact.vcf")
    assert card.headers["content-type"].startswith("text/vcard")
    lines = card.text.split("\r\n")
    assert lines[:3] == ["BEGIN:VCARD", "VERSION:3.0", "FN:सुबह की ख़बरें"]
    assert f"EMAIL;TYPE=INTERNET:{unchanged.app.settings.newsletter.sender.email}" in lines


def test_a_domain_without_email_gets_a_question_and_no_refusal(tmp_path: Path) -> None:
    zone = {("paper.in", "MX"): ["10 mx.paper.in."]}
    with DnsServer(zone) as server, site(tmp_path / "newsletter", DIGEST_WEB__NAMESERVER=server.address) as pages:
        asked = pages.post("/join", email="neha@papr.in")
        assert asked.status == 400
        assert "papr.in पर कोई ईमेल नहीं पहुँचता" in asked.text
        assert f'<button class="wide">{translated("Yes, this address is right")}</button>' in asked.text
        assert 'name="sure" value="neha@papr.in"' in asked.text
        assert pages.mails("neha@papr.in", wait=0.1) == []
        assert pages.post("/join", email="neha@papr.in", sure="neha@papr.in").title == translated("Check your email")
        assert pages.post("/join", email="neha@paper.in").title == translated("Check your email")
