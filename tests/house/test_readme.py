"""Every command that the README shows is run, in its order, as a new user would."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from digest.cli.commands import COMMANDS, cli
from digest.config import loader
from digest.errors import ConfigurationError
from tests.cli.newsroom import Newsroom
from tests.house.documents import README, commands
from tests.paths import ROOT


@pytest.mark.slow
def test_every_command_of_the_readme_works(tmp_path: Path) -> None:
    newsroom = Newsroom(tmp_path)
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    ran = 0
    for words in commands(README, tmp_path):
        if words[0] == "make":
            assert words[1] in targets
        elif words[0] == "cd":
            newsroom = Newsroom(newsroom.home / words[1])
        else:
            assert words[0] == "digest", words
            run = newsroom.digest(*words[1:])
            assert run.code == 0, (words, run.err)
            ran += 1
    assert ran > 12
    # Six subscribers of the starter list, and the one that a command adds.
    assert len(newsroom.outbox()) == 7


def test_the_readme_begins_with_the_two_commands_and_is_short() -> None:
    assert [words[:2] for words in commands(README)[:2]] == [["make", "demo"], ["make", "test"]]
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 120


def test_every_command_is_in_the_reference_and_has_help(tmp_path: Path) -> None:
    reference = (ROOT / "docs/reference.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"`digest {name}" in reference
        run = Newsroom(tmp_path).digest(name, "--help")
        assert run.code == 0
        assert "Usage: digest" in run.out


def test_every_subcommand_is_in_the_table_of_commands() -> None:
    reference = (ROOT / "docs/reference.md").read_text(encoding="utf-8")
    context = click.Context(cli)
    for name in COMMANDS:
        group = cli.get_command(context, name)
        rows = re.findall(rf"^\| `digest {name}\b[^|]*", reference, re.M)
        for subcommand in group.list_commands(context) if isinstance(group, click.Group) else ():
            assert any(re.search(rf"[ `]{subcommand}[ `]", row) for row in rows), (name, subcommand)


def test_no_settings_file_of_ours_is_wrong() -> None:
    for path in (ROOT, ROOT / "samples/newsletter"):
        try:
            loader.load(path, {})
        except ConfigurationError as error:
            pytest.fail(str(error))
