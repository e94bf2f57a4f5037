"""Alert editions are sent by a person, within their limits, and the next edition knows their story."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from digest.models import Actor, TextBlock
from tests.breaking.press import ALERT, PAPERS, Press
from tests.cli.newsroom import parse_mail, text_parts
from tests.curate.sample import BRIDGE, OTHERS

SECOND = "2026-11-23-breaking-2"
DAILY = "2026-11-23"


def propose_bridge(press: Press) -> Press:
    press.publish_bridge()
    press.collect()
    assert press.proposals() == {ALERT: "draft"}
    return press


@pytest.fixture
def proposed(press: Press) -> Press:
    """A story is proposed."""
    return propose_bridge(press)


@pytest.mark.slow
def test_one_command_sends_the_only_proposal_once(everywhere: Press) -> None:
    proposed = propose_bridge(everywhere)
    with proposed.scheduler() as scheduler:
        scheduler.check()
        assert proposed.newsroom.outbox(ALERT) == {}
    sent = proposed.newsroom.json("breaking", "send")
    assert (sent["edition"], sent["state"], sent["accepted"]) == (ALERT, "done", 2)
    mails = proposed.newsroom.outbox(ALERT)
    assert set(mails) == {"asha@example.com", "ravi@example.com"}
    mail = next(iter(mails.values()))
    assert parse_mail(mail)["Subject"].startswith("ताज़ा ख़बर: ")
    for text in text_parts(mail).values():
        assert "ताज़ा ख़बर · 3 स्रोत" in text.replace("&nbsp;", " ").replace("\u00a0", " ")
        assert "सोनपुरा" in text
        assert "आपका दिन अच्छा बीते" not in text
        assert not re.search("अंक [0-9]", text), "an alert has no number"
    proposed.later(minutes=5)
    for command in (["breaking", "send", ALERT], ["send", ALERT]):
        again = proposed.newsroom.digest(*command)
        assert (again.code, "was sent already" in again.err) == (1, True), again.err
    assert "There is no proposal" in proposed.newsroom.digest("breaking", "send").err
    # Not even an editor sends it twice.
    refused = proposed.newsroom.digest("breaking", "propose", f"https://www.alok.example/{BRIDGE[0].id}")
    assert f"was sent already: {ALERT}" in refused.err
    assert len(proposed.newsroom.outbox(ALERT)) == 2


@pytest.mark.slow
def test_approval_of_editions_does_not_delay_an_alert(proposed: Press) -> None:
    assert proposed.newsroom.json("breaking", "send", DIGEST_SCHEDULE__APPROVAL="required")["accepted"] == 2


@pytest.mark.slow
def test_the_limit_of_the_day_survives_restarts(everywhere: Press) -> None:
    proposed = propose_bridge(everywhere)
    limit = {"DIGEST_BREAKING__PER_DAY": "1"}
    proposed.newsroom.json("breaking", "send", **limit)
    proposed.later(minutes=30)
    proposed.publish(PAPERS[0], OTHERS[3])
    proposed.newsroom.digest("collect")
    proposed.newsroom.json("breaking", "propose", f"https://www.alok.example/{OTHERS[3].id}", **limit)
    refused = proposed.newsroom.digest("breaking", "send", **limit)
    assert refused.code == 1
    assert f"the day's limit of 1 is reached (breaking.per_day; sent today: {ALERT})" in refused.err
    assert proposed.newsroom.outbox(SECOND) == {}
    # The limit of that day is reached, and the proposal is too old.
    proposed.later(hours=24)
    old = proposed.newsroom.digest("breaking", "send", SECOND, **limit)
    assert "proposed at 2026-11-23 12:30, which is too long ago" in old.err
    assert "limit" not in old.err
    assert proposed.newsroom.json("breaking", "send", SECOND, "--force", "अब भी नया", **limit)["accepted"] == 2


@pytest.mark.slow
def test_quiet_hours_need_a_reason(press: Press) -> None:
    press.later(hours=9, minutes=50)
    press.publish_bridge()
    press.collect()
    press.later(minutes=10)
    assert press.newsroom.json("breaking", "list")["quiet_now"] is True
    refused = press.newsroom.digest("breaking", "send", ALERT)
    assert refused.code == 1
    assert "quiet hours, 22:00 to 06:00" in refused.err
    assert press.newsroom.json("breaking", "send", "--force", "पुल गिरने का ख़तरा")["accepted"] == 2
    (decision,) = press.newsroom.json("edition", "show", ALERT)["decisions"]
    assert decision["what"] == "forced"
    assert decision["why"].startswith("पुल गिरने का ख़तरा (despite: these are quiet hours")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("quiet", "at", "is_quiet"),
    [
        ('["22:00", "06:00"]', "21:59", False),
        ('["22:00", "06:00"]', "22:00", True),
        ('["22:00", "06:00"]', "05:59", True),
        ('["22:00", "06:00"]', "06:00", False),
        ('["01:00", "05:00"]', "00:59", False),
        ('["01:00", "05:00"]', "04:59", True),
        ("[]", "03:00", False),
    ],
)
def test_quiet_hours(press: Press, quiet: str, at: str, is_quiet: bool) -> None:
    found = press.newsroom.json("breaking", "list", DIGEST_BREAKING__QUIET=quiet, DIGEST_NOW=f"2026-11-23T{at}+05:30")
    assert found["quiet_now"] is is_quiet


@pytest.mark.slow
def test_the_next_edition_does_not_repeat_the_story(proposed: Press) -> None:
    proposed.publish(PAPERS[3], OTHERS[0])
    proposed.newsroom.json("breaking", "send")
    proposed.later(minutes=30)
    composed = proposed.newsroom.json("compose")
    assert "सोनपुरा" not in str(composed["sections"])
    assert any(f"already sent ({ALERT})" in line for line in composed["left_out"])
    assert composed["number"] == 1


@pytest.mark.slow
def test_the_next_edition_has_the_story_as_an_update_when_it_developed(proposed: Press) -> None:
    proposed.newsroom.json("breaking", "send")
    proposed.later(hours=2)
    news = replace(
        BRIDGE[0],
        id="bridge-fall",
        title="सोनपुरा में कमला नदी के नए पुल से बस गिरी, 14 लोगों की मौत",
        body=(
            TextBlock(
                "p",
                "सोनपुरा में कमला नदी पर बने नए पुल से बस गिर गई और 14 लोगों की मौत हो गई। 820 मीटर लंबा यह पुल "
                "रविवार को खोला गया था और इससे 40 गांवों को राहत मिली थी। जिलाधिकारी रेवती नाथ ने जांच के आदेश दिए।",
            ),
        ),
    )
    proposed.publish(PAPERS[0], news)
    composed = proposed.newsroom.json("compose")
    labels = [
        story["label"] for section in composed["sections"] for story in section["stories"] if "पुल" in story["title"]
    ]
    assert labels == ["update"]


@pytest.mark.slow
def test_a_draft_that_was_composed_before_is_composed_again(proposed: Press) -> None:
    proposed.publish(PAPERS[3], OTHERS[0])
    assert "सोनपुरा" in str(proposed.newsroom.json("compose")["sections"])
    proposed.later(minutes=5)
    proposed.newsroom.digest("breaking", "send")
    proposed.later(minutes=5)
    shown = proposed.newsroom.json("edition", "show", DAILY)
    assert shown["state"] == "draft"
    assert "सोनपुरा" not in str(shown["sections"])


@pytest.mark.slow
def test_an_edition_that_was_approved_before_is_named(proposed: Press) -> None:
    proposed.newsroom.json("compose")
    assert proposed.newsroom.digest("edition", "approve", DAILY).code == 0
    proposed.later(minutes=5)
    run = proposed.newsroom.digest("breaking", "send")
    assert f"digest edition reopen {DAILY}" in run.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("default", "alert", "daily"),
    [
        ("true", {"all", "alerts"}, {"all", "main", "weekly"}),
        ("false", {"alerts"}, {"all", "main", "weekly"}),
    ],
)
def test_subscribers_choose(proposed: Press, default: str, alert: set[str], daily: set[str]) -> None:
    choice = {"DIGEST_BREAKING__DEFAULT": default}
    proposed.newsroom.set_subscribers(
        "email: all@example.com",
        "email: main@example.com, editions: [main]",
        "email: alerts@example.com, editions: [breaking]",
        # 2026-11-23 is a Monday.
        "email: weekly@example.com, frequency: 'weekly:mon', editions: [main]",
    )
    proposed.publish(PAPERS[3], OTHERS[0])
    proposed.newsroom.json("breaking", "send", **choice)
    proposed.later(minutes=5)
    proposed.newsroom.json("send", DAILY, **choice)
    got = [{address.partition("@")[0] for address in proposed.newsroom.outbox(key)} for key in (ALERT, DAILY)]
    assert got == [alert, daily]


@pytest.mark.slow
def test_digest_run_sends_what_was_approved_on_the_page(press: Press) -> None:
    press.publish_bridge()
    with press.scheduler(DIGEST_WEB__ENABLED="true") as scheduler:
        scheduler.collect()
        app = scheduler.app
        (alert,) = (each for each in app.alerts.store.open() if each.kind == "breaking-proposed")
        assert f"{app.approval_link(ALERT)} or digest breaking send {ALERT}" in alert.text
        # A reader of the log cannot use it to send the edition.
        assert f"/approve/{ALERT}/*** or digest breaking send" in "\n".join(press.log)
        proposal = app.editions.get(ALERT)
        assert proposal is not None
        app.approver.approve(proposal, how="by the link of an alert", by=Actor("tester", "command"))
        scheduler.check()
        assert press.proposals()[ALERT] == "done"
    assert set(press.newsroom.outbox(ALERT)) == {"asha@example.com", "ravi@example.com"}


def test_what_the_limits_refuse_is_a_proposal_again(press: Press) -> None:
    press.publish_bridge()
    with press.scheduler() as scheduler:
        scheduler.collect()
        proposal = scheduler.app.editions.get(ALERT)
        assert proposal is not None
        scheduler.app.approver.approve(proposal, how="by command", by=Actor("tester", "command"))
        # Past midnight, within the quiet hours.
        press.later(hours=13)
        scheduler.check()
        assert press.proposals()[ALERT] in ("draft", "expired")
        assert any("quiet hours" in line for line in press.log)
