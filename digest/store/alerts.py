"""Open alerts, and the messages about them. A message is written in the same transaction as the change it reports."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, select, update

from digest.notify.alert import AdminMessage, Alert, MessageType, cause
from digest.store.database import Database
from digest.store.message_queue import MessageQueue
from digest.store.schema import alert, alert_message
from digest.store.statements import insert_into
from digest.utils.documents import fill


class AlertStore(MessageQueue):
    """The open alerts, and the queue of the messages; a channel is a receiver."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, alert_message, alert_message.c.channel)

    def open(self) -> list[Alert]:
        """Return the alerts whose conditions hold, oldest first."""
        rows = select(alert).order_by(alert.c.raised_at, alert.c.kind, alert.c.subject)
        return [fill(Alert, row) for row in self.database.query(rows)]

    def raise_(self, item: Alert, message: AdminMessage, channels: Collection[str], now: datetime) -> bool:
        """Open an alert with its message. False if it is open already: then only its texts and its end are updated.

        An alert that is open already sends another message if its cause is new.
        """
        values = asdict(item)
        this_alert = and_(alert.c.kind == item.kind, alert.c.subject == item.subject)
        with self.database.write() as connection:
            new = insert_into(connection, alert).on_conflict_do_nothing().values(**values, raised_at=now)
            if connection.execute(new.returning(alert.c.kind)).first() is None:
                changed = {name: values[name] for name in ("title", "text", "action", "until")}
                before = connection.execute(select(alert).where(this_alert).with_for_update()).first()
                connection.execute(update(alert).where(this_alert).values(changed))
                if before is None or not _is_new_cause(connection, item, before.text, before.raised_at):
                    return False
            _add(connection, message, channels, now)
        return True

    def close(
        self, key: tuple[str, str], message: AdminMessage | None, channels: Collection[str], now: datetime
    ) -> bool:
        """End an alert, with a message or silently. False if it is not open."""
        this_alert = and_(alert.c.kind == key[0], alert.c.subject == key[1])
        with self.database.write() as connection:
            if not connection.execute(delete(alert).where(this_alert)).rowcount:
                return False
            if message is not None:
                _add(connection, message, channels, now)
        return True

    def add(self, message: AdminMessage, channels: Collection[str], now: datetime) -> bool:
        """Queue a separate message, such as a report. False if one with its id was queued before."""
        with self.database.write() as connection:
            new = insert_into(connection, alert_message).on_conflict_do_nothing().returning(alert_message.c.id)
            added = [connection.execute(new.values(row)).first() for row in _rows(message, channels, now)]
        return any(added)

    def knows(self, id: str) -> bool:
        """Whether a message with this id was queued."""
        return self.database.query(select(alert_message.c.id).where(alert_message.c.id == id)).first() is not None

    def claim_messages(self, channel: str, now: datetime) -> list[AdminMessage]:
        """Claim the messages that are due, oldest first."""
        return [_message(row.content) for row in self.claim(channel, now)]


def _is_new_cause(connection: Connection, item: Alert, before: str, since: datetime) -> bool:
    """Whether the open alert has a cause that none of its messages has named."""
    new = cause(item.kind, item.text)
    if new is None or new == cause(item.kind, before):
        return False
    rows = connection.execute(select(alert_message.c.content).where(alert_message.c.created_at >= since)).scalars()
    return not any(
        (content["kind"], content["subject"], content["type"]) == (item.kind, item.subject, MessageType.RAISED)
        and cause(item.kind, content["text"]) == new
        for content in rows
    )


def _add(connection: Connection, message: AdminMessage, channels: Collection[str], now: datetime) -> None:
    rows = _rows(message, channels, now)
    if rows:
        connection.execute(insert(alert_message), rows)


def _rows(message: AdminMessage, channels: Collection[str], now: datetime) -> Sequence[dict[str, Any]]:
    content = asdict(message) | {
        "at": message.at.isoformat(),
        "since": message.since.isoformat() if message.since else None,
    }
    same = {"id": message.id, "content": content, "created_at": now, "tries": 0, "not_before": now}
    return [{**same, "channel": channel} for channel in channels]


def _message(content: dict[str, Any]) -> AdminMessage:
    since = content["since"]
    return AdminMessage(
        **content
        | {
            "type": MessageType(content["type"]),
            "at": datetime.fromisoformat(content["at"]),
            "since": datetime.fromisoformat(since) if since else None,
        }
    )
