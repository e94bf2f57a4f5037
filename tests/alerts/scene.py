"""One `digest run` process with its local servers, for a test that causes a condition and waits for its alert."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cli.newsroom import Newsroom, subscriber_rows
from tests.support.folders import newsletter_folder
from tests.support.http_server import HttpServer
from tests.support.smtp_server import RecordingSmtp
from tests.support.webhook_receiver import SECRET, WebhookReceiver

DAY = "2026-11-23"
# Just before the edition is composed, and just before it is sent: the default hours.
BEFORE_COMPOSING = f"{DAY}T05:29:55+05:30"
BEFORE_SENDING = f"{DAY}T06:59:50+05:30"
# Between the editions.
AFTERNOON = f"{DAY}T15:00:00+05:30"
# Seconds that a process may take until it runs.
_START = 60.0


@dataclass
class Scene:
    """A newsletter folder of its own. `environment` is what `digest run` gets."""

    newsroom: Newsroom
    receiver: WebhookReceiver
    servers: ExitStack
    environment: dict[str, str] = field(default_factory=dict)
    # (time.monotonic(), line) of the process's log.
    log: list[tuple[float, str]] = field(default_factory=list)
    _process: subprocess.Popen[str] | None = None

    @property
    def home(self) -> Path:
        return self.newsroom.home

    def list(self, count: int) -> None:
        """Write a list of `count` subscribers."""
        self.newsroom.set_subscribers(*subscriber_rows(count))

    def site(self) -> HttpServer:
        return self.servers.enter_context(HttpServer())

    def smtp(self, **behaviour: Any) -> RecordingSmtp:
        """Start an SMTP server and make it the transport."""
        server = self.servers.enter_context(RecordingSmtp(**behaviour))
        self.use_smtp(server.port)
        return server

    def use_smtp(self, port: int) -> None:
        self.environment |= {
            "DIGEST_DELIVERY__TRANSPORT": "smtp",
            "DIGEST_DELIVERY__SMTP__HOST": "127.0.0.1",
            "DIGEST_DELIVERY__SMTP__PORT": str(port),
        }

    def add_source(self, url: str, name: str = "Local Times") -> None:
        self.newsroom.edit_settings(
            "sources:\n", f"sources:\n  - {{name: {name}, url: '{url}', allow_private: true}}\n"
        )

    def digest(self, *arguments: str, at: str = "") -> None:
        """Run a command in a separate process. Raises AssertionError if it fails."""
        more = {"DIGEST_NOW": at} if at else {}
        run = self.newsroom.process(*arguments, **{**self.environment, **more})
        assert run.code == 0, (arguments, run.out, run.err)

    def start(self, at: str, **environment: str) -> float:
        """Start `digest run` with its clock at this time. Returns when it ran, by time.monotonic()."""
        hook = {
            "DIGEST_ALERTS__WEBHOOK": self.receiver.url,
            "DIGEST_ALERTS__WEBHOOK_PRIVATE": "true",
            "DIGEST_ALERTS__WEBHOOK_SECRET_ENV": "ALERTS_SECRET",
            "DIGEST_ALERTS__THIN_EDITION": "0",
            "ALERTS_SECRET": SECRET,
        }
        self.environment = {**hook, **self.environment, **environment, "DIGEST_NOW": at}
        # One sentence a line, whatever stderr is.
        command = self.newsroom.command("run", "--log-format", "text")
        self._process = subprocess.Popen(
            command,
            env=self.newsroom.env(self.environment),
            cwd=self.home,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._read, args=(self._process,), daemon=True).start()
        return self.logged("Running")

    def logged(self, words: str, seconds: float = _START) -> float:
        """Wait for a line of the log with these words. Returns its time."""
        return self.wait_for(lambda: next((at for at, line in [*self.log] if words in line), None), words, seconds)

    def wait_for(self, look: Callable[[], float | None], what: str, seconds: float) -> float:
        """Wait until `look` returns a time. Raises TimeoutError."""
        until = time.monotonic() + seconds
        while (found := look()) is None:
            if time.monotonic() > until:
                raise TimeoutError(f"no {what} within {seconds:.0f} s")
            time.sleep(0.05)
        return found

    def _read(self, process: subprocess.Popen[str]) -> None:
        for line in process.stderr or ():
            self.log.append((time.monotonic(), line.rstrip()))

    def signal(self, number: int) -> None:
        """Send a signal to the process."""
        assert self._process is not None
        self._process.send_signal(number)

    def close(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(40)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def make_scene(folder: Path, servers: ExitStack) -> Scene:
    """Make a scene that ends with `servers`: its process first, then the servers."""
    newsletter_folder(folder / "newsletter")
    scene = Scene(Newsroom(folder / "newsletter", {}), servers.enter_context(WebhookReceiver()), ExitStack())
    servers.enter_context(scene.servers)
    servers.callback(scene.close)
    return scene
