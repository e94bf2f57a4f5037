"""All that one run of the sender needs. Data; does nothing."""

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
    """`token` signs links; `clock` says the time; `stop` ends the run early. `pictures` are those that the letters
    show, by their Content-ID.

    Of `transports` the first is used; the next takes over when it can't send, and then only for what has certainly not
    been sent. `ahead` says how early a batch goes to a transport with a fence; `resend` sends what is in doubt again.
    `rate_limiter` says how many may go now.
    """

    edition: str
    letters: Mapping[str, RenderedEmail]
    sender: Sender
    ledger: Ledger
    transports: Sequence[Transport]
    token: Sign
    clock: Callable[[], datetime]
    threads: int = 4
    tries: int = 5
    stop: threading.Event = field(default_factory=threading.Event)
    progress: Callable[[int], None] = lambda _readers: None
    pictures: Mapping[str, InlineImage] = field(default_factory=dict)
    ahead: ScheduleWindow | None = None
    resend: bool = False
    rate_limiter: SendRateLimiter | None = None
