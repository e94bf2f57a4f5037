"""Steering the local SendGrid from outside: its command line, and the `/_test/` requests of a running process.

Owns the names of options and of steering requests. Decides nothing about mail.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from tests.support.http1 import Head, Reply
from tests.support.sendgrid_faults import Fault

if TYPE_CHECKING:
    from tests.support.sendgrid_server import SendGridServer


def options(arguments: list[str] | None) -> dict[str, Any]:
    """The command line as SendGridServer's arguments. Exits with 2 on wrong usage."""
    parser = argparse.ArgumentParser(prog="sendgrid_server", description="A local SendGrid.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--fsync", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, metavar="MS")
    parser.add_argument("--validate-every", type=int, default=50, metavar="N")
    parser.add_argument("--check-every", type=int, default=1, metavar="N")
    parser.add_argument("--chance", action="append", default=[], metavar="KIND=PROBABILITY")
    parser.add_argument("--fault", action="append", default=[], metavar="KIND")
    parser.add_argument("--reject", action="append", default=[], metavar="ADDRESS")
    parser.add_argument("--cancel-limit", type=int, default=10)
    parser.add_argument("--key", action="append", default=[])
    parser.add_argument("--tls", action="store_true", help="print the certificate's path as the second word")
    given = parser.parse_args(arguments)
    chosen = {
        "port": given.port,
        "log": given.log,
        "fsync": given.fsync,
        "seed": given.seed,
        "latency": given.latency / 1000,
        "validate_every": given.validate_every,
        "check_every": given.check_every,
        "chances": {kind: float(value) for kind, _, value in (text.partition("=") for text in given.chance)},
        "faults": given.fault,
        "reject": given.reject,
        "cancel_limit": given.cancel_limit,
        "keys": given.key,
        "tls": given.tls,
    }
    return {name: value for name, value in chosen.items() if name != "keys" or value}


def steer(server: SendGridServer, head: Head, body: bytes) -> Reply:
    """`POST /_test/clock`, `POST /_test/faults`, `GET /_test/state`; 404 for anything else."""
    order = orjson.loads(body) if body else None
    if head.path == "/_test/clock" and isinstance(order, dict):
        if "set" in order:
            server.clock.set(order["set"])
        server.clock.advance(order.get("advance", 0))
        return Reply(200, orjson.dumps({"now": server.clock.now()}))
    if head.path == "/_test/faults" and isinstance(order, list):
        server.faults = [Fault(**entry) if isinstance(entry, dict) else entry for entry in order]
        return Reply(204)
    if head.path == "/_test/state":
        state = {
            "now": server.clock.now(),
            "requests": len(server.requests),
            "messages": len(server.messages),
            "recipients": sum(len(message.emails) for message in server.messages),
            "violations": [{"message": v.message, "field": v.field} for v in server.violations],
            "cancelled": server.provider.statuses(),
        }
        return Reply(200, orjson.dumps(state))
    return Reply(404)
