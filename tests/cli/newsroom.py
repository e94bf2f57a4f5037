"""A temporary newsletter folder in which a test runs `digest` commands."""

from __future__ import annotations

import email
import email.policy
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from email.message import EmailMessage
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from digest.cli import main
from tests.support.folders import newsletter_folder, wants_all_sources

# A Monday morning.
NOW = "2026-11-23T07:00+05:30"


@dataclass(frozen=True)
class Run:
    """The exit code and output of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Newsroom:
    """A folder made by `digest init`. `environment` overrides the settings."""

    home: Path
    environment: dict[str, str] = field(default_factory=lambda: {"DIGEST_NOW": NOW})

    def digest(self, *arguments: str, **environment: str) -> Run:
        """Run a command in this process: starting Python takes longer than most tests."""
        out, err = _stream(), _stream()
        before = dict(os.environ), Path.cwd(), sys.argv
        try:
            os.environ.clear()
            os.environ.update(self.env(environment))
            os.chdir(self.home)
            sys.argv = ["digest", *arguments]
            with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
                main()
        finally:
            os.environ.clear()
            os.environ.update(before[0])
            os.chdir(before[1])
            sys.argv = before[2]
        code = ended.value.code
        assert isinstance(code, int)
        run = Run(code, _text(out), _text(err))
        assert "internal error" not in run.err, run.err
        return run

    def process(self, *arguments: str, **environment: str) -> Run:
        """Run a command as a separate process."""
        done = subprocess.run(
            self.command(*arguments),
            env=self.env(environment),
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Run(done.returncode, done.stdout, done.stderr)

    def json(self, *arguments: str, code: int = 0, **environment: str) -> Any:
        """Return the JSON document that a command prints. It must exit with `code`."""
        run = self.digest(*arguments, "--json", **environment)
        assert run.code == code, (run.code, run.out, run.err)
        return run.json

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "digest.cli", *arguments]

    def env(self, more: Mapping[str, str] = {}) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST_")}
        return {**kept, **self.environment, **more}

    def set_subscribers(self, *rows: str) -> None:
        """Write the list: each row is like `email: asha@example.com, topics: [देश]`."""
        lines = [f"  - {{{row}}}" for row in rows]
        (self.home / "subscribers.yaml").write_text("\n".join(["subscribers:", *lines, ""]), encoding="utf-8")

    def edit_settings(self, old: str, new: str) -> None:
        """Replace a piece of digest.yaml."""
        path = self.home / "digest.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def outbox(self, edition: str = "2026-11-23") -> dict[str, bytes]:
        """Map each address to its email in the outbox. Fails if an address has two."""
        mails: dict[str, bytes] = {}
        for path in sorted((self.home / "outbox" / edition).glob("*.eml")):
            address = path.stem.split("-", 1)[1]
            assert address not in mails
            mails[address] = path.read_bytes()
        return mails


@pytest.fixture
def newsroom(tmp_path: Path, request: pytest.FixtureRequest) -> Newsroom:
    """A new newsletter, with all of its sources if the test is marked `all_sources`."""
    home = tmp_path / "newsletter"
    newsletter_folder(home, all_sources=wants_all_sources(request))
    return Newsroom(home)


def _stream() -> TextIOWrapper:
    """A stream in memory that takes text and bytes, as the standard ones do."""
    return TextIOWrapper(BytesIO(), encoding="utf-8", write_through=True)


def _text(stream: TextIOWrapper) -> str:
    assert isinstance(stream.buffer, BytesIO)
    return stream.buffer.getvalue().decode()


def subscriber_rows(count: int) -> list[str]:
    """Return rows for `set_subscribers`."""
    return [f"email: subscriber{number}@example.com" for number in range(count)]


def parse_mail(mail: bytes) -> EmailMessage:
    message = email.message_from_bytes(mail, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_parts(mail: bytes) -> dict[str, str]:
    """Map the content type of each text part to its text."""
    texts = (part for part in parse_mail(mail).walk() if part.get_content_maintype() == "text")
    return {part.get_content_type(): part.get_content() for part in texts}
