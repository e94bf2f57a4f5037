"""`digest check` tries a provider before it is trusted, names what it lacks, and mails nobody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.newsroom import Newsroom
from tests.support.resend_server import KEY as RESEND_KEY
from tests.support.resend_server import ResendServer
from tests.support.sendgrid_api import SCOPES
from tests.support.sendgrid_server import KEY, SendGridServer


@pytest.fixture
def sendgrid() -> Iterator[SendGridServer]:
    with SendGridServer() as found:
        yield found
        assert not found.messages
        assert found.violations == []


def by(sendgrid: SendGridServer, room: Newsroom, **more: str) -> Newsroom:
    sendgrid.api.domains = {room_domain(room): True}
    room.environment |= {
        "DIGEST_DELIVERY__TRANSPORT": "sendgrid",
        "DIGEST_DELIVERY__SENDGRID__HOST": sendgrid.url,
        "DIGEST_NEWSLETTER__BASE_URL": "",
        "SENDGRID_API_KEY": KEY,
        **more,
    }
    return room


def room_domain(room: Newsroom) -> str:
    lines = (room.home / "digest.yaml").read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if "email:" in line).rpartition("@")[2].strip(" }\"'")


def faults(room: Newsroom, *arguments: str) -> list[str]:
    return [fault["message"] for fault in room.json("check", *arguments, code=2)["faults"]]


def warnings(room: Newsroom) -> list[str]:
    """Without what is said of the webhook, which these newsrooms have none of."""
    return [said for said in room.json("check")["warnings"] if "web.webhooks" not in said]


def test_all_is_well(newsroom: Newsroom, sendgrid: SendGridServer) -> None:
    assert warnings(by(sendgrid, newsroom)) == []


def test_a_refused_key_is_a_fault_that_does_not_show_it(newsroom: Newsroom, sendgrid: SendGridServer) -> None:
    (said,) = faults(by(sendgrid, newsroom, SENDGRID_API_KEY="SG.wrong-but-secret"))
    assert "the key is refused (401)" in said
    assert "secret" not in said


def test_a_key_that_can_send_but_not_recall_is_a_warning(newsroom: Newsroom, sendgrid: SendGridServer) -> None:
    sendgrid.api.scopes = set(SCOPES) - {"user.scheduled_sends.create"}
    (said,) = warnings(by(sendgrid, newsroom))
    assert "user.scheduled_sends.create" in said


def test_an_unverified_sender_is_a_fault(newsroom: Newsroom, sendgrid: SendGridServer) -> None:
    room = by(sendgrid, newsroom)
    sendgrid.api.domains = {}
    (said,) = faults(room)
    assert "verified" in said


def test_offline_asks_nobody(newsroom: Newsroom, sendgrid: SendGridServer) -> None:
    assert by(sendgrid, newsroom, SENDGRID_API_KEY="wrong").digest("check", "--offline").code == 0
    assert not sendgrid.requests


def test_every_transport_is_tried(newsroom: Newsroom, sendgrid: SendGridServer) -> None:
    with ResendServer() as resend:
        room = by(
            sendgrid,
            newsroom,
            DIGEST_DELIVERY__TRANSPORT="sendgrid,resend",
            DIGEST_DELIVERY__RESEND__HOST=resend.url,
            RESEND_API_KEY=RESEND_KEY,
            SENDGRID_API_KEY="wrong",
        )
        resend.resend.domains = {}
        said = faults(room)
    assert [sentence.split()[0] for sentence in said] == ["sendgrid", "resend"]
