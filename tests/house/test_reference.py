"""docs/reference.md names every key of the JSON documents."""

from __future__ import annotations

import re

import pytest

from tests.cli.newsroom import NOW, Newsroom
from tests.paths import ROOT

JSON = (ROOT / "docs/reference.md").read_text(encoding="utf-8").partition("## JSON")[2].partition("\n## ")[0]
EDITION = NOW[:10]
COMMANDS = (
    "check --offline",
    f"check {EDITION} --offline",
    "collect",
    "sources test samples/articles",
    "compose",
    "send --dry-run",
    f"send {EDITION}",
    "status",
    "report",
    "replies",
    "edition list",
    f"edition show {EDITION}",
    "reconcile " + EDITION,
    "store prune --dry-run",
    "subscribers list",
    "subscribers check",
    "subscribers add new@example.com",
    "subscribers set new@example.com --hour 08:00",
    "subscribers suppress new@example.com --reason x",
    "subscribers lift new@example.com --reason x",
    "subscribers history new@example.com",
    "subscribers import new.csv",
    "subscribers export list.csv",
    "subscribers erase new@example.com --reason x",
    "users list",
    "schema",
    "doctor --offline",
)


def documented(command: str) -> set[str]:
    """Return the words of the rows that name the command."""
    words = command.split()
    names = {words[0], " ".join(words[:2]), " ".join(words[:1] + words[2:])}
    if words[0] == "subscribers":
        names.add(words[1])
    found: set[str] = set()
    for row in JSON.splitlines():
        first, _, rest = row.removeprefix("| ").partition(" | ")
        if names & set(re.findall(r"`([^`]+)`", first)):
            found |= set(re.findall(r"`([a-z_]+)`", rest))
    return found


@pytest.mark.slow
def test_every_key_of_a_json_document_is_in_the_reference(newsroom: Newsroom) -> None:
    # Without SpamAssassin, which takes a second. Under `ci` the commands of the guides run it.
    newsroom.environment["PATH"] = ""
    (newsroom.home / "new.csv").write_text("email\nasha@example.org\n", encoding="utf-8")
    for command in COMMANDS:
        missing = set(newsroom.json(*command.split())) - documented(command)
        assert not missing, (command, missing)
