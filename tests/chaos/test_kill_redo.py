"""With idempotency keys a killed send leaves no unknown recipients: requests are repeated under their key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.chaos.killed_send import EDITION, prepare
from tests.support import brevo_server, resend_server
from tests.support.killing import balance, lines, run_until_killed, serving
from tests.support.profiles import first

pytestmark = pytest.mark.slow

RECIPIENTS = 600
LOST_REPLIES = ("--chance", "accept_then_reset=0.2", "--chance", "error_500_accepted=0.2")

# Provider → its API key, and its settings but the host.
PROVIDERS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "resend": (
        resend_server.KEY,
        {
            # Resend limits it to 100.
            "DIGEST_DELIVERY__BATCH_SIZE": "400",
            # Emails with images are sent one by one.
            "DIGEST_THEME__MAX_IMAGES": "0",
            "DIGEST_DELIVERY__RESEND__CALLS_PER_SECOND": "1000",
        },
    ),
    "brevo": (brevo_server.KEY, {"DIGEST_DELIVERY__BATCH_SIZE": "100"}),
}


@pytest.mark.parametrize(
    ("provider", "at", "chances"),
    first(
        [
            ("resend", 1, ()),
            ("brevo", RECIPIENTS // 3, LOST_REPLIES),
            ("brevo", 1, ()),
            ("resend", RECIPIENTS // 3, LOST_REPLIES),
        ],
        dev=1,
    ),
)
def test_a_killed_send_resumes_and_everyone_gets_one_email(
    tmp_path: Path, provider: str, at: int, chances: tuple[str, ...]
) -> None:
    key, settings = PROVIDERS[provider]
    newsroom = prepare(tmp_path / "newsletter", RECIPIENTS)
    log = tmp_path / "accepted.jsonl"
    server = ("--log", str(log), "--key", key, "--latency", "30", "--seed", "5", *chances)
    with serving(f"tests.support.{provider}_server", *server) as url:
        newsroom.environment |= {
            "DIGEST_DELIVERY__TRANSPORT": provider,
            f"DIGEST_DELIVERY__{provider.upper()}__HOST": url.split()[0],
            f"{provider.upper()}_API_KEY": key,
            **settings,
        }
        send = newsroom.command("--home", str(newsroom.home), "send", EDITION)
        moment: Callable[[], bool] = lines(log, at)
        assert run_until_killed(send, newsroom.env(), moment).killed
        for _ in range(2):
            newsroom.digest("send", EDITION)
        status = newsroom.json("status", EDITION)
    judged = balance(log)
    assert judged.violations == []
    assert judged.duplicates == {}
    reached = sum(judged.counts.values())
    # A call whose response is lost every time becomes unknown, or is repeated by the next run. Nobody gets two emails.
    assert status["accepted"] + status["unknown"] == status["frozen"] == RECIPIENTS
    assert (status["pending"], status["rejected"]) == (0, 0)
    assert status["accepted"] <= reached <= RECIPIENTS
    if not chances:
        assert (status["accepted"], reached) == (RECIPIENTS, RECIPIENTS)
