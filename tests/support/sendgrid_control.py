"""Control of the local SendGrid from outside: its command line, and the `/_test/` requests of a running process."""

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
    """Return the command line as arguments of SendGridServer. Exits with 2 on wrong usage."""
    parser = argparse.ArgumentParser(prog="sendgrid_server", description="A local SendGrid.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--host", default="127.0.0.1")
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
    parser.add_argument("--tls", action="store_true", help="also print the path of the certificate")
    args = parser.parse_args(arguments)
    values = {
        "host": args.host,
        "port": args.port,
        "log": args.log,
        "fsync": args.fsync,
        "seed": args.seed,
        "latency": args.latency / 1000,
        "validate_every": args.validate_every,
        "check_every": args.check_every,
        "chances": {kind: float(value) for kind, _, value in (text.partition("=") for text in args.chance)},
        "faults": args.fault,
        "reject": args.reject,
        "cancel_limit": args.cancel_limit,
        "keys": args.key,
        "tls": args.tls,
    }
    return {name: value for name, value in values.items() if name != "keys" or value}


def control(server: SendGridServer, head: Head, body: bytes) -> Reply:
    """Answer `POST /_test/clock`, `POST /_test/faults` and `GET /_test/state`, and 404 for anything else."""
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
