"""Preferences: only changes are stored, and they override the list and its later edits."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from digest import pipeline
from digest.feedback.rules import UNSUBSCRIBED
from digest.models import Subscriber, is_breaking, is_special
from digest.store.content.editions import Published
from digest.store.people.preferences import StoredSubscriber
from digest.store.sending.status import counts
from digest.subscribers.frequency import WEEKDAYS
from digest.usecases.enqueue import SendRequest
from digest.web.editions import LatestEdition, StoryRate
from digest.web.preferences import is_unfed
from tests.support.folders import newsletter_folder
from tests.support.tables import each_row
from tests.web.site import FORM, Response, Site, send_editions_of_all_kinds, site, translated

PLAIN = {"hour": "", "format": "html"}
EVERY_DAY = [("days", day) for day in WEEKDAYS]


def all_topics(pages: Site) -> list[tuple[str, str]]:
    return [("topics", topic) for topic in pages.app.topics]


def preferences_of(pages: Site, email: str) -> tuple[object, ...]:
    row = next(row for row in pages.app.subscribers.candidates("x") if row.email == email)
    return row.topics, row.frequency, row.hour, row.format


def test_preferences_override_the_list_and_its_edits(pages: Site) -> None:
    place = pages.preferences("asha@example.com")
    chosen = {"hour": "19:00", "format": "text"}
    answer = pages.post(place, ("topics", "देश"), ("topics", "खेल"), ("days", "sun"), ("days", "wed"), **chosen)
    assert translated("Your preferences are saved") in answer.text
    assert "बुधवार, 25 नवंबर 2026, शाम 7 बजे" in answer.text
    expected = (("देश", "खेल"), "weekly:wed,sun", time(19, 0), "text")
    assert preferences_of(pages, "asha@example.com") == expected
    edited = Subscriber("asha@example.com", topics=("दुनिया",), frequency="weekdays", hour=time(9, 0))
    pages.app.subscribers.sync([("asha@example.com", edited)], now=pages.app.now())
    assert preferences_of(pages, "asha@example.com") == expected
    entry = next(one for one in pages.consent("asha@example.com") if one.source == "web:preferences")
    assert entry.what == "changed"
    assert entry.detail.startswith("topics: देश+खेल, frequency: weekly:wed,sun, hour: 19:00, format: text")
    shown = pages.get(place).text
    assert [f'value="{day}" aria-label="' in shown for day in WEEKDAYS] == [True] * 7
    assert '<option value="19:00" selected>' in shown
    # Two topics, two days and the format.
    assert shown.count(" checked>") == 5


def test_unchanged_fields_still_follow_the_list(pages: Site) -> None:
    place = pages.preferences("asha@example.com")
    pages.post(place, *all_topics(pages), *EVERY_DAY, **{**PLAIN, "format": "text"})
    edited = Subscriber("asha@example.com", topics=("दुनिया",), frequency="weekdays")
    pages.app.subscribers.sync([("asha@example.com", edited)], now=pages.app.now())
    assert preferences_of(pages, "asha@example.com") == (("दुनिया",), "weekdays", None, "text")
    before = len(pages.consent("asha@example.com"))
    pages.post(place, ("topics", "दुनिया"), *EVERY_DAY[:5], hour="", format="text")
    # Nothing changed, so nothing is logged.
    assert len(pages.consent("asha@example.com")) == before


def test_all_topics_include_future_ones(pages: Site) -> None:
    place = pages.preferences("asha@example.com")
    pages.post(place, ("topics", "देश"), *EVERY_DAY, **PLAIN)
    pages.post(place, *all_topics(pages), *EVERY_DAY, **PLAIN)
    assert preferences_of(pages, "asha@example.com")[0] == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ([*EVERY_DAY[:2]], "Choose at least one topic. To get no more email, unsubscribe on this page."),
        ([("topics", "खेल")], "Choose at least one day. To get no more email, unsubscribe on this page."),
    ],
)
def test_an_error_loses_nothing_that_was_chosen(pages: Site, fields: list[tuple[str, str]], message: str) -> None:
    place = pages.preferences("asha@example.com")
    answer = pages.post(place, *fields, hour="19:00", format="text")
    assert answer.status == 400
    # With `no-store`, going back to it after saving would be an error of the browser.
    assert answer.headers["cache-control"] == "private, no-cache"
    assert pages.get(place).headers["cache-control"] == "no-store"
    assert f">{translated(message)}</a>" in answer.text
    checked = re.findall(r'name="(\w+)" value="([^"]*)"(?: aria-label="[^"]*")? checked', answer.text)
    assert checked == [*fields, ("format", "text")]
    assert '<option value="19:00" selected>' in answer.text
    assert pages.consent("asha@example.com") == []


def test_a_pause_saves_what_was_changed_above_it(pages: Site) -> None:
    place = pages.preferences("asha@example.com")
    answer = pages.post(place, ("topics", "खेल"), *EVERY_DAY, **PLAIN, weeks="2")
    assert translated("Paused until %(day)s") % {"day": "सोमवार, 7 दिसंबर 2026"} in answer.text
    # The first edition after the pause.
    assert "सोमवार, 7 दिसंबर 2026" in answer.text
    assert preferences_of(pages, "asha@example.com")[0] == ("खेल",)
    assert pages.candidates()["asha@example.com"] == "paused until 2026-12-07"
    (entry,) = pages.consent("asha@example.com")
    assert entry.detail.startswith("topics: खेल, pause for 2 weeks; ")


@pytest.mark.slow
def test_the_next_edition_is_not_one_that_the_person_has(tmp_path: Path) -> None:
    with site(tmp_path / "newsletter", DIGEST_NOW="2026-11-23T06:20+05:30") as pages:
        place = f"{pages.preferences('asha@example.com')}?done=saved"
        days = ["सोमवार, 23 नवंबर 2026, सुबह 7 बजे", "मंगलवार, 24 नवंबर 2026, सुबह 7 बजे"]
        assert [day in pages.get(place).text for day in days] == [True, False]
        # Handed over ahead, to arrive at its hour.
        pipeline.send(pages.app, "2026-11-23", SendRequest(scheduled=True))
        assert [day in pages.get(place).text for day in days] == [True, False]
    with site(tmp_path / "other", DIGEST_NOW="2026-11-23T06:20+05:30") as pages:
        place = f"{pages.preferences('asha@example.com')}?done=saved"
        pipeline.send(pages.app, "2026-11-23")
        assert [day in pages.get(place).text for day in days] == [False, True]


@pytest.mark.slow
@pytest.mark.parametrize("act", ["again", "data", "erase", "nominee", "address"])
def test_the_buttons_below_save_what_was_changed_above_them(pages: Site, act: str) -> None:
    place = pages.preferences("asha@example.com")
    if act == "again":
        pipeline.send(pages.app, "2026-11-23")
    button = re.search(f'<button class="quiet" form="([^"]*)" formaction="{place}/{act}">', pages.get(place).text)
    assert button is not None
    assert f'action="{place}" id="{button[1]}"' in pages.get(place).text
    before = preferences_of(pages, "asha@example.com")
    wrong = pages.post(f"{place}/{act}", ("topics", "खेल"), hour="19:00", format="text")
    # An error loses nothing that was chosen.
    assert wrong.status == 400
    assert '<option value="19:00" selected>' in wrong.text
    # Nobody has to choose a day to use their rights.
    done = translated("We have sent you an email") in wrong.text
    assert done == (act not in ("again", "address"))
    assert preferences_of(pages, "asha@example.com") == before
    saved = pages.post(f"{place}/{act}", ("topics", "खेल"), ("days", "sun"), **PLAIN)
    assert preferences_of(pages, "asha@example.com")[:2] == (("खेल",), "weekly:sun")
    # The form for another address is a page of its own.
    assert ('name="email"' in saved.text) == (act == "address")
    # A button without the form changes no choice.
    pages.post(f"{place}/{act}")
    assert preferences_of(pages, "asha@example.com")[0] == ("खेल",)


def test_resuming_and_forgetting_save_what_was_changed_too(pages: Site) -> None:
    place = pages.preferences("asha@example.com")
    pages.post(place, *all_topics(pages), *EVERY_DAY, weeks="2", **PLAIN)
    shown = pages.get(place).text
    # Enter in a field presses the first button of the form, which saves and does not resume.
    first = re.findall(r'<button (?:class="quiet" )?form="choices"([^>]*)>', shown)[0]
    assert "formaction" not in first
    wrong = pages.post(f"{place}/resume", ("topics", "खेल"), hour="19:00", format="text")
    assert (wrong.status, '<option value="19:00" selected>' in wrong.text) == (400, True)
    assert pages.candidates()["asha@example.com"] == "paused until 2026-12-07"
    resumed = pages.post(f"{place}/resume", ("topics", "खेल"), *EVERY_DAY, **PLAIN)
    assert translated("You get email again") in resumed.text
    assert preferences_of(pages, "asha@example.com")[0] == ("खेल",)
    pages.post(f"{place}/forget", ("topics", "देश"), *EVERY_DAY, browsers="all", **PLAIN)
    assert preferences_of(pages, "asha@example.com")[0] == ("देश",)


@pytest.mark.slow
def test_every_post_redirects_so_that_going_back_and_reloading_repeat_nothing(pages: Site) -> None:
    place = pages.preferences("asha@example.com")
    leave = f"/leave/{pages.token('leave', 'asha@example.com')}"
    posts = [
        (place, b"topics=%E0%A4%96%E0%A5%87%E0%A4%B2&days=sun&format=html"),
        (f"{place}/resume", b""),
        (f"{place}/again", b""),
        (f"{place}/choose", b""),
        (f"{leave}/leave", b""),
        (f"{leave}/why", b"why=other"),
        (f"{leave}/back", b""),
        (f"{leave}/less", b"frequency=weekly:sun"),
        (f"{leave}/pause", b"weeks=1"),
        (place.replace("preferences", "pause"), b""),
    ]
    for path, body in posts:
        # Leaving ends the cookie.
        pages.preferences("asha@example.com")
        answer = pages.request("POST", f"{path}?lang=en", body, {"Content-Type": FORM})
        target = answer.headers["location"]
        assert (answer.status, "lang=en" in target) == (303, True), path
        assert pages.get(target).status == 200
    # Only known words choose a message.
    assert 'role="status"' not in pages.get(f"{place}?done=%3Cscript%3E").text


@pytest.mark.parametrize(
    ("topics", "rates", "expected"),
    [
        (("राजनीति",), {"खेल": StoryRate(2, "edition")}, True),
        (("राजनीति", "खेल"), {"खेल": StoryRate(2, "edition")}, False),
        # All topics, and before the first edition.
        ((), {"खेल": StoryRate(2, "edition")}, False),
        (("राजनीति",), None, False),
    ],
)
def test_whoever_chose_only_topics_without_news_is_told(
    topics: tuple[str, ...], rates: dict[str, StoryRate] | None, expected: bool
) -> None:
    assert is_unfed(topics, rates) is expected


@pytest.mark.slow
def test_topics_without_news_are_marked(sent: Site) -> None:
    shown = sent.get(sent.preferences("meena@example.com")).text
    edition = sent.app.editions.get("2026-11-23")
    assert edition is not None
    unfed = set(sent.app.topics) - {section.name for section in edition.sections}
    assert shown.count(translated("No news in the last 30 days")) == len(unfed) > 0


@pytest.mark.slow
def test_an_error_does_not_warn_about_topics_that_are_not_shown(sent: Site) -> None:
    edition = sent.app.editions.get("2026-11-23")
    assert edition is not None
    fed = edition.sections[0].name
    unfed = next(topic for topic in sent.app.topics if topic not in {each.name for each in edition.sections})
    place = sent.preferences("meena@example.com")
    warning = "There was no news on the topics that you chose in the last 30 days, so perhaps no email comes."
    stored = sent.post(place, ("topics", unfed), *EVERY_DAY, **PLAIN)
    assert translated(warning) in stored.text
    # Another topic, and no day.
    wrong = sent.post(place, ("topics", fed), **PLAIN)
    assert wrong.status == 400
    assert translated(warning) not in wrong.text


def test_the_pause_button_of_an_email_pauses_after_a_confirmation(pages: Site) -> None:
    place = pages.preferences("asha@example.com").replace("preferences", "pause", 1)
    asked = pages.get(place)
    assert asked.title == translated("Pause for two weeks?")
    assert "7 दिसंबर 2026" in asked.text
    assert pages.candidates()["asha@example.com"] is None, "a GET changes nothing"
    assert pages.consent("asha@example.com") == []
    done = pages.post(place)
    assert (done.status, done.title) == (200, translated("Paused until %(day)s") % {"day": "सोमवार, 7 दिसंबर 2026"})
    assert pages.candidates()["asha@example.com"] is not None
    assert pages.consent("asha@example.com")[0].detail.startswith("pause for 2 weeks")
    assert pages.get(place).title == done.title
    resume = pages.post(pages.preferences("asha@example.com") + "/resume")
    assert translated("You get email again") in resume.text
    assert pages.candidates()["asha@example.com"] is None


@pytest.mark.slow
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_whoever_gets_no_email_cannot_pause(pages: Site, method: str) -> None:
    token = pages.token("preferences", "asha@example.com")
    pages.post(f"/leave/{token}/leave")
    assert pages.follow(method, f"/pause/{token}").title == translated("You have unsubscribed")
    assert pages.candidates()["asha@example.com"] == UNSUBSCRIBED
    assert pages.request(method, "/pause/nonsense").status == 404
    of_a_test = pages.app.signer.sign("preferences", 0)
    assert pages.follow(method, f"/pause/{of_a_test}").title == translated("You are not on our list")
    of_another_page = pages.token("leave", "asha@example.com")
    assert pages.request(method, f"/pause/{of_another_page}").status == 404


@pytest.mark.parametrize(
    "odd", [{"days": "someday"}, {"format": "pdf"}, {"hour": "25:00"}, {"hour": "05:00"}, {"topics": "<b>"}]
)
def test_an_invalid_form_changes_nothing(unchanged: Site, odd: dict[str, str]) -> None:
    place = unchanged.preferences("asha@example.com")
    answer = unchanged.post(place, **{**PLAIN, "topics": "देश", "days": "mon", **odd})
    assert answer.status in (400, 422)
    assert unchanged.consent("asha@example.com") == []


def test_a_pause_ends_on_its_day_or_by_one_click(pages: Site) -> None:
    place = pages.preferences("asha@example.com")
    form = [*all_topics(pages), *EVERY_DAY, *PLAIN.items()]
    assert "30 नवंबर 2026" in pages.post(place, *form, weeks="1").text
    assert pages.candidates()["asha@example.com"] == "paused until 2026-11-30"
    pages.post(f"{place}/resume")
    assert pages.candidates()["asha@example.com"] is None
    assert pages.post(place, *form, weeks="52").status == 422


def test_the_page_unsubscribes_and_shows_the_way_back(pages: Site) -> None:
    place = pages.preferences("asha@example.com")
    leave = place.replace("preferences", "leave", 1)
    assert f'action="{leave}/leave"' in pages.get(place).text
    assert pages.candidates()["asha@example.com"] is None, "a GET changes nothing"
    assert pages.post(f"{leave}/leave").title == translated("You have unsubscribed")
    assert pages.candidates()["asha@example.com"] == UNSUBSCRIBED
    assert f'action="{leave}/back"' in pages.get(place).text
    assert pages.post(f"{leave}/back").title == translated("Welcome back")
    assert pages.candidates()["asha@example.com"] is None


def test_links_and_forms_keep_the_chosen_language(pages: Site) -> None:
    place = pages.preferences("asha@example.com")
    hindi, english = pages.get(place), pages.get(f"{place}?lang=en")
    assert (hindi.title, english.title) == ("आपकी पसंद", "Your preferences")
    assert f'href="{place}?lang=en"' in hindi.text
    assert f'action="{place}/data?lang=en"' in english.text
    assert pages.get(f"{place}?lang=<script>").title == "आपकी पसंद"


@pytest.mark.slow
def test_resending_is_an_extra_email_and_rate_limited(sent: Site) -> None:
    email = "meena@example.com"
    place = sent.preferences(email) + "/again"
    before = counts(sent.app.database, "2026-11-23")
    assert translated("It is on its way to you") in sent.post(place).text
    (extra,) = sent.mails(email, "2026-11-23-again-*")
    (first,) = sent.mails(email, "2026-11-23")
    assert extra["Subject"] == first["Subject"]
    assert extra["Message-ID"] != first["Message-ID"]
    assert extra["List-Unsubscribe"] == first["List-Unsubscribe"]
    assert translated("You asked for it a moment ago") in sent.post(place).text
    assert len(sent.mails(email, "2026-11-23-again-*")) == 1
    data = sent.app.personal_data.collect(email) or {}
    assert [(each["kind"], each["edition"]) for each in data["requests"]] == [("again", "2026-11-23")]
    assert counts(sent.app.database, "2026-11-23") == before


def test_neither_an_alert_nor_a_special_edition_is_what_is_sent_again(tmp_path: Path) -> None:
    home = tmp_path / "newsletter"
    newsletter_folder(home, all_sources=False)
    email = "meena@example.com"
    with site(home, [], DIGEST_BREAKING__ENABLED="true") as pages:
        send_editions_of_all_kinds(pages.app)
        pages.post(pages.preferences(email) + "/again")
        (again,), (first,) = (pages.mails(email, folder) for folder in ("*-again-*", "2026-11-23"))
        assert again["Subject"] == first["Subject"]


@each_row(
    ("choices", "chosen", "keys", "expected"),
    [
        # The newest key is first.
        ({}, (), ["2026-11-23"], "2026-11-23"),
        ({}, (), ["2026-11-23-breaking-1", "special", "2026-11-23", "2026-11-22"], "2026-11-23"),
        ({"main": True, "breaking": True}, (), ["2026-11-23-breaking-1", "2026-11-23"], "2026-11-23"),
        ({"subah": True, "shaam": True}, (), ["2026-11-23-shaam", "2026-11-23-subah"], "2026-11-23-shaam"),
        ({"subah": True, "shaam": True}, ("subah",), ["2026-11-23-shaam", "2026-11-23-subah"], "2026-11-23-subah"),
        ({"subah": True, "weekly": False}, (), ["2026-11-23-weekly", "2026-11-23-subah"], "2026-11-23-subah"),
        # Alerts only.
        ({"main": True, "breaking": True}, ("breaking",), ["2026-11-23", "2026-11-22-breaking"], "2026-11-22-breaking"),
        # No edition of theirs was sent yet.
        ({"subah": True, "weekly": False}, ("weekly",), ["2026-11-23-subah"], "2026-11-23-subah"),
        ({}, (), ["special"], "special"),
        ({}, (), [], None),
    ],
)
def test_whose_edition_is_sent_again(
    choices: dict[str, bool], chosen: tuple[str, ...], keys: list[str], expected: str | None
) -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)

    class Sent:
        def newest(self, _most: int, _now: datetime) -> list[Published]:
            numbers = [0 if is_breaking(key) or is_special(key) else 1 for key in keys]
            return [Published(key, now.date(), number, "", "", now) for key, number in zip(keys, numbers, strict=True)]

    asha = "asha@example.com"
    subscriber = StoredSubscriber(
        1, asha, asha, "", (), "daily", None, "Asia/Kolkata", "html", True, "active", None, None, now, editions=chosen
    )
    found = LatestEdition(choices, Sent(), lambda: now).of(subscriber)
    assert (found.key if found else None) == expected


def test_an_unsubscribed_person_cannot_request_an_email(sent: Site) -> None:
    email = "ravi@example.com"
    token = sent.token("leave", email)
    sent.post(f"/leave/{token}")
    sent.post(sent.preferences(email) + "/again")
    assert sent.mails(email, "2026-11-23-again-*", wait=0.3) == []
    sent.post(f"/leave/{token}/back")


@pytest.fixture
def several(tmp_path: Path) -> Iterator[Site]:
    """The pages of a newsletter with three editions."""
    editions = [{"slug": "subah", "name": "सुबह"}, {"slug": "shaam", "name": "शाम", "send_at": "18:00"}]
    weekly = {"slug": "saptahik", "name": "साप्ताहिक", "days": "sun", "default": False}
    environment = {"DIGEST_SCHEDULE__EDITIONS": json.dumps([*editions, weekly])}
    with site(tmp_path / "newsletter", ["asha@example.com"], **environment) as served:
        yield served


def test_a_subscriber_chooses_among_editions(several: Site) -> None:
    place = several.preferences("asha@example.com")
    shown = several.get(place).text
    assert [f'value="{slug}" checked' in shown for slug in ("subah", "shaam", "saptahik")] == [True, True, False]
    assert '<span lang="hi">साप्ताहिक</span>' in shown
    assert translated("With each edition") in shown

    def choose(*editions: str) -> Response:
        return several.post(
            place, *all_topics(several), *(("editions", slug) for slug in editions), *EVERY_DAY, **PLAIN
        )

    def chosen() -> tuple[str, ...]:
        return next(several.app.subscribers.candidates("x")).editions

    assert translated("Your preferences are saved") in choose("shaam", "saptahik").text
    assert chosen() == ("shaam", "saptahik")
    assert 'value="saptahik" checked' in several.get(place).text
    # They override the list and its edits.
    several.app.subscribers.sync(
        [("asha@example.com", Subscriber("asha@example.com", editions=("subah",)))], now=several.app.now()
    )
    assert chosen() == ("shaam", "saptahik")
    wrong = choose()
    assert wrong.status == 400
    words = "Choose at least one edition. To get no more email, unsubscribe on this page."
    assert translated(words) in wrong.text
    assert choose("unknown").status == 400
    # The default editions include those that are added later.
    choose("subah", "shaam")
    assert chosen() == ()


@pytest.mark.slow
def test_the_page_names_the_edition_that_it_sends_again(several: Site) -> None:
    pipeline.send(several.app, "2026-11-23-subah")
    shown = several.get(several.preferences("asha@example.com")).text
    words = translated("Lost it? We can send you the edition of %(day)s again.")
    assert words % {"day": "सोमवार, 23 नवंबर 2026 (सुबह)"} in shown


def test_a_subscriber_chooses_whether_to_get_breaking_news(tmp_path: Path) -> None:
    with site(tmp_path / "newsletter", ["asha@example.com"], DIGEST_BREAKING__ENABLED="true") as pages:
        place = pages.preferences("asha@example.com")
        shown = pages.get(place).text
        assert all(f'value="{slug}" checked' in shown for slug in ("main", "breaking"))
        assert f'<span lang="hi">{translated("Breaking news")}</span><br>' in shown
        assert translated("As soon as there is big news, at any time") in shown
        saved = pages.post(place, *all_topics(pages), ("editions", "main"), *EVERY_DAY, **PLAIN).text
        assert 'value="breaking" checked' not in saved
        assert next(pages.app.subscribers.candidates("x")).editions == ("main",)


@pytest.mark.slow
def test_a_topic_that_only_an_article_names_goes_to_everybody(tmp_path: Path) -> None:
    home = tmp_path / "newsletter"
    newsletter_folder(home, all_sources=False)
    rows = {"नई सड़क बनी": "देश", "हॉकी में जीत": "खेल", "बस अड्डा खुला": "शहर", "चुनाव की तारीख़ आई": "राजनीति"}
    for number, (title, section) in enumerate(rows.items()):
        text = f"---\ntitle: {title}\nsection: {section}\ndate: 2026-11-23 05:00\n---\n{title}। लोग ख़ुश हैं।\n"
        (home / "desk").mkdir(exist_ok=True)
        (home / f"desk/{number}.md").write_text(text, encoding="utf-8")
    (home / "subscribers.yaml").write_text("subscribers: [{email: asha@example.com, topics: [खेल]}]", encoding="utf-8")
    with site(home, [], DIGEST_SOURCES="[{name: डेस्क, path: desk}]") as pages:
        pipeline.send(pages.app, "2026-11-23")
        (mail,) = pages.mails("asha@example.com", "2026-11-23")
        text = str(mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]
        # The last one leads, and the lead goes to everybody.
        assert [title in text for title in rows] == [False, True, True, True]
        everybody = f'{translated("Your editions also have the news of:")} <span lang="hi">शहर</span>'
        for path in ("/join", pages.preferences("asha@example.com")):
            assert everybody in pages.get(path).text
        alone = translated(
            "If you choose only some topics, it comes together with theirs: on a day without news of your topics "
            "there is no email."
        )
        pages_of_topics = ("/join", pages.preferences("asha@example.com"))
        assert [alone in pages.get(path).text for path in pages_of_topics] == [False, True]
