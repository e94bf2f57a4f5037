"""The report's email: what editors read in it, after an edition that went well and one that did not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from digest.notify.alert import AlertKind
from digest.notify.report import (
    ClickReport,
    EditionNumbers,
    EditorsWork,
    FeedbackSummary,
    Report,
    SourceProblem,
    TargetClicks,
)
from digest.render.themes import Branding
from digest.usecases.editors_mail import ReportMails

BRANDING = Branding("सवेरा", "hi", "Asia/Kolkata", "https://news.example", "दिल्ली", "news@paper.example", None)
MAILS = ReportMails(BRANDING, "https://news.example/desk")
WELL = Report(
    newsletter="सवेरा",
    day=date(2026, 11, 23),
    number=312,
    state="done",
    subject="बजट सत्र आज से, दिल्ली में हवा सुधरी",
    reason="",
    numbers=EditionNumbers("2026-11-23", frozen=124_990, accepted=123_456, excluded=1534, bounced=62, complained=4),
    feedback=FeedbackSummary(delivered=123_100, dropped=0, left=9, opened=None, clicked=None),
    transports=["sendgrid"],
    excluded=[("paused until 2026-12-01", 900), ("no story of the chosen topics", 620), ("paused", 14)],
    rejected=[],
    earlier=[EditionNumbers("2026-11-22", frozen=124_500, accepted=123_000, excluded=1500, bounced=58, complained=3)]
    * 3,
    sources=[],
    decisions=[],
    work=EditorsWork(kept=14, dropped=3, pulled=2, rewritten=4),
    texts={"reply": 1},
    newest_texts=[(datetime(2026, 11, 23, 3, tzinfo=UTC), "अच्छा अंक।\nफ़ोन ravi@example.com")],
    clicks=ClickReport(412, 30, 10, 0, (TargetClicks("बजट सत्र आज से", "देश", 180, 201),)),
)
BADLY = replace(
    WELL,
    numbers=replace(
        WELL.numbers, frozen=66_734, accepted=61_000, excluded=1534, rejected=3200, unknown=1000, bounced=2100
    ),
    feedback=FeedbackSummary(delivered=56_300, dropped=0, left=9, opened=None, clicked=None),
    rejected=[("sendgrid: 550 5.1.1 no such user", 3000), ("smtp: 452 4.2.2 mailbox full", 200)],
    sources=[SourceProblem("नई दुनिया", "dead", "failed"), SourceProblem("लोकमत", "slow", "12 seconds")],
    alerts=frozenset({AlertKind.BOUNCE_RATE}),
)


def test_an_edition_that_went_well() -> None:
    mail = MAILS.build(WELL)
    assert mail.subject == "[सवेरा] 23 नवंबर का अंक: 1,23,456 पाठकों को भेजा गया"
    for part in (mail.html, mail.text):
        assert "इन पर ध्यान दें" not in part
        assert WELL.subject in part
        assert "https://news.example/desk/report/2026-11-23" in part
        assert "अच्छा अंक। फ़ोन" in part
        assert "ravi@" not in part
    assert "* भेजा गया: 1,23,456 (आम तौर पर: 1,23,000)" in mail.text
    # Reasons that differ only in a date are one line.
    assert "* विराम पर हैं: 914\n* चुने विषयों में ख़बर नहीं थी: 620" in mail.text
    assert "* हटाई: 3\n* फिर से लिखीं: 4" in mail.text
    assert "* बजट सत्र आज से: 180" in mail.text


def test_an_edition_that_did_not_go_well_says_what_needs_a_look() -> None:
    mail = MAILS.build(BADLY)
    assert mail.subject.startswith("[सवेरा] ध्यान दें: 23 नवंबर का अंक")
    for part in (mail.html, mail.text):
        assert "इस बार कम पाठकों को गया; आम तौर पर 1,23,000 को जाता है।" in part
        assert "1,000 पाठकों के बारे में पता नहीं कि ईमेल गया या नहीं।" in part
        assert "digest reconcile 2026-11-23" in part
        assert "बहुत-से ईमेल लौटे या नामंज़ूर हुए।" in part
        assert "नई दुनिया" in part
        assert "लोकमत" not in part
    assert "* ऐसा कोई मेलबॉक्स नहीं है: 3,000" in mail.text
    assert "* मेलबॉक्स भरा है: 200" in mail.text


def test_one_of_several_editions_of_a_day_is_named() -> None:
    branding = replace(BRANDING, edition_names={"shaam": "शाम"})
    evening = replace(WELL, numbers=replace(WELL.numbers, key="2026-11-23-shaam"))
    assert "23 नवंबर (शाम) का अंक: " in ReportMails(branding, "").build(evening).subject
    assert "23 नवंबर (चुनाव) का अंक: " in MAILS.build(replace(WELL, name="चुनाव")).subject


def test_a_day_that_many_have_not_chosen_is_no_fault() -> None:
    numbers = replace(WELL.numbers, accepted=60_000, excluded=64_990)
    assert "ध्यान दें" not in MAILS.build(replace(WELL, numbers=numbers)).text


def test_a_silent_source_needs_a_look_but_is_no_news_for_the_subject() -> None:
    mail = MAILS.build(replace(WELL, sources=[SourceProblem("नई दुनिया", "silent", "no new article since 2026-11-01")]))
    assert "ध्यान दें" not in mail.subject
    for part in (mail.html, mail.text):
        assert "इन पर ध्यान दें" in part
        assert "इन स्रोतों में कई दिन से नई ख़बर नहीं आई: नई दुनिया" in part


def test_without_a_desk_the_email_names_the_command() -> None:
    mail = ReportMails(BRANDING, "").build(WELL)
    assert "digest report 2026-11-23" in mail.html
    assert "<a " not in mail.html


def test_numbers_are_in_the_digits_of_the_theme() -> None:
    branding = replace(BRANDING, theme=replace(BRANDING.theme, digits="deva"))
    mail = ReportMails(branding, "https://news.example/desk").build(WELL)
    assert "२३ नवंबर का अंक: १,२३,४५६ पाठकों" in mail.subject
    assert "१,२३,४५६" in mail.html
    assert "https://news.example/desk/report/2026-11-23" in mail.html
    assert "भेजा गया: १,२३,४५६" in mail.text
    # A command can be copied.
    for part in (copied := ReportMails(branding, "").build(BADLY)).html, copied.text:
        assert "१,००० पाठकों के बारे में पता नहीं" in part
        assert "digest reconcile 2026-11-23" in part
        assert "digest report 2026-11-23" in part


def test_a_newsletter_in_english_has_an_english_report() -> None:
    mail = ReportMails(replace(BRANDING, language="en"), "").build(BADLY)
    assert mail.subject.startswith("[सवेरा] Please look: Edition of 23 November")
    assert "there is no such mailbox: 3,000" in mail.text
