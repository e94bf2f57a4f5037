"""Alerts are sent once, resolved once, retried, signed, and never sent to a private host."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.collect.http.post import JsonPoster
from digest.notify.alert import AdminMessage, Alert, MessageType
from digest.notify.formats import payload
from digest.notify.webhook import WebhookChannel, read_secrets
from digest.store.alerts import AlertStore
from digest.store.database import Database, open_database
from digest.store.message_queue import CLAIMED_FOR, RETRIES
from digest.usecases.alerts import Alerts
from tests.support.http_server import Exchange, HttpServer
from tests.support.tables import each_row
from tests.support.webhook_receiver import SECRET, WebhookReceiver, is_signed

START = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, time: timedelta) -> None:
        self.now += time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@contextmanager
def receiving(database: Database, clock: Clock) -> Iterator[tuple[Alerts, WebhookReceiver]]:
    with WebhookReceiver() as receiver:
        post = JsonPoster(allow_private=True, timeout=2).post
        channel = WebhookChannel(receiver.url, post, zone=UTC, keys=read_secrets(SECRET))
        yield Alerts(AlertStore(database), [channel], "सवेरा", clock), receiver


def raise_(alerts: Alerts, subject: str = "NDTV", **values: Any) -> bool:
    texts = {"title": f"The source {subject} is dead", "text": "It failed.", "action": "digest sources test"}
    return alerts.raise_alert(Alert("source-dead", subject, **{**texts, "since": alerts.now(), **values}))


def test_an_alert_is_told_once_and_resolved_once(database: Database, clock: Clock) -> None:
    with receiving(database, clock) as (alerts, receiver):
        assert raise_(alerts)
        assert not raise_(alerts)
        for _ in range(3):
            assert alerts.deliver() == []
            clock.pass_(timedelta(hours=1))
        assert receiver.kinds() == ["source-dead:NDTV"]
        data = receiver.accepted[0]["data"]
        assert (data["newsletter"], data["action"]) == ("सवेरा", "digest sources test")
        assert datetime.fromisoformat(data["since"]) == START
        assert alerts.clear("source-dead", "NDTV", "It answers again.")
        assert not alerts.clear("source-dead", "NDTV")
        alerts.deliver()
        assert receiver.kinds("alert.resolved") == ["source-dead:NDTV"]
        # The same condition again is a new alert.
        assert raise_(alerts)
        alerts.deliver()
        assert len(receiver.kinds()) == 2
        assert len(receiver.requests) == 3


def test_alerts_survive_a_restart(store_url: str, tmp_path: Path, clock: Clock) -> None:
    for _ in range(2):
        opened = open_database(store_url, home=tmp_path)
        with receiving(opened, clock) as (alerts, receiver):
            raise_(alerts)
            alerts.deliver()
            received = len(receiver.requests)
        opened.close()
    assert received == 0


def test_two_processes_tell_an_alert_once(store_url: str, tmp_path: Path, clock: Clock) -> None:
    first, second = (open_database(store_url, home=tmp_path) for _ in range(2))
    with receiving(first, clock) as (alerts, receiver):
        other = Alerts(AlertStore(second), alerts.channels, "सवेरा", clock)
        assert [raise_(alerts), raise_(other)] == [True, False]
        # One has claimed the message and is sending it.
        claimed = alerts.store.claim("webhook", clock())
        assert len(claimed) == 1
        other.deliver()
        assert receiver.requests == []
        # It died. The other one sends it later, under the same id.
        clock.pass_(CLAIMED_FOR)
        other.deliver()
        assert [request.headers["webhook-id"] for request in receiver.requests] == [claimed[0].id]
    first.close()
    second.close()


def test_a_failed_post_is_tried_again_with_the_same_id_and_a_new_signature(database: Database, clock: Clock) -> None:
    times = iter((1_000, 2_000, 3_000, 4_000))
    with receiving(database, clock) as (alerts, receiver):
        alerts.channels[0].clock = lambda: next(times)  # type: ignore[attr-defined]
        receiver.answers += [(500, {}), (429, {"Retry-After": "600"}), (302, {"Location": receiver.url})]
        raise_(alerts)
        assert alerts.deliver() == [
            "An alert could not be sent by webhook: the receiver answered 500. It is tried again."
        ]
        alerts.deliver()
        assert len(receiver.requests) == 1
        clock.pass_(RETRIES[0])
        alerts.deliver()
        clock.pass_(RETRIES[1])
        alerts.deliver()
        assert len(receiver.requests) == 2
        clock.pass_(timedelta(seconds=600) - RETRIES[1])
        alerts.deliver()
        # A redirect is a failure, and is not followed.
        assert len(receiver.requests) == 3
        clock.pass_(RETRIES[2])
        alerts.deliver()
        assert receiver.kinds() == ["source-dead:NDTV"]
        assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
        assert [request.headers["webhook-timestamp"] for request in receiver.requests] == [
            "1000",
            "2000",
            "3000",
            "4000",
        ]
        assert all(is_signed(request) for request in receiver.requests)


def test_a_receiver_that_never_answers_is_given_up(database: Database, clock: Clock) -> None:
    with receiving(database, clock) as (alerts, receiver):
        receiver.answers += [(503, {})] * 20
        raise_(alerts)
        problems = []
        for _ in range(20):
            problems += alerts.deliver()
            clock.pass_(timedelta(days=1))
        assert len(receiver.requests) == len(RETRIES) + 1
        assert problems[-1].endswith("It is given up.")


def test_a_receiver_that_does_not_answer_is_tried_once_for_all_messages(database: Database, clock: Clock) -> None:
    with receiving(database, clock) as (alerts, receiver):

        def hang_up(exchange: Exchange) -> None:
            exchange.handler.connection.shutdown(2)

        for subject in "ABC":
            raise_(alerts, subject)
        receiver.server.route("/hook", hang_up)
        assert len(alerts.deliver()) == 1
        assert len(receiver.requests) == 1
        receiver.server.route("/hook", receiver._answer)
        clock.pass_(RETRIES[0])
        alerts.deliver()
        assert sorted(receiver.kinds()) == ["source-dead:A", "source-dead:B", "source-dead:C"]


def test_a_receiver_that_is_gone_gets_no_second_post(database: Database, clock: Clock) -> None:
    with receiving(database, clock) as (alerts, receiver):
        receiver.answers.append((410, {}))
        raise_(alerts)
        assert alerts.deliver()[0].endswith("It is given up.")
        clock.pass_(timedelta(days=1))
        alerts.deliver()
        assert len(receiver.requests) == 1


def test_an_alert_whose_time_is_over_ends_without_a_message(database: Database, clock: Clock) -> None:
    with receiving(database, clock) as (alerts, receiver):
        raise_(alerts, until=START + timedelta(days=1))
        assert alerts.update([], ["other"]) == []
        assert len(alerts.store.open()) == 1
        clock.pass_(timedelta(days=1))
        alerts.update([], ["source-dead"])
        assert alerts.store.open() == []
        alerts.deliver()
        assert len(receiver.requests) == 1


def test_update_raises_what_is_new_and_resolves_what_is_over(database: Database, clock: Clock) -> None:
    def found(*subjects: str) -> Sequence[Alert]:
        return [Alert("source-dead", subject, "title", "text", "action", clock()) for subject in subjects]

    with receiving(database, clock) as (alerts, receiver):
        assert [alert.subject for alert in alerts.update(found("A", "B"), ["source-dead"])] == ["A", "B"]
        clock.pass_(timedelta(minutes=1))
        assert [alert.subject for alert in alerts.update(found("B", "C"), ["source-dead"], lambda _alert: "Well.")] == [
            "C"
        ]
        alerts.deliver()
        assert sorted(receiver.kinds()) == ["source-dead:A", "source-dead:B", "source-dead:C"]
        assert receiver.kinds("alert.resolved") == ["source-dead:A"]
        resolved = next(each for each in receiver.accepted if each["type"] == "alert.resolved")
        assert resolved["data"]["text"] == "Well."


def test_a_private_host_is_refused_unless_the_settings_allow_it(
    database: Database, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with HttpServer() as server:
        url = server.route("/T0KEN/secret", b"")
        channel = WebhookChannel(url, JsonPoster(timeout=2).post, zone=UTC)
        alerts = Alerts(AlertStore(database), [channel], "सवेरा", clock)
        raise_(alerts)
        problem = alerts.deliver()[0]
        assert "is not a public address" in problem
        assert server.requests == []
    assert "T0KEN" not in problem + caplog.text


@pytest.mark.parametrize("behaviour", ["closed", "silent"])
def test_a_dead_receiver_is_a_failure_in_bounded_time_that_names_no_path(behaviour: str) -> None:
    with HttpServer() as server:
        url = server.route("/T0KEN", lambda exchange: exchange.wait(5) or None)
        post = JsonPoster(allow_private=True, timeout=0.5).post
        message = AdminMessage("id", MessageType.TEST, START, "सवेरा", "title", "text")
        if behaviour == "silent":
            failure = WebhookChannel(url, post, zone=UTC).send([message])["id"]
            assert failure.reason == "127.0.0.1: no answer in 0.5 seconds"
    if behaviour == "closed":
        failure = WebhookChannel(url, post, zone=UTC).send([message])["id"]
        assert failure.reason == "127.0.0.1: the connection was refused"


def test_slack_gets_text_and_blocks_and_escaped_signs() -> None:
    message = AdminMessage(
        "id", MessageType.RAISED, START, "A & B", "<b>", "x" * 5000, action="digest status", since=START
    )
    document = payload(message, "slack", UTC)
    assert document["text"] == "[A &amp; B] Alert: &lt;b&gt;"
    section = document["blocks"][0]["text"]
    assert section["type"] == "mrkdwn"
    assert len(section["text"]) <= 3000


def test_telegram_gets_plain_text_within_its_limit() -> None:
    message = AdminMessage("id", MessageType.RAISED, START, "सवेरा", "title_*[", "y" * 5000, action="digest status")
    document = payload(message, "telegram", UTC, chat="-100")
    assert document["chat_id"] == "-100"
    assert "parse_mode" not in document
    assert document["text"].startswith("[सवेरा] Alert: title_*[")
    assert len(document["text"]) <= 4096


def test_a_chat_of_editors_gets_their_texts_and_other_webhooks_the_english_ones() -> None:
    texts = {"mail_subject": "[सवेरा] कृपया मंज़ूर करें", "mail_text": "अंक तैयार है।", "html": "<p>अंक तैयार है।</p>"}
    message = AdminMessage(
        "id", MessageType.RAISED, START, "सवेरा", "Edition waits", "It waits.", action="Run it", **texts
    )
    assert payload(message, "telegram", UTC)["text"] == "[सवेरा] कृपया मंज़ूर करें\nअंक तैयार है।"
    slack = payload(message, "slack", UTC)
    assert (slack["text"], slack["blocks"][0]["text"]["text"]) == (
        "[सवेरा] कृपया मंज़ूर करें",
        "*[सवेरा] कृपया मंज़ूर करें*\nअंक तैयार है।",
    )
    assert payload(message, "standard", UTC)["data"]["title"] == "Edition waits"


@each_row("secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_!!", "secret"])
def test_an_invalid_secret_is_refused_without_being_repeated(secret: str) -> None:
    with pytest.raises(ValueError, match="expected") as caught:
        read_secrets(secret)
    assert "c2hvcnQ" not in str(caught.value)


def test_two_secrets_give_two_signatures(database: Database, clock: Clock) -> None:
    new = "whsec_" + "bmV3IGtleSBvZiB0aGUgdGVzdHMsIDMyIGJ5dGVz"
    with WebhookReceiver() as receiver:
        keys = read_secrets(f"{new},{SECRET}")
        channel = WebhookChannel(receiver.url, JsonPoster(allow_private=True).post, zone=UTC, keys=keys)
        alerts = Alerts(AlertStore(database), [channel], "सवेरा", clock)
        raise_(alerts)
        alerts.deliver()
        request = receiver.requests[0]
        assert is_signed(request, new)
        assert is_signed(request, SECRET)
        tampered = type(request)(request.method, request.target, request.headers, json.dumps({}).encode(), 0.0)
        assert not is_signed(tampered, SECRET)


def test_an_open_alert_is_told_again_once_for_each_new_cause(database: Database, clock: Clock) -> None:
    def errors(line: int) -> Alert:
        text = f"subscribers.yaml:{line}: no email"
        return Alert("list-faulty", "subscribers.yaml", "It has errors", text, "digest subscribers check", clock())

    with receiving(database, clock) as (alerts, receiver):
        for line in (5, 5, 9, 9, 5):
            alerts.raise_alert(errors(line))
            alerts.deliver()
            clock.pass_(timedelta(minutes=1))
        received = [each["data"]["text"] for each in receiver.accepted]
        assert received == ["subscribers.yaml:5: no email", "subscribers.yaml:9: no email"]
        # After its end, the first cause is new again.
        alerts.clear("list-faulty", "subscribers.yaml")
        clock.pass_(timedelta(minutes=1))
        assert alerts.raise_alert(errors(5))


def test_a_clock_that_is_set_back_after_a_jump_is_told_too(database: Database, clock: Clock) -> None:
    """Whoever reads only of the first jump sets a clock that is right again."""
    with receiving(database, clock) as (alerts, receiver):
        for title in ("The clock jumped 48 h 11 min forward", "The clock was set back 47 h 10 min"):
            alerts.raise_alert(Alert("clock-jump", "", title, f"{title}. It is {clock():%H:%M} now.", "date", clock()))
            alerts.deliver()
            clock.pass_(timedelta(minutes=20))
        assert [each["data"]["title"] for each in receiver.accepted] == [
            "The clock jumped 48 h 11 min forward",
            "The clock was set back 47 h 10 min",
        ]


def test_a_server_has_a_new_cause_if_it_answers_with_another_code(database: Database, clock: Clock) -> None:
    answers = (
        "smtp mail.example.com:587: [Errno 111] Connection refused",
        "smtp mail.example.com:587: timed out after 20 s",
        "smtp mail.example.com:587: 451 4.3.0 queue 4BzQ1x: try again later",
        "smtp mail.example.com:587: 451 4.3.0 queue 7AaZ2y: try again later",
        "smtp mail.example.com:587: 554 5.7.1 blocked",
    )
    with receiving(database, clock) as (alerts, receiver):
        for text in answers:
            alerts.raise_alert(Alert("provider-down", "smtp", "smtp does not accept emails", text, "wait", clock()))
            alerts.deliver()
        assert [each["data"]["text"] for each in receiver.accepted] == [answers[0], answers[2], answers[4]]
        # The text of a dead source counts its failures, and the alert is sent once.
        for number in (3, 4):
            raise_(alerts, text=f"It has failed {number} times in a row: HTTP 50{number}")
        alerts.deliver()
        assert receiver.kinds().count("source-dead:NDTV") == 1
