"""`digest init`: questions on a terminal, none elsewhere."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from digest.config import loader
from digest.yamlio.keys import set_rows, set_value
from tests.cli.newsroom import Newsroom
from tests.paths import ROOT
from tests.support.http_server import HttpServer

SAMPLE = (ROOT / "samples/newsletter/digest.yaml").read_text(encoding="utf-8")
FEED = ROOT / "samples/feeds/lok-darpan.xml"


class Terminal:
    """A command on a pseudo-terminal, which is answered question by question."""

    def __init__(self, process: subprocess.Popen[bytes], outer: int) -> None:
        self.process, self.outer, self.printed = process, outer, ""

    def answer(self, question: str, answer: str) -> None:
        """Wait for the question, then type the answer."""
        seen = len(self.printed)
        while question not in self.printed[seen:]:
            ready, _, _ = select.select([self.outer], [], [], 60)
            assert ready, f"{question!r} was not asked:\n{self.printed}"
            self.printed += self._read()
        os.write(self.outer, f"{answer}\n".encode())

    def end(self) -> int:
        try:
            while part := self._read():
                self.printed += part
        except OSError:
            # Linux reports the end of a terminal as an error.
            pass
        return self.process.wait()

    def _read(self) -> str:
        return os.read(self.outer, 65536).decode("utf-8", "replace")


@contextmanager
def terminal(arguments: Sequence[str], folder: Path) -> Iterator[Terminal]:
    outer, inner = pty.openpty()
    env = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "digest.cli", *arguments]
    with subprocess.Popen(command, stdin=inner, stdout=inner, stderr=inner, env=env, cwd=folder) as process:
        os.close(inner)
        try:
            yield Terminal(process, outer)
        finally:
            process.kill()
            os.close(outer)


@pytest.mark.slow
def test_a_terminal_is_asked_and_the_answers_are_in_the_settings(tmp_path: Path) -> None:
    with terminal(["init", "paper"], tmp_path) as shell:
        shell.answer("Name of the newsletter", "क्षेत्रीय समाचार: शाम")
        shell.answer("Sender's email address", "nobody")
        # A wrong answer is asked again, and the reason is shown.
        shell.answer("Sender's email address", "news@khabar.in")
        assert "expected an email address" in shell.printed
        shell.answer("Provider", "sendgrid")
        shell.answer("Latin letters", "खबर")
        shell.answer("Latin letters", "Kshetriya Samachar")
        shell.answer("First feed", str(tmp_path))
        shell.answer("First feed", str(FEED))
        assert shell.end() == 0
    written = (tmp_path / "paper/digest.yaml").read_text(encoding="utf-8")
    settings = loader.load(tmp_path / "paper", {})
    assert settings.newsletter.name == "क्षेत्रीय समाचार: शाम"
    assert settings.newsletter.sender.email == "news@khabar.in"
    assert settings.newsletter.sender.name == "Kshetriya Samachar"
    assert settings.delivery.transport == ("sendgrid",)
    assert [source.path for source in settings.sources] == [str(FEED)]
    comments = [line.partition("#")[2] for line in SAMPLE.splitlines() if "#" in line and "drop folder" not in line]
    assert all(comment in written for comment in comments)
    # The samples' addresses would reach real subscribers.
    newsletter = settings.newsletter
    assert (newsletter.base_url, newsletter.reply_to, newsletter.postal_address) == ("", "", "")
    for step in ("SENDGRID_API_KEY", "newsletter.reply_to", "newsletter.base_url", "digest check --launch"):
        assert step in shell.printed


@pytest.mark.slow
def test_a_private_feed_is_asked_about(tmp_path: Path) -> None:
    with HttpServer() as site, terminal(["init", "paper"], tmp_path) as shell:
        url = site.route("/rss", FEED.read_bytes())
        for question in ("Name of the newsletter", "Sender's email address", "Provider"):
            shell.answer(question, "")
        shell.answer("First feed", url)
        shell.answer("127.0.0.1 is not a public address. Allow this private address? [y/N]", "n")
        shell.answer("First feed", url)
        shell.answer("Allow this private address? [y/N]", "y")
        assert shell.end() == 0
    [source] = loader.load(tmp_path / "paper", {}).sources
    assert (source.url, source.allow_private) == (url, True)


def test_smtp_without_a_host_is_named(newsroom: Newsroom) -> None:
    newsroom.environment |= {"DIGEST_DELIVERY__TRANSPORT": "smtp", "DIGEST_DELIVERY__SMTP__PORT": "1"}
    newsroom.environment["DIGEST_NEWSLETTER__BASE_URL"] = ""
    [fault] = newsroom.json("check", code=2)["faults"]
    assert "delivery.smtp.host is not set, so localhost is used: smtp localhost:" in fault["message"]


@pytest.mark.slow
def test_enter_keeps_the_samples(tmp_path: Path) -> None:
    with terminal(["init", "paper"], tmp_path) as shell:
        for question in ("Name", "address", "Provider", "First feed"):
            shell.answer(question, "")
        assert shell.end() == 0
    assert (tmp_path / "paper/digest.yaml").read_text(encoding="utf-8") == SAMPLE


@pytest.mark.slow
def test_yes_asks_nothing_and_an_existing_folder_is_refused_before_the_questions(tmp_path: Path) -> None:
    with terminal(["init", "--yes", "paper"], tmp_path) as shell:
        assert shell.end() == 0
    assert "Provider" not in shell.printed
    assert (tmp_path / "paper/digest.yaml").read_text(encoding="utf-8") == SAMPLE
    with terminal(["init", "paper"], tmp_path) as shell:
        assert shell.end() == 2
    assert "already exists" in shell.printed
    assert "Name of" not in shell.printed


@pytest.mark.slow
def test_the_end_of_the_input_writes_nothing(tmp_path: Path) -> None:
    with terminal(["init", "paper"], tmp_path) as shell:
        shell.answer("Name of the newsletter", "x")
        # Control-D.
        shell.answer("Sender's email address", "\x04")
        assert shell.end() == 130
    assert not (tmp_path / "paper").exists()


def test_elsewhere_nothing_is_asked(newsroom: Newsroom, tmp_path: Path) -> None:
    run = newsroom.digest("init", str(tmp_path / "other"))
    assert run.code == 0
    assert (tmp_path / "other/digest.yaml").read_text(encoding="utf-8") == SAMPLE


@pytest.mark.slow
@pytest.mark.parametrize("value", ["plain", "a: b", "# no comment", "'quoted'", "{braces}", "yes", "06:30", "क्षत्रिय"])
@pytest.mark.parametrize("path", [["newsletter", "name"], ["newsletter", "sender", "name"]])
def test_any_value_is_read_back_and_only_it_changes(value: str, path: list[str]) -> None:
    edited = set_value(SAMPLE, path, value)
    before, after = yaml.safe_load(SAMPLE), yaml.safe_load(edited)
    place, changed = before, after
    for key in path[:-1]:
        place, changed = place[key], changed[key]
    assert changed[path[-1]] == value
    changed[path[-1]] = place[path[-1]]
    assert after == before
    assert len(edited.splitlines()) == len(SAMPLE.splitlines())


def test_rows_are_replaced() -> None:
    row = {"name": "अ: ब", "url": "https://paper.example/rss?a=1#x"}
    edited = set_rows(SAMPLE, ["sources"], [row])
    before, after = yaml.safe_load(SAMPLE), yaml.safe_load(edited)
    assert after == {**before, "sources": [row]}
