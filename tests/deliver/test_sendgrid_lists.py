"""SendGrid's suppression lists are read page by page, in bounded time. An incomplete list is reported."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from digest.deliver.http_client import HttpResponse
from digest.deliver.ports import SuppressionEntry, SuppressionsUnavailable
from digest.deliver.sendgrid import suppressions
from digest.deliver.sendgrid.client import SendGrid
from tests.support.sendgrid_api import SCOPES
from tests.support.sendgrid_faults import FAULTS, Fault
from tests.support.sendgrid_server import SendGridServer
from tests.support.tables import each_row

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


def row(email: str, ago: timedelta = timedelta(hours=1), **more: Any) -> dict[str, Any]:
    return {"created": int((NOW - ago).timestamp()), "email": email, **more}


def read(
    transport: SendGrid, name: str, since: datetime | None = None, waits: list[float] | None = None
) -> list[SuppressionEntry]:
    """Without waiting; `waits` records the pauses."""

    def wait(seconds: float) -> bool:
        if waits is not None and seconds:
            waits.append(seconds)
        return False

    return [one for part in transport.list_suppressions(name, since, NOW, wait) for one in part]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("bounces", "bounced"), ("invalid_emails", "bounced"), ("spam_reports", "complained"), ("unsubscribes", "left")],
)
def test_each_list_gives_the_reason_an_event_would(
    server: SendGridServer, transport: SendGrid, name: str, kind: str
) -> None:
    server.api.suppressed[name] = [row("asha@example.com", status="5.1.1", reason="550 no\nsuch user")]
    reason = "5.1.1 · 550 no such user"
    assert read(transport, name) == [SuppressionEntry("asha@example.com", kind, NOW - timedelta(hours=1), reason)]


def test_blocks_are_not_a_suppression_list(transport: SendGrid) -> None:
    assert set(transport.lists) == {"bounces", "invalid_emails", "spam_reports", "unsubscribes"}


@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 1000, 1234])
def test_every_page_is_read(server: SendGridServer, transport: SendGrid, count: int) -> None:
    server.api.suppressed["bounces"] = [row(f"r{n}@example.com", timedelta(seconds=n)) for n in range(count)]
    assert sorted(one.email for one in read(transport, "bounces")) == sorted(f"r{n}@example.com" for n in range(count))
    assert len(server.requests) == count // 500 + 1


def test_from_a_moment_on(server: SendGridServer, transport: SendGrid) -> None:
    server.api.suppressed["bounces"] = [row("old@example.com", timedelta(days=9)), row("new@example.com")]
    assert [one.email for one in read(transport, "bounces", NOW - timedelta(days=2))] == ["new@example.com"]


def test_a_page_too_long_for_one_answer_is_asked_for_in_parts(server: SendGridServer, transport: SendGrid) -> None:
    server.api.suppressed["bounces"] = [row(f"r{n}@example.com", reason="x" * 6000) for n in range(500)]
    assert len({one.email for one in read(transport, "bounces")}) == 500


@pytest.mark.parametrize(
    "more",
    [{"created": "soon"}, {"created": -5}, {"created": True}, {"created": 10**18}, {"created": 1.5}, {"reason": 7}],
)
def test_an_invalid_time_counts_as_now(server: SendGridServer, transport: SendGrid, more: dict[str, Any]) -> None:
    odd = {**row("asha@example.com"), **more}
    server.api.suppressed["bounces"] = []
    entries: list[Any] = [odd, None, 7, [], {"email": 3}, {"email": ""}, {}]
    found = list(suppressions.read_list(lambda *_: _page(entries), "bounces", None, NOW, lambda _seconds: False))
    ((one,),) = found
    assert (one.email, one.at) == ("asha@example.com", NOW if "created" in more else NOW - timedelta(hours=1))


@each_row("body", [b"{}", b"null", b"", b"[", b'"x"', b"<html>"])
def test_what_is_no_list_is_an_error(body: bytes) -> None:
    with pytest.raises(SuppressionsUnavailable, match=r"not a list|page"):
        list(
            suppressions.read_list(lambda *_: HttpResponse(200, {}, body), "bounces", None, NOW, lambda _seconds: False)
        )


def test_pages_that_never_end_do(monkeypatch: pytest.MonkeyPatch) -> None:
    same = _page([row(f"r{n}@example.com") for n in range(500)])
    with pytest.raises(SuppressionsUnavailable, match="the same page"):
        list(suppressions.read_list(lambda *_: same, "bounces", None, NOW, lambda _seconds: False))
    monkeypatch.setattr(suppressions, "_MAX_PAGES", 5)
    fresh = (_page([row(f"r{n}-{page}@example.com") for n in range(500)]) for page in range(99))
    with pytest.raises(SuppressionsUnavailable, match="more than 5 pages"):
        list(suppressions.read_list(lambda *_: next(fresh), "bounces", None, NOW, lambda _seconds: False))


def _page(rows: list[Any]) -> HttpResponse:
    return HttpResponse(200, {"content-type": "application/json"}, orjson.dumps(rows))


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(set(FAULTS) - {"refuse", "unauthorized_401", "forbidden_403", "early_401"}))
def test_a_failed_request_is_retried_or_gives_a_message_of_one_sentence(
    server: SendGridServer, transport: SendGrid, kind: str
) -> None:
    server.api.suppressed["bounces"] = [row("asha@example.com")]
    server.faults = [Fault(kind, on="suppression", seconds=0.6)]
    try:
        result = [one.email for one in read(transport, "bounces")]
    except SuppressionsUnavailable as error:
        result = [str(error)]
    passing = kind.startswith(("error_5", "lose", "accept", "reset", "half", "rate"))
    assert result == ["asha@example.com"] if passing else len(result) == 1
    assert "\n" not in result[0]


def test_a_provider_that_stays_down_is_given_up(server: SendGridServer, transport: SendGrid) -> None:
    server.faults = [Fault("error_503", on="suppression")] * 9
    waits: list[float] = []
    with pytest.raises(SuppressionsUnavailable, match="503"):
        read(transport, "bounces", waits=waits)
    assert waits == [2.0, 4.0]


def test_a_wait_that_is_asked_for_is_kept_unless_it_is_long(server: SendGridServer, transport: SendGrid) -> None:
    waits: list[float] = []
    server.faults = [Fault("retry_after", on="suppression", seconds=7)]
    assert read(transport, "bounces", waits=waits) == []
    assert waits == [7.0]
    server.faults = [Fault("retry_after", on="suppression", seconds=900)]
    with pytest.raises(SuppressionsUnavailable, match=r"slow down \(429\) for 900 s"):
        read(transport, "bounces")


def test_a_key_without_the_scope_is_asked_once(server: SendGridServer, transport: SendGrid) -> None:
    server.api.scopes = set(SCOPES) - {"suppression.read"}
    with pytest.raises(SuppressionsUnavailable, match=r"scope suppression\.read"):
        read(transport, "bounces")
    assert len(server.requests) == 1
    assert "every day" in transport.missing_capabilities()[0]


def test_a_run_that_ends_stops_waiting(server: SendGridServer, transport: SendGrid) -> None:
    server.faults = [Fault("error_503", on="suppression")] * 9
    with pytest.raises(SuppressionsUnavailable, match="ending"):
        list(transport.list_suppressions("bounces", None, NOW, lambda seconds: seconds > 0))
    with pytest.raises(SuppressionsUnavailable, match="ending"):
        list(transport.list_suppressions("bounces", None, NOW, lambda _seconds: True))
