"""Shared by the tests of Brevo and Resend, which recognise a repeated call by a key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from digest.deliver.brevo import Brevo
from digest.deliver.outcome import Accepted, Outcome, Split
from digest.deliver.resend import Resend
from digest.mail.message import Outgoing
from tests.deliver.emails import SENDER, RecordingLog
from tests.support.brevo_server import KEY as BREVO_KEY
from tests.support.brevo_server import BrevoServer
from tests.support.resend_server import KEY as RESEND_KEY
from tests.support.resend_server import ResendServer
from tests.support.sendgrid_faults import FAULTS

# Fault → the outcome of a call with this fault. If there are two, it depends on how far the request came.
OUTCOMES: Mapping[str, Any] = {
    "refuse": "later",
    # The second try has the same key, so its response is known.
    **dict.fromkeys([kind for kind in FAULTS if kind.startswith(("lose", "accept", "error", "half"))], Accepted),
    **dict.fromkeys(["drip_head", "truncated_chunked", "short_body", "slow_body", "slow_reply"], Accepted),
    **dict.fromkeys(["wrong_content_type", "page_202", "sandbox", "early_500"], Accepted),
    # A 400 without the provider's error document does not come from the provider.
    **dict.fromkeys(["bad_index", "bad_no_field", "bad_email", "cut_400"], Accepted),
    **dict.fromkeys(["rate_limit", "retry_after"], "later"),
    **dict.fromkeys(["reset_before_body", "reset_mid_body"], ("later", Accepted)),
    **dict.fromkeys([kind for kind in FAULTS if kind.startswith("redirect")], "never"),
    **dict.fromkeys(["unauthorized_401", "early_401", "forbidden_403", "not_found_404", "not_allowed_405"], "never"),
    "bad_page_400": "never",
    **dict.fromkeys(["too_large_413", "early_413", "early_413_stall"], Split),
}


class Server(Protocol):
    @property
    def url(self) -> str: ...


@dataclass(frozen=True)
class Keyed:
    """A provider. `secret` begins every key of its accounts, `account` is the resource that `probe` reads."""

    name: str
    server: type[BrevoServer] | type[ResendServer]
    transport: type[Brevo] | type[Resend]
    key: str
    secret: str
    account: str
    outcomes: Mapping[str, Any]
    # Faults of the account's resource with which `probe` still succeeds.
    fine: frozenset[str]

    def to(self, server: Server, *, timeout: float = 5.0, key: str = "", realm: str = "here") -> Any:
        key = key or self.key
        return self.transport(
            key, host=server.url, realm=realm, sender=SENDER.email, timeout=timeout, pause=lambda _: None
        )

    def submit(self, server: Server, batch: Outgoing, *, notes: RecordingLog | None = None, **given: Any) -> Outcome:
        """With a new transport, as after a restart."""
        transport = self.to(server, **given)
        try:
            outcome: Outcome = transport.submit(batch, notes or RecordingLog())
        finally:
            transport.close()
        return outcome

    def probe(self, server: Server, **given: Any) -> str:
        transport = self.to(server, timeout=0.5, **given)
        problem: str = transport.probe() or ""
        transport.close()
        assert self.secret not in problem
        return problem


BREVO = Keyed(
    "brevo",
    BrevoServer,
    Brevo,
    BREVO_KEY,
    secret="xkeysib",
    account="account",
    outcomes=OUTCOMES,
    fine=frozenset({"slow_reply", "slow_body"}),
)
RESEND = Keyed(
    "resend",
    ResendServer,
    Resend,
    RESEND_KEY,
    secret="re_",
    account="domains",
    # If the wait is short, the transport waits and tries again.
    outcomes={**OUTCOMES, "rate_limit": Accepted, "retry_after": Accepted},
    fine=frozenset({"slow_reply", "slow_body", "truncated_chunked", "short_body", "early_413_stall"}),
)
