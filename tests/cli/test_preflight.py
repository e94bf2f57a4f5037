"""Before a send: a letter with errors goes to nobody, unless someone says why it should."""

from __future__ import annotations

import pytest

from digest.usecases.preflight import spam_findings
from tests.cli.newsroom import Newsroom
from tests.support.http_server import HttpServer

KEY = "2026-11-23"
NO_WAY_OUT = '{% extends "house/letter.html.j2" %}{% block footer %}{% endblock %}{% block masthead %}{% endblock %}\n'


def spoil(newsroom: Newsroom) -> None:
    (newsroom.home / "templates" / "letter.html.j2").write_text(NO_WAY_OUT, encoding="utf-8")


def test_a_letter_without_a_way_out_goes_to_nobody(newsroom: Newsroom) -> None:
    spoil(newsroom)
    run = newsroom.digest("send")
    assert run.code == 1
    assert "no unsubscribe link" in run.err
    assert "--force" in run.err
    assert newsroom.outbox() == {}
    assert newsroom.json("status", KEY)["frozen"] == 0


def test_mended_it_goes(newsroom: Newsroom) -> None:
    spoil(newsroom)
    assert newsroom.digest("send").code == 1
    (newsroom.home / "templates" / "letter.html.j2").unlink()
    assert newsroom.json("send")["state"] == "done"
    assert newsroom.outbox()


def test_forced_it_goes_and_the_reason_is_kept(newsroom: Newsroom) -> None:
    spoil(newsroom)
    sent = newsroom.json("send", "--force", "the printer's own list, agreed by phone")
    assert sent["state"] == "done"
    assert any("no unsubscribe link" in line for line in sent["problems"])
    [decision] = newsroom.json("status", KEY)["decisions"]
    assert decision["what"] == "forced"
    assert decision["why"].startswith("the printer's own list, agreed by phone")
    assert "no unsubscribe link" in decision["why"]
    assert "agreed by phone" in newsroom.digest("status", KEY).out


def test_a_reason_of_blanks_is_none(newsroom: Newsroom) -> None:
    spoil(newsroom)
    assert newsroom.digest("send", "--force", "  ").code == 1


def test_a_rehearsal_tells_it_too(newsroom: Newsroom) -> None:
    assert newsroom.json("send", "--dry-run")["errors"] == []
    spoil(newsroom)
    told = newsroom.json("send", "--dry-run", code=1)
    assert any("no unsubscribe link" in line for line in told["errors"])


@pytest.mark.slow
def test_check_of_an_edition_shows_each_letter(newsroom: Newsroom) -> None:
    newsroom.readers("email: a@example.com, topics: [खेल]", "email: b@example.com")
    newsroom.json("compose")
    looked = newsroom.json("check", KEY, "--offline")["edition"]
    assert looked["errors"] == []
    assert looked["letters"][0]["variant"] == "html"
    assert len(looked["letters"]) == 2
    assert all(letter["decoded"] < 34_000 for letter in looked["letters"])
    assert "email html:" in newsroom.digest("check", KEY, "--offline").out


def test_check_names_a_template_that_would_stop_every_send(newsroom: Newsroom) -> None:
    spoil(newsroom)
    faults = newsroom.json("check", "--offline", code=2)["faults"]
    assert [fault for fault in faults if fault["where"] == "templates" and "unsubscribe" in fault["message"]]


def test_check_of_no_such_edition(newsroom: Newsroom) -> None:
    run = newsroom.digest("check", "2020-01-01", "--offline")
    assert run.code == 2
    assert "Invalid value for EDITION: There is no edition 2020-01-01" in run.err
    assert "nobody is mailed" not in run.out + run.err


@pytest.mark.slow
def test_links_are_asked_for_where_wanted(newsroom: Newsroom) -> None:
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
        looked = newsroom.json("check", KEY, "--links")["edition"]
    assert looked["errors"] == []
    dead = [line for line in looked["warnings"] if "404" in line]
    assert len(dead) == 1
    assert "/gone" in dead[0]


def test_links_without_an_edition_is_wrong_usage(newsroom: Newsroom) -> None:
    assert newsroom.digest("check", "--links").code == 2
    assert newsroom.digest("check", KEY, "--links", "--offline").code == 2


@pytest.mark.slow
def test_over_budget_it_is_made_to_fit_and_says_so(newsroom: Newsroom) -> None:
    newsroom.settings("edition:", "edition:\n  max_bytes: 14000")
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


@pytest.mark.parametrize(
    ("points", "levels"), [("0.0", []), ("-1.2", []), ("2.7", ["warning"]), ("5.0", ["error"]), ("12.3", ["error"])]
)
def test_spamassassins_word(points: str, levels: list[str]) -> None:
    found = spam_findings(REPORT.format(points=points))
    assert [one.level for one in found] == levels
    assert all("GUARANTEED_100" in one.message and "NO_RELAYS" not in one.message for one in found)


def test_an_answer_that_cannot_be_read_is_said() -> None:
    assert spam_findings("")[0].level == "warning"
