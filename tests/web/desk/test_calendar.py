"""The calendar of editions, and special editions of a selection of articles."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from digest import pipeline
from digest.hindi import dates
from digest.hindi.tokens import stems
from digest.models import EditionState, Role
from digest.scheduler import Scheduler, watch_settings
from digest.usecases.approval import revision
from tests.web.desk.browser import Browser, set_up
from tests.web.desk.conftest import KEY, edition_of, open_desk
from tests.web.site import Site


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Site]:
    yield from open_desk(tmp_path / "newsletter", DIGEST_SCHEDULE__HOLIDAYS="2026-11-25")


@pytest.mark.slow
def test_a_month_shows_what_is_there_what_is_planned_and_holidays(desk: Site, editor: Browser) -> None:
    page = editor.get("/calendar").text
    assert "नवंबर 2026" in page
    assert f"/desk/edition/{KEY}" in page
    wednesday = page.partition("25 नवंबर")[2].partition("</li>")[0]
    assert "छुट्टी" in wednesday
    thursday = page.partition("26 नवंबर")[2].partition("</li>")[0]
    assert "तय" in thursday
    assert "7:00" in thursday
    assert desk.app.branding.name not in thursday, "a single edition a day needs no name"
    assert "दिसंबर 2026" in editor.get("/calendar?month=2026-12").text
    assert editor.get("/calendar?month=9999-99").status == 200


@pytest.mark.slow
def test_on_a_phone_a_past_day_takes_one_line(desk: Site, editor: Browser) -> None:
    edition = desk.app.editions.get(KEY)
    assert edition is not None
    for day, state in ((19, EditionState.DONE), (20, EditionState.EXPIRED)):
        past = replace(edition, key=f"2026-11-{day}", day=date(2026, 11, day), state=state, subject=f"विषय {day}")
        desk.app.editions.put(past, over=())
    phone = editor.get("/calendar").text.partition('<ol class="only-phone">')[2].partition("</ol>")[0]
    lines = [
        re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", line))
        for line in re.findall('<li class="past">(.*?)</li>', phone, re.S)
    ]
    assert lines == [" 19 गुरु विषय 19 ", " 20 शुक्र नहीं भेजा विषय 20 "]


def test_a_laptop_has_a_month_with_weekdays_and_a_phone_folds_what_is_only_planned(desk: Site, editor: Browser) -> None:
    page = editor.get("/calendar?month=2026-11").text
    table = page.partition('<table class="month only-lap">')[2].partition("</table>")[0]
    heads = re.findall(r'<th scope="col">([^<]+)</th>', table)
    assert (len(heads), heads[0]) == (7, "रवि")
    weeks = re.findall("<tr>(.*?)</tr>", table.partition("<tbody>")[2], re.S)
    numbers = [re.findall(r'<b class="num">(\d+)</b>', week) for week in weeks]
    assert numbers[0] == [str(day) for day in range(1, 8)], "1 November 2026 is a Sunday"
    assert numbers[-1] == ["29", "30"]
    assert "छुट्टी" in re.split('<b class="num">25</b>', table)[1].partition("</td>")[0]
    assert table.count('aria-current="date"') == 1
    shown, folded = page.partition('<ol class="only-phone">')[2].partition("<details")[::2]
    assert f"/desk/edition/{KEY}" in shown
    assert "25 नवंबर" in shown, "a holiday"
    assert "26 नवंबर" not in shown
    assert "26 नवंबर" in folded


@pytest.mark.slow
def test_a_special_edition_has_the_articles_that_were_asked_for(desk: Site, editor: Browser) -> None:
    edition = edition_of(desk)
    word = next(each for each in stems(next(iter(edition.stories())).title))
    led = editor.submit("/calendar", {"slug": "vishesh", "words": word, "hours": "72"})
    assert led.headers["location"] == "/desk/edition/vishesh"
    for _again in range(2):
        special = desk.app.editions.get("vishesh")
        assert special is not None
        assert special.state == EditionState.DRAFT
        for story in special.stories():
            articles = desk.app.articles.by_ids(story.article_ids).values()
            assert all(word in stems(f"{each.title} {each.text}") for each in articles)
        # It keeps the selection.
        editor.post("/edition/vishesh/refresh")
    assert desk.app.editions.editorial_changes("vishesh").selection is not None
    assert editor.submit("/calendar", {"slug": "vishesh", "words": "", "hours": "24"}).status == 409


@pytest.mark.slow
def test_recipients_read_the_name_of_a_special_edition_and_its_stories_have_the_texts_of_editors(
    desk: Site, editor: Browser
) -> None:
    edition = edition_of(desk)
    first, second = list(edition.stories())[:2]
    editor.post(f"/edition/{KEY}/story/{first.id}", title="संपादक का शीर्षक")
    led = editor.submit("/calendar", {"slug": "vishesh", "name": "बजट 2027 <विशेष>", "hours": "72"})
    assert led.status == 303
    special = desk.app.editions.get("vishesh")
    assert special is not None
    assert special.name == "बजट 2027 <विशेष>"
    titles = {story.id: story.title for story in special.stories()}
    assert titles[first.id] == "संपादक का शीर्षक"
    assert titles[second.id] == second.title
    assert 'aria-current="page" lang="hi">बजट 2027 &lt;विशेष&gt;</a>' in editor.get("/edition/vishesh").text
    assert "<b>बजट 2027 &lt;विशेष&gt;</b>" in editor.get("/calendar").text
    assert "बजट 2027 &lt;विशेष&gt;" in editor.get("/edition/vishesh/letter").text
    editor.post("/edition/vishesh/refresh")
    again = desk.app.editions.get("vishesh")
    assert again is not None
    assert again.name == special.name
    assert "संपादक का शीर्षक" in [story.title for story in again.stories()]
    assert "texts taken over" in [act.what for act in desk.app.audit.newest(9, subject="vishesh")]
    editor.post("/edition/vishesh/undo")
    undone = desk.app.editions.get("vishesh")
    assert undone is not None
    assert "संपादक का शीर्षक" not in [story.title for story in undone.stories()]
    assert undone.name == special.name
    sender = set_up(desk, "ravi", Role.SENDER)
    sender.submit("/edition/vishesh/approve", {"seen": shown(desk)})
    Scheduler(watch_settings(desk.app), lambda _line: None).editions.check_one("vishesh")
    (archived,) = [each for each in desk.app.archive.newest(desk.app.now(), limit=9) if each.key == "vishesh"]
    assert archived.name == special.name
    assert "बजट 2027 &lt;विशेष&gt;" in desk.request("GET", "/archive").text


@pytest.mark.slow
def test_a_name_for_the_recipients_is_enough_for_a_special_edition(desk: Site, editor: Browser) -> None:
    for expected, words in ((f"special-{KEY}", "xyzabc"), (f"special-{KEY}", ""), (f"special-{KEY}-2", "")):
        led = editor.submit("/calendar", {"slug": "", "name": "बजट", "words": words, "hours": "72"})
        assert led.headers["location"] == f"/desk/edition/{expected}"
        special = desk.app.editions.get(expected)
        assert special is not None
        assert special.name == "बजट"


def shown(desk: Site) -> str:
    edition = desk.app.editions.get("vishesh")
    assert edition is not None
    return revision(edition)


@pytest.mark.slow
@pytest.mark.slow
def test_an_edition_that_was_sent_before_its_hour_has_no_hour(desk: Site, editor: Browser) -> None:
    def today() -> str:
        return editor.get("/calendar").text.partition('aria-current="date"')[2].partition("</td>")[0]

    assert ">7:00<" in today()
    desk.app.editions.move(KEY, EditionState.APPROVED, out_of=(EditionState.DRAFT,))
    pipeline.send(desk.app, KEY)
    assert "भेजा गया" in today()
    assert ">7:00<" not in today()


def test_a_special_edition_without_articles_leads_to_its_form(desk: Site, editor: Browser) -> None:
    form = {"slug": "vishesh", "name": "खेल & मेला", "words": "xyzabc", "hours": "48", "source-0": "on"}
    editor.post("/calendar", **form)
    problems = editor.problems("/edition/vishesh")
    link = re.search(r'href="/desk(/calendar\?[^"]+)#special"', problems)
    assert link, problems
    page = editor.get(html.unescape(link[1])).text
    for shown in ('value="vishesh"', 'value="खेल &amp; मेला"', 'value="xyzabc"', 'value="48" selected'):
        assert shown in page
    assert 'name="source-0" checked' in page
    editor.post("/calendar", **{**form, "words": ""})
    special = desk.app.editions.get("vishesh")
    assert special is not None
    assert special.state == EditionState.DRAFT


def test_a_special_edition_is_sent_when_it_is_approved(desk: Site, editor: Browser) -> None:
    editor.submit("/calendar", {"slug": "vishesh", "hours": "72"})
    sender = set_up(desk, "ravi", Role.SENDER)
    page = sender.get("/edition/vishesh").text
    assert 'aria-current="page" lang="hi">vishesh</a>' in page
    assert "<b>vishesh</b>" in sender.get("/calendar").text, "several may have the same headline"
    assert len(re.findall("मंज़ूर होते ही|मंज़ूरी मिलते ही", page)) == 1, "it is said once"
    assert "मंज़ूर करके भेजें" in page
    assert "अपने-आप चला जाएगा" not in page
    line = html.unescape(re.findall(r'hx-get="/desk(/edition/vishesh/state[^"]*)"', page)[0])
    assert "data-stale" not in sender.get(line).text
    sender.submit("/edition/vishesh/approve", {"seen": shown(desk)}, follow=True)
    page = sender.get("/edition/vishesh").text
    assert "एक मिनट के अंदर जाएगा" in page
    # It does not hide the planned edition, and each leads to the other.
    others = sender.get("/").text.partition('class="filters')[2].partition("</nav>")[0]
    assert f'/edition/{KEY}" aria-current="page"' in others
    assert "/edition/vishesh" in others
    assert f"/edition/{KEY}" in page.partition('class="filters')[2].partition("</nav>")[0]
    scheduler = Scheduler(watch_settings(desk.app), lambda _line: None)
    scheduler.editions.check_one("vishesh")
    edition = desk.app.editions.get("vishesh")
    assert edition is not None
    assert edition.state == EditionState.DONE
    assert "पाठकों को भेजा" in sender.get("/edition/vishesh").text
    assert "data-stale" in sender.get(line).text, "an open page no longer shows what to do before approval"


@pytest.mark.slow
def test_a_special_edition_can_have_a_time(desk: Site, editor: Browser) -> None:
    editor.submit("/calendar", {"slug": "vishesh", "hours": "72"})
    sender = set_up(desk, "ravi", Role.SENDER)
    page = sender.get("/edition/vishesh").text
    for wrong in ("2020-01-01T10:00", "soon", "2030-01-01T10:00"):
        refused = sender.submit("/edition/vishesh/approve", {"seen": shown(desk), "at": wrong})
        assert (refused.status, "समय आगे का होना चाहिए" in refused.text) == (422, True)
        # The line on top is loaded again and again, and keeps what was typed.
        line = html.unescape(re.findall(r'hx-get="/desk(/edition/vishesh/state[^"]*)"', refused.text)[0])
        assert f'name="at" value="{wrong}"' in sender.get(line).text
    at = (desk.app.now() + timedelta(days=2)).replace(hour=18, minute=0)
    sender.submit("/edition/vishesh/approve", {"seen": shown(desk), "at": f"{at:%Y-%m-%dT%H:%M}"})
    page = sender.get("/edition/vishesh").text
    assert f"{dates.short(at.date())} 18:00 बजे" in page
    assert "एक मिनट" not in page
    day = editor.get("/calendar").text.partition(dates.short(at.date()))[2].partition("</li>")[0]
    assert "/desk/edition/vishesh" in day
    assert "18:00" in day
    Scheduler(watch_settings(desk.app), lambda _line: None).editions.check_one("vishesh")
    edition = desk.app.editions.get("vishesh")
    assert edition is not None
    assert edition.state == EditionState.APPROVED


@pytest.mark.slow
def test_a_special_edition_without_articles_is_composed_anew(desk: Site, editor: Browser) -> None:
    editor.submit("/calendar", {"slug": "vishesh", "words": "xyzabc", "hours": "24"})
    edition = desk.app.editions.get("vishesh")
    assert edition is not None
    assert edition.state == EditionState.SKIPPED
    page = editor.get("/edition/vishesh").text
    assert "इसी नाम से फिर बनाएँ" in page
    assert "पिछले 24 घंटों में चुने हुए शब्दों और स्रोतों की कोई ख़बर नहीं मिली" in page, edition.reason
    assert editor.submit("/calendar", {"slug": "vishesh", "words": "", "hours": "72"}).status == 303
    edition = desk.app.editions.get("vishesh")
    assert edition is not None
    assert edition.state == EditionState.DRAFT
    # It had nobody while it was empty.
    for _ in range(200):
        title = editor.get("/edition/vishesh").text.partition("</h1>")[0]
        # The count may take longer than the page waits.
        if "पाठकों" in title:
            break
        time.sleep(0.05)
    assert re.search("[1-9] पाठकों को जाएगा", title), title


@pytest.mark.slow
def test_a_wrong_name_is_marked_and_keeps_what_was_typed(desk: Site, editor: Browser) -> None:
    assert 'href="#special"' in editor.get("/calendar").text
    source = {"source-0": "on", "words": "बजट", "hours": "168"}
    for name, status, says in (("बजट", 422, "छोटे"), ("taken", 409, "इस नाम का अंक पहले से है"), (" ", 422, "नाम")):
        if name == "taken":
            editor.submit("/calendar", {"slug": name, "hours": "24"})
        refused = editor.submit("/calendar", {"slug": name, **source})
        assert refused.status == status
        form = refused.text.partition('id="special"')[2]
        assert says in form.partition('id="wrong-slug"')[2].partition("</p>")[0], form
        assert re.search(f'name="slug" value="{name}"[^>]* aria-invalid="true"', form)
        assert 'name="words" value="बजट"' in form
        assert 'value="168" selected' in form
        assert 'name="source-0" checked' in form
        assert says not in refused.text.partition('id="special"')[0]


@pytest.mark.slow
def test_a_special_edition_whose_composing_fails_says_why_and_can_be_composed_again(
    desk: Site, editor: Browser
) -> None:
    with desk.app.database.write() as connection:
        connection.execute(
            text(
                "CREATE TRIGGER broken BEFORE UPDATE ON edition WHEN new.state = 'draft' "
                "BEGIN SELECT RAISE(ABORT, 'the disk is broken'); END"
            )
        )
    fields = {"slug": "vishesh", "words": "", "hours": "72"}
    assert editor.submit("/calendar", fields).status == 503
    page = editor.get("/edition/vishesh").text
    assert "बनाते समय गड़बड़ी हुई" in page
    assert "the disk is broken" in page
    assert "नहीं बना" in editor.get("/calendar").text
    with desk.app.database.write() as connection:
        connection.execute(text("DROP TRIGGER broken"))
    assert editor.submit("/calendar", fields).status == 303
    edition = desk.app.editions.get("vishesh")
    assert edition is not None
    assert edition.state == EditionState.DRAFT


def test_sources_and_hours_limit_a_special_edition(desk: Site, editor: Browser) -> None:
    name = desk.app.sources[0].name
    editor.submit("/calendar", {"slug": "ek-srot", "hours": "24", "source-0": "on"})
    special = desk.app.editions.get("ek-srot")
    assert special is not None
    ids = [id for story in special.stories() for id in story.article_ids]
    articles = desk.app.articles.by_ids(ids).values()
    assert {each.source for each in articles} == {name}
    assert all(desk.app.now() - each.published <= timedelta(hours=24) for each in articles)


@pytest.mark.slow
@pytest.mark.parametrize(
    "fields", [{"slug": "", "hours": "24"}, {"slug": "2026-11-29", "hours": "24"}, {"slug": "a", "hours": "9999"}]
)
def test_a_wrong_form_composes_nothing(desk: Site, editor: Browser, fields: dict[str, str]) -> None:
    before = len(desk.app.editions.all())
    assert editor.submit("/calendar", fields).status == 422
    assert len(desk.app.editions.all()) == before


def test_a_viewer_looks_only(desk: Site) -> None:
    viewer = set_up(desk, "meera", Role.VIEWER)
    page = viewer.get("/calendar")
    assert page.status == 200
    assert 'name="slug"' not in page.text
    assert viewer.submit("/calendar", {"slug": "x", "hours": "24"}).status == 403
