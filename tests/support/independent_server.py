"""A second SendGrid for the proof, written from the public reference alone. It shares no code with `sendgrid_server`.

`python -m tests.support.independent_server --log FILE --key KEY [--chance=KIND=PART ...]` prints its URL. The parts of
all kinds add up to the part of the calls that fail: the reply is lost after or before the emails are accepted, or is a
500 or a 429.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_PATH = "/v3/mail/send"
_FAULTS = ("taken, then silence", "lost", "taken, then 500", "429")


class Server(ThreadingHTTPServer):
    """Writes each accepted email to a file before it responds."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, given: argparse.Namespace) -> None:
        super().__init__((given.host, 0), Handler)
        self.key, self.latency = given.key, given.latency / 1000
        self.part = sum(float(chance.rpartition("=")[2]) for chance in given.chance)
        self.random, self.lock = random.Random(given.seed), threading.Lock()
        self.file = os.open(given.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self.numbers = itertools.count(1)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that broke its connection: the proof does so on purpose."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def choose(self) -> str:
        with self.lock:
            return self.random.choice(_FAULTS) if self.random.random() < self.part else ""

    def take(self, call: dict[str, Any]) -> str:
        """Note each recipient, whatever the email. Returns the message's id."""
        number = f"m{next(self.numbers)}"
        lines = []
        for person in call["personalizations"]:
            [to] = person["to"]
            line = {"state": "sent", "email": to["email"], "message_id": number, "args": person.get("custom_args", {})}
            lines.append(json.dumps(line))
        data = "".join(f"{line}\n" for line in lines).encode()
        with self.lock:
            while data:
                data = data[os.write(self.file, data) :]
        return number


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        if self.path != _PATH:
            return self._answer(404)
        if self.headers["Authorization"] != f"Bearer {self.server.key}":
            return self._answer(401)
        call = json.loads(body)
        if call.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
            # A sandbox request: it is checked, and nobody gets it.
            return self._answer(200)
        fault = self.server.choose()
        time.sleep(self.server.latency)
        if fault == "429":
            return self._answer(429)
        number = self.server.take(call) if fault != "lost" else ""
        if fault in ("lost", "taken, then silence"):
            self.close_connection = True
            return None
        return self._answer(500 if fault else 202, number)

    def do_GET(self) -> None:
        self._answer(404)

    def _answer(self, status: int, number: str = "") -> None:
        self.send_response(status)
        if number:
            self.send_header("X-Message-Id", number)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--log", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--latency", type=float, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--chance", action="append", default=[])
    given, _others = parser.parse_known_args()
    server = Server(given)
    sys.stdout.write(f"http://{given.host}:{server.server_port}\n")
    sys.stdout.flush()
    # As the other servers, it exits with 0 on SIGTERM.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    server.serve_forever()


if __name__ == "__main__":
    main()
