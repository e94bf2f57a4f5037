"""Shell completion, requested as a shell does."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.cli.newsroom import Newsroom
from tests.support.profiles import only_thorough


def completed(newsroom: Newsroom, line: str, *, process: bool = False) -> list[str]:
    """Return the words that bash offers at the end of `line`. `process`: run it in a separate process."""
    words = {"_DIGEST_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    run = (newsroom.process if process else newsroom.digest)(**words)
    assert run.err == ""
    return [row.partition(",")[2] for row in run.out.splitlines() if row]


@pytest.mark.slow
def test_commands_editions_topics_subscribers_and_origins_are_completed(newsroom: Newsroom) -> None:
    assert completed(newsroom, "digest su") == ["subscribers"]
    assert completed(newsroom, "digest send ") == []
    newsroom.json("compose", "--slug", "special")
    newsroom.json("compose")
    assert set(completed(newsroom, "digest send ")) == {"2026-11-23", "special"}
    assert completed(newsroom, "digest edition show sp") == ["special"]
    assert completed(newsroom, "digest subscribers set ASH") == ["asha@example.com"]
    assert len(completed(newsroom, "digest subscribers history ")) == 7
    assert completed(newsroom, "digest subscribers set a@example.com --topics दे") == ["देश"]
    assert completed(newsroom, "digest subscribers set a@example.com --topics देश,खे") == ["देश,खेल"]
    (newsroom.home / "old.csv").write_text("email\nz@example.com\n")
    newsroom.json("subscribers", "import", "old.csv")
    assert completed(newsroom, "digest subscribers remove z") == ["z@example.com"]
    assert completed(newsroom, "digest subscribers list --origin ") == ["old"]
    assert completed(newsroom, f"digest --home {newsroom.home} subscribers remove z") == ["z@example.com"]


def test_a_broken_folder_completes_nothing_and_prints_no_error(newsroom: Newsroom) -> None:
    (newsroom.home / "digest.db").write_bytes(b"no database" * 100)
    (newsroom.home / "subscribers.yaml").write_bytes(b"\xff")
    (newsroom.home / "digest.yaml").unlink()
    assert completed(newsroom, "digest send ") == []
    assert completed(newsroom, "digest subscribers set a") == []


# tests/house/test_conventions.py asks that commands load nothing heavy.
@only_thorough
@pytest.mark.slow
def test_completion_in_a_large_list_costs_little_more_than_starting_python(newsroom: Newsroom) -> None:
    """Compare CPU time with a completion that only starts Python and loads click."""
    newsroom.set_subscribers(*(f"email: subscriber{number}@example.com" for number in range(10_000)))

    def seconds(*line: str) -> float:
        before = os.times()
        assert completed(newsroom, " ".join(line), process=True)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    bare = min(seconds("digest", "su") for _ in range(2))
    large = min(seconds("digest", "subscribers", "set", "subscriber999") for _ in range(2))
    assert large < 3 * bare + 0.2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_completion_script(newsroom: Newsroom, shell: str) -> None:
    run = newsroom.digest("completion", shell)
    assert run.code == 0
    assert "_DIGEST_COMPLETE" in run.out
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=run.out, text=True, check=True, timeout=10)
