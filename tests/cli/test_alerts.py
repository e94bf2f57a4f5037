"""Each alert is provoked for real, arrives at a local receiver once, says what to do, and is resolved once."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timedelta
from html import escape

import pytest
from fastapi import FastAPI

from digest import pipeline
from digest.app import App, make_app
from digest.models import Actor, EditionState, Role
from digest.notify.alert import NoticeKind
from digest.scheduler import Scheduler, guard, watch_settings
from digest.store import errors as store_errors
from digest.web.webhooks import webhooks
from tests.cli.newsroom import Newsroom, parse_mail, subscriber_rows, text_parts
from tests.support.asgi import Asgi
from tests.support.http_server import HttpServer
from tests.support.sendgrid_events import PATH, Webhook, body, of
from tests.support.sendgrid_server import SendGridServer, sendgrid_environment
from tests.support.smtp_server import RecordingSmtp
from tests.support.webhook_receiver import SECRET, WebhookReceiver, is_signed

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("brief_pauses")]

MORNING = datetime.fromisoformat("2026-11-23T05:00+05:30")
KEY = "2026-11-23"
SENDGRID = Webhook()
RSS = """<rss version="2.0"><channel><title>सवेरा</title><item><title>{title}</title>
<link>{url}</link><pubDate>{date}</pubDate><description>आज शहर में नई बस सेवा शुरू हुई और लोगों ने इसका स्वागत किया।
</description></item></channel></rss>"""


class Day:
    """A scheduler whose jobs and clock the test controls, and what its alerts' receiver got."""

    def __init__(self, scheduler: Scheduler, now: list[datetime], receiver: WebhookReceiver) -> None:
        self.scheduler, self.now, self.receiver = scheduler, now, receiver

    @property
    def app(self) -> App:
        return self.scheduler.app

    def at(self, hour: int, minute: int = 0, *, days: int = 0) -> None:
        self.now[0] = MORNING.replace(hour=hour, minute=minute) + timedelta(days=days)

    def watch(self, minutes: int = 3) -> None:
        """Run the alert checks for some minutes, once in each."""
        for _ in range(minutes):
            self.scheduler.watch()
            self.now[0] += timedelta(minutes=1)

    def run(self, job: str) -> None:
        """Run a job as the scheduler does."""
        self.scheduler.guard.run(self.scheduler.follow_list)
        # What is due then is composed and sent.
        due = {"compose": "check", "send": "check"}
        self.scheduler.guard.run(getattr(self.scheduler, due.get(job, job)))

    def raised(self) -> list[str]:
        return self.receiver.kinds()

    def resolved(self) -> list[str]:
        return self.receiver.kinds("alert.resolved")

    def action(self, kind: str) -> str:
        return str(self._data(kind)["action"])

    def text(self, kind: str) -> str:
        return f"{self._data(kind)['title']} {self._data(kind)['text']}"

    def _data(self, kind: str) -> dict[str, object]:
        found = [each["data"] for each in self.receiver.accepted if each["data"].get("kind") == kind]
        return dict(found[0])


@contextmanager
def watched(newsroom: Newsroom, *, at: datetime = MORNING, **environment: str) -> Iterator[Day]:
    now = [at]
    with WebhookReceiver() as receiver:
        given = {
            "DIGEST_ALERTS__WEBHOOK": receiver.url,
            "DIGEST_ALERTS__WEBHOOK_PRIVATE": "true",
            "DIGEST_ALERTS__WEBHOOK_SECRET_ENV": "ALERTS_SECRET",
            "DIGEST_ALERTS__THIN_EDITION": "0",
            "ALERTS_SECRET": SECRET,
            **{name: value for name, value in newsroom.environment.items() if name != "DIGEST_NOW"},
            **environment,
        }
        with make_app(newsroom.home, environment=given, clock=lambda: now[0]) as app:
            yield Day(Scheduler(watch_settings(app), lambda _line: None), now, receiver)
        assert all(is_signed(request) for request in receiver.requests)


def smtp_settings(server: RecordingSmtp) -> dict[str, str]:
    return {
        "DIGEST_DELIVERY__TRANSPORT": "smtp",
        "DIGEST_DELIVERY__SMTP__HOST": "127.0.0.1",
        "DIGEST_DELIVERY__SMTP__PORT": str(server.port),
    }


def sendgrid_settings(server: SendGridServer) -> dict[str, str]:
    return {
        **sendgrid_environment(server.url),
        "DIGEST_DELIVERY__ON_UNKNOWN": "hold",
        "DIGEST_WEB__WEBHOOKS__SENDGRID__KEYS_ENV": "SENDGRID_WEBHOOK_KEYS",
        "SENDGRID_WEBHOOK_KEYS": SENDGRID.public,
    }


def post_events(day: Day, events: list[dict[str, object]]) -> None:
    """Post events to the newsletter's webhook as SendGrid does, and process them."""
    routes = FastAPI()
    routes.include_router(webhooks(day.app))
    posted = body(events)
    with closing(Asgi(routes)) as client:
        headers = SENDGRID.headers(posted, day.now[0].timestamp())
        assert client.request("POST", PATH, posted, headers).status == 204
    day.run("process_feedback")


def test_a_dead_source(newsroom: Newsroom) -> None:
    with HttpServer() as site:
        up = RSS.format(title="बस सेवा", url=site.url("/1"), date="Mon, 23 Nov 2026 04:00:00 +0530")
        site.route("/feed.xml", up)
        source = f"sources:\n  - {{name: Dead Times, url: '{site.url('/feed.xml')}', allow_private: true}}\n"
        newsroom.edit_settings("sources:\n", source)
        with watched(newsroom) as day:
            day.run("collect")
            day.watch()
            assert day.raised() == []
            site.route("/feed.xml", "", status=500)
            for minute in (15, 30, 45):
                day.at(5, minute)
                day.run("collect")
            day.watch()
            assert day.raised() == ["source-dead:Dead Times"]
            assert "digest sources test 'Dead Times'" in day.action("source-dead")
            assert "HTTP 500" in day.text("source-dead")
            site.route("/feed.xml", up)
            day.at(8)
            day.run("collect")
            day.watch()
            assert (day.raised(), day.resolved()) == (["source-dead:Dead Times"], ["source-dead:Dead Times"])


def test_a_silent_source(newsroom: Newsroom) -> None:
    with HttpServer() as site:
        article = RSS.format(title="बस सेवा", url=site.url("/1"), date="Mon, 23 Nov 2026 04:00:00 +0530")
        site.route("/feed.xml", article)
        source = f"sources:\n  - {{name: Silent Times, url: '{site.url('/feed.xml')}', allow_private: true}}\n"
        newsroom.edit_settings("sources:\n", source)
        with watched(newsroom, DIGEST_ALERTS__SOURCE_SILENT="2d") as day:
            day.run("collect")
            day.at(6, days=3)
            day.run("collect")
            day.watch()
            assert day.raised() == ["source-silent:Silent Times"]
            news = RSS.format(title="नई ख़बर आई है", url=site.url("/2"), date="Thu, 26 Nov 2026 05:00:00 +0530")
            site.route("/feed.xml", news)
            day.at(7, days=3)
            day.run("collect")
            day.watch()
            assert day.resolved() == ["source-silent:Silent Times"]


def test_a_process_that_stood_still(newsroom: Newsroom) -> None:
    with watched(newsroom, DIGEST_ALERTS__HEARTBEAT_URL="https://hc.example.com/ping/1") as day:
        day.scheduler.notice_standstill(754.0)
        day.watch()
        assert day.raised() == ["stood-still:"]
        assert "stood still for 12 min 34 s" in day.text("stood-still")
        assert "heartbeat_url" not in day.action("stood-still")
        # After an hour it is too late to act on it.
        day.at(7)
        day.watch()
        assert (day.resolved(), day.app.alerts.store.open()) == ([], [])
    with watched(newsroom) as day:
        day.scheduler.notice_standstill(754.0)
        day.watch()
        assert "`alerts.heartbeat_url`" in day.action("stood-still")


def test_a_skipped_edition(newsroom: Newsroom) -> None:
    with watched(newsroom, DIGEST_EDITION__MIN_STORIES="90", DIGEST_EDITION__MAX_STORIES="99") as day:
        day.at(5, 30)
        day.run("compose")
        day.watch()
        assert day.raised() == [f"edition-skipped:{KEY}"]
        assert f"digest send {KEY}" in day.action("edition-skipped")
        # Two days later it is too late to act on it. It ends without a message.
        day.at(13, days=1)
        day.watch()
        assert (day.raised(), day.resolved(), day.app.alerts.store.open()) == ([f"edition-skipped:{KEY}"], [], [])


def test_a_thin_edition(newsroom: Newsroom) -> None:
    with watched(newsroom, DIGEST_ALERTS__THIN_EDITION="90", DIGEST_EDITION__MAX_STORIES="99") as day:
        day.at(5, 30)
        day.run("compose")
        day.watch()
        assert day.raised() == [f"edition-thin:{KEY}"]
        assert "digest sources list" in day.action("edition-thin")


def test_an_edition_is_not_thin_if_it_has_what_its_own_settings_ask_for(newsroom: Newsroom) -> None:
    editions = '[{slug: flash, max_stories: 4}, {slug: full, send_at: "07:10", compose_at: "05:30"}]'
    settings = {"DIGEST_ALERTS__THIN_EDITION": "90", "DIGEST_EDITION__MAX_STORIES": "99"}
    with watched(newsroom, DIGEST_SCHEDULE__EDITIONS=editions, **settings) as day:
        day.at(5, 30)
        day.run("compose")
        day.watch()
        assert len(day.app.editions.all()) == 2
        assert day.raised() == [f"edition-thin:{KEY}-full"]


def test_an_edition_that_waits_for_approval(newsroom: Newsroom) -> None:
    with watched(newsroom, DIGEST_SCHEDULE__APPROVAL="required") as day:
        day.at(5, 30)
        day.run("compose")
        day.watch()
        assert day.raised() == [f"edition-waiting:{KEY}"]
        assert f"`digest edition approve {KEY}`" in day.action("edition-waiting")
        edition = day.app.editions.get(KEY)
        assert edition is not None
        assert edition.subject in day.text("edition-waiting")
        day.app.editions.move(KEY, EditionState.APPROVED, out_of=(EditionState.DRAFT,))
        day.watch()
        assert (day.raised(), day.resolved()) == ([f"edition-waiting:{KEY}"], [f"edition-waiting:{KEY}"])
        # Whoever withdraws the approval has ten minutes before all are asked again.
        reopen(day)
        day.watch()
        assert len(day.raised()) == 1
        day.at(5, 50)
        day.watch()
        assert day.raised() == [f"edition-waiting:{KEY}"] * 2


def reopen(day: Day) -> None:
    day.app.editions.move(KEY, EditionState.DRAFT, out_of=(EditionState.APPROVED,))
    day.app.editions.record_decision(KEY, EditionState.DRAFT, "", now=day.app.now())


def test_an_approval_that_is_withdrawn_shortly_before_its_time_is_asked_for_at_once(newsroom: Newsroom) -> None:
    with watched(newsroom, DIGEST_SCHEDULE__APPROVAL="required", DIGEST_SCHEDULE__APPROVE_BY="06:50") as day:
        day.at(6, 40)
        day.run("compose")
        day.app.editions.move(KEY, EditionState.APPROVED, out_of=(EditionState.DRAFT,))
        reopen(day)
        day.watch()
        assert day.raised() == [f"edition-waiting:{KEY}"]


def test_editors_get_the_draft_in_their_language_with_a_button(newsroom: Newsroom) -> None:
    with RecordingSmtp() as server:
        settings = smtp_settings(server) | {
            "DIGEST_ALERTS__EMAIL": "editor@paper.example",
            "DIGEST_SCHEDULE__APPROVAL": "required",
            "DIGEST_SCHEDULE__APPROVE_BY": "06:50",
            "DIGEST_NEWSLETTER__BASE_URL": "https://news.paper.example",
            "DIGEST_ALERTS__APPROVAL_LINKS": "true",
        }
        with watched(newsroom, **settings) as day:
            day.at(5, 30)
            day.run("compose")
            day.watch()
            edition = day.app.editions.get(KEY)
            assert edition is not None
            [sent] = server.emails
            mail, parts = parse_mail(sent.content), text_parts(sent.content)
            assert str(mail["Subject"]).endswith(f"मंज़ूरी चाहिए: {edition.subject}")
            link = day.app.approval_link(KEY)
            assert f'href="{link}"' in parts["text/html"]
            for text in parts.values():
                assert link in text
                assert "सुबह 6:50 बजे तक मंज़ूरी नहीं मिली" in text
                assert "digest edition approve" not in text
                assert all(escape(story.title) in text or story.title in text for story in edition.stories())
            # Whoever runs the service still gets the command by the webhook.
            assert f"`digest edition approve {KEY}`" in day.action("edition-waiting")
            day.app.editions.move(KEY, EditionState.APPROVED, out_of=(EditionState.DRAFT,))
            day.watch()
            assert "अंक को मंज़ूरी मिल गई है" in text_parts(server.emails[1].content)["text/plain"]
            # Whoever decides on the desk is not told of the own decision. A webhook is.
            day.app.accounts.add("kavita", Role.SENDER, Actor("asha", "command"))
            users = day.app.accounts.users
            kavita = users.find("kavita")
            assert kavita is not None
            users.set_email(kavita.id, "Editor@paper.example")
            reopen(day)
            day.watch(12)
            assert len(server.emails) == 3
            day.app.editions.record_decision(KEY, EditionState.APPROVED, "on the desk", now=day.app.now(), by="kavita")
            day.app.editions.move(KEY, EditionState.APPROVED, out_of=(EditionState.DRAFT,))
            day.watch()
            assert len(server.emails) == 3
            assert day.resolved() == [f"edition-waiting:{KEY}"] * 2


def test_editors_without_pages_get_the_command(newsroom: Newsroom) -> None:
    with RecordingSmtp() as server:
        settings = smtp_settings(server) | {
            "DIGEST_ALERTS__EMAIL": "editor@paper.example",
            "DIGEST_NEWSLETTER__BASE_URL": "",
        }
        with watched(newsroom, DIGEST_SCHEDULE__APPROVAL="required", **settings) as day:
            day.at(5, 30)
            day.run("compose")
            day.watch()
            parts = text_parts(server.emails[0].content)
            assert f"इसके लिए सर्वर पर यह चलाएँ: digest edition approve {KEY}" in parts["text/plain"]
            assert "<a " not in parts["text/html"]


def test_an_expired_edition(newsroom: Newsroom) -> None:
    with watched(newsroom, DIGEST_SCHEDULE__APPROVAL="required") as day:
        day.at(5, 30)
        day.run("compose")
        day.at(11, 30)
        day.run("check")
        day.watch()
        assert day.raised() == [f"edition-expired:{KEY}"]
        assert "schedule.expires_after" in day.text("edition-expired")
        commands = (f"`digest edition reopen {KEY}`", f"`digest edition approve {KEY}`", f"`digest send {KEY}`")
        assert all(command in day.action("edition-expired") for command in commands)


def test_an_edition_that_is_composed_after_its_time_is_left_to_a_person(newsroom: Newsroom) -> None:
    """An admin tries every command while `digest run` runs, as on the first day."""
    with watched(newsroom) as day:
        day.at(15, 0)
        pipeline.compose(day.app, KEY)
        for minute in (1, 59):
            day.at(15, minute)
            day.run("check")
            day.watch()
        assert day.raised() == []
        edition = day.app.editions.get(KEY)
        assert edition is not None
        assert edition.state == EditionState.DRAFT


def test_a_provider_that_is_down_and_the_alert_by_another_transport(newsroom: Newsroom) -> None:
    """The main SMTP server refuses every connection; the alert's own server works."""
    with RecordingSmtp() as own, ExitStack() as main:
        server = main.enter_context(RecordingSmtp())
        settings = smtp_settings(server) | {
            "DIGEST_ALERTS__EMAIL": "admin@paper.example,desk@paper.example",
            "DIGEST_ALERTS__SMTP": json.dumps({"host": "127.0.0.1", "port": own.port, "security": "none"}),
            "DIGEST_DELIVERY__TRIES": "3",
        }
        with watched(newsroom, **settings) as day:
            main.close()
            day.at(7)
            day.watch()
            assert day.raised() == ["provider-down:smtp"]
            assert "digest check" in day.action("provider-down")
            assert sorted(own.counts.items()) == [("admin@paper.example", 1), ("desk@paper.example", 1)]
            mail = own.emails[0].content
            assert "smtp cannot be reached" in str(parse_mail(mail)["Subject"])
            assert (
                "What to do: Correct `delivery.smtp.host` and `delivery.smtp.port`, or start the mail server."
                in text_parts(mail)["text/plain"]
            )
            assert "Refused" in text_parts(mail)["text/html"] or "refused" in text_parts(mail)["text/html"]
            with RecordingSmtp(port=server.port):
                day.watch(10)
            assert (day.raised(), day.resolved()) == (["provider-down:smtp"], ["provider-down:smtp"])
            assert own.counts["admin@paper.example"] == 2


def test_an_alert_takes_the_next_transport_if_the_first_fails(newsroom: Newsroom) -> None:
    with SendGridServer() as provider, RecordingSmtp() as server:
        settings = sendgrid_settings(provider) | smtp_settings(server) | {"SENDGRID_API_KEY": "SG.revoked"}
        settings |= {"DIGEST_DELIVERY__TRANSPORT": "sendgrid,smtp", "DIGEST_ALERTS__EMAIL": "admin@paper.example"}
        with watched(newsroom, **settings) as day:
            day.watch()
            assert day.raised() == ["key-refused:sendgrid"]
        assert server.counts == {"admin@paper.example": 1}


def test_an_email_waits_until_a_transport_works(newsroom: Newsroom) -> None:
    with RecordingSmtp() as server:
        settings = smtp_settings(server) | {"DIGEST_ALERTS__EMAIL": "admin@paper.example"}
    with watched(newsroom, **settings) as day:
        day.watch()
        assert day.raised() == ["provider-down:smtp"]
        with RecordingSmtp(port=server.port) as again:
            day.watch(12)
            # One email with both the alert and its end, or one for each; never a duplicate.
            subjects = [str(parse_mail(email.content)["Message-ID"]) for email in again.emails]
            assert 1 <= len(subjects) == len(set(subjects)) <= 2
        assert day.resolved() == ["provider-down:smtp"]


def test_failures_in_a_row_of_a_running_send(newsroom: Newsroom) -> None:
    """The server answers the probe, and refuses every email."""
    newsroom.set_subscribers(*subscriber_rows(9))
    with RecordingSmtp(defer=[f"subscriber{n}@example.com" for n in range(9)]) as server:
        settings = smtp_settings(server) | {"DIGEST_DELIVERY__TRIES": "3", "DIGEST_DELIVERY__THREADS": "1"}
        with watched(newsroom, **settings) as day:
            day.at(7)
            day.run("send")
            day.watch()
            assert day.raised() == ["provider-down:smtp"]
            assert "try again later" in day.text("provider-down")
            told = newsroom.digest("status").out
            assert "`digest run` sends the pending ones; if it does not run: digest send" in told
            assert "Alert: smtp does not accept emails. deferred by the receiver: smtp 127.0.0.1" in told
            assert day.action("provider-down") in told
            # The cause follows the counts.
            assert told.index("pending  ") < told.index("Alert: ") < told.index("`digest run` sends the pending ones")
            server.behaviour.defer = frozenset()
            day.run("check")
            day.watch()
            assert (day.raised(), day.resolved()) == (["provider-down:smtp"], ["provider-down:smtp"])


@pytest.mark.parametrize("how", ["smtp", "sendgrid"])
def test_a_refused_key_is_found_before_the_send(newsroom: Newsroom, how: str) -> None:
    with ExitStack() as stack:
        if how == "smtp":
            server = stack.enter_context(RecordingSmtp(login=("asha", "right")))
            settings = smtp_settings(server) | {
                "DIGEST_DELIVERY__SMTP__USERNAME": "asha",
                "DIGEST_SMTP_PASSWORD": "t0p-secret",
            }
        else:
            provider = stack.enter_context(SendGridServer())
            settings = sendgrid_settings(provider) | {"SENDGRID_API_KEY": "SG.revoked"}
        with watched(newsroom, **settings) as day:
            day.watch()
            assert day.raised() == [f"key-refused:{how}"]
            variable = {"smtp": "DIGEST_SMTP_PASSWORD", "sendgrid": "SENDGRID_API_KEY"}[how]
            assert f"into {variable} and restart" in day.action("key-refused")
            assert "t0p-secret" not in json.dumps(day.receiver.accepted)
            assert "SG.revoked" not in json.dumps(day.receiver.accepted)


def test_a_key_without_a_permission(newsroom: Newsroom) -> None:
    with (
        SendGridServer(faults=["forbidden_403"] * 99) as provider,
        watched(newsroom, **sendgrid_settings(provider)) as day,
    ):
        day.at(7)
        day.run("send")
        day.watch()
        assert day.raised() == ["key-refused:sendgrid"]
        assert "verify the sender" in day.action("key-refused")
        assert (day.text("key-refused") + day.action("key-refused")).count("`digest check`") == 1


def test_an_email_that_the_provider_refuses(newsroom: Newsroom) -> None:
    """Its status page would not help."""
    with SendGridServer() as provider, watched(newsroom, **sendgrid_settings(provider)) as day:
        provider.faults = ["bad_email"] * 99
        day.at(7)
        for _ in range(3):
            day.run("send")
        # The probe sends another email.
        provider.faults = []
        day.scheduler.watch()
        assert day.raised() == ["provider-down:sendgrid"]
        assert "The subject is required." in day.text("provider-down")
        assert "`digest send EDITION --to YOUR_ADDRESS`" in day.action("provider-down")


def test_an_invalid_certificate(newsroom: Newsroom) -> None:
    with RecordingSmtp(starttls=True) as server:
        settings = smtp_settings(server) | {"DIGEST_DELIVERY__SMTP__SECURITY": "starttls"}
        with watched(newsroom, **settings) as day:
            day.watch()
            assert day.raised() == ["certificate-invalid:smtp"]
            assert "Renew the server's certificate" in day.action("certificate-invalid")


def test_an_unknown_outcome(newsroom: Newsroom) -> None:
    newsroom.set_subscribers(*subscriber_rows(6))
    with SendGridServer(faults=["accept_then_close"]) as server, watched(newsroom, **sendgrid_settings(server)) as day:
        day.at(7)
        day.run("send")
        day.watch()
        assert day.raised() == [f"outcome-unknown:{KEY}"]
        assert f"`digest reconcile {KEY}`" in day.action("outcome-unknown")
        assert "6 recipients" in day.text("outcome-unknown")
        # Said once, by the line about the edition.
        told = newsroom.digest("status").out
        assert f"an unknown outcome. To resolve it: digest reconcile {KEY}" in told
        assert "Alert:" not in told
        # SendGrid's events prove that it has the emails.
        post_events(day, [of(each, "delivered", response="250 OK") for each in server.provider.acceptances()])
        day.watch()
        assert (day.raised(), day.resolved()) == ([f"outcome-unknown:{KEY}"], [f"outcome-unknown:{KEY}"])


def test_an_outcome_that_is_unknown_since_a_restore(newsroom: Newsroom) -> None:
    copy = newsroom.home / "copy.db"
    newsroom.json("compose")
    newsroom.json("store", "backup", str(copy))
    newsroom.json("send")
    (newsroom.home / "digest.db").write_bytes(b"no database" * 1000)
    newsroom.json("store", "restore", str(copy))
    newsroom.json("send", code=1)
    with (
        RecordingSmtp() as server,
        watched(newsroom, at=MORNING.replace(hour=7), **smtp_settings(server)) as day,
    ):
        day.watch()
        assert day.raised() == [f"outcome-unknown:{KEY}"]
        assert "The store was restored from a copy" in day.text("outcome-unknown")
        assert "connection broke" not in day.text("outcome-unknown")
        # SMTP has no provider who could be asked.
        assert "the log of the mail server" in day.action("outcome-unknown")


def test_bounces_complaints_and_receivers_answers(newsroom: Newsroom) -> None:
    newsroom.set_subscribers(*subscriber_rows(100))
    with SendGridServer() as server, watched(newsroom, **sendgrid_settings(server)) as day:
        day.at(7)
        day.run("send")
        accepted = list(server.provider.acceptances())
        events = [of(each, "bounce", type="bounce", status="5.1.1", reason="550 5.1.1 no") for each in accepted[:6]]
        events += [of(each, "spamreport") for each in accepted[6:10]]
        spf = "550-5.7.26 <asha@example.com> Your email has been blocked because the sender is unauthenticated. gsmtp"
        events += [of(each, "bounce", type="blocked", reason=spf) for each in accepted[10:14]]
        events += [of(each, "deferred", response="421 4.7.0 [TSS04] Messages deferred") for each in accepted[20:25]]
        events += [of(each, "delivered", response="250 OK") for each in accepted[30:]]
        post_events(day, events)
        day.watch()
        expected = [
            f"bounce-rate:{KEY}",
            f"complaint-rate:{KEY}",
            "receiver-policy:gmail 7.26",
            "receiver-policy:yahoo TSS04",
        ]
        assert sorted(day.raised()) == expected
        assert f"digest status {KEY}" in day.action("bounce-rate")
        assert "0.1 %" in day.text("complaint-rate")
        assert "asha" not in json.dumps(day.receiver.accepted)
        actions = [
            each["data"]["action"] for each in day.receiver.accepted if each["data"]["kind"] == "receiver-policy"
        ]
        assert any("SPF, DKIM and DMARC" in action for action in actions)
        assert any("delivery.rate.per_minute" in action for action in actions)


def test_an_smtp_server_that_names_a_fault_of_the_sender(newsroom: Newsroom) -> None:
    newsroom.set_subscribers(*subscriber_rows(30))
    with RecordingSmtp() as server, watched(newsroom, **smtp_settings(server)) as day:
        for number in range(3):
            address = f"subscriber{number}@example.com"
            server.behaviour.replies[address] = f"550 5.7.1 <{address}> gsmtp: the reputation of the domain is low"
        day.at(7)
        day.run("send")
        day.watch()
        assert day.raised() == ["receiver-policy:gmail 7.1"]
        assert "subscriber0" not in day.text("receiver-policy")
        assert "Postmaster Tools" in day.action("receiver-policy")


def test_events_that_never_arrive(newsroom: Newsroom) -> None:
    newsroom.set_subscribers(*subscriber_rows(30))
    with SendGridServer() as server, watched(newsroom, **sendgrid_settings(server)) as day:
        day.at(7)
        day.run("send")
        day.watch()
        assert day.raised() == []
        day.at(8, 5)
        day.watch()
        assert day.raised() == ["webhook-silent:sendgrid"]
        assert "digest bounces --pull" in day.action("webhook-silent")
        post_events(day, [of(each, "delivered", response="250 OK") for each in server.provider.acceptances()])
        day.watch()
        assert (day.raised(), day.resolved()) == (["webhook-silent:sendgrid"], ["webhook-silent:sendgrid"])


def test_a_slow_send(newsroom: Newsroom) -> None:
    newsroom.set_subscribers(*subscriber_rows(20))
    with watched(newsroom, DIGEST_DELIVERY__RATE__PER_HOUR="5") as day:
        day.at(7)
        day.run("send")
        day.watch()
        assert day.raised() == []
        day.at(7, 31)
        day.watch()
        assert day.raised() == [f"sending-slow:{KEY}"]
        assert "15 wait" in day.text("sending-slow")


def test_low_disk(newsroom: Newsroom) -> None:
    free = shutil.disk_usage(newsroom.home).free // 1_000_000
    with watched(newsroom, DIGEST_ALERTS__DISK_FREE_MB=str(free * 2 + 10)) as day:
        day.watch()
        assert day.raised() == [f"disk-low:{newsroom.home}"]
        assert "du -sh" in day.action("disk-low")


def test_status_looks_at_the_disk_itself(newsroom: Newsroom) -> None:
    """With a full disk no alert can be stored, and there may be no edition."""
    limit = str(shutil.disk_usage(newsroom.home).free // 1_000_000 * 2 + 10)
    run = newsroom.digest("status", DIGEST_ALERTS__DISK_FREE_MB=limit)
    assert (run.code, run.out.count("Alert: Only ")) == (1, 1)
    assert "du -sh" in run.out
    assert "There is no edition yet" in run.err
    assert "Alert:" not in newsroom.digest("status").out


def test_a_backup_that_fails_every_night(newsroom: Newsroom) -> None:
    def back_up(day: str) -> None:
        run = newsroom.digest("store", "backup", "--force", "copy.db", DIGEST_NOW=f"{day}T03:00+05:30")
        assert run.code == 0, run.err

    with watched(newsroom, at=MORNING + timedelta(days=4)) as day:
        day.watch()
        assert day.raised() == []
        back_up("2026-11-25")
        day.watch()
        assert day.raised() == []
        back_up("2026-11-23")
        day.watch()
        assert day.raised() == ["backup-old:"]
        assert "4 days old" in day.text("backup-old")
        assert "digest-backup" in day.action("backup-old")
        back_up("2026-11-27")
        day.watch()
        assert day.resolved() == ["backup-old:"]


def test_a_faulty_list(newsroom: Newsroom) -> None:
    with watched(newsroom) as day:
        day.at(7)
        (newsroom.home / "subscribers.yaml").write_text("subscribers:\n  - email: nobody\n", encoding="utf-8")
        day.run("check")
        day.run("check")
        day.watch()
        assert day.raised() == ["list-faulty:subscribers.yaml"]
        assert "subscribers.yaml:2" in day.text("list-faulty")
        assert "digest subscribers check" in day.action("list-faulty")
        newsroom.set_subscribers("email: asha@example.com")
        day.run("check")
        day.watch()
        assert (day.raised(), day.resolved()) == (
            ["list-faulty:subscribers.yaml"],
            ["list-faulty:subscribers.yaml"],
        )


def test_a_store_that_cannot_be_written(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    with watched(newsroom) as day, closing(sqlite3.connect(newsroom.home / "digest.db", isolation_level=None)) as other:
        day.watch()
        day.at(7)
        monkeypatch.setattr(store_errors, "BUSY_SECONDS", 0.1)
        day.app.database.engine.dispose()
        other.execute("BEGIN EXCLUSIVE")
        day.run("send")
        for _ in range(6):
            day.run("check")
        assert day.raised() == ["store-unusable:"]
        assert day.action("store-unusable").startswith("End the program that locks it. `digest check`")
        # Reading works in a locked store, so it proves nothing.
        day.watch(1)
        assert day.resolved() == []
        other.execute("ROLLBACK")
        day.run("check")
        day.watch()
        assert "store-unusable:" in day.resolved()
        assert day.raised() == ["store-unusable:"], "no job's alert comes when the store works again"


def test_a_store_that_stays_locked_is_told_before_a_job_failed_three_times(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    with watched(newsroom) as day, closing(sqlite3.connect(newsroom.home / "digest.db", isolation_level=None)) as other:
        day.watch()
        day.at(7)
        monkeypatch.setattr(store_errors, "BUSY_SECONDS", 0.1)
        monkeypatch.setattr(guard, "_STORE_AWAY", 0.0)
        day.app.database.engine.dispose()
        other.execute("BEGIN EXCLUSIVE")
        day.run("send")
        assert day.raised() == ["store-unusable:"]
        other.execute("ROLLBACK")


@pytest.mark.parametrize(
    ("kind", "subject", "expected", "command"),
    [
        ("list", "subscribers.yaml", "list-faulty:subscribers.yaml", "digest subscribers check"),
        ("settings", "digest.yaml", "settings-faulty:digest.yaml", "digest check"),
        ("restart", "digest.yaml", "restart-needed:digest.yaml", "Restart `digest run`"),
        ("missed", KEY, f"edition-missed:{KEY}", f"digest send {KEY}"),
    ],
)
def test_a_fault_that_a_job_meets(newsroom: Newsroom, kind: str, subject: str, expected: str, command: str) -> None:
    with watched(newsroom) as day:
        for _ in range(3):
            day.scheduler.notices.notice(kind, subject, "line 3: expected a list")
            day.watch(1)
        assert day.scheduler.notices.clear(kind, subject)
        assert not day.scheduler.notices.clear(kind, subject)
        day.watch()
        assert (day.raised(), day.resolved()) == ([expected], [expected])
        assert "line 3" in day.text(expected.partition(":")[0])
        assert command in day.action(expected.partition(":")[0])


def test_alerts_survive_a_restart_of_the_service(newsroom: Newsroom) -> None:
    settings = {"DIGEST_SCHEDULE__APPROVAL": "required"}
    at = MORNING.replace(hour=5, minute=30)
    with watched(newsroom, at=at, **settings) as day:
        day.run("compose")
        day.watch()
        assert day.raised() == [f"edition-waiting:{KEY}"]
    with watched(newsroom, at=at + timedelta(minutes=5), **settings) as day:
        day.watch()
        assert day.raised() == []
        day.app.editions.move(KEY, EditionState.APPROVED, out_of=(EditionState.DRAFT,))
        day.watch()
        assert day.resolved() == [f"edition-waiting:{KEY}"]


def test_a_dead_receiver_delays_no_send(newsroom: Newsroom) -> None:
    with watched(newsroom, DIGEST_ALERTS__WEBHOOK="http://127.0.0.1:9/hook") as day:
        day.scheduler.notices.notice(NoticeKind.SETTINGS, "digest.yaml", "line 3")
        day.at(7)
        day.watch()
        day.run("send")
        assert len(newsroom.outbox()) == 5


def test_missing_secrets_of_alerts_are_warnings_and_stop_no_edition(newsroom: Newsroom) -> None:
    newsroom.edit_settings(
        "schedule:",
        """alerts:
  email: [desk@example.com]
  smtp: {host: mail.example.com, username: alerts}
  webhook: https://alerts.example.com/x
  webhook_secret_env: ALERTS_SECRET
schedule:""",
    )
    names = ["DIGEST_ALERTS_SMTP_PASSWORD", "ALERTS_SECRET"]
    checked = newsroom.json("check", "--offline")
    assert checked["faults"] == []
    for name in names:
        [warning] = [text for text in checked["warnings"] if name in text]
        assert "alerts may not arrive until you correct it" in warning
    tried = newsroom.digest("alerts", "test")
    assert tried.code == 1
    assert all(name in tried.err for name in names)
    command, env, lines = newsroom.command("run"), newsroom.env(), []
    with subprocess.Popen(command, env=env, cwd=newsroom.home, stderr=subprocess.PIPE, text=True) as run:
        for line in run.stderr or ():
            lines.append(line)
            if "Next edition" in line:
                run.terminate()
    assert run.returncode == 0
    assert all(name in "".join(lines) for name in names)
