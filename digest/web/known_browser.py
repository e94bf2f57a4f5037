"""A cookie by which a browser is known as a subscriber's: it has opened a link that was mailed to them alone.

A forwarded email contains its links, so their token alone shows and changes nothing that the subscriber chose. The
cookie names nobody: it is a code of the subscriber's number. It is read on personal pages only, and counts nothing.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fastapi import Request, Response

from digest.store.people.preferences import StoredSubscriber
from digest.subscribers.tokens import Signer

if TYPE_CHECKING:
    from digest.web.dependencies import Context

_PURPOSE = "browser"
KEPT = timedelta(days=365)
"""How long a browser stays known."""


def knows(context: Context, request: Request, subscriber: StoredSubscriber) -> bool:
    """Whether the browser is known as this subscriber's."""
    if not subscriber.listed or subscriber.suppressed:
        return False
    until, _, code = request.cookies.get(cookie_name(context.pages.base), "").partition(".")
    if not code:
        return False
    is_ours = context.signer.is_signed_name(_PURPOSE, _signed(subscriber, until), code)
    return is_ours and int(until) > context.now().timestamp()


def remember(context: Context, response: Response, subscriber: StoredSubscriber) -> None:
    """Let the browser be known as this subscriber's for a year."""
    base = context.pages.base
    response.set_cookie(
        cookie_name(base),
        cookie_value(context.signer, subscriber, context.now()),
        max_age=int(KEPT.total_seconds()),
        path="/",
        secure=base.startswith("https://"),
        httponly=True,
        samesite="lax",
    )


def cookie_name(base: str) -> str:
    """The cookie of the newsletter at this address.

    Browsers accept the prefix `__Host-` only over https, and only for the path `/`. Newsletters may share a host.
    """
    scheme, _, place = base.partition("://")
    path = re.findall("[A-Za-z0-9]+", place.partition("/")[2])
    return "-".join(("__Host-subscriber" if scheme == "https" else "subscriber", *path))


def cookie_value(signer: Signer, subscriber: StoredSubscriber, now: datetime) -> str:
    """The cookie of a subscriber: the second at which it ends, and a code."""
    until = str(int((now + KEPT).timestamp()))
    return f"{until}.{signer.sign_name(_PURPOSE, _signed(subscriber, until))}"


def _signed(subscriber: StoredSubscriber, until: str) -> str:
    return f"{subscriber.id} {subscriber.cookie_version} {until}"
