"""The one-off send, end to end: exactly once, whatever happens in between."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage

from digest.models import PLACEHOLDERS
from tests.cli.newsroom import Newsroom, many
from tests.support.http_server import Exchange, HttpServer
from tests.support.sendgrid_server import KEY, SendGridServer
from tests.support.smtp_server import RecordingSmtp

EVERYONE = {"asha", "ravi", "meena", "kabir", "farah", "joseph"}  # latika is paused


def parsed(mail: bytes) -> EmailMessage:
    message = email.message_from_bytes(mail, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def parts(mail: bytes) -> dict[str, str]:
    texts = (part for part in parsed(mail).walk() if part.get_content_maintype() == "text")
    return {part.get_content_type(): part.get_content() for part in texts}


def test_the_starter_newsletter_reaches_every_reader_once(newsroom: Newsroom) -> None:
    assert newsroom.digest("check").code == 0
    told = newsroom.json("send")
    assert (told["edition"], told["state"]) == ("2026-11-23", "done")
    assert (told["frozen"], told["accepted"], told["excluded"]) == (7, 6, 1)
    assert told["rejected"] == told["pending"] == told["unknown"] == 0
    mails = newsroom.outbox()
    assert set(mails) == {f"{name}@example.com" for name in EVERYONE}
    html = parts(mails["asha@example.com"])["text/html"]
    assert html.startswith("<!DOCTYPE html>")
    assert "asha@example.com" in html
    assert "सुबह की ख़बरें" in html
    for mail in mails.values():
        for text in parts(mail).values():
            assert not any(tag in text for tag in PLACEHOLDERS.values())
    assert set(parts(mails["kabir@example.com"])) == {"text/plain"}
    status = newsroom.json("status")
    assert {name: status[name] for name in ("frozen", "accepted", "excluded")} == {
        "frozen": 7,
        "accepted": 6,
        "excluded": 1,
    }
    assert status["not_reached"] == [{"email": "latika@example.com", "state": "excluded", "reason": "paused"}]


def test_a_reader_gets_the_chosen_topics_and_the_lead(newsroom: Newsroom) -> None:
    newsroom.json("send")
    edition = newsroom.json("edition", "show", "2026-11-23")
    text = parts(newsroom.outbox()["meena@example.com"])["text/plain"].replace("\n", " ")
    for section in edition["sections"]:
        for story in section["stories"]:
            shown = story["title"].split()[0] in text and story["url"] in text
            assert shown == (section["name"] == "विज्ञान" or story["id"] == edition["lead"]), story["title"]


def test_sending_again_sends_to_nobody_and_says_so(newsroom: Newsroom) -> None:
    newsroom.json("send")
    before = newsroom.outbox()
    again = newsroom.digest("send")
    assert again.code == 0
    assert "everyone who is due already has it; nothing was sent" in again.out
    assert newsroom.outbox() == before


def test_a_reader_added_later_gets_todays_edition_and_the_others_do_not(newsroom: Newsroom) -> None:
    newsroom.json("send")
    before = newsroom.outbox()
    assert newsroom.digest("subscribers", "add", "stranger@example.com").code == 0
    told = newsroom.json("send")
    assert (told["frozen"], told["accepted"], told["placed"]) == (8, 7, 1)
    after = newsroom.outbox()
    assert set(after) - set(before) == {"stranger@example.com"}
    assert {address: after[address] for address in before} == before


def test_a_paused_reader_who_comes_back_gets_it_once(newsroom: Newsroom) -> None:
    newsroom.json("send")
    newsroom.digest("subscribers", "set", "latika@example.com", "--status", "active")
    assert newsroom.json("send")["accepted"] == 7
    assert newsroom.json("send")["placed"] == 0


def test_a_test_is_marked_and_leaves_no_delivery(newsroom: Newsroom) -> None:
    told = newsroom.json("send", "--to", "me@example.com")
    assert (told["test"], told["sent"]) == (True, 1)
    (mail,) = newsroom.outbox("2026-11-23-test").values()
    assert parsed(mail)["Subject"].startswith("[परख]")
    assert parsed(mail)["To"] == "me@example.com"
    status = newsroom.json("status")
    assert (status["state"], status["frozen"]) == ("draft", 0)
    assert newsroom.json("send")["accepted"] == 6


def test_a_dry_run_mails_nobody(newsroom: Newsroom) -> None:
    told = newsroom.json("send", "--dry-run")
    assert (told["would_send"], told["excluded"], told["already"]) == (6, 1, 0)
    assert newsroom.outbox() == {}
    assert newsroom.json("status")["frozen"] == 0
    newsroom.json("send")
    assert newsroom.json("send", "--dry-run")["would_send"] == 0


def test_too_few_stories_skip_the_edition_and_say_so(newsroom: Newsroom) -> None:
    told = newsroom.json("send", DIGEST_EDITION__MIN_STORIES="90", DIGEST_EDITION__MAX_STORIES="100")
    assert told["state"] == "skipped"
    assert "90" in told["reason"]
    assert newsroom.outbox() == {}
    assert newsroom.json("send")["state"] == "done"  # a skipped edition is composed anew


def test_no_article_at_all_skips_the_edition(newsroom: Newsroom) -> None:
    (newsroom.home / "empty").mkdir()
    run = newsroom.digest("send", DIGEST_SOURCES="[{name: खाली, path: empty}]")
    assert run.code == 0
    assert "skipped" in run.out


def test_over_smtp_every_reader_gets_one(newsroom: Newsroom) -> None:
    newsroom.readers(*many(30), "email: nobody@example.com")
    with RecordingSmtp(reject=["nobody@example.com"]) as server:
        over = {"DIGEST_DELIVERY__TRANSPORT": "smtp", "DIGEST_DELIVERY__SMTP__PORT": str(server.port)}
        over["DIGEST_DELIVERY__SMTP__HOST"] = "127.0.0.1"
        told = newsroom.json("send", code=1, **over)
        assert (told["accepted"], told["rejected"], told["unknown"]) == (30, 1, 0)
        assert told["not_reached"][0]["email"] == "nobody@example.com"
        assert newsroom.json("send", code=1, **over)["placed"] == 0
        assert sorted(letter.rcpt_to[0] for letter in server.letters) == sorted(
            f"reader{number}@example.com" for number in range(30)
        )


def test_links_to_the_examples_pages_reach_nobody_real(newsroom: Newsroom) -> None:
    newsroom.readers(*many(2), "email: sunita@paper.in")
    with RecordingSmtp() as server:
        over = {"DIGEST_DELIVERY__TRANSPORT": "smtp", "DIGEST_DELIVERY__SMTP__PORT": str(server.port)}
        over["DIGEST_DELIVERY__SMTP__HOST"] = "127.0.0.1"
        run = newsroom.digest("send", **over)
        assert run.code == 2
        assert "'newsletter.base_url' is an example" in run.err
        assert not server.letters
        assert newsroom.json("send", DIGEST_NEWSLETTER__BASE_URL="https://news.paper.in", **over)["accepted"] == 3


def test_over_sendgrid_every_reader_gets_one(newsroom: Newsroom) -> None:
    newsroom.readers(*many(2500), "email: 'ravi@example.com', topics: [खेल]")
    with SendGridServer() as server:
        told = newsroom.json("send", **over_sendgrid(server))
        assert (told["accepted"], told["batches"], told["variants"]) == (2501, 4, 2)
        assert server.violations == []
        assert newsroom.json("send", **over_sendgrid(server))["placed"] == 0
        assert sorted(line.email for line in server.accepted) == sorted(
            ["ravi@example.com", *(f"reader{number}@example.com" for number in range(2500))]
        )
        (custom,) = {line.args["dg_edition"] for line in server.accepted}
        assert custom == "2026-11-23"


def test_what_sendgrid_left_unanswered_is_held_named_and_settled_by_the_admin(newsroom: Newsroom) -> None:
    newsroom.readers(*many(30))
    with SendGridServer(faults=["accept_then_close"]) as server:
        settings = {**over_sendgrid(server), "DIGEST_DELIVERY__BATCH_SIZE": "10", "DIGEST_DELIVERY__THREADS": "1"}
        told = newsroom.json("send", code=1, **settings)
        assert (told["accepted"], told["unknown"]) == (20, 10)
        assert len(told["not_reached"]) == 10
        assert newsroom.json("send", code=1, **settings)["unknown"] == 10
        assert len(server.accepted) == 30
        doubts = newsroom.json("reconcile", "2026-11-23", code=1)["batches"]
        assert [doubt["readers"] for doubt in doubts] == [10]
        batch = str(doubts[0]["batch"])
        assert newsroom.digest("reconcile", "2026-11-23", "--accept", batch).code == 2  # no reason given
        settled = newsroom.json("reconcile", "2026-11-23", "--accept", batch, "--reason", "seen in the log")
        assert settled["unknown"] == 0
        status = newsroom.json("status")
        assert (status["state"], status["accepted"]) == ("done", 30)


def test_a_refused_key_stops_the_run_and_loses_nobody(newsroom: Newsroom) -> None:
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
        "DIGEST_DELIVERY__TRANSPORT": "sendgrid",
        "DIGEST_DELIVERY__SENDGRID__HOST": server.url,
        "SENDGRID_API_KEY": KEY,
    }


def test_status_names_the_first_and_with_all_everyone(newsroom: Newsroom) -> None:
    newsroom.readers("email: asha@example.com", *(f"email: p{n}@example.com, status: paused" for n in range(60)))
    newsroom.json("send")
    short, whole = newsroom.digest("status").out, newsroom.digest("status", "--all").out
    assert "p49@example.com" in short
    assert "p50@example.com" not in short
    assert "`digest status --all` lists everyone" in short
    assert "p59@example.com" in whole
    assert "and more" not in whole


def test_a_reader_taken_off_while_the_edition_is_composed_gets_nothing(newsroom: Newsroom) -> None:
    newsroom.readers("email: asha@example.com", "email: ravi@example.com")
    feed = (newsroom.home / "samples/feeds/subah-samachar.xml").read_bytes()

    def serve(exchange: Exchange) -> None:
        newsroom.readers("email: asha@example.com")  # the admin, at just this moment
        exchange.reply(feed, headers={"Content-Type": "application/xml"})

    with HttpServer() as server:
        row = f'{{name: अच्छा, url: "{server.route("/rss", serve)}", replay: true, allow_private: true}}'
        told = newsroom.json("send", DIGEST_SOURCES=f"[{row}]")
    assert (told["state"], told["frozen"], told["accepted"]) == ("done", 1, 1)
    assert set(newsroom.outbox()) == {"asha@example.com"}
