"""Replies are stored once, with their subscriber and edition, and are deleted with the person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from digest import pipeline
from digest.app import App, make_app
from digest.mail.message import recipient
from digest.mail.mime import message_id_of
from digest.models import Subscriber
from digest.notify.report import as_json
from digest.notify.report_formats import as_text
from digest.subscribers.address import normalise
from tests.support.folders import newsletter_folder

KEY = "2026-11-23"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    newsletter_folder(tmp_path / "newsletter", all_sources=False)
    with make_app(tmp_path / "newsletter", environment={"DIGEST_NOW": "2026-11-23T07:00+05:30"}) as app:
        app.subscribers.sync([(normalise(each), Subscriber(each)) for each in ("asha@example.com",)], now=app.now())
        yield app


def mail(*head: str, sender: str = "Asha@Example.com", text: str = "अच्छा अंक। फ़ोन ravi@example.com") -> bytes:
    return "\r\n".join((f"From: {sender}", *head, "", text)).encode()


@pytest.mark.slow
def test_a_reply_is_kept_with_its_subscriber_and_its_edition(app: App) -> None:
    pipeline.send(app, KEY)
    to = recipient(1, "asha@example.com", app.sender, app.signer.sign_email)
    answered = f"In-Reply-To: <{message_id_of(KEY, to, app.sender)}>"
    first = mail(answered, "Message-ID: <1@x>", "Subject: Re: news")
    assert app.feedback.process_mail(first) == ("reply", 0)
    assert app.feedback.process_mail(first) == ("reply, stored before", 0)
    assert (
        app.feedback.process_mail(mail(answered, "Message-ID: <2@x>", "Auto-Submitted: auto-replied"))[0]
        == "auto-reply"
    )
    [word] = app.subscriber_texts.newest(10, edition=KEY)
    assert (word.email, word.kind, word.about) == ("asha@example.com", "reply", "Re: news")
    assert len(app.subscriber_texts.newest(10, automatic=True)) == 2
    report = app.reporter.report(KEY)
    assert as_json(report)["words"] == {"answer": 0, "reply": 1, "auto-reply": 1}
    for shown in (as_text(report, app.settings.newsletter.zone), app.report_mails.build(report).html):
        assert "अच्छा अंक" in shown
        assert "ravi@" not in shown


def test_the_mail_of_a_stranger_is_not_kept(app: App) -> None:
    assert app.feedback.process_mail(mail(sender="stranger@example.org")) == ("not a report", 0)
    assert app.feedback.process_mail(b"no mail at all") == ("not a report", 0)
    assert app.subscriber_texts.newest(10, automatic=True) == []


def test_words_go_with_the_person_and_with_time(app: App) -> None:
    app.feedback.process_mail(mail("Message-ID: <1@x>"))
    assert app.subscriber_texts.delete_old(app.now() - timedelta(days=365)) == 0
    app.eraser.erase("asha@example.com", "asked")
    assert app.subscriber_texts.newest(10) == []
    assert app.feedback.process_mail(mail("Message-ID: <3@x>")) == ("not a report", 0)
