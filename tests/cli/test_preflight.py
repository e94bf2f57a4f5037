"""Checks before a send: an email with errors is not sent, except with --force and a reason."""

from __future__ import annotations

import pytest

from digest.usecases.preflight import spam_findings
from tests.cli.newsroom import Newsroom
from tests.support.http_server import HttpServer
from tests.support.tables import each_row

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

KEY = "2026-11-23"
NO_UNSUBSCRIBE_LINK = (
    '{% extends "house/letter.html.j2" %}{% block footer %}{% endblock %}{% block masthead %}{% endblock %}\n'
)


@pytest.fixture(autouse=True)
def without_programs(newsroom: Newsroom) -> None:
    """SpamAssassin takes a second for each check, so tests run without it."""
    newsroom.environment["PATH"] = ""


def remove_unsubscribe_link(newsroom: Newsroom) -> None:
    (newsroom.home / "templates" / "letter.html.j2").write_text(NO_UNSUBSCRIBE_LINK, encoding="utf-8")


def test_an_email_without_unsubscribe_link_is_not_sent(newsroom: Newsroom) -> None:
    remove_unsubscribe_link(newsroom)
    run = newsroom.digest("send")
    assert run.code == 1
    assert "no unsubscribe link" in run.err
    assert "--force" in run.err
    assert newsroom.outbox() == {}
    assert newsroom.json("status", KEY)["frozen"] == 0


def test_a_fixed_email_is_sent(newsroom: Newsroom) -> None:
    remove_unsubscribe_link(newsroom)
    assert newsroom.digest("send").code == 1
    (newsroom.home / "templates" / "letter.html.j2").unlink()
    assert newsroom.json("send")["state"] == "done"
    assert newsroom.outbox()


def test_force_sends_it_and_records_the_reason(newsroom: Newsroom) -> None:
    remove_unsubscribe_link(newsroom)
    sent = newsroom.json("send", "--force", "the printer's own list, agreed by phone")
    assert sent["state"] == "done"
    assert any("no unsubscribe link" in line for line in sent["problems"])
    [decision] = newsroom.json("status", KEY)["decisions"]
    assert decision["what"] == "forced"
    assert decision["why"].startswith("the printer's own list, agreed by phone")
    assert "no unsubscribe link" in decision["why"]
    assert "agreed by phone" in newsroom.digest("status", KEY).out


def test_an_approval_accepts_only_the_errors_that_it_saw(newsroom: Newsroom) -> None:
    newsroom.json("compose")
    assert newsroom.digest("edition", "edit", KEY, "--intro", "नमस्ते {{ name }}").code == 0
    assert newsroom.digest("edition", "approve", KEY, "--force", "it is meant").code == 0
    remove_unsubscribe_link(newsroom)
    refused = newsroom.digest("send")
    assert (refused.code, "no unsubscribe link" in refused.err) == (1, True)
    assert newsroom.outbox() == {}
    (newsroom.home / "templates" / "letter.html.j2").unlink()
    assert newsroom.json("send")["state"] == "done"


def test_force_needs_a_reason(newsroom: Newsroom) -> None:
    remove_unsubscribe_link(newsroom)
    assert newsroom.digest("send", "--force", "  ").code == 1


def test_a_dry_run_reports_the_errors(newsroom: Newsroom) -> None:
    assert newsroom.json("send", "--dry-run")["errors"] == []
    remove_unsubscribe_link(newsroom)
    result = newsroom.json("send", "--dry-run", code=1)
    assert any("no unsubscribe link" in line for line in result["errors"])


def test_check_of_an_edition_shows_every_email(newsroom: Newsroom) -> None:
    newsroom.set_subscribers("email: a@example.com, topics: [खेल]", "email: b@example.com")
    newsroom.json("compose")
    checked = newsroom.json("check", KEY, "--offline")["edition"]
    assert checked["errors"] == []
    assert checked["letters"][0]["variant"] == "html"
    assert len(checked["letters"]) == 2
    assert all(email["decoded"] < 34_000 for email in checked["letters"])
    assert "email html:" in newsroom.digest("check", KEY, "--offline").out


def test_a_warning_of_a_setting_appears_once_and_says_that_it_is_one(newsroom: Newsroom) -> None:
    over = {"DIGEST_NEWSLETTER__BASE_URL": "http://news.paper.in"}
    warning = "newsletter.base_url is not https: mail programs offer no one-click unsubscribe"
    assert newsroom.digest("compose", **over).code == 0
    checked = newsroom.digest("check", "--offline", KEY, **over)
    assert [line for line in checked.out.splitlines() if warning in line] == [f"edition {KEY}: warning: {warning}"]
    sent = newsroom.digest("send", **over)
    assert [line for line in sent.err.splitlines() if warning in line] == [f"warning: {warning}"]


def test_check_names_a_template_that_would_stop_every_send(newsroom: Newsroom) -> None:
    remove_unsubscribe_link(newsroom)
    problems = newsroom.json("check", "--offline", code=2)["faults"]
    assert [problem for problem in problems if problem["where"] == "templates" and "unsubscribe" in problem["message"]]


def test_check_of_an_unknown_edition_is_wrong_usage(newsroom: Newsroom) -> None:
    run = newsroom.digest("check", "2020-01-01", "--offline")
    assert run.code == 2
    assert "Invalid value for EDITION: There is no edition 2020-01-01" in run.err
    assert "nobody is mailed" not in run.out + run.err


def test_check_with_links_requests_every_link(newsroom: Newsroom) -> None:
    with HttpServer() as site:
        site.route("/there", b"<html>there</html>")
        feed = "".join(
            f"<item><title>{title}</title><link>{site.url(path)}</link><description>{text}</description>"
            "<pubDate>Mon, 23 Nov 2026 05:10:00 +0530</pubDate></item>"
            for path, title, text in (
                ("/there", "नदीपुर में नहर खुली, खेतों तक पानी पहुँचा", "किसानों ने सिंचाई शुरू की और किनारे पर पेड़ लगाए।"),
                ("/gone", "पुस्तकालय की छत पर बच्चों ने दूरबीन से देखा चाँद", "शाम को विज्ञान की कक्षा खुले आकाश के नीचे लगी।"),
            )
        )
        site.route("/feed.xml", f"<rss version='2.0'><channel>{feed}</channel></rss>")
        (newsroom.home / "digest.yaml").write_text(
            "newsletter: {name: न, sender: {email: a@example.com}}\nedition: {min_stories: 1}\n"
            f"sources: [{{name: अपना, url: '{site.url('/feed.xml')}', allow_private: true, fulltext: false}}]\n",
            encoding="utf-8",
        )
        checked = newsroom.json("check", KEY, "--links")["edition"]
    assert checked["errors"] == []
    dead = [line for line in checked["warnings"] if "404" in line]
    assert len(dead) == 1
    assert "/gone" in dead[0]


def test_links_without_an_edition_is_wrong_usage(newsroom: Newsroom) -> None:
    assert newsroom.digest("check", "--links").code == 2
    assert newsroom.digest("check", KEY, "--links", "--offline").code == 2


def test_an_email_over_budget_is_shortened_and_reported(newsroom: Newsroom) -> None:
    newsroom.edit_settings("edition:", "edition:\n  max_bytes: 14000")
    sent = newsroom.json("send")
    assert sent["state"] == "done"
    assert any(line.startswith("left out to fit:") for line in sent["problems"])
    newsroom.json("check", KEY, "--offline")


REPORT = """Content preview:  x
Content analysis details:   ({points} points, 5.0 required)

 pts rule name              description
---- ---------------------- --------------------------------------------------
 2.7 GUARANTEED_100         BODY: One hundred percent guaranteed
-0.0 NO_RELAYS              Informational: message was not relayed via SMTP
"""


@each_row(
    ("points", "levels"), [("0.0", []), ("-1.2", []), ("2.7", ["warning"]), ("5.0", ["error"]), ("12.3", ["error"])]
)
def test_the_score_of_spamassassin_sets_the_level(points: str, levels: list[str]) -> None:
    found = spam_findings(REPORT.format(points=points))
    assert [one.level for one in found] == levels
    assert all("GUARANTEED_100" in one.message and "NO_RELAYS" not in one.message for one in found)


def test_an_unreadable_spamassassin_report_is_a_warning() -> None:
    assert spam_findings("")[0].level == "warning"
