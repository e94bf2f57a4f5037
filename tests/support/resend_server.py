"""A local Resend: in-process (`with ResendServer() as server`) or `python -m tests.support.resend_server`.

It has the faults and the acceptance log of the local SendGrid. See `resend_api` for its responses.
"""

from __future__ import annotations

from typing import Any

from tests.support.loops import serve_until_stopped
from tests.support.resend_api import ResendApi, endpoint
from tests.support.sendgrid_control import options
from tests.support.sendgrid_server import SendGridServer

KEY = "re_local_test_key"


class ResendServer(SendGridServer):
    """Takes the arguments and faults of SendGridServer. A fault's `on` is `send` or `domains`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"keys": (KEY,), **options})
        self.resend = ResendApi(self.provider, self._log, keys=self.api.keys)
        self.api = self.resend  # type: ignore[assignment]
        self.endpoint = endpoint


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGTERM. The URL is the first line of stdout."""
    with ResendServer(**options(arguments)) as server:
        serve_until_stopped(server.url)


if __name__ == "__main__":
    main()
