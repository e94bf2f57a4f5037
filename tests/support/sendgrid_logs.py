"""The local provider's Email Logs: at most 1,000 results, no pages, no search by custom_args."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from tests.support.sendgrid_provider import Message, Provider, Refused

_TERM = re.compile(
    r"(sg_message_id|subject|to_email|reason)\s*=\s*(['\"])(.*?)\2\Z|(status|categories)\s+IN\s*\((.*)\)\Z",
    re.I,
)


def find(provider: Provider, query: str, limit: int) -> list[dict[str, Any]]:
    """Return the messages that match, newest first. Raises Refused for a query that the service does not support."""
    terms = [_term(text) for text in re.split(r"\s+AND\s+", query) if text.strip()]
    # Of a million recipients only those of a few requests become rows.
    asked = [wanted for name, wanted in terms if name == "to_email"]
    messages = [m for m in provider.messages if all(any(email in m.emails for email in wanted) for wanted in asked)]
    rows = (
        row
        for row, _, categories in reversed(list(_rows(messages)))
        if all(wanted & (set(categories) if name == "categories" else {row.get(name, "")}) for name, wanted in terms)
    )
    return list(itertools.islice(rows, limit))


def details(provider: Provider, message_id: str) -> dict[str, Any] | None:
    """Return a message with its custom_args, or None."""
    for row, args, _ in _rows(m for m in provider.messages if message_id.startswith(f"{m.id}.")):
        if row["sg_message_id"] == message_id:
            return {**row, "custom_args": args}
    return None


def _rows(messages: Iterable[Message]) -> Iterator[tuple[dict[str, Any], dict[str, str], tuple[str, ...]]]:
    """Yield the row of each recipient, their custom_args, and the message's categories."""
    for message in messages:
        for place, (email, args) in enumerate(zip(message.emails, message.args, strict=True)):
            row = {
                "from_email": message.sender,
                # X-Message-Id is the prefix of each recipient's own id.
                "sg_message_id": f"{message.id}.recvd-local-{place}",
                "subject": message.subject,
                "to_email": email,
                "status": {"sent": "delivered", "held": "processed"}.get(message.state, "dropped"),
                "sg_message_id_created_at": datetime.fromtimestamp(message.accepted_at, UTC).strftime(
                    "%Y-%m-%dT%H:%M:%SZ"
                ),
            }
            yield row, args, message.categories


def _term(text: str) -> tuple[str, set[str]]:
    """Return a condition of a query as (field, values). Raises Refused for an unsupported one."""
    match = _TERM.match(text.strip())
    if match is None:
        raise Refused(f"invalid query: {text.strip()}")
    name, _, value, list_name, values = match.groups()
    if name:
        return name.lower(), {value}
    return list_name.lower(), {v.strip().strip("'\"") for v in values.split(",")}
