"""One of several nodes that send an edition: `python -m tests.store.node URL EDITION [--slow]`.

It takes the lock for sending, recovers the batches of a dead node, and sends. With `--slow` it prints a line when the
provider has the first batch, and gets the provider's response when a line arrives on standard input. At the end it
prints the number of recipients.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from digest.deliver.attempt import DeliveryJob
from digest.deliver.outcome import Accepted, Outcome
from digest.deliver.ports import RecipientLog
from digest.deliver.worker import send_due
from digest.mail.message import Outgoing
from digest.store.database import open_database
from digest.store.locks import exclusive
from digest.store.sending.ledger import SqlLedger
from digest.utils.clock import SharedClock
from tests.deliver.emails import EMAIL, SENDER, token
from tests.deliver.fakes import Scripted

# Seconds after which another node must be able to continue.
TAKEOVER = 15.0


def say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def main(url: str, edition: str, *, slow: bool) -> None:
    clock = SharedClock()
    database = open_database(url, home=Path(), clock=clock)
    ledger = SqlLedger(database, clock=clock)

    def answer_later(_outgoing: Outgoing, _log: RecipientLog) -> Outcome:
        say("submitted")
        sys.stdin.readline()
        return Accepted("late")

    transport = Scripted([answer_later] if slow else [], name="sendgrid")
    with exclusive(database, "sending", wait=TAKEOVER) as lock:
        ledger.begin_run(edition, recovery={"sendgrid": "hold"}, now=clock())
        # A slow node keeps this lock, as a node does that is disconnected while it prepares an edition.
        if not slow:
            lock.downgrade()
        with ledger.running():
            job = DeliveryJob(edition, {"html": EMAIL}, SENDER, ledger, [transport], token, clock, threads=1)
            accepted = send_due(job).accepted
        # PostgreSQL ends the sessions of a lost node one after the other, within some seconds. Nodes try again.
        until = time.monotonic() + TAKEOVER
        while ledger.is_due(edition, clock()) and time.monotonic() < until:
            time.sleep(0.2)
            ledger.begin_run(edition, recovery={"sendgrid": "hold"}, now=clock())
        say(accepted)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], slow="--slow" in sys.argv)
