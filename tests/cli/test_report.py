"""`digest report`, its copy by mail after each edition, and the counts of `digest edition list`."""

from __future__ import annotations

import csv
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from digest.app import make_app
from digest.i18n import translator
from digest.models import BatchState
from digest.store.schema import batch
from digest.store.sending.statistics import in_flight_seconds
from tests.cli.newsroom import Newsroom, parse_mail, subscriber_rows, text_parts
from tests.cli.test_alerts import KEY, post_events, sendgrid_settings, smtp_settings, watched
from tests.support.sendgrid_events import of
from tests.support.sendgrid_server import SendGridServer
from tests.support.smtp_server import RecordingSmtp


@pytest.mark.slow
def test_a_report_goes_to_each_admin_once_after_the_edition(newsroom: Newsroom) -> None:
    newsroom.set_subscribers(*subscriber_rows(20), "email: off@example.com, status: paused")
    with RecordingSmtp() as server:
        server.behaviour.replies["subscriber3@example.com"] = "550 5.1.1 <subscriber3@example.com> no such user"
        settings = smtp_settings(server) | {
            "DIGEST_ALERTS__EMAIL": "admin@paper.example, desk@paper.example",
            "DIGEST_NEWSLETTER__BASE_URL": "https://news.paper.example",
        }
        with watched(newsroom, **settings) as day:
            day.at(7)
            day.run("send")
            day.watch(4)
            assert "admin@paper.example" not in server.counts
            day.watch(4)
        # A restart sends no second one.
        with watched(newsroom, at=day.now[0], **settings) as again:
            again.watch(4)
            assert again.receiver.accepted == []
        assert (server.counts["admin@paper.example"], server.counts["desk@paper.example"]) == (1, 1)
        mail = next(email.content for email in server.emails if email.rcpt_to == ("admin@paper.example",))
    assert str(parse_mail(mail)["Subject"]).endswith("23 नवंबर का अंक: 19 पाठकों को भेजा गया")
    parts = text_parts(mail)
    for text in parts.values():
        assert f"https://news.paper.example/desk/report/{KEY}" in text
        assert "subscriber3" not in text
    # One who paused, and one whose mailbox does not exist.
    assert "* विराम पर हैं: 1\n* ऐसा कोई मेलबॉक्स नहीं है: 1" in "\n".join(parts["text/plain"].splitlines())
    # The webhook stays in English.
    report = next(each for each in day.receiver.accepted if each["type"] == "edition.report")
    assert report["data"]["title"] == f"Edition {KEY}: 19 sent, 1 rejected"
    assert (report["data"]["edition"], report["data"]["accepted"], report["data"]["rejected"]) == (KEY, 19, 1)
    assert (report["data"]["delivered"], report["data"]["dropped"], report["data"]["bounced"]) == (None, None, 0)


@pytest.mark.slow
def test_the_mail_says_what_an_open_alert_is_about(newsroom: Newsroom) -> None:
    newsroom.set_subscribers(*subscriber_rows(20))
    with RecordingSmtp() as server:
        for number in range(1, 7):
            server.behaviour.replies[f"subscriber{number}@example.com"] = "550 5.1.1 no such user"
        settings = smtp_settings(server) | {
            "DIGEST_ALERTS__EMAIL": "admin@paper.example",
            "DIGEST_DELIVERY__STOP_ON": "{bounces: 0}",
        }
        with watched(newsroom, **settings) as day:
            day.at(7)
            day.run("send")
            day.watch(8)
            assert f"bounce-rate:{KEY}" in day.raised()
        mails = [email.content for email in server.emails if email.rcpt_to == ("admin@paper.example",)]
        subjects = [str(parse_mail(mail)["Subject"]) for mail in mails]
    [report] = [mail for mail, subject in zip(mails, subjects, strict=True) if "ध्यान दें: 23 नवंबर का अंक" in subject]
    assert "बहुत-से ईमेल लौटे या नामंज़ूर हुए।" in text_parts(report)["text/plain"]
    # Whoever runs the service gets the alert in English.
    assert any("bounced" in subject for subject in subjects)
    assert newsroom.json("report", KEY, **settings)["editors"]["dropped"] == 0


@pytest.mark.slow
def test_a_report_counts_feedback_and_names_the_command_for_unknown_outcomes(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    newsroom.set_subscribers(*subscriber_rows(40))
    with SendGridServer(faults=["ok", "accept_then_close"]) as server:
        settings = sendgrid_settings(server) | {
            "DIGEST_DELIVERY__BATCH_SIZE": "20",
            "DIGEST_DELIVERY__THREADS": "1",
            "DIGEST_ALERTS__REPORT_AFTER": "10m",
        }
        with watched(newsroom, **settings) as day:
            day.at(7)
            day.run("send")
            accepted = list(server.provider.acceptances())[:20]
            events = [of(each, "delivered", response="250 OK") for each in accepted]
            events += [of(accepted[0], "bounce", type="bounce", status="5.1.1", reason="550 5.1.1 no")]
            events += [of(accepted[1], "spamreport"), of(accepted[2], "unsubscribe")]
            post_events(day, events)
            day.watch(12)
            reports = [each["data"] for each in day.receiver.accepted if each["type"] == "edition.report"]
    assert len(reports) == 1
    made = newsroom.json("report", KEY, **settings)
    assert (made["accepted"], made["unknown"], made["delivered"]) == (20, 20, 19)
    assert (made["bounced"], made["complained"], made["left"], made["opened"]) == (1, 1, 1, None)
    assert made["actions"] == [f"20 outcomes are unknown: `digest reconcile {KEY}` resolves them."]
    assert {name: made[name] for name in ("accepted", "unknown")} == {
        name: reports[0][name] for name in ("accepted", "unknown")
    }
    text = newsroom.digest("report", **settings)
    assert "1 (5 %)" in text.out
    files = tmp_path / "report.html", tmp_path / "report.csv"
    run = newsroom.digest("report", KEY, "--html", str(files[0]), "--csv", str(files[1]), **settings)
    assert (run.code, run.out) == (0, "")
    page = files[0].read_text(encoding="utf-8")
    assert f"digest reconcile {KEY}" in page
    assert translator("hi").gettext("In numbers") in page, "editors read it"
    with files[1].open(encoding="utf-8-sig", newline="") as opened:
        table = {row["what"]: row["value"] for row in csv.DictReader(opened)}
    assert (table["sent"], table["unknown"]) == ("20", "20")
    [listed] = newsroom.json("edition", "list", **settings)["editions"]
    assert (listed["frozen"], listed["accepted"], listed["unknown"], listed["bounced"]) == (40, 20, 20, 1)
    assert "20" in newsroom.digest("edition", "list", **settings).out


@pytest.mark.slow
def test_a_report_compares_with_the_median_of_earlier_editions(newsroom: Newsroom) -> None:
    for day, count in (("21", 3), ("22", 9), ("23", 5), ("24", 8)):
        newsroom.set_subscribers(*subscriber_rows(count))
        newsroom.json("send", DIGEST_NOW=f"2026-11-{day}T07:00+05:30", DIGEST_EDITION__MIN_STORIES="1")
    made = newsroom.json("report", "2026-11-24")
    assert (made["accepted"], made["usual"]["editions"], made["usual"]["accepted"]) == (8, 3, 5)
    assert newsroom.json("report", "2026-11-21")["usual"]["accepted"] is None
    out = newsroom.digest("report", "2026-11-24").out
    assert "(usual: 5)" in out
    # A special edition is another kind: it neither counts here nor has a number.
    newsroom.json("compose", "--slug", "vishesh", DIGEST_NOW="2026-11-23T09:00+05:30")
    newsroom.json("send", "vishesh", DIGEST_NOW="2026-11-23T09:00+05:30")
    assert newsroom.json("report", "2026-11-24")["usual"]["editions"] == 3
    assert newsroom.json("report", "vishesh")["usual"]["editions"] == 0
    assert "No. " not in newsroom.digest("report", "vishesh").out
    assert newsroom.digest("report", "2026-01-01").code == 1


def test_a_report_without_an_edition_says_what_to_do(newsroom: Newsroom) -> None:
    run = newsroom.digest("report")
    assert run.code == 1
    assert "digest send" in run.err


def test_a_report_before_the_send_claims_no_deliveries(newsroom: Newsroom) -> None:
    newsroom.json("compose")
    assert newsroom.json("report")["delivered"] is None
    shown = newsroom.digest("report").out
    assert "nothing was sent yet" in shown
    assert "time of sending" not in shown


@pytest.mark.slow
def test_dead_and_slow_sources_are_in_the_report(newsroom: Newsroom) -> None:
    newsroom.edit_settings(
        "sources:\n", "sources:\n  - {name: Gone, url: 'http://127.0.0.1:9/f', allow_private: true}\n"
    )
    newsroom.json("send")
    for _ in range(3):
        newsroom.digest("collect")
    made = newsroom.json("report")
    assert [(each["name"], each["state"]) for each in made["sources"]] == [("Gone", "dead")]
    assert "`digest sources list` shows the dead sources." in made["actions"]


def test_alerts_are_listed_and_tested(newsroom: Newsroom) -> None:
    assert newsroom.json("alerts", "list") == {"alerts": []}
    assert newsroom.digest("alerts", "test").code == 1
    assert "alerts.email" in newsroom.digest("alerts", "test").err
    run = newsroom.digest("alerts", "test", DIGEST_ALERTS__EMAIL="admin@paper.example")
    assert (run.code, run.out) == (0, "Sent a test by email:admin@paper.example.\n")
    [mail] = newsroom.home.glob("outbox/alert-*/*.eml")
    assert "alerts of this newsletter arrive" in text_parts(mail.read_bytes())["text/plain"]


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("DIGEST_ALERTS__WEBHOOK", "http://alerts.example.com/T0KEN", "webhook_private"),
        ("DIGEST_ALERTS__WEBHOOK", "hooks/T0KEN", "expected a URL"),
        ("DIGEST_ALERTS__EMAIL", "admin", "expected an email address"),
    ],
)
def test_faulty_settings_are_refused_without_repeating_a_secret(
    newsroom: Newsroom, variable: str, value: str, expected: str
) -> None:
    given = {"DIGEST_ALERTS__EMAIL": "admin@paper.example", variable: value}
    run = newsroom.digest("check", "--offline", **given)
    assert run.code == 2
    assert expected in run.out
    assert "T0KEN" not in run.out + run.err


@pytest.mark.slow
def test_a_send_needs_no_credentials_of_alerts(newsroom: Newsroom) -> None:
    smtp = json.dumps({"host": "mail.example.com", "username": "a"})
    run = newsroom.digest("send", DIGEST_ALERTS__EMAIL="admin@paper.example", DIGEST_ALERTS__SMTP=smtp)
    assert run.code == 0


def test_the_time_of_sending_leaves_out_the_hours_between_batches() -> None:
    start = datetime.fromisoformat("2026-11-23T07:00+05:30")

    def at(*seconds: int) -> tuple[datetime, datetime]:
        begin, end = (start + timedelta(seconds=each) for each in seconds)
        return begin, end

    assert in_flight_seconds([]) == 0
    assert in_flight_seconds([at(0, 10), at(2, 5), at(8, 20), at(40, 50), at(7200, 7210)]) == 60


@pytest.mark.slow
def test_no_report_goes_while_a_batch_is_handed_over(newsroom: Newsroom) -> None:
    """By SMTP one batch can take an hour, and the last one that ended may be long ago."""
    newsroom.json("send")
    later = {"DIGEST_NOW": "2026-11-23T07:20+05:30", "DIGEST_ALERTS__EMAIL": "admin@example.com"}
    with make_app(newsroom.home, environment=later) as app:
        with app.database.write() as connection:
            number = connection.execute(
                select(batch.c.id).where(batch.c.state == BatchState.ACCEPTED).limit(1)
            ).scalar()
            connection.execute(update(batch).where(batch.c.id == number).values(state=BatchState.SUBMITTING))
        assert app.reporter.send_due() == []
        with app.database.write() as connection:
            connection.execute(update(batch).where(batch.c.id == number).values(state=BatchState.ACCEPTED))
        assert app.reporter.send_due() == [KEY]
        assert app.reporter.send_due() == []
