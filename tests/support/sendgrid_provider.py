"""The state of the local provider: messages, batch ids and cancellations. Thread-safe.

It writes each change to the acceptance log before it returns.
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

# A cancellation is guaranteed until this many seconds before send_at (SendGrid's documentation of scheduled sends).
CANCEL_DEADLINE = 600


class Refused(Exception):
    """A request that the API answers with 400 and this message."""


@dataclass(slots=True)
class Message:
    """One accepted request. `packed` is `args` as JSON, which costs less memory than a million small dicts."""

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
    """One recipient of an accepted request. `state` is that of the acceptance log."""

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
    """Accepts messages, holds the scheduled ones and discards the cancelled ones.

    At most `cancel_limit` batches can be cancelled or paused at once. SendGrid documents 10.
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
        """Return whether this batch id was issued."""
        with self._lock:
            return batch_id in self._batches

    def accept(self, payload: dict[str, Any]) -> Message:
        """Accept a valid payload and log it."""
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
                # A cancellation also applies to later messages with the id.
                stopped = batch is not None and batch.status and batch.effective
                self._set_state(message, "cancelled" if stopped else "held")
            else:
                self._set_state(message, "sent")
            return message

    def stop(self, batch_id: str, status: str, *, update: bool = False) -> None:
        """Cancel or pause a batch. Raises Refused as the service does, KeyError if there is nothing to update."""
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
            # A late cancellation gets the same answer and has no effect, the worst case that the documentation allows.
            batch.effective = not due or min(due) - self.clock.now() >= CANCEL_DEADLINE
            if batch.effective:
                self._change_state(batch, "held", "cancelled")

    def resume(self, batch_id: str) -> None:
        """Delete a cancellation, so that the held messages are sent. Raises KeyError if there is none."""
        with self._lock:
            batch = self._batches[batch_id]
            if not batch.status:
                raise KeyError(batch_id)
            batch.status = ""
            self._change_state(batch, "cancelled", "held")
        self.release()

    def statuses(self) -> dict[str, str]:
        """Return the cancelled and paused batches, id → status, without those whose messages are all settled."""
        with self._lock:
            return {
                id_: batch.status for id_, batch in self._batches.items() if batch.status and not self._settled(batch)
            }

    def status(self, batch_id: str) -> str:
        """Return 'cancel', 'pause' or ''. Raises KeyError for an unknown id."""
        with self._lock:
            return self._batches[batch_id].status

    def release(self) -> None:
        """Send what is due, and discard what is due and cancelled. Paused messages wait."""
        with self._lock:
            now = self.clock.now()
            due = [message for message in self._held if message.send_at <= now]
            for message in due:
                if message.state == "cancelled" and self._batches[message.batch_id].status == "pause":
                    continue
                self._held.remove(message)
                self._set_state(message, "discarded" if message.state == "cancelled" else "sent")

    def discard(self, message: Message) -> None:
        """Cancel one held message for good."""
        with self._lock:
            self._held.remove(message)
            self._set_state(message, "discarded")

    def acceptances(self) -> list[Acceptance]:
        """Return every recipient of every message, in order of acceptance."""
        with self._lock:
            return [a for message in self.messages for a in _expand(message)]

    def counts(self) -> Counter[str]:
        """Return how many emails each address gets, without cancelled and discarded ones."""
        with self._lock:
            return Counter(e for m in self.messages if m.state in ("sent", "held") for e in m.emails)

    @property
    def waiting(self) -> bool:
        """Whether a message is held."""
        return bool(self._held)

    @staticmethod
    def _settled(batch: _Batch) -> bool:
        return bool(batch.messages) and all(m.state in ("sent", "discarded") for m in batch.messages)

    def _change_state(self, batch: _Batch, old: str, new: str) -> None:
        for message in batch.messages:
            if message.state == old:
                self._set_state(message, new)

    def _set_state(self, message: Message, state: str) -> None:
        message.state = state
        now = self.clock.now()
        self._log.write(
            {
                "state": state,
                "email": email,
                "subject": message.subject,
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
