"""Events of Brevo and Amazon SES prove what was sent and suppress bounced addresses, as those of SendGrid do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from digest.app import make_app
from tests.cli.newsroom import Newsroom, subscriber_rows
from tests.support.brevo_server import KEY as BREVO_KEY
from tests.support.brevo_server import BrevoServer
from tests.support.sendgrid_provider import Acceptance
from tests.support.ses_server import KEY as SES_KEY
from tests.support.ses_server import SECRET, SesServer

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

EDITION = "2026-11-23"
AT = "2026-11-23T02:00:00.000Z"
AT_MILLISECONDS = 1_795_399_200_000


def save(newsroom: Newsroom, provider: str, bodies: Sequence[Any]) -> None:
    """Store payloads as the webhook does after it has verified them."""
    with make_app(newsroom.home, environment=newsroom.env()) as app:
        for body in bodies:
            app.events.save(provider, orjson.dumps(body), app.clock())


def of_ses(each: Acceptance, name: str, key: str, **details: Any) -> dict[str, str]:
    tags = {name: [value] for name, value in each.args.items()}
    mail = {"timestamp": AT, "destination": [each.email], "tags": tags}
    event = {"eventType": name, "mail": mail, key: {"timestamp": AT, **details}}
    return {"Type": "Notification", "Message": orjson.dumps(event).decode()}


def of_brevo(each: Acceptance, name: str) -> dict[str, Any]:
    return {"event": name, "email": each.email, "ts_epoch": AT_MILLISECONDS, "X-Mailin-custom": urlencode(each.args)}


def test_a_batch_of_ses_without_a_response_is_held_until_its_events_prove_it(newsroom: Newsroom) -> None:
    newsroom.set_subscribers(*subscriber_rows(6))
    with SesServer(faults=["ok", "accept_then_close"]) as server:
        newsroom.environment |= {
            "DIGEST_DELIVERY__TRANSPORT": "ses",
            "DIGEST_DELIVERY__SES__HOST": server.url,
            "DIGEST_DELIVERY__BATCH_SIZE": "3",
            # The batches arrive in their order.
            "DIGEST_DELIVERY__THREADS": "1",
            "AWS_ACCESS_KEY_ID": SES_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
        }
        sent = newsroom.json("send", code=1)
        assert (sent["accepted"], sent["unknown"]) == (3, 3)
        assert newsroom.json("send", code=1)["unknown"] == 3
        accepted = server.accepted
        assert server.violations == []
    assert [each.email for each in accepted] == sorted({each.email for each in accepted})
    bounced = {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": accepted[0].email}]}
    save(newsroom, "ses", [of_ses(each, "Send", "send") for each in accepted])
    save(newsroom, "ses", [of_ses(accepted[0], "Bounce", "bounce", **bounced)] * 2)
    handled = newsroom.json("events", "handle")
    assert (handled["settled"], handled["suppressed"]) == ([EDITION], 1)
    status = newsroom.json("status")
    assert (status["state"], status["accepted"], status["unknown"]) == ("done", 6, 0)


def test_a_lost_response_of_brevo_is_repeated_and_its_bounces_suppress(newsroom: Newsroom) -> None:
    newsroom.set_subscribers(*subscriber_rows(6))
    with BrevoServer(faults=["accept_then_close", "error_500_accepted", "accept_then_reset"]) as server:
        newsroom.environment |= {
            "DIGEST_DELIVERY__TRANSPORT": "brevo",
            "DIGEST_DELIVERY__BREVO__HOST": server.url,
            "BREVO_API_KEY": BREVO_KEY,
        }
        # The picture of a drop folder would have to be attached, so its story has none.
        sent = newsroom.json("send")
        assert (sent["state"], sent["accepted"], sent["unknown"]) == ("done", 6, 0)
        accepted = server.accepted
        assert sorted(server.counts.values()) == [1] * 6
        assert server.violations == []
    events = [of_brevo(each, "delivered") for each in accepted[2:]]
    save(newsroom, "brevo", [events, of_brevo(accepted[0], "hard_bounce"), of_brevo(accepted[1], "unsubscribed")])
    handled = newsroom.json("events", "handle")
    assert (handled["suppressed"], handled["kept"]) == (2, 6)
