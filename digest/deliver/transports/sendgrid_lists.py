"""Reads SendGrid's suppression lists (https://www.twilio.com/docs/sendgrid/api-reference/bounces-api), page by page.

Which lists there are, in words of events: `blocks` is none of them, as SendGrid goes on mailing those. Bounded in
pages, tries and waiting; changes nothing there and decides nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from digest.deliver.message import one_line
from digest.deliver.ports import SuppressionEntry, SuppressionsUnavailable, Wait
from digest.deliver.reply import HttpResponse
from digest.deliver.transports.sendgrid_answers import detail, refused_outright
from digest.deliver.transports.sendgrid_probe import Ask
from digest.deliver.wire import RequestNotSent, ResponseUnknown

LISTS = {
    "bounces": "bounced",
    "invalid_emails": "bounced",
    "spam_reports": "complained",
    "unsubscribes": "left",
}
"""List → what an entry says."""

_PAGE = 500  # the most that is answered
_LEAST_PAGE = 50  # where reasons are so long that a page is cut short
_MOST_PAGES = 4000
_TRIES = 3
_LONGEST_WAIT = 60.0
_PAUSE = 2.0  # seconds before a failed page is asked for again, doubled each time
_ENDING = "the run is ending"
_LATEST = 4_102_444_800  # 2100: a later second is nonsense


def read_list(
    ask: Ask, name: str, since: datetime | None, until: datetime, wait: Wait
) -> Iterator[Sequence[SuppressionEntry]]:
    """The entries of a list that came between the two moments, a page at a time. Raises CantTell."""
    # Without an end, entries that come meanwhile would push others from page to page.
    span = f"end_time={int(until.timestamp()) + 1}" + (f"&start_time={int(since.timestamp())}" if since else "")
    offset, size, before = 0, _PAGE, b""
    for _page in range(_MOST_PAGES):
        if wait(0):
            raise SuppressionsUnavailable(_ENDING)
        reply = _asked(ask, f"/v3/suppression/{name}?{span}&limit={size}&offset={offset}", wait)
        if not reply.whole and size > _LEAST_PAGE:
            size = max(size // 2, _LEAST_PAGE)
            continue
        rows = reply.json()
        if not isinstance(rows, list):
            raise SuppressionsUnavailable("what it answers is no list")
        if not rows:
            return
        if reply.body == before:
            raise SuppressionsUnavailable("its pages don't go on: the same one comes again")
        yield [found for row in rows if (found := _entry(row, LISTS[name], until))]
        if len(rows) < size:
            return
        offset, before = offset + len(rows), reply.body
    raise SuppressionsUnavailable(f"it goes on beyond {_MOST_PAGES} pages")


def _asked(ask: Ask, path: str, wait: Wait) -> HttpResponse:
    """A 200, after some tries."""
    said, pause = "", 0.0
    for number in range(_TRIES):
        if number and wait(pause):
            raise SuppressionsUnavailable(_ENDING)
        pause = _PAUSE * 2**number
        try:
            reply = ask("GET", path, None)
        except (RequestNotSent, ResponseUnknown) as error:
            said = str(error)
            continue
        if reply.status == 200 and not reply.is_html:
            return reply
        if reply.status in (401, 403):
            raise SuppressionsUnavailable(
                f"the key may not read it, give it the scope suppression.read ({reply.status})"
            )
        refused = refused_outright(reply)
        said = refused.reason.removeprefix("sendgrid: ") if refused else _odd(reply)
        if reply.status == 429:
            asked = refused.retry_after if refused else None
            pause = pause if asked is None else asked
            if pause > _LONGEST_WAIT:
                raise SuppressionsUnavailable(f"{said} for {pause:.0f} s")
        elif reply.status < 500:
            break
    raise SuppressionsUnavailable(said)


def _odd(reply: HttpResponse) -> str:
    return f"it answered {reply.status}" + (": a page, not an API" if reply.is_html else detail(reply))


def _entry(row: Any, kind: str, latest: datetime) -> SuppressionEntry | None:
    """None for what names no address. Without a readable time it counts as said now: in doubt nobody is mailed."""
    email = row.get("email") if isinstance(row, dict) else None
    if not isinstance(email, str) or not email:
        return None
    second = row.get("created")
    known = isinstance(second, int) and not isinstance(second, bool) and 0 < second < _LATEST
    words = (row.get(name) for name in ("status", "reason"))
    reason = " · ".join(word for word in words if isinstance(word, str) and word)
    return SuppressionEntry(
        email, kind, datetime.fromtimestamp(second, UTC) if known else latest, one_line(reason)[:300]
    )
