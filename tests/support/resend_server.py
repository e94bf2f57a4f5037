"""A local Resend: in-process (`with ResendServer() as server`) or `python -m tests.support.resend_server`.

The same life, faults and acceptance log as the local SendGrid; what is answered lies in resend_api.
"""

from __future__ import annotations

from typing import Any

from tests.support.loops import serve_until_told
from tests.support.resend_api import ResendApi, endpoint
from tests.support.sendgrid_server import SendGridServer
from tests.support.sendgrid_steering import options

KEY = "re_local_test_key"


class ResendServer(SendGridServer):
    """Arguments and faults as SendGridServer has them; a fault's `on` is `send` or `domains`."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**{"keys": (KEY,), **given})
        self.resend = ResendApi(self.provider, self._log, keys=self.api.keys)
        self.api = self.resend  # type: ignore[assignment]
        self.endpoint = endpoint


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGTERM; the URL is the first line of stdout."""
    with ResendServer(**options(arguments)) as server:
        serve_until_told(server.url)


if __name__ == "__main__":
    main()
