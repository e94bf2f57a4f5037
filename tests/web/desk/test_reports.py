"""Reports: numbers of editions, who did not get one and why, the editor's work, growth, CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from digest import pipeline
from digest.models import Actor, BatchState, Role
from digest.notify.report_formats import as_csv
from digest.store.schema import batch, delivery_event
from digest.store.sending.course import CourseReader
from digest.store.sending.failures import FailureReader
from tests.web.desk.browser import TESTER, Browser, set_up
from tests.web.desk.conftest import KEY, open_desk
from tests.web.site import Site, translated

BY = Actor("tester", "command")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A desk whose edition was sent: ravi had left, asha's mailbox bounced."""
    home: Path = tmp_path_factory.mktemp("reports") / "newsletter"
    for opened in open_desk(home):
        app = opened.app
        app.subscriber_editor.suppress("ravi@example.com", "phoned", BY)
        story = next(app.editions.get(KEY).stories())  # type: ignore[union-attr]
        app.editor.pin(KEY, story.id, BY)
        app.approver.approve(app.editions.get(KEY), how="here", by=TESTER)  # type: ignore[arg-type]
        pipeline.send(app, KEY)
        asha = opened.subscriber_id("asha@example.com")
        with app.database.write() as connection:
            row = {"edition": KEY, "subscriber": asha, "kind": "bounced", "at": app.now(), "reason": "452 mailbox full"}
            connection.execute(insert(delivery_event), row)
        yield opened


@pytest.fixture(scope="module")
def admin(desk: Site) -> Browser:
    return set_up(desk, "mira", Role.ADMIN)


@pytest.mark.slow
def test_the_plot_labels_each_edition_by_its_day(tmp_path: Path) -> None:
    for desk in open_desk(tmp_path / "newsletter"):
        desk.app.approver.approve(pipeline.compose(desk.app, "special").edition, how="here", by=TESTER)
        pipeline.send(desk.app, "special")
        page = set_up(desk, "mira", Role.ADMIN).get("/reports").text
        labels = re.findall(
            r'text-anchor="middle">([^<]*)</text>', page.partition('<svg class="plot"')[2].partition("</svg>")[0]
        )
        assert labels == [f"{desk.app.now():%d.%m}"]


@pytest.mark.slow
def test_who_waits_for_their_hour_does_not_count_as_sent(tmp_path: Path) -> None:
    for desk in open_desk(tmp_path / "newsletter"):
        app, admin = desk.app, set_up(desk, "mira", Role.ADMIN)
        draft = admin.get(f"/report/{KEY}").text
        assert "सबको मिला।" not in draft
        assert translated("Nothing was sent yet.") in draft
        app.approver.approve(app.editions.get(KEY), how="here", by=TESTER)  # type: ignore[arg-type]
        pipeline.send(app, KEY)
        with app.database.write() as connection:
            accepted = select(batch.c.id).where(batch.c.state == BatchState.ACCEPTED).limit(1)
            one = connection.execute(accepted).scalar_one()
            connection.execute(update(batch).where(batch.c.id == one).values(state=BatchState.PENDING))
        counts = app.status_reader.counts(KEY, app.now())
        assert counts.pending >= 1
        found = FailureReader(app.database).read([KEY])
        assert sum(row.sent or 0 for row in found.mailboxes) == counts.accepted
        assert "सबको मिला।" not in admin.get(f"/report/{KEY}").text
        with app.database.write() as connection:
            connection.execute(update(batch).where(batch.c.id == one).values(state=BatchState.UNKNOWN))
        assert f"/report/{KEY}/missed?kind=unknown" in admin.get(f"/report/{KEY}").text
        page = admin.get(f"/report/{KEY}/missed?kind=unknown").text
        assert f"digest reconcile {KEY}" in page
        assert "@example.com" in page
        assert ",unknown," in admin.get(f"/report/{KEY}/missed.csv").text


@pytest.mark.slow
def test_editions_growth_and_domains_are_shown(desk: Site, admin: Browser) -> None:
    admin.get("/reports")
    page = admin.get("/reports").text
    assert f"/desk/report/{KEY}" in page
    assert "example.com" in page
    assert page.count('<svg class="plot"') >= 1
    sent = desk.app.reporter.statistics.numbers([KEY])[KEY]
    returned = list(csv.DictReader(io.StringIO(admin.get("/reports/failures.csv").text)))
    assert [(row["by"], row["name"], row["bounced"]) for row in returned] == [
        ("mailbox", "other", "1"),
        ("sender", "outbox", "1"),
        ("domain", "example.com", "1"),
    ]
    rows = list(csv.DictReader(io.StringIO(admin.get("/reports/editions.csv").text)))
    assert [(row["edition"], int(row["accepted"])) for row in rows] == [(KEY, sent.accepted)]


def test_a_file_has_numbers_that_a_spreadsheet_can_add(desk: Site) -> None:
    report = desk.app.reporter.report(KEY)
    many = replace(report, numbers=replace(report.numbers, accepted=1711, frozen=1_002_773))
    rows = {row["what"]: row["value"] for row in csv.DictReader(io.StringIO(as_csv(many, UTC)))}
    assert (rows["sent"], rows["on the list"]) == ("1711", "1002773")


@pytest.mark.slow
def test_an_edition_says_who_did_not_get_it_and_what_the_editor_did(admin: Browser) -> None:
    admin.get(f"/report/{KEY}/table.csv")
    page = admin.get(f"/report/{KEY}").text
    assert translated("they left, or an admin stopped their email") in page
    assert "pinned" not in page
    assert 'class="state ok"' in page
    # Each number leads to its people.
    numbers = page.partition('class="kpis"')[2].partition("</dl>")[0]
    assert f'/report/{KEY}/missed?kind=bounced">1</a>' in numbers
    assert f'/report/{KEY}/missed?kind=bounced">1</a>' in admin.get("/reports").text
    sheet = admin.get(f"/report/{KEY}/table.csv").text
    assert sheet.startswith("\ufeffedition,what")
    assert f'{KEY},"bounced, sender outbox",1,' in sheet
    assert translated("By who sent it") in page
    assert '<th scope="row">अन्य</th>' in page
    assert "ravi@example.com" in admin.get(f"/report/{KEY}/missed").text, "not an empty list of another kind"
    excluded = admin.get(f"/report/{KEY}/missed?kind=excluded").text
    assert "ravi@example.com" in excluded
    rows = [unescape(each) for each in re.findall(r'missed\?kind=excluded&amp;reason=[^"]+', page)]
    assert len(rows) > 1
    assert sum("ravi@example.com" in admin.get(f"/report/{KEY}/{row}").text for row in rows) == 1
    bounced = admin.get(f"/report/{KEY}/missed?kind=bounced").text
    assert "asha@example.com" in bounced
    assert translated("the mailbox is full") in bounced
    rows = list(csv.reader(io.StringIO(admin.get(f"/report/{KEY}/missed.csv").text)))
    assert ["asha@example.com", "bounced", "452 mailbox full"] in rows


@pytest.mark.slow
def test_a_viewer_sees_numbers_and_no_people(desk: Site) -> None:
    viewer = set_up(desk, "dev", Role.VIEWER)
    page = viewer.get(f"/report/{KEY}")
    assert page.status == 200
    assert "@example.com" not in page.text
    assert viewer.get(f"/report/{KEY}/missed").status == 403
    assert viewer.get("/report/none").status == 404


@pytest.mark.slow
def test_a_person_reads_why_it_did_not_arrive(desk: Site, admin: Browser) -> None:
    page = admin.get(f"/subscriber/{desk.subscriber_id('asha@example.com')}").text
    assert translated("Why did edition %(edition)s not arrive?") % {"edition": KEY} in page
    assert translated("the mailbox is full") in page


@pytest.mark.slow
def test_a_report_plots_the_course_of_the_send_with_a_table_and_a_file(desk: Site, admin: Browser) -> None:
    rows = list(csv.DictReader(io.StringIO(admin.get(f"/report/{KEY}/course.csv").text)))
    assert [row["minutes"] for row in rows] == ["15", "30", "60", "120", "240", "480", "1440"]
    sent = desk.app.reporter.statistics.numbers([KEY])[KEY].accepted
    began = desk.app.now()
    later = CourseReader(desk.app.database).rows(KEY, [KEY], now=began + timedelta(hours=3), tracked=False)
    assert [each.sent for each in later] == [sent] * 5 + [None] * 2, "the rest of the day is yet to come"
    assert [each.usually_sent for each in later] == [sent] * 7
    assert [each.bounced for each in later] == [1] * 5 + [None] * 2
    clicks = [began + timedelta(minutes=each) for each in (1, 20, 90)]
    clicked = CourseReader(desk.app.database).rows(
        KEY, [KEY], now=began + timedelta(hours=3), tracked=False, clicks=clicks
    )
    assert [each.clicked for each in clicked] == [1, 2, 2, 3, 3, None, None]
    assert {each.usually_clicked for each in clicked} == {None}
    assert {each.clicked for each in later} == {None}, "without tracking nothing is known"
    part = admin.get(f"/report/{KEY}").text.partition('id="course"')[2].partition("</section>")[0]
    assert "<table" in part
    assert part.count('<svg class="plot"') == 2, "one of what was sent, one of what bounced; clicks are not counted"
    assert translated("clicked") not in part
    assert f'href="/desk/report/{KEY}/course.csv"' in part
