"""What the shell completes: asked as a shell asks, in a process or in this one."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.cli.newsroom import Newsroom


class Asking(Newsroom):
    def asked(self, words: str, number: str) -> str:
        environment = self.env({"_DIGEST_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": number})
        done = subprocess.run(
            self.command(), env=environment, cwd=self.home, capture_output=True, text=True, timeout=30, check=False
        )
        assert done.stderr == ""
        return done.stdout


def completed(newsroom: Asking, line: str) -> list[str]:
    """The words that bash would offer at the end of `line`."""
    words = line.split(" ")
    run = newsroom.asked(line, str(len(words) - 1))
    return [row.partition(",")[2] for row in run.splitlines() if row]


@pytest.fixture
def asking(newsroom: Newsroom) -> Asking:
    return Asking(newsroom.home)


@pytest.mark.slow
def test_commands_editions_topics_readers_and_origins(asking: Asking) -> None:
    assert completed(asking, "digest su") == ["subscribers"]
    assert completed(asking, "digest send ") == []
    asking.json("compose", "--slug", "special")
    asking.json("compose")
    assert set(completed(asking, "digest send ")) == {"2026-11-23", "special"}
    assert completed(asking, "digest edition show sp") == ["special"]
    assert completed(asking, "digest subscribers set ASH") == ["asha@example.com"]
    assert len(completed(asking, "digest subscribers history ")) == 7
    assert completed(asking, "digest subscribers set a@example.com --topics दे") == ["देश"]
    assert completed(asking, "digest subscribers set a@example.com --topics देश,खे") == ["देश,खेल"]
    (asking.home / "old.csv").write_text("email\nz@example.com\n")
    asking.json("subscribers", "import", "old.csv")
    assert completed(asking, "digest subscribers remove z") == ["z@example.com"]
    assert completed(asking, "digest subscribers list --origin ") == ["old"]
    assert completed(asking, f"digest --home {asking.home} subscribers remove z") == ["z@example.com"]


def test_a_broken_folder_completes_nothing_and_says_nothing(asking: Asking) -> None:
    (asking.home / "digest.db").write_bytes(b"no database" * 100)
    (asking.home / "subscribers.yaml").write_bytes(b"\xff")
    (asking.home / "digest.yaml").unlink()
    assert completed(asking, "digest send ") == []
    assert completed(asking, "digest subscribers set a") == []


@pytest.mark.slow
def test_a_key_is_answered_at_once(asking: Asking) -> None:
    """Compares CPU time with a completion that only starts Python and loads click."""
    asking.readers(*(f"email: reader{number}@example.com" for number in range(50_000)))

    def seconds(*line: str) -> float:
        before = os.times()
        assert completed(asking, " ".join(line))
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    bare = min(seconds("digest", "su") for _ in range(3))
    reader = min(seconds("digest", "subscribers", "set", "reader4999") for _ in range(3))
    assert reader < 3 * bare + 0.2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell(newsroom: Newsroom, shell: str) -> None:
    run = newsroom.digest("completion", shell)
    assert run.code == 0
    assert "_DIGEST_COMPLETE" in run.out
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=run.out, text=True, check=True, timeout=10)
