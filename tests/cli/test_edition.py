"""`digest edition`: editorial changes, approval, pause and cancel."""

from __future__ import annotations

import pytest

from tests.cli.newsroom import Newsroom
from tests.web.desk.photographs import photograph

KEY = "2026-11-23"


def stories(newsroom: Newsroom) -> list[str]:
    edition = newsroom.json("edition", "show", KEY)
    return [story["id"] for section in edition["sections"] for story in section["stories"]]


@pytest.mark.slow
def test_stories_can_be_pinned_dropped_and_moved_and_texts_set(newsroom: Newsroom) -> None:
    newsroom.json("compose")
    first, *_rest, last = stories(newsroom)
    assert newsroom.digest("edition", "pin", KEY, last).code == 0
    assert newsroom.json("edition", "show", KEY)["lead"] == last
    assert newsroom.digest("edition", "drop", KEY, first).code == 0
    assert first not in stories(newsroom)
    assert newsroom.digest("edition", "move", KEY, last, "--section", "खेल", "--place", "1").code == 0
    assert newsroom.digest("edition", "edit", KEY, "--subject", "अपना विषय", "--intro", "नमस्ते").code == 0
    # Editorial changes survive composing again.
    newsroom.json("compose")
    edition = newsroom.json("edition", "show", KEY)
    assert (edition["subject"], edition["intro"]) == ("अपना विषय", "नमस्ते")
    sport = next(section for section in edition["sections"] if section["name"] == "खेल")
    assert sport["stories"][0]["id"] == last
    assert first not in stories(newsroom)


@pytest.mark.slow
@pytest.mark.all_sources
def test_a_story_that_just_missed_the_edition_can_be_pinned(newsroom: Newsroom) -> None:
    composed = newsroom.json("compose")
    best, second = composed["waiting"][:2]
    assert best["reasons"]
    assert f"[{best['id']}] {best['title']}" in newsroom.digest("compose", "--explain").out
    assert newsroom.digest("edition", "pin", KEY, best["id"]).code == 0
    assert newsroom.json("edition", "show", KEY)["lead"] == best["id"]
    before, listed = newsroom.json("edition", "show", KEY), stories(newsroom)
    run = newsroom.digest("edition", "pin", KEY, "s000000000000")
    assert run.code == 2
    assert "no story s000000000000" in run.err
    assert stories(newsroom) == listed, "an unknown story leaves no trace"
    assert newsroom.digest("edition", "drop", KEY, second["id"]).code == 2
    url = before["sections"][-1]["stories"][-1]["articles"][0]
    assert newsroom.digest("edition", "pin", KEY, url).code == 0
    assert url in newsroom.json("edition", "show", KEY)["sections"][-1]["stories"][0]["articles"]


def test_moving_to_an_unknown_section_is_refused(newsroom: Newsroom) -> None:
    newsroom.json("compose")
    run = newsroom.digest("edition", "move", KEY, stories(newsroom)[0], "--section", "खेलल")
    assert run.code == 2
    assert "did you mean 'खेल'?" in run.err


@pytest.mark.slow
@pytest.mark.all_sources
def test_pinning_restores_dropped_stories_of_a_skipped_edition(newsroom: Newsroom) -> None:
    newsroom.json("compose", DIGEST_EDITION__MAX_STORIES="3")
    few = {"DIGEST_EDITION__MAX_STORIES": "100", "DIGEST_EDITION__MIN_STORIES": "16"}
    newsroom.json("compose", **few)
    dropped = stories(newsroom)[:4]
    for story in dropped:
        newsroom.digest("edition", "drop", KEY, story, **few)
    assert newsroom.json("edition", "show", KEY)["state"] == "skipped"
    for story in dropped:
        assert newsroom.digest("edition", "pin", KEY, story, **few).code == 0
    assert newsroom.json("edition", "show", KEY)["state"] == "draft"


@pytest.mark.slow
def test_an_edition_can_be_paused_resumed_and_cancelled(newsroom: Newsroom) -> None:
    newsroom.json("compose")
    assert newsroom.digest("edition", "approve", KEY).code == 0
    assert newsroom.digest("edition", "pause", KEY).code == 0
    run = newsroom.digest("send")
    assert run.code == 1
    assert "is paused: digest edition resume" in run.err
    assert newsroom.digest("send", "--dry-run").code == 1
    assert newsroom.digest("edition", "resume", KEY).code == 0
    assert newsroom.json("send")["accepted"] == 6
    # A finished edition cannot be cancelled.
    assert newsroom.digest("edition", "cancel", KEY).code == 1
    assert newsroom.digest("compose", "--slug", "special").code == 0
    assert newsroom.digest("edition", "cancel", "special").code == 0
    assert newsroom.digest("send", "special").code == 1
    assert newsroom.outbox("special") == {}


@pytest.mark.slow
def test_a_batch_is_either_accepted_or_sent_again(newsroom: Newsroom) -> None:
    newsroom.json("send")
    run = newsroom.digest("reconcile", KEY, "--accept", "all", "--resend", "all", "--reason", "log")
    assert run.code == 2
    assert "choose one for each batch" in run.err
    assert newsroom.digest("reconcile", KEY, "--accept", "²", "--reason", "log").code == 2


def test_the_slug_of_a_special_edition_must_not_be_a_date(newsroom: Newsroom) -> None:
    run = newsroom.digest("compose", "--slug", "2026-11-24")
    assert run.code == 2
    assert "does not start with a date" in run.err


@pytest.mark.slow
def test_an_unchanged_draft_is_composed_again_before_it_is_sent(newsroom: Newsroom) -> None:
    newsroom.json("compose")
    newsroom.edit_settings("max_stories: 12", "max_stories: 5")
    assert newsroom.json("send", DIGEST_NOW="2026-11-23T12:00+05:30")["state"] == "done"
    assert len(stories(newsroom)) == 5


@pytest.mark.slow
def test_articles_of_removed_sources_are_not_used(newsroom: Newsroom) -> None:
    newsroom.json("compose")
    only = "[{name: विज्ञान वार्ता, path: samples/feeds/vigyan-varta.json, replay: true}]"
    edition = newsroom.json("compose", DIGEST_SOURCES=only)
    names = {name for section in edition["sections"] for story in section["stories"] for name in story["sources"]}
    assert names == {"विज्ञान वार्ता"}


@pytest.mark.slow
def test_a_token_leads_to_its_subscriber(newsroom: Newsroom) -> None:
    newsroom.json("send")
    mail = newsroom.outbox()["meena@example.com"].decode("ascii")
    token = mail.partition("/leave/")[2].partition(">")[0]
    assert newsroom.digest("subscribers", "who", f"unsubscribe {token}").out.strip() == "meena@example.com"
    other = token[:-1] + ("y" if token.endswith("x") else "x")
    assert newsroom.digest("subscribers", "who", other).code == 1


@pytest.mark.slow
def test_an_approved_edition_can_be_reopened(newsroom: Newsroom) -> None:
    newsroom.json("compose")
    approved = newsroom.digest("edition", "approve", KEY, DIGEST_NOW="2026-11-23T07:10+05:30")
    assert "`digest run` sends it at once: its hour was 2026-11-23 07:00." in approved.out
    result = newsroom.digest("edition", "edit", KEY, "--subject", "दूसरा")
    assert result.code == 1
    assert f"digest edition reopen {KEY}" in result.err
    assert newsroom.digest("edition", "reopen", KEY).code == 0
    assert newsroom.digest("edition", "edit", KEY, "--subject", "दूसरा").code == 0
    newsroom.json("send")
    assert newsroom.digest("edition", "reopen", KEY).code == 1


@pytest.mark.slow
def test_a_decision_names_who_made_it(newsroom: Newsroom) -> None:
    newsroom.environment |= {"DIGEST_USER": "sunita", "DIGEST_NOW": "2026-11-23T05:40+05:30"}
    newsroom.json("compose")
    approved = newsroom.digest("edition", "approve", KEY)
    assert approved.out == "Edition 2026-11-23 is approved. `digest run` sends it at 2026-11-23 07:00.\n"
    again = newsroom.digest("edition", "approve", KEY)
    assert (again.code, again.err) == (1, "digest: Edition 2026-11-23 is approved already.\n")
    assert newsroom.digest("edition", "reopen", KEY, DIGEST_USER="ravi", DIGEST_NOW="2026-11-23T05:45+05:30").code == 0
    refused = newsroom.digest("edition", "resume", KEY)
    assert (refused.code, "a draft, not paused" in refused.err) == (1, True)
    made = newsroom.json("status", KEY)["decisions"]
    assert [(each["what"], each["by"]) for each in made] == [("approved", "sunita"), ("draft", "ravi")]
    assert "approved by sunita: on the command line" in newsroom.digest("status", KEY).out


@pytest.mark.slow
def test_approving_checks_the_emails(newsroom: Newsroom) -> None:
    newsroom.json("compose")
    assert newsroom.digest("edition", "edit", KEY, "--intro", "नमस्ते {{ name }}").code == 0
    result = newsroom.digest("edition", "approve", KEY)
    assert result.code == 1
    assert "the editor's intro" in result.err
    assert newsroom.digest("edition", "approve", KEY, "--force", "it is meant").code == 0


@pytest.mark.slow
def test_a_block_of_one_edition(newsroom: Newsroom) -> None:
    newsroom.json("compose")

    def kinds() -> list[str]:
        return [each["kind"] for each in newsroom.json("edition", "show", KEY)["blocks"]]

    assert "weather" in kinds()
    assert newsroom.digest("edition", "block", KEY, "weather", "--out").code == 0
    assert newsroom.digest("edition", "block", KEY, "quote", "--text", "जहाँ चाह, वहाँ राह।", "--by", "कहावत").code == 0
    assert newsroom.digest("edition", "block", KEY, "quote", "--by", "एक कहावत").code == 0
    assert "weather" not in kinds()
    assert "quote" in kinds()
    refused = newsroom.digest("edition", "block", KEY, "weather", "--text", "धूप")
    assert (refused.code, "has no field 'text'; it has: title, parts, note" in refused.err) == (2, True)
    refused = newsroom.digest("edition", "block", KEY, "masthead", "--text", "धूप")
    assert (refused.code, "has no block" in refused.err) == (1, True)
    poll = ("--set", "question=कैसा?", "--set", "options=अच्छा\nठीक")
    assert newsroom.digest("edition", "block", KEY, "poll", *poll).code == 0
    assert "poll" in kinds()
    assert newsroom.digest("edition", "block", KEY, "weather").code == 2
    assert newsroom.digest("edition", "block", KEY, "weather", "--back").code == 0
    assert newsroom.digest("edition", "block", KEY, "quote", "--as-file").code == 0
    assert ("weather" in kinds(), "quote" in kinds()) == (True, False)


def test_a_story_gets_another_picture(newsroom: Newsroom) -> None:
    newsroom.json("compose")

    def pictures() -> dict[str, str | None]:
        sections = newsroom.json("edition", "show", KEY)["sections"]
        return {story["id"]: story["image"] for each in sections for story in each["stories"]}

    composed = pictures()
    story = next(id for id, url in composed.items() if url)
    file = newsroom.home / "own.jpg"
    file.write_bytes(photograph(7, 0.5))
    assert newsroom.digest("edition", "picture", KEY, story, "--none").code == 0
    assert not pictures()[story]
    assert newsroom.digest("edition", "picture", KEY, story, "--file", str(file)).code == 0
    assert pictures()[story] not in (None, composed[story])
    assert newsroom.digest("edition", "picture", KEY, story, "--composed").code == 0
    assert pictures() == composed
    file.write_bytes(b"no picture")
    for options, says in (
        ((), "name one of --of, --address, --file, --none and --composed"),
        (("--none", "--composed"), "name one of"),
        (("--file", str(file)), "--file: the picture was not taken: it is not a JPEG"),
        (("--address", "http://example.com/a.jpg"), "it must begin with https://"),
        (("--of", "elsewhere"), "has no article elsewhere with a picture; articles with one: "),
    ):
        refused = newsroom.digest("edition", "picture", KEY, story, *options)
        assert (refused.code, says in refused.err) == (2, True), refused.err
    refused = newsroom.digest("edition", "picture", KEY, "nothing", "--none")
    assert (refused.code, "has no story nothing; its stories: " in refused.err) == (2, True)


def test_an_intro_has_a_limit(newsroom: Newsroom) -> None:
    newsroom.json("compose")
    result = newsroom.digest("edition", "edit", KEY, "--intro", "क" * 5_001)
    assert (result.code, "5,001 characters; 5,000" in result.err) == (1, True)


def test_an_intro_keeps_its_paragraphs(newsroom: Newsroom) -> None:
    newsroom.json("compose")
    newsroom.digest("edition", "edit", KEY, "--intro", "पहला  अनुच्छेद।\n\n दूसरा अनुच्छेद।")
    assert newsroom.json("edition", "show", KEY)["intro"] == "पहला अनुच्छेद।\nदूसरा अनुच्छेद।"


@pytest.mark.slow
def test_show_without_a_name_shows_the_edition_composed_last(newsroom: Newsroom) -> None:
    run = newsroom.digest("edition", "show")
    assert (run.code, run.err) == (1, "digest: There is no edition yet. `digest compose` makes one.\n")
    newsroom.json("send")
    next_day = {"DIGEST_NOW": "2026-11-24T05:30+05:30"}
    newsroom.json("compose", **next_day)
    assert newsroom.json("edition", "show", **next_day)["edition"] == "2026-11-24"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("2026-11-2", "did you mean 2026-11-23?"),
        ("2026-11-23-shaam", "did you mean"),
        ("zzz", "the newest is 2026-11-23."),
    ],
)
def test_a_wrong_name_gets_a_suggestion(newsroom: Newsroom, name: str, suggestion: str) -> None:
    newsroom.json("compose")
    run = newsroom.digest("edition", "show", name)
    assert run.code == 1
    assert f"There is no edition {name}; {suggestion}" in run.err
