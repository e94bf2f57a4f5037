"""Asks SendGrid's Email Logs whether a request was taken (https://www.twilio.com/docs/sendgrid/api-reference/email-logs).

They can be asked by address, not by our ids; a message's details hold them. One message that carries the attempt's
id proves that its whole request was taken. Nothing found proves nothing: the log may lag, or be closed to us.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from digest.deliver.transports.sendgrid_probe import Ask
from digest.deliver.wire import RequestNotSent, ResponseUnknown

_MOST_ADDRESSES = 5
_NEWEST = 10  # messages to one address


def find_attempt(ask: Ask, attempt: str, emails: Sequence[str]) -> bool:
    """Whether the log shows a message of this attempt to one of the first few addresses."""
    try:
        for email in emails[:_MOST_ADDRESSES]:
            mark = '"' if "'" in email else "'"
            if mark in email:
                continue
            query = f"to_email = {mark}{email}{mark} AND categories IN ('digest')"
            for row in _rows(ask("POST", "/v3/logs", {"query": query, "limit": _NEWEST}).json()):
                # What was cancelled shows as dropped too: no proof that anybody gets it. Nor is another's message.
                if row.get("status") == "dropped" or str(row.get("to_email", "")).casefold() != email.casefold():
                    continue
                if _carries(ask, str(row.get("sg_message_id", "")), attempt):
                    return True
    except (RequestNotSent, ResponseUnknown):
        pass
    return False


def _rows(found: Any) -> list[dict[str, Any]]:
    rows = found.get("messages") if isinstance(found, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _carries(ask: Ask, message: str, attempt: str) -> bool:
    reply = ask("GET", f"/v3/logs/{quote(message, safe='')}", None)
    found = reply.json() if reply.status == 200 else None
    arguments = found.get("custom_args") if isinstance(found, dict) else None
    return isinstance(arguments, dict) and arguments.get("dg_attempt") == attempt
