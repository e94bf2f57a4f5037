"""Which stories are proposed as breaking news, by `digest run` and by editors."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.breaking.press import ALERT, PAPERS, Press
from tests.curate.sample import BRIDGE, OTHERS

URL = "https://www.alok.example/bridge-1"


@pytest.mark.slow
def test_a_story_of_three_papers_is_proposed_once(press: Press) -> None:
    press.collect()
    # Three papers print one agency's report.
    assert press.proposals() == {}
    press.publish_bridge()
    press.later(minutes=15)
    with press.scheduler() as scheduler:
        scheduler.collect()
        scheduler.check()
        (line,) = (line for line in press.log if line.startswith("Breaking news?"))
        assert "3 independent sources" in line
        assert line.endswith(f"To send it before 16:15: digest breaking send {ALERT}")
    shown = press.newsroom.json("edition", "show", ALERT)
    assert (shown["state"], shown["number"]) == ("draft", 0)
    assert shown["subject"].startswith("ताज़ा ख़बर: ")
    (section,) = shown["sections"]
    assert sorted(section["stories"][0]["sources"]) == sorted(PAPERS[:3])
    # After a restart, and with a fourth paper.
    press.later(minutes=15)
    press.publish(PAPERS[3], replace(BRIDGE[1], id="late", title="कमला नदी के पुल पर पहली बस चली"))
    press.collect()
    assert press.proposals() == {ALERT: "draft"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "minutes"),
    [
        ({"DIGEST_BREAKING__ENABLED": "false"}, 10),
        ({"DIGEST_BREAKING__SOURCES": "4"}, 10),
        ({"DIGEST_BREAKING__SOURCES": "0"}, 10),
        ({"DIGEST_BREAKING__SECTIONS": "खेल"}, 10),
        ({"DIGEST_EDITION__BLOCK": "[पुल]"}, 10),
        ({}, 130),
    ],
)
def test_settings_keep_a_story_from_being_proposed(press: Press, settings: dict[str, str], minutes: float) -> None:
    for paper, article in zip(PAPERS, BRIDGE, strict=False):
        press.publish(paper, article, minutes=minutes)
    press.collect(**settings)
    assert press.proposals() == {}


@pytest.mark.slow
def test_a_story_that_an_edition_had_is_not_proposed(press: Press) -> None:
    press.publish(PAPERS[0], BRIDGE[0])
    press.newsroom.json("send", "2026-11-23")
    press.later(minutes=30)
    press.publish_bridge()
    press.collect()
    assert press.proposals() == {}


@pytest.mark.slow
def test_an_editor_proposes_by_url_or_story(press: Press) -> None:
    press.publish(PAPERS[0], BRIDGE[0])
    press.newsroom.digest("collect")
    unknown = press.newsroom.digest("breaking", "propose", "https://www.alok.example/other")
    assert unknown.code == 1
    assert "No stored article or story" in unknown.err
    made = press.newsroom.json("breaking", "propose", URL)
    assert (made["edition"], made["sections"][0]["stories"][0]["url"]) == (ALERT, URL)
    again = press.newsroom.digest("breaking", "propose", made["lead"])
    assert f"proposed already: digest breaking send {ALERT}" in again.err
    # An editor may change their mind; `digest run` does not.
    assert press.newsroom.json("breaking", "drop", ALERT) == {"edition": ALERT, "state": "cancelled"}
    press.publish_bridge()
    press.collect()
    assert press.proposals() == {ALERT: "cancelled"}
    second = press.newsroom.json("breaking", "propose", made["lead"])
    assert second["edition"] == "2026-11-23-breaking-2"
    assert len(second["sections"][0]["stories"][0]["sources"]) == 3


@pytest.mark.slow
def test_an_editor_is_told_which_edition_had_the_story(press: Press) -> None:
    press.publish(PAPERS[0], BRIDGE[0])
    press.newsroom.json("send", "2026-11-23")
    press.later(minutes=1)
    run = press.newsroom.digest("breaking", "propose", URL)
    assert run.code == 0, run.err
    assert "The story was in 2026-11-23." in run.err


@pytest.mark.slow
def test_a_proposal_is_edited_and_keeps_its_story(press: Press) -> None:
    press.publish_bridge()
    press.collect()
    before = press.newsroom.json("breaking", "list")["editions"][0]
    press.later(minutes=5)
    assert press.newsroom.digest("edition", "edit", ALERT, "--subject", "पुल खुला").code == 0
    assert press.newsroom.digest("preview", ALERT).code == 0
    after = press.newsroom.json("breaking", "list")["editions"][0]
    assert after == before | {"subject": "पुल खुला"}
    assert press.newsroom.digest("edition", "edit", ALERT, "--subject", "").code == 0
    assert press.newsroom.json("breaking", "list")["editions"][0] == before


def test_a_proposal_is_alerted_until_it_expires_and_never_for_its_one_story(press: Press) -> None:
    press.publish_bridge()
    with press.scheduler() as scheduler:
        scheduler.collect()
        scheduler.check()
        scheduler.watch()
        (alert,) = scheduler.app.alerts.store.open()
        assert (alert.key, alert.until) == (("breaking-proposed", ALERT), press.now[0] + timedelta(hours=4))
        press.later(hours=4, minutes=1)
        scheduler.check()
        scheduler.watch()
        assert press.proposals() == {ALERT: "expired"}
        assert scheduler.app.alerts.store.open() == []


@pytest.mark.slow
def test_a_proposal_expires_and_can_be_reopened(press: Press) -> None:
    press.publish_bridge()
    press.collect()
    press.later(hours=4, minutes=1)
    with press.scheduler() as scheduler:
        scheduler.check()
        assert press.proposals() == {ALERT: "expired"}
        refused = press.newsroom.digest("breaking", "send", ALERT)
        assert f"digest edition reopen {ALERT}" in refused.err
        assert press.newsroom.digest("edition", "reopen", ALERT).code == 0
        press.later(minutes=5)
        scheduler.check()
        assert press.newsroom.json("breaking", "send")["accepted"] == 2


@pytest.mark.slow
def test_proposals_of_several_days_have_their_own_keys(press: Press) -> None:
    press.publish(PAPERS[0], BRIDGE[0], OTHERS[0], OTHERS[3])
    press.newsroom.digest("collect")
    assert press.newsroom.json("breaking", "propose", URL)["edition"] == ALERT
    film = press.newsroom.json("breaking", "propose", "https://www.alok.example/film")
    assert film["edition"] == "2026-11-23-breaking-2"
    press.later(hours=24)
    chess = press.newsroom.json("breaking", "propose", "https://www.alok.example/chess")
    assert chess["edition"] == "2026-11-24-breaking-1"
    several = press.newsroom.digest("breaking", "send")
    assert "name one: 2026-11-23-breaking-1, 2026-11-23-breaking-2, 2026-11-24-breaking-1" in several.err


def test_breaking_news_is_off_by_default(press: Press) -> None:
    press.newsroom.edit_settings("breaking: {enabled: true}\n", "")
    run = press.newsroom.digest("breaking", "propose", URL)
    assert run.code == 1
    assert "breaking.enabled: true" in run.err
    assert press.newsroom.json("breaking", "list")["enabled"] is False


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{sources: 1}", "breaking.sources"),
        ("{within: 25h}", "at most 24h"),
        ('{quiet: ["22:00"]}', "two different times"),
        ('{quiet: ["22:00", "22:00"]}', "two different times"),
        ("{sections: [खेलकूद]}", "did you mean 'खेल'?"),
        ("{per_day: 0}", "breaking.per_day"),
    ],
)
def test_faulty_settings_are_refused(press: Press, value: str, message: str) -> None:
    press.newsroom.edit_settings("breaking: {enabled: true}\n", f"breaking: {value}\n")
    run = press.newsroom.digest("check", "--offline")
    assert run.code == 2
    assert message in run.out + run.err


def test_the_slugs_of_breaking_news_are_taken(press: Press) -> None:
    for slug in ("breaking", "breaking-1", "main"):
        press.newsroom.environment["DIGEST_SCHEDULE__EDITIONS"] = f"[{{slug: {slug}}}]"
        assert "is for breaking news; expected another name" in press.newsroom.digest("check", "--offline").out
