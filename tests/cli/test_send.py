"""`digest send`: everyone who is due gets the edition exactly once."""

from __future__ import annotations

import pytest

from digest.models import PLACEHOLDERS
from tests.cli.newsroom import Newsroom, parse_mail, subscriber_rows, text_parts
from tests.support.http_server import Exchange, HttpServer
from tests.support.sendgrid_server import SendGridServer, sendgrid_environment
from tests.support.smtp_server import RecordingSmtp

# Latika is paused.
EVERYONE = {"asha", "ravi", "meena", "kabir", "farah", "joseph"}


@pytest.mark.slow
@pytest.mark.all_sources
def test_the_starter_newsletter_reaches_every_subscriber_once(newsroom: Newsroom) -> None:
    assert newsroom.digest("check").code == 0
    result = newsroom.json("send")
    assert (result["edition"], result["state"]) == ("2026-11-23", "done")
    assert (result["frozen"], result["accepted"], result["excluded"]) == (7, 6, 1)
    assert result["rejected"] == result["pending"] == result["unknown"] == 0
    mails = newsroom.outbox()
    assert set(mails) == {f"{name}@example.com" for name in EVERYONE}
    html = text_parts(mails["asha@example.com"])["text/html"]
    assert html.startswith("<!DOCTYPE html>")
    assert "asha@example.com" in html
    assert "सुबह की ख़बरें" in html
    for mail in mails.values():
        for text in text_parts(mail).values():
            assert not any(tag in text for tag in PLACEHOLDERS.values())
    assert set(text_parts(mails["kabir@example.com"])) == {"text/plain"}
    status = newsroom.json("status")
    assert {name: status[name] for name in ("frozen", "accepted", "excluded")} == {
        "frozen": 7,
        "accepted": 6,
        "excluded": 1,
    }
    assert status["not_reached"] == [{"email": "latika@example.com", "state": "excluded", "reason": "paused"}]


@pytest.mark.slow
def test_a_subscriber_gets_the_chosen_topics_and_the_lead(newsroom: Newsroom) -> None:
    newsroom.json("send")
    edition = newsroom.json("edition", "show", "2026-11-23")
    text = text_parts(newsroom.outbox()["meena@example.com"])["text/plain"].replace("\n", " ")
    for section in edition["sections"]:
        for story in section["stories"]:
            shown = story["title"].split()[0] in text and story["url"] in text
            assert shown == (section["name"] == "विज्ञान" or story["id"] == edition["lead"]), story["title"]


@pytest.mark.slow
def test_sending_again_sends_nothing_and_reports_it(newsroom: Newsroom) -> None:
    newsroom.json("send")
    before = newsroom.outbox()
    again = newsroom.digest("send")
    assert again.code == 0
    assert "everyone who is due already has it; nothing was sent" in again.out
    assert newsroom.outbox() == before


@pytest.mark.slow
def test_a_subscriber_added_later_gets_todays_edition_and_the_others_do_not(newsroom: Newsroom) -> None:
    newsroom.json("send")
    before = newsroom.outbox()
    assert newsroom.digest("subscribers", "add", "stranger@example.com").code == 0
    result = newsroom.json("send")
    assert (result["frozen"], result["accepted"], result["placed"]) == (8, 7, 1)
    after = newsroom.outbox()
    assert set(after) - set(before) == {"stranger@example.com"}
    assert {address: after[address] for address in before} == before


@pytest.mark.slow
def test_a_resumed_subscriber_gets_todays_edition_once(newsroom: Newsroom) -> None:
    newsroom.json("send")
    newsroom.digest("subscribers", "set", "latika@example.com", "--status", "active")
    assert newsroom.json("send")["accepted"] == 7
    assert newsroom.json("send")["placed"] == 0


@pytest.mark.slow
def test_a_test_send_is_marked_and_leaves_no_delivery(newsroom: Newsroom) -> None:
    result = newsroom.json("send", "--to", "me@example.com")
    assert (result["test"], result["sent"]) == (True, 1)
    (mail,) = newsroom.outbox("2026-11-23-test").values()
    assert parse_mail(mail)["Subject"].startswith("[टेस्ट]")
    assert parse_mail(mail)["To"] == "me@example.com"
    status = newsroom.json("status")
    assert (status["state"], status["frozen"]) == ("draft", 0)
    assert newsroom.json("send")["accepted"] == 6


@pytest.mark.slow
def test_a_dry_run_sends_nothing(newsroom: Newsroom) -> None:
    result = newsroom.json("send", "--dry-run")
    assert (result["would_send"], result["excluded"], result["already"]) == (6, 1, 0)
    assert newsroom.outbox() == {}
    assert newsroom.json("edition", "list")["editions"] == [], "no draft either"
    # A draft is not changed, even if another command would compose it again.
    before = newsroom.json("compose")
    assert newsroom.json("send", "--dry-run", DIGEST_EDITION__MAX_STORIES="4")["would_send"] < 7
    assert newsroom.json("edition", "show", "2026-11-23")["sections"] == before["sections"]
    newsroom.json("send")
    assert newsroom.json("send", "--dry-run")["would_send"] == 0


@pytest.mark.slow
def test_an_edition_with_too_few_stories_is_skipped_and_reported(newsroom: Newsroom) -> None:
    result = newsroom.json("send", DIGEST_EDITION__MIN_STORIES="90", DIGEST_EDITION__MAX_STORIES="100")
    assert result["state"] == "skipped"
    assert "90" in result["reason"]
    assert newsroom.outbox() == {}
    few = {"DIGEST_EDITION__MIN_STORIES": "90", "DIGEST_EDITION__MAX_STORIES": "100"}
    assert newsroom.json("send", "--to", "me@example.com", code=1, **few)["sent"] == 0
    # A skipped edition is composed again.
    assert newsroom.json("send")["state"] == "done"


def test_an_edition_without_articles_is_skipped(newsroom: Newsroom) -> None:
    (newsroom.home / "empty").mkdir()
    run = newsroom.digest("send", DIGEST_SOURCES="[{name: खाली, path: empty}]")
    assert run.code == 0
    assert "skipped" in run.out


@pytest.mark.slow
def test_smtp_delivers_one_email_to_each_subscriber(newsroom: Newsroom) -> None:
    newsroom.set_subscribers(*subscriber_rows(30), "email: nobody@example.com")
    with RecordingSmtp(reject=["nobody@example.com"]) as server:
        delivery = {"DIGEST_DELIVERY__TRANSPORT": "smtp", "DIGEST_DELIVERY__SMTP__PORT": str(server.port)}
        delivery["DIGEST_DELIVERY__SMTP__HOST"] = "127.0.0.1"
        result = newsroom.json("send", code=1, **delivery)
        assert (result["accepted"], result["rejected"], result["unknown"]) == (30, 1, 0)
        assert result["not_reached"][0]["email"] == "nobody@example.com"
        assert newsroom.json("send", code=1, **delivery)["placed"] == 0
        assert sorted(received.rcpt_to[0] for received in server.emails) == sorted(
            f"subscriber{number}@example.com" for number in range(30)
        )


@pytest.mark.slow
def test_a_small_list_uses_every_smtp_connection(newsroom: Newsroom) -> None:
    newsroom.set_subscribers(*subscriber_rows(18))
    with RecordingSmtp() as server:
        delivery = {"DIGEST_DELIVERY__TRANSPORT": "smtp", "DIGEST_DELIVERY__SMTP__PORT": str(server.port)}
        result = newsroom.json(
            "send", DIGEST_DELIVERY__SMTP__HOST="127.0.0.1", DIGEST_DELIVERY__THREADS="3", **delivery
        )
        assert (result["accepted"], result["batches"]) == (18, 3)
        assert len({email.rcpt_to for email in server.emails}) == len(server.emails) == 18


@pytest.mark.slow
def test_many_excluded_recipients_are_counted_by_reason(newsroom: Newsroom) -> None:
    """Their names would hide the one that was rejected."""
    newsroom.environment["DIGEST_NOW"] = "2026-11-22T07:00+05:30"
    weekdays = [f"{row}, frequency: weekdays" for row in subscriber_rows(60)]
    paused = ["email: latika@example.com, status: paused"]
    newsroom.set_subscribers(*weekdays, *paused, "email: asha@example.com", "email: nobody@example.com")
    planned = newsroom.digest("send", "--dry-run")
    with RecordingSmtp(reject=["nobody@example.com"]) as server:
        delivery = {"DIGEST_DELIVERY__TRANSPORT": "smtp", "DIGEST_DELIVERY__SMTP__PORT": str(server.port)}
        delivery["DIGEST_DELIVERY__SMTP__HOST"] = "127.0.0.1"
        sent = newsroom.digest("send", **delivery)
    lines = [line.split() for line in planned.out.splitlines()]
    assert ["not", "due", "on", "this", "day", "(weekdays)", "60"] in lines
    assert ["paused", "1"] in lines
    for run in (sent, newsroom.digest("status", "2026-11-22")):
        table = run.out.partition("did not get it")[2].splitlines()[2:5]
        assert [line.split("  ")[0] for line in table] == [
            "nobody@example.com",
            "60 recipients, such as subscriber0@example.com, subscriber1@example.com, subscriber2@example.com",
            "latika@example.com",
        ]
        assert table[1].endswith("excluded  not due on this day (weekdays)")
        assert "`digest status 2026-11-22 --all` names everyone." in run.out
    assert "subscriber59@example.com" in newsroom.digest("status", "2026-11-22", "--all").out


@pytest.mark.slow
def test_an_example_base_url_is_refused_for_real_addresses(newsroom: Newsroom) -> None:
    newsroom.set_subscribers(*subscriber_rows(2), "email: sunita@paper.in")
    # Samples never go to real addresses.
    newsroom.edit_settings(", replay: true", "")
    with RecordingSmtp() as server:
        delivery = {"DIGEST_DELIVERY__TRANSPORT": "smtp", "DIGEST_DELIVERY__SMTP__PORT": str(server.port)}
        delivery["DIGEST_DELIVERY__SMTP__HOST"] = "127.0.0.1"
        run = newsroom.digest("send", **delivery)
        assert run.code == 2
        assert "'newsletter.base_url' is an example" in run.err
        assert newsroom.digest("send", "--dry-run", **delivery).err == run.err
        checked = newsroom.digest("check", "--offline", **delivery)
        assert (checked.code, "'newsletter.base_url' is an example" in checked.out) == (2, True)
        assert not server.emails
        assert newsroom.json("send", DIGEST_NEWSLETTER__BASE_URL="https://news.paper.in", **delivery)["accepted"] == 3


@pytest.mark.slow
def test_an_example_base_url_is_good_enough_for_example_addresses(newsroom: Newsroom) -> None:
    """A test with a local mail catcher."""
    with RecordingSmtp() as server:
        delivery = {"DIGEST_DELIVERY__TRANSPORT": "smtp", "DIGEST_DELIVERY__SMTP__PORT": str(server.port)}
        delivery["DIGEST_DELIVERY__SMTP__HOST"] = "127.0.0.1"
        assert newsroom.json("send", "--dry-run", **delivery)["would_send"] == 6
        checked = newsroom.digest("check", "--offline", **delivery)
        assert checked.code == 0, checked
        assert "warning: digest.yaml: 'newsletter.base_url' is an example" in checked.out


@pytest.mark.slow
def test_sendgrid_delivers_one_email_to_each_subscriber(newsroom: Newsroom) -> None:
    newsroom.set_subscribers(*subscriber_rows(2500), "email: 'ravi@example.com', topics: [खेल]")
    with SendGridServer() as server:
        result = newsroom.json("send", **over_sendgrid(server))
        assert (result["accepted"], result["batches"], result["variants"]) == (2501, 4, 2)
        assert server.violations == []
        assert newsroom.json("send", **over_sendgrid(server))["placed"] == 0
        assert sorted(line.email for line in server.accepted) == sorted(
            ["ravi@example.com", *(f"subscriber{number}@example.com" for number in range(2500))]
        )
        (custom,) = {line.args["dg_edition"] for line in server.accepted}
        assert custom == "2026-11-23"


@pytest.mark.slow
def test_a_batch_without_response_is_unknown_until_an_operator_resolves_it(newsroom: Newsroom) -> None:
    newsroom.set_subscribers(*subscriber_rows(30))
    with SendGridServer(faults=["accept_then_close"]) as server:
        settings = {**over_sendgrid(server), "DIGEST_DELIVERY__BATCH_SIZE": "10", "DIGEST_DELIVERY__THREADS": "1"}
        result = newsroom.json("send", code=1, **settings)
        assert (result["accepted"], result["unknown"]) == (20, 10)
        assert len(result["not_reached"]) == 10
        assert newsroom.json("send", code=1, **settings)["unknown"] == 10
        assert len(server.accepted) == 30
        dry = newsroom.digest("send", "--dry-run", **settings)
        assert "Others have a place in it already: 20 accepted, 10 unknown." in dry.out
        assert "`digest reconcile 2026-11-23` resolves them" in dry.out
        assert "everyone who is due already has it" not in newsroom.digest("send", **settings).out
        unknown = newsroom.json("reconcile", "2026-11-23", code=1)["batches"]
        assert [batch["readers"] for batch in unknown] == [10]
        batch = str(unknown[0]["batch"])
        # The reason is missing.
        assert newsroom.digest("reconcile", "2026-11-23", "--accept", batch).code == 2
        resolved = newsroom.json("reconcile", "2026-11-23", "--accept", batch, "--reason", "seen in the log")
        assert resolved["unknown"] == 0
        status = newsroom.json("status")
        assert (status["state"], status["accepted"]) == ("done", 30)


@pytest.mark.slow
def test_a_rejected_key_stops_the_run_and_loses_nobody(newsroom: Newsroom) -> None:
    with SendGridServer() as server:
        settings = {**over_sendgrid(server), "SENDGRID_API_KEY": "SG.not-the-key"}
        run = newsroom.digest("send", **settings)
        assert run.code == 1
        assert "the key is refused (401)" in run.err
        assert "SG.not-the-key" not in run.err + run.out
        assert newsroom.json("status")["pending"] == 6
        assert newsroom.json("send", **over_sendgrid(server))["accepted"] == 6


def over_sendgrid(server: SendGridServer) -> dict[str, str]:
    return {
        **sendgrid_environment(server.url),
    }


@pytest.mark.slow
def test_status_counts_unknown_recipients_by_reason_and_shows_an_older_edition_that_has_some(
    newsroom: Newsroom,
) -> None:
    newsroom.set_subscribers(*subscriber_rows(60))
    with SendGridServer(faults=["accept_then_close"]) as server:
        newsroom.json("send", code=1, **over_sendgrid(server))
    out = newsroom.digest("status").out
    names = ", ".join(f"subscriber{number}@example.com" for number in range(3))
    assert f"60 recipients, such as {names}  unknown" in out
    assert "subscriber3@example.com" not in out
    assert "`digest status 2026-11-23 --all` names everyone." in out
    assert "subscriber59@example.com" in newsroom.digest("status", "--all").out
    with SendGridServer() as server:
        newsroom.json("send", **over_sendgrid(server), DIGEST_NOW="2026-11-24T07:00+05:30")
    newest = newsroom.digest("status", DIGEST_NOW="2026-11-24T08:00+05:30").out
    assert newest.startswith("edition 2026-11-24, done")
    line = "Edition 2026-11-23 is sending: 60 unknown of 60 recipients. Details: digest status 2026-11-23"
    assert line in newest
    assert line not in newsroom.digest("status", "2026-11-24").out
    others = newsroom.json("status", DIGEST_NOW="2026-11-24T08:00+05:30")["others"]
    assert [(other["edition"], other["unknown"]) for other in others] == [("2026-11-23", 60)]


@pytest.mark.slow
def test_a_subscriber_removed_while_the_edition_is_composed_gets_nothing(newsroom: Newsroom) -> None:
    newsroom.set_subscribers("email: asha@example.com", "email: ravi@example.com")
    feed = (newsroom.home / "samples/feeds/subah-samachar.xml").read_bytes()

    def serve(exchange: Exchange) -> None:
        # An admin edits the list at this moment.
        newsroom.set_subscribers("email: asha@example.com")
        exchange.reply(feed, headers={"Content-Type": "application/xml"})

    with HttpServer() as server:
        row = f'{{name: अच्छा, url: "{server.route("/rss", serve)}", replay: true, allow_private: true}}'
        result = newsroom.json("send", DIGEST_SOURCES=f"[{row}]")
    assert (result["state"], result["frozen"], result["accepted"]) == ("done", 1, 1)
    assert set(newsroom.outbox()) == {"asha@example.com"}


def test_the_status_of_a_draft_says_what_comes_next(newsroom: Newsroom) -> None:
    morning, late = {"DIGEST_NOW": "2026-11-23T05:45+05:30"}, {"DIGEST_NOW": "2026-11-23T10:45+05:30"}
    assert newsroom.digest("compose", **morning).code == 0

    def told(**environment: str) -> str:
        return newsroom.digest("status", **environment).out.splitlines()[-1]

    assert told(**morning) == "`digest run` sends it at 2026-11-23 07:00."
    assert told(**late) == "07:00 is past. To send it: digest send 2026-11-23"
    waits = "Edition 2026-11-23 waits for approval: digest edition approve 2026-11-23"
    assert told(**morning, DIGEST_SCHEDULE__APPROVAL="required") == waits
