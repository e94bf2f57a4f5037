"""Every command that the README shows is run, in its order, as a new user would; every YAML in it is read."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from digest.cli.commands import COMMANDS
from digest.config import loader
from digest.errors import ConfigurationError
from digest.subscribers import list_file
from digest.yamlio import reader as yaml_reader
from tests.cli.newsroom import Newsroom
from tests.paths import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
CONFIGURATION = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.S)


def commands() -> list[list[str]]:
    lines = [line for block in blocks(README, "console") for line in block.splitlines()]
    assert all(line.startswith("$ ") for line in lines), lines
    return [shlex.split(line[2:]) for line in lines]


@pytest.mark.slow
def test_every_command_of_the_readme_works(tmp_path: Path) -> None:
    room = Newsroom(tmp_path)
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    ran = 0
    for words in commands():
        if words[0] == "make":
            assert words[1] in targets
        elif words[0] == "cd":
            room = Newsroom(room.home / words[1])
        else:
            assert words[0] == "digest", words
            run = room.digest(*words[1:])
            assert run.code == 0, (words, run.err)
            ran += 1
    assert ran > 12
    assert len(room.outbox()) == 7  # six of the starter list, and the one who was added


def test_the_readme_begins_with_the_two_commands() -> None:
    assert [words[:2] for words in commands()[:2]] == [["make", "demo"], ["make", "test"]]


@pytest.mark.parametrize("block", blocks(README + CONFIGURATION.partition("## subscribers.yaml")[0], "yaml"))
def test_every_settings_example_is_valid(block: str) -> None:
    whole = "newsletter: {name: न, sender: {email: news@example.com}}\n" + block
    assert loader.from_data(yaml_reader.read_text(whole, "README.md"), {})


def test_the_list_example_is_valid() -> None:
    (block,) = blocks(CONFIGURATION.partition("## subscribers.yaml")[2], "yaml")
    ((_, reader),) = list_file.read_bytes(block.encode(), "x", topics=("देश", "खेल"))
    assert reader.name == "आशा शर्मा"


def test_every_command_is_in_the_documents_and_has_help(tmp_path: Path) -> None:
    everything = README + (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert name in everything
        run = Newsroom(tmp_path).digest(name, "--help")
        assert run.code == 0
        assert "Usage: digest" in run.out


def test_no_settings_file_of_ours_is_wrong() -> None:
    for path in (ROOT, ROOT / "samples/newsletter"):
        try:
            loader.load(path, {})
        except ConfigurationError as error:
            pytest.fail(str(error))
