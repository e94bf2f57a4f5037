"""Inline images: where they are in the mail, with every transport, and only in emails that show them."""

from __future__ import annotations

import re
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliver.attempt import DeliveryJob
from digest.deliver.outcome import Accepted, PerRecipient
from digest.deliver.sendgrid.payload import request_body
from digest.deliver.worker import send_due
from digest.mail import mime
from digest.mail.message import content_ids, inline_images
from digest.models import InlineImage
from tests.deliver.emails import (
    BRIDGE,
    EMAIL,
    EMAIL_WITH_IMAGES,
    FIELD,
    NOW,
    SENDER,
    TEXT_ONLY,
    RecordingLog,
    kind_of,
    outgoing,
    read,
    token,
)
from tests.deliver.fakes import FakeLedger, Scripted, fast_clock
from tests.deliver.transports import TransportSetup
from tests.support import sendgrid_attachments
from tests.support.tables import each_row

ASHA, RAVI = "asha@example.com", "ravi@example.com"
HELD = {image.cid: image for image in (FIELD, BRIDGE)}


def related(data: bytes) -> dict[str, tuple[str, bytes]]:
    """Content-ID → (type, bytes) of the images next to the HTML. Fails for any other structure."""
    message = read(data)
    assert message.get_content_type() == "multipart/alternative"
    text, rich = message.iter_parts()
    assert (text.get_content_type(), rich.get_content_type()) == ("text/plain", "multipart/related")
    assert rich.get_param("type") == "text/html"
    html, *images = rich.iter_parts()
    assert html.get_content_type() == "text/html"
    assert all(inner.defects == [] for inner in message.walk())
    assert all(one.get_content_disposition() == "inline" for one in images)
    return {one["Content-ID"].strip(): (one.get_content_type(), one.get_content()) for one in images}


def test_every_transport_attaches_the_images_to_the_html(setup: TransportSetup) -> None:
    outcome = setup.transport.submit(outgoing(ASHA, RAVI, email=EMAIL_WITH_IMAGES), RecordingLog())
    if not setup.attaches_images:
        assert kind_of(outcome) == "never"
        assert setup.arrived() == []
        return
    assert isinstance(outcome, Accepted) or outcome == PerRecipient(accepted=frozenset({1, 2}))
    mails = setup.arrived()
    assert [address for address, _ in mails] == [ASHA, RAVI]
    for _, mail in mails:
        assert related(mail) == {f"<{one.cid}>": (one.type, one.data) for one in (BRIDGE, FIELD)}
        html = read(mail).get_body(("html",))
        assert html is not None
        assert re.findall('src="cid:([^"]+)"', html.get_content()) == [BRIDGE.cid, FIELD.cid]


@pytest.mark.parametrize("email", [EMAIL, TEXT_ONLY])
def test_an_email_without_images_has_no_image_parts(setup: TransportSetup, email: object) -> None:
    batch = outgoing(ASHA, email=email)  # type: ignore[arg-type]
    setup.transport.submit(batch, RecordingLog())
    ((_, mail),) = setup.arrived()
    kinds = [inner.get_content_type() for inner in read(mail).walk()]
    alone = (
        ["text/plain"]
        if email is TEXT_ONLY and not setup.always_html
        else ["multipart/alternative", "text/plain", "text/html"]
    )
    # The fake SendGrid wraps a single part too.
    assert kinds == alone or kinds == ["multipart/alternative", *alone]
    assert "attachments" not in orjson.loads(request_body(batch))


@given(st.binary(max_size=2000), st.sampled_from(["image/png", "image/jpeg", "image/gif"]))
def test_any_bytes_round_trip_in_short_lines(data: bytes, kind: str) -> None:
    image = InlineImage("c" * 40 + "@digest", kind, data, 1, 1)
    batch = replace(outgoing(ASHA, email=EMAIL_WITH_IMAGES), images=(image,))
    mail = mime.build(batch, batch.recipients[0], date=NOW)
    assert related(mail) == {f"<{image.cid}>": (kind, data)}
    assert mail.isascii()
    assert max(map(len, mail.split(b"\r\n"))) <= 150
    body = mail.split(b"Content-ID:")[1].split(b"\r\n\r\n", 1)[1]
    assert max(map(len, body.split(b"\r\n"))) <= 76


def test_two_recipients_of_an_email_get_the_same_image_parts() -> None:
    batch = outgoing(ASHA, RAVI, email=EMAIL_WITH_IMAGES)
    one, other = (mime.build(batch, to, date=NOW).split(b"\r\nContent-Type: image/", 1)[1] for to in batch.recipients)
    assert one == other


def test_sendgrid_gets_each_image_once_for_any_number_of_recipients() -> None:
    request = orjson.loads(
        request_body(outgoing(*(f"subscriber{n}@example.com" for n in range(50)), email=EMAIL_WITH_IMAGES))
    )
    assert [one["content_id"] for one in request["attachments"]] == [BRIDGE.cid, FIELD.cid]
    assert {one["disposition"] for one in request["attachments"]} == {"inline"}


@each_row(
    "broken",
    [
        {"content": "no base64!"},
        {"content": ""},
        {"filename": ""},
        {"type": "image/png; x"},
        {"disposition": "somewhere"},
        {"content_id": "unshown@digest"},
        {"size": 7},
    ],
)
def test_the_fake_server_rejects_broken_attachments(broken: dict[str, object]) -> None:
    request = orjson.loads(request_body(outgoing(ASHA, email=EMAIL_WITH_IMAGES)))
    assert not list(sendgrid_attachments.violations(request))
    request["attachments"][0].update(broken)
    assert list(sendgrid_attachments.violations(request))


def test_only_the_images_that_an_email_shows_are_attached() -> None:
    assert content_ids([EMAIL_WITH_IMAGES, EMAIL, TEXT_ONLY, EMAIL_WITH_IMAGES]) == (BRIDGE.cid, FIELD.cid)
    assert inline_images(EMAIL_WITH_IMAGES, HELD) == (BRIDGE, FIELD)
    assert inline_images(EMAIL, HELD) == inline_images(TEXT_ONLY, HELD) == ()
    spoken = replace(EMAIL, html=f"<p>cid:{BRIDGE.cid}</p>", text=f'src="cid:{BRIDGE.cid}"')
    assert inline_images(spoken, HELD) == ()
    assert inline_images(EMAIL_WITH_IMAGES, {FIELD.cid: FIELD}) == (FIELD,)


def test_a_run_attaches_each_emails_own_images() -> None:
    ledger, transport = FakeLedger(2), Scripted()
    job = DeliveryJob(
        "2026-11-23", {"all": EMAIL_WITH_IMAGES}, SENDER, ledger, [transport], token, fast_clock, 1, images=HELD
    )
    send_due(job)
    assert [batch.images for batch in transport.submitted] == [(BRIDGE, FIELD)]
