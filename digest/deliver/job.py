"""Everything that one run of the sender needs. Data only."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from digest.deliver.message import Sender, Sign
from digest.deliver.ports import Ledger, ScheduleWindow, SendRateLimiter, Transport
from digest.models import InlineImage, RenderedEmail


@dataclass(frozen=True)
class Job:
    """One edition to deliver, and how."""

    edition: str
    # Variant → email.
    emails: Mapping[str, RenderedEmail]
    sender: Sender
    ledger: Ledger
    # The first one is used. The next one takes over when it cannot send, for what was definitely not sent.
    transports: Sequence[Transport]
    # Signs the recipients' links.
    token: Sign
    clock: Callable[[], datetime]
    threads: int = 4
    tries: int = 5
    # Ends the run early.
    stop: threading.Event = field(default_factory=threading.Event)
    # Called with the number of recipients settled since the last call; negative after a cancellation.
    progress: Callable[[int], None] = lambda _recipients: None
    # Content-ID → image, for all images that the emails show.
    images: Mapping[str, InlineImage] = field(default_factory=dict)
    # How early a batch is scheduled at a provider that can cancel it; None schedules nothing.
    schedule_window: ScheduleWindow | None = None
    # Whether a batch whose outcome is unknown is sent again.
    resend_unknown: bool = False
    rate_limiter: SendRateLimiter | None = None
