"""Read SendGrid's suppression lists page by page (https://www.twilio.com/docs/sendgrid/api-reference/bounces-api).

Pages, attempts and waiting are limited. Changes nothing at the provider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from digest.deliver.http_client import HttpResponse, RequestNotSent, ResponseUnknown
from digest.deliver.ports import SuppressionEntry, SuppressionsUnavailable, Wait
from digest.deliver.sendgrid.responses import detail, refused_outright
from digest.mail.message import without_controls

# (method, path, JSON body or None) → response. Raises RequestNotSent or ResponseUnknown.
Ask = Callable[[str, str, Mapping[str, Any] | None], HttpResponse]
# List → kind of the equivalent event. `blocks` is not a suppression list: SendGrid continues to mail those.
LISTS = {
    "bounces": "bounced",
    "invalid_emails": "bounced",
    "spam_reports": "complained",
    "unsubscribes": "left",
}

# SendGrid's maximum page size.
_PAGE = 500
# For lists whose reasons are so long that a larger page is cut short.
_MIN_PAGE = 50
_MAX_PAGES = 4000
_TRIES = 3
# Seconds.
_MAX_WAIT = 60.0
# Seconds before the second attempt, doubled for the third.
_PAUSE = 2.0
_STOPPED = "the run is ending"
# The year 2100; a later time is invalid.
_MAX_TIME = 4_102_444_800


def read_list(
    ask: Ask, name: str, since: datetime | None, until: datetime, wait: Wait
) -> Iterator[Sequence[SuppressionEntry]]:
    """Yield the entries of a list between the two times, page by page. Raises SuppressionsUnavailable."""
    # Without an end, new entries would move others to the next page.
    span = f"end_time={int(until.timestamp()) + 1}" + (f"&start_time={int(since.timestamp())}" if since else "")
    offset, size, before = 0, _PAGE, b""
    for _page in range(_MAX_PAGES):
        if wait(0):
            raise SuppressionsUnavailable(_STOPPED)
        response = _get(ask, f"/v3/suppression/{name}?{span}&limit={size}&offset={offset}", wait)
        if not response.complete and size > _MIN_PAGE:
            size = max(size // 2, _MIN_PAGE)
            continue
        rows = response.json()
        if not isinstance(rows, list):
            raise SuppressionsUnavailable("the response is not a list")
        if not rows:
            return
        if response.body == before:
            raise SuppressionsUnavailable("the same page is returned again and again")
        yield [entry for row in rows if (entry := _entry(row, LISTS[name], until))]
        if len(rows) < size:
            return
        offset, before = offset + len(rows), response.body
    raise SuppressionsUnavailable(f"it has more than {_MAX_PAGES} pages")


def _get(ask: Ask, path: str, wait: Wait) -> HttpResponse:
    """Get a response with status 200, in a few attempts."""
    reason, pause = "", 0.0
    for number in range(_TRIES):
        if number and wait(pause):
            raise SuppressionsUnavailable(_STOPPED)
        pause = _PAUSE * 2**number
        try:
            response = ask("GET", path, None)
        except (RequestNotSent, ResponseUnknown) as error:
            reason = str(error)
            continue
        if response.status == 200 and not response.is_html:
            return response
        if response.status in (401, 403):
            raise SuppressionsUnavailable(f"the key needs the scope suppression.read ({response.status})")
        refusal = refused_outright(response)
        reason = refusal.reason.removeprefix("sendgrid: ") if refusal else _describe_unexpected(response)
        if response.status == 429:
            asked = refusal.retry_after if refusal else None
            pause = pause if asked is None else asked
            if pause > _MAX_WAIT:
                raise SuppressionsUnavailable(f"{reason} for {pause:.0f} s")
        elif response.status < 500:
            break
    raise SuppressionsUnavailable(reason)


def _describe_unexpected(response: HttpResponse) -> str:
    return f"it answered {response.status}{detail(response)}"


def _entry(row: Any, kind: str, latest: datetime) -> SuppressionEntry | None:
    """Parse a row; None without an address. A row without a valid time counts as new, so that it suppresses."""
    email = row.get("email") if isinstance(row, dict) else None
    if not isinstance(email, str) or not email:
        return None
    created = row.get("created")
    is_valid = isinstance(created, int) and not isinstance(created, bool) and 0 < created < _MAX_TIME
    words = (row.get(name) for name in ("status", "reason"))
    reason = " · ".join(word for word in words if isinstance(word, str) and word)
    at = datetime.fromtimestamp(created, UTC) if is_valid else latest
    return SuppressionEntry(email, kind, at, without_controls(reason)[:300])
