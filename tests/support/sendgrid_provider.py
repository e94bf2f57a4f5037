"""What the local provider knows: messages, batch ids, cancellations. The truth behind the HTTP surface.

Owns who was accepted and what became of it, and writes each change to the acceptance log before it returns.
Knows no HTTP. Safe to call from any thread.
"""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.support.acceptance import AcceptanceLog
from tests.support.clock import Clock

LAST_CALL = 600
"""Seconds before send_at after which a cancel is no longer guaranteed (SendGrid's scheduled-sends page)."""


class Refused(Exception):
    """A 400 for a scheduled-sends call; the message is SendGrid's."""


@dataclass(slots=True)
class Message:
    """One accepted request. `packed` holds `args` as JSON: a million small dicts would choke the collector."""

    id: str
    emails: tuple[str, ...]
    packed: bytes
    sender: str
    subject: str
    categories: tuple[str, ...]
    accepted_at: float
    batch_id: str = ""
    send_at: int = 0
    state: str = "sent"

    @property
    def args(self) -> list[dict[str, str]]:
        """The merged custom_args of each recipient, in the order of `emails`."""
        return list(orjson.loads(self.packed))


@dataclass(frozen=True, slots=True)
class Acceptance:
    """One recipient of one accepted request; `state` as in the acceptance log."""

    email: str
    message_id: str
    args: dict[str, str]
    state: str
    batch_id: str
    send_at: int
    time: float


@dataclass(slots=True)
class _Batch:
    status: str = ""
    effective: bool = True
    messages: list[Message] = field(default_factory=list)


class Provider:
    """Takes messages, holds the scheduled ones, discards the cancelled ones.

    `cancel_limit` is how many different batches may be cancelled or paused at once (documented: 10).
    """

    def __init__(self, clock: Clock, log: AcceptanceLog, *, cancel_limit: int = 10) -> None:
        self.clock = clock
        self.cancel_limit = cancel_limit
        self.messages: list[Message] = []
        self._log = log
        self._lock = threading.RLock()
        self._batches: dict[str, _Batch] = {}
        self._held: list[Message] = []
        clock.watchers.append(self.release)

    def new_batch(self) -> str:
        """Issue a batch id."""
        with self._lock:
            batch_id = secrets.token_hex(16)
            self._batches[batch_id] = _Batch()
            return batch_id

    def knows(self, batch_id: str) -> bool:
        """Whether this batch id was issued here."""
        with self._lock:
            return batch_id in self._batches

    def accept(self, payload: dict[str, Any]) -> Message:
        """Take a payload that broke no rule; logged when this returns."""
        with self._lock:
            now = self.clock.now()
            root = payload.get("custom_args") or {}
            people = payload["personalizations"]
            message = Message(
                id=secrets.token_urlsafe(16),
                emails=tuple([person["to"][0]["email"] for person in people]),
                packed=orjson.dumps([{**root, **(person.get("custom_args") or {})} for person in people]),
                sender=payload["from"]["email"],
                subject=payload.get("subject", ""),
                categories=tuple(payload.get("categories", ())),
                accepted_at=now,
                batch_id=payload.get("batch_id", ""),
                send_at=payload.get("send_at", 0),
            )
            self.messages.append(message)
            batch = self._batches.get(message.batch_id)
            if batch is not None:
                batch.messages.append(message)
            if message.send_at > now:
                self._held.append(message)
                # A late arrival is covered too: the cancel is bound to the id, not to messages.
                stopped = batch is not None and batch.status and batch.effective
                self._become(message, "cancelled" if stopped else "held")
            else:
                self._become(message, "sent")
            return message

    def stop(self, batch_id: str, status: str, *, update: bool = False) -> None:
        """Cancel or pause a batch. Raises Refused as the service does; KeyError when nothing is there to update."""
        with self._lock:
            batch = self._batches.get(batch_id)
            if batch is None:
                raise Refused("invalid batch id")
            if status not in ("cancel", "pause"):
                raise Refused("invalid status")
            if update and not batch.status:
                raise KeyError(batch_id)
            if not update:
                if batch.status:
                    raise Refused("a status for this batch id exists, try PATCH to update the status")
                if len(self.statuses()) >= self.cancel_limit:
                    raise Refused("the maximum number of cancellations/pauses has been added")
            batch.status = status
            due = [m.send_at for m in batch.messages if m.state in ("held", "cancelled")]
            # Too late is answered like any other but does not hold: the worst that the documents allow.
            batch.effective = not due or min(due) - self.clock.now() >= LAST_CALL
            if batch.effective:
                self._turn(batch, "held", "cancelled")

    def resume(self, batch_id: str) -> None:
        """Delete a cancellation: what is still held goes out after all. Raises KeyError when there is none."""
        with self._lock:
            batch = self._batches[batch_id]
            if not batch.status:
                raise KeyError(batch_id)
            batch.status = ""
            self._turn(batch, "cancelled", "held")
        self.release()

    def statuses(self) -> dict[str, str]:
        """Batches that are cancelled or paused at present: id → status. A settled one no longer counts."""
        with self._lock:
            return {
                id_: batch.status for id_, batch in self._batches.items() if batch.status and not self._settled(batch)
            }

    def status(self, batch_id: str) -> str:
        """'cancel', 'pause' or ''. Raises KeyError for an id that was never issued."""
        with self._lock:
            return self._batches[batch_id].status

    def release(self) -> None:
        """Send what is due and discard what is due and cancelled; the paused waits."""
        with self._lock:
            now = self.clock.now()
            due = [message for message in self._held if message.send_at <= now]
            for message in due:
                if message.state == "cancelled" and self._batches[message.batch_id].status == "pause":
                    continue
                self._held.remove(message)
                self._become(message, "discarded" if message.state == "cancelled" else "sent")

    def acceptances(self) -> list[Acceptance]:
        """Every recipient of every message, in order of acceptance."""
        with self._lock:
            return [a for message in self.messages for a in _expand(message)]

    def counts(self) -> Counter[str]:
        """How often each address gets, or will get, a letter: cancelled and discarded ones are left out."""
        with self._lock:
            return Counter(e for m in self.messages if m.state in ("sent", "held") for e in m.emails)

    @property
    def waiting(self) -> bool:
        """Whether anything is held."""
        return bool(self._held)

    @staticmethod
    def _settled(batch: _Batch) -> bool:
        return bool(batch.messages) and all(m.state in ("sent", "discarded") for m in batch.messages)

    def _turn(self, batch: _Batch, old: str, new: str) -> None:
        for message in batch.messages:
            if message.state == old:
                self._become(message, new)

    def _become(self, message: Message, state: str) -> None:
        message.state = state
        now = self.clock.now()
        self._log.write(
            {
                "state": state,
                "email": email,
                "message_id": message.id,
                "args": args,
                "batch_id": message.batch_id,
                "send_at": message.send_at,
                "time": now,
            }
            for email, args in zip(message.emails, message.args, strict=True)
        )


def _expand(message: Message) -> Iterator[Acceptance]:
    for email, args in zip(message.emails, message.args, strict=True):
        yield Acceptance(email, message.id, args, message.state, message.batch_id, message.send_at, message.accepted_at)
