"""Invalid input: one clear sentence that says where, and the right exit code."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

from digest.cli.commands import MEANT, cli
from tests.cli.newsroom import Newsroom
from tests.support.http_behaviours import gzip_bomb, hang
from tests.support.http_server import HttpServer
from tests.support.tables import each_row


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("max_stories: 12", "max_storys: 12", "unknown key 'edition.max_storys'; did you mean 'max_stories'?"),
        ("max_stories: 12", "max_stories: lots", "'edition.max_stories': expected a whole number, found 'lots'"),
        (
            "transport: outbox ",
            "transport: outbux ",
            "expected outbox, smtp, sendgrid, resend, brevo or ses, found 'outbux'",
        ),
        ("timezone: Asia/Kolkata", "timezone: Asia/Kolkatta", "such as Asia/Kolkata"),
        ("window: 24h", "window: a day", "expected a duration such as 90s, 15m, 24h or 7d, found 'a day'"),
        ("  window: 24h", "  window: [24h", "invalid YAML"),
        ("  window: 24h", "  window: 24h\n  window: 12h", "duplicate key 'window'; the first is on line"),
    ],
)
def test_an_error_in_the_settings_is_reported_with_its_line(
    newsroom: Newsroom, old: str, new: str, message: str
) -> None:
    newsroom.edit_settings(old, new)
    for command in ("check", "send"):
        run = newsroom.digest(command)
        assert run.code == 2
        result = run.out + run.err
        assert "digest.yaml:" in result
        assert message in result
    assert newsroom.outbox() == {}
    assert newsroom.json("send", code=2)["errors"]


@each_row(
    ("file", "command", "expected"),
    [
        ("subscribers.yaml", "check", "subscribers.yaml: file not found"),
        ("digest.db", "check", "digest.db: Too many levels of symbolic links"),
        ("digest.yaml", "check", "digest.yaml: file not found, so this is not a newsletter folder"),
    ],
)
def test_a_link_to_itself_is_one_sentence(newsroom: Newsroom, file: str, command: str, expected: str) -> None:
    path = newsroom.home / file
    path.unlink(missing_ok=True)
    path.symlink_to(file)
    run = newsroom.digest(command)
    assert run.code in (1, 2)
    assert expected in run.out + run.err


def test_the_lock_that_an_editor_leaves_beside_a_template_is_no_template(newsroom: Newsroom) -> None:
    folder = newsroom.home / "templates"
    folder.mkdir(exist_ok=True)
    (folder / ".#letter.html.j2").symlink_to("asha@desk.4711")
    assert newsroom.digest("check", "--offline").code == 0


def test_a_mistyped_command_gets_a_suggestion(newsroom: Newsroom) -> None:
    run = newsroom.digest("snd")
    assert run.code == 2
    assert "Did you mean 'send'?" in run.err


@each_row(
    ("typed", "expected"),
    [
        ("approve", "Did you mean `digest edition approve`?"),
        ("Show", "Did you mean `digest edition show`?"),
        ("backup", "Did you mean `digest store backup`?"),
        ("weekly", "Days and hours are settings: see `schedule` in docs/schedule.md."),
        ("scheduel", "Days and hours are settings: see `schedule` in docs/schedule.md."),
        ("zzzz", "`digest --help` lists them."),
    ],
)
def test_what_people_type_leads_to_the_command(typed: str, expected: str) -> None:
    result = CliRunner().invoke(cli, [typed])
    assert result.exit_code == 2
    assert f"No such command '{typed}'. {expected}" in result.output


@each_row("meant", sorted(set(MEANT.values())))
def test_the_suggested_commands_exist(meant: str) -> None:
    words = [word for word in meant.split() if not word.startswith("-")]
    assert CliRunner().invoke(cli, [*words, "--help"]).exit_code == 0


def test_a_folder_without_settings_names_the_command_that_creates_one(newsroom: Newsroom, tmp_path: Path) -> None:
    run = newsroom.digest("--home", str(tmp_path), "send")
    assert run.code == 2
    assert "digest init DIR" in run.err


def test_all_errors_of_the_list_are_reported_at_once_and_nothing_is_sent(newsroom: Newsroom) -> None:
    newsroom.set_subscribers(
        "email: asha@example.com",
        "email: Asha@Example.com",
        "email: ravi@example",
        "email: meena@example.com, topics: [खेलकूद]",
        "email: kabir@example.com, frequency: daliy",
        "email: farah@example.com, timezone: Asia/Kolkatta",
        "email: joseph@example.com, hour: ०७:००x",
        "emial: latika@example.com",
    )
    run = newsroom.digest("send")
    assert run.code == 2
    lines = run.err.splitlines()
    assert [line.split(":")[2] for line in lines if "subscribers.yaml:" in line] == list("34567899")
    for word in ("listed twice; the first is on line 2", "'खेल'", "'daily'", "'Asia/Kolkata'", "did you mean 'email'"):
        assert word in run.err
    assert newsroom.outbox() == {}
    # No edition was made either.
    assert newsroom.digest("status").code == 1
    assert newsroom.digest("subscribers", "check").code == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "message"), [(None, "file not found"), ("", "is empty"), ("subscribers:\n", "the list has no subscribers")]
)
def test_a_missing_or_empty_list_stops_a_send(newsroom: Newsroom, text: str | None, message: str) -> None:
    path = newsroom.home / "subscribers.yaml"
    path.unlink()
    if text is not None:
        path.write_text(text, encoding="utf-8")
    run = newsroom.digest("send")
    assert run.code == 2
    assert message in run.err
    assert newsroom.digest("subscribers", "add", "asha@example.com").code == 0
    assert newsroom.json("send")["accepted"] == 1


@pytest.mark.slow
def test_bad_sources_are_reported_and_do_not_stop_the_good_ones(newsroom: Newsroom) -> None:
    with HttpServer() as server:
        bomb = server.route("/bomb", gzip_bomb(200))
        page = server.route("/page", "<!DOCTYPE html><html><body><h1>नमस्ते</h1></body></html>", type="text/html")
        entities = '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
        entity = f'<?xml version="1.0"?>{entities}<rss><channel>&b;</channel></rss>'
        bad = {
            "down": "http://127.0.0.1:9/rss",
            "missing": server.url("/nothing"),
            "bomb": bomb,
            "page": page,
            "entity": server.route("/entity", entity, type="application/xml"),
        }
        rows = ", ".join(f'{{name: {name}, url: "{url}", allow_private: true}}' for name, url in bad.items())
        good = "{name: अच्छा, path: samples/feeds/subah-samachar.xml, replay: true}"
        private = f'{{name: private, url: "{page}"}}'
        result = newsroom.json("collect", DIGEST_SOURCES=f"[{good}, {private}, {rows}]")
        sources = {source["name"]: source for source in result["sources"]}
        assert sources["अच्छा"]["new"] == 8
        for name in (*bad, "private"):
            assert sources[name]["error"], name
            assert "\n" not in sources[name]["error"]
        assert newsroom.json("send", DIGEST_SOURCES=f"[{good}, {rows}]")["accepted"] == 6


@pytest.mark.slow
def test_settings_without_a_source_are_reported_with_the_line_of_the_key(newsroom: Newsroom) -> None:
    file = newsroom.home / "digest.yaml"
    before, _, rest = file.read_text(encoding="utf-8").partition("\nsources:\n")
    file.write_text(f"{before}\nsources: []\n{rest.partition(chr(10) * 2)[2]}", encoding="utf-8")
    message = f"digest.yaml:{before.count(chr(10)) + 2}: 'sources' is empty; add a source to collect from"
    assert message in newsroom.digest("check", "--offline").out
    assert message in newsroom.digest("collect").err
    assert "DIGEST_SOURCES: 'sources' is empty" in newsroom.digest("collect", DIGEST_SOURCES="[]").err


def test_a_source_that_hangs_does_not_delay_the_others(newsroom: Newsroom) -> None:
    with HttpServer() as server:
        slow = server.route("/slow", hang(3.0))
        good = "{name: अच्छा, path: samples/feeds/subah-samachar.xml, replay: true}"
        row = f'{{name: slow, url: "{slow}", allow_private: true}}'
        result = newsroom.json("collect", DIGEST_SOURCES=f"[{row}, {good}]")
        assert {source["name"]: bool(source["error"]) for source in result["sources"]} == {"slow": True, "अच्छा": False}


@pytest.mark.slow
def test_an_error_in_a_custom_template_is_reported_with_file_and_line(newsroom: Newsroom) -> None:
    own = newsroom.home / "templates" / "letter.txt.j2"
    own.write_text("नमस्ते\n{{ subjct }}\n", encoding="utf-8")
    for command in ("check", "send", "preview"):
        run = newsroom.digest(command)
        assert run.code in (1, 2)
        result = run.out + run.err
        assert "letter.txt.j2:2" in result
        assert "subject" in result
    assert newsroom.outbox() == {}


@pytest.mark.slow
def test_a_missing_key_is_reported_before_anyone_is_enqueued(newsroom: Newsroom) -> None:
    run = newsroom.digest("send", DIGEST_DELIVERY__TRANSPORT="sendgrid")
    assert run.code == 2
    assert "SENDGRID_API_KEY, which is not set" in run.err
    assert "SENDGRID_API_KEY" in newsroom.digest("check", DIGEST_DELIVERY__TRANSPORT="sendgrid").out
    assert newsroom.digest("status").code == 1


def test_a_store_of_a_newer_version_is_reported(newsroom: Newsroom) -> None:
    newsroom.json("compose")
    with sqlite3.connect(newsroom.home / "digest.db") as store:
        store.execute("UPDATE alembic_version SET version_num = '9999'")
    store.close()
    run = newsroom.digest("status")
    assert run.code == 1
    assert "a newer or an unreleased version of digest" in run.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["send", "2020-01-01"], 1, "There is no edition 2020-01-01"),
        (["status"], 1, "There is no edition yet"),
        (["send", "--to", "nobody"], 2, "not a valid email address"),
        (["compose", "--slug", "../x"], 2, "expected a short name"),
        (["compose", "--date", "23.11."], 2, "--date"),
        (["frobnicate"], 2, "frobnicate"),
        (["subscribers", "set", "asha@example.com"], 2, "give at least one field"),
        (["subscribers", "remove", "stranger@example.com"], 1, "is not on the list"),
        (["subscribers", "add", "asha@EXAMPLE.com"], 1, "is already on the list"),
        (["subscribers", "set", "asha@example.com", "--frequency", "daliy"], 2, "did you mean 'daily'?"),
        (["edition", "show", "none"], 1, "There is no edition none"),
        (["sources", "test", "nothing.xml"], 1, "nothing.xml"),
        (["edition"], 2, "Commands:"),
    ],
)
def test_wrong_usage_gives_one_sentence(newsroom: Newsroom, arguments: list[str], code: int, message: str) -> None:
    run = newsroom.digest(*arguments)
    assert run.code == code, run
    assert message in run.out + run.err
    assert run.err.count("Usage:") <= 1


def test_an_error_that_several_checks_find_is_reported_once(newsroom: Newsroom) -> None:
    result = newsroom.json("check", "--offline", code=2, DIGEST_STORE__URL="mysql://x")
    (fault,) = result["faults"]
    assert (fault["message"][:11], fault["where"]) == ("'store.url'", "DIGEST_STORE__URL")


def test_control_characters_from_outside_do_not_reach_the_terminal() -> None:
    from digest.cli.output import printable, table

    assert printable("a\x1b[2J\x9b31m\u202eख\u200dक\n") == "a\ufffd[2J\ufffd31m\ufffdख\u200dक\n"
    assert "\x1b" not in table(("name",), [("x\x1b]0;y\x07",)])
