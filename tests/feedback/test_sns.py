"""Only fresh messages of the configured topic, signed by SNS, are taken, and no address in them is requested."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from digest.feedback.sns import SnsMessage, SnsUnavailable, SnsVerifier
from tests.support.sns import HOST, PATH, TOPIC, Sns

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def signing() -> Sns:
    return Sns(NOW)


@pytest.fixture
def sns(signing: Sns) -> Sns:
    signing.requests.clear()
    signing.is_down = False
    return signing


@pytest.fixture
def verifier(sns: Sns) -> SnsVerifier:
    return SnsVerifier(TOPIC, sns.fetch)


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", [None, "Amazon SES"])
def test_a_signed_message_of_the_topic_is_taken(
    sns: Sns, verifier: SnsVerifier, version: str, subject: str | None
) -> None:
    body = sns.message("{}", version=version, Subject=subject)
    for _ in range(3):
        assert verifier.read(body, NOW) == SnsMessage("Notification")
    assert sns.requests == [f"https://{HOST}{PATH}"]


@pytest.mark.parametrize(
    "url",
    [
        f"http://{HOST}{PATH}",
        f"https://sns.us-east-1.amazonaws.com{PATH}",
        f"https://{HOST}.evil.example.com{PATH}",
        f"https://evil.example.com{PATH}",
        f"https://evil.example.com@{HOST}{PATH}",
        f"https://{HOST}@evil.example.com{PATH}",
        f"https://{HOST}:444{PATH}",
        f"https://{HOST}{PATH}?x=1",
        f"https://{HOST}/other{PATH}",
        f"https://{HOST}/SimpleNotificationService-short.pem",
        f"https://evil.example.com/https://{HOST}{PATH}",
        "https://[" + PATH,
        "",
    ],
)
def test_a_certificate_from_anywhere_else_is_not_even_requested(sns: Sns, verifier: SnsVerifier, url: str) -> None:
    assert verifier.read(sns.message("{}", SigningCertURL=url), NOW) is None
    assert sns.requests == []


@pytest.mark.parametrize(
    "fields",
    [
        {"TopicArn": "arn:aws:sns:ap-south-1:999999999999:digest"},
        {"TopicArn": None},
        {"Timestamp": "2026-11-22T20:00:00.000Z"},
        {"Timestamp": "2026-11-23T09:00:00.000Z"},
        {"Timestamp": "yesterday"},
        {"SignatureVersion": "3"},
    ],
)
def test_another_topic_or_time_is_refused_without_a_request(
    sns: Sns, verifier: SnsVerifier, fields: dict[str, str | None]
) -> None:
    assert verifier.read(sns.message("{}", **fields), NOW) is None
    assert sns.requests == []


def test_what_was_changed_is_refused(sns: Sns, verifier: SnsVerifier) -> None:
    body = orjson.loads(sns.message("{}"))
    for change in (
        {"Message": "{ }"},
        {"Subject": "added"},
        {"MessageId": "other"},
        {"Signature": "AAAA"},
        {"Signature": "no base64!"},
        {"Signature": "नमस्ते"},
        {"SignatureVersion": "1"},
    ):
        assert verifier.read(orjson.dumps({**body, **change}), NOW) is None
    stranger = Sns(NOW).message("{}")
    assert verifier.read(stranger, NOW) is None
    assert verifier.read(orjson.dumps(body), NOW) is not None


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b'{"Type": 7}', b"{"])
def test_what_is_no_message_is_refused(verifier: SnsVerifier, body: bytes) -> None:
    assert verifier.read(body, NOW) is None


def test_an_expired_certificate_is_refused(sns: Sns, verifier: SnsVerifier) -> None:
    late = NOW + timedelta(days=40)
    body = sns.message("{}", Timestamp=late.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
    assert verifier.read(body, late) is None


def test_without_the_certificate_the_message_may_come_again(sns: Sns, verifier: SnsVerifier) -> None:
    sns.is_down = True
    with pytest.raises(SnsUnavailable):
        verifier.read(sns.message("{}"), NOW)
    sns.is_down = False
    with pytest.raises(SnsUnavailable):
        verifier.read(sns.message("{}", SigningCertURL=f"https://{HOST}{PATH.replace('0f', '0e')}"), NOW)
    assert verifier.read(sns.message("{}"), NOW) is not None


def test_a_subscription_is_confirmed_at_sns_and_nowhere_else(sns: Sns, verifier: SnsVerifier) -> None:
    message = verifier.read(sns.message("Confirm?", kind="SubscriptionConfirmation"), NOW)
    assert message == SnsMessage("SubscriptionConfirmation", "t0k&n")
    verifier.confirm(message)
    arn = TOPIC.replace(":", "%3A")
    assert sns.requests[-1] == f"https://{HOST}/?Action=ConfirmSubscription&TopicArn={arn}&Token=t0k%26n"
    assert not any("evil" in request for request in sns.requests)
    sns.is_down = True
    with pytest.raises(SnsUnavailable):
        verifier.confirm(message)
