"""Wishes: only what the reader changed becomes one, it lies over the list, and no edit of the list undoes it."""

from __future__ import annotations

from datetime import time

import pytest

from digest.models import Subscriber
from digest.store.counting import counts
from tests.web.site import Site, said

PLAIN = {"frequency": "daily", "hour": "", "format": "html"}


def everything(pages: Site) -> list[tuple[str, str]]:
    return [("topics", topic) for topic in pages.app.topics]


def wishes_of(pages: Site, email: str) -> tuple[object, ...]:
    row = next(row for row in pages.app.readers.candidates("x") if row.email == email)
    return row.topics, row.frequency, row.hour, row.format


def test_what_is_chosen_holds_over_the_list_and_its_edits(pages: Site) -> None:
    place = f"/preferences/{pages.token('preferences', 'asha@example.com')}"
    chosen = {"frequency": "weekly:sun", "hour": "19:00", "format": "text"}
    answer = pages.post(place, ("topics", "देश"), ("topics", "खेल"), **chosen)
    assert said("Saved. It holds from the next edition on.") in answer.text
    expected = (("देश", "खेल"), "weekly:sun", time(19, 0), "text")
    assert wishes_of(pages, "asha@example.com") == expected
    edited = Subscriber("asha@example.com", topics=("दुनिया",), frequency="weekdays", hour=time(9, 0))
    pages.app.readers.sync([("asha@example.com", edited)], now=pages.app.now())
    assert wishes_of(pages, "asha@example.com") == expected
    entry = next(one for one in pages.consent("asha@example.com") if one.source == "web:preferences")
    assert entry.what == "changed"
    assert entry.detail.startswith("topics: देश+खेल, frequency: weekly:sun, hour: 19:00, format: text")
    shown = pages.get(place).text
    assert '<option value="weekly:sun" selected>' in shown
    assert '<option value="19:00" selected>' in shown
    assert shown.count(" checked>") == 3


def test_what_was_left_as_it_is_stays_the_lists(pages: Site) -> None:
    place = f"/preferences/{pages.token('preferences', 'asha@example.com')}"
    pages.post(place, *everything(pages), **{**PLAIN, "format": "text"})
    edited = Subscriber("asha@example.com", topics=("दुनिया",), frequency="weekdays")
    pages.app.readers.sync([("asha@example.com", edited)], now=pages.app.now())
    assert wishes_of(pages, "asha@example.com") == (("दुनिया",), "weekdays", None, "text")
    before = len(pages.consent("asha@example.com"))
    pages.post(place, ("topics", "दुनिया"), frequency="weekdays", hour="", format="text")
    assert len(pages.consent("asha@example.com")) == before  # nothing changed, nothing is written


def test_every_topic_means_everything_that_comes_later_too(pages: Site) -> None:
    place = f"/preferences/{pages.token('preferences', 'asha@example.com')}"
    pages.post(place, ("topics", "देश"), **PLAIN)
    pages.post(place, *everything(pages), **PLAIN)
    assert wishes_of(pages, "asha@example.com")[0] == ()


def test_no_topic_is_no_wish(pages: Site) -> None:
    place = f"/preferences/{pages.token('preferences', 'asha@example.com')}"
    answer = pages.post(place, **PLAIN)
    assert answer.status == 400
    assert 'role="alert"' in answer.text
    assert wishes_of(pages, "asha@example.com")[0] == ()


@pytest.mark.parametrize(
    "odd", [{"frequency": "hourly"}, {"format": "pdf"}, {"hour": "25:00"}, {"hour": "05:00"}, {"topics": "<b>"}]
)
def test_what_no_form_of_ours_says_changes_nothing(pages: Site, odd: dict[str, str]) -> None:
    place = f"/preferences/{pages.token('preferences', 'asha@example.com')}"
    answer = pages.post(place, **{**PLAIN, "topics": "देश", **odd})
    assert answer.status in (400, 422)
    assert pages.consent("asha@example.com") == []


def test_a_pause_holds_until_its_day_and_ends_by_one_press(pages: Site) -> None:
    place = f"/preferences/{pages.token('preferences', 'asha@example.com')}"
    assert "30 नवंबर 2026" in pages.post(f"{place}/pause", weeks="1").text
    assert pages.candidates()["asha@example.com"] == "paused until 2026-11-30"
    pages.post(f"{place}/pause", weeks="0")
    assert pages.candidates()["asha@example.com"] is None
    assert pages.post(f"{place}/pause", weeks="52").status == 422


def test_who_has_left_is_offered_the_way_back(pages: Site) -> None:
    pages.post(f"/leave/{pages.token('leave', 'asha@example.com')}")
    shown = pages.get(f"/preferences/{pages.token('preferences', 'asha@example.com')}").text
    assert f'action="/leave/{pages.token("leave", "asha@example.com")}/back"' in shown


def test_the_page_speaks_english_by_one_switch_and_keeps_to_it(pages: Site) -> None:
    place = f"/preferences/{pages.token('preferences', 'asha@example.com')}"
    hindi, english = pages.get(place), pages.get(f"{place}?lang=en")
    assert (hindi.title, english.title) == ("आपकी पसंद", "Your wishes")
    assert f'href="{place}?lang=en"' in hindi.text
    assert f'action="{place}/pause?lang=en"' in english.text
    assert pages.get(f"{place}?lang=<script>").title == "आपकी पसंद"


def test_todays_edition_once_more_is_an_extra_letter_and_rationed(sent: Site) -> None:
    email = "meena@example.com"
    place = f"/preferences/{sent.token('preferences', email)}/again"
    before = counts(sent.app.database, "2026-11-23")
    assert said("It is on its way to you.") in sent.post(place).text
    (extra,) = sent.mails(email, "2026-11-23-again-*")
    (first,) = sent.mails(email, "2026-11-23")
    assert extra["Subject"] == first["Subject"]
    assert extra["Message-ID"] != first["Message-ID"]
    assert extra["List-Unsubscribe"] == first["List-Unsubscribe"]
    again = sent.post(place)
    assert again.status == 429
    assert len(sent.mails(email, "2026-11-23-again-*")) == 1
    assert counts(sent.app.database, "2026-11-23") == before


def test_nobody_who_left_can_ask_for_a_letter(sent: Site) -> None:
    email = "ravi@example.com"
    token = sent.token("leave", email)
    sent.post(f"/leave/{token}")
    sent.post(f"/preferences/{sent.token('preferences', email)}/again")
    assert sent.mails(email, "2026-11-23-again-*", wait=0.3) == []
    sent.post(f"/leave/{token}/back")
