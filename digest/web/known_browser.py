"""A cookie by which a browser is known as a subscriber's: it has opened a link that was mailed to them alone.

A forwarded email contains its links. Therefore their token alone neither shows nor changes the subscriber's choices.
The cookie names nobody: it is a code of the subscriber's number. Only personal pages read it, and it counts nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fastapi import Request, Response

from digest.store.people.preferences import StoredSubscriber
from digest.subscribers.tokens import TokenSigner

if TYPE_CHECKING:
    from digest.web.dependencies import Context

_PURPOSE = "browser"
KEPT = timedelta(days=365)
"""How long a browser stays known."""


# A family may share a browser, and one person may have two addresses.
_MOST = 4
_BETWEEN = "~"


def is_known_browser(context: Context, request: Request, subscriber: StoredSubscriber) -> bool:
    if not subscriber.listed or subscriber.suppressed:
        return False
    now = context.now().timestamp()
    return any(
        _is_of(context.signer, subscriber, each) and int(each.partition(".")[0]) > now
        for each in _values(context, request)
    )


def remember(context: Context, request: Request, response: Response, subscriber: StoredSubscriber) -> None:
    """Let the browser be known as this subscriber's for a year."""
    own = cookie_value(context.signer, subscriber, context.now())
    _set(context, response, [own, *_of_others(context, request, subscriber)])


def forget(context: Context, request: Request, response: Response, subscriber: StoredSubscriber) -> None:
    """Forget that the browser is this subscriber's."""
    _set(context, response, _of_others(context, request, subscriber))


def _set(context: Context, response: Response, values: Sequence[str]) -> None:
    base = context.pages.base
    response.set_cookie(
        cookie_name(base),
        _BETWEEN.join(values[:_MOST]),
        # Without a value the browser deletes it.
        max_age=int(KEPT.total_seconds()) if values else 0,
        path="/",
        secure=base.startswith("https://"),
        httponly=True,
        samesite="lax",
    )


def cookie_name(base: str) -> str:
    """Return the cookie of the newsletter at this address.

    Browsers accept the prefix `__Host-` only over https, and only for the path `/`. Newsletters may share a host.
    """
    scheme, _, place = base.partition("://")
    path = re.findall("[A-Za-z0-9]+", place.partition("/")[2])
    return "-".join(("__Host-subscriber" if scheme == "https" else "subscriber", *path))


def cookie_value(signer: TokenSigner, subscriber: StoredSubscriber, now: datetime) -> str:
    """Return the cookie's entry for a subscriber: when it ends, whose it is, and a code that may end sooner."""
    until = str(int((now + KEPT).timestamp()))
    names = (_owner(subscriber, until), _sign(subscriber, until))
    return ".".join((until, *(signer.sign_name(_PURPOSE, name) for name in names)))


def _values(context: Context, request: Request) -> list[str]:
    values = request.cookies.get(cookie_name(context.pages.base), "").split(_BETWEEN)
    return [each for each in values if each.count(".") == 2][:_MOST]


def _of_others(context: Context, request: Request, subscriber: StoredSubscriber) -> list[str]:
    """Return the cookie's entries for other subscribers. Old entries of this one would push out those of a family."""

    def is_own(value: str) -> bool:
        until, owner, _code = value.split(".")
        return context.signer.is_signed_name(_PURPOSE, _owner(subscriber, until), owner)

    return [each for each in _values(context, request) if not is_own(each)]


def _is_of(signer: TokenSigner, subscriber: StoredSubscriber, value: str) -> bool:
    until, _whose, code = value.split(".")
    return signer.is_signed_name(_PURPOSE, _sign(subscriber, until), code)


def _owner(subscriber: StoredSubscriber, until: str) -> str:
    return f"{subscriber.id} {until}"


def _sign(subscriber: StoredSubscriber, until: str) -> str:
    return f"{subscriber.id} {subscriber.cookie_version} {until}"
