"""A message as plain text, as an email, and as JSON for a webhook. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from typing import Any

from digest.notify.alert import AdminMessage, MessageType

# Slack refuses a section of more than 3,000 characters, Telegram a message of more than 4,096.
_MAX_SLACK, _MAX_TELEGRAM = 2900, 4000
_MARKS = {MessageType.RAISED: "Alert", MessageType.RESOLVED: "Resolved"}


def subject_of(messages: Sequence[AdminMessage]) -> str:
    """Return the subject of an email with these messages."""
    first = messages[0]
    more = f" (and {len(messages) - 1} more)" if len(messages) > 1 else ""
    return f"[{first.sender}] {headline(first)}{more}"


def headline(message: AdminMessage) -> str:
    mark = _MARKS.get(message.type)
    return f"{mark}: {message.title}" if mark else message.title


def plain_text(message: AdminMessage, zone: tzinfo) -> str:
    """Return the whole message in lines. Times are in `zone`."""
    lines = [headline(message), "", message.text]
    if message.since is not None:
        lines.append(f"Since: {format_time(message.since, zone)}")
    if message.action:
        lines += ["", f"What to do: {message.action}"]
    return "\n".join(lines)


def format_time(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def payload(message: AdminMessage, format: str, zone: tzinfo, *, chat: str = "") -> dict[str, Any]:
    """Return the JSON body of a webhook post. `format` is standard, slack or telegram; `chat` is Telegram's."""
    return _PAYLOADS[format](message, zone, chat)


def _standard(message: AdminMessage, zone: tzinfo, _chat: str) -> dict[str, Any]:
    data: dict[str, Any] = {
        "newsletter": message.sender,
        "title": message.title,
        "text": message.text,
        **message.data,
    }
    if message.kind:
        data |= {"kind": message.kind, "subject": message.subject, "action": message.action}
    if message.since is not None:
        data["since"] = message.since.astimezone(zone).isoformat()
    return {"type": message.type, "timestamp": message.at.astimezone(zone).isoformat(), "data": data}


def _chat_text(message: AdminMessage, zone: tzinfo) -> tuple[str, str]:
    """Return a subject and a text for a chat. A message with an email of its own is for editors, in their language."""
    if message.mail_text:
        return message.mail_subject, message.mail_text
    return subject_of([message]), plain_text(message, zone).partition("\n")[2]


def _slack(message: AdminMessage, zone: tzinfo, _chat: str) -> dict[str, Any]:
    text, body = (_slack_text(part.strip()) for part in _chat_text(message, zone))
    shown = f"*{text}*\n{body}"[:_MAX_SLACK]
    # `text` is what a notification shows.
    return {"text": text, "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": shown}}]}


def _slack_text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _telegram(message: AdminMessage, zone: tzinfo, chat: str) -> dict[str, Any]:
    # No parse_mode: a single unescaped character would cause a 400 and lose the alert.
    text = "\n".join(_chat_text(message, zone))
    return {"chat_id": chat, "text": text[:_MAX_TELEGRAM], "link_preview_options": {"is_disabled": True}}


_PAYLOADS: dict[str, Callable[[AdminMessage, tzinfo, str], dict[str, Any]]] = {
    "standard": _standard,
    "slack": _slack,
    "telegram": _telegram,
}
