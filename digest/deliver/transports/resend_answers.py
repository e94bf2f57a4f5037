"""What Resend's answers mean for the readers of one call (https://resend.com/docs/api-reference/errors). Pure."""

from __future__ import annotations

from digest.deliver.message import Recipient, one_line
from digest.deliver.outcome import NotSent, PerRecipient, Split, Unknown
from digest.deliver.reply import HttpResponse

_AGAIN = ("concurrent_idempotent_requests", "invalid_idempotent_request")
_SPENT = ("daily_quota_exceeded", "monthly_quota_exceeded")


def read_reply(reply: HttpResponse, readers: tuple[Recipient, ...]) -> PerRecipient | Split | NotSent | Unknown:
    """Unknown is said of all that may pass when the same call is made again under its key."""
    status, name = reply.status, error_name(reply)
    said = f"resend answered {status}{detail(reply)}"
    if status == 200:
        refused = _refused(reply, readers)
        return Unknown(f"{said}, and not for every letter") if refused is None else refused
    if status == 429:
        return NotSent(f"{said}", retry_after=None if name in _SPENT else reply.wait() or 1.0, permanent=name in _SPENT)
    if name in _AGAIN or status >= 500 or status < 300:
        return Unknown(said)
    if status == 413:
        return Split(said) if len(readers) > 1 else NotSent(said, permanent=True)
    if status == 422 and len(readers) == 1 and "`to`" in detail(reply):
        return PerRecipient(rejected={readers[0].id: detail(reply).removeprefix(": ")})
    if 300 <= status < 400 or reply.is_html or name or status in (401, 403, 404, 405, 451):
        return NotSent(said, permanent=True)
    return Unknown(said)


def _refused(reply: HttpResponse, readers: tuple[Recipient, ...]) -> PerRecipient | None:
    """Who was taken and who was not, by a 200 in permissive mode; None when it does not speak of every reader."""
    found = reply.json() if reply.whole else None
    if not isinstance(found, dict):
        return None
    if "id" in found and len(readers) == 1:
        return PerRecipient(frozenset((readers[0].id,)))
    taken, errors = found.get("data"), found.get("errors") or []
    if not isinstance(taken, list) or not isinstance(errors, list) or len(taken) + len(errors) != len(readers):
        return None
    rejected = {}
    for error in errors:
        index = error.get("index") if isinstance(error, dict) else None
        if not isinstance(index, int) or not 0 <= index < len(readers):
            return None
        rejected[readers[index].id] = one_line(str(error.get("message") or "refused by resend"))[:300]
    return PerRecipient(frozenset(reader.id for reader in readers if reader.id not in rejected), rejected)


def error_name(reply: HttpResponse) -> str:
    """Resend's name for an error."""
    return reply.field("name")


def detail(reply: HttpResponse) -> str:
    message = one_line(reply.field("message"))[:300]
    return f": {message}" if message else ""
