"""Output on a terminal and in a pipe: tables, colours, progress, help."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from digest.cli.commands import COMMANDS
from digest.cli.output import table
from digest.utils.text import duration
from tests.cli.newsroom import Newsroom
from tests.support.profiles import only_thorough

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLUMN = re.compile(r"\x1b\[([0-9]+)G")
# Two headlines with conjuncts: terminals disagree about their width by two cells.
ROWS = [("क्षत्रिय राष्ट्र", "खेल", 12), ("plain", "विज्ञान", 3)]


def on_terminal(command: list[str], columns: int, environment: Mapping[str, str] | None = None) -> str:
    """Run a command on a pseudo-terminal; return everything that it printed."""
    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = {**os.environ, "TERM": "xterm-256color", **(environment or {})}
    env.pop("COLUMNS", None)
    with subprocess.Popen(command, stdin=inner, stdout=inner, stderr=inner, env=env) as process:
        os.close(inner)
        printed = b""
        while True:
            try:
                part = os.read(outer, 65536)
            except OSError:
                # Linux reports the end of a terminal as an error.
                break
            if not part:
                break
            printed += part
        assert process.wait() == 0, printed.decode()
    os.close(outer)
    return printed.decode()


def printed_table(columns: int, **environment: str) -> list[str]:
    return on_terminal(table_script(("title", "section", "n"), ROWS), columns, environment).splitlines()


def table_script(headers: Sequence[str], rows: Sequence[object]) -> list[str]:
    """A command that prints the table."""
    script = f"import click; from digest.cli.output import table; click.echo(table({headers!r}, {rows!r}))"
    return [sys.executable, "-c", script]


def test_cells_start_at_the_same_column_whatever_a_conjunct_takes() -> None:
    lines = printed_table(80)
    assert len(lines) == 4
    assert len({tuple(COLUMN.findall(line)) for line in lines}) == 1
    assert len(COLUMN.findall(lines[0])) == 2


@pytest.mark.slow
def test_a_table_fits_the_terminal_and_is_cut_between_clusters() -> None:
    lines = printed_table(30)
    first = ESCAPE.sub("", lines[2])
    assert first.startswith("क्षत्रिय")
    long = [("उत्तर प्रदेश में वर्षा की चेतावनी", "x" * 60, 1)]
    row = on_terminal(table_script(("a", "b", "c"), long), 40).splitlines()[2]
    assert len(re.findall("…", row)) == 2
    # The last cell starts within the terminal.
    assert max(int(column) for column in COLUMN.findall(row)) <= 40


def test_a_dumb_terminal_gets_no_escape_sequences() -> None:
    assert not any(ESCAPE.search(line) for line in printed_table(80, TERM="dumb"))


@pytest.mark.slow
def test_states_have_a_colour_unless_no_color_is_set(newsroom: Newsroom) -> None:
    assert newsroom.digest("send").code == 0
    command = [sys.executable, "-m", "digest.cli", "--home", str(newsroom.home), "edition", "list"]
    assert "\x1b[32mdone" in on_terminal(command, 120, newsroom.env({}))
    plain = on_terminal(command, 120, newsroom.env({"NO_COLOR": "1"}))
    assert "done" in plain
    assert "\x1b[32m" not in plain


def test_a_pipe_gets_the_plain_table_with_every_character(newsroom: Newsroom) -> None:
    out = newsroom.digest("sources", "list").out
    assert not ESCAPE.search(out)
    assert "samples/feeds/subah-samachar.xml" in out


def test_numbers_are_aligned_to_the_right() -> None:
    lines = table(("n", "what"), [(5, "five"), (12345, "many")]).splitlines()
    assert lines[2:] == ["    5  five", "12345  many"]


# The test below sends without a terminal, and those above print on one.
@only_thorough
@pytest.mark.slow
def test_a_send_shows_its_progress_on_a_terminal(newsroom: Newsroom) -> None:
    command = [sys.executable, "-m", "digest.cli", "--home", str(newsroom.home), "send"]
    shown = ESCAPE.sub("", on_terminal(command, 120, newsroom.env({})))
    assert "collected" in shown
    assert re.search(r"sent +━+ 6/6", shown)


@pytest.mark.slow
@pytest.mark.all_sources
def test_elsewhere_progress_is_a_line_at_every_quarter(newsroom: Newsroom) -> None:
    err = newsroom.digest("send").err
    assert re.findall(r"^collected: .*", err, re.M)[-1].startswith("collected: 6 of 6")
    assert re.findall(r"^sent: .*", err, re.M)[-1].startswith("sent: 6 of 6")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.4, "59 s"), (60, "1 min 0 s"), (3599.6, "1 h 0 min"), (7810, "2 h 10 min")]
)
def test_a_length_of_time_is_readable(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_help_lists_every_command_once_in_groups(newsroom: Newsroom) -> None:
    out = newsroom.digest("--help").out
    listed = re.findall(r"^  ([a-z]+) +[A-Z]", out, re.M)
    assert sorted(listed) == sorted(COMMANDS)
    assert re.findall(r"^([A-Z][a-z]+):$", out, re.M) == ["Options", "Start", "Edit", "Send", "Operate"]


def test_a_mistyped_command_names_the_nearest(newsroom: Newsroom) -> None:
    run = newsroom.digest("statsu")
    assert run.code == 2
    assert "Did you mean 'status'?" in run.err


def test_the_times_of_a_tested_feed_are_in_the_newsletters_zone(newsroom: Newsroom, tmp_path: Path) -> None:
    feed = tmp_path / "feed.xml"
    feed.write_text(
        '<rss version="2.0"><channel><title>गाँव</title><item><title>नहर में पानी आया</title>'
        "<link>https://village.example/1</link><pubDate>Sun, 22 Nov 2026 20:00:00 +0000</pubDate></item>"
        "</channel></rss>",
        encoding="utf-8",
    )
    assert "2026-11-23 01:30" in newsroom.digest("sources", "test", str(feed)).out
    assert (
        "2026-11-22 15:00"
        in newsroom.digest("sources", "test", str(feed), DIGEST_NEWSLETTER__TIMEZONE="America/New_York").out
    )
