"""Rules for the attachments of a payload beyond the schema."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

_KNOWN = frozenset({"content", "type", "filename", "disposition", "content_id"})
_CID = re.compile(r"""src=["']cid:([^"']+)["']""")


def violations(payload: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (message, field) for every broken rule.

    Two rules are our own: an inline image is shown, and every image that the email shows is attached.
    """
    attachments = payload.get("attachments", [])
    if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
        yield "attachments must be an array of objects.", "attachments"
        return
    shown = _shown(payload)
    names = [one.get("content_id") for one in attachments if one.get("disposition") == "inline"]
    for index, one in enumerate(attachments):
        where = f"attachments.{index}"
        for key in one.keys() - _KNOWN:
            yield f"Unknown parameter: {key}", f"{where}.{key}"
        if not _is_base64(one.get("content")):
            yield "The attachment content must be base64 encoded.", f"{where}.content"
        for key in ("type", "filename", "content_id"):
            value = one.get(key, "x")
            if not isinstance(value, str) or not value or not value.isascii() or re.search(r"[;\r\n]", value):
                yield f"The attachment {key} cannot be empty or contain ; or CRLF.", f"{where}.{key}"
        if one.get("disposition", "attachment") not in ("inline", "attachment"):
            yield "The disposition must be inline or attachment.", f"{where}.disposition"
        if one.get("disposition") == "inline" and one.get("content_id") not in shown:
            yield "The content does not show this inline attachment.", f"{where}.content_id"
    if len(set(names)) != len(names):
        yield "Each content_id must be unique.", "attachments"
    for cid in shown - set(names):
        yield f"The content shows {cid}, which is not attached.", "attachments"


def _shown(payload: dict[str, Any]) -> set[str]:
    parts = payload.get("content")
    texts = [part.get("value") for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    return {cid for text in texts if isinstance(text, str) for cid in _CID.findall(text)}


def _is_base64(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError):
        return False
