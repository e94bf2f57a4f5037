"""`digest check` tests the providers and names what they lack. It sends nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.newsroom import Newsroom
from tests.support.brevo_server import KEY as BREVO_KEY
from tests.support.brevo_server import BrevoServer
from tests.support.resend_server import KEY as RESEND_KEY
from tests.support.resend_server import ResendServer
from tests.support.sendgrid_api import SCOPES
from tests.support.sendgrid_server import SendGridServer, sendgrid_environment
from tests.support.ses_server import KEY as SES_KEY
from tests.support.ses_server import SECRET as SES_SECRET
from tests.support.ses_server import SesServer


@pytest.fixture
def sendgrid() -> Iterator[SendGridServer]:
    with SendGridServer() as found:
        yield found
        assert not found.messages
        assert found.violations == []


def use_sendgrid(sendgrid: SendGridServer, newsroom: Newsroom, **more: str) -> Newsroom:
    sendgrid.api.domains = {sender_domain(newsroom): True}
    newsroom.environment |= {
        **sendgrid_environment(sendgrid.url),
        "DIGEST_NEWSLETTER__BASE_URL": "",
        **more,
    }
    return newsroom


def sender_domain(newsroom: Newsroom) -> str:
    lines = (newsroom.home / "digest.yaml").read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if "email:" in line).rpartition("@")[2].strip(" }\"'")


def errors(newsroom: Newsroom, *arguments: str) -> list[str]:
    return [fault["message"] for fault in newsroom.json("check", *arguments, code=2)["faults"]]


def warnings(newsroom: Newsroom) -> list[str]:
    """Return the warnings of `digest check`, without those on missing webhooks and on the samples."""
    beside = ("web.webhooks", "example addresses", "an edition with samples")
    found = newsroom.json("check")["warnings"]
    return [message for message in found if not any(words in message for words in beside)]


def test_a_provider_without_problems_gives_no_warning(newsroom: Newsroom, sendgrid: SendGridServer) -> None:
    assert warnings(use_sendgrid(sendgrid, newsroom)) == []


def test_a_rejected_key_is_an_error_that_does_not_show_it(newsroom: Newsroom, sendgrid: SendGridServer) -> None:
    (message,) = errors(use_sendgrid(sendgrid, newsroom, SENDGRID_API_KEY="SG.wrong-but-secret"))
    assert "the key is refused (401)" in message
    assert "secret" not in message


def test_a_key_that_can_send_but_not_cancel_is_a_warning(newsroom: Newsroom, sendgrid: SendGridServer) -> None:
    sendgrid.api.scopes = set(SCOPES) - {"user.scheduled_sends.create"}
    (message,) = warnings(use_sendgrid(sendgrid, newsroom))
    assert "user.scheduled_sends.create" in message


def test_an_unverified_sender_is_an_error(newsroom: Newsroom, sendgrid: SendGridServer) -> None:
    newsroom = use_sendgrid(sendgrid, newsroom)
    sendgrid.api.domains = {}
    (message,) = errors(newsroom)
    assert "verified" in message


def test_offline_makes_no_requests(newsroom: Newsroom, sendgrid: SendGridServer) -> None:
    assert use_sendgrid(sendgrid, newsroom, SENDGRID_API_KEY="wrong").digest("check", "--offline").code == 0
    assert not sendgrid.requests


def test_every_transport_is_checked(newsroom: Newsroom, sendgrid: SendGridServer) -> None:
    with ResendServer() as resend:
        newsroom = use_sendgrid(
            sendgrid,
            newsroom,
            DIGEST_DELIVERY__TRANSPORT="sendgrid,resend",
            DIGEST_DELIVERY__RESEND__HOST=resend.url,
            RESEND_API_KEY=RESEND_KEY,
            SENDGRID_API_KEY="wrong",
        )
        resend.resend.domains = {}
        message = errors(newsroom)
    assert [sentence.split()[0] for sentence in message] == ["sendgrid", "resend"]


def use_brevo(brevo: BrevoServer, newsroom: Newsroom) -> Newsroom:
    brevo.brevo.domains = {sender_domain(newsroom): True}
    newsroom.environment |= {
        "DIGEST_DELIVERY__TRANSPORT": "brevo",
        "DIGEST_DELIVERY__BREVO__HOST": brevo.url,
        "DIGEST_NEWSLETTER__BASE_URL": "",
        "BREVO_API_KEY": BREVO_KEY,
    }
    return newsroom


@pytest.mark.slow
def test_brevo_is_checked_without_mailing_anyone(newsroom: Newsroom) -> None:
    with BrevoServer() as brevo:
        assert warnings(use_brevo(brevo, newsroom)) == []
        assert any("web.webhooks.brevo.token_env" in message for message in newsroom.json("check")["warnings"])
        brevo.brevo.credits = 300
        assert warnings(newsroom) == ["brevo: 300 emails are left in the account's plan"]
        brevo.brevo.domains = {}
        (message,) = errors(newsroom)
        assert "is verified" in message
        newsroom.environment["BREVO_API_KEY"] = "xkeysib-wrong-but-secret"
        (message,) = errors(newsroom)
        assert "the key is refused" in message
        assert "secret" not in message
        assert not brevo.messages


def test_brevo_cannot_attach_images(newsroom: Newsroom) -> None:
    with BrevoServer() as brevo:
        use_brevo(brevo, newsroom).environment["DIGEST_THEME__IMAGES"] = "attach"
        (message,) = errors(newsroom, "--offline")
        assert "expected pages or source" in message


@pytest.mark.slow
def test_ses_is_checked_without_mailing_anyone(newsroom: Newsroom) -> None:
    with SesServer() as ses:
        ses.ses.identities = {sender_domain(newsroom): True}
        newsroom.environment |= {
            "DIGEST_DELIVERY__TRANSPORT": "ses",
            "DIGEST_DELIVERY__SES__HOST": ses.url,
            "DIGEST_DELIVERY__SES__CONFIGURATION_SET": "digest",
            "DIGEST_DELIVERY__RATE__PER_SECOND": "14",
            "DIGEST_NEWSLETTER__BASE_URL": "",
            "AWS_ACCESS_KEY_ID": SES_KEY,
            "AWS_SECRET_ACCESS_KEY": SES_SECRET,
        }
        assert warnings(newsroom) == []
        assert any("web.webhooks.ses.topic_arn" in message for message in newsroom.json("check")["warnings"])
        ses.ses.account["ProductionAccessEnabled"] = False
        (message,) = warnings(newsroom)
        assert "sandbox" in message
        newsroom.environment["AWS_SECRET_ACCESS_KEY"] = "wrong-and-private"
        (message,) = errors(newsroom)
        assert "refuses the key" in message
        assert "private" not in message
        del newsroom.environment["AWS_SECRET_ACCESS_KEY"]
        assert any("AWS_SECRET_ACCESS_KEY" in message for message in errors(newsroom))
        assert not ses.messages


@pytest.mark.slow
def test_clicks_that_the_privacy_notice_does_not_mention_are_a_warning(newsroom: Newsroom) -> None:
    newsroom.environment["DIGEST_CLICKS__ENABLED"] = "true"
    assert any("clicks.in_notice" in message for message in warnings(newsroom))
    newsroom.environment["DIGEST_CLICKS__IN_NOTICE"] = "true"
    assert not any("clicks.in_notice" in message for message in warnings(newsroom))


def test_a_telegram_channel_without_its_token_is_an_error(newsroom: Newsroom) -> None:
    newsroom.environment["DIGEST_TELEGRAM__CHANNEL"] = "@subah_ki_khabren"
    assert any("TELEGRAM_BOT_TOKEN" in message for message in errors(newsroom))
